//! Settings of a workspace: what happens to incidents by itself, and what texts for the public must not contain.

use crate::api::call::{Call, Plan, together};
use crate::api::document::Fields;
use crate::api::refusal::Refusal;
use crate::api::reply::Reply;
use crate::config::Section;
use crate::texts::settings;
use serde_json::json;
use skerry_domain::access::Role;
use skerry_domain::incident::IncidentRules;
use skerry_domain::problem::Severity;
use skerry_domain::rows::Subject;
use skerry_domain::state::{Origin, Workspace};
use skerry_domain::step::{Answer, Command};
use skerry_domain::text::SanitiserSettings;
use skerry_domain::time::{DAY, MINUTE, SECOND};
use skerry_sanitiser::Rules;

/// `GET /api/v1/settings`.
pub(in crate::api) fn get(call: &Call<'_>) -> Result<Reply, Refusal> {
    let Workspace { name, incidents, sanitiser, .. } = &call.state.workspace;
    let place = |section| call.provenance.section(name, section).map(ToString::to_string);
    let severity = |severity: Option<Severity>| severity.map_or("never", Severity::name);
    let defaults = settings(&SanitiserSettings::default());
    let reads_patterns = call.caller.must_be(Role::Admin).is_ok();
    let shown = json!({
        "workspace": name,
        "incidents": {
            "draft_from": severity(incidents.draft_from),
            "publish_from": severity(incidents.publish_from),
            "resolve_after_seconds": incidents.resolve_after / SECOND,
            "remind_after_seconds": incidents.remind_after / SECOND,
            "declared_at": place(Section::Incidents),
        },
        "sanitiser": {
            "private_suffixes": sanitiser.private_suffixes.clone().unwrap_or_default(),
            // They say what secrets look like.
            "secret_patterns": reads_patterns.then(|| sanitiser.secret_patterns.clone().unwrap_or_default()),
            "always": { "private_suffixes": defaults.private_suffixes },
            "declared_at": place(Section::Sanitiser),
        },
    });
    Ok(Reply::ok(shown).versioned(call.state.version(&Subject::Workspace)))
}

/// `PATCH /api/v1/settings`: what is missing stays.
pub(in crate::api) fn change(call: &Call<'_>) -> Result<Plan, Refusal> {
    let workspace = &call.state.workspace;
    let mut commands = Vec::new();
    let declared = |section| call.provenance.section(&workspace.name, section);
    let mut root = call.body.fields();
    root.only(&["incidents", "sanitiser"]);
    if let Some(fields) = root.object("incidents") {
        if workspace.incidents_origin == Origin::File {
            return Err(Refusal::declared("[incidents]", declared(Section::Incidents)));
        }
        let rules = incident_rules(fields, workspace.incidents)?;
        commands.push(Command::SetIncidentRules { rules: Some(rules), by: Origin::Runtime });
    }
    if let Some(fields) = root.object("sanitiser") {
        if workspace.sanitiser_origin == Origin::File {
            return Err(Refusal::declared("[sanitiser]", declared(Section::Sanitiser)));
        }
        let settings = Some(Box::new(sanitiser(fields, &workspace.sanitiser)?));
        commands.push(Command::SetSanitiser { settings, by: Origin::Runtime });
    }
    root.finish()?;
    if commands.is_empty() {
        return Err(Refusal::invalid("there is nothing to change: send incidents or sanitiser"));
    }
    let plan = Plan::new(together(commands)).about(Subject::Workspace);
    // Rules are judged together: nobody changes the others in between.
    Ok(Plan { unless_changed: true, ..plan })
}

pub(in crate::api) fn shown(call: &Call<'_>, _: &Answer) -> Result<Reply, Refusal> {
    get(call)
}

fn incident_rules(mut fields: Fields<'_>, present: IncidentRules) -> Result<IncidentRules, Refusal> {
    fields.only(&["draft_from", "publish_from", "resolve_after_seconds", "remind_after_seconds"]);
    let known: Vec<&str> = Severity::ALL.map(Severity::name).into_iter().chain(["never"]).collect();
    let read = |name: &str| match name {
        "never" => Some(None),
        name => Severity::ALL.into_iter().find(|one| one.name() == name).map(Some),
    };
    let seconds = |fields: &mut Fields<'_>, name: &str, present: i64, least: i64, most: i64| {
        let Some(wanted) = fields.number(name) else { return present };
        let wanted = i64::try_from(wanted).unwrap_or(i64::MAX).saturating_mul(SECOND);
        if !(least..=most).contains(&wanted) {
            fields.refuse(format!("{name} is from {} to {}", least / SECOND, most / SECOND));
        }
        wanted
    };
    let rules = IncidentRules {
        draft_from: fields.choice("draft_from", read, &known).unwrap_or(present.draft_from),
        publish_from: fields.choice("publish_from", read, &known).unwrap_or(present.publish_from),
        resolve_after: seconds(&mut fields, "resolve_after_seconds", present.resolve_after, SECOND, DAY),
        remind_after: seconds(&mut fields, "remind_after_seconds", present.remind_after, MINUTE, 30 * DAY),
    };
    let is_drafted = |least| rules.draft_from.is_some_and(|draft| draft <= least);
    if rules.publish_from.is_some_and(|least| !is_drafted(least)) {
        fields.refuse("publish_from is below draft_from: an incident is published only where one is made");
    }
    fields.finish()?;
    Ok(rules)
}

fn sanitiser(mut fields: Fields<'_>, present: &SanitiserSettings) -> Result<SanitiserSettings, Refusal> {
    fields.only(&["private_suffixes", "secret_patterns"]);
    let own = |all: Vec<String>| (!all.is_empty()).then_some(all);
    let wanted = SanitiserSettings {
        private_suffixes: fields.list("private_suffixes").map_or(present.private_suffixes.clone(), own),
        secret_patterns: fields.list("secret_patterns").map_or(present.secret_patterns.clone(), own),
    };
    for error in Rules::new(&settings(&wanted)).err().unwrap_or_default() {
        let what = error.wrong.lines().last().unwrap_or_default().trim_start_matches("error: ");
        fields.refuse(format!("{}: an entry cannot be used: {what}", error.key));
    }
    // Entries are stored a line each.
    let all = wanted.private_suffixes.iter().chain(&wanted.secret_patterns).flatten();
    if all.into_iter().any(|entry| entry.contains(['\n', '\r'])) {
        fields.refuse("an entry is one line");
    }
    fields.finish()?;
    Ok(wanted)
}

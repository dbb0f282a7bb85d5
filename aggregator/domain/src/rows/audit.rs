//! The audit: rows of settings that a step touched, before and after. Credentials are bytes, and no bytes are recorded;
//! people are recorded by their ids.

use super::details::Details;
use super::settings;
use super::table::Record;
use super::value::Value;
use super::{AuditRow, CheckDefinitionRow, EnrolmentRow, HeartbeatTokenRow, LinkRow, Row};
use super::{
    Write, access, announcements, branding, corrections, holds, incidents, pages, problems, series,
    subscribers, templates, windows,
};
use crate::state::{AgentKey, CheckKey, ComponentKey, Link, State, WorkspaceKey};
use crate::step::Touched;
use crate::time::Timestamp;
use std::fmt::Write as _;

/// Who requested a step, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Author {
    /// The id of a person or token, `file`, or `cli:` with a user id.
    pub actor: String,
    /// The name of the command.
    pub action: String,
    /// The address that the request came from.
    pub source: Option<String>,
    /// The id of the request.
    pub request: Option<String>,
}

/// A row for each setting that changed; `before` is the state before the step.
pub(crate) fn audit(
    before: &State,
    state: &mut State,
    touched: &Touched,
    author: &Author,
    now: Timestamp,
) -> Vec<Write> {
    let details = Details::of([before, state], touched);
    let of = |state: &State| {
        let details = details.rows(state).into_iter().chain(access_of(state, touched));
        rows_of(state, touched).into_iter().chain(details)
    };
    let former: Vec<_> = of(before).collect();
    let present: Vec<_> = of(state).collect();
    let mut writes = Vec::new();
    for (former, present) in former.into_iter().zip(present) {
        if former == present {
            continue;
        }
        let Some((workspace, object, object_key)) = present.as_ref().or(former.as_ref()).map(named) else {
            continue;
        };
        state.counters.audit += 1;
        let row = AuditRow {
            workspace,
            number: state.counters.audit,
            at_ms: now,
            actor: author.actor.clone(),
            action: author.action.clone(),
            object: object.to_owned(),
            object_key,
            before: former.as_ref().map(json),
            after: present.as_ref().map(json),
            source: author.source.clone(),
            request: author.request.clone(),
        };
        writes.push(Write::Append(row.into()));
    }
    writes
}

/// The actor of what an agent's reports change.
#[must_use]
pub fn agent_actor(workspace: WorkspaceKey, agent: AgentKey) -> String {
    format!("agent:{}/{}", workspace.0, agent.0)
}

/// A row for each check that labels brought to a component or took from it at `now`, without a command of a person.
pub(super) fn audit_links(
    state: &mut State,
    component: ComponentKey,
    (joined, left): (&[CheckKey], &[CheckKey]),
    actor: &str,
    now: Timestamp,
) -> Vec<Write> {
    let workspace = state.workspace.key;
    let links = state.components.get(&component).map(|one| one.links.clone()).unwrap_or_default();
    let json_of = |link: &Link| json(&pages::link(workspace, component, link).into());
    let mut rows: Vec<(Option<String>, Option<String>)> = Vec::new();
    for link in links.iter().filter(|link| link.to == now && left.contains(&link.check)) {
        let before = Link { to: Timestamp::FAR, ..link.clone() };
        rows.push((Some(json_of(&before)), Some(json_of(link))));
    }
    let begun = links.iter().filter(|link| link.from == now && link.to == Timestamp::FAR);
    rows.extend(begun.filter(|link| joined.contains(&link.check)).map(|link| (None, Some(json_of(link)))));
    let written = rows.into_iter().map(|(before, after)| {
        state.counters.audit += 1;
        let row = AuditRow {
            workspace,
            number: state.counters.audit,
            at_ms: now,
            actor: actor.to_owned(),
            action: "choose_by_labels".to_owned(),
            object: LinkRow::TABLE.name.to_owned(),
            object_key: None,
            before,
            after,
            source: None,
            request: None,
        };
        Write::Append(row.into())
    });
    written.collect()
}

/// The rows of touched settings, in an order that depends only on what was touched.
fn rows_of(state: &State, touched: &Touched) -> Vec<Option<Row>> {
    let workspace = touched.workspace.then(|| settings::workspace_row(state).map(Row::from));
    let agents = touched.agents.iter().map(|key| settings::agent_row(state, *key).map(Row::from));
    let checks = touched.checks.iter().map(|key| settings::check_row(state, *key).map(Row::from));
    let heartbeats = touched.heartbeats.iter().map(|key| settings::heartbeat_row(state, *key).map(Row::from));
    let pages = touched.pages.iter().map(|key| settings::page_row(state, *key).map(Row::from));
    let brandings = touched.pages.iter().map(|key| branding::branding_row(state, *key).map(Row::from));
    let groups = touched.groups.iter().map(|key| settings::group_row(state, *key).map(Row::from));
    let components = touched.components.iter().map(|key| settings::component_row(state, *key).map(Row::from));
    let holds = touched.holds.iter().map(|(of, key)| holds::hold_row(state, *of, *key).map(Row::from));
    let recurring = touched.series.iter().map(|key| series::series_row(state, *key).map(Row::from));
    let planned = touched.windows.iter().map(|key| windows::window_row(state, *key).map(Row::from));
    let problems = touched.problems.iter().map(|key| problems::problem_row(state, *key).map(Row::from));
    let incidents = touched.incidents.iter().map(|key| incidents::incident_row(state, *key).map(Row::from));
    let updates = touched.incident_updates.iter();
    let updates = updates.map(|(key, number)| incidents::update_row(state, *key, *number).map(Row::from));
    let entries = touched.window_updates.iter();
    let entries = entries.map(|(key, number)| windows::update_row(state, *key, *number).map(Row::from));
    let corrections = touched.corrections.iter();
    let corrections = corrections.map(|key| corrections::correction_row(state, *key).map(Row::from));
    let announcements = touched.announcements.iter();
    let announcements = announcements.map(|key| announcements::announcement_row(state, *key).map(Row::from));
    let subscribers = touched.subscribers.iter();
    let subscribers = subscribers.map(|key| subscribers::subscriber_row(state, *key).map(Row::from));
    let templates = touched.templates.iter();
    let templates = templates.map(|key| templates::template_row(state, *key).map(Row::from));
    workspace
        .into_iter()
        .chain(agents)
        .chain(checks)
        .chain(heartbeats)
        .chain(pages)
        .chain(brandings)
        .chain(groups)
        .chain(components)
        .chain(holds)
        .chain(recurring)
        .chain(planned)
        .chain(problems)
        .chain(incidents)
        .chain(updates)
        .chain(entries)
        .chain(corrections)
        .chain(announcements)
        .chain(templates)
        .chain(subscribers)
        .collect()
}

/// The rows that grant access to an agent, a job or a client of the REST API.
fn access_of(state: &State, touched: &Touched) -> Vec<Option<Row>> {
    let workspace = state.workspace.key;
    let enrolments = touched.enrolments.iter().map(|token_hash| {
        let one = state.enrolments.get(token_hash)?;
        let token_hash = *token_hash;
        let (agent, until_ms, used_ms) = (one.agent, one.until, one.used);
        Some(EnrolmentRow { workspace, token_hash, agent, until_ms, used_ms }.into())
    });
    let addresses = touched.heartbeat_tokens.iter().map(|check_name| {
        let token_hash = *state.heartbeat_tokens.get(check_name)?;
        let check_name = check_name.clone();
        Some(HeartbeatTokenRow { workspace, check_name, token_hash }.into())
    });
    let chosen = touched.chosen.iter().map(|key| {
        let check = state.checks.get(key)?;
        let definition = check.chosen_definition.clone()?;
        let check_name = check.name.clone();
        Some(CheckDefinitionRow { workspace, check_name, definition }.into())
    });
    let tokens = touched.api_tokens.iter().map(|key| access::token_row(state, *key).map(Row::from));
    enrolments.chain(addresses).chain(chosen).chain(tokens).collect()
}

/// The row's workspace, its table, and its key if that is one number.
fn named(row: &Row) -> (WorkspaceKey, &'static str, Option<i64>) {
    let table = row.table();
    row.bind(|values| {
        let number = |index: usize| match values[index] {
            Value::Integer(number) => Some(number),
            _ => None,
        };
        let key = if table.key <= 2 { number(table.key - 1) } else { None };
        (WorkspaceKey(number(0).unwrap_or(0)), table.name, key)
    })
}

/// A row as a JSON object, without its workspace and without bytes.
fn json(row: &Row) -> String {
    let table = row.table();
    let mut text = String::from("{");
    row.bind(|values| {
        for (column, value) in table.columns.iter().zip(values) {
            if column.name == "workspace" || matches!(value, Value::Bytes(_)) {
                continue;
            }
            if text.len() > 1 {
                text.push(',');
            }
            quote(&mut text, column.name);
            text.push(':');
            match value {
                Value::Integer(number) => {
                    let _ = write!(text, "{number}");
                }
                Value::Text(said) => quote(&mut text, said),
                Value::Null | Value::Bytes(_) => text.push_str("null"),
            }
        }
    });
    text.push('}');
    text
}

/// Appends a JSON string (RFC 8259 §7).
fn quote(text: &mut String, said: &str) {
    text.push('"');
    for character in said.chars() {
        match character {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            control if control < ' ' => {
                let _ = write!(text, "\\u{:04x}", u32::from(control));
            }
            other => text.push(other),
        }
    }
    text.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::credentials::TokenHash;
    use crate::state::{ComponentSettings, PageSettings, WindowKey};
    use crate::step::{
        Admission, AgentChange, Answer, Asked, Command, Configure, Context, DesiredComponent, DesiredItem,
        DesiredLink, DesiredPage, Ids, NewWindow, Stepped, step, step_asked,
    };
    use crate::verdict::Quorum;

    fn by(action: &str) -> Author {
        let (actor, action) = ("cli:0".to_owned(), action.to_owned());
        Author { actor, action, source: None, request: Some("r-1".to_owned()) }
    }

    fn step_audited(state: &mut State, command: Command, context: Context, author: &Author) -> Stepped {
        let asked = Asked { author: Some(author), expected: None };
        step_asked(state, command, context, asked).expect("taken")
    }

    fn audited(writes: &[Write]) -> Vec<AuditRow> {
        let row = |write: &Write| match write {
            Write::Append(Row::Audit(row)) => Some((**row).clone()),
            _ => None,
        };
        writes.iter().filter_map(row).collect()
    }

    #[test]
    fn what_somebody_changes_stands_in_the_audit_as_it_was_and_as_it_is() {
        let mut state = State::default();
        let context = Context { now: Timestamp(5), ids: Ids::from_seed([1; 32]) };
        let add = |location: &str| Command::AddAgent {
            name: "a \"quoted\"\n\u{1} name".to_owned(),
            location: location.to_owned(),
        };
        let made = step_audited(&mut state, add("here"), context, &by("add agent"));
        assert!(matches!(made.answer, Answer::Agent(_)));
        let rows = audited(&made.rows);
        assert_eq!(rows.iter().map(|row| row.object.as_str()).collect::<Vec<_>>(), ["workspace", "agent"]);
        assert_eq!((rows[1].before.as_deref(), rows[1].number, rows[1].at_ms), (None, 2, Timestamp(5)));
        let after = rows[1].after.clone().expect("it is there");
        assert!(after.contains(r#""name":"a \"quoted\"\n\u0001 name","location":"here""#), "{after}");

        let moved = step_audited(&mut state, add("there"), context, &by("move agent"));
        let rows = audited(&moved.rows);
        assert_eq!((rows.len(), rows[0].before.as_ref(), rows[0].number), (1, Some(&after), 3));
        assert_eq!((rows[0].actor.as_str(), rows[0].request.as_deref()), ("cli:0", Some("r-1")));
        let same = step_audited(&mut state, add("there"), context, &by("move agent"));
        assert!(audited(&same.rows).is_empty(), "nothing changed");
        let unsigned = step(&mut state, add("elsewhere"), context).expect("taken");
        assert!(audited(&unsigned.rows).is_empty(), "nobody asked");
    }

    #[test]
    fn who_is_let_in_stands_in_the_audit_without_any_token() {
        let mut state = State::default();
        let context = Context { now: Timestamp(5), ids: Ids::from_seed([1; 32]) };
        let mut audit_of = |command: Command| {
            let rows = audited(&step_audited(&mut state, command, context, &by("x")).rows);
            let short =
                |row: &AuditRow| (row.object.clone(), row.object_key, row.before.clone(), row.after.clone());
            rows.iter().map(short).collect::<Vec<_>>()
        };
        let change = |change: AgentChange| Command::ChangeAgent { agent: "one".to_owned(), change };
        let (location, checks) = ("here".to_owned(), Vec::new());
        let admission = Admission::Enrolment([7; 32]);
        let made = audit_of(change(AgentChange::Add { location, checks, admission }));
        let offered = r#"{"agent":1,"until_ms":900005,"used_ms":null}"#.to_owned();
        assert_eq!(made[2], ("enrolment".to_owned(), None, None, Some(offered.clone())));
        let (token, credential) = ([7; 32], [8; 32]);
        let used = audit_of(Command::Redeem { token, credential });
        let now_used = Some(r#"{"agent":1,"until_ms":900005,"used_ms":5}"#.to_owned());
        assert!(used.contains(&("enrolment".to_owned(), None, Some(offered), now_used)), "{used:?}");
        let allow = |check: &str| change(AgentChange::Allow(check.to_owned()));
        audit_of(allow("a"));
        let allowed = audit_of(allow("b"));
        let row = r#"{"agent":1,"check_name":"b"}"#.to_owned();
        assert_eq!(allowed, [("agent_allow".to_owned(), None, None, Some(row))], "and not the other again");
        let address =
            |token: Option<TokenHash>| Command::SetHeartbeatToken { check: "job".to_owned(), token };
        let job = Some(r#"{"check_name":"job"}"#.to_owned());
        let object = "heartbeat_token".to_owned();
        assert_eq!(audit_of(address(Some([1; 32]))), [(object.clone(), None, None, job.clone())]);
        assert_eq!(audit_of(address(Some([2; 32]))), [(object.clone(), None, job.clone(), job.clone())]);
        assert_eq!(audit_of(address(None)), [(object, None, job, None)]);
    }

    /// What a page shows changes with its links, and a window says nothing without its components.
    #[test]
    fn links_and_the_components_of_windows_stand_in_the_audit() {
        let mut state = State::default();
        let mut audit_of = |seconds: i64, command: Command| {
            let context = Context { now: Timestamp(seconds * 1_000), ids: Ids::from_seed([1; 32]) };
            let rows = audited(&step_audited(&mut state, command, context, &by("x")).rows);
            let of = |row: &&AuditRow| {
                ["component_link", "planned_window_component"].contains(&row.object.as_str())
            };
            rows.iter().filter(of).map(|row| (row.before.clone(), row.after.clone())).collect::<Vec<_>>()
        };
        let far = i64::MAX;
        let link = |from: i64, to: i64| {
            Some(format!(r#"{{"component":1,"check":1,"minor":0,"from_ms":{from},"to_ms":{to}}}"#))
        };
        assert_eq!(audit_of(1, configure(&["web"])), [(None, link(1_000, far))]);
        assert_eq!(audit_of(2, configure(&["web"])), []);
        assert_eq!(audit_of(3, configure(&[])), [(link(1_000, far), link(1_000, 3_000))]);
        let components = vec![ComponentKey(1)];
        let window =
            NewWindow { lead: 0, ..NewWindow::over(components, Timestamp(9_000), Timestamp(10_000)) };
        let window = Command::PlanWindow(Box::new(window));
        let planned = Some(r#"{"planned_window":1,"component":1}"#.to_owned());
        assert_eq!(audit_of(4, window), [(None, planned.clone())]);
        assert_eq!(
            audit_of(5, Command::CancelWindow { window: WindowKey(1), body: None }),
            [(planned, None)]
        );
    }

    fn configure(checks: &[&str]) -> Command {
        let component = DesiredComponent {
            key: "shop".to_owned(),
            settings: ComponentSettings::named("Shop"),
            starts_at: None,
            links: checks
                .iter()
                .map(|name| DesiredLink { check: (*name).to_owned(), minor: false })
                .collect(),
        };
        let page = DesiredPage {
            key: "page".to_owned(),
            settings: PageSettings::named("page"),
            zone: jiff::tz::TimeZone::UTC,
            items: vec![DesiredItem::Component(component)],
        };
        let checks = vec![("web".to_owned(), Quorum::Majority)];
        Command::Configure(Box::new(Configure { checks, pages: vec![page] }))
    }
}

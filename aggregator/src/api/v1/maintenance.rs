//! Maintenance as Statuspage's scheduled incidents. It begins and ends by itself.

use super::incidents::{UNUSED, components, delivers};
use super::objects::{Incident, Writer};
use super::texts::Texts;
use crate::api::call::{Call, Plan, together};
use crate::api::document::Fields;
use crate::api::refusal::Refusal;
use crate::api::reply::Reply;
use skerry_domain::access::Resource;
use skerry_domain::incident::Title;
use skerry_domain::maintenance::{MaintenanceStatus, PlannedWindow};
use skerry_domain::rows::Subject;
use skerry_domain::state::{PageKey, WindowKey};
use skerry_domain::step::{Command, MAX_LEAD, MAX_OPEN_WINDOWS, NewWindow, WindowChange};
use skerry_domain::text::Text;
use skerry_domain::time::{HOUR, MINUTE, Timestamp};
use skerry_publish::maintenance::maintenance_view;

/// The states that a client may set. Cancelling is a DELETE.
const STATUSES: [MaintenanceStatus; 4] = [
    MaintenanceStatus::Scheduled,
    MaintenanceStatus::InProgress,
    MaintenanceStatus::Verifying,
    MaintenanceStatus::Completed,
];

/// How late a beginning may be named, ms.
const LATE: i64 = 5 * MINUTE;

/// Whether a state is one of maintenance.
pub(super) fn is_status(name: &str) -> bool {
    STATUSES.iter().any(|status| status.name() == name)
}

/// Plans maintenance. It is announced at once, as Statuspage does, unless `lead_hours` says how long before its beginning.
pub(super) fn create(call: &Call<'_>, mut fields: Fields<'_>) -> Result<Plan, Refusal> {
    call.must_reach(Resource::Maintenance, true)?;
    let (page, _) = call.page()?;
    let open = call.state.open_windows.iter().filter_map(|key| call.state.windows.get(key));
    let open = open.filter(|one| one.page == Some(page)).count();
    call.must_leave_room("planned windows", open, MAX_OPEN_WINDOWS)?;
    let mut texts = Texts::of(call)?;
    let title = texts.title(&mut fields, "name");
    if title.is_none() && fields.value("name").is_none() {
        fields.refuse("Name can't be blank");
    }
    let body = texts.body(&mut fields, &["body", "message"]);
    let status = read_status(&mut fields);
    let from = fields.instant("scheduled_for");
    let to = fields.instant("scheduled_until");
    if from.is_none()
        && fields.value("scheduled_for").is_none()
        && status == Some(MaintenanceStatus::Scheduled)
    {
        fields.refuse("scheduled_for is missing: say when the maintenance begins");
    }
    if to.is_none() && fields.value("scheduled_until").is_none() {
        fields.refuse("scheduled_until is missing: say when the maintenance ends");
    }
    if status != Some(MaintenanceStatus::InProgress) {
        refuse_past(call, &mut fields, from);
    }
    let begun = match status {
        Some(MaintenanceStatus::Verifying | MaintenanceStatus::Completed) => {
            fields.refuse("maintenance is not made as verifying or completed: correct the past instead");
            false
        }
        status => status == Some(MaintenanceStatus::InProgress),
    };
    let lead = fields.number("lead_hours");
    let reminds = fields.boolean("scheduled_remind_prior").unwrap_or(true);
    let components = named(call, page, &mut fields);
    if components.is_empty() {
        fields.refuse("maintenance names its components: send component_ids");
    }
    fields.finish()?;
    let (Some(title), Some(to)) = (title, to) else {
        return Err(Refusal::invalid("name and times are required"));
    };
    let from = from.filter(|_| !begun).unwrap_or(call.now).max(call.now);
    let lead = match lead {
        Some(hours) => i64::try_from(hours).unwrap_or(i64::MAX).saturating_mul(HOUR),
        None => (from - call.now).min(MAX_LEAD),
    };
    let (title, checks) = (Title::Written(title), Vec::new());
    let window = NewWindow { title, body, components, checks, from, to, lead, reminds };
    let plan = Plan::new(Command::PlanWindow(Box::new(window)));
    Ok(plan.noting(texts.removed()))
}

/// Changes maintenance: what is planned, its state, its timeline.
pub(super) fn change(call: &Call<'_>, key: WindowKey, mut fields: Fields<'_>) -> Result<Plan, Refusal> {
    let (page, _) = call.page()?;
    let window = &call.state.windows[&key];
    let mut texts = Texts::of(call)?;
    let shown = maintenance_view(call.state, window).map(|view| view.title.one_line());
    let title = texts.title(&mut fields, "name").filter(|title| Some(title.public.one_line()) != shown);
    let body = texts.body(&mut fields, &["body", "message"]);
    let status = read_status(&mut fields).filter(|status| *status != window.status);
    let named = named(call, page, &mut fields);
    let from = fields.instant("scheduled_for").filter(|from| *from != window.from);
    refuse_past(call, &mut fields, from);
    let planned = WindowChange {
        title,
        body: None,
        components: (!named.is_empty() && sorted(&named) != window.components).then_some(named),
        checks: None,
        from,
        to: fields.instant("scheduled_until").filter(|to| *to != window.to),
        lead: None,
        reminds: fields.boolean("scheduled_remind_prior").filter(|reminds| *reminds != window.reminds),
    };
    if status == Some(MaintenanceStatus::Scheduled) {
        fields.refuse("maintenance that has begun is not scheduled again: plan another");
    }
    fields.must_change_something(&UNUSED);
    fields.finish()?;
    let command = commands(key, planned, status, body);
    Ok(Plan::new(command).about(Subject::Window(key)).noting(texts.removed()))
}

/// A beginning that is over by more than a clock may differ is a mistake.
fn refuse_past(call: &Call<'_>, fields: &mut Fields<'_>, from: Option<Timestamp>) {
    if from.is_some_and(|from| call.now - from > LATE) {
        fields
            .refuse("scheduled_for is more than 5 minutes ago: maintenance that runs already is in_progress");
    }
}

fn sorted(keys: &[skerry_domain::state::ComponentKey]) -> Vec<skerry_domain::state::ComponentKey> {
    let mut keys = keys.to_vec();
    keys.sort_unstable();
    keys.dedup();
    keys
}

/// An early beginning comes before another end, an early end after everything else.
fn commands(
    key: WindowKey,
    planned: WindowChange,
    status: Option<MaintenanceStatus>,
    body: Option<Text>,
) -> Command {
    let mut commands = Vec::new();
    if planned != WindowChange::default() {
        commands.push(Command::ChangeWindow { window: key, change: Box::new(planned) });
    }
    if status.is_some() || body.is_some() {
        let update = Command::UpdateWindow { window: key, status, body: body.map(Box::new), to: None };
        let place = if status == Some(MaintenanceStatus::InProgress) { 0 } else { commands.len() };
        commands.insert(place, update);
    }
    together(commands)
}

pub(super) fn show(call: &Call<'_>, key: WindowKey, reply: fn(Incident) -> Reply) -> Result<Reply, Refusal> {
    let (_, page) = call.page()?;
    let window: &PlannedWindow = call.state.windows.get(&key).ok_or_else(Refusal::not_found)?;
    let shown = Writer::new(call, page).maintenance(key, window).ok_or_else(Refusal::not_found)?;
    let shown = shown.delivering(delivers(call));
    Ok(reply(shown).versioned(call.state.version(&Subject::Window(key))))
}

fn read_status(fields: &mut Fields<'_>) -> Option<MaintenanceStatus> {
    let known = STATUSES.map(MaintenanceStatus::name);
    let read = |name: &str| STATUSES.into_iter().find(|status| status.name() == name);
    fields.choice("status", read, &known)
}

/// Maintenance sets its components by itself: which status a client names for them does not matter.
fn named(call: &Call<'_>, page: PageKey, fields: &mut Fields<'_>) -> Vec<skerry_domain::state::ComponentKey> {
    components(call, page, fields).into_iter().map(|(key, _)| key).collect()
}

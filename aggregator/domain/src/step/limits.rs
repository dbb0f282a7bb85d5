//! How much people may write: what a visitor or a client fetches at once stays bounded.

use super::Rejected;
use crate::incident::{Body, FormerText, Incident, IncidentUpdate};
use crate::maintenance::{PlannedWindow, WindowText};
use crate::state::{ComponentKey, IncidentKey, PageKey, State, WindowKey};
use crate::status::Status;
use crate::text::Text;

/// The greatest number of incidents of a workspace that are open, drafts too, before people open no further one.
pub const MAX_OPEN_INCIDENTS: usize = 1_000;
/// The greatest number of updates of an incident or a maintenance before people add no further one.
pub const MAX_UPDATES: usize = 500;
/// The most former texts of an update that are kept.
const MAX_FORMER: usize = 100;
/// The weight of an incident or a maintenance, and of all of a page that are not over, bytes.
const MAX_WEIGHT: usize = 2 << 20;
const MAX_WEIGHT_OF_PAGE: usize = 4 << 20;
/// What an update weighs beside its text, and a component that it names.
const UPDATE: usize = 256;
const COMPONENT: usize = 128;

/// What an update of an incident adds: its text, and components that it names.
pub(super) fn update_weight(body: Option<&Text>, components: usize) -> usize {
    UPDATE + body.map_or(0, size) + components * COMPONENT
}

/// Refuses a further incident that is open.
pub(super) fn check_open(state: &State) -> Result<(), Rejected> {
    if state.open_incidents.len() < MAX_OPEN_INCIDENTS {
        return Ok(());
    }
    let reason =
        format!("{MAX_OPEN_INCIDENTS} incidents and drafts are open, and no more may be: resolve some first");
    Err(Rejected::invalid("incident", reason))
}

/// Refuses a first or a further update of an incident.
pub(super) fn check_incident(
    state: &State,
    (page, key): (PageKey, Option<IncidentKey>),
    (body, components): (Option<&Text>, &[(ComponentKey, Option<Status>)]),
) -> Result<(), Rejected> {
    let added = update_weight(body, components.len());
    if let Some(incident) = key.and_then(|key| state.incidents.get(&key)) {
        check_updates("incident", incident.updates.len())?;
        check_weight("incident", incident_weight(incident) + added)?;
    }
    check_page(state, page, added)
}

/// The same for maintenance.
pub(super) fn check_window(
    state: &State,
    (page, key): (Option<PageKey>, Option<WindowKey>),
    body: Option<&Text>,
) -> Result<(), Rejected> {
    let Some(page) = page else { return Ok(()) };
    let added = update_weight(body, 0);
    if let Some(window) = key.and_then(|key| state.windows.get(&key)) {
        check_updates("maintenance", window.updates.len())?;
        check_weight("maintenance", window_weight(window) + added)?;
    }
    check_page(state, page, added)
}

/// Refuses another text of an update by which the page would grow. What removes something, such as a secret, is never refused.
pub(super) fn check_edit(
    state: &State,
    page: Option<PageKey>,
    former: Option<&Text>,
    body: &Text,
) -> Result<(), Rejected> {
    let grows = size(body).saturating_sub(former.map_or(0, size));
    match page.filter(|_| grows > 0) {
        Some(page) => check_page(state, page, grows),
        None => Ok(()),
    }
}

/// Keeps a former text for operators, as long as there are few.
pub(super) fn keep_former(former: &mut Vec<FormerText>, text: FormerText) {
    if former.len() < MAX_FORMER {
        former.push(text);
    }
}

fn check_updates(what: &str, updates: usize) -> Result<(), Rejected> {
    if updates < MAX_UPDATES {
        return Ok(());
    }
    let reason = format!(
        "this {what} has {updates} updates, and at most {MAX_UPDATES} are allowed: end it, and open another"
    );
    Err(Rejected::invalid("body", reason))
}

fn check_weight(what: &str, weight: usize) -> Result<(), Rejected> {
    if weight <= MAX_WEIGHT {
        return Ok(());
    }
    let most = MAX_WEIGHT >> 20;
    let reason =
        format!("the timeline of this {what} would be larger than {most} MiB: end it, and open another");
    Err(Rejected::invalid("body", reason))
}

/// What `summary.json` carries of a page.
fn check_page(state: &State, page: PageKey, added: usize) -> Result<(), Rejected> {
    let incidents = state.open_incidents.iter().filter_map(|key| state.incidents.get(key));
    let incidents = incidents.filter(|one| one.page == page).map(incident_weight).sum::<usize>();
    let windows = state.open_windows.iter().filter_map(|key| state.windows.get(key));
    let windows = windows.filter(|one| one.page == Some(page)).map(window_weight).sum::<usize>();
    if incidents + windows + added <= MAX_WEIGHT_OF_PAGE {
        return Ok(());
    }
    let most = MAX_WEIGHT_OF_PAGE >> 20;
    let reason = format!(
        "the incidents and the maintenance of this page that are not over would be larger than {most} MiB: resolve some first"
    );
    Err(Rejected::invalid("body", reason))
}

fn incident_weight(incident: &Incident) -> usize {
    let text = |update: &IncidentUpdate| match &update.body {
        Some(Body::Written(text)) => size(text),
        Some(Body::Automatic(_)) | None => 0,
    };
    let updates = incident.updates.iter();
    UPDATE + updates.map(|one| UPDATE + text(one) + one.components.len() * COMPONENT).sum::<usize>()
}

fn window_weight(window: &PlannedWindow) -> usize {
    let text = |body: &WindowText| match body {
        WindowText::Written(text) => size(text),
        WindowText::Automatic { .. } => 0,
    };
    let updates = window.updates.iter().map(|one| UPDATE + text(&one.body)).sum::<usize>();
    UPDATE + window.components.len() * COMPONENT + updates
}

fn size(text: &Text) -> usize {
    text.public.source().len()
}

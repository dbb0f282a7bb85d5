//! Pages, components, checks, incidents, problems, maintenance, announcements, templates and corrections as operators name
//! them on the command line.

use super::deliveries::NoticesOf;
use crate::subscriptions::Intake;
use crate::subscriptions::address::channel_of;
use crate::subscriptions::deliveries::{notices_of_incident, notices_of_window};
use skerry_domain::announcement::AnnouncementLevel;
use skerry_domain::holds::Source;
use skerry_domain::incident::{Impact, IncidentStatus};
use skerry_domain::problem::{Problem, ProblemSubject, Severity};
use skerry_domain::state::{
    AnnouncementKey, Component, ComponentKey, CorrectionKey, IncidentKey, NoticeKey, PageKey, ProblemKey,
    SeriesKey, State, SubscriberKey, TemplateKey, WindowKey,
};
use skerry_domain::status::Status;
use skerry_domain::template::TemplateStatus;
use skerry_domain::time::Timestamp;
use skerry_domain::workspaces::Workspaces;
use skerry_protocol::strict::nearest;

/// The state of a workspace.
///
/// # Errors
/// It does not exist yet.
pub fn state<'s>(workspaces: &'s Workspaces, name: &str) -> Result<&'s State, String> {
    let none = || {
        format!("workspace {name:?} is not in the database yet: start skerry-aggregator with its file first")
    };
    workspaces.named(name).ok_or_else(none)
}

/// The page of that key, slug, id or name; without a name the only page.
///
/// # Errors
/// There is none, or several without a name.
pub fn page(state: &State, named: Option<&str>) -> Result<PageKey, String> {
    let pages = || state.pages.iter().filter(|(_, page)| !page.archived);
    let keys = || pages().map(|(_, page)| page.key.as_str());
    let workspace = &state.workspace.name;
    let Some(named) = named else {
        let mut all = pages();
        return match (all.next(), all.next()) {
            (Some((key, _)), None) => Ok(*key),
            (None, _) => Err(format!("workspace {workspace:?} has no page")),
            (Some(_), Some(_)) => {
                let keys: Vec<&str> = keys().collect();
                Err(format!(
                    "workspace {workspace:?} has several pages: say --page, one of {}",
                    keys.join(", ")
                ))
            }
        };
    };
    let is_named = |page: &skerry_domain::state::Page| {
        let settings = &page.settings;
        [&page.key, &settings.slug, &page.id, &settings.name].into_iter().any(|one| one == named)
    };
    let found = pages().find(|(_, page)| is_named(page)).map(|(key, _)| *key);
    found.ok_or_else(|| {
        let remedy = match nearest(named, keys()) {
            Some(near) => format!("did you mean {near:?}?"),
            None => format!("there are: {}", keys().collect::<Vec<_>>().join(", ")),
        };
        format!("workspace {workspace:?} has no page {named:?}: {remedy}")
    })
}

/// Components on pages, of one page or of all.
pub fn components(state: &State, page: Option<PageKey>) -> impl Iterator<Item = (ComponentKey, &Component)> {
    let is_there = move |one: &Component| {
        !one.archived
            && page.is_none_or(|page| one.page == page)
            && state.pages.get(&one.page).is_some_and(|page| !page.archived)
    };
    state.components.iter().filter(move |(_, one)| is_there(one)).map(|(key, one)| (*key, one))
}

/// The component of that name, key or id, on one page or on any.
///
/// # Errors
/// There is none, or several.
pub fn component(state: &State, page: Option<PageKey>, named: &str) -> Result<ComponentKey, String> {
    if let Some((key, _)) = components(state, page).find(|(_, one)| one.id == named) {
        return Ok(key);
    }
    let is_named = |one: &Component| one.settings.name == named || one.key == named;
    let found: Vec<_> = components(state, page).filter(|(_, one)| is_named(one)).collect();
    match found[..] {
        [(key, _)] => Ok(key),
        [] => {
            let names = components(state, page).map(|(_, one)| one.settings.name.as_str());
            let remedy = match nearest(named, names) {
                Some(near) => format!("did you mean {near:?}?"),
                None => "skerry-aggregator component list shows them".to_owned(),
            };
            let place = page.and_then(|page| state.pages.get(&page));
            let place =
                place.map_or_else(|| "there".to_owned(), |page| format!("on page {:?} there", page.key));
            Err(format!("{place} is no component {named:?}: {remedy}"))
        }
        _ => {
            let one = |(_, one): &(ComponentKey, &Component)| {
                format!("{} on page {:?}", one.id, state.pages[&one.page].key)
            };
            let all: Vec<String> = found.iter().map(one).collect();
            Err(format!(
                "several components are called {named:?}: say --page, or name one by its id: {}",
                all.join(", ")
            ))
        }
    }
}

/// The incident with that id.
///
/// # Errors
/// There is none.
pub fn incident(state: &State, id: &str) -> Result<IncidentKey, String> {
    let none = || {
        let workspace = &state.workspace.name;
        format!(
            "workspace {workspace:?} has no incident {id:?}: skerry-aggregator incident list --all shows them"
        )
    };
    state.incident_with_id(id).ok_or_else(none)
}

/// The problem with that id.
///
/// # Errors
/// There is none.
pub fn problem(state: &State, id: &str) -> Result<ProblemKey, String> {
    let none = || {
        let workspace = &state.workspace.name;
        format!(
            "workspace {workspace:?} has no problem {id:?}: skerry-aggregator problem list --all shows them"
        )
    };
    state.problem_with_id(id).ok_or_else(none)
}

/// What has a problem: the name of a check, or "agent web-1".
#[must_use]
pub fn subject(state: &State, problem: &Problem) -> String {
    match problem.subject {
        ProblemSubject::Check(key) => state.checks.get(&key).map_or_else(String::new, |one| one.name.clone()),
        ProblemSubject::Agent(key) => {
            format!("agent {}", state.agents.get(&key).map_or("", |agent| agent.name.as_str()))
        }
    }
}

/// The maintenance with that id, for a command that has `--series` or not.
///
/// # Errors
/// There is none.
pub fn window(state: &State, id: &str, has_series: bool) -> Result<WindowKey, String> {
    let none = || {
        let workspace = &state.workspace.name;
        format!(
            "workspace {workspace:?} has no maintenance {id:?}: skerry-aggregator maintenance list --all shows it"
        )
    };
    if state.series_with_id(id).is_some() {
        let series = if has_series { "say --series, or " } else { "" };
        return Err(format!(
            "{id} is a series: {series}name one of its occurrences, which skerry-aggregator maintenance show {id} lists"
        ));
    }
    state.window_with_id(id).ok_or_else(none)
}

/// The series with that id, or that of the maintenance with that id.
///
/// # Errors
/// There is none.
pub fn series(state: &State, id: &str) -> Result<SeriesKey, String> {
    if let Some(series) = state.series_with_id(id) {
        return Ok(series);
    }
    let occurrence = state.windows[&window(state, id, true)?].occurrence;
    let none = || format!("maintenance {id} does not recur: leave out --series");
    occurrence.map(|occurrence| occurrence.series).ok_or_else(none)
}

/// The announcement with that id.
///
/// # Errors
/// There is none.
pub fn announcement(state: &State, id: &str) -> Result<AnnouncementKey, String> {
    let none = || {
        let workspace = &state.workspace.name;
        format!(
            "workspace {workspace:?} has no announcement {id:?}: skerry-aggregator announcement list --all shows them"
        )
    };
    state.announcement_with_id(id).ok_or_else(none)
}

/// A level of an announcement.
///
/// # Errors
/// There is none of that name.
pub fn announcement_level(word: &str) -> Result<AnnouncementLevel, String> {
    let all = AnnouncementLevel::ALL.map(AnnouncementLevel::name);
    AnnouncementLevel::from_name(word).ok_or_else(|| unknown("level of an announcement", word, all))
}

/// The template of that id or name: on a page its own before those of every page; without one any.
///
/// # Errors
/// There is none, or several.
pub fn template(state: &State, page: Option<PageKey>, named: &str) -> Result<TemplateKey, String> {
    let usable =
        || state.templates.iter().filter(|(_, one)| page.is_none() || one.page.is_none() || one.page == page);
    if let Some((key, _)) = usable().find(|(_, one)| one.id == named) {
        return Ok(*key);
    }
    let mut found: Vec<_> = usable().filter(|(_, one)| one.name == named).collect();
    if page.is_some() && found.iter().any(|(_, one)| one.page == page) {
        found.retain(|(_, one)| one.page == page);
    }
    match found[..] {
        [(key, _)] => Ok(*key),
        [] => {
            let remedy = match nearest(named, usable().map(|(_, one)| one.name.as_str())) {
                Some(near) => format!("did you mean {near:?}?"),
                None => "skerry-aggregator template list shows them".to_owned(),
            };
            Err(format!("there is no template {named:?}: {remedy}"))
        }
        _ => Err(format!("several templates are called {named:?}: say --page, or name one by its id")),
    }
}

/// A state that a template brings about.
///
/// # Errors
/// There is none of that name.
pub fn template_status(word: &str) -> Result<TemplateStatus, String> {
    let all = TemplateStatus::ALL.map(TemplateStatus::name);
    TemplateStatus::from_name(word)
        .ok_or_else(|| unknown("state of an incident or of maintenance", word, all))
}

/// The subscribers with that id or address, of one page or of any.
#[must_use]
pub fn subscribers(state: &State, page: Option<PageKey>, named: &str, intake: &Intake) -> Vec<SubscriberKey> {
    let of_page = |key: &SubscriberKey| {
        let one = state.subscribers.get(key);
        one.is_some_and(|one| page.is_none_or(|page| one.page == page))
    };
    if let Some(key) = state.subscriber_with_id(named) {
        return Some(key).filter(of_page).into_iter().collect();
    }
    let channel = channel_of(named);
    let Ok(address) = intake.address(channel, named) else { return Vec::new() };
    let all = state.pages.keys().filter_map(|page| state.subscriber_at(*page, channel, &address));
    all.filter(of_page).collect()
}

/// The notices of an incident or of maintenance, or the one that is named.
///
/// # Errors
/// There is none with that id.
pub fn notices(state: &State, of: &NoticesOf) -> Result<Vec<NoticeKey>, String> {
    match of {
        NoticesOf::Incident(id) => Ok(notices_of_incident(state, incident(state, id)?)),
        NoticesOf::Maintenance(id) => Ok(notices_of_window(state, window(state, id, false)?)),
        NoticesOf::Notice(id) => {
            let none = || format!("there is no notice {id:?}: skerry-aggregator deliveries list shows them");
            Ok(vec![state.notice_with_id(id).ok_or_else(none)?])
        }
    }
}

/// The correction with that id.
///
/// # Errors
/// There is none.
pub fn correction(state: &State, id: &str) -> Result<CorrectionKey, String> {
    let none = || {
        let workspace = &state.workspace.name;
        format!(
            "workspace {workspace:?} has no correction {id:?}: skerry-aggregator correct --list shows them"
        )
    };
    state.correction_with_id(id).ok_or_else(none)
}

/// Whether there is a check of that name.
///
/// # Errors
/// There is none.
pub fn check(state: &State, name: &str) -> Result<(), String> {
    if state.check_names.contains_key(name) {
        return Ok(());
    }
    let remedy = match nearest(name, state.check_names.keys().map(String::as_str)) {
        Some(near) => format!("did you mean {near:?}?"),
        None => "skerry-aggregator check list shows them".to_owned(),
    };
    Err(format!("there is no check {name:?}: {remedy}"))
}

/// The components whose status an incident holds, each with that status.
#[must_use]
pub fn held_by(state: &State, incident: IncidentKey, now: Timestamp) -> Vec<(ComponentKey, Status)> {
    let of = |(key, component): (&ComponentKey, &Component)| {
        let source = Source::Incident(incident.0);
        let hold = component.holds.iter().rfind(|hold| hold.source == source && hold.to > now)?;
        Some((*key, hold.status))
    };
    state.components.iter().filter_map(of).collect()
}

/// A status of a component, by its name or the first word of it: `partial` is `partial_outage`.
///
/// # Errors
/// There is none of that name.
pub fn status(word: &str) -> Result<Status, String> {
    let short = |status: Status| match status {
        Status::UnderMaintenance => "maintenance",
        _ => status.name().split('_').next().unwrap_or_default(),
    };
    let found = Status::ALL.into_iter().find(|one| one.name() == word || short(*one) == word);
    found.ok_or_else(|| unknown("status of a component", word, Status::ALL.map(short)))
}

/// A state of an incident.
///
/// # Errors
/// There is none of that name.
pub fn incident_status(word: &str) -> Result<IncidentStatus, String> {
    let all = IncidentStatus::ALL.map(IncidentStatus::name);
    IncidentStatus::from_name(word).ok_or_else(|| unknown("state of an incident", word, all))
}

/// An impact.
///
/// # Errors
/// There is none of that name.
pub fn impact(word: &str) -> Result<Impact, String> {
    Impact::from_name(word).ok_or_else(|| unknown("impact", word, Impact::ALL.map(Impact::name)))
}

/// A severity.
///
/// # Errors
/// There is none of that name.
pub fn severity(word: &str) -> Result<Severity, String> {
    let found = Severity::ALL.into_iter().find(|severity| severity.name() == word);
    found.ok_or_else(|| unknown("severity", word, Severity::ALL.map(Severity::name)))
}

fn unknown<const N: usize>(what: &str, word: &str, known: [&'static str; N]) -> String {
    format!("{word:?} is no {what}: write {}", skerry_protocol::strict::one_of(known))
}

//! Requests about maintenance. Names become keys here, times become absolute, and texts are sanitised.

use super::lookup;
use super::request::{Prepared, Told, instant};
use super::rescheduled::{ChangeWindow, begins_now};
use super::series::SeriesEdit;
use crate::texts::TextSanitiser;
use serde::{Deserialize, Serialize};
use skerry_domain::incident::Title;
use skerry_domain::maintenance::{LEAD, MaintenanceStatus, PlannedWindow};
use skerry_domain::rows::Subject;
use skerry_domain::state::{State, WindowKey};
use skerry_domain::step::{Command, NewSeries, NewWindow};
use skerry_domain::text::Text;
use skerry_domain::time::Timestamp;
use skerry_domain::workspaces::Workspaces;

/// A change of maintenance by a person.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MaintenanceRequest {
    /// Plans one.
    Plan(Box<PlanWindow>),
    /// Changes the one with this id.
    Change {
        /// Its id.
        window: String,
        /// The version that the operator read, as `maintenance show` prints it; `None`: whatever it is now.
        version: Option<String>,
        /// The change.
        how: WindowEdit,
    },
    /// Changes all occurrences that have not begun.
    ChangeSeries {
        /// The id of the series, or of one of its occurrences.
        series: String,
        /// As for one.
        version: Option<String>,
        /// The change.
        how: SeriesEdit,
    },
}

/// When something ends.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    /// At this instant, ms since 1970.
    At(i64),
    /// So long after it begins, ms.
    After(i64),
    /// So long after the end that was planned, ms.
    Later(i64),
}

/// Maintenance to plan; if it recurs, its first occurrence at the earliest.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PlanWindow {
    /// Key, slug, id or name of the page of its components; `None`: any page.
    pub page: Option<String>,
    /// Its title; `None`: the names of its components.
    pub title: Option<String>,
    /// The text of its announcement; `None`: an automatic one.
    pub message: Option<String>,
    /// Names, keys or ids of its components. Without any it is private.
    pub components: Vec<String>,
    /// Names of checks whose problems it holds back.
    pub checks: Vec<String>,
    /// Its beginning, ms since 1970; `None`: now.
    pub from: Option<i64>,
    /// Its end.
    pub to: End,
    /// How long before its beginning visitors see it, ms; `None`: a day.
    pub lead: Option<i64>,
    /// When it recurs, a rule of RFC 5545; `None`: it takes place once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repeat: Option<String>,
}

/// What to change.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WindowEdit {
    /// Changes what is planned.
    Change(Box<ChangeWindow>),
    /// Adds an entry to its timeline.
    Update {
        /// Its text.
        message: String,
    },
    /// Begins now.
    Start {
        /// What visitors read; `None`: an automatic text.
        message: Option<String>,
        /// Another end; `None`: it stays.
        to: Option<End>,
    },
    /// What was done is being verified.
    Verify {
        /// As for the beginning.
        message: Option<String>,
    },
    /// Ends now.
    End {
        /// As for the beginning.
        message: Option<String>,
    },
    /// Does not take place, or ends now.
    Cancel {
        /// Why, for visitors who know of it.
        message: Option<String>,
    },
    /// Changes an entry of its timeline.
    Edit {
        /// The id of the entry; `None`: the newest.
        update: Option<String>,
        /// Its new text; `None`: it stays.
        message: Option<String>,
        /// The new time that is shown, ms since 1970; `None`: it stays.
        at: Option<i64>,
    },
}

impl MaintenanceRequest {
    /// The id of the maintenance; `None`: it is new.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        match self {
            Self::Plan(_) => None,
            Self::Change { window, .. } => Some(window),
            Self::ChangeSeries { series, .. } => Some(series),
        }
    }

    /// Makes the command.
    ///
    /// # Errors
    /// Why it cannot be carried out, for an operator.
    pub(super) fn prepare(
        self,
        workspace: &str,
        workspaces: &Workspaces,
        (released, now): (&[String], Timestamp),
    ) -> Result<Prepared, String> {
        let state = lookup::state(workspaces, workspace)?;
        let sanitiser = TextSanitiser::releasing(state, released)?;
        match self {
            Self::Plan(new) => plan(state, sanitiser, &new, now),
            Self::Change { window, version, how } => {
                let key = lookup::window(state, &window, how.has_series())?;
                how.prepare(state, key, sanitiser, now)?.only_if(
                    Subject::Window(key),
                    version.as_deref(),
                    "maintenance show",
                )
            }
            Self::ChangeSeries { series, version, how } => {
                let key = lookup::series(state, &series)?;
                how.prepare(state, key, sanitiser, now)?.only_if(
                    Subject::Series(key),
                    version.as_deref(),
                    "maintenance show",
                )
            }
        }
    }
}

fn plan(
    state: &State,
    mut sanitiser: TextSanitiser,
    new: &PlanWindow,
    now: Timestamp,
) -> Result<Prepared, String> {
    let title = new.title.as_deref().map(|title| sanitiser.title(title)).transpose()?;
    let page = new.page.as_deref().map(|page| lookup::page(state, Some(page))).transpose()?;
    let component = |name: &String| lookup::component(state, page, name);
    let from = new.from.map_or(now, |from| instant(from, now));
    let window = NewWindow {
        title: title.map_or(Title::Automatic, Title::Written),
        body: body(&mut sanitiser, new.message.as_deref())?,
        components: new.components.iter().map(component).collect::<Result<_, _>>()?,
        checks: checks(state, &new.checks)?,
        from,
        to: new.to.of(from, from, now),
        lead: new.lead.unwrap_or(LEAD),
        reminds: true,
    };
    let (command, subject) = match &new.repeat {
        None => (Command::PlanWindow(Box::new(window)), Told::NewWindow),
        Some(rule) => {
            (Command::PlanSeries(Box::new(NewSeries { window, rule: rule.clone() })), Told::NewSeries)
        }
    };
    let mut notes = sanitiser.removed();
    notes.extend(begins_now(from, now).filter(|_| new.repeat.is_none()));
    Ok(Prepared::about(state, command, subject, notes))
}

pub(super) fn body(sanitiser: &mut TextSanitiser, message: Option<&str>) -> Result<Option<Text>, String> {
    message.map(|message| sanitiser.markdown(message)).transpose()
}

pub(super) fn checks(state: &State, names: &[String]) -> Result<Vec<String>, String> {
    names.iter().map(|name| lookup::check(state, name).map(|()| name.clone())).collect()
}

impl End {
    /// The instant of an end, for a window that begins at `from` and was to end at `to`.
    pub(super) fn of(self, from: Timestamp, to: Timestamp, now: Timestamp) -> Timestamp {
        let (at, after) = match self {
            Self::At(at) => (instant(at, now), 0),
            Self::After(ms) => (from, ms),
            Self::Later(ms) => (to, ms),
        };
        Timestamp(at.0.saturating_add(after))
    }
}

impl WindowEdit {
    /// Whether its command has `--series`.
    fn has_series(&self) -> bool {
        match self {
            Self::Change(change) => !matches!(change.to, Some(End::Later(_))),
            Self::Cancel { .. } => true,
            _ => false,
        }
    }

    fn prepare(
        self,
        state: &State,
        key: WindowKey,
        sanitiser: TextSanitiser,
        now: Timestamp,
    ) -> Result<Prepared, String> {
        let window = &state.windows[&key];
        match self {
            Self::Change(change) => change.prepare(state, key, sanitiser, now),
            Self::Update { message } => enter(state, key, sanitiser, (None, None), Some(&message)),
            Self::Start { message, to } => {
                not_yet(window, MaintenanceStatus::InProgress, "is in progress already")?;
                let to = match to {
                    Some(to) => Some(to.of(now.min(window.from), window.to, now)),
                    // It lasts as long as it was planned to.
                    None => (now < window.from).then(|| now + (window.to - window.from)),
                };
                let entered = (Some(MaintenanceStatus::InProgress), to);
                enter(state, key, sanitiser, entered, message.as_deref())
            }
            Self::Verify { message } => {
                not_yet(window, MaintenanceStatus::Verifying, "is being verified already")?;
                enter(state, key, sanitiser, (Some(MaintenanceStatus::Verifying), None), message.as_deref())
            }
            Self::End { message } => {
                not_yet(window, MaintenanceStatus::Completed, "is completed already")?;
                enter(state, key, sanitiser, (Some(MaintenanceStatus::Completed), None), message.as_deref())
            }
            Self::Cancel { message } => cancel(state, key, sanitiser, message.as_deref()),
            Self::Edit { update, message, at } => {
                let at = at.map(|at| instant(at, now));
                edit(state, key, sanitiser, (update, message.as_deref(), at))
            }
        }
    }
}

fn not_yet(window: &PlannedWindow, status: MaintenanceStatus, already: &str) -> Result<(), String> {
    if window.status == status {
        return Err(format!("maintenance {} {already}", window.id));
    }
    Ok(())
}

/// A new state with another end where it begins, a text, or both.
fn enter(
    state: &State,
    key: WindowKey,
    mut sanitiser: TextSanitiser,
    (status, to): (Option<MaintenanceStatus>, Option<Timestamp>),
    message: Option<&str>,
) -> Result<Prepared, String> {
    let body = body(&mut sanitiser, message)?.map(Box::new);
    let command = Command::UpdateWindow { window: key, status, body, to };
    Ok(Prepared::about(state, command, told(state, key), sanitiser.removed()))
}

/// The last words stand in place of the automatic text.
fn cancel(
    state: &State,
    key: WindowKey,
    mut sanitiser: TextSanitiser,
    message: Option<&str>,
) -> Result<Prepared, String> {
    let window = &state.windows[&key];
    if message.is_some() && !window.is_published() {
        return Err(format!("no visitor knows of maintenance {}: cancel it without a message", window.id));
    }
    let body = body(&mut sanitiser, message)?.map(Box::new);
    let command = Command::CancelWindow { window: key, body };
    Ok(Prepared::about(state, command, told(state, key), sanitiser.removed()))
}

/// The text that is replaced is what was read a moment ago: a change by somebody else in between is a conflict.
fn edit(
    state: &State,
    key: WindowKey,
    mut sanitiser: TextSanitiser,
    (update, message, at): (Option<String>, Option<&str>, Option<Timestamp>),
) -> Result<Prepared, String> {
    let window = &state.windows[&key];
    let id = &window.id;
    if message.is_none() && at.is_none() {
        return Err("there is nothing to change: say --message or --at".to_owned());
    }
    let newest = || window.updates.last().map(|update| update.id.clone());
    let update = update.or_else(newest).ok_or_else(|| format!("maintenance {id} has no update yet"))?;
    if window.updates.iter().all(|one| one.id != update) {
        return Err(format!(
            "maintenance {id} has no update {update:?}: skerry-aggregator maintenance show {id} lists them"
        ));
    }
    let body = body(&mut sanitiser, message)?.map(Box::new);
    let command = Command::EditWindowUpdate { window: key, update, body, display_at: at };
    Ok(Prepared::about(state, command, told(state, key), sanitiser.removed())
        .unless_changed(state, Subject::Window(key)))
}

pub(super) fn told(state: &State, key: WindowKey) -> Told {
    Told::Window(key, Box::new(state.windows[&key].clone()))
}

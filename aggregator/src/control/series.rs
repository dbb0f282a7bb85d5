//! Requests about maintenance that recurs.

use super::maintenance::{ChangeWindow, body};
use super::request::{Prepared, Told};
use crate::texts::TextSanitiser;
use serde::{Deserialize, Serialize};
use skerry_domain::maintenance::PlannedWindow;
use skerry_domain::state::{SeriesKey, State, WindowKey};
use skerry_domain::step::{Command, SeriesChange};

/// A change of all occurrences that have not begun.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SeriesEdit {
    /// Changes what is planned. The times are those of the first occurrence.
    Change {
        /// As for one.
        change: Box<ChangeWindow>,
        /// Another rule.
        repeat: Option<String>,
    },
    /// None of them takes place.
    End {
        /// Why, for visitors who know of one.
        message: Option<String>,
    },
}

impl SeriesEdit {
    pub(super) fn prepare(
        self,
        state: &State,
        key: SeriesKey,
        sanitiser: TextSanitiser,
    ) -> Result<Prepared, String> {
        match self {
            Self::Change { change, repeat } => self::change(state, key, sanitiser, (*change, repeat)),
            Self::End { message } => end(state, key, sanitiser, message.as_deref()),
        }
    }
}

fn change(
    state: &State,
    key: SeriesKey,
    mut sanitiser: TextSanitiser,
    (change, rule): (ChangeWindow, Option<String>),
) -> Result<Prepared, String> {
    let series = &state.series[&key];
    let first = series.recurrence.instant(series.recurrence.first());
    let times = (first, first + series.length);
    let window = change.change(state, series.page, times, &mut sanitiser)?;
    let change = SeriesChange { window, rule };
    if change == SeriesChange::default() {
        return Err(
            "there is nothing to change: say --repeat, --title, --message, --from, --to, --for, --component, --check or --lead"
                .to_owned(),
        );
    }
    let command = Command::ChangeSeries { series: key, change: Box::new(change) };
    Ok(Prepared::about(state, command, Told::Series(key), sanitiser.removed()))
}

/// The last words come before the end: nothing is added to what is cancelled.
fn end(
    state: &State,
    key: SeriesKey,
    mut sanitiser: TextSanitiser,
    message: Option<&str>,
) -> Result<Prepared, String> {
    let end = Command::EndSeries { series: key };
    let Some(message) = message else {
        return Ok(Prepared::about(state, end, Told::Series(key), Vec::new()));
    };
    let known = |one: &PlannedWindow| one.is_open() && one.started_at.is_none() && one.is_published();
    let known: Vec<WindowKey> =
        state.occurrences(key).filter(|(_, one)| known(one)).map(|(window, _)| window).collect();
    if known.is_empty() {
        let id = &state.series[&key].id;
        return Err(format!(
            "no visitor knows of an occurrence of {id} to come: cancel it without a message"
        ));
    }
    let body = body(&mut sanitiser, Some(message))?.map(Box::new);
    let say = |window| Command::UpdateWindow { window, status: None, body: body.clone() };
    let commands = known.into_iter().map(say).chain([end]).collect();
    Ok(Prepared::about(state, Command::Together(commands), Told::Series(key), sanitiser.removed()))
}

//! Requests about maintenance that recurs.

use super::maintenance::body;
use super::request::{Prepared, Told};
use super::rescheduled::ChangeWindow;
use crate::texts::TextSanitiser;
use serde::{Deserialize, Serialize};
use skerry_domain::maintenance::PlannedWindow;
use skerry_domain::state::{SeriesKey, State};
use skerry_domain::step::{Command, SeriesChange};
use skerry_domain::time::Timestamp;

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
        now: Timestamp,
    ) -> Result<Prepared, String> {
        match self {
            Self::Change { change, repeat } => self::change(state, key, (sanitiser, now), (*change, repeat)),
            Self::End { message } => end(state, key, sanitiser, message.as_deref()),
        }
    }
}

fn change(
    state: &State,
    key: SeriesKey,
    (mut sanitiser, now): (TextSanitiser, Timestamp),
    (change, rule): (ChangeWindow, Option<String>),
) -> Result<Prepared, String> {
    let series = &state.series[&key];
    let first = series.recurrence.instant(series.recurrence.first());
    let times = (first, first + series.length);
    let window = change.change(state, series.page, times, (&mut sanitiser, now))?;
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

/// The last words stand in place of the automatic texts.
fn end(
    state: &State,
    key: SeriesKey,
    mut sanitiser: TextSanitiser,
    message: Option<&str>,
) -> Result<Prepared, String> {
    let known = |one: &PlannedWindow| one.is_open() && one.started_at.is_none() && one.is_published();
    if message.is_some() && !state.occurrences(key).any(|(_, one)| known(one)) {
        let id = &state.series[&key].id;
        return Err(format!(
            "no visitor knows of an occurrence of {id} to come: cancel it without a message"
        ));
    }
    let body = body(&mut sanitiser, message)?.map(Box::new);
    let command = Command::EndSeries { series: key, body };
    Ok(Prepared::about(state, command, Told::Series(key), sanitiser.removed()))
}

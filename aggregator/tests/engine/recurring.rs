//! Random series of maintenance, and what they never do.

use crate::script::{Script, World};
use skerry_domain::maintenance::MaintenanceStatus;
use skerry_domain::series::{AHEAD, MaintenanceSeries};
use skerry_domain::state::{SeriesKey, State};
use skerry_domain::step::{Command, NewSeries, SeriesChange};
use skerry_domain::time::Timestamp;
use std::collections::BTreeSet;

const RULES: [&str; 10] = [
    "FREQ=WEEKLY;BYDAY=SU",
    "FREQ=WEEKLY",
    "FREQ=WEEKLY;BYDAY=MO,TH;COUNT=4",
    "FREQ=MONTHLY;BYDAY=-1FR",
    "FREQ=YEARLY",
    "FREQ=DAILY;INTERVAL=10",
    "FREQ=DAILY;INTERVAL=3;COUNT=7",
    "FREQ=DAILY;COUNT=2",
    "FREQ=HOURLY",
    "FREQ=DAILY;UNTIL=20200101",
];

impl World {
    /// What a person does about maintenance that recurs.
    pub(crate) fn recur(&self, script: &mut Script<'_>) -> Command {
        let series = SeriesKey(self.state.counters.series - script.below(2));
        match script.below(5) {
            0 => Command::EndSeries { series, body: None },
            1 | 2 => {
                let rule = (script.below(2) == 1).then(|| script.pick(&RULES).to_owned());
                let change = Box::new(SeriesChange { window: self.window_change(script), rule });
                Command::ChangeSeries { series, change }
            }
            _ => {
                let (window, rule) = (self.new_window(script), script.pick(&RULES).to_owned());
                Command::PlanSeries(Box::new(NewSeries { window, rule }))
            }
        }
    }
}

/// The next occurrence is always made, and none twice.
pub(crate) fn series(state: &State, tick: bool) -> Result<(), String> {
    let indexed = state.windows.iter().filter_map(|(key, one)| Some((one.occurrence?.series, *key)));
    if indexed.collect::<BTreeSet<_>>() != state.series_windows.iter().copied().collect() {
        return Err("the index of occurrences is another".to_owned());
    }
    for (key, series) in state.series.iter() {
        occurrences(state, *key, series).map_err(|what| format!("{key:?}: {what}: {series:?}"))?;
        let open = series.ended_at.is_none();
        let next = series.recurrence.starts_after(series.made).next().filter(|_| open);
        if next != series.next {
            return Err(format!("{key:?}: the next is {next:?}: {series:?}"));
        }
        let to_come = |after: Timestamp| {
            state
                .occurrences(*key)
                .any(|(_, one)| one.is_open() && one.started_at.is_none() && one.from > after)
        };
        if let (true, Some(next)) = (tick, next)
            && (!to_come(state.clock) || next.at - AHEAD <= state.clock)
        {
            return Err(format!("{key:?}: the next was not made: {series:?}"));
        }
        if !open && to_come(series.ended_at.unwrap_or(state.clock)) {
            return Err(format!("{key:?}: it has ended, and an occurrence is to come: {series:?}"));
        }
    }
    Ok(())
}

fn occurrences(state: &State, key: SeriesKey, series: &MaintenanceSeries) -> Result<(), String> {
    let mut seen = BTreeSet::new();
    for (window, one) in state.occurrences(key) {
        let Some(occurrence) = one.occurrence else { return Err(format!("{window:?} is of no series")) };
        if one.status != MaintenanceStatus::Cancelled && !seen.insert(occurrence.local) {
            return Err(format!("{} was made twice", occurrence.local));
        }
        if one.page != series.page {
            return Err(format!("{window:?} is on another page"));
        }
        if one.started_at.is_some() || !one.is_open() || occurrence.modified || one.from <= state.clock {
            continue;
        }
        let (from, to) = (one.from, one.to);
        let begins = series.recurrence.instant(occurrence.local);
        if (from, to) != (begins, begins + series.length) {
            return Err(format!("{window:?} takes place at other times: {from} to {to}"));
        }
        if (&one.title, &one.checks, &one.components) != (&series.title, &series.checks, &series.components) {
            return Err(format!("{window:?} says something else: {one:?}"));
        }
    }
    Ok(())
}

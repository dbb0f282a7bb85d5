//! Charts of response times: exact ones of the last day, from raw observations, and those of longer windows from
//! histograms of hours. Each turn reads what is new or came late, so that its cost does not grow with history.

use super::Unfinished;
use skerry_domain::days::WINDOWS;
use skerry_domain::response::{Measured, ResponseWindow, STEPS, begin, refine, step_of};
use skerry_domain::state::{ComponentKey, State, TrackKey, WorkspaceKey};
use skerry_domain::time::{HOUR, Timestamp};
use skerry_domain::workspaces::Workspaces;
use skerry_store::{Reader, ResponseSteps, StoreError};
use std::collections::BTreeMap;

/// Charts move on this often, ms.
const OFTEN: i64 = STEPS[0] / 4;
/// Windows that are drawn from hours: all but the first.
const LONGER: usize = WINDOWS.len() - 1;

type Key = (WorkspaceKey, ComponentKey);

/// All charts that are shown.
#[derive(Debug, Default)]
pub(super) struct Charts {
    charts: BTreeMap<Key, Chart>,
    /// Hours that were rolled up since charts were last drawn.
    rolled: Vec<Timestamp>,
    /// Up to when charts were last drawn.
    drawn_to: Timestamp,
    /// The last time that was seen.
    seen: Timestamp,
}

#[derive(Debug, Default)]
struct Chart {
    /// What feeds it.
    tracks: Vec<TrackKey>,
    /// The last 24 hours, oldest first.
    measured: Vec<Measured>,
    longer: [Longer; LONGER],
    is_drawn: bool,
}

/// A window that is drawn from hours.
#[derive(Debug, Default)]
struct Longer {
    /// Everything before the present step, which is read again for each step and for each late hour.
    complete: ResponseSteps,
    /// Where the present step begins.
    complete_to: Timestamp,
    drawn: ResponseWindow,
}

impl Charts {
    /// To be called for each hour that is rolled up, for the first time or again.
    pub(super) fn rolled_up(&mut self, hour: Timestamp) {
        self.rolled.push(hour);
    }

    /// Draws charts that are new, have new measurements or move on. The raw observations before `kept_from` are gone, or go
    /// soon. A failure is made up for in the next turn.
    pub(super) fn turn(
        &mut self,
        store: &Reader,
        workspaces: &Workspaces,
        (now, kept_from): (Timestamp, Timestamp),
        set: impl FnMut(Key, Vec<ResponseWindow>) -> Result<(), Unfinished>,
    ) -> Result<(), Unfinished> {
        if now < self.seen {
            // The clock was set back, and what is stored was moved with it.
            *self = Self::default();
        }
        self.seen = now;
        self.follow(workspaces);
        let drawn_to = step_of(now, OFTEN);
        let is_drawn = self.charts.values().all(|chart| chart.is_drawn);
        if drawn_to == self.drawn_to && self.rolled.is_empty() && is_drawn {
            return Ok(());
        }
        let drawn = self.measure(store, (now, kept_from)).map_err(Unfinished::from);
        let drawn = drawn.and_then(|()| self.draw(store, now, set));
        if drawn.is_err() {
            self.charts.retain(|_, chart| chart.is_drawn);
            return drawn;
        }
        self.rolled.clear();
        self.drawn_to = drawn_to;
        Ok(())
    }

    /// Begins and ends charts as components show them. One that is fed by other tracks now is a new one.
    fn follow(&mut self, workspaces: &Workspaces) {
        let shown: BTreeMap<Key, Vec<TrackKey>> = shown(workspaces).collect();
        self.charts.retain(|key, chart| shown.get(key) == Some(&chart.tracks));
        for (key, tracks) in shown {
            self.charts.entry(key).or_insert_with(|| Chart { tracks, ..Chart::default() });
        }
    }

    /// Reads the raw observations that are not known yet: all of the last day for new charts; for the others what is younger
    /// than the last drawing, or may have arrived since, and hours with late observations.
    fn measure(
        &mut self,
        store: &Reader,
        (now, kept_from): (Timestamp, Timestamp),
    ) -> Result<(), StoreError> {
        let (day, after) = (begin(0, now), now + 1);
        self.read(store, false, (day, after))?;
        let lately = self.drawn_to.max(day).min(step_of(now, STEPS[0]) - STEPS[0]);
        self.read(store, true, (lately, after))?;
        for hour in self.rolled.clone() {
            let (from, to) = (hour.max(day), (hour + HOUR).min(lately));
            if from < to && hour >= kept_from {
                self.read(store, true, (from, to))?;
            }
        }
        for chart in self.charts.values_mut() {
            let past = chart.measured.partition_point(|one| one.at < day);
            chart.measured.drain(..past);
        }
        Ok(())
    }

    fn draw(
        &mut self,
        store: &Reader,
        now: Timestamp,
        mut set: impl FnMut(Key, Vec<ResponseWindow>) -> Result<(), Unfinished>,
    ) -> Result<(), Unfinished> {
        for (key, chart) in &mut self.charts {
            if !chart.is_drawn || !self.rolled.is_empty() {
                chart.draw_longer(store, key.0, &self.rolled, now)?;
            }
            set(*key, chart.windows(now))?;
            chart.is_drawn = true;
        }
        Ok(())
    }

    /// Replaces what charts know of a time: those that are drawn, or the new ones.
    fn read(
        &mut self,
        store: &Reader,
        drawn: bool,
        (from, to): (Timestamp, Timestamp),
    ) -> Result<(), StoreError> {
        let mut charts: Vec<_> =
            self.charts.iter_mut().filter(|(_, chart)| chart.is_drawn == drawn).collect();
        if charts.is_empty() {
            return Ok(());
        }
        let tracks: Vec<_> = charts.iter().map(|(key, chart)| (key.0, chart.tracks.as_slice())).collect();
        let read = store.measured(&tracks, (from, to))?;
        for ((_, chart), measured) in charts.iter_mut().zip(read) {
            let at = |at: Timestamp| chart.measured.partition_point(|one| one.at < at);
            let (first, last) = (at(from), at(to));
            chart.measured.splice(first..last, measured);
        }
        Ok(())
    }
}

impl Chart {
    fn draw_longer(
        &mut self,
        store: &Reader,
        workspace: WorkspaceKey,
        rolled: &[Timestamp],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let tracks = &self.tracks;
        for (longer, window) in self.longer.iter_mut().zip(1..) {
            let (from, step) = (begin(window, now), STEPS[window]);
            let present = step_of(now, step);
            let steps = |from, to| store.response_steps(workspace, tracks, (from, to), step);
            if longer.complete_to != present || rolled.iter().any(|hour| (from..present).contains(hour)) {
                longer.complete = steps(from, present)?;
                longer.complete_to = present;
            }
            longer.drawn = longer.complete.followed_by(&steps(present, now)?, step)?;
        }
        Ok(())
    }

    fn windows(&self, now: Timestamp) -> Vec<ResponseWindow> {
        let day = ResponseWindow::of_day(&self.measured, now);
        let longer = self.longer.iter().map(|longer| longer.drawn.clone());
        let mut windows: Vec<_> = std::iter::once(day).chain(longer).collect();
        refine(&mut windows, now);
        windows
    }
}

/// The components with a chart, and the tracks that feed it.
fn shown(workspaces: &Workspaces) -> impl Iterator<Item = (Key, Vec<TrackKey>)> {
    workspaces.iter().flat_map(|(workspace, state)| {
        shown_in(state).map(move |(component, tracks)| ((workspace, component), tracks))
    })
}

fn shown_in(state: &State) -> impl Iterator<Item = (ComponentKey, Vec<TrackKey>)> {
    let shown = state.components.iter().filter(|(_, one)| one.settings.response_time && !one.archived);
    shown.map(|(key, component)| {
        let open = component.links.iter().filter(|link| link.to == Timestamp::FAR);
        let tracks = open.flat_map(|link| &state.checks[&link.check].tracks).copied();
        (*key, tracks.collect())
    })
}

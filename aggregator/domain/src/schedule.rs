//! The schedule: everything that changes with time alone, ordered by due time. It is derived from the state at load,
//! never stored, and updated when its inputs change, so that a tick touches only what is due. It knows when something
//! is due; `step/tick.rs` and `step/heartbeat.rs` know what happens then.

use super::absence::leaves;
use super::agent_check::AgentCheck;
use super::interval::{Cursor, Interval};
use super::state::{
    AnnouncementKey, CheckKey, Component, ComponentKey, IncidentKey, NoticeKey, PageKey, ProblemKey,
    SeriesKey, State, SubscriberKey, TrackKey, WindowKey,
};
use super::time::Timestamp;
use imbl::{OrdMap, OrdSet};

/// Something that becomes due; handled in this order within one tick.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Due {
    /// A snapshot or the history of a track becomes too old, its silence must be reported, or it is excluded from the
    /// denominator.
    Track(TrackKey),
    /// A ping becomes late.
    Heartbeat(CheckKey),
    /// An agent that never reported leaves the denominator, or the verdict was not computed since a load.
    Verdict(CheckKey),
    /// A hold ends, or a planned window begins or ends.
    Hold(ComponentKey),
    /// An occurrence of a series is made.
    Series(SeriesKey),
    /// A planned window is announced, begins or ends.
    Window(WindowKey),
    /// An ended problem is forgotten.
    Problem(ProblemKey),
    /// An incident is resolved by itself, names further components, or its owner is reminded.
    Incident(IncidentKey),
    /// An announcement appears, ends or is forgotten.
    Announcement(AnnouncementKey),
    /// A subscriber that nobody confirmed is forgotten.
    Subscriber(SubscriberKey),
    /// Deliveries of a notice are made, or it is forgotten.
    Notice(NoticeKey),
    /// The report of the last month is made.
    Report(PageKey),
}

/// Everything that will be due, by time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Schedule {
    by_time: OrdSet<(Timestamp, Due)>,
    times: OrdMap<Due, Timestamp>,
}

impl Schedule {
    /// `due` is due at that time; `None`: never.
    pub fn set(&mut self, due: Due, at: Option<Timestamp>) {
        let before = self.times.get(&due).copied();
        if before == at {
            return;
        }
        if let Some(before) = before {
            self.by_time.remove(&(before, due));
        }
        if let Some(at) = at {
            self.by_time.insert((at, due));
            self.times.insert(due, at);
        } else {
            self.times.remove(&due);
        }
    }

    /// The earliest time at which anything is due.
    #[must_use]
    pub fn next(&self) -> Option<Timestamp> {
        self.by_time.get_min().map(|(at, _)| *at)
    }

    /// Everything that is due at `now`, in the order in which it is handled.
    pub(super) fn due(&self, now: Timestamp) -> Vec<Due> {
        let mut due: Vec<Due> =
            self.by_time.iter().take_while(|(at, _)| *at <= now).map(|(_, due)| *due).collect();
        due.sort_unstable();
        due
    }
}

impl State {
    /// The earliest time at which a tick has something to do; it may have passed.
    #[must_use]
    pub fn next_due(&self) -> Option<Timestamp> {
        self.schedule.next()
    }

    /// Marks the aggregator as reachable from now on: silence counts from here at the earliest.
    pub fn become_ready(&mut self, now: Timestamp) {
        self.ready_at = now;
        self.derive_schedule();
    }

    /// Rebuilds the schedule, as after a load.
    pub fn derive_schedule(&mut self) {
        self.schedule = Schedule::default();
        let all = self.tracks.keys().map(|key| Due::Track(*key));
        let all = all.chain(self.heartbeats.keys().map(|key| Due::Heartbeat(*key)));
        let all = all.chain(self.verdicts.keys().map(|key| Due::Verdict(*key)));
        let all = all.chain(self.components.keys().map(|key| Due::Hold(*key)));
        let all = all.chain(self.series.keys().map(|key| Due::Series(*key)));
        let all = all.chain(self.open_windows.iter().map(|key| Due::Window(*key)));
        let all = all.chain(self.problems.keys().map(|key| Due::Problem(*key)));
        let all = all.chain(self.announcements.keys().map(|key| Due::Announcement(*key)));
        let all = all.chain(self.subscribers.keys().map(|key| Due::Subscriber(*key)));
        let all = all.chain(self.notices.keys().map(|key| Due::Notice(*key)));
        let all = all.chain(self.pages.keys().map(|key| Due::Report(*key)));
        let all: Vec<Due> = all.chain(self.open_incidents.iter().map(|key| Due::Incident(*key))).collect();
        for due in all {
            self.reschedule(due);
        }
    }

    /// Updates the time of `due` after its inputs changed.
    pub(super) fn reschedule(&mut self, due: Due) {
        let at = match due {
            Due::Track(key) => self.track_due(key),
            Due::Heartbeat(key) => self.call_due(key),
            Due::Verdict(key) => {
                self.verdicts.get(&key).map(|kept| kept.until).filter(|at| *at < Timestamp::FAR)
            }
            Due::Hold(key) => self.components.get(&key).and_then(hold_due),
            Due::Series(key) => self.series_due(key),
            Due::Window(key) => self.window_due(key),
            Due::Problem(key) => self.problem_due(key),
            Due::Incident(key) => self.incident_due(key),
            Due::Announcement(key) => self.announcement_due(key),
            Due::Subscriber(key) => self.subscriber_due(key),
            Due::Notice(key) => self.notice_due(key),
            Due::Report(key) => self.report_due(key),
        };
        self.schedule.set(due, at);
    }

    fn track_due(&self, key: TrackKey) -> Option<Timestamp> {
        let agent_check = self.tracks.get(&key)?;
        // For a heartbeat the aggregator itself knows whether a ping arrived.
        if self.heartbeats.get(&agent_check.check).is_some_and(|heartbeat| heartbeat.track == key) {
            return None;
        }
        evidence_due(agent_check, self.ready_at, &self.blind)
    }

    fn call_due(&self, check: CheckKey) -> Option<Timestamp> {
        let heartbeat = self.heartbeats.get(&check)?;
        let agent_check = self.tracks.get(&heartbeat.track)?;
        let blind = agent_check.blind(&self.blind);
        let acts = |at: &Timestamp| agent_check.late(heartbeat.lateness(&blind, *at)).is_some();
        heartbeat.dues(&blind).into_iter().map(|due| due + 1).find(acts)
    }
}

/// The instant from which evidence of `last` is too old: either it already was when the aggregator became ready, or its
/// limit has passed since.
pub(super) fn too_old_at(last: Timestamp, silence: i64, ready_at: Timestamp) -> Timestamp {
    let counted = if ready_at - last > silence { last } else { last.max(ready_at) };
    (counted + silence) + 1
}

fn evidence_due(
    agent_check: &AgentCheck,
    ready_at: Timestamp,
    absences: &[Interval<()>],
) -> Option<Timestamp> {
    let last = agent_check.evidence()?;
    let silence = agent_check.silence();
    let live = agent_check.live.map(|live| too_old_at(live.span.last, silence, ready_at));
    let silent = (!agent_check.track.silent).then(|| too_old_at(last, silence, ready_at));
    let told =
        (agent_check.is_silent() && !agent_check.called_silent).then(|| (last.max(ready_at) + silence) + 1);
    let left = (agent_check.track.silent && !agent_check.excluded).then(|| leaves(absences, last) + 1);
    [live, silent, told, left].into_iter().flatten().min()
}

/// When a hold or a planned window of a component next begins or ends, after what was noticed.
pub(super) fn hold_due(component: &Component) -> Option<Timestamp> {
    let (layers, noticed) = (&component.layers, component.noticed);
    let (_, manual) = Cursor::new(&layers.manual, noticed).at(noticed);
    let (_, planned) = Cursor::new(&layers.planned, noticed).at(noticed);
    Some(manual.min(planned)).filter(|at| *at < Timestamp::FAR)
}

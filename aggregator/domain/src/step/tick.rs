//! What the passing of time alone changes, for what is due: silence, and the end of a hold, the beginning and end of a planned
//! window.
//! Evidence keeps its age across restarts. What was too old when we became ready is out of sight at once; what grows old
//! afterwards, once its agent had the time to reach us. An agent is called silent only after that time, since our own
//! absence is nobody's silence.

use super::recompute::{Earliest, judge, recompute};
use super::{Change, Changes, beat};
use crate::schedule::{Due, too_old_at};
use crate::state::{AgentKey, CheckKey, State, TrackKey};
use crate::time::{DAY, Timestamp};
use std::collections::BTreeMap;

pub(super) fn tick(state: &mut State, now: Timestamp, changes: &mut Changes) {
    let due = state.schedule.due(now);
    let mut grown_old = GrownOld::default();
    for due in &due {
        if let Due::Track(key) = due {
            if grown_old.take(state, *key, now) {
                changes.touched.track(*key);
            }
            state.reschedule(*due);
        }
    }
    grown_old.tell(state, changes);
    beat::tick(state, now, changes);
    for due in due {
        match due {
            Due::Track(_) | Due::Heartbeat(_) => {}
            Due::Verdict(check) => {
                judge(state, check, None, changes);
                state.reschedule(due);
            }
            Due::Hold(key) => {
                let Some(component) = state.components.get_mut(&key) else { continue };
                component.noticed = now;
                changes.push(Change::Shown(key));
                state.reschedule(due);
            }
        }
    }
}

/// What is no longer as fresh as it must be.
#[derive(Default)]
struct GrownOld {
    earliest: Earliest,
    fell_silent: BTreeMap<AgentKey, Vec<CheckKey>>,
    left: BTreeMap<AgentKey, Vec<CheckKey>>,
}

impl GrownOld {
    /// Returns whether the track has to be stored.
    fn take(&mut self, state: &mut State, key: TrackKey, now: Timestamp) -> bool {
        let ready_at = state.ready_at;
        let Some(witnessed) = state.tracks.get_mut(&key) else { return false };
        let Some(last) = witnessed.evidence() else { return false };
        let silence = witnessed.silence();
        let is_too_old = |last: Timestamp| now >= too_old_at(last, silence, ready_at);
        let mut moved = false;
        // Also where the track fell silent long ago: history may have drained no further.
        if witnessed.live.take_if(|live| is_too_old(live.span.last)).is_some() {
            self.earliest.note_live(witnessed.check);
        }
        if !witnessed.track.silent && is_too_old(last) {
            let from = witnessed.track.fall_silent().unwrap_or(last);
            self.earliest.note(witnessed.check, from);
            moved = true;
        }
        if witnessed.is_silent() && !witnessed.called_silent && now - last.max(ready_at) > silence {
            witnessed.called_silent = true;
            if witnessed.is_declared() {
                self.fell_silent.entry(witnessed.agent).or_default().push(witnessed.check);
            }
        }
        if witnessed.track.silent && !witnessed.left && now - last > DAY {
            witnessed.left = true;
            self.earliest.note(witnessed.check, last + DAY);
            moved = true;
            if witnessed.is_declared() {
                self.left.entry(witnessed.agent).or_default().push(witnessed.check);
            }
        }
        moved
    }

    fn tell(self, state: &mut State, changes: &mut Changes) {
        let fell_silent = self.fell_silent.into_iter();
        changes.extend(fell_silent.map(|(agent, checks)| Change::FellSilent { agent, checks }));
        changes.extend(self.left.into_iter().map(|(agent, checks)| Change::Left { agent, checks }));
        recompute(state, &self.earliest, changes);
    }
}

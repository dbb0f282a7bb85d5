//! Changes that are due to time alone: silence, the end of a hold, the beginning and end of a planned
//! window, the next occurrence of a series. Evidence
//! keeps its age across restarts. Evidence that was too old when the aggregator became ready is dropped at once; newer
//! evidence only after its agent has had time to deliver. An agent is reported as silent only after that time, since an
//! absence of the aggregator is nobody's silence.

use super::recompute::{RecomputeFrom, judge, recompute};
use super::{
    Change, Changes, Context, announcement, deliver, expire, heartbeat, maintenance, notify, problem,
    recovery, series,
};
use crate::absence::leaves;
use crate::schedule::{Due, too_old_at};
use crate::state::{AgentKey, CheckKey, State, TrackKey};
use crate::time::Timestamp;
use std::collections::BTreeMap;

pub(super) fn tick(state: &mut State, context: Context, changes: &mut Changes) {
    let now = context.now;
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
    heartbeat::tick(state, now, changes);
    for due in due {
        match due {
            Due::Track(_) | Due::Heartbeat(_) => {}
            Due::Verdict(check) => {
                judge(state, check, None, changes);
                state.reschedule(due);
            }
            Due::Problem(key) => problem::due(state, key, now, changes),
            Due::Series(key) => series::due(state, key, context, changes),
            Due::Window(key) => maintenance::due(state, key, context, changes),
            Due::Incident(key) => recovery::due(state, key, context, changes),
            Due::Announcement(key) => announcement::due(state, key, context, changes),
            Due::Subscriber(key) => expire::due(state, key, now, changes),
            Due::Notice(key) => deliver::due(state, key, context, changes),
            Due::Report(key) => notify::report_due(state, key, context, changes),
            Due::Hold(key) => {
                let Some(component) = state.components.get_mut(&key) else { continue };
                component.noticed = now;
                changes.push(Change::ComponentChanged(key));
                state.reschedule(due);
            }
        }
    }
}

/// Collects evidence that has become too old.
#[derive(Default)]
struct GrownOld {
    recompute_from: RecomputeFrom,
    fell_silent: BTreeMap<AgentKey, Vec<CheckKey>>,
    excluded: BTreeMap<AgentKey, Vec<CheckKey>>,
}

impl GrownOld {
    /// Returns whether the track must be stored.
    fn take(&mut self, state: &mut State, key: TrackKey, now: Timestamp) -> bool {
        let ready_at = state.ready_at;
        let absences = &state.blind;
        let Some(agent_check) = state.tracks.get_mut(&key) else { return false };
        let Some(last) = agent_check.evidence() else { return false };
        let silence = agent_check.silence();
        let is_too_old = |last: Timestamp| now >= too_old_at(last, silence, ready_at);
        let mut moved = false;
        // This applies even if the track fell silent long ago: history may not have drained further.
        if agent_check.live.take_if(|live| is_too_old(live.span.last)).is_some() {
            self.recompute_from.note_live(agent_check.check);
        }
        if !agent_check.track.silent && is_too_old(last) {
            let from = agent_check.track.fall_silent().unwrap_or(last);
            self.recompute_from.note(agent_check.check, from);
            moved = true;
        }
        if agent_check.is_silent() && !agent_check.called_silent && now - last.max(ready_at) > silence {
            agent_check.called_silent = true;
            if agent_check.is_declared() {
                self.fell_silent.entry(agent_check.agent).or_default().push(agent_check.check);
            }
        }
        let left = leaves(absences, last);
        if agent_check.track.silent && !agent_check.excluded && now > left {
            agent_check.excluded = true;
            self.recompute_from.note(agent_check.check, left);
            moved = true;
            if agent_check.is_declared() {
                self.excluded.entry(agent_check.agent).or_default().push(agent_check.check);
            }
        }
        moved
    }

    fn tell(self, state: &mut State, changes: &mut Changes) {
        let fell_silent = self.fell_silent.into_iter();
        changes.extend(fell_silent.map(|(agent, checks)| Change::FellSilent { agent, checks }));
        changes.extend(self.excluded.into_iter().map(|(agent, checks)| Change::Excluded { agent, checks }));
        recompute(state, &self.recompute_from, changes);
    }
}

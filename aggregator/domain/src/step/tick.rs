//! What the passing of time alone changes: silence, and the end of what was set for a while. Evidence has its age
//! whatever restarts: what was too old when we became ready is out of sight at once, what grows old since then once
//! its agent had the time to reach us. An agent is called silent only after that time, as our own absence is
//! nobody's silence.

use super::recompute::{Earliest, recompute};
use super::{Change, Changes, beat};
use crate::state::{AgentKey, CheckKey, Component, State, TrackKey, Witnessed};
use crate::time::{DAY, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn tick(state: &mut State, now: Timestamp, changes: &mut Changes) {
    let mut earliest = Earliest::default();
    let ready_at = state.ready_at;
    let mut fell_silent: BTreeMap<AgentKey, Vec<CheckKey>> = BTreeMap::new();
    let mut left: BTreeMap<AgentKey, Vec<CheckKey>> = BTreeMap::new();
    // Of a heartbeat it is we who know whether a call came.
    let heartbeats: BTreeSet<TrackKey> = state.heartbeats.values().map(|one| one.track).collect();
    let due = |one: &Witnessed| is_due(one, ready_at, now);
    for key in state.tracks.keys_where(|key, one| !heartbeats.contains(key) && due(one)) {
        let witnessed = state.tracks.get_mut(&key).expect("found above");
        let Some(last) = witnessed.evidence() else { continue };
        let silence = witnessed.silence();
        let mut moved = false;
        // Also where the track fell silent long ago: history may have drained no further.
        if witnessed.live.take_if(|live| is_too_old(live.span.last, silence, ready_at, now)).is_some() {
            earliest.note_live(witnessed.check);
        }
        if !witnessed.track.silent && is_too_old(last, silence, ready_at, now) {
            let from = witnessed.track.fall_silent().unwrap_or(last);
            earliest.note(witnessed.check, from);
            moved = true;
        }
        if witnessed.is_silent() && !witnessed.called_silent && now - last.max(ready_at) > silence {
            witnessed.called_silent = true;
            if witnessed.is_declared() {
                fell_silent.entry(witnessed.agent).or_default().push(witnessed.check);
            }
        }
        if witnessed.track.silent && !witnessed.left && now - last > DAY {
            witnessed.left = true;
            earliest.note(witnessed.check, last + DAY);
            moved = true;
            if witnessed.is_declared() {
                left.entry(witnessed.agent).or_default().push(witnessed.check);
            }
        }
        if moved {
            changes.touched.track(key);
        }
    }
    changes.extend(fell_silent.into_iter().map(|(agent, checks)| Change::FellSilent { agent, checks }));
    changes.extend(left.into_iter().map(|(agent, checks)| Change::Left { agent, checks }));
    recompute(state, &earliest, changes);
    beat::tick(state, now, changes);
    let ended = |one: &Component| one.layers.manual.last().is_some_and(|set| set.to <= now);
    for key in state.components.keys_where(|_, one| !one.expiry_seen && ended(one)) {
        state.components.get_mut(&key).expect("found above").expiry_seen = true;
        changes.push(Change::Shown(key));
    }
}

/// May the passing of time have changed anything of it?
fn is_due(one: &Witnessed, ready_at: Timestamp, now: Timestamp) -> bool {
    let Some(last) = one.evidence() else { return false };
    let silence = one.silence();
    let too_old = |last| is_too_old(last, silence, ready_at, now);
    let snapshot = one.live.is_some_and(|live| too_old(live.span.last));
    let track = one.live.is_none() || snapshot;
    snapshot
        || !one.track.silent && too_old(last)
        || track && one.track.silent && !one.called_silent && now - last.max(ready_at) > silence
        || one.track.silent && !one.left && now - last > DAY
}

/// Evidence of `last` is out of sight: it was when we became ready, or has had its time since.
fn is_too_old(last: Timestamp, silence: i64, ready_at: Timestamp, now: Timestamp) -> bool {
    now - last > silence && (ready_at - last > silence || now - ready_at > silence)
}

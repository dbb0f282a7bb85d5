//! What the passing of time alone changes: silence, and the end of what was set for a while.

use super::recompute::{Earliest, recompute};
use super::{Answer, Change};
use crate::domain::state::State;
use crate::domain::time::{DAY, Timestamp};

pub(super) fn tick(state: &mut State, now: Timestamp, changes: &mut Vec<Change>) -> Answer {
    let mut earliest = Earliest::default();
    let ready_at = state.ready_at;
    for (key, witnessed) in &mut state.tracks {
        let Some(last) = witnessed.evidence() else { continue };
        let silence = witnessed.silence();
        let mut moved = false;
        // Also where the track fell silent long ago: history may have drained no further.
        if witnessed.live.take_if(|live| now - live.last.max(ready_at) > silence).is_some() {
            earliest.note_live(witnessed.check);
        }
        if !witnessed.track.silent && now - last.max(ready_at) > silence {
            let from = witnessed.track.fall_silent().unwrap_or(last);
            earliest.note(witnessed.check, from);
            moved = true;
        }
        if witnessed.track.silent && !witnessed.left && now - last > DAY {
            witnessed.left = true;
            earliest.note(witnessed.check, last + DAY);
            moved = true;
        }
        if moved {
            changes.push(Change::TrackMoved(*key));
        }
    }
    recompute(state, &earliest, changes);
    for (key, component) in &mut state.components {
        let ended = component.layers.manual.last().is_some_and(|set| set.to <= now);
        if ended && !component.expiry_seen {
            component.expiry_seen = true;
            changes.push(Change::Shown(*key));
        }
    }
    Answer::Done
}

//! What people say of a component: holds until released or expired; `operational` on a linked component
//! releases it to automatic.

use super::{Change, Changes, Rejected, no_component};
use crate::interval::Interval;
use crate::schedule::Due;
use crate::state::{Component, ComponentKey, State};
use crate::status::Status;
use crate::time::Timestamp;

pub(super) fn set(
    state: &mut State,
    key: ComponentKey,
    status: Status,
    until: Option<Timestamp>,
    now: Timestamp,
    changes: &mut Changes,
) -> Result<(), Rejected> {
    let component = state.components.get_mut(&key).ok_or_else(no_component)?;
    if status == Status::Operational && component.is_linked() {
        return release(state, key, now, changes);
    }
    end_at(component, now);
    let to = until.unwrap_or(Timestamp::FAR);
    if to > now {
        component.layers.manual.push(Interval { from: now, to, value: status });
    }
    component.expiry_seen = false;
    if component.layers.start == Timestamp::FAR {
        // The first word of one that nobody could have seen.
        component.layers.start = now;
        changes.push(Change::ComponentSaved(key));
    }
    say(component, key, now, changes);
    state.reschedule(Due::Hold(key));
    Ok(())
}

pub(super) fn release(
    state: &mut State,
    key: ComponentKey,
    now: Timestamp,
    changes: &mut Changes,
) -> Result<(), Rejected> {
    let component = state.components.get_mut(&key).ok_or_else(no_component)?;
    end_at(component, now);
    say(component, key, now, changes);
    state.reschedule(Due::Hold(key));
    Ok(())
}

/// Cuts everything that was set at `now`; what never held at all vanishes.
fn end_at(component: &mut Component, now: Timestamp) {
    let manual = component.layers.manual.edit();
    for interval in manual.iter_mut() {
        interval.to = interval.to.min(now);
    }
    manual.retain(|interval| interval.from < interval.to);
}

/// Rows from the last one on are written again.
fn say(component: &Component, key: ComponentKey, now: Timestamp, changes: &mut Changes) {
    let manual = &component.layers.manual;
    let kept = manual.len().saturating_sub(2);
    let from = manual.get(kept).map_or(now, |interval| interval.from);
    changes.touched.manual(key, from);
    changes.push(Change::Shown(key));
}

//! Planned windows. A window that has ended never changes.

use super::{Change, Changes, Context, Rejected, no_component};
use crate::holds::PlannedWindow;
use crate::schedule::Due;
use crate::state::{ComponentKey, State, WindowKey};
use crate::time::Timestamp;
use std::collections::BTreeSet;

pub(super) fn plan(
    state: &mut State,
    components: &[ComponentKey],
    (from, to): (Timestamp, Timestamp),
    context: Context,
    changes: &mut Changes,
) -> Result<WindowKey, Rejected> {
    let now = context.now;
    let components: BTreeSet<ComponentKey> = components.iter().copied().collect();
    if components.is_empty() {
        return Err(Rejected::invalid("components", "a planned window needs a component"));
    }
    if !components.iter().all(|key| state.components.contains_key(key)) {
        return Err(no_component());
    }
    if from >= to {
        return Err(Rejected::invalid("to", "a planned window must end after it begins"));
    }
    if to <= now {
        return Err(Rejected::invalid("to", "a planned window must end in the future"));
    }
    if to == Timestamp::FAR {
        return Err(Rejected::invalid("to", "a planned window must end"));
    }
    let key = WindowKey::next(&mut state.counters.windows);
    let (from, components) = (from.max(now), components.into_iter().collect());
    let id = context.ids.id("planned_window", key.0);
    let window = PlannedWindow { id, components, from, to };
    for of in &window.components {
        if let Some(component) = state.components.get_mut(of) {
            component.windows.push(key);
        }
    }
    state.windows.insert(key, window.clone());
    moved(state, key, &window, now, changes);
    Ok(key)
}

pub(super) fn cancel(
    state: &mut State,
    key: WindowKey,
    now: Timestamp,
    changes: &mut Changes,
) -> Result<(), Rejected> {
    let no_window = || Rejected::not_found("window", "there is no such planned window");
    let former = state.windows.get(&key).cloned().ok_or_else(no_window)?;
    if former.to <= now {
        return Err(Rejected::forbidden("window", "this planned window has ended"));
    }
    if former.from < now {
        state.windows.insert(key, PlannedWindow { to: now, ..former.clone() });
    } else {
        state.windows.remove(&key);
        for of in &former.components {
            if let Some(component) = state.components.get_mut(of) {
                component.windows.edit().retain(|one| *one != key);
            }
        }
    }
    moved(state, key, &former, now, changes);
    Ok(())
}

/// Updates layers and schedule after a window was planned or cancelled. `window` is the new window, or the former state
/// of a cancelled one. Pages show it only while it runs.
fn moved(state: &mut State, key: WindowKey, window: &PlannedWindow, now: Timestamp, changes: &mut Changes) {
    changes.touched.window(key);
    for of in &window.components {
        state.derive_planned(*of);
        if window.from <= now {
            changes.push(Change::ComponentChanged(*of));
        }
        state.reschedule(Due::Hold(*of));
    }
}

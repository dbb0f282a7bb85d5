//! Holds: statuses that do not come from checks. Each source has its own hold, until it releases it or the hold
//! expires. `operational` on a linked component releases the hold, so that the automatic status applies; it confirms that
//! what resolved incidents left behind is over, too.

use super::{Change, Changes, Rejected, no_component};
use crate::holds::{self, Hold, Source};
use crate::incident::Incident;
use crate::schedule::Due;
use crate::state::{Component, ComponentKey, HoldKey, IncidentKey, State};
use crate::status::Status;
use crate::time::{DAY, Timestamp};
use std::collections::BTreeSet;

/// Duration of a status that REST sets on a linked component without an end, ms.
pub const REST_HOLDS: i64 = DAY;

pub(super) fn set(
    state: &mut State,
    (key, source): (ComponentKey, Source),
    (status, until): (Status, Option<Timestamp>),
    now: Timestamp,
    changes: &mut Changes,
) -> Result<(), Rejected> {
    let linked = state.components.get(&key).ok_or_else(no_component)?.is_linked();
    if until.is_some_and(|until| until <= now) {
        return Err(Rejected::invalid("until", "a status must end after it begins"));
    }
    if status == Status::Operational {
        confirm(state, key, source, now, changes);
    }
    if linked && status == Status::Operational {
        return release(state, key, source, now, changes);
    }
    let expires = (linked && source == Source::Rest).then(|| now + REST_HOLDS);
    let to = until.or(expires).unwrap_or(Timestamp::FAR);
    let component = state.components.get_mut(&key).ok_or_else(no_component)?;
    let changed = match repeated(component, source, status, now) {
        Some(place) if component.holds[place].to == to => return Ok(()),
        Some(place) => {
            let hold = &mut component.holds.edit()[place];
            hold.to = to;
            vec![hold.key]
        }
        None => {
            let hold = Hold { key: HoldKey::next(&mut state.counters.holds), source, status, from: now, to };
            holds::set(component.holds.edit(), hold)
        }
    };
    if component.layers.start == Timestamp::FAR {
        // The first status of a component that was never visible.
        component.layers.start = now;
        changes.push(Change::ComponentSaved(key));
    }
    moved(state, key, &changed, now, changes);
    Ok(())
}

/// Releases what incidents that are over hold, apart from `source`: whoever says that the component is operational confirms
/// that. What an incident that lasts holds stays.
fn confirm(state: &mut State, key: ComponentKey, source: Source, now: Timestamp, changes: &mut Changes) {
    let is_over =
        |incident: i64| state.incidents.get(&IncidentKey(incident)).is_some_and(|one| !one.is_open());
    let Some(component) = state.components.get(&key) else { return };
    let active = component.holds.iter().filter(|hold| hold.source != source && hold.to > now);
    let over: BTreeSet<Source> = active
        .map(|hold| hold.source)
        .filter(|source| matches!(source, Source::Incident(incident) if is_over(*incident)))
        .collect();
    for source in over {
        let released = release(state, key, source, now, changes);
        debug_assert!(released.is_ok(), "the component exists");
    }
}

/// What may still be said of the components of an incident that stays resolved: that they are operational, which confirms
/// it. Another status would be held unseen.
pub(super) fn check_confirmed(
    incident: &Incident,
    components: &[(ComponentKey, Option<Status>)],
) -> Result<(), Rejected> {
    let mut set = components.iter().filter_map(|(_, status)| *status).peekable();
    if set.peek().is_some() && (incident.backfilled || !incident.is_published()) {
        let reason = "this incident is over and never set a status: set the component itself";
        return Err(Rejected::state("components", reason));
    }
    if set.any(|status| status != Status::Operational) {
        let reason = "this incident is resolved, so its components can only be called operational: open it again, or set \
                      the component itself";
        return Err(Rejected::state("components", reason));
    }
    Ok(())
}

/// The hold that a source sets once more with the same status: only its end may move. A planned window that began since
/// and runs overrides it, so setting it again means something new.
fn repeated(component: &Component, source: Source, status: Status, now: Timestamp) -> Option<usize> {
    let is_newest = |place: &usize| component.holds[*place + 1..].iter().all(|later| later.to <= now);
    let place = component.holds.iter().rposition(|hold| hold.source == source && hold.to > now)?;
    let hold = &component.holds[place];
    let planned = component
        .layers
        .planned
        .iter()
        .any(|window| hold.from < window.value && window.value <= now && now < window.to);
    (hold.status == status && !planned).then_some(place).filter(is_newest)
}

pub(super) fn release(
    state: &mut State,
    key: ComponentKey,
    source: Source,
    now: Timestamp,
    changes: &mut Changes,
) -> Result<(), Rejected> {
    let component = state.components.get_mut(&key).ok_or_else(no_component)?;
    if component.holds.iter().any(|hold| hold.source == source && hold.to > now) {
        let changed = holds::release(component.holds.edit(), source, now);
        moved(state, key, &changed, now, changes);
    }
    Ok(())
}

/// Updates the manual layer after holds of a component changed at `now`.
fn moved(state: &mut State, key: ComponentKey, changed: &[HoldKey], now: Timestamp, changes: &mut Changes) {
    let Some(component) = state.components.get_mut(&key) else { return };
    holds::manual_from(component.layers.manual.edit(), &component.holds, now);
    component.noticed = now;
    changed.iter().for_each(|hold| changes.touched.hold(key, *hold));
    changes.push(Change::ComponentChanged(key));
    state.reschedule(Due::Hold(key));
}

//! When the components of an incident were impaired, from their intervals.

use super::words::{Clock, Tone};
use crate::overall_status::components;
use crate::view::{ComponentView, IncidentView, MaintenanceView, PageView};
use skerry_domain::interval::Interval;
use skerry_domain::status::{Effective, Status};
use skerry_domain::time::{HOUR, MINUTE, Timestamp};

/// The last outage that ended less than this before the incident began, in ms, belongs to it if there was none during it.
const BEFORE: i64 = 5 * MINUTE;
/// An outage that was announced late belongs to its incident from this time before its start on, in ms.
const LATE: i64 = HOUR;
/// The last minutes after an incident was resolved belong to it, in ms.
const AFTER: i64 = 5 * MINUTE;

/// The time in which components of an incident were impaired.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Impairment {
    pub(crate) from: Timestamp,
    /// Later than the instant of the view if it lasts.
    pub(crate) to: Timestamp,
    /// For how long the worst of the components had each status, in ms: in the order in which they followed each other,
    /// or, if one came back, worst first.
    parts: Vec<(Tone, i64)>,
    /// Each status came once.
    in_order: bool,
}

impl Impairment {
    /// The worst status of all.
    pub(crate) fn worst(&self) -> Tone {
        let tones = self.parts.iter().map(|(tone, _)| *tone);
        tones.max_by_key(|tone| tone.weight()).unwrap_or(Tone::NoData)
    }

    /// How long a component was impaired, in ms.
    pub(crate) fn length(&self) -> i64 {
        self.parts.iter().map(|(_, length)| length).sum()
    }

    /// "Partial outage for 12 min, then degraded performance for 25 min"
    pub(crate) fn words(&self, clock: &Clock<'_>) -> String {
        let each = self.parts.iter().enumerate().map(|(place, (tone, milliseconds))| {
            let texts = clock.texts;
            let label = if place == 0 { tone.label(texts) } else { tone.within(texts) };
            texts.incident.lasted(label, &clock.duration(*milliseconds))
        });
        each.collect::<Vec<_>>().join(if self.in_order { clock.texts.incident.then() } else { ", " })
    }
}

/// `None` if no component that it names is known to have been impaired.
pub(crate) fn impairment(view: &PageView, incident: &IncidentView) -> Option<Impairment> {
    let named = components(view).filter(|one| incident.names(&one.id));
    of(named, incident, view.now)
}

/// The same for one of its components.
pub(crate) fn impairment_of(
    component: &ComponentView,
    incident: &IncidentView,
    now: Timestamp,
) -> Option<Impairment> {
    of(std::iter::once(component), incident, now)
}

fn of<'a>(
    named: impl Iterator<Item = &'a ComponentView>,
    incident: &IncidentView,
    now: Timestamp,
) -> Option<Impairment> {
    let intervals: Vec<(Timestamp, Timestamp, Tone)> = named
        .flat_map(|component| covered(component, incident, now))
        .filter_map(|one| Some((one.from, one.to, Tone::Of(impaired(one.value)?))))
        .collect();
    let (from, to) = (intervals.iter().map(|one| one.0).min()?, intervals.iter().map(|one| one.1).max()?);
    let mut edges: Vec<Timestamp> =
        intervals.iter().flat_map(|one| [one.0, one.1]).map(|at| at.min(now)).collect();
    edges.sort_unstable();
    edges.dedup();
    let mut parts: Vec<(Tone, i64)> = Vec::new();
    let (mut newest, mut changes) = (None, 0);
    for pair in edges.windows(2) {
        let there = intervals.iter().filter(|one| one.0 <= pair[0] && pair[1] <= one.1);
        let Some(tone) = there.map(|one| one.2).max_by_key(|tone| tone.weight()) else { continue };
        changes += usize::from(newest.replace(tone) != Some(tone));
        match parts.iter_mut().find(|(known, _)| *known == tone) {
            Some((_, sum)) => *sum += pair[1] - pair[0],
            None => parts.push((tone, pair[1] - pair[0])),
        }
    }
    let in_order = changes == parts.len();
    if !in_order {
        parts.sort_by_key(|(tone, _)| std::cmp::Reverse(tone.weight()));
    }
    (!parts.is_empty()).then_some(Impairment { from, to, parts, in_order })
}

/// What is announced of the days in question.
#[derive(Default)]
pub(crate) struct Announced<'a> {
    pub(crate) incidents: Vec<&'a IncidentView>,
    pub(crate) maintenance: Vec<&'a MaintenanceView>,
}

/// The past of a component without what incidents and maintenance announce.
pub(crate) fn uncovered(
    component: &ComponentView,
    announced: &Announced<'_>,
    now: Timestamp,
) -> Vec<Interval<Effective>> {
    let naming = announced.incidents.iter().filter(|incident| incident.names(&component.id));
    let impaired = naming.flat_map(|incident| covered(component, incident, now));
    let naming = announced.maintenance.iter().filter(|maintenance| maintenance.names(&component.id));
    let planned = naming.flat_map(|maintenance| planned(component, maintenance));
    let covered: Vec<_> = impaired.chain(planned).collect();
    let mut left = component.past.clone();
    for cut in covered {
        left = left.into_iter().flat_map(|one| without(one, cut)).collect();
    }
    left
}

/// What is left of an interval without a part of it.
fn without(one: Interval<Effective>, cut: Interval<Effective>) -> Vec<Interval<Effective>> {
    if cut.value != one.value || cut.to <= one.from || one.to <= cut.from {
        return vec![one];
    }
    let before = Interval { to: cut.from, ..one };
    let after = Interval { from: cut.to, ..one };
    [before, after].into_iter().filter(|part| part.from < part.to).collect()
}

/// The intervals of a component that an incident announces: the impairments during it, as far as they are near.
fn covered(component: &ComponentView, incident: &IncidentView, now: Timestamp) -> Vec<Interval<Effective>> {
    let (began, ended) = (incident.started_at, incident.resolved_at.unwrap_or(now));
    let last = if incident.is_open() { Timestamp::FAR } else { ended + AFTER };
    let impaired: Vec<_> = component.past.iter().filter(|one| impaired(one.value).is_some()).collect();
    let runs: Vec<&[&Interval<Effective>]> = impaired.chunk_by(|one, next| one.to == next.from).collect();
    let (begins, ends) =
        (|run: &[&Interval<Effective>]| run[0].from, |run: &[&Interval<Effective>]| run[run.len() - 1].to);
    let mut near: Vec<_> =
        runs.iter().filter(|run| begins(run) <= ended && began < ends(run)).copied().collect();
    if near.is_empty() {
        let before = runs.iter().rev().find(|run| began - BEFORE <= ends(run) && ends(run) <= began);
        near.extend(before);
    }
    let clipped = near.into_iter().flatten().map(|one| {
        let (from, to) = (one.from.max(began - LATE), one.to.min(last));
        Interval { from, to, value: one.value }
    });
    clipped.filter(|one| one.from < one.to).collect()
}

/// The intervals of a component that were under maintenance by this one.
fn planned<'a>(
    component: &'a ComponentView,
    maintenance: &MaintenanceView,
) -> impl Iterator<Item = Interval<Effective>> + use<'a> {
    let (from, to) = (maintenance.from, maintenance.ended_at.unwrap_or(Timestamp::FAR));
    let is_planned = |value| match value {
        Effective::Known(status) | Effective::Partly(status) => status == Status::UnderMaintenance,
        Effective::NoData | Effective::Unwatched => false,
    };
    let during = component.past.iter().filter(move |one| is_planned(one.value));
    let clipped =
        during.map(move |one| Interval { from: one.from.max(from), to: one.to.min(to), value: one.value });
    clipped.filter(|one| one.from < one.to)
}

/// The status of an interval in which visitors were affected.
fn impaired(value: Effective) -> Option<Status> {
    match value {
        Effective::Known(status) | Effective::Partly(status) => {
            Some(status).filter(|status| Tone::Of(*status).is_impaired())
        }
        Effective::NoData | Effective::Unwatched => None,
    }
}

//! Outages of a component, for operators: stretches in which it was worse than operational, and the checks that were
//! degraded or down meanwhile.

use super::interval::Interval;
use super::layers::effective;
use super::rows::SpanDayRow;
use super::state::{Component, State};
use super::status::{Effective, Status};
use super::step::reporters_of;
use super::time::{DAY, Timestamp};
use super::verdict::{self, Verdict};
use std::collections::BTreeSet;

/// A stretch in which a component was worse than operational without a break.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outage<'a> {
    /// Its first instant.
    pub from: Timestamp,
    /// The first instant after it; `None`: it is ongoing.
    pub to: Option<Timestamp>,
    /// The worst status during it.
    pub status: Status,
    /// Linked checks that were degraded or down meanwhile, by name; empty if people set the status.
    pub checks: Vec<&'a str>,
}

/// All outages of a component known at `now`, oldest first.
#[must_use]
pub fn of_component<'a>(state: &'a State, component: &Component, now: Timestamp) -> Vec<Outage<'a>> {
    let Some(begun) = component.layers.first_said() else { return Vec::new() };
    let mut outages: Vec<Interval<Status>> = Vec::new();
    for interval in effective(&component.layers, begun, now + 1) {
        let Some(status) = bad(interval.value) else { continue };
        match outages.last_mut().filter(|last| last.to == interval.from) {
            Some(last) => (last.to, last.value) = (interval.to, last.value.max(status)),
            None => outages.push(Interval { from: interval.from, to: interval.to, value: status }),
        }
    }
    let told = |outage: &Interval<Status>| Outage {
        from: outage.from,
        to: Some(outage.to).filter(|to| *to <= now),
        status: outage.value,
        checks: Vec::new(),
    };
    let mut outages: Vec<Outage<'a>> = outages.iter().map(told).collect();
    name_checks(state, component, &mut outages);
    outages
}

/// Names the checks of outages that are older than the kept spans, by the days on which an agent did not see them up.
pub fn name_folded<'a>(
    state: &'a State,
    component: &Component,
    days: &[SpanDayRow],
    outages: &mut [Outage<'a>],
) {
    for link in &component.links {
        let check = &state.checks[&link.check];
        let of_check =
            |day: &&SpanDayRow| day.workspace == state.workspace.key && check.tracks.contains(&day.track);
        for day in days.iter().filter(of_check) {
            let (from, to) = (day.day_ms.max(link.from), (day.day_ms + DAY).min(link.to));
            let meant = |one: &&mut Outage<'_>| from < one.to.unwrap_or(Timestamp::FAR) && one.from < to;
            for outage in outages.iter_mut().filter(meant) {
                if let Err(place) = outage.checks.binary_search(&check.name.as_str()) {
                    outage.checks.insert(place, &check.name);
                }
            }
        }
    }
}

fn bad(value: Effective) -> Option<Status> {
    match value {
        Effective::Known(status) | Effective::Partly(status) if status >= Status::DegradedPerformance => {
            Some(status)
        }
        _ => None,
    }
}

fn name_checks<'a>(state: &'a State, component: &Component, outages: &mut [Outage<'a>]) {
    let Some(begun) = outages.first().map(|first| first.from) else { return };
    let mut names: Vec<BTreeSet<&'a str>> = vec![BTreeSet::new(); outages.len()];
    for link in &component.links {
        let (reporters, quorum) = reporters_of(state, link.check);
        let timeline = verdict::timeline(&reporters, quorum, begun);
        let ill = |one: &&Interval<_>| {
            let verdict::Evaluation { verdict, .. } = one.value;
            matches!(verdict, Verdict::Degraded | Verdict::Down)
        };
        for one in timeline.iter().filter(ill) {
            let (from, to) = (one.from.max(link.from), one.to.min(link.to));
            for (outage, names) in outages.iter().zip(&mut names) {
                if from < to && from < outage.to.unwrap_or(Timestamp::FAR) && outage.from < to {
                    names.insert(&state.checks[&link.check].name);
                }
            }
        }
    }
    for (outage, names) in outages.iter_mut().zip(names) {
        outage.checks = names.into_iter().collect();
    }
}

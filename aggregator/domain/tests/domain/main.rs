//! The pure core against a slow reference written apart: random histories of several agents, seen
//! through tracks, verdicts, component status, overlay, uptime and day marks.

mod agents;
mod automatic_layer;
mod figures;
mod heartbeats;
mod holds;
mod jobs;
mod pages;
mod purity;
mod reference;
mod script;
mod tables;
mod templates;
mod tracks;

use script::Agent;
use skerry_domain::interval::Interval;
use skerry_domain::time::Timestamp;
use skerry_domain::track::Track;
use skerry_domain::verdict::{ALWAYS, Reporter};
use std::fmt::Debug;

/// Contiguous from `from` to `to`, nothing empty, neighbours differ.
fn assert_whole<T: PartialEq + Debug>(intervals: &[Interval<T>], from: Timestamp, to: Timestamp) {
    assert_eq!(intervals.first().map(|first| first.from), Some(from));
    assert_eq!(intervals.last().map(|last| last.to), Some(to));
    assert!(intervals.iter().all(|interval| interval.from < interval.to), "an empty stretch: {intervals:?}");
    for pair in intervals.windows(2) {
        assert_eq!(pair[0].to, pair[1].from, "a gap or an overlap: {intervals:?}");
        assert_ne!(pair[0].value, pair[1].value, "equal neighbours: {intervals:?}");
    }
}

/// The value at an instant, found by looking at every interval.
fn value_at<T: Copy>(intervals: &[Interval<T>], at: Timestamp) -> Option<T> {
    intervals.iter().find(|interval| interval.from <= at && at < interval.to).map(|interval| interval.value)
}

fn reporters<'a>(
    agents: &'a [Agent],
    tracks: &'a [Track],
    silent: impl Fn(&Agent, &Track) -> bool,
) -> Vec<Reporter<'a>> {
    let mut reporters = Vec::new();
    for (agent, track) in agents.iter().zip(tracks) {
        let silent = silent(agent, track);
        let mut standing = |location, from, to| {
            let within = Interval { from, to, value: () };
            let (declared, absences) = (&agent.declared, &agent.absences);
            reporters.push(Reporter { location, within, track, declared, silent, live: None, absences });
        };
        match agent.moved {
            Some((at, to)) => {
                standing(agent.location, ALWAYS.from, at);
                standing(to, at, Timestamp::FAR);
            }
            None => standing(agent.location, ALWAYS.from, Timestamp::FAR),
        }
    }
    reporters
}

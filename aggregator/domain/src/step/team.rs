//! What the receivers of the team were told.

use super::Changes;
use crate::problem::Severity;
use crate::state::State;
use crate::team::{Told, ToldKey};
use crate::time::Timestamp;
use std::collections::BTreeMap;

/// The greatest number that one turn of the housekeeping forgets.
const FORGOTTEN_AT_ONCE: usize = 1_000;

/// A receiver has taken a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TeamTold {
    /// The name of the receiver.
    pub receiver: String,
    /// What it was told.
    pub told: Vec<ToldCondition>,
}

/// What a receiver was told of one condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToldCondition {
    /// Its id.
    pub condition: String,
    /// It holds, or else it has ended.
    pub firing: bool,
    /// Its severity.
    pub severity: Severity,
    /// In one line.
    pub title: String,
    /// The labels by which Alertmanager knows the alert; neither names nor values hold line breaks.
    pub labels: BTreeMap<String, String>,
    /// When it began.
    pub since: Timestamp,
}

/// Notes what a receiver was told.
pub(super) fn told(state: &mut State, told: &TeamTold, now: Timestamp, changes: &mut Changes) {
    for one in &told.told {
        let key = (told.receiver.clone(), one.condition.clone());
        let former = state.told.get(&key);
        // What is only said to have ended was said to hold before.
        let fired_at = former.filter(|_| !one.firing).map_or(now, |former| former.fired_at);
        let told = Told {
            severity: one.severity,
            title: one.title.clone(),
            labels: one.labels.clone(),
            since: one.since,
            fired_at,
            resolved_at: (!one.firing).then_some(now),
        };
        state.told.insert(key.clone(), told);
        changes.touched.told(key);
    }
}

/// Forgets what was told of conditions that ended long ago, a limited number at once; returns how many.
pub(super) fn forget_told(state: &mut State, now: Timestamp, changes: &mut Changes) -> usize {
    let over = state.told.iter().filter(|(_, told)| told.expires().is_some_and(|at| at <= now));
    let over: Vec<ToldKey> = over.take(FORGOTTEN_AT_ONCE).map(|(key, _)| key.clone()).collect();
    for key in &over {
        state.told.remove(key);
        changes.touched.told(key.clone());
    }
    over.len()
}

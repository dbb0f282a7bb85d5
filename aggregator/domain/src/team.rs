//! What the receivers of the team were told of conditions: stored, so that after a restart nothing is said twice and nothing
//! is lost.

use super::problem::Severity;
use super::state::State;
use super::time::{DAY, Timestamp};
use std::collections::BTreeMap;

/// For how long it is kept what a receiver was told of a condition that has ended, ms.
pub const TOLD_KEPT: i64 = 7 * DAY;

/// A receiver and a condition, each by its name.
pub type ToldKey = (String, String);

/// What a receiver was last told of a condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// The severity that was said.
    pub severity: Severity,
    /// In one line.
    pub title: String,
    /// The labels by which Alertmanager knows the alert.
    pub labels: BTreeMap<String, String>,
    /// When the condition began.
    pub since: Timestamp,
    /// When the receiver last heard that it holds.
    pub fired_at: Timestamp,
    /// When the receiver heard that it has ended. `None`: it holds, as far as the receiver knows.
    pub resolved_at: Option<Timestamp>,
}

impl Told {
    /// Whether the receiver takes the condition for one that holds.
    #[must_use]
    pub fn is_firing(&self) -> bool {
        self.resolved_at.is_none()
    }

    /// When it is forgotten. `None`: not yet.
    pub(crate) fn expires(&self) -> Option<Timestamp> {
        self.resolved_at.map(|at| at + TOLD_KEPT)
    }
}

impl State {
    /// What a receiver was told, by condition.
    pub fn told_to<'a>(&'a self, receiver: &'a str) -> impl Iterator<Item = (&'a str, &'a Told)> {
        let first = (receiver.to_owned(), String::new());
        let all = self.told.range(first..).take_while(move |((of, _), _)| of == receiver);
        all.map(|((_, condition), told)| (condition.as_str(), told))
    }
}

//! What a receiver has to hear now: what holds, compared with what it was told. Pure.

use super::conditions::Condition;
use crate::config::Route;
use skerry_domain::problem::Severity;
use skerry_domain::step::ToldCondition;
use skerry_domain::team::Told;
use skerry_domain::time::{MINUTE, SECOND, Timestamp};
use skerry_notify::template::NoticeState;
use std::collections::BTreeMap;
use std::time::Duration;

/// For so long conditions are gathered into one message, ms.
pub(super) const GATHERED_FOR: i64 = 30 * SECOND;
/// The least time between two messages that say that the same condition holds, ms.
pub(super) const FLAP_PAUSE: i64 = 5 * MINUTE;
/// How often Alertmanager hears of what holds, ms.
pub(super) const REFRESHED_AFTER: i64 = MINUTE;

/// How a receiver takes conditions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taking {
    /// Several in one message, for people who read it.
    Gathered,
    /// Each by itself at once, for a pager that joins what is said of one condition.
    Each,
    /// All that hold, again and again, for Alertmanager, which forgets them otherwise.
    Refreshed,
}

/// A condition as a receiver hears of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Said {
    /// Its id.
    pub(super) id: String,
    /// Whether it holds.
    pub(super) state: NoticeState,
    /// How urgent it is, or was.
    pub(super) severity: Severity,
    /// In one line.
    pub(super) title: String,
    /// Plain lines.
    pub(super) text: String,
    /// When it began.
    pub(super) since: Timestamp,
    /// By which Alertmanager knows it.
    pub(super) alert: BTreeMap<String, String>,
}

/// What is sent at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Message {
    /// Never empty, the most urgent first. All of them hold, or none does, but for Alertmanager.
    pub(super) said: Vec<Said>,
    /// What is noted once it is taken.
    pub(super) told: Vec<ToldCondition>,
}

/// A receiver as the decision sees it.
#[derive(Clone, Debug)]
pub(super) struct Hearing<'a> {
    /// How it takes conditions.
    pub(super) taking: Taking,
    /// The routes that name it.
    pub(super) routes: Vec<&'a Route>,
    /// What it was told, by condition.
    pub(super) told: BTreeMap<&'a str, &'a Told>,
}

/// Since when something has waited for a receiver to hear it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Pace {
    /// Since when a message is being gathered.
    pub(super) gathered_since: Option<Timestamp>,
    /// When it last took a message.
    pub(super) taken_at: Option<Timestamp>,
}

impl Said {
    fn firing(condition: &Condition) -> Self {
        Self {
            id: condition.id.clone(),
            state: NoticeState::Firing,
            severity: condition.severity,
            title: condition.title.clone(),
            text: condition.text.clone(),
            since: condition.since,
            alert: condition.alert.clone(),
        }
    }

    fn resolved(id: &str, told: &Told) -> Self {
        let began = super::conditions::shown(told.since);
        Self {
            id: id.to_owned(),
            state: NoticeState::Resolved,
            severity: told.severity,
            title: told.title.clone(),
            text: format!("It began at {began} and is over."),
            since: told.since,
            alert: told.labels.clone(),
        }
    }

    fn told(&self) -> ToldCondition {
        ToldCondition {
            condition: self.id.clone(),
            firing: self.state == NoticeState::Firing,
            severity: self.severity,
            title: self.title.clone(),
            labels: self.alert.clone(),
            since: self.since,
        }
    }
}

/// Whether a route is for a condition.
#[must_use]
pub(super) fn fits(route: &Route, condition: &Condition) -> bool {
    let label = |(name, value): (&String, &String)| {
        condition.labels.get(name).is_some_and(|values| values.contains(value))
    };
    (route.severities.is_empty() || route.severities.contains(&condition.severity))
        && (route.about.is_empty() || route.about.contains(&condition.about))
        && route.labels.iter().all(label)
}

/// The messages that are to be sent to a receiver now.
pub(super) fn messages(
    conditions: &[Condition],
    to: &Hearing<'_>,
    pace: &mut Pace,
    now: Timestamp,
) -> Vec<Message> {
    let due = due(conditions, to, now);
    match to.taking {
        Taking::Each => due.into_iter().map(|one| message(vec![one])).collect(),
        Taking::Gathered => gathered(due, pace, now),
        Taking::Refreshed => refreshed(conditions, to, due, pace, now).into_iter().collect(),
    }
}

/// What the receiver does not know yet, or is to hear again.
fn due(conditions: &[Condition], to: &Hearing<'_>, now: Timestamp) -> Vec<Said> {
    let routed = conditions.iter().filter(|one| to.routes.iter().any(|route| fits(route, one)));
    let firing = routed.filter(|one| is_due(one, to, now)).map(Said::firing);
    let mut due: Vec<Said> = firing.collect();
    let holds = |id: &str| conditions.iter().any(|one| one.id == id);
    let ended = to.told.iter().filter(|(id, told)| told.is_firing() && !holds(id));
    due.extend(ended.map(|(id, told)| Said::resolved(id, told)));
    due
}

fn is_due(condition: &Condition, to: &Hearing<'_>, now: Timestamp) -> bool {
    let Some(told) = to.told.get(condition.id.as_str()) else { return true };
    if to.taking == Taking::Refreshed {
        return !told.is_firing() || told.labels != condition.alert;
    }
    if !told.is_firing() {
        return now - told.fired_at >= FLAP_PAUSE;
    }
    if condition.severity > told.severity {
        return true;
    }
    let repeat = repeat(condition, &to.routes).filter(|_| !condition.acknowledged);
    repeat.is_some_and(|repeat| now - told.fired_at >= repeat)
}

/// After how long a condition is said again, ms: the shortest of the routes that are for it.
fn repeat(condition: &Condition, routes: &[&Route]) -> Option<i64> {
    let repeats = routes.iter().filter(|route| fits(route, condition)).filter_map(|route| route.repeat);
    repeats.min().map(|repeat: Duration| i64::try_from(repeat.as_millis()).unwrap_or(i64::MAX))
}

/// One message for what holds and one for what has ended, once there was time for more of it.
fn gathered(due: Vec<Said>, pace: &mut Pace, now: Timestamp) -> Vec<Message> {
    if due.is_empty() {
        pace.gathered_since = None;
        return Vec::new();
    }
    let since = *pace.gathered_since.get_or_insert(now);
    if now - since < GATHERED_FOR {
        return Vec::new();
    }
    let (firing, resolved): (Vec<Said>, Vec<Said>) =
        due.into_iter().partition(|one| one.state == NoticeState::Firing);
    // Who reads the last message must not think that what began again has ended.
    [resolved, firing].into_iter().filter(|said| !said.is_empty()).map(message).collect()
}

/// Everything that holds, if there is news or it is time, with what has ended.
fn refreshed(
    conditions: &[Condition],
    to: &Hearing<'_>,
    due: Vec<Said>,
    pace: &Pace,
    now: Timestamp,
) -> Option<Message> {
    let is_time = pace.taken_at.is_none_or(|at| now - at >= REFRESHED_AFTER);
    if due.is_empty() && !is_time {
        return None;
    }
    let told = due.iter().map(Said::told).collect();
    let routed = conditions.iter().filter(|one| to.routes.iter().any(|route| fits(route, one)));
    let ended = due.into_iter().filter(|one| one.state == NoticeState::Resolved);
    let said: Vec<Said> = routed.map(Said::firing).chain(ended).collect();
    (!said.is_empty()).then_some(Message { said, told })
}

fn message(mut said: Vec<Said>) -> Message {
    said.sort_by(|one, other| other.severity.cmp(&one.severity).then(one.since.cmp(&other.since)));
    let told = said.iter().map(Said::told).collect();
    Message { said, told }
}

/// What a receiver that the file no longer has was told of conditions that have ended since: it is noted as ended, and nobody
/// hears it.
pub(super) fn left_over<'a>(
    conditions: &[Condition],
    told: impl Iterator<Item = (&'a str, &'a Told)>,
) -> Vec<ToldCondition> {
    let ended = told.filter(|(id, told)| told.is_firing() && conditions.iter().all(|one| one.id != *id));
    ended.map(|(id, told)| Said::resolved(id, told).told()).collect()
}

#[cfg(test)]
#[path = "decide_test.rs"]
mod tests;

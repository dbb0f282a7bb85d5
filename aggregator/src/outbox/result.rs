//! From the outcome of an attempt to what becomes of the delivery. Pure: time and chance are arguments.

use skerry_domain::delivery::{AttemptResult, Delivery, Refusal};
use skerry_domain::subscriber::Channel;
use skerry_domain::time::{DAY, MINUTE, SECOND, Timestamp};
use skerry_notify::bounce::{Event, Report};
use skerry_notify::retry::{Next, Schedule};
use skerry_notify::{Answer, Class, Outcome};
use std::time::Duration;

/// The pause after a fault of our own, ms. It says nothing of the address, so it uses up no attempt.
const OWN_FAULT_PAUSE: i64 = 5 * MINUTE;
/// The pause while no relay begins a session, ms. The channel is held longer than that; once a relay answers, what waited is
/// due.
const NO_RELAY_PAUSE: i64 = 5 * SECOND;
/// A delivery that was held up for so long, and not by its recipient, is given up, ms: what it says is old.
const HELD_UP_LONGEST: i64 = 4 * DAY;

/// What becomes of a delivery, and whether the attempt counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Settled {
    pub(super) result: AttemptResult,
    pub(super) counts: bool,
}

impl Settled {
    fn counted(result: AttemptResult) -> Self {
        Self { result, counts: true }
    }
}

/// What becomes of a delivery after an attempt at `now`; `chance` is from 0 to 1.
pub(super) fn settled(delivery: &Delivery, outcome: &Outcome, now: Timestamp, chance: f64) -> Settled {
    let is_mail = delivery.channel == Channel::Email;
    match outcome {
        Outcome::Accepted(_) => Settled::counted(AttemptResult::Delivered),
        Outcome::Later { answer, .. } | Outcome::NoRelay(answer) if answer.class == Class::Own => {
            held_up(delivery, now, OWN_FAULT_PAUSE)
        }
        Outcome::NoRelay(_) => held_up(delivery, now, NO_RELAY_PAUSE),
        Outcome::Later { answer, after } => {
            let schedule = if is_mail { Schedule::Mail } else { Schedule::Webhook };
            let attempt = usize::try_from(delivery.attempts).unwrap_or(usize::MAX).saturating_add(1);
            let since = u64::try_from(now - delivery.queued_at).unwrap_or(0);
            match schedule.next(attempt, Duration::from_millis(since), *after, chance) {
                Next::After(pause) => {
                    let pause = i64::try_from(pause.as_millis()).unwrap_or(DAY);
                    Settled::counted(AttemptResult::Later(now + pause))
                }
                Next::GiveUp => Settled::counted(given_up(is_mail, answer)),
            }
        }
        Outcome::Refused(answer) => Settled::counted(refused(is_mail, answer)),
    }
}

/// After a fault that is not of this delivery.
fn held_up(delivery: &Delivery, now: Timestamp, pause: i64) -> Settled {
    let result = if now - delivery.queued_at < HELD_UP_LONGEST {
        AttemptResult::Later(now + pause)
    } else {
        AttemptResult::Failed
    };
    Settled { result, counts: false }
}

/// After the last attempt. If the last attempt was answered, the mail has soft-bounced; if the server could not be reached, it has failed.
fn given_up(is_mail: bool, answer: &Answer) -> AttemptResult {
    match answer.class {
        Class::Unreachable | Class::Timeout | Class::Tls | Class::Own if is_mail => AttemptResult::Failed,
        Class::MailboxFull if is_mail => AttemptResult::MailboxFull,
        _ if is_mail => AttemptResult::SoftBounced,
        _ => AttemptResult::Quarantined,
    }
}

fn refused(is_mail: bool, answer: &Answer) -> AttemptResult {
    match answer.class {
        Class::Own => AttemptResult::Failed,
        Class::MailboxFull if is_mail => AttemptResult::MailboxFull,
        Class::NoSuchAddress if is_mail => AttemptResult::HardBounced(Refusal::Final),
        Class::Policy if is_mail => AttemptResult::HardBounced(Refusal::Blocked),
        _ if is_mail => AttemptResult::HardBounced(Refusal::Rejected),
        // The endpoint, or the channel behind it, is gone, or leads where nothing may be sent.
        Class::Gone | Class::Forbidden | Class::NoSuchAddress => AttemptResult::EndpointRefused,
        _ => AttemptResult::Failed,
    }
}

/// What a report says of a mail. `None`: nothing that changes it.
pub(super) fn reported(report: &Report) -> Option<AttemptResult> {
    match report.event {
        Event::Delivered | Event::Delayed => None,
        Event::Complaint => Some(AttemptResult::HardBounced(Refusal::Complaint)),
        Event::Failed => {
            let answer = report.answer();
            // What was given up after temporary refusals says nothing for good.
            let is_final = report.status.is_none_or(|status| status.0 == 5);
            Some(if is_final { refused(true, &answer) } else { given_up(true, &answer) })
        }
    }
}

#[cfg(test)]
#[path = "result_test.rs"]
mod tests;

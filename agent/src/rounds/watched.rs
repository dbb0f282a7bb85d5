//! One check that is run: what is held of it, and what each run makes of that.

use crate::board::Seen;
use crate::clock::Moment;
use crate::hysteresis::{Hysteresis, Thresholds, Transition};
use crate::probe::Observed;
use crate::schedule::{Cadence, LONG, Pace};
use crate::spool::{Entry, Standing};
use skerry_protocol::check::Check;
use skerry_protocol::wire::{Observation, Outcome, Reason, State};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::AbortHandle;
use tracing::field::display;

/// Longest detail kept, bytes.
const LONGEST_DETAIL: usize = 200;

/// One check that is run.
pub(super) struct Watched {
    pub(super) check: Arc<Check>,
    pub(super) name: Arc<str>,
    pub(super) definition: [u8; 16],
    pub(super) cadence: Cadence,
    pub(super) hysteresis: Hysteresis,
    pub(super) generation: u64,
    pub(super) running: Option<Running>,
    pub(super) evidence: Option<Moment>,
    /// So many runs in a row said nothing of the target.
    pub(super) silent_runs: u32,
    /// The end of the certificate that was seen last, ms since 1970 UTC.
    pub(super) certificate_ends_ms: Option<i64>,
}

pub(super) struct Running {
    pub(super) task: AbortHandle,
    pub(super) due: u64,
    pub(super) started_ms: u64,
    pub(super) started: Moment,
}

impl Watched {
    /// How soon it runs again after a run that ended so.
    pub(super) fn pace(&self, outcome: Outcome, reason: Reason) -> Pace {
        let unconfirmed = self.hysteresis.unconfirmed();
        if outcome == Outcome::Inconclusive {
            return match reason {
                // What a plugin cannot say now it will not say a moment later.
                Reason::PluginUnknown | Reason::PluginFailed => Pace::Settled,
                // Which clock is right will be known soon.
                Reason::OwnClock => Pace::BackOff(self.silent_runs),
                _ if unconfirmed => Pace::BackOff(self.silent_runs),
                _ => Pace::Settled,
            };
        }
        let seems_well = self.hysteresis.not_down.count > 0;
        match self.hysteresis.hard {
            State::Unknown if seems_well && reason == Reason::None => Pace::First,
            _ if unconfirmed => Pace::Unconfirmed,
            _ => Pace::Settled,
        }
    }

    /// Takes what one run saw; gives the entry for the spool.
    pub(super) fn judge(&mut self, observed: Observed, started: Moment) -> Entry {
        let before = self.hysteresis;
        // What stood before a time in which nothing could be said, and what comes after, are not consecutive.
        if self.evidence.is_some_and(|evidence| is_blind(evidence, started, self.check.interval)) {
            self.hysteresis.forget_runs();
        }
        let thresholds = Thresholds { fall: self.check.fall, rise: self.check.rise };
        let change = self.hysteresis.step(observed.outcome, started, thresholds);
        if observed.outcome == Outcome::Inconclusive {
            self.silent_runs = self.silent_runs.saturating_add(1);
        } else {
            self.silent_runs = 0;
            self.evidence = Some(started);
        }
        // One that could not be reached says nothing of its certificate.
        if observed.certificate.is_some() || observed.outcome == Outcome::Up {
            let ends = observed.certificate.as_ref().map(|seen| seen.not_after.as_millisecond());
            self.certificate_ends_ms = ends;
        }
        if let Some(change) = change {
            self.tell(change, &observed);
        }
        let flapping = self.hysteresis.flapping;
        if flapping != before.flapping {
            tracing::info!(check = %self.name, flapping, "a check began to flap, or no longer does");
        }
        let remembered = before != self.hysteresis || self.cadence.interval >= LONG;
        let standing = remembered.then(|| {
            Box::new(Standing {
                check: Arc::clone(&self.name),
                definition: self.definition,
                hysteresis: self.hysteresis,
                reason: observed.reason,
                at: started,
            })
        });
        Entry {
            check: Arc::clone(&self.name),
            boot: started.boot,
            observation: observation(observed, started, &self.hysteresis, change),
            hard: change.is_some() || flapping != before.flapping,
            interval_ms: u32::try_from(self.check.interval.as_millis()).unwrap_or(u32::MAX),
            standing,
        }
    }
}

impl Watched {
    /// What is held to be true of the check now.
    pub(super) fn seen(&self, reason: Reason) -> Seen {
        let certificate_ends_ms = self.certificate_ends_ms;
        Seen { certificate_ends_ms, ..seen(&self.hysteresis, self.evidence, reason) }
    }

    fn tell(&self, change: Transition, observed: &Observed) {
        let (check, from, to) = (display(&self.name), change.from.name(), change.to.name());
        let reason = Some(observed.reason.name()).filter(|_| observed.reason != Reason::None);
        let detail = Some(observed.detail.as_str()).filter(|detail| !detail.is_empty());
        if change.to == State::Down {
            tracing::warn!(check, from, to, reason, detail, "hard transition");
        } else {
            tracing::info!(check, from, to, reason, detail, "hard transition");
        }
    }
}

/// Between two conclusive observations lies a silence of the check: three intervals and ten seconds.
pub(super) fn is_blind(from: Moment, to: Moment, interval: Duration) -> bool {
    let silence = interval * 3 + Duration::from_secs(10);
    u128::from(to.ms_since(&from)) > silence.as_millis()
}

fn observation(
    observed: Observed,
    started: Moment,
    hysteresis: &Hysteresis,
    change: Option<Transition>,
) -> Observation {
    let mut detail = observed.detail;
    let end = (0..=LONGEST_DETAIL.min(detail.len())).rfind(|end| detail.is_char_boundary(*end)).unwrap_or(0);
    detail.truncate(end);
    let since = change.map(|change| change.since);
    let same_boot = since.filter(|since| since.boot == started.boot);
    let other_boot = since.filter(|since| since.boot != started.boot);
    Observation {
        check: 0,
        boot: 0,
        boot_ms: started.boot_ms,
        wall_ms: started.wall_ms,
        outcome: observed.outcome as i32,
        reason: observed.reason as i32,
        detail,
        total_us: u64::try_from(observed.total.as_micros()).unwrap_or(u64::MAX),
        phases: observed.phases,
        hard: hysteresis.hard as i32,
        since_boot_ms: same_boot.map(|since| since.boot_ms),
        since_wall_ms: other_boot.map(|since| since.wall_ms),
        flapping: hysteresis.flapping,
    }
}

pub(super) fn seen(hysteresis: &Hysteresis, evidence: Option<Moment>, reason: Reason) -> Seen {
    Seen {
        state: hysteresis.hard,
        flapping: hysteresis.flapping,
        since: hysteresis.since,
        evidence,
        reason,
        certificate_ends_ms: None,
    }
}

pub(super) fn outcome_of(entry: &Entry) -> Outcome {
    Outcome::from_wire(entry.observation.outcome)
}

pub(super) fn reason_of(entry: &Entry) -> Reason {
    Reason::from_wire(entry.observation.reason)
}

#[cfg(test)]
#[path = "watched_tests.rs"]
mod tests;

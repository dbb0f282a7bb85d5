//! One scheduled check: its state, and how each run changes it.

use crate::check_states::CheckState;
use crate::clock::ClockReading;
use crate::hysteresis::{Hysteresis, Thresholds, Transition};
use crate::probe::Observed;
use crate::schedule::{Cadence, LONG, Pace};
use crate::spool::{Entry, SavedState};
use skerry_protocol::check::{Check, silence_limit_ms};
use skerry_protocol::wire::{Observation, Outcome, Reason, State};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::AbortHandle;
use tracing::field::display;

/// Maximum length of a detail, bytes.
const MAX_DETAIL_BYTES: usize = 200;

/// A check with its schedule and state.
pub(super) struct ScheduledCheck {
    pub(super) check: Arc<Check>,
    pub(super) name: Arc<str>,
    pub(super) definition: [u8; 16],
    pub(super) cadence: Cadence,
    pub(super) hysteresis: Hysteresis,
    pub(super) generation: u64,
    pub(super) running: Option<Running>,
    pub(super) evidence: Option<ClockReading>,
    /// Number of successive inconclusive runs.
    pub(super) inconclusive_runs: u32,
    /// Expiry of the certificate seen last, ms since 1970 UTC.
    pub(super) certificate_ends_ms: Option<i64>,
}

pub(super) struct Running {
    pub(super) task: AbortHandle,
    pub(super) due: u64,
    pub(super) started_ms: u64,
    pub(super) started: ClockReading,
}

impl ScheduledCheck {
    /// How soon the check runs again after a run with this result.
    pub(super) fn pace(&self, outcome: Outcome, reason: Reason) -> Pace {
        let unconfirmed = self.hysteresis.unconfirmed();
        if outcome == Outcome::Inconclusive {
            return match reason {
                // A plugin will not know more a moment later.
                Reason::PluginUnknown | Reason::PluginFailed => Pace::Settled,
                // Which clock is right will be known soon.
                Reason::OwnClock => Pace::BackOff(self.inconclusive_runs),
                _ if unconfirmed => Pace::BackOff(self.inconclusive_runs),
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

    /// Records the result of one run; returns the entry for the spool.
    pub(super) fn record(&mut self, observed: Observed, started: ClockReading) -> Entry {
        let before = self.hysteresis;
        // Observations before and after a gap are not consecutive.
        if self.evidence.is_some_and(|evidence| is_silence(evidence, started, self.check.interval)) {
            self.hysteresis.forget_runs();
        }
        let thresholds = Thresholds { fall: self.check.fall, rise: self.check.rise };
        let change = self.hysteresis.step(observed.outcome, started, thresholds);
        if observed.outcome == Outcome::Inconclusive {
            self.inconclusive_runs = self.inconclusive_runs.saturating_add(1);
        } else {
            self.inconclusive_runs = 0;
            self.evidence = Some(started);
        }
        // A target that was not reached says nothing about its certificate.
        if observed.certificate.is_some() || observed.outcome == Outcome::Up {
            let ends = observed.certificate.as_ref().map(|seen| seen.not_after.as_millisecond());
            self.certificate_ends_ms = ends;
        }
        if let Some(change) = change {
            self.log_transition(change, &observed);
        }
        let flapping = self.hysteresis.flapping;
        if flapping != before.flapping {
            tracing::info!(check = %self.name, flapping, "a check began to flap, or no longer does");
        }
        let remembered = before != self.hysteresis || self.cadence.interval >= LONG;
        let state = remembered.then(|| {
            Box::new(SavedState {
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
            state,
        }
    }
}

impl ScheduledCheck {
    /// The present state of the check.
    pub(super) fn state(&self, reason: Reason) -> CheckState {
        let certificate_ends_ms = self.certificate_ends_ms;
        CheckState { certificate_ends_ms, ..state_of(&self.hysteresis, self.evidence, reason) }
    }

    fn log_transition(&self, change: Transition, observed: &Observed) {
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

/// Whether the time between two conclusive observations exceeds the silence limit.
pub(super) fn is_silence(from: ClockReading, to: ClockReading, interval: Duration) -> bool {
    let interval_ms = i64::try_from(interval.as_millis()).unwrap_or(i64::MAX);
    to.ms_since(&from) > silence_limit_ms(interval_ms).unsigned_abs()
}

fn observation(
    observed: Observed,
    started: ClockReading,
    hysteresis: &Hysteresis,
    change: Option<Transition>,
) -> Observation {
    let mut detail = observed.detail;
    let end =
        (0..=MAX_DETAIL_BYTES.min(detail.len())).rfind(|end| detail.is_char_boundary(*end)).unwrap_or(0);
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

pub(super) fn state_of(
    hysteresis: &Hysteresis,
    evidence: Option<ClockReading>,
    reason: Reason,
) -> CheckState {
    CheckState {
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
#[path = "scheduled_check_tests.rs"]
mod tests;

//! One run of one check: its progress, and how its end becomes an observation. The state outlives the run's
//! future, so an exceeded deadline still shows the completed phases.

use std::time::Duration;

use skerry_protocol::check::Check;
use skerry_protocol::wire::{Outcome, Phases, Reason};
use tokio::time::Instant;
use tokio::time::error::Elapsed;

use super::fault::{Fault, detail};
use super::tls::DaysLeft;
use super::{Asked, CertificateSeen, Findings, Observed};
use crate::clock::TimeFailure;

/// A timer this late means that this host was suspended or stalled, not the target.
const STALLED: Duration = Duration::from_secs(1);
const MS_PER_DAY: i64 = 86_400_000;

/// The progress of a run.
pub(super) struct Run {
    start: Instant,
    deadline: Instant,
    /// The present stage, which decides what an exceeded deadline means.
    pub(super) stage: Stage,
    pub(super) phases: Phases,
    pub(super) asked: Asked,
    pub(super) certificate: Option<CertificateSeen>,
    /// Details for a person, beside the phases.
    pub(super) findings: Findings,
    /// When the last byte was read; otherwise the end of the run counts.
    pub(super) end: Option<Instant>,
    /// The latency, if it is not the time from start to end: the mean of round trips, or a plugin's own
    /// value.
    pub(super) latency: Option<Duration>,
}

/// What a run is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// Work on our side: a deadline here says nothing about the target.
    Local(&'static str),
    /// Waiting for the target: reason and message of a deadline here.
    Target(Reason, &'static str),
}

impl Stage {
    pub(super) const PREPARE: Self =
        Self::Local("the files of the check could not be read within its timeout");
    pub(super) const DNS: Self =
        Self::Target(Reason::DnsFailed, "no answer from the resolver within the timeout");
    pub(super) const CONNECT: Self =
        Self::Target(Reason::ConnectTimeout, "the connection did not open within the timeout");
    pub(super) const TLS: Self =
        Self::Target(Reason::Timeout, "the TLS handshake did not end within the timeout");
}

impl Run {
    /// Starts a run that ends at `deadline`.
    pub(super) fn start(deadline: Instant) -> Self {
        Self {
            start: Instant::now(),
            deadline,
            stage: Stage::PREPARE,
            phases: Phases::default(),
            asked: Asked::default(),
            certificate: None,
            findings: Findings::Nothing,
            end: None,
            latency: None,
        }
    }

    /// The remaining time.
    pub(super) fn left(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }

    /// Builds the observation: the result of the run or its missed deadline, then the certificate and the
    /// latency limits.
    pub(super) fn finish(
        self,
        check: &Check,
        certificate_days: Option<DaysLeft>,
        ended: Result<Result<(), Fault>, Elapsed>,
    ) -> Observed {
        let ended = ended.unwrap_or_else(|_| Err(self.cut_off()));
        let total = self.latency.unwrap_or_else(|| self.end.unwrap_or_else(Instant::now) - self.start);
        let judged = ended
            .and_then(|()| enough_days_left(certificate_days, self.certificate.as_ref()))
            .and_then(|()| fast_enough(check, total));
        let (outcome, reason, words) = match judged {
            Ok(()) => (Outcome::Up, Reason::None, String::new()),
            Err(fault) => (fault.outcome, fault.reason, detail(&fault.detail)),
        };
        Observed {
            outcome,
            reason,
            detail: words,
            total,
            phases: Some(self.phases).filter(|phases| *phases != Phases::default()),
            certificate: self.certificate,
            findings: self.findings,
            asked: self.asked,
        }
    }

    /// The fault of a run that missed its deadline.
    pub(super) fn cut_off(&self) -> Fault {
        if let Some(own) = stood_still(self.deadline) {
            return own;
        }
        match (self.stage, &self.findings) {
            (Stage::Local(words), _) => Fault::own(words),
            (Stage::Target(reason, words), Findings::Said(said)) => {
                Fault::down(reason, format!("{words}: \"{said}\""))
            }
            (Stage::Target(reason, words), _) => Fault::down(reason, words),
        }
    }
}

/// A timer that fires this late says nothing about the target.
pub(super) fn stood_still(due: Instant) -> Option<Fault> {
    let late = Instant::now().saturating_duration_since(due);
    (late > STALLED)
        .then(|| Fault::own(format!("this host was paused: the timeout came {} ms late", late.as_millis())))
}

/// Checks what makes a successful run `degraded`: the certificate, then the latency.
fn enough_days_left(asked: Option<DaysLeft>, certificate: Option<&CertificateSeen>) -> Result<(), Fault> {
    let (Some(DaysLeft { days, times }), Some(certificate)) = (asked, certificate) else { return Ok(()) };
    let enough = |now: i64| {
        let left = certificate.not_after.as_millisecond().saturating_sub(now);
        if left >= i64::from(days) * MS_PER_DAY { Ok(()) } else { Err(left.div_euclid(MS_PER_DAY)) }
    };
    let ends = certificate.not_after;
    let whose = match certificate.subject.as_str() {
        "" => "the certificate".to_owned(),
        subject => format!("the certificate of {subject}"),
    };
    times.check(enough).map_err(|fails| match fails {
        TimeFailure::Certain(left) if left < 0 => {
            Fault::degraded(Reason::TlsExpiresSoon, format!("{whose} expired {ends}"))
        }
        TimeFailure::Certain(left) => {
            Fault::degraded(Reason::TlsExpiresSoon, format!("{whose} expires {ends}, in {left} days"))
        }
        TimeFailure::Uncertain(_) => Fault::own_clock(format!(
            "the certificate expires {ends}; the days left depend on which clock is right: {times}"
        )),
    })
}

fn fast_enough(check: &Check, total: Duration) -> Result<(), Fault> {
    match check.degraded_above {
        Some(limit) if total > limit => Err(Fault::degraded(
            Reason::Slow,
            format!("took {} ms, more than {} ms", total.as_millis(), limit.as_millis()),
        )),
        _ => Ok(()),
    }
}

/// Adds a duration to a phase, µs.
pub(super) fn add(phase: &mut Option<u32>, duration: Duration) {
    let microseconds = u32::try_from(duration.as_micros()).unwrap_or(u32::MAX);
    *phase = Some(phase.unwrap_or(0).saturating_add(microseconds));
}

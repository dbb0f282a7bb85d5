//! One run of one check: what it has seen so far, and what its end makes of it. A run outlives its own
//! future, so that a deadline that cuts it off still shows the phases that were complete.

use std::time::Duration;

use skerry_protocol::check::Check;
use skerry_protocol::wire::{Outcome, Phases, Reason};
use tokio::time::Instant;
use tokio::time::error::Elapsed;

use super::fault::{Fault, detail};
use super::tls::DaysLeft;
use super::{Asked, CertificateSeen, Findings, Observed};
use crate::clock::Fails;

/// A timer this late means that this host stood still, not the target.
const STALLED: Duration = Duration::from_secs(1);
const MS_PER_DAY: i64 = 86_400_000;

/// What a run has seen so far.
pub(super) struct Run {
    start: Instant,
    deadline: Instant,
    /// What it is busy with: what a deadline then means.
    pub(super) doing: Doing,
    pub(super) phases: Phases,
    /// Whom it asked.
    pub(super) asked: Asked,
    pub(super) certificate: Option<CertificateSeen>,
    /// What a person wants to see beside the phases.
    pub(super) findings: Findings,
    /// When the last byte was read; the end of the run where this is not set.
    pub(super) end: Option<Instant>,
    /// The latency, where that is not the time from start to end: a mean of round trips, a plugin's own figure.
    pub(super) latency: Option<Duration>,
}

/// What a run is busy with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Doing {
    /// With our own things: a deadline here says nothing of the target.
    Own(&'static str),
    /// With the target: the reason and the words of a deadline here.
    Target(Reason, &'static str),
}

impl Doing {
    pub(super) const PREPARE: Self = Self::Own("the files of the check could not be read within its timeout");
    pub(super) const DNS: Self =
        Self::Target(Reason::DnsFailed, "no answer from the resolver within the timeout");
    pub(super) const CONNECT: Self =
        Self::Target(Reason::ConnectTimeout, "the connection did not open within the timeout");
    pub(super) const TLS: Self =
        Self::Target(Reason::Timeout, "the TLS handshake did not end within the timeout");
}

impl Run {
    /// A run that begins now and is cut off at `deadline`.
    pub(super) fn start(deadline: Instant) -> Self {
        Self {
            start: Instant::now(),
            deadline,
            doing: Doing::PREPARE,
            phases: Phases::default(),
            asked: Asked::default(),
            certificate: None,
            findings: Findings::Nothing,
            end: None,
            latency: None,
        }
    }

    /// The time that is left.
    pub(super) fn left(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }

    /// The observation: how the run ended, or that it did not; then its certificate and the time it took.
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

    /// Why the deadline ended it.
    pub(super) fn cut_off(&self) -> Fault {
        if let Some(own) = stood_still(self.deadline) {
            return own;
        }
        match (self.doing, &self.findings) {
            (Doing::Own(words), _) => Fault::own(words),
            (Doing::Target(reason, words), Findings::Said(said)) => {
                Fault::down(reason, format!("{words}: \"{said}\""))
            }
            (Doing::Target(reason, words), _) => Fault::down(reason, words),
        }
    }
}

/// What was due at `due` and comes only now, this late, says nothing of the target.
pub(super) fn stood_still(due: Instant) -> Option<Fault> {
    let late = Instant::now().saturating_duration_since(due);
    (late > STALLED)
        .then(|| Fault::own(format!("this host was paused: the timeout came {} ms late", late.as_millis())))
}

/// What makes a run that went well `degraded`: the certificate before the time it took.
fn enough_days_left(asked: Option<DaysLeft>, certificate: Option<&CertificateSeen>) -> Result<(), Fault> {
    let (Some(DaysLeft { days, readings }), Some(certificate)) = (asked, certificate) else { return Ok(()) };
    let enough = |now: i64| {
        let left = certificate.not_after.as_millisecond().saturating_sub(now);
        if left >= i64::from(days) * MS_PER_DAY { Ok(()) } else { Err(left.div_euclid(MS_PER_DAY)) }
    };
    let ends = certificate.not_after;
    let whose = match certificate.subject.as_str() {
        "" => "the certificate".to_owned(),
        subject => format!("the certificate of {subject}"),
    };
    readings.judge(enough).map_err(|fails| match fails {
        Fails::Surely(left) if left < 0 => {
            Fault::degraded(Reason::TlsExpiresSoon, format!("{whose} expired {ends}"))
        }
        Fails::Surely(left) => {
            Fault::degraded(Reason::TlsExpiresSoon, format!("{whose} expires {ends}, in {left} days"))
        }
        Fails::Doubtfully(_) => Fault::own_clock(format!(
            "the certificate expires {ends}; the days left depend on which clock is right: {readings}"
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

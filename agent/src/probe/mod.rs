//! Runs one check once. (The interface alone; the probes stand beside.)

use skerry_protocol::check::Check;
use skerry_protocol::wire::{Outcome, Phases, Reason};
use std::time::Duration;

/// Runs checks.
#[derive(Debug)]
pub struct Prober;

/// What one run saw.
#[derive(Clone, Debug)]
pub struct Observed {
    /// What was seen.
    pub outcome: Outcome,
    /// Why, when it is not `up`.
    pub reason: Reason,
    /// Private detail for operators.
    pub detail: String,
    /// Whole duration.
    pub total: Duration,
    /// Durations of the phases.
    pub phases: Option<Phases>,
    /// The leaf certificate the target showed.
    pub certificate: Option<CertificateSeen>,
}

/// A certificate a target showed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateSeen {
    /// Whom it is for.
    pub subject: String,
    /// Who issued it.
    pub issuer: String,
    /// Its end, ms since 1970 UTC.
    pub not_after_ms: i64,
}

impl Prober {
    /// Loads what probes share.
    ///
    /// # Errors
    /// None yet.
    pub fn new() -> anyhow::Result<Self> {
        Ok(Self)
    }

    /// Runs `check` once, to its end or to `deadline`.
    pub async fn observe(&self, _check: &Check, _deadline: tokio::time::Instant) -> Observed {
        Observed {
            outcome: Outcome::Inconclusive,
            reason: Reason::OwnResources,
            detail: "no probe for this kind in this build".to_owned(),
            total: Duration::ZERO,
            phases: None,
            certificate: None,
        }
    }
}

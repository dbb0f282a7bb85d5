//! One run of a check, and whether its failure is the agent's own. Every run ends: one that outlives its
//! deadline counts as stuck, one that panics is inconclusive.

use crate::clock::CorrectedClock;
use crate::probe::{Asked, Findings, Observed, Prober};
use crate::self_test::SelfTest;
use skerry_protocol::check::{Check, Kind};
use skerry_protocol::wire::{Outcome, Reason};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinError;
use tokio::time::{Instant, timeout_at};

/// A probe that exceeds its deadline by this counts as stuck.
const STUCK_AFTER: Duration = Duration::from_millis(500);
/// How long a newly started agent waits for the aggregator's time before it verifies certificates by the
/// local clock alone.
pub(crate) const CLOCK_WAIT: Duration = Duration::from_secs(1);

/// What runs the checks.
#[derive(Clone)]
pub(crate) enum Probes {
    /// The real probes.
    Network(Arc<Prober>),
    /// For tests: takes as long as the observation says.
    #[cfg(test)]
    Scripted(Arc<dyn Fn(&Check) -> Observed + Send + Sync>),
    /// For tests: takes until its future completes.
    #[cfg(test)]
    Pending(PendingProbe),
}

#[cfg(test)]
pub(crate) type PendingProbe =
    Arc<dyn Fn(Arc<Check>) -> futures_util::future::BoxFuture<'static, Observed> + Send + Sync>;

/// Runs checks and attributes failures to the target or to the agent.
#[derive(Clone)]
pub(crate) struct Observer {
    pub(crate) probes: Probes,
    pub(crate) self_test: Arc<SelfTest>,
    pub(crate) time: Arc<CorrectedClock>,
    /// Until then a check that verifies certificates waits for the aggregator's time.
    pub(crate) clock_wait_until: Instant,
}

impl Observer {
    /// Warns operators about permissions that `checks` need and this process lacks.
    pub(crate) fn warn_about_permissions(&self, checks: &[Check]) {
        let warning = match &self.probes {
            Probes::Network(prober) => prober.lack_of_permission(checks),
            #[cfg(test)]
            Probes::Scripted(_) | Probes::Pending(_) => None,
        };
        if let Some(warning) = warning {
            tracing::warn!("{warning}");
        }
    }

    /// Runs one check; a failure counts against the target only if our own network and resolver worked.
    pub(crate) async fn observe(self, check: Arc<Check>) -> Observed {
        if verifies_certificates(&check) {
            let _ = timeout_at(self.clock_wait_until, self.time.synchronized()).await;
        }
        let started = Instant::now();
        let _running = self.self_test.begin();
        let observed = observe(self.probes.clone(), Arc::clone(&check)).await;
        let observed = self.self_test.attribute_failure(&check, observed, started).await;
        match &self.probes {
            Probes::Network(prober) => prober.attribute_failure(observed, started).await,
            #[cfg(test)]
            Probes::Scripted(_) | Probes::Pending(_) => observed,
        }
    }
}

/// Whether the result of this check depends on the time of day.
fn verifies_certificates(check: &Check) -> bool {
    match &check.kind {
        Kind::Http(http) => http.verify && http.url.scheme() == "https",
        Kind::Tls(_) => true,
        Kind::Tcp(tcp) => tcp.tls.is_some(),
        Kind::Dns(dns) => dns.transport.tls().is_some(),
        Kind::Ping(_) | Kind::Heartbeat(_) | Kind::Exec(_) => false,
    }
}

/// Runs one check to its deadline.
async fn observe(probes: Probes, check: Arc<Check>) -> Observed {
    let deadline = Instant::now() + check.timeout;
    match probes {
        Probes::Network(prober) => {
            match timeout_at(deadline + STUCK_AFTER, prober.observe(&check, deadline)).await {
                Ok(observed) => observed,
                Err(_) => Observed {
                    outcome: Outcome::Down,
                    reason: Reason::Timeout,
                    detail: "no answer within the timeout".to_owned(),
                    total: check.timeout,
                    phases: None,
                    certificate: None,
                    findings: Findings::Nothing,
                    asked: Asked::default(),
                },
            }
        }
        #[cfg(test)]
        Probes::Scripted(script) => {
            let observed = script(&check);
            tokio::time::sleep(observed.total).await;
            observed
        }
        #[cfg(test)]
        Probes::Pending(held) => held(check).await,
    }
}

/// A probe that panicked says nothing about its target.
pub(crate) fn crashed_probe(error: &JoinError) -> Observed {
    if error.is_panic() {
        tracing::error!("a probe crashed: {error}");
    }
    Observed {
        outcome: Outcome::Inconclusive,
        reason: Reason::OwnResources,
        detail: "the probe crashed".to_owned(),
        total: Duration::ZERO,
        phases: None,
        certificate: None,
        findings: Findings::Nothing,
        asked: Asked::default(),
    }
}

//! What a run of a check sees, and whether it is the agent itself that sees nothing. Every run ends: one that
//! outlives its deadline is taken for stuck, one that panics says nothing of its target.

use crate::clock::CorrectedClock;
use crate::probe::{Asked, Findings, Observed, Prober};
use crate::self_test::SelfTest;
use skerry_protocol::check::{Check, Kind};
use skerry_protocol::wire::{Outcome, Reason};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinError;
use tokio::time::{Instant, timeout_at};

/// A probe that outlives its deadline by this is taken for stuck.
const GRACE: Duration = Duration::from_millis(500);
/// An agent that has just started waits so long for its aggregator to say what time it is, before certificates are
/// judged by this host's clock alone.
pub(crate) const FIRST_REPLY: Duration = Duration::from_secs(1);

/// What runs the checks.
#[derive(Clone)]
pub(crate) enum Eyes {
    /// The network.
    Network(Arc<Prober>),
    /// A test's own; it takes as long as it says it took.
    #[cfg(test)]
    Script(Arc<dyn Fn(&Check) -> Observed + Send + Sync>),
    /// A test's own; it takes until its future is done.
    #[cfg(test)]
    Held(Held),
}

#[cfg(test)]
pub(crate) type Held =
    Arc<dyn Fn(Arc<Check>) -> futures_util::future::BoxFuture<'static, Observed> + Send + Sync>;

/// Eyes that know when it is the agent itself that sees nothing.
#[derive(Clone)]
pub(crate) struct Watch {
    pub(crate) eyes: Eyes,
    pub(crate) self_test: Arc<SelfTest>,
    pub(crate) time: Arc<CorrectedClock>,
    /// Until then a check that judges certificates waits for the time.
    pub(crate) waits_until: Instant,
}

impl Watch {
    /// Tells operators what `checks` need and this process may not do.
    pub(crate) fn warn_of_lacks(&self, checks: &[Check]) {
        let lack = match &self.eyes {
            Eyes::Network(prober) => prober.lack_of_permission(checks),
            #[cfg(test)]
            Eyes::Script(_) | Eyes::Held(_) => None,
        };
        if let Some(lack) = lack {
            tracing::warn!("{lack}");
        }
    }

    /// Runs one check; a failure is its target's only if our own network and resolver were there.
    pub(crate) async fn observe(self, check: Arc<Check>) -> Observed {
        if judges_certificates(&check) {
            let _ = timeout_at(self.waits_until, self.time.known()).await;
        }
        let started = Instant::now();
        let _running = self.self_test.begin();
        let observed = observe(self.eyes.clone(), Arc::clone(&check)).await;
        let observed = self.self_test.excuse(&check, observed, started).await;
        match &self.eyes {
            Eyes::Network(prober) => prober.excuse(observed, started).await,
            #[cfg(test)]
            Eyes::Script(_) | Eyes::Held(_) => observed,
        }
    }
}

/// Does it hang on the time whether the target of this check is well?
fn judges_certificates(check: &Check) -> bool {
    match &check.kind {
        Kind::Http(http) => http.verify && http.url.scheme() == "https",
        Kind::Tls(_) => true,
        Kind::Tcp(tcp) => tcp.tls.is_some(),
        Kind::Dns(dns) => dns.transport.tls().is_some(),
        Kind::Ping(_) | Kind::Heartbeat(_) | Kind::Exec(_) => false,
    }
}

/// Runs one check to its deadline.
async fn observe(eyes: Eyes, check: Arc<Check>) -> Observed {
    let deadline = Instant::now() + check.timeout;
    match eyes {
        Eyes::Network(prober) => match timeout_at(deadline + GRACE, prober.observe(&check, deadline)).await {
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
        },
        #[cfg(test)]
        Eyes::Script(script) => {
            let observed = script(&check);
            tokio::time::sleep(observed.total).await;
            observed
        }
        #[cfg(test)]
        Eyes::Held(held) => held(check).await,
    }
}

/// A probe that panicked says nothing of its target.
pub(crate) fn failed_inside(error: &JoinError) -> Observed {
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

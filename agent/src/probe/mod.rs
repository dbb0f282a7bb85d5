//! Runs one check once and says what was seen.
//!
//! A failing target is a value with a named reason; what we ourselves lack (descriptors, ports, a
//! readable secret) is `inconclusive`, never `down`. The caller owns the deadline. Nothing here
//! decides about hard states, writes to disk or knows the schedule.

use std::time::Duration;

use skerry_protocol::check::{Check, Kind};
use skerry_protocol::wire::{Outcome, Phases, Reason};
use tokio::time::Instant;

mod connect;
mod fault;
mod http;
mod resolve;
mod tls;

/// Longest [`Observed::detail`], bytes.
pub const MAX_DETAIL_BYTES: usize = 200;

/// Runs checks. Holds what runs share: the resolver, TLS configurations, connections kept for reuse.
pub struct Prober {
    http: http::HttpProber,
}

/// What one run saw.
#[derive(Clone, Debug, PartialEq)]
pub struct Observed {
    /// The outcome.
    pub outcome: Outcome,
    /// Why, when it is not `up`; [`Reason::None`] otherwise.
    pub reason: Reason,
    /// Private words for operators: at most [`MAX_DETAIL_BYTES`], no control characters. Empty when up.
    pub detail: String,
    /// From the start to the last byte read, redirects included.
    pub total: Duration,
    /// Phases that were completed; those of redirects are added up.
    pub phases: Option<Phases>,
    /// The certificate seen that ends first, if the run spoke TLS.
    pub certificate: Option<CertificateSeen>,
}

/// The leaf certificate a server showed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateSeen {
    /// Distinguished name of its subject.
    pub subject: String,
    /// Distinguished name of its issuer.
    pub issuer: String,
    /// Its end.
    pub not_after: jiff::Timestamp,
}

impl Prober {
    /// Reads the system's resolver settings and trusted authorities once. A host that lacks either still
    /// gets a prober: names then go to a name server on this machine, and a handshake that needs an
    /// authority says in words that there is none.
    ///
    /// # Errors
    /// Only when the TLS provider or the resolver cannot be built at all.
    pub fn new() -> anyhow::Result<Self> {
        Ok(Self { http: http::HttpProber::new()? })
    }

    /// Runs `check` once, to `deadline` at most. Never fails: what goes wrong is the observation.
    pub async fn observe(&self, check: &Check, deadline: Instant) -> Observed {
        match &check.kind {
            Kind::Http(definition) => self.http.observe(check, definition, deadline).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A schedule runs each check in a task of its own.
    #[test]
    fn a_run_can_be_a_task() {
        fn is_task<F: Future<Output = Observed> + Send>(_: impl Fn(&'static Prober, &'static Check) -> F) {}
        is_task(|prober, check| prober.observe(check, Instant::now()));
    }
}

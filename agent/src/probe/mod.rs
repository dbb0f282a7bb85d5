//! Runs one check once and reports the result.
//!
//! A failing target is a value with a named reason; a lack of our own (descriptors, ports, an unreadable
//! secret) is `inconclusive`, never `down`. The caller owns the deadline. Probes do not decide about hard
//! states, write to disk or know the schedule.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use crate::clock::CorrectedClock;
use skerry_protocol::check::{Check, Kind};
use skerry_protocol::wire::{Outcome, Phases, Reason};
use tokio::time::Instant;

mod connect;
mod dns;
mod exec;
mod fault;
mod handshake;
pub(crate) mod hostile;
mod http;
mod ping;
mod resolve;
mod run;
mod tcp;
mod tls;

#[cfg(test)]
pub(crate) use http::example;

pub use dns::{DnsAnswer, DnsFindings};
pub use exec::{Measure, PluginResult, serve as serve_plugins};

/// Maximum length of [`Observed::detail`], bytes.
pub const MAX_DETAIL_BYTES: usize = 200;

/// Runs checks. Holds what runs share: the resolver, TLS configurations, and the state of each kind.
pub struct Prober {
    http: http::HttpProber,
    ping: ping::PingProber,
    dns: dns::DnsProber,
    tcp: tcp::TcpProber,
    tls: handshake::TlsProber,
    resolver: Arc<resolve::Resolver>,
}

/// The result of one run.
#[derive(Clone, Debug, PartialEq)]
pub struct Observed {
    /// The outcome.
    pub outcome: Outcome,
    /// Why it is not `up`; [`Reason::None`] if it is.
    pub reason: Reason,
    /// Private detail for operators: at most [`MAX_DETAIL_BYTES`], no control characters. Empty when up.
    pub detail: String,
    /// Latency: from the start to the last byte read, including redirects, unless the kind defines its own.
    pub total: Duration,
    /// Completed phases; those of redirects are summed.
    pub phases: Option<Phases>,
    /// The certificate that expires first, if the run used TLS: on the verified path to an authority,
    /// otherwise the server's own.
    pub certificate: Option<CertificateSeen>,
    /// Details of this kind of check.
    pub findings: Findings,
    /// The name and addresses that the run used.
    pub asked: Asked,
}

/// The name and addresses that a run used, to decide whether our own network or resolver failed. Never sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// The name that did not resolve.
    pub unresolved: Option<String>,
    /// The addresses it sent something to. Excludes those that this host refused to send to.
    pub addresses: Vec<IpAddr>,
}

/// Details that a kind shows beside phases and certificate; for `probe`, never sent.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Findings {
    /// No details.
    #[default]
    Nothing,
    /// The packets of a `ping` check.
    Echoes(Echoes),
    /// The beginning of what the server sent to a `tcp` check.
    Said(String),
    /// The parameters of a TLS handshake.
    Handshake(HandshakeSeen),
    /// The answer to a `dns` check.
    Dns(Box<DnsFindings>),
    /// Exit code and output of a plugin.
    Plugin(Box<PluginResult>),
}

/// The packets of one run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Echoes {
    /// Packets sent.
    pub sent: u32,
    /// Packets that came back in time.
    pub received: u32,
    /// Their round trips; `None` if all were lost.
    pub round_trips: Option<RoundTrips>,
}

/// Round-trip times.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoundTrips {
    /// The shortest.
    pub min: Duration,
    /// The mean.
    pub average: Duration,
    /// The longest.
    pub max: Duration,
    /// Mean difference between successive round trips; `None` for a single packet.
    pub jitter: Option<Duration>,
}

/// The parameters of a TLS handshake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HandshakeSeen {
    /// Such as `TLSv1_3`.
    pub version: &'static str,
    /// Such as `TLS13_AES_256_GCM_SHA384`.
    pub cipher_suite: &'static str,
    /// The certificates the server sent, its own first.
    pub chain: Vec<CertificateSeen>,
}

/// A server's certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateSeen {
    /// Distinguished name of the subject.
    pub subject: String,
    /// Distinguished name of the issuer.
    pub issuer: String,
    /// End of its validity.
    pub not_after: jiff::Timestamp,
    /// X.509 version: 3, or 1 on old devices.
    pub version: u32,
    /// Type of its key: `RSA 2048 bits`, `ECDSA P-256`, `Ed25519`.
    pub key: String,
    /// Signature algorithm: `RSA with SHA-256`.
    pub signature: String,
}

impl Prober {
    /// Reads the system's resolver settings and trusted authorities. A host without them still gets a prober:
    /// it then uses a name server on this machine, and a handshake that needs an authority fails with an
    /// explanation.
    ///
    /// # Errors
    /// The TLS provider cannot be built.
    pub fn new() -> anyhow::Result<Self> {
        Self::by(Arc::new(CorrectedClock::local()))
    }

    /// Like [`Self::new`], but verifies certificates by `clock`.
    ///
    /// # Errors
    /// Like [`Self::new`].
    pub fn by(clock: Arc<CorrectedClock>) -> anyhow::Result<Self> {
        let resolver = Arc::new(resolve::Resolver::from_system());
        let tls = Arc::new(tls::Tls::from_system(clock)?);
        Ok(Self {
            http: http::HttpProber::new(Arc::clone(&resolver), Arc::clone(&tls)),
            ping: ping::PingProber::new(Arc::clone(&resolver))?,
            dns: dns::DnsProber::new(Arc::clone(&resolver), Arc::clone(&tls)),
            tcp: tcp::TcpProber::new(Arc::clone(&resolver), Arc::clone(&tls)),
            tls: handshake::TlsProber::new(Arc::clone(&resolver), tls),
            resolver,
        })
    }

    /// Which permission `checks` need and this process lacks, with a remedy, in one sentence. Tries only what
    /// they need. Must be called within a tokio runtime.
    #[must_use]
    pub fn lack_of_permission(&self, checks: &[Check]) -> Option<String> {
        let pings = checks.iter().any(|check| matches!(check.kind, Kind::Ping(_)));
        pings.then(|| self.ping.lack_of_permission()).flatten()
    }

    /// Runs `check` once, at most until `deadline`. Never fails: an error becomes an observation.
    pub async fn observe(&self, check: &Check, deadline: Instant) -> Observed {
        match &check.kind {
            Kind::Http(definition) => self.http.observe(check, definition, deadline).await,
            Kind::Ping(definition) => self.ping.observe(check, definition, deadline).await,
            Kind::Tcp(definition) => self.tcp.observe(check, definition, deadline).await,
            Kind::Tls(definition) => self.tls.observe(check, definition, deadline).await,
            Kind::Dns(definition) => self.dns.observe(check, definition, deadline).await,
            // The configuration reader refuses this kind here.
            Kind::Heartbeat(_) => run::Run::start(deadline).finish(check, None, Ok(Err(not_run()))),
            Kind::Exec(definition) => exec::observe(check, definition, deadline).await,
        }
    }
}

/// Whether an unresolved name is at fault, or our own resolver.
impl Prober {
    /// Returns the observation of a run that started at `started`; inconclusive if our own resolver failed.
    pub(crate) async fn attribute_failure(&self, observed: Observed, started: Instant) -> Observed {
        if observed.outcome != Outcome::Down || observed.reason != Reason::DnsFailed {
            return observed;
        }
        let Some(name) = observed.asked.unresolved.clone() else { return observed };
        if !self.resolver.failed(&name, started).await {
            return observed;
        }
        let detail = format!("this agent's own resolver fails: {}", observed.detail);
        let detail = fault::detail(&detail);
        Observed { outcome: Outcome::Inconclusive, reason: Reason::OwnResolver, detail, ..observed }
    }
}

fn not_run() -> fault::Fault {
    fault::Fault::own("a heartbeat is not run: it is the aggregator that is called")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The check runner spawns each run as a task.
    #[test]
    fn a_run_can_be_a_task() {
        fn is_task<F: Future<Output = Observed> + Send>(_: impl Fn(&'static Prober, &'static Check) -> F) {}
        is_task(|prober, check| prober.observe(check, Instant::now()));
    }
}

//! Runs one check once and says what was seen.
//!
//! A failing target is a value with a named reason; what we ourselves lack (descriptors, ports, a
//! readable secret) is `inconclusive`, never `down`. The caller owns the deadline. Nothing here
//! decides about hard states, writes to disk or knows the schedule.

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
pub use exec::{Measure, PluginSeen, serve as serve_plugins};

/// Longest [`Observed::detail`], bytes.
pub const MAX_DETAIL_BYTES: usize = 200;

/// Runs checks. Holds what the runs of a kind share, and all kinds: the resolver and the TLS configurations.
pub struct Prober {
    http: http::HttpProber,
    ping: ping::PingProber,
    dns: dns::DnsProber,
    tcp: tcp::TcpProber,
    tls: handshake::TlsProber,
    resolver: Arc<resolve::Resolver>,
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
    /// The latency: from the start to the last byte read, redirects included, unless the kind has its own.
    pub total: Duration,
    /// Phases that were completed; those of redirects are added up.
    pub phases: Option<Phases>,
    /// The certificate seen that ends first, if the run spoke TLS: of a verified one the first to end on its path to
    /// an authority, else the server's own.
    pub certificate: Option<CertificateSeen>,
    /// What else a person wants to see of this kind.
    pub findings: Findings,
    /// Whom the run asked.
    pub asked: Asked,
}

/// Whom a run asked, as far as it came; for those who judge whether it was our own network or resolver that
/// failed, never sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// The name that it could not look up.
    pub unresolved: Option<String>,
    /// Where it sent something. What this host itself refused to send is not among them.
    pub addresses: Vec<IpAddr>,
}

/// What a kind shows beside phases and certificate; for `probe`, never sent.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Findings {
    /// Nothing more.
    #[default]
    Nothing,
    /// What became of the packets of a `ping`.
    Echoes(Echoes),
    /// What a server said to a `tcp` check, its beginning.
    Said(String),
    /// What a handshake agreed on.
    Handshake(HandshakeSeen),
    /// Of a `dns` check: the answer.
    Dns(Box<DnsFindings>),
    /// What a plugin ended with and printed.
    Plugin(Box<PluginSeen>),
}

/// The packets of one run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Echoes {
    /// So many were sent.
    pub sent: u32,
    /// So many came back in time.
    pub received: u32,
    /// How long those took; none when all were lost.
    pub round_trips: Option<RoundTrips>,
}

/// How long packets took to come back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoundTrips {
    /// The shortest.
    pub min: Duration,
    /// The mean.
    pub average: Duration,
    /// The longest.
    pub max: Duration,
    /// The mean difference between one and the next; none of a single packet.
    pub jitter: Option<Duration>,
}

/// What a TLS handshake agreed on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HandshakeSeen {
    /// Such as `TLSv1_3`.
    pub version: &'static str,
    /// Such as `TLS13_AES_256_GCM_SHA384`.
    pub cipher_suite: &'static str,
    /// As the server showed them, its own first.
    pub chain: Vec<CertificateSeen>,
}

/// A certificate a server showed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateSeen {
    /// Distinguished name of its subject.
    pub subject: String,
    /// Distinguished name of its issuer.
    pub issuer: String,
    /// Its end.
    pub not_after: jiff::Timestamp,
    /// Its version of X.509: 3, of old devices 1.
    pub version: u32,
    /// The kind of its key: `RSA 2048 bits`, `ECDSA P-256`, `Ed25519`.
    pub key: String,
    /// How it is signed: `RSA with SHA-256`.
    pub signature: String,
}

impl Prober {
    /// Reads the system's resolver settings and trusted authorities once. A host that lacks either still
    /// gets a prober: names then go to a name server on this machine, and a handshake that needs an
    /// authority says in words that there is none.
    ///
    /// # Errors
    /// Only when the TLS provider cannot be built at all.
    pub fn new() -> anyhow::Result<Self> {
        Self::by(Arc::new(CorrectedClock::own()))
    }

    /// As [`Self::new`], where `clock` and not this host's own says whether a certificate is valid.
    ///
    /// # Errors
    /// As there.
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

    /// What this process may not do and `checks` need, and how to mend it, in one sentence. Only what they
    /// need is tried. To be called within a tokio runtime.
    #[must_use]
    pub fn lack_of_permission(&self, checks: &[Check]) -> Option<String> {
        let pings = checks.iter().any(|check| matches!(check.kind, Kind::Ping(_)));
        pings.then(|| self.ping.lack_of_permission()).flatten()
    }

    /// Runs `check` once, to `deadline` at most. Never fails: what goes wrong is the observation.
    pub async fn observe(&self, check: &Check, deadline: Instant) -> Observed {
        match &check.kind {
            Kind::Http(definition) => self.http.observe(check, definition, deadline).await,
            Kind::Ping(definition) => self.ping.observe(check, definition, deadline).await,
            Kind::Tcp(definition) => self.tcp.observe(check, definition, deadline).await,
            Kind::Tls(definition) => self.tls.observe(check, definition, deadline).await,
            Kind::Dns(definition) => self.dns.observe(check, definition, deadline).await,
            // Refused when the files are read: nobody runs it.
            Kind::Heartbeat(_) => run::Run::start(deadline).finish(check, None, Ok(Err(not_run()))),
            Kind::Exec(definition) => exec::observe(check, definition, deadline).await,
        }
    }
}

/// A name that could not be looked up: is it the name, or our own resolver?
impl Prober {
    /// What a run saw that began at `started`; inconclusive where it was our own resolver that failed.
    pub(crate) async fn excuse(&self, observed: Observed, started: Instant) -> Observed {
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

    /// A schedule runs each check in a task of its own.
    #[test]
    fn a_run_can_be_a_task() {
        fn is_task<F: Future<Output = Observed> + Send>(_: impl Fn(&'static Prober, &'static Check) -> F) {}
        is_task(|prober, check| prober.observe(check, Instant::now()));
    }
}

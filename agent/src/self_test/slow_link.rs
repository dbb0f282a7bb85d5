//! Whether a run timed out because our own link was slow. Pure.

use crate::probe::Observed;
use skerry_protocol::check::{Check, DnsTransport, Kind, Ping, StartTls};
use skerry_protocol::wire::Reason;
use std::time::Duration;

/// A link on which a reference answers within this time is not slow, however short a check's timeout.
pub(super) const SLOW: Duration = Duration::from_millis(250);

/// A run starts slightly after its deadline was set.
const START_DELAY: Duration = Duration::from_millis(20);

/// Whether our own link explains the failure. The fastest reference answered after `answer`, which is one
/// round trip of the link. A run that timed out says nothing about its target if the round trips that it
/// needs take
/// - its whole time: no target could have answered in time;
/// - the time by which it exceeded `degraded_above`: without them it would have been fast enough.
pub(super) fn is_the_link(answer: Duration, check: &Check, observed: &Observed) -> bool {
    if answer < SLOW {
        return false;
    }
    let on_its_way = answer * round_trips(&check.kind);
    match observed.reason {
        Reason::Slow => {
            check.degraded_above.is_some_and(|above| observed.total.saturating_sub(on_its_way) <= above)
        }
        Reason::NoReply | Reason::PacketsLost => on_its_way >= packet_timeout(check),
        // In any stage.
        _ => observed.total + START_DELAY >= check.timeout && on_its_way >= check.timeout,
    }
}

/// How long to wait for the answer to one packet.
fn packet_timeout(check: &Check) -> Duration {
    match &check.kind {
        Kind::Ping(ping) => ping.wait.unwrap_or(Ping::DEFAULT_WAIT).min(check.timeout),
        _ => check.timeout,
    }
}

/// Minimum number of round trips of a run: one each for connection, TLS 1.3 and query; without name
/// resolution, redirects, and data beyond one packet.
fn round_trips(kind: &Kind) -> u32 {
    match kind {
        Kind::Ping(_) | Kind::Exec(_) | Kind::Heartbeat(_) => 1,
        Kind::Http(http) if http.reuse_connection => 1,
        Kind::Http(http) => 2 + u32::from(http.url.scheme() == "https"),
        Kind::Dns(dns) => match dns.transport {
            DnsTransport::Udp => 1,
            DnsTransport::Tcp => 2,
            DnsTransport::Tls(_) | DnsTransport::Https { .. } => 3,
        },
        Kind::Tcp(tcp) => 1 + u32::from(tcp.tls.is_some()) + u32::from(tcp.expect.is_some()),
        Kind::Tls(tls) => match tls.starttls {
            None => 2,
            // Only the request.
            Some(StartTls::Postgres) => 3,
            // The greeting and the request.
            Some(StartTls::Imap | StartTls::Pop3) => 4,
            // The greeting, EHLO and the request.
            Some(StartTls::Smtp) => 5,
        },
    }
}

//! A link that is there and slow: did a run fail for want of time that our own link took? Pure.

use crate::probe::Observed;
use skerry_protocol::check::{Check, DnsTransport, Kind, Ping, StartTls};
use skerry_protocol::wire::Reason;
use std::time::Duration;

/// A reference that answers within this time says that the link is not slow, however little time a check has.
pub(super) const SLOW: Duration = Duration::from_millis(250);

/// The time of a run is counted from a moment after its deadline was set.
const BEGUN_LATER: Duration = Duration::from_millis(20);

/// The nearest reference answered after `answer`, which is one round trip of our link. A run that failed for
/// want of time says nothing of its target where the round trips that it cannot do without take
/// - all of its time: no target could have answered in time;
/// - what it was longer than `degraded_above`: without them it would have been fast enough.
pub(super) fn is_the_link(answer: Duration, check: &Check, observed: &Observed) -> bool {
    if answer < SLOW {
        return false;
    }
    let on_its_way = answer * round_trips(&check.kind);
    match observed.reason {
        Reason::Slow => {
            check.degraded_above.is_some_and(|above| observed.total.saturating_sub(on_its_way) <= above)
        }
        Reason::NoReply | Reason::PacketsLost => on_its_way >= patience(check),
        // Whatever it was busy with when its time was over.
        _ => observed.total + BEGUN_LATER >= check.timeout && on_its_way >= check.timeout,
    }
}

/// How long the answer to one packet is waited for.
fn patience(check: &Check) -> Duration {
    match &check.kind {
        Kind::Ping(ping) => ping.wait.unwrap_or(Ping::DEFAULT_WAIT).min(check.timeout),
        _ => check.timeout,
    }
}

/// So many round trips a run needs at least: one for each of connection, TLS 1.3 and question, without looking
/// a name up, redirects, and what one packet does not hold.
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
            // The request alone.
            Some(StartTls::Postgres) => 3,
            // The greeting, and the request.
            Some(StartTls::Imap | StartTls::Pop3) => 4,
            // The greeting, EHLO, and the request.
            Some(StartTls::Smtp) => 5,
        },
    }
}

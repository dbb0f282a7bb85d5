//! Starters of real peers for tests. Each lives in a fresh directory on a free port of the loopback, is
//! waited for with a bound, and ends by its own pid when it is dropped.

use std::time::Duration;

use tokio::time::Instant;

pub mod certificates;
pub mod checks;
pub mod dns;
pub mod dns_peer;
pub mod misbehaving;
pub mod named;
pub mod nginx;
pub mod nginx_mail;
pub mod postfix;
pub mod postgres;
pub mod script;
pub mod unbound;
pub mod varnish;

/// Waits until `condition` holds, `bound` at most.
///
/// # Panics
/// When it does not hold within `bound`; `what` says what was waited for.
pub async fn until(what: &str, bound: Duration, mut condition: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + bound;
    while !condition().await {
        assert!(Instant::now() < deadline, "waited {bound:?} in vain: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// A port of the loopback that is free now, for IPv4 and IPv6.
#[must_use]
pub fn free_port() -> u16 {
    loop {
        let v4 = std::net::TcpListener::bind("127.0.0.1:0").expect("the loopback has free ports");
        let port = v4.local_addr().expect("a bound socket has an address").port();
        if std::net::TcpListener::bind(("::1", port)).is_ok() {
            return port;
        }
    }
}

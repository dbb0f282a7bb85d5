//! Counts malformed requests and logs at most one line a minute.

use skerry_host::log_limit::LogLimit;
use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// One counter for all listeners.
#[derive(Debug, Default)]
pub(super) struct MalformedRequests(Mutex<LogLimit>);

impl MalformedRequests {
    /// Counts a connection that sent something other than a request.
    pub(super) fn note(&self, peer: Option<SocketAddr>, why: &dyn std::fmt::Display) {
        let Some(requests) = self.count(Instant::now()) else { return };
        let peer = peer.map(|peer| peer.to_string()).unwrap_or_default();
        tracing::warn!(requests, %peer, "malformed requests were refused, the last one from this client ({why}); logged at most once a minute");
    }

    /// Returns how many there were since the last line, or `None` while the next line is not due.
    fn count(&self, now: Instant) -> Option<u64> {
        let mut counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counted.count(0, now).map(|(requests, _)| requests)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_flood_is_one_line_a_minute_with_its_number() {
        let (malformed, begun) = (MalformedRequests::default(), Instant::now());
        let said: Vec<u64> =
            (0..12_001).filter_map(|n| malformed.count(begun + Duration::from_millis(10) * n)).collect();
        assert_eq!(said, [1, 6_000, 6_000]);
    }
}

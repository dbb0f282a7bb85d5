//! Requests without a valid token, for the log and for metrics.

use skerry_web::RateLimit;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Requests without a valid token: all are counted, and one a minute of each client is logged.
pub(super) struct RefusedSignIns {
    refused: Arc<AtomicU64>,
    logged: RateLimit<Option<IpAddr>>,
}

impl Default for RefusedSignIns {
    fn default() -> Self {
        Self { refused: Arc::default(), logged: RateLimit::per_minute(NonZeroU32::MIN) }
    }
}

impl RefusedSignIns {
    /// How many there were.
    pub(super) fn refused(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.refused)
    }

    /// Counts one.
    pub(super) fn note(&self, client: Option<IpAddr>) {
        let refused = self.refused.fetch_add(1, Ordering::Relaxed) + 1;
        if self.logged.check(&client).is_ok() {
            let client = client.map(|client| client.to_string()).unwrap_or_default();
            tracing::warn!(refused, %client, "a request to the API had no valid token; logged at most once a minute for each client");
        }
    }
}

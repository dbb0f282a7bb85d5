//! Connections kept between runs for checks with `reuse_connection`: at most one per check and origin.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use skerry_protocol::check::{Check, Http, HttpVersion, IpVersion};
use url::Url;

use super::connection::Connection;

/// A connection that is idle for longer is closed: its check is gone, or runs so rarely that servers close
/// it.
const IDLE_TIMEOUT: Duration = Duration::from_secs(15 * 60);
/// A connection is reopened after this time, so that a renewed certificate is noticed. nginx and others close
/// connections after this time, too.
const MAX_AGE: Duration = Duration::from_secs(60 * 60);

/// The pool of idle connections.
#[derive(Default)]
pub(super) struct ConnectionPool {
    connections: Mutex<HashMap<Key, (Connection, Instant)>>,
}

/// The owner of a connection. Includes every setting that a reload may change about how it was opened.
#[derive(PartialEq, Eq, Hash)]
pub(super) struct Key {
    check: String,
    origin: String,
    verify: bool,
    ca_file: Option<PathBuf>,
    version: u8,
    ip: u8,
}

impl Key {
    pub(super) fn new(check: &Check, http: &Http, url: &Url) -> Self {
        Self {
            check: check.name.clone(),
            origin: url.origin().ascii_serialization(),
            verify: http.verify,
            ca_file: http.ca_file.clone(),
            version: match http.version {
                HttpVersion::Auto => 0,
                HttpVersion::Http1 => 1,
                HttpVersion::Http2 => 2,
            },
            ip: match http.ip {
                IpVersion::Any => 0,
                IpVersion::V4 => 4,
                IpVersion::V6 => 6,
            },
        }
    }
}

impl ConnectionPool {
    /// Takes the connection of `key` if the server keeps it open and a new one at `now` would give the same
    /// result: an expired certificate shows only in a handshake.
    pub(super) async fn take(&self, key: &Key, now: jiff::Timestamp) -> Option<Connection> {
        let (mut connection, _) = self.lock().remove(key)?;
        let expired = connection.certificate.as_ref().is_some_and(|seen| seen.not_after <= now);
        let is_stale = (key.verify && expired) || connection.opened.elapsed() >= MAX_AGE;
        (!is_stale && connection.is_alive().await).then_some(connection)
    }

    /// Returns `connection` to the pool.
    pub(super) fn put(&self, key: Key, connection: Connection) {
        let now = Instant::now();
        let mut connections = self.lock();
        connections.retain(|_, (_, since)| now.duration_since(*since) < IDLE_TIMEOUT);
        connections.insert(key, (connection, now));
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<Key, (Connection, Instant)>> {
        self.connections.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

//! The immutable bytes that requests are answered from.

use crate::domain::time::Timestamp;
use bytes::Bytes;
use std::collections::HashMap;
use std::sync::Arc;

/// How long caches may hold an output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CacheClass {
    /// Live pages, JSON, feeds, badges.
    Live,
    /// Past months, closed incidents.
    Closed,
    /// Assets whose name carries their hash.
    Immutable,
}

/// One encoded form with its own strong validator.
#[derive(Clone, Debug)]
pub struct Encoded {
    /// The body.
    pub bytes: Bytes,
    /// Strong entity tag (RFC 9110 §8.8.3), quotes included; a function of `bytes` alone.
    pub etag: String,
}

/// One answer: everything a request needs, made ahead of time.
#[derive(Clone, Debug)]
pub struct Output {
    /// `Content-Type`.
    pub content_type: &'static str,
    /// Cache headers.
    pub cache: CacheClass,
    /// `Surrogate-Key` (space-separated); `Cache-Tag` is the same with commas.
    pub surrogate_keys: String,
    /// When the bytes last changed.
    pub last_modified: Timestamp,
    /// As it is.
    pub identity: Encoded,
    /// gzip, absent where it does not pay.
    pub gzip: Option<Encoded>,
    /// brotli, absent where it does not pay.
    pub brotli: Option<Encoded>,
}

/// All outputs of one page at one moment, keyed by the path below the page's root (`""` is the index).
#[derive(Clone, Debug, Default)]
pub struct Publication {
    /// The outputs.
    pub outputs: HashMap<String, Arc<Output>>,
}

/// Everything public, by where it answers.
#[derive(Clone, Debug, Default)]
pub struct Site {
    /// Public pages by slug, for `/status/<slug>/…` on any host.
    pub by_slug: HashMap<String, Arc<Publication>>,
    /// Pages by host name (lower case, without port), for `/…` on their own host.
    pub by_host: HashMap<String, Arc<Publication>>,
    /// The one public page, where there is just one: it also answers at `/` on any other host.
    pub sole: Option<Arc<Publication>>,
    /// Outputs of no page: assets by their path, `robots.txt` and `favicon.ico` where no page owns the host.
    pub shared: HashMap<String, Arc<Output>>,
}

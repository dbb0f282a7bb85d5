//! The outputs that belong to no page.

use crate::output::{CacheClass, Compression, Kind, Output};
use crate::{html, robots};
use skerry_domain::time::Timestamp;
use std::collections::HashMap;
use std::sync::Arc;

/// Outputs that are the same for every page; they are also served at the root if no page has it.
#[must_use]
pub fn shared(now: Timestamp) -> HashMap<String, Arc<Output>> {
    let one = |content_type, cache, bytes: &[u8]| {
        let kind = Kind { content_type, cache, keys: &["assets"], policy: "" };
        Output::render(kind, bytes.to_vec(), now, None, Compression::Best)
    };
    let mut outputs: HashMap<_, _> = html::assets()
        .iter()
        .map(|asset| (asset.path.clone(), one(asset.content_type, CacheClass::Immutable, asset.bytes)))
        .collect();
    let icon = one(html::FAVICON_ICO_TYPE, CacheClass::Live, html::FAVICON_ICO);
    outputs.insert("favicon.ico".to_owned(), icon);
    let robots = one(robots::CONTENT_TYPE, CacheClass::Live, robots::BODY.as_bytes());
    outputs.insert("robots.txt".to_owned(), robots);
    outputs
}

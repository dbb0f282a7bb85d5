//! The outputs that belong to no page.

use crate::html::Asset;
use crate::output::{CacheClass, Compression, Kind, Output};
use crate::{html, robots};
use skerry_domain::time::Timestamp;
use std::collections::HashMap;
use std::sync::Arc;

/// Assets, which are the same for every page, and what is served at the root if no page has it.
#[must_use]
pub fn shared(now: Timestamp) -> HashMap<String, Arc<Output>> {
    let of_assets = html::assets().iter().map(|asset| (asset.path.clone(), of_asset(asset, now)));
    let mut outputs: HashMap<_, _> = of_assets.collect();
    let icon = one((html::FAVICON_ICO_TYPE, CacheClass::Live, ""), html::FAVICON_ICO, now);
    outputs.insert("favicon.ico".to_owned(), icon);
    let robots = one((robots::CONTENT_TYPE, CacheClass::Live, ""), robots::BODY.as_bytes(), now);
    outputs.insert("robots.txt".to_owned(), robots);
    outputs
}

/// An asset as an output.
pub(super) fn of_asset(asset: &Asset, now: Timestamp) -> Arc<Output> {
    one((asset.content_type, CacheClass::Immutable, &asset.policy), asset.bytes, now)
}

fn one(
    (content_type, cache, policy): (&'static str, CacheClass, &str),
    bytes: &[u8],
    now: Timestamp,
) -> Arc<Output> {
    let kind = Kind { content_type, cache, keys: &["assets"], policy };
    Output::render(kind, bytes.to_vec(), now, None, Compression::Best)
}

//! An export by hand, from the database alone: whether or not an aggregator serves from it.

use super::super::progress::Progress;
use super::copy::{Copy, Exported};
use super::directory::Directory;
use super::target::Target;
use crate::engine::Engine;
use crate::publish::{Addresses, Publisher};
use anyhow::{Context, ensure};
use arc_swap::ArcSwap;
use skerry_publish::output::Site;
use skerry_publish::shared;
use skerry_store::Store;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Everything that visitors get, rendered from what is stored.
///
/// # Errors
/// The state cannot be read, or a page cannot be rendered.
pub fn site_of(store: &Store, addresses: Addresses) -> anyhow::Result<Arc<Site>> {
    let engine = Engine::showing(store)?;
    let site = Arc::new(ArcSwap::from_pointee(Site::default()));
    let (_nobody, changes) = crossbeam_channel::unbounded();
    let shared = shared(engine.now());
    let mut publisher = Publisher::new(engine, changes, Arc::clone(&site), addresses, shared);
    publisher.publish_all()?;
    let failures = publisher.failures().load(Ordering::Relaxed);
    ensure!(failures == 0, "a page could not be rendered, so nothing was exported");
    Ok(site.load_full())
}

/// Writes the site to a directory: only what changed since the last export, and without what is gone.
///
/// # Errors
/// The directory holds what no export wrote, or cannot be written.
pub fn export(site: &Site, directory: &Path) -> anyhow::Result<Exported> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().context("no runtime")?;
    runtime.block_on(async {
        let target = Target::Directory(Arc::new(Directory::open(directory)?));
        let progress = Arc::new(Progress::new(directory.display().to_string()));
        Copy::open(target, progress).await?.bring_up_to(site).await
    })
}

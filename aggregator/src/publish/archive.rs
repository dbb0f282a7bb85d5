//! The archive of a page: what is over is looked up in the snapshot of the page's publication, and rendered when somebody asks.

mod cache;

use skerry_domain::state::{State, WorkspacePage};
use skerry_domain::time::Timestamp;
use skerry_publish::archive::{Archive, Archived, Digest, Source, Versions};
use skerry_publish::output::Output;
use skerry_publish::view::Place;
use std::fmt;
use std::sync::Arc;

pub(super) use cache::ArchiveCache;

/// The archive of a page as of one publication.
pub(super) struct PageArchive {
    pub(super) cache: ArchiveCache,
    /// Distinguishes a page from an earlier one with the same key that was removed.
    pub(super) generation: u64,
    pub(super) snapshot: Arc<crate::engine::Snapshot>,
    pub(super) page: WorkspacePage,
    pub(super) place: Place,
    pub(super) now: Timestamp,
    pub(super) versions: Versions,
}

impl PageArchive {
    fn state(&self) -> Option<&State> {
        self.snapshot.workspaces.get(self.page.0)
    }

    fn source(&self) -> Option<Source<'_>> {
        let (page, place, now, versions) = (self.page.1, &self.place, self.now, &self.versions);
        Some(Source { state: self.state()?, page, place, now, versions })
    }

    /// Drops what the cache holds of other versions.
    pub(super) fn forget_former(&self) {
        self.cache.retain(self.generation, |path, version| self.versions.date(path) == version);
    }
}

impl Archive for PageArchive {
    fn has(&self, path: &str) -> bool {
        self.source().is_some_and(|source| source.find(path).is_some())
    }

    fn find(&self, path: &str) -> Archived {
        let Some(source) = self.source() else { return Archived::Nothing };
        let Some(closed) = source.find(path) else { return Archived::Nothing };
        let version = source.version(path, closed);
        // Only what is rendered later holds the snapshot.
        let (snapshot, page, place) = (Arc::clone(&self.snapshot), self.page, self.place.clone());
        let (now, versions, at) = (self.now, self.versions.clone(), path.to_owned());
        self.cache.get(self.generation, path, version, move || {
            let Some(state) = snapshot.workspaces.get(page.0) else { return Ok(None) };
            let source = Source { state, page: page.1, place: &place, now, versions: &versions };
            source.render(&at, closed)
        })
    }

    fn versions(&self) -> Vec<(String, Timestamp)> {
        let Some(source) = self.source() else { return Vec::new() };
        let found = source.paths().into_iter().filter_map(|path| {
            let version = source.version(&path, source.find(&path)?);
            Some((path, version))
        });
        found.collect()
    }

    fn digest(&self, path: &str) -> Option<Digest> {
        let source = self.source()?;
        source.digest(source.find(path)?)
    }

    fn render(&self, path: &str) -> Option<Arc<Output>> {
        let source = self.source()?;
        let rendered = source.render(path, source.find(path)?);
        let rendered = rendered.inspect_err(|error| {
            tracing::error!(%error, path, "a page of the archive could not be rendered");
        });
        rendered.ok().flatten()
    }
}

impl fmt::Debug for PageArchive {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("PageArchive").field("page", &self.page).finish_non_exhaustive()
    }
}

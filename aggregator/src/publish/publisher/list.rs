//! The list of pages: rendered again when one of them says something else, and, since it says when they were verified, with
//! their refreshes, but not with each.

use super::super::html::{self, Entry};
use super::super::output::{CacheClass, Compression, Kind, Output, Publication, Site};
use super::super::outputs::HTML;
use super::page::Page;
use super::{PageId, REFRESH_EVERY};
use skerry_domain::time::Timestamp;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Between two renderings, since many pages can change at the same time.
const PAUSE: Duration = Duration::from_secs(1);

/// The list of pages as it is published.
pub(super) struct PageList {
    entries: Vec<Entry>,
    rendered: Instant,
    /// A page says something else.
    changed: bool,
    /// One is published for the first time.
    added: bool,
    /// All pages were published, or could not be.
    pub(super) started: bool,
}

impl PageList {
    pub(super) fn new() -> Self {
        Self { entries: Vec::new(), rendered: Instant::now(), changed: false, added: false, started: false }
    }

    /// Notes what a page says from now on.
    pub(super) fn note(&mut self, page: &Page, next: &Publication) {
        if page.listed.is_none() {
            return;
        }
        match (&page.publication.status, &next.status) {
            (Some(former), Some(next)) => self.changed |= !former.says_the_same(next),
            _ => self.added = true,
        }
    }

    /// Whether it would say something else, apart from when pages were verified.
    pub(super) fn is_changed(&self) -> bool {
        self.changed || self.added
    }

    pub(super) fn is_due(&self) -> bool {
        let age = self.rendered.elapsed();
        let due = self.added
            || self.changed && age >= PAUSE
            || !self.entries.is_empty() && age >= REFRESH_EVERY / 2;
        self.started && due
    }

    /// Renders it unless it would say the same. Returns whether the site changed.
    pub(super) fn render(&mut self, pages: &BTreeMap<PageId, Page>, site: &mut Site, now: Timestamp) -> bool {
        let entry = |page: &Page| {
            let status = page.publication.status.clone()?;
            let url = format!("{}/", page.address.place.url);
            Some(Entry { name: page.listed.clone()?, url, status })
        };
        let entries: Vec<Entry> = pages.values().filter_map(entry).collect();
        (self.rendered, self.changed, self.added) = (Instant::now(), false, false);
        if entries == self.entries {
            return false;
        }
        self.entries = entries;
        if self.entries.is_empty() {
            site.directory = None;
            return true;
        }
        match html::directory(&self.entries, now) {
            Ok(page) => {
                let (cache, keys, policy) = (CacheClass::Live, &["directory"], page.policy.as_str());
                let kind = Kind { content_type: HTML, cache, keys, policy };
                let (bytes, former) = (page.html.into_bytes(), site.directory.as_ref());
                site.directory = Some(Output::render(kind, bytes, now, former, Compression::Fast));
            }
            Err(error) => tracing::error!(%error, "the list of pages could not be rendered"),
        }
        true
    }
}

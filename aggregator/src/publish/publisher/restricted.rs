//! The restricted pages, as the publisher shows them: never in the public site.

use super::super::addresses::{Addresses, PreviewLink, Wanted};
use super::super::options::Options;
use super::super::output::Publication;
use super::Publisher;
use super::page::Address;
use crate::sign_ins::Known;
use arc_swap::ArcSwap;
use skerry_domain::time::Timestamp;
use skerry_web::{RestrictedPage, RestrictedSite};
use std::collections::HashMap;
use std::sync::Arc;

/// The restricted pages that are stored, and as they will be stored next.
pub(super) struct RestrictedPages {
    site: Arc<ArcSwap<RestrictedSite>>,
    next: RestrictedSite,
    /// The options of pages that are in force, and the passwords.
    options: Arc<HashMap<String, Options>>,
    passwords: Arc<Known>,
    /// When the next link to a preview ends.
    next_end: Option<Timestamp>,
}

impl RestrictedPages {
    pub(super) fn new(addresses: &Addresses) -> Self {
        let (options, passwords) = (addresses.options.present(), addresses.options.passwords().present());
        Self { site: Arc::default(), next: RestrictedSite::default(), options, passwords, next_end: None }
    }

    /// Whether a reload changed what only files say, or a password changed, and with it the token of feeds.
    pub(super) fn options_changed(&mut self, addresses: &Addresses) -> bool {
        let (options, passwords) = (addresses.options.present(), addresses.options.passwords().present());
        let changed = !Arc::ptr_eq(&options, &self.options) || !Arc::ptr_eq(&passwords, &self.passwords);
        (self.options, self.passwords) = (options, passwords);
        changed
    }

    /// Notes when one of these ends by itself.
    pub(super) fn await_end(&mut self, wanted: &[Wanted]) {
        self.next_end = wanted.iter().filter_map(|one| Some(one.preview.as_ref()?.until)).min();
    }

    /// Whether a link to a preview has ended by itself.
    pub(super) fn has_ended(&mut self, now: Timestamp) -> bool {
        self.next_end.take_if(|end| *end <= now).is_some()
    }

    pub(super) fn show_preview(&mut self, link: &PreviewLink, publication: &Arc<Publication>) {
        self.next.previews.insert(link.token.clone(), Arc::clone(publication));
    }

    pub(super) fn show(&mut self, address: &Address, page: &Arc<RestrictedPage>) {
        self.next.by_slug.insert(address.slug.clone(), Arc::clone(page));
        for host in &address.hosts {
            self.next.by_host.insert(host.clone(), Arc::clone(page));
        }
    }

    pub(super) fn hide(&mut self, former: &Address, shown: &Arc<Publication>) {
        if let Some(link) = &former.preview {
            self.next.previews.remove(&link.token);
        }
        let is_shown = |found: Option<&Arc<RestrictedPage>>| {
            found.is_some_and(|one| Arc::ptr_eq(&one.publication, shown))
        };
        if is_shown(self.next.by_slug.get(&former.slug)) {
            self.next.by_slug.remove(&former.slug);
        }
        for host in &former.hosts {
            if is_shown(self.next.by_host.get(host)) {
                self.next.by_host.remove(host);
            }
        }
    }

    pub(super) fn store(&self) {
        self.site.store(Arc::new(self.next.clone()));
    }
}

impl Publisher {
    /// The pages that are not for everybody; the web serves them.
    #[must_use]
    pub fn restricted_site(&self) -> Arc<ArcSwap<RestrictedSite>> {
        Arc::clone(&self.restricted.site)
    }

    /// Takes pages that become restricted, or public, from where they are shown, before anything else. Returns whether
    /// there are such.
    pub(super) fn restrict_pages(&mut self, wanted: &[Wanted]) -> bool {
        let mut any = false;
        for wanted in wanted {
            let Some(page) = self.pages.get_mut(&wanted.key) else { continue };
            let differs =
                |(shown, _): &mut (Address, _)| shown.restricted.is_some() != wanted.restricted.is_some();
            let Some((address, publication)) = page.shown.take_if(differs) else { continue };
            page.mark_all();
            page.not_before = None;
            self.hide(&address, &publication, None);
            any = true;
        }
        any
    }
}

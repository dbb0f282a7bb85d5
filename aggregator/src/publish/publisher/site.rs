//! Where a publication stands in the site: at its slug, its hosts and the root; at the same addresses of restricted pages; or
//! behind the link to a preview.

use super::super::addresses::PageId;
use super::super::output::Publication;
use super::Publisher;
use super::page::Address;
use std::sync::Arc;

impl Publisher {
    /// Puts a page into the site at its configured address.
    pub(super) fn show(&mut self, key: PageId) {
        if let Some(page) = self.pages.get(&key) {
            self.show_at(key, page.address.clone());
        }
    }

    pub(super) fn show_at(&mut self, key: PageId, address: Address) {
        let Some(page) = self.pages.get_mut(&key) else { return };
        let publication = Arc::clone(&page.publication);
        let before = page.shown.replace((address.clone(), Arc::clone(&publication)));
        if let Some((former, shown)) = before.filter(|(former, _)| *former != address) {
            self.hide(&former, &shown, Some(&address));
            self.edge.stale_page(&shown);
        }
        self.is_dirty = true;
        if let Some(link) = &address.preview {
            return self.restricted.show_preview(link, &publication);
        }
        if let Some(restricted) = &address.restricted {
            return self.restricted.show(&address, &restricted.page(&publication));
        }
        self.next.by_slug.insert(address.slug, Arc::clone(&publication));
        for host in address.hosts {
            self.next.by_host.insert(host, Arc::clone(&publication));
        }
        if address.root {
            self.next.root = Some(publication);
        }
    }

    /// Removes a page from the site: everywhere, or from the addresses that it no longer has `now`. If it is still public,
    /// an address that another page takes over keeps the old contents until that page is rendered.
    pub(super) fn hide(&mut self, former: &Address, shown: &Arc<Publication>, now: Option<&Address>) {
        self.is_dirty = true;
        if former.restricted.is_some() || former.preview.is_some() {
            return self.restricted.hide(former, shown);
        }
        let is_shown = |found: Option<&Arc<Publication>>| found.is_some_and(|one| Arc::ptr_eq(one, shown));
        let stays = |has: &dyn Fn(&Address) -> bool| {
            now.is_some() && self.pages.values().any(|page| has(&page.address))
        };
        if is_shown(self.next.by_slug.get(&former.slug)) && !stays(&|one| one.slug == former.slug) {
            self.next.by_slug.remove(&former.slug);
        }
        for host in &former.hosts {
            if is_shown(self.next.by_host.get(host)) && !stays(&|one| one.hosts.contains(host)) {
                self.next.by_host.remove(host);
            }
        }
        if former.root && is_shown(self.next.root.as_ref()) && !stays(&|one| one.root) {
            self.next.root = None;
        }
    }

    pub(super) fn store_site(&mut self) {
        self.is_dirty = false;
        self.site.store(Arc::new(self.next.clone()));
        self.restricted.store();
        self.edge.tell();
    }
}

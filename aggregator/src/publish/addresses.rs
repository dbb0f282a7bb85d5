//! Where pages answer: the hosts of their own, their slug, and the root.

use crate::domain::state::{PageKey, State};
use crate::domain::step::Change;

/// Under which addresses pages are known; from the configuration alone.
#[derive(Clone, Debug)]
pub struct Addresses {
    /// Scheme, host and port, without a slash at the end.
    pub base_url: String,
    /// Pages also answer at `<slug>.<base_domain>`.
    pub base_domain: Option<String>,
    /// The workspace whose `listed` pages stand in the index of the base host.
    pub owner: String,
}

/// A page that is public, as the configuration has it.
pub(super) struct Wanted {
    pub(super) key: PageKey,
    pub(super) slug: String,
    pub(super) root: bool,
    pub(super) domain: Option<String>,
    /// Its name, where it stands in the index of pages.
    pub(super) listed: Option<String>,
}

impl Addresses {
    /// The hosts that are a page's own. That of the base URL is not, even where it names it: other pages and
    /// their index stand below it.
    pub(super) fn hosts_of(&self, page: &Wanted) -> Vec<String> {
        let by_slug = self.base_domain.as_ref().map(|base| format!("{}.{base}", page.slug));
        let base = url::Url::parse(&self.base_url).ok();
        let base = base.as_ref().and_then(url::Url::host_str);
        let named = page.domain.iter().cloned().chain(by_slug);
        named.filter(|host| !page.root || Some(host.as_str()) != base).collect()
    }

    /// The address in links, feeds and JSON; `hosts` are the page's own.
    pub(super) fn url_of(&self, page: &Wanted, hosts: &[String]) -> String {
        let base = &self.base_url;
        let scheme = base.split("://").next().unwrap_or("https");
        match hosts.first() {
            Some(host) => format!("{scheme}://{host}"),
            None if page.root => base.clone(),
            None => format!("{base}/status/{}", page.slug),
        }
    }
}

/// The page that a change of the configuration touches.
pub(super) fn page_of(state: &State, change: &Change) -> Option<PageKey> {
    match change {
        Change::PageSaved(key) => Some(*key),
        Change::GroupSaved(key) => state.groups.get(key).map(|group| group.page),
        Change::ComponentSaved(key) => state.components.get(key).map(|component| component.page),
        _ => None,
    }
}

/// Every page that visitors may see; `owner` is the workspace whose pages can be listed.
pub(super) fn public_pages(state: &State, owner: &str) -> Vec<Wanted> {
    let public = state.pages.iter().filter(|(_, page)| page.settings.public && !page.archived);
    let wanted = public.map(|(key, page)| {
        let owned = state.workspaces[&page.workspace].name == owner;
        let settings = &page.settings;
        Wanted {
            key: *key,
            slug: settings.slug.clone(),
            root: settings.root,
            domain: settings.domain.clone(),
            listed: (settings.listed && owned).then(|| settings.name.clone()),
        }
    });
    wanted.collect()
}

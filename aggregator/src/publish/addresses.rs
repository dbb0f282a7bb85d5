//! The addresses of pages: hosts of their own, slugs, and the root.

use super::options::{Options, PageOptions, Restricted};
use crate::config::Config;
use crate::sign_ins::SignInKey;
use skerry_domain::state::{
    Component, Origin, Page, PageKey, PageSettings, State, WorkspaceKey, WorkspacePage,
};
use skerry_domain::step::Change;
use skerry_domain::time::Timestamp;
use skerry_domain::workspaces::Workspaces;
use skerry_publish::maintenance::is_shown;
use skerry_publish::view::{FeedToken, Place};
use std::collections::HashMap;

/// The settings that determine addresses.
#[derive(Clone, Debug)]
pub struct Addresses {
    /// Scheme, host and port, without a slash at the end.
    pub base_url: String,
    /// Pages are also served at `<slug>.<base_domain>`.
    pub base_domain: Option<String>,
    /// The workspace whose `listed` pages are in the directory of the base host.
    pub owner: String,
    /// What only the files say of pages.
    pub options: PageOptions,
    /// Signs the tokens of feeds; `None`: restricted pages have none.
    pub sign_in_key: Option<SignInKey>,
}

/// A page as those see it for whom it is, or as the link to its preview shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct PageId {
    pub(super) page: WorkspacePage,
    pub(super) is_preview: bool,
}

impl From<WorkspacePage> for PageId {
    fn from(page: WorkspacePage) -> Self {
        Self { page, is_preview: false }
    }
}

/// The link to the preview of a page, whose token is a secret.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct PreviewLink {
    pub(super) token: String,
    pub(super) until: Timestamp,
}

/// The configured address of a page that somebody may see.
pub(super) struct Wanted {
    pub(super) key: PageId,
    pub(super) slug: String,
    pub(super) root: bool,
    pub(super) domain: Option<String>,
    /// Its name in the directory of pages; `None` if it is not listed.
    pub(super) listed: Option<String>,
    /// It is not for everybody.
    pub(super) restricted: Option<Restricted>,
    pub(super) noindex: bool,
    /// Only its link shows it.
    pub(super) preview: Option<PreviewLink>,
}

impl Addresses {
    /// Those of the first configuration file, with the options of the pages of all.
    #[must_use]
    pub fn of(first: &Config, all: &[Config]) -> Self {
        Self {
            base_url: first.public.base_url.as_str().trim_end_matches('/').to_owned(),
            base_domain: first.public.base_domain.clone(),
            owner: first.workspace.clone(),
            options: PageOptions::of(all),
            sign_in_key: None,
        }
    }

    /// The same, with tokens of feeds.
    #[must_use]
    pub fn signing_with(self, key: SignInKey) -> Self {
        Self { sign_in_key: Some(key), ..self }
    }

    /// The hosts that belong to a page. The host of the base URL does not, even if the page names it, since the other
    /// pages and their directory are below it.
    pub(super) fn hosts_of(&self, page: &Wanted) -> Vec<String> {
        if page.preview.is_some() {
            return Vec::new();
        }
        let by_slug = self.below_base(&page.slug);
        let base = url::Url::parse(&self.base_url).ok();
        let base = base.as_ref().and_then(url::Url::host_str);
        let named = page.domain.iter().cloned().chain(by_slug);
        named.filter(|host| !page.root || Some(host.as_str()) != base).collect()
    }

    /// The host of a page below the base domain.
    fn below_base(&self, slug: &str) -> Option<String> {
        self.base_domain.as_ref().map(|base| format!("{slug}.{base}"))
    }

    /// Where a page answers; `hosts` are those of the page.
    pub(super) fn place_of(&self, page: &Wanted, hosts: &[String]) -> Place {
        let (base, noindex) = (&self.base_url, page.noindex);
        if let Some(PreviewLink { token, .. }) = &page.preview {
            let url = format!("{base}/preview/{token}");
            return Place { url, noindex, preview: true, ..Place::default() };
        }
        let takes_subscribers = page.restricted.is_none();
        let takes_mail = takes_subscribers && self.options.takes_mail();
        let feed_token = page.restricted.as_ref().and_then(|restricted| self.feed_token(restricted));
        if let Some(url) = self.options.external_url(&page.slug) {
            let answers = Place { url, is_external: true, noindex, feed_token, ..Place::default() };
            return Place { takes_subscribers, takes_mail, ..answers };
        }
        let scheme = base.split("://").next().unwrap_or("https");
        let url = match hosts.first() {
            // The hosts below the base domain are at the port of the base URL.
            Some(host) if self.below_base(&page.slug).as_ref() == Some(host) => {
                let port = url::Url::parse(base).ok().and_then(|base| base.port());
                format!("{scheme}://{host}{}", port.map(|port| format!(":{port}")).unwrap_or_default())
            }
            Some(host) => format!("{scheme}://{host}"),
            None if page.root => base.clone(),
            None => format!("{base}/status/{}", page.slug),
        };
        Place { url, noindex, feed_token, takes_subscribers, takes_mail, ..Place::default() }
    }

    /// The link to the preview of a page, if there is one that is valid.
    #[must_use]
    pub fn preview_url(&self, (key, page): (PageKey, &Page), now: Timestamp) -> Option<String> {
        let wanted = self.preview_of(((WorkspaceKey(0), key), page), now)?;
        Some(format!("{}/", self.place_of(&wanted, &[]).url))
    }

    fn preview_of(&self, (key, page): (WorkspacePage, &Page), now: Timestamp) -> Option<Wanted> {
        let preview = page.preview.filter(|preview| preview.until > now)?;
        if page.archived || page.settings.public {
            return None;
        }
        let token = self.sign_in_key.as_ref()?.preview_token(&page.id, preview.nonce);
        Some(Wanted {
            key: PageId { page: key, is_preview: true },
            slug: String::new(),
            root: false,
            domain: None,
            listed: None,
            restricted: None,
            noindex: true,
            preview: Some(PreviewLink { token, until: preview.until }),
        })
    }

    /// The token of the feeds of a page that has a password.
    fn feed_token(&self, page: &Restricted) -> Option<FeedToken> {
        let password = self.options.passwords().of(page.audience.password_file.as_ref()?)?;
        Some(self.sign_in_key.as_ref()?.feed_token(&page.id, &password))
    }
}

impl Addresses {
    /// The address of a page in links.
    pub(crate) fn url_of_page(&self, settings: &PageSettings) -> String {
        let page = Wanted {
            key: PageId::from((WorkspaceKey(0), PageKey(0))),
            slug: settings.slug.clone(),
            root: settings.root,
            domain: settings.domain.clone(),
            listed: None,
            restricted: None,
            noindex: false,
            preview: None,
        };
        let hosts = self.hosts_of(&page);
        self.place_of(&page, &hosts).url
    }
}

/// The page that a change of the configuration, of the past or of maintenance affects, if visitors see it.
pub(super) fn page_of(state: &State, change: &Change) -> Option<PageKey> {
    match change {
        Change::PageSaved(key) => Some(*key),
        Change::GroupSaved(key) => state.groups.get(key).map(|group| group.page),
        Change::ComponentSaved(key) => state.components.get(key).map(|component| component.page),
        // Months that are over change too.
        Change::PastCorrected(key) => {
            let seen = |component: &&Component| component.settings.public && !component.archived;
            state.components.get(key).filter(seen).map(|component| component.page)
        }
        Change::MaintenanceChanged(key) => {
            state.windows.get(key).filter(|window| is_shown(state, window)).and_then(|window| window.page)
        }
        _ => None,
    }
}

/// All pages that somebody may see now.
pub(super) fn shown_pages(workspaces: &Workspaces, addresses: &Addresses, now: Timestamp) -> Vec<Wanted> {
    let options = addresses.options.present();
    let all = workspaces.iter().flat_map(|(workspace, state)| {
        let owned = state.workspace.name == addresses.owner;
        state.pages.iter().map(move |(key, page)| ((workspace, *key), page, owned))
    });
    let shown = all.flat_map(|(key, page, owned)| {
        [shown_page((key, page), owned, &options), addresses.preview_of((key, page), now)]
    });
    shown.flatten().collect()
}

/// A page, if somebody may see it. `owned`: its workspace owns the base host.
pub(super) fn shown_page(
    (key, page): (WorkspacePage, &Page),
    owned: bool,
    options: &HashMap<String, Options>,
) -> Option<Wanted> {
    let settings = &page.settings;
    let options = options.get(&settings.slug).filter(|_| page.origin == Origin::File);
    let audience = options.and_then(|options| options.audience.clone()).filter(|_| !settings.public);
    let restricted = audience.map(|audience| Restricted {
        id: page.id.clone(),
        name: settings.name.clone(),
        language: settings.language.clone(),
        support_url: settings.support_url.clone(),
        audience,
    });
    let is_shown = !page.archived && (settings.public || restricted.is_some());
    is_shown.then(|| Wanted {
        key: PageId::from(key),
        slug: settings.slug.clone(),
        root: settings.root && restricted.is_none(),
        domain: settings.domain.clone(),
        listed: (settings.listed && owned && restricted.is_none()).then(|| settings.name.clone()),
        noindex: restricted.is_some() || options.is_some_and(|options| options.noindex),
        restricted,
        preview: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use skerry_domain::state::{ComponentKey, ComponentSettings, PageSettings, WorkspaceKey};
    use skerry_domain::status::Status;
    use skerry_domain::step::{
        Command, Configure, Context, DesiredComponent, DesiredItem, DesiredLink, DesiredPage, Ids,
        NewCorrection, NewWindow, step,
    };
    use skerry_domain::time::{DAY, HOUR};

    const NOW: Timestamp = Timestamp(1_790_000_000_000);

    /// A page with one component.
    fn configured(public: bool) -> State {
        let settings = ComponentSettings { public, ..ComponentSettings::named("Shop") };
        let links = vec![DesiredLink { check: "web".to_owned(), minor: false }];
        let key = "shop".to_owned();
        let component = DesiredComponent { key, settings, starts_at: Some(NOW - DAY), links };
        let settings = PageSettings {
            name: "Page".to_owned(),
            listed: false,
            root: true,
            ..PageSettings::named("page")
        };
        let items = vec![DesiredItem::Component(component)];
        let pages =
            vec![DesiredPage { key: "page".to_owned(), settings, zone: jiff::tz::TimeZone::UTC, items }];
        let mut state = State::default();
        run(&mut state, Command::Configure(Box::new(Configure { checks: Vec::new(), pages })));
        state
    }

    /// The pages that are rendered again after a command.
    fn run(state: &mut State, command: Command) -> Vec<PageKey> {
        let context = Context { now: NOW, ids: Ids::from_seed([1; 32]) };
        let changes = step(state, command, context).expect("taken").changes;
        changes.iter().filter_map(|change| page_of(state, change)).collect()
    }

    #[test]
    fn what_visitors_do_not_see_renders_no_page_again() {
        let window = |from: Timestamp| {
            Command::PlanWindow(Box::new(NewWindow::over(vec![ComponentKey(1)], from, from + HOUR)))
        };
        for public in [true, false] {
            let mut state = configured(public);
            let correction = NewCorrection {
                component: ComponentKey(1),
                from: NOW - HOUR,
                to: NOW,
                status: Status::PartialOutage,
                reason: "a test".to_owned(),
            };
            let page = if public { vec![PageKey(1)] } else { Vec::new() };
            let rendered = run(&mut state, Command::Correct(Box::new(correction)));
            assert_eq!(rendered, page, "also months that are over");
            assert_eq!(run(&mut state, window(NOW + 2 * DAY)), [], "it is announced later");
            assert_eq!(
                run(&mut state, window(NOW + HOUR)),
                page,
                "it is announced now, unless its component is private"
            );
        }
    }

    #[test]
    fn the_host_of_the_base_url_belongs_to_no_single_page() {
        let addresses = Addresses {
            base_url: "https://status.example.com:8443".to_owned(),
            base_domain: Some("example.com".to_owned()),
            owner: "default".to_owned(),
            options: PageOptions::default(),
            sign_in_key: None,
        };
        let none = Addresses { base_domain: None, ..addresses.clone() };
        /// Settings, slug, domain, whether it has the root; its hosts, its URL.
        type Row<'a> = (&'a Addresses, &'a str, Option<&'a str>, bool, &'a [&'a str], &'a str);
        let table: [Row<'_>; 6] = [
            (&none, "shop", None, false, &[], "https://status.example.com:8443/status/shop"),
            (&none, "main", None, true, &[], "https://status.example.com:8443"),
            (&none, "main", Some("status.example.com"), true, &[], "https://status.example.com:8443"),
            (&none, "main", Some("up.example.org"), true, &["up.example.org"], "https://up.example.org"),
            (&addresses, "status", None, true, &[], "https://status.example.com:8443"),
            (&addresses, "shop", None, false, &["shop.example.com"], "https://shop.example.com:8443"),
        ];
        for (addresses, slug, domain, root, own, url) in table {
            let page = Wanted {
                key: PageId::from((WorkspaceKey(1), PageKey(1))),
                slug: slug.to_owned(),
                root,
                domain: domain.map(str::to_owned),
                listed: None,
                restricted: None,
                noindex: false,
                preview: None,
            };
            let hosts = addresses.hosts_of(&page);
            assert_eq!(hosts, own, "{slug} {domain:?}");
            assert_eq!(addresses.place_of(&page, &hosts).url, url, "{slug} {domain:?}");
        }
    }
}

//! The addresses of feeds and calendars, for operators who hand them on.

use super::addresses::{Addresses, shown_page};
use skerry_domain::state::{Page, PageKey, State, WorkspaceKey};
use skerry_publish::view::FeedToken;

/// The feeds and the calendar of a page.
const OF_PAGE: [&str; 6] =
    ["feed.rss", "feed.atom", "feed.json", "history.rss", "history.atom", "calendar.ics"];
/// Those of a component.
const OF_COMPONENT: [&str; 4] = ["feed.rss", "feed.atom", "feed.json", "calendar.ics"];

/// A feed or a calendar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedAddress {
    /// The component that it is about; `None`: the page.
    pub component: Option<String>,
    /// The name of its file.
    pub file: &'static str,
    /// Its address without the token.
    url: String,
    /// That of a restricted page.
    token: Option<FeedToken>,
}

impl FeedAddress {
    /// Its address, with its token if it is that of a restricted page.
    #[must_use]
    pub fn url(&self) -> String {
        let query = self.token.as_ref().map_or_else(String::new, FeedToken::query);
        format!("{}{query}", self.url)
    }

    /// Whoever has its address reads it without signing in.
    #[must_use]
    pub fn has_token(&self) -> bool {
        self.token.is_some()
    }
}

impl Addresses {
    /// Whether visitors of a page sign in with a password.
    #[must_use]
    pub fn has_password(&self, page: &Page) -> bool {
        let wanted = shown_page(((WorkspaceKey(0), PageKey(0)), page), false, &self.options.present());
        let restricted = wanted.and_then(|wanted| wanted.restricted);
        restricted.is_some_and(|restricted| restricted.audience.password_file.is_some())
    }

    /// The feeds and calendars of a page; `None`: nobody sees it.
    #[must_use]
    pub fn feeds_of(&self, state: &State, key: PageKey) -> Option<Vec<FeedAddress>> {
        let page = state.pages.get(&key)?;
        // Where a page answers does not depend on its workspace.
        let wanted = shown_page(((WorkspaceKey(0), key), page), false, &self.options.present())?;
        let place = self.place_of(&wanted, &self.hosts_of(&wanted));
        let one = |component: Option<&str>, path: &str, file| FeedAddress {
            component: component.map(str::to_owned),
            file,
            url: format!("{}/{path}{file}", place.url),
            token: place.feed_token.clone(),
        };
        let mut feeds: Vec<_> = OF_PAGE.map(|file| one(None, "", file)).into();
        for key in skerry_domain::state::components_of(&page.items) {
            let Some(component) = state.components.get(&key).filter(|one| one.settings.public) else {
                continue;
            };
            let path = format!("components/{}/", component.id);
            feeds.extend(OF_COMPONENT.map(|file| one(Some(&component.settings.name), &path, file)));
        }
        Some(feeds)
    }
}

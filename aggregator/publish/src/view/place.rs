//! Where a page answers.

use std::fmt;

/// With this, programs that cannot sign in read the feeds and calendars of a restricted page: a secret.
#[derive(Clone, PartialEq, Eq)]
pub struct FeedToken(String);

impl FeedToken {
    /// Takes a token over.
    #[must_use]
    pub fn new(token: String) -> Self {
        Self(token)
    }

    /// What stands behind the path of a feed or a calendar in its address.
    #[must_use]
    pub fn query(&self) -> String {
        format!("?token={}", self.0)
    }
}

/// Says nothing of the token.
impl fmt::Debug for FeedToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("FeedToken")
    }
}

/// Where a page answers and for whom, which its state does not say.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Place {
    /// Its address in links, feeds and JSON, without a slash at the end.
    pub url: String,
    /// That is an address of a proxy of the page's owner, which asks by another path.
    pub is_external: bool,
    /// Search engines are asked not to list the page.
    pub noindex: bool,
    /// The token of the feeds and calendars of a restricted page.
    pub feed_token: Option<FeedToken>,
    /// Only whoever has a link of operators sees it there.
    pub preview: bool,
    /// Visitors can subscribe to it.
    pub takes_subscribers: bool,
    /// They can do so by mail, too.
    pub takes_mail: bool,
}

impl Place {
    /// A public page at this address, which has no slash at the end.
    #[must_use]
    pub fn at(url: &str) -> Self {
        Self { url: url.to_owned(), ..Self::default() }
    }
}

/// Says no token: the address of a preview holds one.
impl fmt::Debug for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = if self.preview { "a preview" } else { &self.url };
        formatter.debug_struct("Place").field("url", &url).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_for_debugging_has_no_token() {
        let token = FeedToken::new("5ecret".to_owned());
        assert_eq!(token.query(), "?token=5ecret");
        let feeds = Place { feed_token: Some(token.clone()), ..Place::at("https://x") };
        let preview = Place { preview: true, ..Place::at("https://x/preview/5ecret") };
        for printed in [format!("{token:?}"), format!("{feeds:?}"), format!("{preview:?}")] {
            assert!(!printed.contains("5ecret"), "{printed}");
        }
        assert!(format!("{feeds:?}").contains("https://x"));
    }
}

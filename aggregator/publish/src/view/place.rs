//! Where a page answers.

/// Where a page answers and for whom, which its state does not say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// Its address in links, feeds and JSON, without a slash at the end.
    pub url: String,
    /// That is an address of a proxy of the page's owner, which asks by another path.
    pub is_external: bool,
    /// Search engines are asked not to list the page.
    pub noindex: bool,
    /// With this programs that cannot sign in read the feeds and calendars of a restricted page.
    pub feed_token: Option<String>,
    /// Only whoever has a link of operators sees it there.
    pub preview: bool,
}

impl Place {
    /// A public page at this address, which has no slash at the end.
    #[must_use]
    pub fn at(url: &str) -> Self {
        Self { url: url.to_owned(), ..Self::default() }
    }
}

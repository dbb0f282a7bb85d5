//! What every page is made of: its style sheet, the policy that allows it, and the bytes.

use super::assets::minify;
use crate::branding;
use crate::view::PageView;
use base64::Engine as _;
use sha2::{Digest as _, Sha256};
use skerry_domain::branding::Branding;
use std::borrow::Cow;
use std::sync::LazyLock;

/// An HTML page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// The bytes.
    pub html: String,
    /// Its `Content-Security-Policy`.
    pub policy: String,
}

/// A kind of page. Its style sheet holds what all pages share and what its own parts need, so that no page carries the
/// rules of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sheet {
    Index,
    Component,
    Uptime,
    History,
    /// Incidents, maintenance, announcements.
    Timeline,
    /// The list of pages.
    Directory,
    NotFound,
    /// The sign-in page.
    Form,
    /// The strip in a frame.
    Widget,
    /// The forms of subscribers, and the pages behind the links in messages.
    Subscribe,
}

/// A part that few pages have, whose rules stand behind the sheet of a page that has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extra {
    /// Groups inside groups on the index.
    NestedRows,
    /// The same on the uptime pages.
    NestedFigures,
    Grids,
    /// Services of others.
    Services,
    Metrics,
}

/// A style sheet without comments and blanks, and its hash as a source of a policy.
#[derive(Clone)]
pub(crate) struct Style {
    pub(crate) css: String,
    hash: String,
}

const BRANDING: &str = include_str!("../../assets/branding.css");
pub(super) const TOKENS: &str = include_str!("../../assets/tokens.css");
const BASE: &str = include_str!("../../assets/base.css");
const INCIDENT: &str = include_str!("../../assets/incident.css");
const BAR: &str = include_str!("../../assets/bar.css");
const BARS: &str = include_str!("../../assets/bars.css");
const CARDS: &str = include_str!("../../assets/cards.css");
const CHART: &str = include_str!("../../assets/chart.css");
const COMPONENT: &str = include_str!("../../assets/component.css");
const DIRECTORY: &str = include_str!("../../assets/directory.css");
const FIGURES: &str = include_str!("../../assets/figures.css");
const GRIDS: &str = include_str!("../../assets/grids.css");
const HISTORY: &str = include_str!("../../assets/history.css");
const INNER: &str = include_str!("../../assets/inner.css");
const FORM: &str = include_str!("../../assets/form.css");
const METRICS: &str = include_str!("../../assets/metrics.css");
const NESTED_FIGURES: &str = include_str!("../../assets/nested_figures.css");
const NESTED_ROWS: &str = include_str!("../../assets/nested_rows.css");
const NOT_FOUND: &str = include_str!("../../assets/not_found.css");
const PREVIEW: &str = include_str!("../../assets/preview.css");
const PAST: &str = include_str!("../../assets/past.css");
const SERVICES: &str = include_str!("../../assets/services.css");
const UPTIME: &str = include_str!("../../assets/uptime.css");
const SUBSCRIBE: &str = include_str!("../../assets/subscribe.css");
const STRIP: &str = include_str!("../../assets/strip.css");
const WIDGET: &str = include_str!("../../assets/widget.css");

/// In the order of [`Sheet`].
static STYLES: LazyLock<[Style; 10]> = LazyLock::new(|| {
    [
        Style::of(&[TOKENS, BASE, BAR, BARS, CARDS, PAST]),
        Style::of(&[TOKENS, BASE, INNER, BAR, FIGURES, CHART, COMPONENT]),
        Style::of(&[TOKENS, BASE, INNER, FIGURES, UPTIME]),
        Style::of(&[TOKENS, BASE, INNER, PAST, HISTORY]),
        Style::of(&[TOKENS, BASE, INNER, CARDS, INCIDENT]),
        Style::of(&[TOKENS, BASE, DIRECTORY]),
        Style::of(&[NOT_FOUND]),
        Style::of(&[TOKENS, BASE, FORM]),
        Style::of(&[TOKENS, STRIP, WIDGET]),
        Style::of(&[TOKENS, BASE, INNER, SUBSCRIBE]),
    ]
});

/// In the order of [`Extra`].
static EXTRAS: LazyLock<[String; 5]> =
    LazyLock::new(|| [NESTED_ROWS, NESTED_FIGURES, GRIDS, SERVICES, METRICS].map(minify));

/// The style sheet of the strip in the page of another site, where the colours belong to the strip alone.
pub(super) fn strip_css(more: &str) -> String {
    minify(&[more, &TOKENS.replace(":root{", ".st{"), STRIP].concat())
}

impl Sheet {
    pub(crate) fn style(self) -> &'static Style {
        &STYLES[self as usize]
    }

    /// The style sheet of a page with this look.
    pub(crate) fn branded(self, look: &Branding) -> Cow<'static, Style> {
        let style = self.style();
        if *look == Branding::default() {
            return Cow::Borrowed(style);
        }
        Cow::Owned(Style::new(branding::restyled(&style.css, look) + &minify(BRANDING)))
    }

    /// That of a page with its look; a preview has a strip above it.
    pub(crate) fn of_page(self, view: &PageView) -> Cow<'static, Style> {
        let style = self.branded(&view.branding);
        if view.preview { Cow::Owned(Style::new(style.css.clone() + &minify(PREVIEW))) } else { style }
    }
}

impl Style {
    fn of(parts: &[&str]) -> Self {
        Self::new(minify(&parts.concat()))
    }

    fn new(css: String) -> Self {
        let hash = base64::engine::general_purpose::STANDARD.encode(Sha256::digest(css.as_bytes()));
        Self { css, hash }
    }

    /// With the rules of these parts.
    pub(crate) fn with(&self, extras: &[Extra]) -> Self {
        let mut css = self.css.clone();
        extras.iter().for_each(|extra| css.push_str(&EXTRAS[*extra as usize]));
        Self::new(css)
    }

    /// The `Content-Security-Policy` of a page with this style sheet that `frame_ancestors` may embed; empty for none.
    /// Nothing else is inline, and nothing comes from elsewhere. `linked`: the page links a style sheet beside it.
    pub(crate) fn policy(&self, frame_ancestors: &[String], linked: bool) -> String {
        let linked = if linked { " 'self'" } else { "" };
        let hash = &self.hash;
        let ancestors = match frame_ancestors {
            [] => "'none'".to_owned(),
            some => some.join(" "),
        };
        format!(
            "default-src 'none'; style-src 'sha256-{hash}'{linked}; script-src 'self'; img-src 'self'; connect-src 'self'; \
             base-uri 'none'; form-action 'none'; frame-ancestors {ancestors}"
        )
    }
}

impl Style {
    /// The policy of a page with a form, which is sent to its own site, and no script.
    pub(crate) fn form_policy(&self, linked: bool) -> String {
        self.policy(&[], linked)
            .replace("form-action 'none'", "form-action 'self'")
            .replace(" script-src 'self';", "")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_policy_allows_the_style_of_its_page_and_the_frames_that_are_named() {
        let policy = Sheet::Index.style().policy(&[], false);
        assert!(
            policy.contains("style-src 'sha256-") && policy.ends_with("frame-ancestors 'none'"),
            "{policy}"
        );
        assert!(!policy.contains("unsafe"));
        assert_ne!(policy, Sheet::Component.style().policy(&[], false));
        let framed =
            Sheet::Index.style().policy(&["https://intranet.example".to_owned(), "'self'".to_owned()], false);
        assert_eq!(framed.replace("https://intranet.example 'self'", "'none'"), policy, "the rest stays");
    }
}

//! The common parts of every page: head, header and footer.

use super::assets::script_path;
use super::document::{Document, Extra, Sheet, Style};
use super::head::Head;
use super::words::balanced;
use crate::branding;
use crate::texts::Texts;
use crate::view::PageView;
use sailfish::TemplateSimple;
use skerry_domain::branding::{Branding, OwnerLink, Theme};
use skerry_domain::text::Text;
use std::borrow::Cow;

#[derive(TemplateSimple)]
#[template(path = "frame.stpl")]
struct Layout<'a> {
    texts: &'static Texts,
    root: &'a str,
    /// The path of the document below the root.
    path: &'a str,
    /// The address of the root.
    url: &'a str,
    noindex: bool,
    /// Behind the paths of feeds and calendars.
    feed_query: String,
    preview: bool,
    title: String,
    language: &'a str,
    direction: &'static str,
    name: String,
    help: Option<&'a str>,
    footer: String,
    style: Cow<'static, Style>,
    /// Path of the owner's style sheet below the page's root.
    css: Option<String>,
    logo: Option<Logo>,
    /// The owner's text above the page, as markup.
    intro: Option<String>,
    /// The owner's text below the page, as markup.
    closing: Option<String>,
    links: &'a [OwnerLink],
    /// Paths below the root, and the names of what is there.
    pages: [(&'static str, &'static str, bool); 5],
    compact: bool,
    /// Forms need none.
    script: Option<&'static str>,
    /// It leads to the forms of subscribers.
    leads_to_forms: bool,
    /// With its form the browser names the origin, which it would hide otherwise.
    names_origin: bool,
    /// Path and content type of the owner's icon.
    icon: Option<(String, &'static str)>,
    theme: Theme,
    head: Head,
    body: String,
}

/// The owner's logo: its path, and that of another one for the dark scheme.
struct Logo {
    path: String,
    dark: Option<String>,
}

impl Logo {
    fn of(look: &Branding) -> Option<Self> {
        let (logo, dark) = branding::logo_paths(look);
        let path = logo?;
        Some(match look.theme {
            Theme::Auto => Self { path, dark },
            Theme::Light => Self { path, dark: None },
            Theme::Dark => Self { path: dark.unwrap_or(path), dark: None },
        })
    }
}

/// What surrounds the `<main>` of a document.
pub(crate) struct Frame<'a> {
    layout: Layout<'a>,
    frame_ancestors: &'a [String],
    has_form: bool,
}

impl<'a> Frame<'a> {
    /// The frame of the document at `path`; `root` is the relative path from there to the page's root ("" or "../").
    pub(crate) fn new(view: &'a PageView, sheet: Sheet, root: &'a str, path: &'a str, title: String) -> Self {
        let look = &*view.branding;
        let style = sheet.of_page(view);
        let markup = |text: &Option<Text>| text.as_ref().map(|text| text.public.html());
        let texts = view.texts();
        let layout = Layout {
            texts,
            root,
            path,
            url: &view.url,
            noindex: view.noindex,
            feed_query: view.feed_query(),
            preview: view.preview,
            head: Head::plain(view, &title),
            title,
            language: view.language.tag(),
            direction: view.language.direction(),
            name: balanced(&view.name),
            help: view.support_url.as_deref().filter(|url| is_link(url)),
            footer: texts.frame.footer(zone(view), view.rule.major_percent, view.rule.partial_percent),
            style,
            css: branding::css_path(look),
            logo: Logo::of(look),
            intro: markup(&look.header).filter(|_| sheet == Sheet::Index),
            closing: markup(&look.footer),
            links: &look.links,
            pages: pages(texts),
            compact: look.compact,
            script: (sheet != Sheet::Subscribe).then(|| script_path(view.language, sheet)),
            leads_to_forms: sheet != Sheet::Subscribe,
            names_origin: false,
            icon: branding::favicon_path(look),
            theme: look.theme,
            body: String::new(),
        };
        Self { layout, frame_ancestors: &view.frame_ancestors, has_form: false }
    }

    /// With a form that is sent to the page itself, so that nobody else may put the document into a frame. `names_origin`: the
    /// browser says where the form stands; not where its address is a secret.
    pub(crate) fn with_form(self, names_origin: bool) -> Self {
        Self { layout: Layout { names_origin, ..self.layout }, has_form: true, ..self }
    }

    /// With the wish that search engines do not list it.
    pub(crate) fn unlisted(self) -> Self {
        Self { layout: Layout { noindex: true, ..self.layout }, ..self }
    }

    /// With the styles of parts that few pages have.
    pub(crate) fn with_styles(self, extras: &[Extra]) -> Self {
        if extras.is_empty() {
            return self;
        }
        let style = Cow::Owned(self.layout.style.with(extras));
        Self { layout: Layout { style, ..self.layout }, ..self }
    }

    /// With what the document says outside of itself.
    pub(crate) fn with_head(self, head: Head) -> Self {
        Self { layout: Layout { head, ..self.layout }, ..self }
    }

    /// Renders the document around a rendered `<main>`.
    pub(crate) fn render(self, body: String) -> anyhow::Result<Document> {
        let (style, linked) = (&self.layout.style, self.layout.css.is_some());
        let policy = if self.has_form {
            style.form_policy(linked)
        } else {
            style.policy(self.frame_ancestors, linked)
        };
        Ok(Document { html: Layout { body, ..self.layout }.render_once()?, policy })
    }
}

/// The displayed name of the page's zone: "UTC", "Europe/Berlin".
pub(crate) fn zone(view: &PageView) -> &str {
    if view.time_zone_name == "Etc/UTC" { "UTC" } else { &view.time_zone_name }
}

/// Where the footer leads, by paths below the page's root, and whether that is a feed or a calendar.
fn pages(texts: &Texts) -> [(&'static str, &'static str, bool); 5] {
    [
        ("uptime", texts.status.uptime(), false),
        ("history", texts.status.history(), false),
        ("feed.rss", texts.frame.rss(), true),
        ("calendar.ics", texts.frame.calendar(), true),
        ("api/v2/summary.json", texts.frame.api(), false),
    ]
}

/// Whether the URL is a link with a harmless scheme, not a script.
pub(crate) fn is_link(url: &str) -> bool {
    ["https://", "http://", "mailto:", "tel:"].iter().any(|scheme| url.starts_with(scheme))
}

//! The common parts of every page: head, header and footer.

use super::assets::{icon_path, script_path};
use super::document::{Document, Sheet, Style};
use super::words::{balanced, is_right_to_left};
use crate::texts;
use crate::view::PageView;
use sailfish::TemplateSimple;

#[derive(TemplateSimple)]
#[template(path = "frame.stpl")]
struct Layout<'a> {
    root: &'a str,
    canonical: String,
    title: String,
    language: &'a str,
    direction: &'static str,
    name: String,
    help: Option<&'a str>,
    footer: String,
    style: &'static Style,
    script: &'static str,
    icon: &'static str,
    body: String,
}

/// What surrounds the `<main>` of a document.
pub(crate) struct Frame<'a> {
    layout: Layout<'a>,
    policy: String,
}

impl<'a> Frame<'a> {
    /// The frame of the document at `path`; `root` is the relative path from there to the page's root ("" or "../").
    pub(crate) fn new(view: &'a PageView, sheet: Sheet, root: &'a str, path: &str, title: String) -> Self {
        let layout = Layout {
            root,
            canonical: format!("{}/{path}", view.url),
            title,
            language: &view.language,
            direction: if is_right_to_left(&view.language) { "rtl" } else { "ltr" },
            name: balanced(&view.name),
            help: view.support_url.as_deref().filter(|url| is_link(url)),
            footer: texts::frame::footer(zone(view), view.rule.major_percent, view.rule.partial_percent),
            style: sheet.style(),
            script: script_path(),
            icon: icon_path(),
            body: String::new(),
        };
        Self { layout, policy: sheet.style().policy(&view.frame_ancestors) }
    }

    /// Renders the document around a rendered `<main>`.
    pub(crate) fn render(self, body: String) -> anyhow::Result<Document> {
        Ok(Document { html: Layout { body, ..self.layout }.render_once()?, policy: self.policy })
    }
}

/// The displayed name of the page's zone: "UTC", "Europe/Berlin".
pub(crate) fn zone(view: &PageView) -> &str {
    if view.time_zone_name == "Etc/UTC" { "UTC" } else { &view.time_zone_name }
}

/// Whether the URL is a link with a harmless scheme, not a script.
fn is_link(url: &str) -> bool {
    ["https://", "http://", "mailto:", "tel:"].iter().any(|scheme| url.starts_with(scheme))
}

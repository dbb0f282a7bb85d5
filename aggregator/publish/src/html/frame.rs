//! The common parts of every page: head, header and footer.

use super::assets::{STYLE, icon_path, script_path};
use super::words::{balanced, is_right_to_left};
use crate::texts;
use crate::view::PageView;
use sailfish::TemplateSimple;

#[derive(TemplateSimple)]
#[template(path = "frame.stpl")]
pub(crate) struct Frame<'a> {
    root: &'a str,
    canonical: String,
    title: String,
    language: &'a str,
    direction: &'static str,
    name: String,
    help: Option<&'a str>,
    footer: String,
    style: &'static str,
    script: &'static str,
    icon: &'static str,
    body: String,
}

impl<'a> Frame<'a> {
    /// The frame of the document at `path`; `root` is the relative path from there to the page's root ("" or "../").
    pub(crate) fn new(view: &'a PageView, root: &'a str, path: &str, title: String) -> Self {
        Self {
            root,
            canonical: format!("{}/{path}", view.url),
            title,
            language: &view.language,
            direction: if is_right_to_left(&view.language) { "rtl" } else { "ltr" },
            name: balanced(&view.name),
            help: view.support_url.as_deref().filter(|url| is_link(url)),
            footer: texts::frame::footer(zone(view), view.rule.major_percent, view.rule.partial_percent),
            style: &STYLE,
            script: script_path(),
            icon: icon_path(),
            body: String::new(),
        }
    }

    /// Renders the document around a rendered `<main>`.
    pub(crate) fn render(self, body: String) -> anyhow::Result<String> {
        Ok(Frame { body, ..self }.render_once()?)
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

//! What stands around the body of every page: head, header, footer.

use super::assets::{STYLE, icon_path, script_path};
use super::words::{balanced, runs_from_right};
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
    /// The frame of the page at `path`; `root` leads from there to the page's root ("" or "../").
    pub(crate) fn new(view: &'a PageView, root: &'a str, path: &str, title: String) -> Self {
        Self {
            root,
            canonical: format!("{}/{path}", view.url),
            title,
            language: &view.language,
            direction: if runs_from_right(&view.language) { "rtl" } else { "ltr" },
            name: balanced(&view.name),
            help: view.support_url.as_deref().filter(|url| is_link(url)),
            footer: texts::frame::footer(zone(view), view.rule.major_percent, view.rule.partial_percent),
            style: &STYLE,
            script: script_path(),
            icon: icon_path(),
            body: String::new(),
        }
    }

    /// The document around a rendered `<main>`.
    pub(crate) fn render(self, body: String) -> anyhow::Result<String> {
        Ok(Frame { body, ..self }.render_once()?)
    }
}

/// What the page's zone is called: "UTC", "Europe/Berlin".
pub(crate) fn zone(view: &PageView) -> &str {
    if view.time_zone_name == "Etc/UTC" { "UTC" } else { &view.time_zone_name }
}

/// Only what leads somewhere; never a script.
fn is_link(url: &str) -> bool {
    ["https://", "http://", "mailto:", "tel:"].iter().any(|scheme| url.starts_with(scheme))
}

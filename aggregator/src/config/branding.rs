//! Reads the look of a page. What cannot be shown as it is meant is refused here: a colour that is too faint, an image of
//! another format, a style sheet that reaches further than header and footer, a text that must not be public.

mod colors;
mod css;

use colors::Scheme;
use skerry_domain::branding::{
    Branding, Color, Colors, GroupFolding, Image, ImageFormat, ImagePurpose, OwnerLink, Theme,
};
use skerry_domain::text::Text;
use skerry_protocol::strict::{Entry, Item, Table, refuse};
use std::path::Path;

use super::values;
use crate::texts::TextSanitiser;

/// The largest image, in bytes.
const MAX_IMAGE_BYTES: usize = 200 * 1024;
/// The largest style sheet, in bytes.
const MAX_CSS_BYTES: usize = 20 * 1024;
/// The most links.
const MAX_LINKS: usize = 6;

/// Everything but the texts, which [`texts`] reads from the table once the sanitiser's rules are known.
pub(super) fn branding<'d>(page: &Table<'d>) -> (Branding, Option<Table<'d>>) {
    let Some(table) = page.table("branding") else { return (Branding::default(), None) };
    let mut branding = Branding {
        colors: colors(&table),
        theme: table.choice("theme", &Theme::ALL.map(|one| (one.name(), one))).or(Theme::Auto),
        groups: table
            .choice("groups", &GroupFolding::ALL.map(|one| (one.name(), one)))
            .or(GroupFolding::ByState),
        compact: table.boolean("compact").or(false),
        affected_first: table.choice("order", &[("configured", false), ("affected_first", true)]).or(false),
        links: links(&table),
        css: style_sheet(&table),
        ..Branding::default()
    };
    for purpose in ImagePurpose::ALL {
        if let Some(image) = image(&table, purpose) {
            branding.set_image(purpose, image);
        }
    }
    if table.has("logo_dark") && !table.has("logo") {
        table.refuse(
            "logo_dark",
            "logo_dark replaces logo in the dark scheme, and there is no logo",
            "Add logo.",
        );
    }
    (branding, Some(table))
}

/// The texts above and below a page. Nothing is removed from them: what must not be public is refused.
pub(super) fn texts(
    table: &Table<'_>,
    mut sanitiser: Option<&mut TextSanitiser>,
) -> (Option<Text>, Option<Text>) {
    let mut read = |key| text(table, key, sanitiser.as_deref_mut());
    (read("header"), read("footer"))
}

fn text(table: &Table<'_>, key: &'static str, sanitiser: Option<&mut TextSanitiser>) -> Option<Text> {
    let written = table.text(key).at_most(2_000).optional()?;
    match sanitiser?.refusing(|sanitiser| sanitiser.markdown(&written)) {
        Ok(text) => Some(text),
        Err(why) => {
            table.refuse(key, format!("{key}: {why}"), "Write it another way.");
            None
        }
    }
}

fn colors(table: &Table<'_>) -> Option<Colors> {
    let light = color(table.string("color"), Scheme::Light).optional();
    let dark = color(table.string("color_dark"), Scheme::Dark).optional();
    let given = light.or(dark)?;
    let of = |own: Option<Color>, scheme: Scheme| own.unwrap_or_else(|| scheme.nearest(given));
    Some(Colors { light: of(light, Scheme::Light), dark: of(dark, Scheme::Dark) })
}

/// A colour that can be read on the surfaces of its scheme.
fn color<'t>(entry: Entry<'t, String>, scheme: Scheme) -> Entry<'t, Color> {
    entry.convert(move |text| {
        let Some(color) = Color::from_hex(&text) else {
            return refuse(format!("is not a colour: \"{text}\""), "Write it such as \"#2b4fae\".");
        };
        if scheme.is_readable(color) {
            return Ok(color);
        }
        let name = match scheme {
            Scheme::Light => "light",
            Scheme::Dark => "dark",
        };
        let contrast = (scheme.contrast(color) * 100.0).floor() / 100.0;
        refuse(
            format!("\"{text}\" is too faint on the {name} page: its contrast is {contrast:.2}, and text needs 4.5"),
            format!("The nearest that can be read is \"{}\".", scheme.nearest(color)),
        )
    })
}

fn links(table: &Table<'_>) -> Vec<OwnerLink> {
    let items = table.list("links").unwrap_or_default();
    if items.len() > MAX_LINKS {
        table.refuse("links", format!("names {} links", items.len()), format!("Leave at most {MAX_LINKS}."));
    }
    items.iter().filter_map(link).collect()
}

fn link(item: &Item<'_>) -> Option<OwnerLink> {
    let example = "{ label = \"Northwind\", url = \"https://northwind.example\" }";
    let table = item.inline_table(example)?;
    let label =
        table.string("label").at_most(60).convert(values::visible_name).required("label = \"Northwind\"");
    let url = table
        .string("url")
        .convert(|text| values::web_url(&text))
        .required("url = \"https://northwind.example\"");
    Some(OwnerLink { label: label?, url: url? })
}

fn style_sheet(table: &Table<'_>) -> Option<String> {
    let path = table.path("css").optional()?;
    let source = file(table, "css", &path, MAX_CSS_BYTES)?;
    let Ok(source) = String::from_utf8(source) else {
        table.refuse("css", format!("css: {} is not UTF-8", path.display()), "Save it as UTF-8.");
        return None;
    };
    match css::check(&source) {
        Ok(css) => Some(css).filter(|css| !css.is_empty()),
        Err(wrong) => {
            for one in wrong {
                table.refuse(
                    "css",
                    format!("css: {}:{}: {}", path.display(), one.line, one.what),
                    one.remedy,
                );
            }
            None
        }
    }
}

fn image(table: &Table<'_>, purpose: ImagePurpose) -> Option<Image> {
    let key = purpose.name();
    let path = table.path(key).optional()?;
    let bytes = file(table, key, &path, MAX_IMAGE_BYTES)?;
    let allowed: &[ImageFormat] = match purpose {
        ImagePurpose::Logo | ImagePurpose::LogoDark => {
            &[ImageFormat::Png, ImageFormat::Svg, ImageFormat::WebP]
        }
        ImagePurpose::Favicon => &[ImageFormat::Ico, ImageFormat::Png, ImageFormat::Svg],
    };
    match format_of(&bytes).filter(|format| allowed.contains(format)) {
        Some(format) => Some(Image { format, bytes }),
        None => {
            let names = match purpose {
                ImagePurpose::Logo | ImagePurpose::LogoDark => "PNG, SVG or WebP",
                ImagePurpose::Favicon => "ICO, PNG or SVG",
            };
            let wrong = format!("{key}: {} is not {names}", path.display());
            table.refuse(key, wrong, "Save it in one of these formats.");
            None
        }
    }
}

/// The format that the first bytes say.
fn format_of(bytes: &[u8]) -> Option<ImageFormat> {
    if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
        return Some(ImageFormat::Png);
    }
    if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
        return Some(ImageFormat::WebP);
    }
    if bytes.starts_with(&[0, 0, 1, 0]) {
        return Some(ImageFormat::Ico);
    }
    let text = std::str::from_utf8(bytes).ok()?;
    let text = text.trim_start_matches('\u{feff}').trim_start();
    let is_markup = text.starts_with("<svg") || text.starts_with("<?xml") || text.starts_with("<!--");
    (is_markup && text.contains("<svg")).then_some(ImageFormat::Svg)
}

/// The contents of a file of at most `most` bytes.
fn file(table: &Table<'_>, key: &'static str, path: &Path, most: usize) -> Option<Vec<u8>> {
    let shown = path.display();
    match std::fs::read(path) {
        Ok(bytes) if bytes.len() <= most => Some(bytes),
        Ok(bytes) => {
            let wrong = format!("{key}: {shown} has {} kB", bytes.len().div_ceil(1024));
            table.refuse(key, wrong, format!("At most {} kB are served.", most / 1024));
            None
        }
        Err(error) => {
            table.refuse(
                key,
                format!("{key}: {shown} cannot be read: {error}"),
                "Name a file that the service may read.",
            );
            None
        }
    }
}

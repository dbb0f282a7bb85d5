//! How a badge is drawn: a label, and a field in a colour with an icon and a text. It is one picture for every page that shows it, so
//! it has one scheme and needs no style.

use skerry_domain::status::Status;
use skerry_protocol::words::is_unfit_to_show;
use std::fmt::Write;

/// The right part of a badge.
pub(super) struct Field<'a> {
    pub(super) text: &'a str,
    pub(super) fill: &'static str,
    /// `Some(None)` is the icon of missing data.
    pub(super) icon: Option<Option<Status>>,
}

/// Longest label in characters; a longer name is cut here and is complete in the title.
const LABEL_CHARACTERS: usize = 40;
/// Space on either side of a text, px.
const PADDING: u32 = 7;
/// Width of an icon with the space between it and the text, px.
const ICON: u32 = 18;

/// Draws a badge.
pub(super) fn svg(label: &str, field: &Field<'_>, title: &str) -> String {
    let label = shortened(label);
    let (left, right) = (width(&label), width(field.text));
    let left_box = left + 2 * PADDING;
    let text_at = left_box + PADDING + if field.icon.is_some() { ICON } else { 0 };
    let total = text_at + right + PADDING;
    let right_box = total - left_box;
    let fill = field.fill;
    let icon = field.icon.map_or_else(String::new, |status| placed(icon(status), left_box + PADDING, fill));
    let (title, label, text) = (escaped(title), escaped(&label), escaped(field.text));
    let mut svg = String::with_capacity(1_200);
    // `textLength` fits the text into its box with any font; writing to a String cannot fail.
    let _infallible = write!(
        svg,
        r##"<svg xmlns="http://www.w3.org/2000/svg" width="{total}" height="22" role="img" aria-label="{title}"><title>{title}</title><clipPath id="r"><rect width="{total}" height="22" rx="4"/></clipPath><g clip-path="url(#r)"><rect width="{left_box}" height="22" fill="#3a3f45"/><rect x="{left_box}" width="{right_box}" height="22" fill="{fill}"/></g>{icon}<g font-family="system-ui,-apple-system,Segoe UI,Roboto,Noto Sans,Verdana,sans-serif" font-size="12" font-weight="500" fill="#fff" aria-hidden="true"><text x="{PADDING}" y="15" textLength="{left}">{label}</text><text x="{text_at}" y="15" textLength="{right}">{text}</text></g></svg>"##,
    );
    svg
}

/// An icon in white, 13 px wide; what is cut out of it shows the field.
fn placed(icon: &str, x: u32, fill: &str) -> String {
    format!(
        r##"<svg x="{x}" y="4.5" width="13" height="13" viewBox="-1 -1 22 22" fill="#fff" stroke="{fill}" stroke-width="2.4" stroke-linecap="round" stroke-linejoin="round">{}</svg>"##,
        icon.replace("FIELD", fill)
    )
}

/// The shapes of the pages' icons.
pub(crate) fn icon(status: Option<Status>) -> &'static str {
    match status {
        Some(Status::Operational) => {
            r##"<circle cx="10" cy="10" r="10" stroke="none"/><path d="m5.6 10.4 3 3 5.8-6.2" fill="none"/>"##
        }
        Some(Status::DegradedPerformance) => {
            r##"<path d="M10 2.5 18.5 17.5h-17z" stroke="#fff"/><path d="M10 7.7v4m0 3.1v.1"/>"##
        }
        Some(Status::PartialOutage) => {
            r##"<path d="M10 1.6 18.4 10 10 18.4 1.6 10z" stroke="#fff"/><path d="M10 4 16 10 10 16z" fill="FIELD" stroke="none"/>"##
        }
        Some(Status::MajorOutage) => {
            r##"<path d="M5.9 0h8.2L20 5.9v8.2L14.1 20H5.9L0 14.1V5.9z" stroke="none"/><path d="m6.5 6.5 7 7m0-7-7 7"/>"##
        }
        Some(Status::UnderMaintenance) => {
            r##"<rect width="20" height="20" rx="5" stroke="none"/><path d="M10 5v5.4l3.4 2" fill="none"/>"##
        }
        None => {
            r##"<circle cx="10" cy="10" r="8.8" fill="none" stroke="#fff" stroke-dasharray="3.4 2.13" stroke-linecap="butt"/><path d="M6 10h8" stroke="#fff"/>"##
        }
    }
}

fn shortened(name: &str) -> String {
    if name.chars().count() <= LABEL_CHARACTERS {
        return name.to_owned();
    }
    name.chars().take(LABEL_CHARACTERS - 1).chain(['…']).collect()
}

/// Escapes text for XML 1.0 elements and attributes; characters that XML forbids are left out.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            '\u{fffe}' | '\u{ffff}' => {}
            character if is_unfit_to_show(character) => escaped.push(' '),
            character => escaped.push(character),
        }
    }
    escaped
}

/// Width of a text in px, in a usual font at 12 px.
fn width(text: &str) -> u32 {
    text.chars().map(advance).sum::<u32>().div_ceil(10).max(1)
}

/// Advance of one character in tenths of a px.
fn advance(character: char) -> u32 {
    match character {
        'i' | 'l' | '\'' | '|' => 30,
        'f' | 'j' | ' ' | '\u{a0}' | '.' | ',' | 't' => 40,
        'I' | 'J' | 'r' | ':' | ';' | '-' | '(' | ')' | '[' | ']' | '/' | '\\' | '!' => 49,
        'c' | 's' | 'z' | '?' | '"' => 58,
        'L' | 'F' | 'a' | 'e' | 'k' | 'v' | 'x' | 'y' | 'P' => 66,
        'E'
        | 'T'
        | 'Y'
        | 'b'
        | 'd'
        | 'g'
        | 'h'
        | 'n'
        | 'o'
        | 'p'
        | 'q'
        | 'u'
        | '0'..='9'
        | '$'
        | '_'
        | '*' => 70,
        'A' | 'B' | 'C' | 'K' | 'R' | 'S' | 'V' | 'X' | 'Z' => 77,
        'D' | 'G' | 'H' | 'N' | 'O' | 'Q' | 'U' | '&' => 86,
        'w' | 'M' | '#' | '+' | '<' | '=' | '>' | '~' | '^' => 92,
        'm' | 'W' | '@' | '%' | '…' => 109,
        character if character < '\u{1100}' => 77,
        _ => 115,
    }
}

//! Badges of the page and of each component, and the page's as a shields.io endpoint. The text names the status and the
//! colour repeats it, both as on the page.

use super::overall_status::{components, is_partly_unseen, is_unseen};
use super::texts::{self, badge as words};
use super::view::{ComponentView, MaintenanceView, PageView};
use jiff::tz::TimeZone;
use serde::Serialize;
use skerry_domain::incident::{Impact, IncidentStatus};
use skerry_domain::status::Status;
use skerry_domain::time::Timestamp;
use skerry_protocol::words::is_unfit_to_show;
use std::fmt::Write;

/// The `Content-Type` of `badge.svg`.
pub const SVG_CONTENT_TYPE: &str = "image/svg+xml; charset=utf-8";
/// The `Content-Type` of `badge.json`.
pub const JSON_CONTENT_TYPE: &str = "application/json; charset=utf-8";

/// A rendered badge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Badge {
    /// The path below the page's root.
    pub path: String,
    /// The component's id, or `None` for the page's badges.
    pub component: Option<String>,
    /// [`SVG_CONTENT_TYPE`] or [`JSON_CONTENT_TYPE`].
    pub content_type: &'static str,
    /// SVG or JSON.
    pub bytes: Vec<u8>,
}

/// All badges of a page.
///
/// # Errors
/// None in practice: the JSON has only text and numbers.
pub fn render(view: &PageView) -> serde_json::Result<Vec<Badge>> {
    let page = of_page(view);
    let mut badges = vec![
        svg_badge("badge.svg".to_owned(), &view.name, &page),
        Badge {
            path: "badge.json".to_owned(),
            component: None,
            content_type: JSON_CONTENT_TYPE,
            bytes: serde_json::to_vec(&endpoint(&view.name, &page))?,
        },
    ];
    badges.extend(components(view).map(|component| {
        let path = format!("components/{}/badge.svg", component.id);
        let badge = svg_badge(path, &component.name, &of_component(view, component));
        Badge { component: Some(component.id.clone()), ..badge }
    }));
    Ok(badges)
}

/// The text on the right of a badge, and the status that gives its colour; `None` is grey.
struct Message {
    text: String,
    status: Option<Status>,
}

/// An observed outage has precedence over what is announced, as in the banner, and both over missing data.
fn of_page(view: &PageView) -> Message {
    let total = components(view).count();
    let seen = || components(view).filter(|component| !is_unseen(component));
    let worst = seen().map(|component| component.status).max().unwrap_or(Status::Operational);
    if worst <= Status::UnderMaintenance
        && let Some(message) = of_incidents(view)
    {
        return message;
    }
    if worst != Status::Operational {
        let affected = seen().filter(|component| component.status == worst).count();
        let text = of_status(worst);
        let text = if affected == total { text } else { words::some(&text, affected, total) };
        return Message { text, status: Some(worst) };
    }
    let stale = || components(view).filter_map(|component| component.stale_since);
    let waiting = components(view).filter(|component| component.waiting).count();
    let text = if total == 0 {
        match view.incidents.iter().filter(|one| one.is_open()).count() {
            0 => words::EMPTY.to_owned(),
            open => words::incidents(open),
        }
    } else if stale().count() == total {
        no_data(stale().min(), view)
    } else if stale().count() > 0 {
        words::no_data(stale().count(), total)
    } else if components(view).any(is_partly_unseen) {
        words::PARTIAL_DATA.to_owned()
    } else if waiting == total {
        no_data(None, view)
    } else if waiting > 0 {
        words::waiting(waiting, total)
    } else {
        let text = beside_operation(view).unwrap_or_else(|| of_status(worst));
        return Message { text, status: Some(worst) };
    };
    Message { text, status: None }
}

/// Open incidents that affect visitors and are not yet being watched after a fix, in the colour of the worst of them.
fn of_incidents(view: &PageView) -> Option<Message> {
    let open = view.incidents.iter().filter(|one| one.is_open() && one.status != IncidentStatus::Monitoring);
    let impacts: Vec<Impact> = open.map(|one| one.impact).filter(|impact| *impact > Impact::None).collect();
    let worst = impacts.iter().copied().max()?;
    let status = match worst {
        Impact::None | Impact::Minor => Status::DegradedPerformance,
        Impact::Major => Status::PartialOutage,
        Impact::Critical => Status::MajorOutage,
    };
    let text = if impacts.len() == 1 { words::incident(worst) } else { words::incidents(impacts.len()) };
    Some(Message { text, status: Some(status) })
}

/// What is announced while everything is operational.
fn beside_operation(view: &PageView) -> Option<String> {
    let open = view.incidents.iter().filter(|one| one.is_open()).count();
    let running = view.maintenance.iter().any(MaintenanceView::is_running);
    match open {
        0 => running.then(|| words::MAINTENANCE.to_owned()),
        open => Some(words::beside_incidents(open)),
    }
}

fn of_component(view: &PageView, component: &ComponentView) -> Message {
    if is_unseen(component) {
        return Message { text: no_data(component.stale_since, view), status: None };
    }
    if is_partly_unseen(component) {
        return Message { text: words::PARTIAL_DATA.to_owned(), status: None };
    }
    Message { text: of_status(component.status), status: Some(component.status) }
}

fn of_status(status: Status) -> String {
    texts::status(status).to_lowercase()
}

/// Names the clock time of today, or the date of an earlier day.
fn no_data(since: Option<Timestamp>, view: &PageView) -> String {
    let Some(since) = since else { return words::WAITING.to_owned() };
    let (since, now) = (civil(since, &view.time_zone), civil(view.now, &view.time_zone));
    let format = if since.date() == now.date() { "%H:%M" } else { "%-d %b" };
    words::no_data_since(&since.strftime(format).to_string())
}

fn civil(at: Timestamp, zone: &TimeZone) -> jiff::civil::DateTime {
    zone.to_datetime(jiff::Timestamp::from_millisecond(at.0).unwrap_or(jiff::Timestamp::MAX))
}

/// The fill of a status on a light page, and a text colour with a contrast of at least 4.5:1.
fn colours(status: Option<Status>) -> (&'static str, &'static str) {
    match status {
        Some(Status::Operational) => ("#1f7a63", "#ffffff"),
        Some(Status::UnderMaintenance) => ("#5a6bf0", "#000000"),
        Some(Status::DegradedPerformance) => ("#bb8400", "#000000"),
        Some(Status::PartialOutage) => ("#b83a00", "#ffffff"),
        Some(Status::MajorOutage) => ("#75082b", "#ffffff"),
        None => ("#868a90", "#000000"),
    }
}

/// The JSON of `https://shields.io/badges/endpoint-badge`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Endpoint<'a> {
    schema_version: u8,
    label: &'a str,
    message: &'a str,
    color: &'static str,
    /// Prevents sites that embed the badge from changing the colour of an outage or of missing data.
    is_error: bool,
    /// The minimum that shields.io accepts.
    cache_seconds: u16,
}

fn endpoint<'a>(name: &'a str, message: &'a Message) -> Endpoint<'a> {
    let (color, _) = colours(message.status);
    let is_error = !matches!(message.status, Some(Status::Operational | Status::UnderMaintenance));
    Endpoint { schema_version: 1, label: name, message: &message.text, color, is_error, cache_seconds: 300 }
}

/// Longest label in characters; a longer name is cut here and is complete in the title.
const LABEL_CHARACTERS: usize = 40;
/// Space on either side of a text, px.
const PADDING: u32 = 6;

fn svg_badge(path: String, name: &str, message: &Message) -> Badge {
    Badge { path, component: None, content_type: SVG_CONTENT_TYPE, bytes: svg(name, message).into_bytes() }
}

fn svg(name: &str, message: &Message) -> String {
    let label = shortened(name);
    let (left, right) = (width(&label), width(&message.text));
    let (left_box, right_box) = (left + 2 * PADDING, right + 2 * PADDING);
    let total = left_box + right_box;
    let (fill, ink) = colours(message.status);
    let title = escaped(&format!("{name}: {}", message.text));
    let (label, text) = (escaped(&label), escaped(&message.text));
    let right_text = left_box + PADDING;
    let mut svg = String::with_capacity(900);
    // `textLength` fits the text into its box with any font; writing to a String cannot fail.
    let _infallible = write!(
        svg,
        r##"<svg xmlns="http://www.w3.org/2000/svg" width="{total}" height="20" role="img" aria-label="{title}"><title>{title}</title><clipPath id="r"><rect width="{total}" height="20" rx="3"/></clipPath><g clip-path="url(#r)"><rect width="{left_box}" height="20" fill="#3a4046"/><rect x="{left_box}" width="{right_box}" height="20" fill="{fill}"/></g><g font-family="Verdana,Geneva,DejaVu Sans,sans-serif" font-size="11" aria-hidden="true"><text x="{PADDING}" y="14" textLength="{left}" fill="#ffffff">{label}</text><text x="{right_text}" y="14" textLength="{right}" fill="{ink}">{text}</text></g></svg>"##,
    );
    svg
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

/// Width of a text in px, in Verdana at 11 px.
fn width(text: &str) -> u32 {
    text.chars().map(advance).sum::<u32>().div_ceil(10).max(1)
}

/// Advance of one character in tenths of a px.
fn advance(character: char) -> u32 {
    match character {
        'i' | 'l' | '\'' | '|' => 30,
        'f' | 'j' | ' ' | '.' | ',' | 't' => 40,
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

#[cfg(test)]
#[path = "badge_test.rs"]
mod tests;

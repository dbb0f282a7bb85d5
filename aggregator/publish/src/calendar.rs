//! `calendar.ics`: the announced maintenance of a page or of one component, an event each (RFC 5545), and one maintenance alone. Instants are UTC, and no byte
//! depends on when the calendar is rendered: an event carries the times of its window. What was cancelled stays, so that those who
//! have it in their calendars see that.

use crate::html::balanced;
use crate::stable_id;
use crate::texts::Texts;
use crate::times;
use crate::view::{ComponentView, IncidentText, MaintenanceView, PageView};
use jiff::tz::TimeZone;
use skerry_domain::maintenance::MaintenanceStatus;
use skerry_domain::time::Timestamp;
use skerry_protocol::words::is_unfit_to_show;
use std::fmt::Display;

/// The `Content-Type`.
pub const CONTENT_TYPE: &str = "text/calendar; charset=utf-8";
/// The longest line without its end, bytes (RFC 5545 §3.1).
const LINE: usize = 75;

/// The calendar of a page.
pub(crate) fn render(view: &PageView) -> Vec<u8> {
    calendar(view, Name::Of(&balanced(&view.name)), view.maintenance.iter())
}

/// The calendar of a component.
pub(crate) fn render_component(view: &PageView, component: &ComponentView) -> Vec<u8> {
    let name = view.texts().feed.of_component(&balanced(&view.name), &balanced(&component.name));
    calendar(view, Name::Of(&name), view.maintenance.iter().filter(|one| one.names(&component.id)))
}

/// One event to add to a calendar. A name would make a calendar of it, which programs subscribe to.
pub(crate) fn render_maintenance(view: &PageView, window: &MaintenanceView) -> Vec<u8> {
    calendar(view, Name::None, std::iter::once(window))
}

/// The same as it is sent: what comes later with the same id replaces it (RFC 5546 §3.2.1).
pub(crate) fn render_message(view: &PageView, window: &MaintenanceView) -> Vec<u8> {
    calendar(view, Name::Sent, std::iter::once(window))
}

/// What a calendar is called.
#[derive(Clone, Copy)]
enum Name<'a> {
    /// So.
    Of(&'a str),
    /// It has no name.
    None,
    /// It has no name, and is a message.
    Sent,
}

fn calendar<'a>(
    view: &PageView,
    name: Name<'_>,
    windows: impl Iterator<Item = &'a MaintenanceView>,
) -> Vec<u8> {
    let mut lines = Lines::default();
    lines.value("BEGIN", "VCALENDAR");
    lines.value("VERSION", "2.0");
    lines.value("PRODID", "-//Skerry//Status page//EN");
    lines.value("CALSCALE", "GREGORIAN");
    if let Name::Sent = name {
        lines.value("METHOD", "PUBLISH");
    }
    if let Name::Of(name) = name {
        // The name and the interval of RFC 7986 and, for those who do not know it, as they were written before.
        for key in ["NAME", "X-WR-CALNAME"] {
            lines.text(key, name);
        }
        lines.value("REFRESH-INTERVAL;VALUE=DURATION", "PT1H");
        lines.value("X-PUBLISHED-TTL", "PT1H");
    }
    for window in windows {
        event(&mut lines, view, window, matches!(name, Name::Sent));
    }
    lines.value("END", "VCALENDAR");
    lines.0.into_bytes()
}

fn event(lines: &mut Lines, view: &PageView, window: &MaintenanceView, sent: bool) {
    let cancelled = window.status == MaintenanceStatus::Cancelled;
    let title = balanced(&window.title.one_line());
    let address = format!("{}/maintenance/{}", view.url, window.id);
    lines.value("BEGIN", "VEVENT");
    lines.value("UID", stable_id::uuid(view, "maintenance", &window.id));
    // Without a METHOD this is when the event was last revised (§3.8.7.2).
    lines.value("DTSTAMP", instant(window.updated_at));
    lines.value("CREATED", instant(window.created_at));
    lines.value("LAST-MODIFIED", instant(window.updated_at));
    lines.value("SEQUENCE", window.revision);
    lines.value("DTSTART", instant(window.from));
    lines.value("DTEND", instant(window.to));
    lines.value("STATUS", if cancelled { "CANCELLED" } else { "CONFIRMED" });
    lines.value("TRANSP", "TRANSPARENT");
    lines.text("SUMMARY", &if cancelled { view.texts().feed.cancelled(&title) } else { title });
    lines.text("DESCRIPTION", &description(window, &address, view.texts()));
    lines.uri("URL", &address);
    if sent {
        // A message has to name who sent it (RFC 5546 §3.2.1): nobody takes answers, so it is the page.
        let name: String = view.name.chars().filter(|one| *one != '"' && !is_unfit_to_show(*one)).collect();
        lines.uri(&format!("ORGANIZER;CN=\"{name}\""), &view.url);
    }
    lines.value("END", "VEVENT");
}

/// The announcement, what is affected, and where to read on.
fn description(window: &MaintenanceView, address: &str, texts: &Texts) -> String {
    let announcement = window.updates.last().and_then(|first| first.body.as_ref());
    let names: Vec<_> = window.components.iter().map(|one| balanced(&one.name)).collect();
    let affected = crate::html::affected(&names, true, texts);
    let parts = [announcement.map(IncidentText::plain).unwrap_or_default(), affected, address.to_owned()];
    let parts: Vec<_> = parts.iter().map(String::as_str).filter(|part| !part.is_empty()).collect();
    parts.join("\n\n")
}

fn instant(at: Timestamp) -> String {
    times::zoned(at, &TimeZone::UTC).strftime("%Y%m%dT%H%M%SZ").to_string()
}

/// Content lines. Those of RFC 5545 are two rules, how text is escaped and where a line is folded: the crate for them would
/// bring types of time of its own and stamp events with the present time.
#[derive(Default)]
struct Lines(String);

impl Lines {
    /// A value that needs no escaping.
    fn value(&mut self, name: &str, value: impl Display) {
        self.line(&format!("{name}:{value}"));
    }

    /// A text (§3.3.11). Control characters have no form in a calendar.
    fn text(&mut self, name: &str, text: &str) {
        let mut escaped = String::with_capacity(text.len() + 8);
        for character in text.chars() {
            match character {
                '\\' | ';' | ',' => escaped.extend(['\\', character]),
                '\n' => escaped.push_str("\\n"),
                character if character.is_control() => {}
                character => escaped.push(character),
            }
        }
        self.line(&format!("{name}:{escaped}"));
    }

    /// An address, which is not escaped (§3.3.13).
    fn uri(&mut self, name: &str, address: &str) {
        let address: String = address.chars().filter(|one| !is_unfit_to_show(*one)).collect();
        self.line(&format!("{name}:{address}"));
    }

    /// Folds the line between characters: the rest of it begins with a blank.
    fn line(&mut self, line: &str) {
        let (mut rest, mut room) = (line, LINE);
        while rest.len() > room {
            let end = (1..=room).rev().find(|end| rest.is_char_boundary(*end)).unwrap_or(room);
            self.0.push_str(&rest[..end]);
            self.0.push_str("\r\n ");
            (rest, room) = (&rest[end..], LINE - 1);
        }
        self.0.push_str(rest);
        self.0.push_str("\r\n");
    }
}

#[cfg(test)]
#[path = "calendar_test.rs"]
mod tests;

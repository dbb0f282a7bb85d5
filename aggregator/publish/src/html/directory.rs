//! The list of pages, and the 404.

use super::document::{Document, Sheet, Style};
use super::words::{Clock, Tone, balanced};
use super::{assets, headline};
use crate::texts::{Language, Texts, not_found};
use crate::times::{self, instant};
use crate::view::PageView;
use jiff::tz::TimeZone;
use sailfish::TemplateSimple;
use skerry_domain::status::Status;
use skerry_domain::time::Timestamp;
use std::cmp::Reverse;

/// What the list of pages says of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageStatus {
    language: Language,
    tone: Tone,
    /// "Major outage: Card payments"
    headline: String,
    verified_at: Option<Timestamp>,
    believe_until: Timestamp,
}

impl PageStatus {
    /// The status of a page.
    #[must_use]
    pub fn of(view: &PageView) -> Self {
        let headline = headline::headline(view);
        Self {
            language: view.language,
            tone: headline.tone,
            headline: headline::plain(&headline.sentence, &Clock::of(view)),
            verified_at: view.verified_at,
            believe_until: view.believe_until,
        }
    }

    /// Whether visitors read the same, apart from when it was verified.
    #[must_use]
    pub fn says_the_same(&self, other: &Self) -> bool {
        (self.language, self.tone, &self.headline) == (other.language, other.tone, &other.headline)
    }
}

/// A page in the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// From the configuration.
    pub name: String,
    /// The public address of the page.
    pub url: String,
    /// Its status.
    pub status: PageStatus,
}

#[derive(TemplateSimple)]
#[template(path = "directory.stpl")]
struct Directory<'a> {
    texts: &'static Texts,
    language: &'static str,
    direction: &'static str,
    style: &'static Style,
    script: &'static str,
    live: super::Live,
    rows: Vec<Row<'a>>,
}

struct Row<'a> {
    url: &'a str,
    name: String,
    class: &'static str,
    /// Of the headline, if it is another one than that of the list.
    language: Option<&'static str>,
    headline: &'a str,
}

#[derive(TemplateSimple)]
#[template(path = "not_found.stpl")]
struct NotFound {
    style: &'static Style,
}

/// Renders the list of the listed pages at `now`, at `status/` below the root: the worst first, then by name. It speaks the
/// language of its pages, and English if they speak several.
///
/// # Errors
///
/// A template that cannot be written, which would be a fault of the program.
pub fn directory(entries: &[Entry], now: Timestamp) -> anyhow::Result<Document> {
    let language = language(entries);
    let texts = language.texts();
    let mut sorted: Vec<&Entry> = entries.iter().collect();
    sorted.sort_by_key(|entry| (Reverse(rank(entry.status.tone)), entry.name.to_lowercase()));
    let rows = sorted.into_iter().map(|entry| Row {
        url: &entry.url,
        name: balanced(&entry.name),
        class: entry.status.tone.class(),
        language: Some(entry.status.language).filter(|one| *one != language).map(Language::tag),
        headline: &entry.status.headline,
    });
    let style = Sheet::Directory.style();
    let body = Directory {
        texts,
        language: language.tag(),
        direction: language.direction(),
        style,
        script: assets::script_path(language, Sheet::Directory),
        live: live(entries, now, texts),
        rows: rows.collect(),
    };
    Ok(Document { html: body.render_once()?, policy: style.policy(&[], false) })
}

/// That of all pages, if they have one in common.
fn language(entries: &[Entry]) -> Language {
    let mut languages = entries.iter().map(|entry| entry.status.language);
    let first = languages.next().unwrap_or_default();
    if languages.all(|one| one == first) { first } else { Language::default() }
}

/// The place of a tone in the list: what we cannot see may be down.
fn rank(tone: Tone) -> u8 {
    match tone {
        Tone::Of(Status::Operational) => 0,
        Tone::Of(Status::UnderMaintenance) => 1,
        Tone::NoData => 2,
        other => other.weight(),
    }
}

/// The age of the list: that of its oldest entry, in UTC.
fn live(entries: &[Entry], now: Timestamp, texts: &Texts) -> super::Live {
    let zoned = |at| times::zoned(at, &TimeZone::UTC);
    let markup = |at, text: &str| format!("<time datetime={}>{text}</time>", instant(at));
    let full = |at| {
        let date = texts.dates.date(zoned(at).date(), true);
        markup(at, &texts.dates.time_of_date(&times::time_in_zone(&zoned(at), texts), &date))
    };
    let verified = entries.iter().filter_map(|entry| entry.status.verified_at).min();
    let until = entries.iter().map(|entry| entry.status.believe_until).min().unwrap_or(now);
    let text = match verified {
        Some(at) => texts.age.verified(&full(at)),
        None => texts.age.as_of(&full(now)),
    };
    super::Live {
        // No JSON tells when it last changed.
        updated: 0,
        until: instant(until),
        verified: verified.map(instant),
        text: texts.age.valid_until(&text, &markup(until, &times::time(&zoned(until)))),
    }
}

/// Renders every 404. It names no page and is always the same.
pub fn not_found() -> Document {
    let style = Sheet::NotFound.style();
    // A template that writes its style alone cannot fail; an empty body would still be the same for all.
    let html = NotFound { style }.render_once().unwrap_or_default();
    Document { html, policy: style.policy(&[], false) }
}

#[cfg(test)]
#[path = "directory_test.rs"]
mod tests;

//! The timeline of an incident or a maintenance, newest first, and its texts as markup.

use super::markup::{self, isolated};
use super::words::{Clock, Tone};
use crate::texts::Texts;
use crate::view::{IncidentText, MaintenanceEntry, UpdateView};
use jiff::civil::Date;
use skerry_domain::incident::IncidentStatus;

/// An entry of a timeline.
pub(crate) struct Entry {
    /// "4 more updates", which were left out before this one, as a link.
    pub(crate) left_out: Option<String>,
    /// Heads the first entry of a day.
    pub(crate) day: Option<String>,
    /// Class of the newest one's mark.
    pub(crate) class: &'static str,
    /// "15:41", as markup.
    pub(crate) time: String,
    /// The state and the text, as markup.
    pub(crate) text: String,
    /// Components whose status it changed.
    pub(crate) changes: Vec<StatusLine>,
    /// "Edited 15:50", as markup.
    pub(crate) edited: Option<String>,
}

/// "Refunds: partial outage".
pub(crate) struct StatusLine {
    /// As markup.
    pub(crate) name: String,
    pub(crate) class: &'static str,
    pub(crate) to: String,
}

/// How a timeline is written.
#[derive(Clone, Copy)]
pub(crate) struct Style {
    /// Days have headings, unless today is the only one; otherwise the time of another day has its date.
    pub(crate) days: bool,
    /// The longest Markdown that is shown as such, bytes; longer texts become one line that is cut.
    pub(crate) longest: usize,
    /// The script adds the age of the newest entry.
    pub(crate) ages: bool,
}

/// The state that an entry sets.
pub(crate) trait EntryState: Copy {
    /// The words before its text.
    fn words(self, texts: &Texts) -> &'static str;
}

impl EntryState for IncidentStatus {
    fn words(self, texts: &Texts) -> &'static str {
        texts.incident.status(self)
    }
}

impl EntryState for MaintenanceEntry {
    fn words(self, texts: &Texts) -> &'static str {
        texts.maintenance.entry(self.status, self.event)
    }
}

/// The entries of `updates`, which are newest first.
pub(crate) fn entries<S: EntryState>(
    updates: &[&UpdateView<S>],
    newest: Option<Tone>,
    style: Style,
    clock: &Clock<'_>,
) -> Vec<Entry> {
    let texts = clock.texts;
    let mut day: Option<Date> = None;
    let headed = style.days && updates.iter().any(|update| clock.date(update.display_at) != clock.today());
    let entry = |(place, update): (usize, &&UpdateView<S>)| {
        let date = clock.date(update.display_at);
        let new_day = day.replace(date) != Some(date);
        let time = clock.time_on(if style.days { date } else { clock.today() }, update.display_at);
        let time = if place == 0 && style.ages {
            markup::aging(update.display_at, &time, clock)
        } else {
            markup::time(update.display_at, &time, clock)
        };
        Entry {
            left_out: None,
            day: (headed && new_day).then(|| clock.isolated(clock.day(date))),
            class: newest.filter(|_| place == 0).map_or("", Tone::class),
            time,
            text: text(update.status.words(texts), update.body.as_ref(), style.longest, texts),
            changes: changes(update, texts),
            edited: update
                .edited_at
                .map(|at| texts.incident.edited(&markup::time(at, &clock.time_on(date, at), clock))),
        }
    };
    updates.iter().enumerate().map(entry).collect()
}

fn changes<S>(update: &UpdateView<S>, texts: &Texts) -> Vec<StatusLine> {
    let changed = update.components.iter().filter(|change| change.from != change.to);
    let line = |change: &crate::view::StatusChangeView| StatusLine {
        name: isolated(&change.name),
        class: Tone::Of(change.to).class(),
        to: Tone::Of(change.to).within(texts).to_owned(),
    };
    changed.map(line).collect()
}

/// An update as blocks: its state and its text.
pub(crate) fn update<S: EntryState>(update: &UpdateView<S>, texts: &Texts) -> String {
    text(update.status.words(texts), update.body.as_ref(), usize::MAX, texts)
}

/// "Identified, Fri 20 Nov 2026, 15:41 UTC. We are moving traffic.", without markup.
pub(crate) fn spoken<S: EntryState>(update: &UpdateView<S>, clock: &Clock<'_>) -> String {
    let state = format!("{}, {}.", update.status.words(clock.texts), clock.moment(update.display_at));
    match &update.body {
        Some(body) => format!("{state} {}", body.one_line()),
        None => state,
    }
}

/// "**Identified.** We are moving traffic.", with the state at the head of the first paragraph.
/// What people wrote is isolated from the state if it may run in another direction.
fn text(state: &str, body: Option<&IncidentText>, longest: usize, texts: &Texts) -> String {
    let head = format!("<b>{state}.</b>");
    let html = body.map_or_else(String::new, |body| body_html(body, longest));
    match html.strip_prefix("<p>").and_then(|rest| rest.split_once("</p>")) {
        Some((first, rest)) if first.is_ascii() && !texts.right_to_left => {
            format!("<p>{head} {first}</p>{rest}")
        }
        Some((first, rest)) => format!("<p>{head} <bdi>{first}</bdi></p>{rest}"),
        None => format!("<p>{head}</p>{html}"),
    }
}

/// The text as blocks. The sanitiser made the markup of a person's text.
pub(crate) fn body_html(body: &IncidentText, longest: usize) -> String {
    match body {
        IncidentText::Written(text) if text.source().len() <= longest => text.html(),
        body => format!("<p>{}</p>", markup::escaped(&cut(&body.one_line(), longest))),
    }
}

/// At most `longest` bytes; what is cut off leaves an ellipsis.
pub(super) fn cut(text: &str, longest: usize) -> String {
    if text.len() <= longest {
        return text.to_owned();
    }
    let end = (0..=longest).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    let words = text[..end].rsplit_once(' ').map_or(&text[..end], |(words, _)| words);
    format!("{words} …")
}

/// A title as markup.
pub(crate) fn title(title: &IncidentText) -> String {
    isolated(&title.one_line())
}

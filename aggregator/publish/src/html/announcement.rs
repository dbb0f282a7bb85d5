//! Announcements: their cards on the index, and the page of each. They carry no status colour and no status shape.

use super::document::{Document, Sheet};
use super::frame::Frame;
use super::head::Head;
use super::markup;
use super::timeline::body_html;
use super::words::{Clock, balanced};
use crate::texts::{self, Texts};
use crate::view::{AnnouncementView, IncidentText, PageView};
use sailfish::TemplateSimple;
use skerry_domain::announcement::AnnouncementLevel;
use skerry_domain::time::Timestamp;

/// Cards on the index; further ones are links.
const CARDS: usize = 2;
/// Longest text of a card, bytes.
const LONGEST: usize = 1_200;

/// What the index shows of announcements.
pub(crate) struct Notices {
    pub(crate) cards: Vec<Notice>,
    /// Links to the pages of further ones.
    pub(crate) others: Vec<Notice>,
    /// "2 more announcements"
    pub(crate) more: String,
}

/// An announcement.
pub(crate) struct Notice {
    pub(crate) id: String,
    pub(crate) warns: bool,
    /// As markup.
    pub(crate) title: String,
    /// As markup.
    pub(crate) text: String,
}

#[derive(TemplateSimple)]
#[template(path = "announcement.stpl")]
struct Page {
    texts: &'static Texts,
    name: String,
    notice: Notice,
    /// When it is or was shown, as markup.
    shown: String,
    /// "Edited 15:50", as markup.
    edited: Option<String>,
}

impl Notices {
    pub(crate) fn of(view: &PageView) -> Self {
        let shown = view.announcements.iter().filter(|one| one.is_shown());
        let mut cards: Vec<Notice> = shown.map(|one| notice(one, LONGEST)).collect();
        let others = cards.split_off(CARDS.min(cards.len()));
        let more = view.texts().announcement.more(others.len());
        Self { cards, others, more }
    }
}

/// An announcement whose text has at most `longest` bytes.
fn notice(one: &AnnouncementView, longest: usize) -> Notice {
    Notice {
        id: one.id.clone(),
        warns: one.level == AnnouncementLevel::Warning,
        title: markup::isolated(&one.title.one_line()),
        text: body_html(&IncidentText::Written(one.body.clone()), longest),
    }
}

/// Renders the page of an announcement, at `announcements/<id>`. It does not depend on the day on which it is rendered.
///
/// # Errors
///
/// A template that cannot be written, which would be a fault of the program.
pub fn announcement(view: &PageView, announcement: &AnnouncementView) -> anyhow::Result<Document> {
    let clock = Clock::lasting(view);
    let title = balanced(&announcement.title.one_line());
    let warns = if announcement.level == AnnouncementLevel::Warning {
        clock.texts.announcement.important()
    } else {
        ""
    };
    let document = format!("{warns}{title}");
    let body = Page {
        texts: clock.texts,
        name: balanced(&view.name),
        notice: notice(announcement, usize::MAX),
        shown: shown(announcement, &clock),
        edited: announcement.edited_at.map(|at| edited(announcement, at, &clock)),
    };
    let path = format!("announcements/{}", announcement.id);
    let head = Head::of_article(view, format!("{warns}{title}"), &announcement.body.one_line());
    Frame::new(view, Sheet::Timeline, "../", &path, texts::title(&document, &balanced(&view.name)))
        .with_head(head)
        .render(body.render_once()?)
}

/// When it is or was shown.
fn shown(announcement: &AnnouncementView, clock: &Clock<'_>) -> String {
    let (from, words) = (announcement.from, clock.texts.announcement);
    let span = |to: Timestamp| {
        let last = clock.date(to - 1).max(clock.date(from));
        markup::time(from, &clock.isolated(clock.days(clock.date(from), last)), clock)
    };
    match (announcement.ended_at, announcement.to) {
        (Some(ended), _) => words.ended(&span(ended.max(from))),
        (None, Some(to)) => words.during(&span(to)),
        (None, None) => words.since(&span(from)),
    }
}

/// "Edited 20 Nov, 13:15 UTC": the year stands in the sentence before, unless it is another one.
fn edited(announcement: &AnnouncementView, at: Timestamp, clock: &Clock<'_>) -> String {
    let (date, dates) = (clock.date(at), clock.texts.dates);
    let day = dates.day_of_month(date, date.year() != clock.date(announcement.from).year());
    let moment = clock.isolated(dates.day_and_time(&day, &clock.time_in_zone(at)));
    clock.texts.incident.edited(&markup::time(at, &moment, clock))
}

#[cfg(test)]
#[path = "announcement_test.rs"]
mod tests;

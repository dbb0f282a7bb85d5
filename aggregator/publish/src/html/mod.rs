//! The HTML pages: index, history, uptime, the page of each component, the list of pages and the 404.
//!
//! Links are relative to the page's root, because the same bytes are served at `/` and at `/status/<slug>/`; absolute
//! addresses come from the view alone. No page depends on its reader. All text from the configuration is escaped.

mod announcement;
mod assets;
mod bar;
mod boxes;
mod cards;
mod chart;
mod component;
mod corrected;
mod days;
mod directory;
mod document;
mod figures;
mod frame;
mod head;
mod headline;
mod history;
mod impairment;
mod incident;
#[cfg(test)]
mod look_test;
mod mail;
mod maintenance;
mod markup;
mod month;
mod month_list;
mod past;
mod past_writer;
mod row_parts;
mod rows;
mod script;
mod sections;
mod sent;
mod sign_in;
mod subscribe;
mod subscription;
mod timeline;
mod underway;
mod uptime;
mod widget;
mod words;

pub use announcement::announcement;
pub use assets::{Asset, FAVICON_ICO, FAVICON_ICO_TYPE, SCRIPT_TYPE, assets, assets_of};
pub use boxes::Chosen;
pub use component::{component, component_windows};
pub use directory::{Entry, PageStatus, directory, not_found};
pub use document::Document;
pub use history::{basis, history, is_closed, months, months_of, path_of, recent_months};
pub(crate) use history::{past_month, span_of};
pub use incident::incident;
pub use maintenance::maintenance;
pub use month::path_of as uptime_path_of;
pub(crate) use month::{MonthSpan, cell_of, figure_of, mean_of, past_month as past_uptime};
pub(crate) use month_list::earlier;
pub use sent::{Sent, sent};
pub use sign_in::{NotSignedIn, SignInPage, sign_in};
pub use subscribe::{FormFault, Refused, SUBSCRIBE_PATH, SubscribeForm, Topic, subscribe, subscribe_copy};
pub use subscription::{
    ManageNote, Subscription, TestResult, confirm, confirmed, foreign, manage, spent, stop, stopped,
};
pub use uptime::{uptime, uptime_of_month};
pub(crate) use widget::Strip;
pub use widget::widget;

use crate::texts::{self, Texts};
use crate::view::{ComponentView, PageView};
pub(crate) use cards::{Present, affected, of_impact, recurs};
use document::{Extra, Sheet};
pub(crate) use figures::is_young;
use frame::Frame;
pub(crate) use frame::zone;
use head::Head;
pub(crate) use impairment::impairment;
pub(crate) use mail::{EventLine, FigureRow, MailBody, MailPieces};
pub(crate) use maintenance::tone as maintenance_tone;
pub(crate) use markup::{escaped, isolated};
use row_parts::{Part, parts};
use rows::Row;
pub(crate) use rows::{mean, watched_from};
use sailfish::TemplateSimple;
pub(crate) use script::widget_script;
use skerry_domain::time::Timestamp;
pub(crate) use timeline::{body_html, update};
pub(crate) use words::{Clock, Tone, balanced, isolated_text};

/// The age of a page that can become stale; the script greys the page after `until`.
struct Live {
    /// When what the page says last changed, as milliseconds since 1970.
    updated: i64,
    /// In the format of `datetime`.
    until: String,
    verified: Option<String>,
    /// "Verified 16:15 UTC, 20 November 2026. Valid until 16:18.", as markup.
    text: String,
}

#[derive(TemplateSimple)]
#[template(path = "index.stpl")]
struct Index {
    texts: &'static Texts,
    tone: Tone,
    sentence: String,
    facts: String,
    live: Live,
    today: String,
    notices: announcement::Notices,
    /// Open incidents, and maintenance in progress.
    now: Vec<cards::Card>,
    /// Maintenance that is still to come.
    to_come: Vec<cards::Card>,
    rows: Vec<Row>,
    legend: figures::Legend,
    /// What stands behind the components, as markup.
    sections: String,
    days: Vec<past::DayRow>,
}

/// Renders the index of a page.
///
/// # Errors
///
/// A template that cannot be written, which would be a fault of the program.
pub fn index(view: &PageView) -> anyhow::Result<Document> {
    let clock = Clock::of(view);
    let headline = headline::headline(view);
    let rows = rows::rows(view);
    let mut days = history::last_fortnight(view, rows.iter().any(Row::is_cut), &clock);
    // Without components no day can be called quiet.
    days.retain(|day| !rows.is_empty() || !day.lines.is_empty());
    let (sections, mut extras) = sections::sections(view, &clock)?;
    let body = Index {
        texts: clock.texts,
        tone: headline.tone,
        sentence: markup::sentence(&headline.sentence, &clock),
        facts: markup::sentence(&headline.facts, &clock),
        live: Live::of(view, &clock),
        today: clock.today().to_string(),
        notices: announcement::Notices::of(view),
        now: cards::now(view, &clock),
        to_come: cards::to_come(view, &clock),
        legend: figures::Legend::of_rows(&rows, view, &clock),
        sections,
        days,
        rows,
    }
    .render_once()?;
    let title = texts::title(&headline::plain(&headline.sentence, &clock), &balanced(&view.name));
    let head = Head::of_banner(view, &headline, &clock);
    extras.extend(view.has_nested_groups().then_some(Extra::NestedRows));
    Frame::new(view, Sheet::Index, "", "", title).with_head(head).with_styles(&extras).render(body)
}

/// The icons of a page by its state, at the paths where browsers look for them without a link.
pub(crate) fn icons(view: &PageView) -> [(&'static str, &'static str, &'static [u8]); 2] {
    let pictures = assets::pictures(headline::headline(view).tone);
    [("favicon.ico", FAVICON_ICO_TYPE, pictures.ico), ("apple-touch-icon.png", "image/png", pictures.touch)]
}

/// "Verified 16:15 UTC, 20 November 2026.", as markup.
fn verified(view: &PageView, clock: &Clock<'_>) -> String {
    match view.verified_at {
        Some(at) => clock.texts.age.verified(&markup::time(at, &clock.full(at), clock)),
        None if headline::all_manual(view) => clock.texts.status.set_by_team().to_owned(),
        None => clock.texts.age.nothing_reported().to_owned(),
    }
}

impl Live {
    fn of(view: &PageView, clock: &Clock<'_>) -> Self {
        Self::new(&verified(view, clock), view.verified_at, view, clock)
    }

    /// The age of a component's page: a status that people set, or one without data, is not verified.
    fn of_component(component: &ComponentView, view: &PageView, clock: &Clock<'_>) -> Self {
        let unseen = component.waiting || component.stale_since.is_some();
        if !component.manual && !unseen {
            return Self::of(view, clock);
        }
        let text = clock.texts.age.as_of(&markup::time(view.now, &clock.full(view.now), clock));
        Self::new(&text, None, view, clock)
    }

    /// The age of a page of figures, whose sentence names the instant.
    fn as_of(text: String, view: &PageView, clock: &Clock<'_>) -> Self {
        let verified = view.verified_at.map(|at| clock.instant(at));
        let (updated, until) = (view.updated_at.0, clock.instant(view.believe_until));
        Self { updated, until, verified, text }
    }

    /// The age of a month that can still change.
    fn of_month(view: &PageView, clock: &Clock<'_>) -> Self {
        let at = view.verified_at.unwrap_or(view.now);
        let text = clock.texts.past.so_far_until(&markup::time(at, &clock.long_moment(at), clock));
        Self::as_of(text, view, clock)
    }

    fn new(text: &str, verified: Option<Timestamp>, view: &PageView, clock: &Clock<'_>) -> Self {
        let until = markup::time(view.believe_until, &clock.time(view.believe_until), clock);
        Self {
            updated: view.updated_at.0,
            until: clock.instant(view.believe_until),
            verified: verified.map(|at| clock.instant(at)),
            text: clock.texts.age.valid_until(text, &until),
        }
    }
}

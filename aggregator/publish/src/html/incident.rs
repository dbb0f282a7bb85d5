//! The page of one incident, whose form that of a maintenance shares: its state, its postmortem, its timeline and the components that it affects.

use super::cards::{self, Present};
use super::document::{Document, Sheet};
use super::frame::Frame;
use super::head::Head;
use super::impairment::{impairment, impairment_of};
use super::markup;
use super::subscribe::Topic;
use super::timeline::{self, Entry, Style};
use super::words::{Clock, Tone, balanced};
use super::{Live, history};
use crate::overall_status::components;
use crate::texts::{self, Texts};
use crate::view::{AffectedView, ComponentView, IncidentUpdateView, IncidentView, PageView};
use sailfish::TemplateSimple;
use skerry_domain::status::Status;
use skerry_domain::time::Timestamp;

/// Texts are complete.
pub(super) const STYLE: Style = Style { days: true, longest: usize::MAX, ages: true };

#[derive(TemplateSimple)]
#[template(path = "incident.stpl")]
pub(super) struct Page {
    pub(super) texts: &'static Texts,
    pub(super) name: String,
    /// The month in which it is listed: its path below the page's root, and its name.
    pub(super) month: (String, String),
    /// As markup.
    pub(super) title: String,
    /// Class of the panel and its icon; `None` without an icon.
    pub(super) icon: Option<&'static str>,
    /// "Identified".
    pub(super) state: &'static str,
    /// The text after the state, with what separates them, as markup.
    pub(super) facts: String,
    /// "Affects Card payments.", as markup.
    pub(super) affected: String,
    /// The address of its event, of maintenance that is still to come.
    pub(super) calendar: Option<String>,
    /// The path and the words of the form for its updates; `None` if it is over.
    pub(super) updates: Option<(String, &'static str)>,
    /// `None` if it is over.
    pub(super) live: Option<Live>,
    pub(super) postmortem: Option<Postmortem>,
    pub(super) entries: Vec<Entry>,
    pub(super) components: Vec<Affected>,
    /// The heading of the status of components.
    pub(super) column: &'static str,
}

pub(super) struct Postmortem {
    /// As markup.
    published: String,
    /// As markup.
    text: String,
}

pub(super) struct Affected {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) class: &'static str,
    pub(super) status: String,
    /// "Since 14:02", "14:02 to 17:07, 3 h 5 min", or nothing, as markup.
    pub(super) times: String,
}

/// Renders the page of an incident, at `incidents/<id>`.
///
/// # Errors
///
/// A template that cannot be written, which would be a fault of the program.
pub fn incident(view: &PageView, incident: &IncidentView) -> anyhow::Result<Document> {
    // What is closed is not rendered again each day: no date on it may depend on today.
    let clock = if incident.is_open() { Clock::of(view) } else { Clock::lasting(view) };
    let words = clock.texts.incident;
    let present = Present::of(incident, view);
    let tone = if incident.is_open() { present.tone } else { Some(Tone::Of(Status::Operational)) };
    let impaired = incident.is_open() && present.is_impaired();
    let names: Vec<_> = incident.components.iter().map(link).collect();
    let updates: Vec<&IncidentUpdateView> = incident.updates.iter().collect();
    let plain_title = balanced(&incident.title.one_line());
    let document = words.document(incident.status, &plain_title);
    let postmortem = incident.postmortem.as_ref().map(|postmortem| Postmortem {
        published: words.published(&moment(postmortem.published_at, &clock)),
        text: postmortem.text.html(),
    });
    let body = Page {
        texts: clock.texts,
        name: balanced(&view.name),
        month: history::month_of(view, incident.started_at, &clock),
        title: timeline::title(&incident.title),
        icon: tone.map(Tone::class),
        state: words.status(incident.status),
        facts: match incident.resolved_at {
            Some(at) => format!(". {}", resolved(incident, at, view, &clock)),
            None => format!(". {}", present.words(&clock)),
        },
        affected: cards::affected(&names, impaired, clock.texts),
        calendar: None,
        updates: incident.is_open().then(|| {
            (format!("../{}", Topic::of_incident(incident).form_path()), clock.texts.subscribe.on_incident())
        }),
        live: incident.is_open().then(|| Live::of(view, &clock)),
        postmortem,
        entries: timeline::entries(&updates, tone, STYLE, &clock),
        components: incident.components.iter().map(|one| component(one, incident, view, &clock)).collect(),
        column: words.columns()[if incident.is_open() { 1 } else { 2 }],
    };
    let path = format!("incidents/{}", incident.id);
    let newest = incident.updates.first();
    let about = newest.map(|update| timeline::spoken(update, &Clock::lasting(view)));
    let head = Head::of_article(view, plain_title, &about.unwrap_or_default());
    let head = match tone {
        Some(tone) => head.showing(tone, view),
        None => head,
    };
    Frame::new(view, Sheet::Timeline, "../", &path, texts::title(&document, &balanced(&view.name)))
        .with_head(head)
        .render(body.render_once()?)
}

fn moment(at: Timestamp, clock: &Clock<'_>) -> String {
    markup::time(at, &clock.moment(at), clock)
}

/// The name of a component with a link to its page, as markup.
pub(super) fn link(component: &AffectedView) -> String {
    format!("<a href=\"../components/{}\">{}</a>", component.id, markup::isolated(&component.name))
}

/// "Major outage for 3 h 5 min, 14:02 to 17:07 UTC on Fri 20 Nov 2026."
fn resolved(incident: &IncidentView, at: Timestamp, view: &PageView, clock: &Clock<'_>) -> String {
    let found = impairment(view, incident).filter(|found| found.to <= view.now);
    let (text, from, to) = match &found {
        Some(found) => (found.words(clock), found.from, found.to),
        None => {
            let from = incident.started_at.min(at);
            (clock.texts.incident.after(&clock.duration(at - from)), from, at)
        }
    };
    format!("{text}, {}.", clock.isolated(clock.span_on(from, to)))
}

/// A component of an incident: its present status, or the worst one once the incident is over, and when it was impaired.
fn component(
    affected: &AffectedView,
    incident: &IncidentView,
    view: &PageView,
    clock: &Clock<'_>,
) -> Affected {
    let known = components(view).find(|one| one.id == affected.id);
    let now = present(affected, known.filter(|_| incident.is_open()), clock);
    if !now.times.is_empty() {
        return now;
    }
    let found = known.and_then(|one| impairment_of(one, incident, view.now));
    let over = found.filter(|found| found.to <= view.now);
    let times = over.map_or_else(String::new, |found| {
        let span = clock.span_from(clock.date(incident.started_at), found.from, found.to);
        let length = clock.duration(found.length());
        clock.texts.incident.affected(&clock.isolated(span), &length, found.length() == found.to - found.from)
    });
    Affected { times, ..now }
}

/// A component with its present status, since when it has had it unless it is operational; with the worst one if it is
/// `None`.
pub(super) fn present(
    affected: &AffectedView,
    component: Option<&ComponentView>,
    clock: &Clock<'_>,
) -> Affected {
    let tone = component.map_or(Tone::Of(affected.worst), super::headline::tone);
    let waiting = component.is_some_and(|one| one.waiting);
    let fine = waiting || tone == Tone::Of(Status::Operational);
    let since = component.filter(|_| !fine).map(cards::since);
    Affected {
        id: affected.id.clone(),
        name: balanced(&affected.name),
        class: tone.class(),
        status: if waiting { clock.texts.status.waiting() } else { tone.label(clock.texts) }.to_owned(),
        times: since.map_or_else(String::new, |at| {
            format!(
                "{}{}",
                clock.texts.incident.since(),
                markup::time(at, &clock.time_on(clock.today(), at), clock)
            )
        }),
    }
}

#[cfg(test)]
#[path = "incident_test.rs"]
pub(super) mod tests;

//! The page of one incident: its state, its postmortem, its timeline and the components that it affects.

use super::cards::{self, Present};
use super::frame::Frame;
use super::impairment::impairment;
use super::markup;
use super::timeline::{self, Entry, Style};
use super::words::{Clock, Tone, balanced};
use super::{Live, history};
use crate::overall_status::components;
use crate::texts::{self, incident as words};
use crate::view::{AffectedView, IncidentUpdateView, IncidentView, PageView};
use sailfish::TemplateSimple;
use skerry_domain::status::Status;
use skerry_domain::time::Timestamp;
use skerry_protocol::words::duration;

/// Texts are complete.
const STYLE: Style = Style { days: true, longest: usize::MAX, ages: true };

#[derive(TemplateSimple)]
#[template(path = "incident.stpl")]
struct Page {
    name: String,
    /// The month in which it began: its path below the page's root, and its name.
    month: (String, String),
    /// As markup.
    title: String,
    /// Class of the panel and its icon; `None` without an icon.
    icon: Option<&'static str>,
    /// "Identified".
    state: &'static str,
    /// The text after the state, as markup.
    facts: String,
    /// "Affects Card payments.", as markup.
    affected: String,
    /// `None` if it is resolved.
    live: Option<Live>,
    postmortem: Option<Postmortem>,
    entries: Vec<Entry>,
    components: Vec<Affected>,
    /// The heading of the status of components.
    column: &'static str,
}

struct Postmortem {
    /// As markup.
    published: String,
    /// As markup.
    text: String,
}

struct Affected {
    id: String,
    name: String,
    class: &'static str,
    status: String,
}

/// Renders the page of an incident, at `incidents/<id>`.
///
/// # Errors
///
/// A template that cannot be written, which would be a fault of the program.
pub fn incident(view: &PageView, incident: &IncidentView) -> anyhow::Result<String> {
    // What is closed is not rendered again each day: no date on it may depend on today.
    let clock = if incident.is_open() { Clock::of(view) } else { Clock::lasting(view) };
    let present = Present::of(incident, view);
    let tone = if incident.is_open() { present.tone } else { Some(Tone::Of(Status::Operational)) };
    let impaired = incident.is_open() && present.is_impaired();
    let names: Vec<_> = incident.components.iter().map(link).collect();
    let updates: Vec<&IncidentUpdateView> = incident.updates.iter().collect();
    let plain_title = balanced(&incident.title.one_line());
    let document = format!("{} · {}", words::document(incident.status, &plain_title), balanced(&view.name));
    let postmortem = incident.postmortem.as_ref().map(|postmortem| Postmortem {
        published: words::published(&moment(postmortem.published_at, &clock)),
        text: postmortem.text.html(),
    });
    let body = Page {
        name: balanced(&view.name),
        month: history::month_of(incident.started_at, &clock),
        title: timeline::title(incident),
        icon: tone.map(Tone::class),
        state: words::status(incident.status),
        facts: match incident.resolved_at {
            Some(at) => resolved(incident, at, view, &clock),
            None => present.words(&clock),
        },
        affected: cards::affected(&names, impaired),
        live: incident.is_open().then(|| Live::of(view, &clock)),
        postmortem,
        entries: timeline::entries(&updates, tone, STYLE, &clock),
        components: incident.components.iter().map(|one| affected(one, incident, view)).collect(),
        column: words::COLUMNS[if incident.is_open() { 1 } else { 2 }],
    };
    let path = format!("incidents/{}", incident.id);
    Frame::new(view, "../", &path, document).render(body.render_once()?)
}

fn moment(at: Timestamp, clock: &Clock<'_>) -> String {
    markup::time(at, &clock.moment(at), clock)
}

fn link(component: &AffectedView) -> String {
    format!("<a href=\"../components/{}\">{}</a>", component.id, markup::isolated(&component.name))
}

/// "Major outage for 3 h 5 min, 14:02 to 17:07 UTC on Fri 20 Nov 2026."
fn resolved(incident: &IncidentView, at: Timestamp, view: &PageView, clock: &Clock<'_>) -> String {
    let length = |milliseconds| clock.isolated(duration(milliseconds));
    let found = impairment(view, incident).filter(|found| found.to <= view.now);
    let (text, from, to) = match &found {
        Some(found) => (found.words(clock), found.from, found.to),
        None => {
            let from = incident.started_at.min(at);
            (words::after(&length(at - from)), from, at)
        }
    };
    format!("{text}, {}.", clock.isolated(clock.span_on(from, to)))
}

fn affected(component: &AffectedView, incident: &IncidentView, view: &PageView) -> Affected {
    let known = components(view).find(|one| one.id == component.id && incident.is_open());
    let tone = known.map_or(Tone::Of(component.worst), super::headline::tone);
    let waiting = known.is_some_and(|one| one.waiting);
    let status = if waiting { texts::WAITING } else { tone.label() };
    Affected {
        id: component.id.clone(),
        name: balanced(&component.name),
        class: tone.class(),
        status: status.to_owned(),
    }
}

#[cfg(test)]
#[path = "incident_test.rs"]
mod tests;

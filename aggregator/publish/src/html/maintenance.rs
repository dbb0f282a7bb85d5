//! The page of one maintenance: its state, its times, its timeline and its components.

use super::document::{Document, Sheet};
use super::frame::Frame;
use super::head::Head;
use super::incident::{Affected, Page, STYLE, link, present};
use super::subscribe::Topic;
use super::words::{Clock, Tone, balanced};
use super::{Live, cards, history, markup, timeline};
use crate::view::{AffectedView, MaintenanceUpdateView, MaintenanceView, PageView};
use sailfish::TemplateSimple as _;
use skerry_domain::maintenance::MaintenanceStatus;
use skerry_domain::status::Status;
use skerry_domain::time::Timestamp;

/// Renders the page of a maintenance, at `maintenance/<id>`.
///
/// # Errors
///
/// A template that cannot be written, which would be a fault of the program.
pub fn maintenance(view: &PageView, maintenance: &MaintenanceView) -> anyhow::Result<Document> {
    let open = maintenance.is_open();
    // As for an incident that is over.
    let clock = if open { Clock::of(view) } else { Clock::lasting(view) };
    let tone = tone(maintenance.status);
    // Called off, it affected none of its components.
    let components: Vec<_> = maintenance.components.iter().filter(|_| !maintenance.called_off).collect();
    let names: Vec<_> = components.iter().map(|one| link(one)).collect();
    let updates: Vec<&MaintenanceUpdateView> = maintenance.updates.iter().collect();
    let plain_title = balanced(&maintenance.title.one_line());
    let words = clock.texts.maintenance;
    let document = words.document(maintenance.status, &plain_title);
    // Once it is over, the panel says all.
    let components = components.iter().filter(|_| open);
    let known = |id: &str| crate::overall_status::components(view).find(|one| one.id == id);
    let now = |one: &&AffectedView| {
        let now = present(one, known(&one.id), &clock);
        // What a component has before the beginning is no part of the maintenance.
        let times = if maintenance.is_running() { now.times } else { String::new() };
        Affected { times, ..now }
    };
    let components: Vec<Affected> = components.map(now).collect();
    let body = Page {
        texts: clock.texts,
        name: balanced(&view.name),
        // A month that is still to come has no page.
        month: history::month_of(
            view,
            maintenance.from.min(maintenance.ended_at.unwrap_or(view.now)),
            &clock,
        ),
        title: timeline::title(&maintenance.title),
        icon: Some(tone.class()),
        state: words.status(maintenance.status),
        facts: facts(maintenance, &clock),
        affected: cards::affected(&names, open, clock.texts),
        calendar: (open && !maintenance.is_running())
            .then(|| format!("../maintenance/{}/calendar.ics", maintenance.id)),
        updates: open.then(|| {
            let form = Topic::of_maintenance(maintenance).form_path();
            (format!("../{form}"), clock.texts.subscribe.on_maintenance())
        }),
        live: open.then(|| Live::of(view, &clock)),
        postmortem: None,
        entries: timeline::entries(&updates, Some(tone), STYLE, &clock),
        components,
        column: clock.texts.incident.columns()[1],
    };
    let path = format!("maintenance/{}", maintenance.id);
    let newest = maintenance.updates.first();
    let about = newest.map(|update| timeline::spoken(update, &Clock::lasting(view)));
    let head = Head::of_article(view, plain_title, &about.unwrap_or_default()).showing(tone, view);
    Frame::new(view, Sheet::Timeline, "../", &path, crate::texts::title(&document, &balanced(&view.name)))
        .with_head(head)
        .render(body.render_once()?)
}

/// The tone of the panel: what is over is operational, as for incidents.
pub(crate) fn tone(status: MaintenanceStatus) -> Tone {
    match status {
        MaintenanceStatus::Completed => Tone::Of(Status::Operational),
        MaintenanceStatus::Cancelled => Tone::NoData,
        _ => Tone::Of(Status::UnderMaintenance),
    }
}

/// What follows the state, as markup.
fn facts(maintenance: &MaintenanceView, clock: &Clock<'_>) -> String {
    let words = clock.texts.maintenance;
    let planned = || cards::planned(maintenance, clock);
    match maintenance.ended_at {
        Some(at) if maintenance.called_off => {
            let day = clock.isolated(clock.day(clock.date(at)));
            words.called_off(&markup::time(at, &day, clock), &planned())
        }
        Some(at) => words.took_place(&took_place(maintenance, at, clock)),
        None if maintenance.status == MaintenanceStatus::Verifying => ".".to_owned(),
        None if maintenance.is_running() => {
            words.until(&markup::time(maintenance.to, &clock.moment(maintenance.to), clock))
        }
        None => format!("{}{}", words.planned_for(&planned()), cards::recurs(maintenance, clock.texts)),
    }
}

/// "02:00 to 03:38 UTC on Sun 22 Nov 2026".
fn took_place(maintenance: &MaintenanceView, at: Timestamp, clock: &Clock<'_>) -> String {
    markup::escaped(&clock.isolated(clock.span_on(maintenance.from.min(at), at)))
}

#[cfg(test)]
#[path = "maintenance_test.rs"]
mod tests;

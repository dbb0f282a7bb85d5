//! The entries of `history.rss` and `history.atom`, word for word as Statuspage writes them: programs read them.

use super::Entry;
use crate::api_v2::LISTED;
use crate::texts::statuspage;
use crate::view::{IncidentText, IncidentView, MaintenanceView, PageView, UpdateView};
use crate::{html, stable_id, times};
use jiff::Zoned;
use skerry_domain::time::Timestamp;
use std::cmp::Reverse;

/// The newest incidents and maintenance, by their beginnings.
pub(super) fn entries(view: &PageView) -> Vec<Entry> {
    let history = History { view };
    let incidents = view.incidents.iter().take(LISTED).map(|one| (one.started_at, history.of_incident(one)));
    let windows = view.maintenance.iter().filter(|one| !one.called_off).take(LISTED);
    let windows = windows.map(|one| (one.from, history.of_maintenance(one)));
    let mut entries: Vec<_> = incidents.chain(windows).collect();
    entries.sort_by_key(|(began, _)| Reverse(*began));
    entries.into_iter().take(LISTED).map(|(_, entry)| entry).collect()
}

struct History<'a> {
    view: &'a PageView,
}

impl History<'_> {
    fn of_incident(&self, of: &IncidentView) -> Entry {
        let published = of.updates.first().map_or(of.created_at, |update| update.display_at);
        Entry {
            id: stable_id::urn(self.view, "incident", &of.id),
            title: html::balanced(&of.title.one_line()),
            link: format!("{}/incidents/{}", self.view.url, of.id),
            published,
            updated: of.updated_at.max(published),
            html: self.updates(&of.updates, |status| statuspage::incident(*status)),
            maintenance: None,
        }
    }

    fn of_maintenance(&self, of: &MaintenanceView) -> Entry {
        let published = of.updates.first().map_or(of.created_at, |update| update.display_at);
        let updates = self.updates(&of.updates, |entry| statuspage::maintenance(entry.status));
        Entry {
            id: stable_id::urn(self.view, "maintenance", &of.id),
            title: html::balanced(&of.title.one_line()),
            link: format!("{}/maintenance/{}", self.view.url, of.id),
            published,
            updated: of.updated_at.max(published),
            html: format!(
                "<p><strong>{} {}</strong></p>{updates}",
                statuspage::SCHEDULED_EVENT,
                self.span(of)
            ),
            maintenance: Some((of.from, of.to)),
        }
    }

    /// The updates, newest first. One that repeats the state before it is an "Update".
    fn updates<S>(&self, updates: &[UpdateView<S>], words: impl Fn(&S) -> &'static str) -> String {
        let update = |(place, update): (usize, &UpdateView<S>)| {
            let status = words(&update.status);
            let before = updates.get(place + 1).map(|before| words(&before.status));
            let status = if before == Some(status) { statuspage::UPDATE } else { status };
            let at = self.zoned(update.display_at);
            let head = format!(
                "<p><small>{}, {} {}</small><br><strong>{status}</strong>",
                date(&at),
                time(&at),
                html::escaped(&times::zone_name(&at))
            );
            update.body.as_ref().map_or_else(|| format!("{head}</p>"), |body| with_body(&head, body))
        };
        updates.iter().enumerate().map(update).collect()
    }

    /// "Jan 16, 12:00 - 16:00 GMT", the second day only if it is another one.
    fn span(&self, of: &MaintenanceView) -> String {
        let (from, to) = (self.zoned(of.from), self.zoned(of.to));
        let day = if from.date() == to.date() { String::new() } else { format!("{}, ", date(&to)) };
        let zone = html::escaped(&times::zone_name(&to));
        format!("{}, {} - {day}{} {zone}", date(&from), time(&from), time(&to))
    }

    fn zoned(&self, at: Timestamp) -> Zoned {
        times::zoned(at, &self.view.time_zone)
    }
}

/// The day is padded with a blank.
fn date(at: &Zoned) -> String {
    at.strftime("%b <var data-var='date'>%e</var>").to_string()
}

fn time(at: &Zoned) -> String {
    at.strftime("<var data-var='time'>%H:%M</var>").to_string()
}

/// The text follows its state in one paragraph.
fn with_body(head: &str, body: &IncidentText) -> String {
    let html = html::body_html(body, usize::MAX);
    match html.trim_end().strip_prefix("<p>") {
        Some(rest) => format!("{head} - {}", rest.replace("</p>\n<p>", "<br /><br />")),
        None => format!("{head}</p>{html}"),
    }
}

//! The monthly report: the uptime of each group in a month, and what was announced in it.

use super::said::{Fact, Foot, OnPage, Said, Target, sentence};
use super::{Attachment, plain};
use crate::archive::{Source, Versions};
use crate::csv;
use crate::html::{
    Clock, EventLine, FigureRow, balanced, cell_of, impairment, isolated_text, mean_of, months, span_of,
    uptime_path_of,
};
use crate::texts::Texts;
use crate::view::{IncidentView, Item, MaintenanceView, Month, PageView};
use skerry_domain::time::MINUTE;

/// Incidents and maintenance that are listed.
const LISTED: usize = 20;
/// The widest column of names in the text part, characters, and the space between columns.
const NAMES: usize = 34;
const SPACE: &str = "   ";

/// What the report lists.
pub(super) struct Report {
    pub(super) rows: Vec<FigureRow>,
    pub(super) events: Vec<EventLine>,
}

/// The report of a month. `None`: the page has no such month, or it is not over.
pub(super) fn report(on: &OnPage<'_>, month: Month) -> Option<Said> {
    let known = months(&on.view);
    let (_, over) = known.split_last()?;
    if !over.contains(&month) {
        return None;
    }
    let (state, page, now) = (on.of.state, on.of.page, on.of.now);
    let versions = Versions::default();
    let view = Source { state, page, place: on.of.place, now, versions: &versions }.month(month)?;
    let (clock, texts) = (Clock::of(&view), on.texts);
    let name = texts.dates.month(month);
    let held = held(&view, month, texts);
    let table = csv::of_month(&view, month).ok()?;
    let grouped = view.items.iter().any(|item| matches!(item, Item::Group(_)));
    let mean = texts.uptime.lead_of_month(None, false, grouped);
    Some(Said {
        subject: texts.uptime.in_month(&name),
        state: vec![texts.message.monthly_report().to_owned()],
        preview: sentence(&held),
        facts: vec![Fact { sentence: sentence(&held), name: texts.status.history(), value: held.clone() }],
        head: Some(sentence(&format!("{name}: {held}"))),
        report: Some(Report { rows: rows(&view, month, &clock), events: events(&view, month, &clock) }),
        notes: if mean.is_empty() { Vec::new() } else { vec![mean] },
        button: texts.message.see(&name),
        target: Target::Page(on.url(&uptime_path_of(month))),
        attachments: vec![Attachment {
            name: format!("uptime-{:04}-{:02}.csv", month.0, month.1),
            content_type: csv::CONTENT_TYPE,
            content: table.into(),
        }],
        foot: Foot::Monthly,
        ..Said::new(name, now)
    })
}

/// "2 incidents, 1 maintenance"
fn held(view: &PageView, month: Month, texts: &Texts) -> String {
    let (incidents, maintenance) = began(view, month);
    let held = texts.past.held(incidents.len(), maintenance.len());
    if held.is_empty() { texts.message.nothing_happened().to_owned() } else { held }
}

/// What began in the month, the latest first.
fn began(view: &PageView, month: Month) -> (Vec<&IncidentView>, Vec<&MaintenanceView>) {
    let (from, to) = span_of(view, month);
    let incidents = view.incidents.iter().filter(|one| from <= one.started_at && one.started_at < to);
    let maintenance =
        view.maintenance.iter().filter(|one| one.has_begun() && from <= one.from && one.from < to);
    (incidents.collect(), maintenance.collect())
}

fn rows(view: &PageView, month: Month, clock: &Clock<'_>) -> Vec<FigureRow> {
    let row = |item: &Item| {
        let name = match item {
            Item::Group(group) => &group.name,
            Item::Component(component) => &component.name,
        };
        let counted: Vec<_> = item.components().into_iter().filter(|one| one.showcase).collect();
        if counted.is_empty() {
            return None;
        }
        let figure = mean_of(&counted, month, view);
        let cell = cell_of(&figure, &counted, month, view, clock);
        let length = |length: i64| (length > 0).then(|| clock.duration(length));
        let [major, partial] = [figure.tally.major, figure.tally.partial].map(length);
        let known = figure.hundredths.is_some();
        let outage = clock.texts.message.outages(major.as_deref(), partial.as_deref());
        Some(FigureRow {
            name: balanced(&plain::unbroken(name)),
            outage: if known { outage } else { String::new() },
            figure: cell.text,
            class: cell.class,
        })
    };
    view.items.iter().filter_map(row).collect()
}

fn events(view: &PageView, month: Month, clock: &Clock<'_>) -> Vec<EventLine> {
    let (incidents, maintenance) = began(view, month);
    let texts = clock.texts;
    let url = |path: &str, id: &str| Some(format!("{}/{path}/{id}", view.url));
    let incidents = incidents.into_iter().map(|one| {
        let length = match one.resolved_at {
            Some(at) => clock.duration(lasted(one, at - one.started_at, view)),
            None => texts.message.not_resolved().to_owned(),
        };
        let title = isolated_text(&one.title.one_line(), texts);
        (title, url("incidents", &one.id), format!(", {length}"))
    });
    let maintenance = maintenance.into_iter().map(|one| {
        let length = one.ended_at.unwrap_or(view.now) - one.from;
        let length = clock.duration(length.max(MINUTE));
        let title = isolated_text(&one.title.one_line(), texts);
        (title, url("maintenance", &one.id), format!(", {}, {length}", texts.past.maintenance_within()))
    });
    let mut all: Vec<_> = incidents.chain(maintenance).collect();
    let left_out = all.len().saturating_sub(LISTED);
    all.truncate(LISTED);
    let lines = all.into_iter().map(|(title, url, length)| EventLine { title, url, length });
    let [before, after, link] = texts.past.more(left_out, true);
    let more = EventLine { title: format!("{before}{link}{after}"), url: None, length: String::new() };
    lines.chain((left_out > 0).then_some(more)).collect()
}

fn lasted(incident: &IncidentView, length: i64, view: &PageView) -> i64 {
    let found = impairment(view, incident).filter(|found| found.to <= view.now);
    found.map_or(length.max(0), |found| found.to - found.from)
}

/// The table of figures in plain text.
pub(super) fn plain_rows(report: &Report) -> String {
    let count = |text: &str| text.chars().count();
    let names = report.rows.iter().map(|row| count(&row.name)).filter(|length| *length <= NAMES);
    let (name, figure) = (names.max().unwrap_or(0), report.rows.iter().map(|row| count(&row.figure)).max());
    let figure = figure.unwrap_or(0);
    let row = |row: &FigureRow| {
        let label = format!("{:name$}", row.name);
        let value = format!("{SPACE}{:>figure$}{SPACE}{}", row.figure, row.outage);
        let fits = count(&label) + count(&value) <= plain::COLUMNS;
        if fits { label + &value } else { format!("{}\n{value}", plain::wrapped(&row.name)) }
    };
    let rows: Vec<_> = report.rows.iter().map(|one| row(one).trim_end().to_owned()).collect();
    rows.join("\n")
}

/// The list of what was announced, in plain text.
pub(super) fn plain_events(report: &Report) -> String {
    let event = |one: &EventLine| {
        let url = one.url.as_ref().map(|url| format!("\n{url}")).unwrap_or_default();
        format!("{}{url}", plain::wrapped(&format!("{}{}", one.title, one.length)))
    };
    report.events.iter().map(event).collect::<Vec<_>>().join("\n")
}

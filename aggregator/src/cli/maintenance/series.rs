//! Series of maintenance as tables, texts and JSON.

use super::super::reading::{name_of, second, version};
use super::super::table::aligned;
use super::shown::{page_name, page_of, title};
use skerry_domain::incident::Title;
use skerry_domain::maintenance::PlannedWindow;
use skerry_domain::rows::Subject;
use skerry_domain::series::MaintenanceSeries;
use skerry_domain::state::{SeriesKey, State};
use skerry_domain::time::{SECOND, Timestamp};
use skerry_protocol::words::duration;
use std::fmt::Write as _;

const HEADS: [&str; 6] = ["SERIES", "PAGE", "RULE", "NEXT", "TITLE", "NOTES"];
/// The next dates that are shown of a series.
const NEXT: usize = 5;

pub(super) type Row<'s> = (&'s State, SeriesKey, &'s MaintenanceSeries);

pub(super) fn with_id<'s>(state: &'s State, id: &str) -> Option<Row<'s>> {
    let key = state.series_with_id(id)?;
    Some((state, key, &state.series[&key]))
}

/// Whether a window need not be listed, since an earlier one of its series stands for it: neither a visitor nor a person
/// knows of it.
pub(super) fn is_later(state: &State, window: &PlannedWindow) -> bool {
    let Some(occurrence) = window.occurrence else { return false };
    if window.is_published() || window.started_at.is_some() || occurrence.modified {
        return false;
    }
    let mut others = state.occurrences(occurrence.series).map(|(_, one)| one);
    others.any(|one| {
        one.is_open() && one.started_at.is_none() && (one.from, &one.id) < (window.from, &window.id)
    })
}

pub(super) fn table(rows: &[Row<'_>], now: Timestamp, several: bool) -> String {
    let mut lines = vec![HEADS.map(str::to_owned)];
    lines.extend(rows.iter().map(|row| line(row, now, several)));
    aligned(&lines)
}

fn line(row: &Row<'_>, now: Timestamp, several: bool) -> [String; 6] {
    let (state, key, series) = *row;
    let page = page_of(state, series.page).unwrap_or("-");
    let next = state.next_starts(key, now).next();
    [
        series.id.clone(),
        page_name(state, page, several),
        series.recurrence.rule().to_owned(),
        next.map_or_else(|| "-".to_owned(), second),
        title(state, &series.title, (&series.components, &series.checks)),
        notes(series).join("; "),
    ]
}

fn notes(series: &MaintenanceSeries) -> Vec<String> {
    let mut notes = vec![format!("lasts {}", duration(series.length))];
    notes.extend(series.page.is_none().then(|| "private".to_owned()));
    notes.extend(series.ended_at.map(|at| format!("ended {}", second(at))));
    notes
}

/// "Sun 6 Dec 2026, 02:00 CET"
fn local(series: &MaintenanceSeries, at: Timestamp) -> String {
    let zone = skerry_protocol::schedule::time_zone(series.recurrence.zone_name());
    let instant = jiff::Timestamp::from_millisecond(at.0).ok();
    match zone.zip(instant) {
        Some((zone, instant)) => instant.to_zoned(zone).strftime("%a %-d %b %Y, %H:%M %Z").to_string(),
        None => second(at),
    }
}

pub(super) fn show(row: &Row<'_>, now: Timestamp, original: bool, json: bool) -> String {
    if json {
        return object(row, now, original).to_string();
    }
    let (state, key, series) = *row;
    let mut out = format!("{}\n", title(state, &series.title, (&series.components, &series.checks)));
    let mut say = |what: &str, value: String| {
        // Writing to a string cannot fail.
        let _ = writeln!(out, "  {what:<11} {value}");
    };
    if let (true, Title::Written(text)) = (original, &series.title)
        && text.written != text.public.source()
    {
        say("as written", text.written.clone());
    }
    if let Some(page) = page_of(state, series.page) {
        say("page", page.to_owned());
    }
    say("rule", series.recurrence.rule().to_owned());
    say("time zone", series.recurrence.zone_name().to_owned());
    for at in state.next_starts(key, now).take(NEXT) {
        let made = state.occurrences(key).find(|(_, one)| one.is_open() && one.from == at);
        let made = made.map_or_else(String::new, |(_, one)| format!("  {}", one.id));
        say("next", format!("{}{made}", local(series, at)));
    }
    if series.page.is_some() {
        say("announces", format!("each {} before it begins", duration(series.lead)));
    }
    for component in &series.components {
        say("component", name_of(state, *component).to_owned());
    }
    for check in &series.checks {
        say("check", check.clone());
    }
    for note in notes(series) {
        say("note", note);
    }
    say("version", version(state, &Subject::Series(key)));
    if let Some(body) = &series.body {
        let text = if original { body.written.clone() } else { body.public.plain().trim().to_owned() };
        out.push('\n');
        out.push_str(&text);
    }
    out.trim_end().to_owned()
}

pub(super) fn object(row: &Row<'_>, now: Timestamp, original: bool) -> serde_json::Value {
    let (state, key, series) = *row;
    let component = |key: &skerry_domain::state::ComponentKey| {
        let one = state.components.get(key);
        serde_json::json!({ "id": one.map(|one| &one.id), "name": name_of(state, *key) })
    };
    let written = match &series.title {
        Title::Written(text) if original => Some(&text.written),
        _ => None,
    };
    serde_json::json!({
        "id": series.id,
        "workspace": state.workspace.name,
        "page": page_of(state, series.page),
        "private": series.page.is_none(),
        "title": title(state, &series.title, (&series.components, &series.checks)),
        "title_as_written": written,
        "body": series.body.as_ref().map(|body| body.public.plain().trim().to_owned()),
        "body_as_written": series.body.as_ref().filter(|_| original).map(|body| &body.written),
        "rule": series.recurrence.rule(),
        "first": series.recurrence.first().to_string(),
        "time_zone": series.recurrence.zone_name(),
        "length_seconds": series.length / SECOND,
        "lead_seconds": series.lead / SECOND,
        "next": state.next_starts(key, now).take(NEXT).map(second).collect::<Vec<_>>(),
        "components": series.components.iter().map(component).collect::<Vec<_>>(),
        "checks": series.checks,
        "created_at": second(series.created_at),
        "updated_at": second(series.updated_at),
        "ended_at": series.ended_at.map(second),
        "version": version(state, &Subject::Series(key)),
    })
}

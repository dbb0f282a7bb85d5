//! The uptime of components and groups over a time, by the rule of the page.

use super::components::named;
use super::objects::Writer;
use super::rows::all_below;
use crate::api::call::Call;
use crate::api::document::Fields;
use crate::api::refusal::Refusal;
use crate::api::reply::Reply;
use crate::desired::zone_of;
use jiff::ToSpan as _;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Serialize;
use skerry_domain::state::{Component, ComponentKey, Page, PageKey};
use skerry_domain::time::{SECOND, Timestamp};
use skerry_domain::uptime::{self, Figure};
use skerry_publish::{Uptime as Known, component_uptime};

/// The days of the default, as of a bar: today is the last.
const DAYS: i64 = 90;
/// The longest time, as Statuspage has it.
const MONTHS: i64 = 6;

/// The uptime of a component or of a group.
#[derive(Serialize)]
struct Uptime<E> {
    range_start: String,
    range_end: String,
    /// Truncated to two decimals; null if nothing was observed.
    uptime_percentage: Option<f64>,
    /// Seconds.
    major_outage: i64,
    /// Seconds.
    partial_outage: i64,
    warnings: Option<Vec<String>>,
    id: String,
    name: String,
    related_events: Option<E>,
}

/// An incident that names a component.
#[derive(Clone, Serialize)]
struct Event {
    id: String,
}

/// The incidents of a component. Statuspage describes an object with one id, the newest here; the list has all.
#[derive(Serialize)]
struct Events {
    id: Option<String>,
    incidents: Vec<Event>,
}

/// The incidents of a component of a group.
#[derive(Serialize)]
struct EventsOfComponent {
    component_id: String,
    incidents: Vec<Event>,
}

/// The incidents of a group. Statuspage describes an object with one component; the list has all that have some.
#[derive(Serialize)]
struct EventsOfGroup {
    component_id: Option<String>,
    incidents: Option<Event>,
    components: Vec<EventsOfComponent>,
}

/// A time that a request asks for.
struct Range {
    from: Timestamp,
    to: Timestamp,
    zone: TimeZone,
    events: bool,
    warnings: Vec<String>,
}

/// `GET …/components/{component}/uptime`.
pub(in crate::api) fn component(call: &Call<'_>) -> Result<Reply, Refusal> {
    let (page_key, page) = call.page()?;
    let (key, component) = named(call)?;
    let start = component.settings.start_date.map(|_| component.layers.start);
    let mut range = range(call, page, start)?;
    let known = component_uptime(call.state, page, component, (range.from, range.to), call.now);
    warn(&mut range, call, page, &[known]);
    let events = range.events.then(|| {
        let incidents = events(call, page_key, key, &range);
        Events { id: incidents.first().map(|newest| newest.id.clone()), incidents }
    });
    Ok(Reply::ok(written(
        call,
        page,
        range,
        &known.figure,
        (&component.id, &component.settings.name),
        events,
    )))
}

/// `GET …/component-groups/{group}/uptime`: the mean of all components below it, truncated.
pub(in crate::api) fn group(call: &Call<'_>) -> Result<Reply, Refusal> {
    let (page_key, page) = call.page()?;
    let (key, group) = call.group()?;
    let all: Vec<(ComponentKey, &Component)> = all_below(call.state, page, key).collect();
    // The page takes the mean of those that show their uptime.
    let shown: Vec<_> = all.iter().copied().filter(|(_, one)| one.settings.showcase).collect();
    let counted = if shown.is_empty() { &all } else { &shown };
    let starts = counted.iter().map(|(_, one)| one.settings.start_date.map(|_| one.layers.start));
    let mut range = range(call, page, starts.min().flatten())?;
    let known: Vec<Known> = counted
        .iter()
        .map(|(_, one)| component_uptime(call.state, page, one, (range.from, range.to), call.now))
        .collect();
    warn(&mut range, call, page, &known);
    let figures: Vec<Figure> = known.iter().map(|one| one.figure).collect();
    let figure = uptime::group(&figures);
    let events = range.events.then(|| {
        let of = counted.iter().map(|(key, one)| EventsOfComponent {
            component_id: one.id.clone(),
            incidents: events(call, page_key, *key, &range),
        });
        let components: Vec<EventsOfComponent> = of.filter(|one| !one.incidents.is_empty()).collect();
        let first = components.first();
        EventsOfGroup {
            component_id: first.map(|one| one.component_id.clone()),
            incidents: first.and_then(|one| one.incidents.first().cloned()),
            components,
        }
    });
    Ok(Reply::ok(written(call, page, range, &figure, (&group.id, &group.name), events)))
}

fn written<E>(
    call: &Call<'_>,
    page: &Page,
    range: Range,
    figure: &Figure,
    (id, name): (&str, &str),
    related_events: Option<E>,
) -> Uptime<E> {
    let writer = Writer::new(call, page);
    Uptime {
        range_start: writer.at(range.from),
        range_end: writer.at(range.to),
        uptime_percentage: figure.hundredths.map(|hundredths| f64::from(hundredths) / 100.0),
        major_outage: figure.tally.major / SECOND,
        partial_outage: figure.tally.partial / SECOND,
        // A client that decodes a text here reads null, unless there is something to say.
        warnings: Some(range.warnings).filter(|warnings| !warnings.is_empty()),
        id: id.to_owned(),
        name: name.to_owned(),
        related_events,
    }
}

/// Reads `start` and `end`, dates in the zone of the page or instants; a day that is the end counts, too. `start_date` is
/// the default of a young component.
fn range(call: &Call<'_>, page: &Page, start_date: Option<Timestamp>) -> Result<Range, Refusal> {
    let zone = zone_of(&page.settings.time_zone);
    let mut query = call.query.fields();
    let skips = query.boolean("skip_related_events").unwrap_or(false);
    let mut warnings = Vec::new();
    let asked_end = edge(&mut query, "end", &zone, true);
    let asked_start = edge(&mut query, "start", &zone, false);
    query.finish()?;
    let end = asked_end.unwrap_or(call.now);
    // Today as the end is today up to now.
    if end > call.now && date_of(end + -1, &zone) != date_of(call.now, &zone) {
        warnings.push("the end is in the future: the time up to now was taken".to_owned());
    }
    let to = end.min(call.now);
    let usual = date_of(to + -1, &zone).saturating_sub((DAYS - 1).days());
    let usual = midnight(usual, &zone).unwrap_or(Timestamp(0));
    let from =
        asked_start.unwrap_or_else(|| usual.max(start_date.filter(|start| *start < to).unwrap_or(usual)));
    if from >= to {
        return Err(Refusal::invalid("start must be before end, and not in the future"));
    }
    if date_of(from, &zone).saturating_add(MONTHS.months()) < date_of(to + -1, &zone) {
        return Err(Refusal::invalid(format!(
            "the time is longer than {MONTHS} months: choose a later start"
        )));
    }
    Ok(Range { from, to, zone, events: !skips, warnings })
}

/// A date or an instant.
fn edge(query: &mut Fields<'_>, name: &str, zone: &TimeZone, ends: bool) -> Option<Timestamp> {
    let text = query.words(name)?;
    if let Ok(at) = text.parse::<jiff::Timestamp>() {
        return Some(Timestamp(at.as_millisecond()));
    }
    let date = text.parse::<Date>().ok();
    let date = date.and_then(|date| if ends { date.tomorrow().ok() } else { Some(date) });
    let at = date.and_then(|date| midnight(date, zone));
    if at.is_none() {
        query.refuse(format!(
            "{name} {text:?} is neither a date nor a time: write it such as 2026-11-30 or 2026-11-30T14:00:00Z"
        ));
    }
    at
}

fn midnight(date: Date, zone: &TimeZone) -> Option<Timestamp> {
    let midnight = date.to_zoned(zone.clone()).ok()?;
    Some(Timestamp(midnight.timestamp().as_millisecond()))
}

fn date_of(at: Timestamp, zone: &TimeZone) -> Date {
    let end = if at.0 < 0 { jiff::Timestamp::MIN } else { jiff::Timestamp::MAX };
    jiff::Timestamp::from_millisecond(at.0).unwrap_or(end).to_zoned(zone.clone()).date()
}

/// What a reader of the figure should know.
fn warn(range: &mut Range, call: &Call<'_>, page: &Page, known: &[Known]) {
    let writer = Writer::new(call, page);
    let watched = known.iter().map(|one| one.watched_from.filter(|from| *from < range.to));
    let late = watched.clone().flatten().filter(|from| *from > range.from).max();
    if watched.clone().all(|from| from.is_none()) {
        range.warnings.push("nothing was observed in this time".to_owned());
    } else if let Some(from) = late {
        let on = if date_of(from, &range.zone) == date_of(call.now, &range.zone) {
            writer.at(from)
        } else {
            date_of(from, &range.zone).to_string()
        };
        range.warnings.push(format!("there is no data from before {on}: that time is left out"));
    }
    if known.iter().any(|one| one.figure.hundredths.is_some() && !one.figure.enough) {
        range.warnings.push("less than 90 % of this time was observed".to_owned());
    }
}

/// The published incidents that name a component and touch a time, newest first.
fn events(call: &Call<'_>, page: PageKey, component: ComponentKey, range: &Range) -> Vec<Event> {
    let incidents = call.state.incidents.values().rev().filter(|one| one.page == page && one.is_published());
    // What began in this millisecond has begun.
    let to = if range.to == call.now { Timestamp::FAR } else { range.to };
    let touches = incidents.filter(|one| {
        let ended = one.resolved_at.filter(|_| !one.is_open()).unwrap_or(Timestamp::FAR);
        one.started_at < to && ended > range.from
    });
    let names = touches.filter(|one| one.components().iter().any(|(key, _)| *key == component));
    names.map(|one| Event { id: one.id.clone() }).collect()
}

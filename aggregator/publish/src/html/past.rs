//! Past days: incidents, maintenance, and from the intervals what else was not operational, for how long, and when. Days without
//! entries are called quiet only if they were monitored.

use super::impairment::{Announced, uncovered};
use super::past_writer::Writer;
use super::words::{Clock, Tone};
use crate::overall_status::components;
use crate::view::{ComponentView, CorrectionView, IncidentView, MaintenanceView, PageView};
use jiff::civil::Date;
use skerry_domain::status::{Effective, Status};
use skerry_domain::time::{MINUTE, Timestamp};
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// Episodes that begin within this time of the first one form an event, in ms.
const EVENT_START: i64 = 5 * MINUTE;

/// A row: one day, or several days that one event covers or that were all quiet.
pub(crate) struct DayRow {
    /// "Fri 20 Nov", "16 to 19 Nov".
    pub(crate) label: String,
    /// Newest first; empty on quiet days.
    pub(crate) lines: Vec<PastLine>,
    /// The text for quiet days.
    pub(crate) quiet: &'static str,
    /// The number of lines left out.
    pub(crate) more: usize,
}

/// One line of a row.
pub(crate) struct PastLine {
    /// CSS class of the worst state; `None` for a correction, which is no state.
    pub(crate) class: Option<&'static str>,
    /// "Partial outage: Exports", or the link to an incident, as markup.
    pub(crate) title: String,
    /// "12 min, 03:10 to 03:22.", as markup.
    pub(crate) facts: String,
}

/// Limits on the length of the list.
#[derive(Clone, Copy)]
pub(crate) struct Limits {
    /// Lines per row.
    pub(crate) lines: usize,
    /// Lines of all rows together; older ones are only counted.
    pub(crate) in_all: usize,
    /// Characters of the names in one line.
    pub(crate) names: usize,
    /// Incidents and maintenance that are still open have lines, too.
    pub(crate) open: bool,
}

/// What a row lists.
#[derive(Default)]
struct Day<'a> {
    events: Vec<Event<'a>>,
    incidents: Vec<&'a IncidentView>,
    maintenance: Vec<&'a MaintenanceView>,
    /// Each with its component.
    corrections: Vec<(&'a ComponentView, &'a CorrectionView)>,
}

/// The rows of the days from `first` to `last`, newest first. `root` is the relative path to the page's root.
pub(crate) fn rows(
    view: &PageView,
    (first, last): (Date, Date),
    (limits, root): (Limits, &str),
    clock: &Clock<'_>,
) -> Vec<DayRow> {
    let mut days: BTreeMap<(Date, Date), Day<'_>> = BTreeMap::new();
    let place = |from: Timestamp, to: Timestamp| {
        let until = if to > view.now { clock.today() } else { clock.date(from.max(to - 1)) };
        let from = clock.date(from);
        (from <= last && until >= first).then(|| (until.min(last), from.max(first)))
    };
    let listed = |open: bool| limits.open || !open;
    let mut announced = Announced::default();
    for incident in &view.incidents {
        let to = incident.resolved_at.unwrap_or(Timestamp::FAR);
        if let Some(place) = place(incident.started_at, to) {
            days.entry(place).or_default().incidents.extend(listed(incident.is_open()).then_some(incident));
            announced.incidents.push(incident);
        }
    }
    for one in view.maintenance.iter().filter(|one| one.has_begun()) {
        if let Some(place) = place(one.from, one.ended_at.unwrap_or(Timestamp::FAR)) {
            days.entry(place).or_default().maintenance.extend(listed(one.is_running()).then_some(one));
            announced.maintenance.push(one);
        }
    }
    for event in events(view, &announced) {
        if let Some(place) = place(event.from, event.to) {
            days.entry(place).or_default().events.push(event);
        }
    }
    let corrections = components(view).flat_map(|one| one.corrections.iter().map(move |made| (one, made)));
    for (component, correction) in corrections {
        if let Some(place) = place(correction.from, correction.to) {
            days.entry(place).or_default().corrections.push((component, correction));
        }
    }
    let writer = Writer { view, clock, limits, root, days: (first, last), incidents: &announced.incidents };
    let quiet = quiet_days(view, (first, last), &days.keys(), clock);
    let quiet = quiet.into_iter().map(|(from, to, words)| {
        (to, from, DayRow { label: label(from, to, clock), lines: Vec::new(), quiet: words, more: 0 })
    });
    let eventful = days.into_iter().map(|((to, from), day)| {
        let incidents = day.incidents.into_iter().map(|one| (one.started_at, writer.incident(one)));
        let maintenance = day.maintenance.into_iter().map(|one| (one.from, writer.maintenance(one)));
        let corrections = writer.corrections(&day.corrections);
        let lines = incidents.chain(maintenance).chain(writer.lines(day.events)).chain(corrections);
        let mut lines: Vec<_> = lines.collect();
        lines.sort_by_key(|(from, _)| Reverse(*from));
        let lines = lines.into_iter().map(|(_, line)| line).collect();
        (to, from, DayRow { label: label(from, to, clock), lines, quiet: "", more: 0 })
    });
    // A day of which all is left out is not quiet.
    let eventful = eventful.filter(|(.., row)| !row.lines.is_empty());
    let mut rows: Vec<_> = quiet.chain(eventful).collect();
    rows.reverse();
    rows.sort_by_key(|(to, ..)| Reverse(*to));
    shortened(rows, limits, clock)
}

/// Applies the limits. The days after the last line that they allow become one row.
fn shortened(days: Vec<(Date, Date, DayRow)>, limits: Limits, clock: &Clock<'_>) -> Vec<DayRow> {
    let mut left = limits.in_all;
    let mut rest: Option<(Date, Date, usize)> = None;
    let mut rows = Vec::new();
    for (to, from, mut row) in days {
        if let Some((_, first, more)) = &mut rest {
            (*first, *more) = (from.min(*first), *more + row.lines.len());
            continue;
        }
        if left == 0 && !row.lines.is_empty() {
            rest = Some((to, from, row.lines.len()));
            continue;
        }
        let kept = row.lines.len().min(limits.lines).min(left);
        left -= kept;
        row.more = row.lines.len() - kept;
        row.lines.truncate(kept);
        rows.push(row);
    }
    rows.extend(rest.map(|(to, from, more)| DayRow {
        label: label(from, to, clock),
        lines: Vec::new(),
        quiet: "",
        more,
    }));
    rows
}

fn label(from: Date, to: Date, clock: &Clock<'_>) -> String {
    clock.isolated(clock.days(from, to))
}

/// The runs of days without events, oldest first, with their texts.
fn quiet_days<'a>(
    view: &PageView,
    (first, last): (Date, Date),
    rows: &(impl Iterator<Item = &'a (Date, Date)> + Clone),
    clock: &Clock<'_>,
) -> Vec<(Date, Date, &'static str)> {
    let texts = clock.texts.past;
    let watched = components(view).filter_map(|one| one.watched_from).min().map(|at| clock.date(at));
    let mut runs: Vec<(Date, Date, &'static str)> = Vec::new();
    for day in first.series(jiff::Span::new().days(1)).take_while(|day| *day <= last) {
        if rows.clone().any(|(to, from)| *from <= day && day <= *to) {
            continue;
        }
        let text =
            if watched.is_some_and(|watched| watched <= day) { texts.quiet() } else { texts.not_monitored() };
        match runs.last_mut() {
            Some((_, to, known)) if *known == text && to.tomorrow().ok() == Some(day) => *to = day,
            _ => runs.push((day, day, text)),
        }
    }
    runs
}

/// The kind of an episode. Episodes of different kinds never share an event.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Impairment,
    Maintenance,
    /// Operational by some checks, while others had no data.
    Partly,
    NoData,
}

/// The kind and tone of an interval, or `None` if it was operational or not monitored.
fn kind(value: Effective) -> Option<(Kind, Tone)> {
    match value {
        Effective::Unwatched | Effective::Known(Status::Operational) => None,
        Effective::Partly(Status::Operational) => Some((Kind::Partly, Tone::NoData)),
        Effective::Known(status) | Effective::Partly(status) => {
            let planned = status == Status::UnderMaintenance;
            Some((if planned { Kind::Maintenance } else { Kind::Impairment }, Tone::Of(status)))
        }
        Effective::NoData => Some((Kind::NoData, Tone::NoData)),
    }
}

/// Consecutive intervals of one component and one kind.
pub(super) struct Episode<'a> {
    pub(super) kind: Kind,
    pub(super) component: &'a ComponentView,
    pub(super) from: Timestamp,
    pub(super) to: Timestamp,
    /// Each state with its duration in ms, worst first.
    pub(super) parts: Vec<(Tone, i64)>,
}

/// Episodes of several components that began at about the same time.
pub(super) struct Event<'a> {
    pub(super) kind: Kind,
    pub(super) from: Timestamp,
    pub(super) to: Timestamp,
    pub(super) episodes: Vec<Episode<'a>>,
}

/// The events that no incident and no maintenance announces.
fn events<'a>(view: &'a PageView, announced: &Announced<'_>) -> Vec<Event<'a>> {
    let mut episodes: Vec<_> = components(view).flat_map(|one| episodes(one, announced, view.now)).collect();
    episodes.sort_by_key(|episode| episode.from);
    let mut events: Vec<Event<'_>> = Vec::new();
    for episode in episodes {
        let kind = episode.kind;
        let near = events.iter_mut().rev().take_while(|event| episode.from - event.from <= EVENT_START);
        match { near }.find(|event| event.kind == kind) {
            Some(event) => {
                event.to = event.to.max(episode.to);
                event.episodes.push(episode);
            }
            None => events.push(Event { kind, from: episode.from, to: episode.to, episodes: vec![episode] }),
        }
    }
    events
}

/// The episodes of a component: consecutive intervals of one kind are joined.
fn episodes<'a>(component: &'a ComponentView, announced: &Announced<'_>, now: Timestamp) -> Vec<Episode<'a>> {
    let mut episodes: Vec<Episode<'a>> = Vec::new();
    for one in uncovered(component, announced, now) {
        let Some((kind, tone)) = kind(one.value) else { continue };
        let length = one.to.min(now) - one.from;
        match episodes.last_mut() {
            Some(episode) if episode.to == one.from && episode.kind == kind => {
                episode.to = one.to;
                match episode.parts.iter_mut().find(|(known, _)| *known == tone) {
                    Some((_, sum)) => *sum += length,
                    None => episode.parts.push((tone, length)),
                }
            }
            _ => {
                let parts = vec![(tone, length)];
                episodes.push(Episode { kind, component, from: one.from, to: one.to, parts });
            }
        }
    }
    // A gap in the data of less than a minute is left out, as in the list of days.
    episodes.retain(|episode| {
        let gap = matches!(episode.kind, Kind::NoData | Kind::Partly);
        episode.to > now || !gap || episode.to - episode.from >= MINUTE
    });
    for episode in &mut episodes {
        episode.parts.sort_by_key(|(tone, _)| Reverse(tone.weight()));
    }
    episodes
}

#[cfg(test)]
#[path = "past_test.rs"]
mod tests;

//! Past days, rendered from the intervals: what was not operational, for how long, and when. Days without entries are
//! called quiet only if they were monitored.

use super::headline::Piece;
use super::markup::{isolated, sentence};
use super::words::{Clock, Tone};
use crate::overall_status::components;
use crate::texts::{banner, past as texts};
use crate::view::{ComponentView, PageView};
use jiff::civil::Date;
use skerry_domain::status::{Effective, Status};
use skerry_domain::time::{MINUTE, Timestamp};
use skerry_protocol::words::duration;
use std::collections::BTreeMap;

/// Episodes that begin within this time of the first one form an event, in ms.
const EVENT_START: i64 = 5 * MINUTE;
/// Up to this many components of an event are listed with durations of their own.
const MAX_LISTED: usize = 4;

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
    /// CSS class of the worst state.
    pub(crate) class: &'static str,
    /// "Partial outage: Exports", as markup.
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
}

/// The rows of the days from `first` to `last`, newest first.
pub(crate) fn rows(
    view: &PageView,
    (first, last): (Date, Date),
    limits: Limits,
    clock: &Clock<'_>,
) -> Vec<DayRow> {
    let writer = Writer { view, clock, limits };
    let mut days: BTreeMap<(Date, Date), Vec<Event<'_>>> = BTreeMap::new();
    for event in events(view) {
        let until = if event.to > view.now { clock.today() } else { clock.date(event.to - 1) };
        let from = clock.date(event.from);
        if from <= last && until >= first {
            days.entry((until.min(last), from.max(first))).or_default().push(event);
        }
    }
    let quiet = quiet_days(view, (first, last), &days.keys(), clock);
    let quiet = quiet.into_iter().map(|(from, to, words)| {
        (to, from, DayRow { label: label(from, to, clock), lines: Vec::new(), quiet: words, more: 0 })
    });
    let eventful = days.into_iter().map(|((to, from), events)| {
        let lines = writer.lines(events);
        (to, from, DayRow { label: label(from, to, clock), lines, quiet: "", more: 0 })
    });
    let mut rows: Vec<_> = quiet.chain(eventful).collect();
    rows.reverse();
    rows.sort_by_key(|(to, ..)| std::cmp::Reverse(*to));
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
    let watched = components(view).filter_map(|one| one.watched_from).min().map(|at| clock.date(at));
    let mut runs: Vec<(Date, Date, &'static str)> = Vec::new();
    for day in first.series(jiff::Span::new().days(1)).take_while(|day| *day <= last) {
        if rows.clone().any(|(to, from)| *from <= day && day <= *to) {
            continue;
        }
        let text =
            if watched.is_some_and(|watched| watched <= day) { texts::QUIET } else { texts::NOT_MONITORED };
        match runs.last_mut() {
            Some((_, to, known)) if *known == text && to.tomorrow().ok() == Some(day) => *to = day,
            _ => runs.push((day, day, text)),
        }
    }
    runs
}

/// The kind of an episode. Episodes of different kinds never share an event.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
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
struct Episode<'a> {
    kind: Kind,
    component: &'a ComponentView,
    from: Timestamp,
    to: Timestamp,
    /// Each state with its duration in ms, worst first.
    parts: Vec<(Tone, i64)>,
}

/// Episodes of several components that began at about the same time.
struct Event<'a> {
    kind: Kind,
    from: Timestamp,
    to: Timestamp,
    episodes: Vec<Episode<'a>>,
}

fn events(view: &PageView) -> Vec<Event<'_>> {
    let mut episodes: Vec<_> = components(view).flat_map(|one| episodes(one, view.now)).collect();
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
fn episodes(component: &ComponentView, now: Timestamp) -> Vec<Episode<'_>> {
    let mut episodes: Vec<Episode<'_>> = Vec::new();
    for one in &component.past {
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
        episode.parts.sort_by_key(|(tone, _)| std::cmp::Reverse(tone.weight()));
    }
    episodes
}

struct Writer<'a> {
    view: &'a PageView,
    clock: &'a Clock<'a>,
    limits: Limits,
}

impl Writer<'_> {
    /// The lines of a row, newest first. Events with the same title share a line.
    fn lines(&self, events: Vec<Event<'_>>) -> Vec<PastLine> {
        let mut by_title: Vec<(String, Vec<Event<'_>>)> = Vec::new();
        for event in events.into_iter().rev() {
            let title = self.title(&event);
            match by_title.iter_mut().find(|(known, _)| *known == title) {
                Some((_, events)) => events.push(event),
                None => by_title.push((title, vec![event])),
            }
        }
        let line = |(title, events): (String, Vec<Event<'_>>)| {
            let worst = events.iter().flat_map(|event| &event.episodes).map(|episode| episode.parts[0].0);
            let worst = worst.max_by_key(|tone| tone.weight()).unwrap_or(Tone::NoData);
            PastLine { class: worst.class(), title, facts: self.facts(&events) }
        };
        by_title.into_iter().map(line).collect()
    }

    /// "Major outage: Card payments; partial outage: Refunds, Payouts".
    fn title(&self, event: &Event<'_>) -> String {
        let mut worst: BTreeMap<&str, (usize, Tone)> = BTreeMap::new();
        for (place, one) in components(self.view).enumerate() {
            let of = event.episodes.iter().filter(|episode| std::ptr::eq(episode.component, one));
            if let Some(tone) = of.map(|episode| episode.parts[0].0).max_by_key(|tone| tone.weight()) {
                worst.insert(&one.id, (place, tone));
            }
        }
        let all = worst.len() > 2 && worst.len() == components(self.view).count();
        let mut members: Vec<_> = worst.into_values().collect();
        members.sort_by_key(|(place, tone)| (std::cmp::Reverse(tone.weight()), *place));
        let parts = members.chunk_by(|(_, one), (_, other)| one == other).enumerate().map(|(index, some)| {
            let state = match event.kind {
                Kind::Maintenance => texts::MAINTENANCE,
                Kind::Partly => texts::PARTIAL_DATA,
                Kind::Impairment | Kind::NoData => some[0].1.label(),
            };
            let state = if index == 0 { state.to_owned() } else { state.to_lowercase() };
            let names = if all && some.len() > 2 && some.len() == components(self.view).count() {
                banner::ALL.to_owned()
            } else {
                self.names(some)
            };
            format!("{state}: {names}")
        });
        parts.collect::<Vec<_>>().join("; ")
    }

    fn names(&self, some: &[(usize, Tone)]) -> String {
        let names =
            || some.iter().filter_map(|(place, _)| components(self.view).nth(*place)).map(|one| &one.name);
        let length: usize = names().map(|name| name.chars().count() + 2).sum();
        if some.len() > 1 && length > self.limits.names {
            return crate::texts::components(some.len());
        }
        let marked: Vec<_> = names().map(|name| isolated(name)).collect();
        marked.join(", ")
    }

    /// "2 h 13 min, 14:02 to 16:15." `events` are newest first.
    fn facts(&self, events: &[Event<'_>]) -> String {
        let facts = match events {
            [only] => self.facts_of(only),
            many => {
                let from = many.iter().map(|event| event.from).min().unwrap_or(self.view.now);
                let to = many.iter().map(|event| event.to).max().unwrap_or(self.view.now);
                let sum: i64 = many.iter().map(|event| event.to.min(self.view.now) - event.from).sum();
                let times = texts::times(many.len(), &self.length(sum));
                self.with_span(&times, from, to)
            }
        };
        match events[0].kind {
            Kind::NoData => format!("{facts} {}", texts::no_data_means(events[0].episodes.len())),
            Kind::Partly => format!("{facts} {}", texts::PARTIAL_DATA_MEANS),
            Kind::Impairment | Kind::Maintenance => facts,
        }
    }

    fn facts_of(&self, event: &Event<'_>) -> String {
        let spans = || event.episodes.iter().map(|episode| self.span(episode.from, episode.to));
        let same_span = spans().all(|span| Some(span) == spans().next());
        match event.episodes.as_slice() {
            [only] => self.of_episode(only),
            _ if same_span => {
                let length = self.length(event.to.min(self.view.now) - event.from);
                self.with_span(&length, event.from, event.to)
            }
            few if few.len() <= MAX_LISTED && self.fits(few) => {
                let each = few.iter().map(|episode| {
                    format!("{}: {}", isolated(&episode.component.name), self.of_episode(episode))
                });
                each.collect::<Vec<_>>().join(" ")
            }
            many => {
                let length = |episode: &Episode<'_>| episode.to.min(self.view.now) - episode.from;
                let shortest = many.iter().map(length).min().unwrap_or(0);
                let longest = many.iter().map(length).max().unwrap_or(0);
                let each = texts::each(&self.length(shortest), &self.length(longest));
                self.with_span(&each, event.from, event.to)
            }
        }
    }

    fn fits(&self, episodes: &[Episode<'_>]) -> bool {
        episodes.iter().map(|episode| episode.component.name.chars().count() + 2).sum::<usize>()
            <= self.limits.names
    }

    /// "12 min, 03:10 to 03:22."; if the state changed, each state has its duration.
    fn of_episode(&self, episode: &Episode<'_>) -> String {
        let text = match episode.parts.as_slice() {
            [_] => self.length(episode.to.min(self.view.now) - episode.from),
            parts => {
                let each = parts.iter().enumerate().map(|(index, (tone, length))| {
                    let label =
                        if index == 0 { tone.label().to_owned() } else { tone.label().to_lowercase() };
                    format!("{label} {}", self.length(*length))
                });
                each.collect::<Vec<_>>().join(", ")
            }
        };
        self.with_span(&text, episode.from, episode.to)
    }

    /// The text with its time: "12 min, 03:10 to 03:22.", or "12 min so far, since 03:10 UTC." while it lasts.
    fn with_span(&self, text: &str, from: Timestamp, to: Timestamp) -> String {
        if to > self.view.now {
            return texts::so_far(text, &sentence(&[Piece::At(from)], self.clock));
        }
        format!("{text}, {}.", self.span(from, to))
    }

    /// "03:10 to 03:22", with the days if they differ.
    fn span(&self, from: Timestamp, to: Timestamp) -> String {
        let clock = self.clock;
        let (first, last) = (clock.date(from), clock.date(to));
        let (begun, ended) = (clock.time(from), clock.time(to));
        clock.isolated(if first != last {
            let at = |day, time: &str| format!("{}, {time}", clock.day(day));
            texts::from_to(&at(first, &begun), &at(last, &ended))
        } else if begun == ended {
            begun
        } else {
            texts::from_to(&begun, &ended)
        })
    }

    fn length(&self, milliseconds: i64) -> String {
        self.clock.isolated(duration(milliseconds))
    }
}

#[cfg(test)]
#[path = "past_test.rs"]
mod tests;

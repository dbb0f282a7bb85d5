//! The days of the past as the intervals know them: what was not operational, for how long, from when to when.
//! A day of which nothing is listed was quiet, and a day that nobody watched is not called quiet.

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

/// Components whose trouble begins within this time of the first one's share a line, ms.
const TOGETHER: i64 = 5 * MINUTE;
/// More components than these are not told apart in one line.
const TOLD_APART: usize = 4;

/// A row: a day, or neighbouring days that one line covers or that were all quiet.
pub(crate) struct DayRow {
    /// "Fri 20 Nov", "16 to 19 Nov".
    pub(crate) label: String,
    /// What happened, newest first; empty on quiet days.
    pub(crate) lines: Vec<PastLine>,
    /// What is said of quiet days.
    pub(crate) quiet: &'static str,
    /// Lines that are left out here.
    pub(crate) more: usize,
}

/// What happened, in words.
pub(crate) struct PastLine {
    /// The class of the worst state.
    pub(crate) class: &'static str,
    /// "Partial outage: Exports", as markup.
    pub(crate) title: String,
    /// "12 min, 03:10 to 03:22.", as markup.
    pub(crate) facts: String,
}

/// How much of the past is written out.
#[derive(Clone, Copy)]
pub(crate) struct Limits {
    /// Lines of one row.
    pub(crate) lines: usize,
    /// Lines of all rows; the older ones are counted only.
    pub(crate) in_all: usize,
    /// Names in one line, characters.
    pub(crate) names: usize,
}

/// The days from `first` to `last`, newest first.
pub(crate) fn rows(
    view: &PageView,
    (first, last): (Date, Date),
    limits: Limits,
    clock: &Clock<'_>,
) -> Vec<DayRow> {
    let teller = Teller { view, clock, limits };
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
    let told = days.into_iter().map(|((to, from), events)| {
        let lines = teller.lines(events);
        (to, from, DayRow { label: label(from, to, clock), lines, quiet: "", more: 0 })
    });
    let mut rows: Vec<_> = quiet.chain(told).collect();
    rows.reverse();
    rows.sort_by_key(|(to, ..)| std::cmp::Reverse(*to));
    shortened(rows, limits, clock)
}

/// Cuts what the limits do not allow; the days after the last line that they do are one row.
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

/// Runs of days that no row covers, oldest first, with what is said of them.
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
        let words =
            if watched.is_some_and(|watched| watched <= day) { texts::QUIET } else { texts::NOT_MONITORED };
        match runs.last_mut() {
            Some((_, to, said)) if *said == words && to.tomorrow().ok() == Some(day) => *to = day,
            _ => runs.push((day, day, words)),
        }
    }
    runs
}

/// Trouble, planned work and blindness are never told as one.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Trouble,
    Maintenance,
    /// A part was out of sight, the rest was well.
    Partly,
    NoData,
}

/// What a stretch is told as; nothing where it was well or not watched.
fn kind(value: Effective) -> Option<(Kind, Tone)> {
    match value {
        Effective::Unwatched | Effective::Known(Status::Operational) => None,
        Effective::Partly(Status::Operational) => Some((Kind::Partly, Tone::NoData)),
        Effective::Known(status) | Effective::Partly(status) => {
            let planned = status == Status::UnderMaintenance;
            Some((if planned { Kind::Maintenance } else { Kind::Trouble }, Tone::Of(status)))
        }
        Effective::NoData => Some((Kind::NoData, Tone::NoData)),
    }
}

/// One component from the beginning of a trouble to its end.
struct Spell<'a> {
    kind: Kind,
    component: &'a ComponentView,
    from: Timestamp,
    to: Timestamp,
    /// Each state with its length, ms; the worst first.
    parts: Vec<(Tone, i64)>,
}

/// Spells that began together.
struct Event<'a> {
    kind: Kind,
    from: Timestamp,
    to: Timestamp,
    spells: Vec<Spell<'a>>,
}

fn events(view: &PageView) -> Vec<Event<'_>> {
    let mut spells: Vec<_> = components(view).flat_map(|one| spells(one, view.now)).collect();
    spells.sort_by_key(|spell| spell.from);
    let mut events: Vec<Event<'_>> = Vec::new();
    for spell in spells {
        let kind = spell.kind;
        let near = events.iter_mut().rev().take_while(|event| spell.from - event.from <= TOGETHER);
        match { near }.find(|event| event.kind == kind) {
            Some(event) => {
                event.to = event.to.max(spell.to);
                event.spells.push(spell);
            }
            None => events.push(Event { kind, from: spell.from, to: spell.to, spells: vec![spell] }),
        }
    }
    events
}

/// States that follow each other without a pause are one spell.
fn spells(component: &ComponentView, now: Timestamp) -> Vec<Spell<'_>> {
    let mut spells: Vec<Spell<'_>> = Vec::new();
    for one in &component.past {
        let Some((kind, tone)) = kind(one.value) else { continue };
        let length = one.to.min(now) - one.from;
        match spells.last_mut() {
            Some(spell) if spell.to == one.from && spell.kind == kind => {
                spell.to = one.to;
                match spell.parts.iter_mut().find(|(known, _)| *known == tone) {
                    Some((_, sum)) => *sum += length,
                    None => spell.parts.push((tone, length)),
                }
            }
            _ => {
                let parts = vec![(tone, length)];
                spells.push(Spell { kind, component, from: one.from, to: one.to, parts });
            }
        }
    }
    // Blindness shorter than a minute is not worth a line, as in the list of days.
    spells.retain(|spell| {
        let blind = matches!(spell.kind, Kind::NoData | Kind::Partly);
        spell.to > now || !blind || spell.to - spell.from >= MINUTE
    });
    for spell in &mut spells {
        spell.parts.sort_by_key(|(tone, _)| std::cmp::Reverse(tone.weight()));
    }
    spells
}

struct Teller<'a> {
    view: &'a PageView,
    clock: &'a Clock<'a>,
    limits: Limits,
}

impl Teller<'_> {
    /// Newest first. What has the same title on one day is told once.
    fn lines(&self, events: Vec<Event<'_>>) -> Vec<PastLine> {
        let mut told: Vec<(String, Vec<Event<'_>>)> = Vec::new();
        for event in events.into_iter().rev() {
            let title = self.title(&event);
            match told.iter_mut().find(|(known, _)| *known == title) {
                Some((_, same)) => same.push(event),
                None => told.push((title, vec![event])),
            }
        }
        let line = |(title, same): (String, Vec<Event<'_>>)| {
            let worst = same.iter().flat_map(|event| &event.spells).map(|spell| spell.parts[0].0);
            let worst = worst.max_by_key(|tone| tone.weight()).unwrap_or(Tone::NoData);
            PastLine { class: worst.class(), title, facts: self.facts(&same) }
        };
        told.into_iter().map(line).collect()
    }

    /// "Major outage: Card payments; partial outage: Refunds, Payouts".
    fn title(&self, event: &Event<'_>) -> String {
        let mut worst: BTreeMap<&str, (usize, Tone)> = BTreeMap::new();
        for (place, one) in components(self.view).enumerate() {
            let of = event.spells.iter().filter(|spell| std::ptr::eq(spell.component, one));
            if let Some(tone) = of.map(|spell| spell.parts[0].0).max_by_key(|tone| tone.weight()) {
                worst.insert(&one.id, (place, tone));
            }
        }
        let all = worst.len() > 2 && worst.len() == components(self.view).count();
        let mut members: Vec<_> = worst.into_values().collect();
        members.sort_by_key(|(place, tone)| (std::cmp::Reverse(tone.weight()), *place));
        let parts = members.chunk_by(|(_, one), (_, other)| one == other).enumerate().map(|(index, some)| {
            let words = match event.kind {
                Kind::Maintenance => texts::MAINTENANCE,
                Kind::Partly => texts::PARTIAL_DATA,
                Kind::Trouble | Kind::NoData => some[0].1.words(),
            };
            let words = if index == 0 { words.to_owned() } else { words.to_lowercase() };
            let whom = if all && some.len() > 2 && some.len() == components(self.view).count() {
                banner::ALL.to_owned()
            } else {
                self.names(some)
            };
            format!("{words}: {whom}")
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

    /// "2 h 13 min, 14:02 to 16:15." Newest first in `same`.
    fn facts(&self, same: &[Event<'_>]) -> String {
        let facts = match same {
            [only] => self.facts_of(only),
            many => {
                let from = many.iter().map(|event| event.from).min().unwrap_or(self.view.now);
                let to = many.iter().map(|event| event.to).max().unwrap_or(self.view.now);
                let sum: i64 = many.iter().map(|event| event.to.min(self.view.now) - event.from).sum();
                let times = texts::times(many.len(), &self.length(sum));
                self.spanned(&times, from, to)
            }
        };
        match same[0].kind {
            Kind::NoData => format!("{facts} {}", texts::no_data_means(same[0].spells.len())),
            Kind::Partly => format!("{facts} {}", texts::PARTIAL_DATA_MEANS),
            Kind::Trouble | Kind::Maintenance => facts,
        }
    }

    fn facts_of(&self, event: &Event<'_>) -> String {
        let spans = || event.spells.iter().map(|spell| self.span(spell.from, spell.to));
        let alike = spans().all(|span| Some(span) == spans().next());
        match event.spells.as_slice() {
            [only] => self.of_spell(only),
            _ if alike => {
                let length = self.length(event.to.min(self.view.now) - event.from);
                self.spanned(&length, event.from, event.to)
            }
            few if few.len() <= TOLD_APART && self.fits(few) => {
                let each = few
                    .iter()
                    .map(|spell| format!("{}: {}", isolated(&spell.component.name), self.of_spell(spell)));
                each.collect::<Vec<_>>().join(" ")
            }
            many => {
                let length = |spell: &Spell<'_>| spell.to.min(self.view.now) - spell.from;
                let shortest = many.iter().map(length).min().unwrap_or(0);
                let longest = many.iter().map(length).max().unwrap_or(0);
                let each = texts::each(&self.length(shortest), &self.length(longest));
                self.spanned(&each, event.from, event.to)
            }
        }
    }

    fn fits(&self, spells: &[Spell<'_>]) -> bool {
        spells.iter().map(|spell| spell.component.name.chars().count() + 2).sum::<usize>()
            <= self.limits.names
    }

    /// "12 min, 03:10 to 03:22." or, where the state changed, each state with its length.
    fn of_spell(&self, spell: &Spell<'_>) -> String {
        let said = match spell.parts.as_slice() {
            [_] => self.length(spell.to.min(self.view.now) - spell.from),
            parts => {
                let each = parts.iter().enumerate().map(|(index, (tone, length))| {
                    let words =
                        if index == 0 { tone.words().to_owned() } else { tone.words().to_lowercase() };
                    format!("{words} {}", self.length(*length))
                });
                each.collect::<Vec<_>>().join(", ")
            }
        };
        self.spanned(&said, spell.from, spell.to)
    }

    /// What is said, and when: "12 min, 03:10 to 03:22."; while it lasts "12 min so far, since 03:10 UTC."
    fn spanned(&self, said: &str, from: Timestamp, to: Timestamp) -> String {
        if to > self.view.now {
            return texts::so_far(said, &sentence(&[Piece::At(from)], self.clock));
        }
        format!("{said}, {}.", self.span(from, to))
    }

    /// "03:10 to 03:22", with the days where they differ.
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

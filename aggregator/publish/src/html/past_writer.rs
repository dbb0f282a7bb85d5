//! The lines of past days as markup: incidents, and the events that none announces.

use super::cards::{self, Present};
use super::headline::Piece;
use super::impairment::{Impairment, impairment};
use super::markup::{isolated, sentence};
use super::past::{Episode, Event, Kind, Limits, PastLine};
use super::timeline;
use super::words::{Clock, Tone};
use crate::overall_status::components;
use crate::view::{AffectedView, ComponentView, CorrectionView, IncidentView, MaintenanceView, PageView};
use jiff::civil::{Date, Time};
use skerry_domain::status::Status;
use skerry_domain::time::{HOUR, MINUTE, Timestamp};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// Up to this many components of an event are listed with durations of their own.
const MAX_LISTED: usize = 4;

/// Writes the lines of past days.
pub(super) struct Writer<'a> {
    pub(super) view: &'a PageView,
    pub(super) clock: &'a Clock<'a>,
    pub(super) limits: Limits,
    /// The relative path to the page's root.
    pub(super) root: &'a str,
    /// The days in question.
    pub(super) days: (Date, Date),
    /// Those that touch the days in question: what else the view holds depends on who asks for it.
    pub(super) incidents: &'a [&'a IncidentView],
}

impl Writer<'_> {
    /// The lines of a row, each with its start, newest first. Several slight events share a line, as do others with the
    /// same title.
    pub(super) fn lines(&self, events: Vec<Event<'_>>) -> Vec<(Timestamp, PastLine)> {
        let (slight, others): (Vec<_>, Vec<_>) = events.into_iter().partition(|event| self.is_slight(event));
        if slight.len() < 2 {
            return self.by_title(slight.into_iter().chain(others).collect());
        }
        let mut lines = self.by_title(others);
        lines.push(self.of_slight(&slight));
        lines
    }

    fn by_title(&self, events: Vec<Event<'_>>) -> Vec<(Timestamp, PastLine)> {
        let mut by_title: Vec<(String, Vec<Event<'_>>)> = Vec::new();
        let mut events = events;
        events.sort_by_key(|event| Reverse(event.from));
        for event in events {
            let title = self.title(&event);
            match by_title.iter_mut().find(|(known, _)| *known == title) {
                Some((_, events)) => events.push(event),
                None => by_title.push((title, vec![event])),
            }
        }
        let line = |(title, events): (String, Vec<Event<'_>>)| {
            let worst = events.iter().flat_map(|event| &event.episodes).map(|episode| episode.parts[0].0);
            let worst = worst.max_by_key(|tone| tone.weight()).unwrap_or(Tone::NoData);
            (events[0].from, PastLine { class: Some(worst.class()), title, facts: self.facts(&events) })
        };
        by_title.into_iter().map(line).collect()
    }

    /// Whether it is over and was slight: less than a minute, or degraded performance alone.
    fn is_slight(&self, event: &Event<'_>) -> bool {
        let mut parts = event.episodes.iter().flat_map(|episode| &episode.parts);
        let slight = Tone::Of(Status::DegradedPerformance);
        event.kind == Kind::Impairment
            && event.to <= self.view.now
            && (event.to - event.from < MINUTE || parts.all(|(tone, _)| *tone == slight))
    }

    /// "4 short slowdowns: Search", "11 min in all, 00:00 to 08:02."
    fn of_slight(&self, events: &[Event<'_>]) -> (Timestamp, PastLine) {
        let episodes = || events.iter().flat_map(|event| &event.episodes);
        let worst = episodes().map(|one| one.parts[0].0).max_by_key(|tone| tone.weight());
        let worst = worst.unwrap_or(Tone::NoData);
        let places: BTreeSet<usize> = components(self.view)
            .enumerate()
            .filter(|(_, one)| episodes().any(|episode| std::ptr::eq(episode.component, *one)))
            .map(|(place, _)| place)
            .collect();
        let named: Vec<_> = places.into_iter().map(|place| (place, worst)).collect();
        let outages = worst != Tone::Of(Status::DegradedPerformance);
        let from = events.iter().map(|event| event.from).min().unwrap_or(self.view.now);
        let to = events.iter().map(|event| event.to).max().unwrap_or(self.view.now);
        let sum: i64 = events.iter().map(|event| event.to - event.from).sum();
        let all_short = events.iter().all(|event| event.to - event.from < HOUR);
        let number = self.clock.texts.past.several(events.len(), outages, all_short);
        let title = format!("{number}: {}", self.names(&named));
        let facts = self.with_span(&self.clock.texts.past.in_all(&self.length(sum)), from, to);
        let newest = events.iter().map(|event| event.from).max().unwrap_or(from);
        (newest, PastLine { class: Some(worst.class()), title, facts: self.unannounced(&facts, events) })
    }

    /// Adds that no incident was published, if that is so and it is over.
    fn unannounced(&self, facts: &str, events: &[Event<'_>]) -> String {
        let over = events.iter().all(|event| event.to <= self.view.now);
        let names = |incident: &IncidentView, event: &Event<'_>| {
            let ended = incident.resolved_at.unwrap_or(Timestamp::FAR);
            let near = incident.started_at - HOUR <= event.to && event.from - HOUR <= ended;
            near && event.episodes.iter().any(|episode| incident.names(&episode.component.id))
        };
        let mut incidents = self.incidents.iter();
        let announced = incidents.any(|incident| events.iter().any(|event| names(incident, event)));
        let part = if over && !announced { self.clock.texts.past.unannounced() } else { "" };
        format!("{facts} {part}").trim_end().to_owned()
    }

    /// The line of an incident: its title with a link, its state, how long it lasted, and what it affected.
    pub(super) fn incident(&self, incident: &IncidentView) -> PastLine {
        let (root, id) = (self.root, &incident.id);
        let found = impairment(self.view, incident);
        let worst = found.as_ref().map(Impairment::worst);
        let present = Present::of(incident, self.view);
        // What is over does not depend on the present.
        let impact = cards::of_impact(incident.impact).filter(|_| incident.components.is_empty());
        let tone = if incident.is_open() { present.tone } else { impact.map(Tone::Of) };
        let worst = worst.or(incident.worst().map(Tone::Of)).or(tone);
        let times = match (incident.resolved_at, &found) {
            (None, _) => present.words(self.clock),
            (Some(_), Some(found)) if found.to <= self.view.now => {
                self.with_span(&found.words(self.clock), found.from, found.to)
            }
            // What still lasts is no longer part of it.
            (Some(at), _) => {
                let from = incident.started_at.min(at);
                self.with_span(&self.clock.texts.incident.after(&self.length(at - from)), from, at)
            }
        };
        let affected = cards::affected(
            &self.affected(&incident.components),
            incident.is_open() && present.is_impaired(),
            self.clock.texts,
        );
        let postmortem = incident.postmortem.as_ref().map_or_else(String::new, |_| {
            let word = self.clock.texts.incident.postmortem();
            format!(" <a href=\"{root}incidents/{id}#postmortem\">{word}</a>")
        });
        let facts = format!("{}. {times} {affected}", self.clock.texts.incident.status(incident.status));
        PastLine {
            class: Some(worst.unwrap_or(Tone::Of(Status::Operational)).class()),
            title: format!("<a href=\"{root}incidents/{id}\">{}</a>", timeline::title(&incident.title)),
            facts: format!("{}{postmortem}", facts.trim_end()),
        }
    }

    /// The line of a maintenance: its title with a link, its state, how long it lasted, and its components.
    pub(super) fn maintenance(&self, maintenance: &MaintenanceView) -> PastLine {
        let (root, from) = (self.root, maintenance.from);
        let times = match maintenance.ended_at {
            Some(at) => {
                let from = from.min(at);
                self.with_span(&self.clock.texts.maintenance.lasted(&self.length(at - from)), from, at)
            }
            None => self.clock.texts.maintenance.since(&sentence(&[Piece::At(from)], self.clock)),
        };
        let affected =
            cards::affected(&self.affected(&maintenance.components), maintenance.is_open(), self.clock.texts);
        let facts =
            format!("{}. {times} {affected}", self.clock.texts.maintenance.status(maintenance.status));
        let title = timeline::title(&maintenance.title);
        PastLine {
            class: Some(Tone::Of(Status::UnderMaintenance).class()),
            title: format!("<a href=\"{root}maintenance/{}\">{title}</a>", maintenance.id),
            facts: facts.trim_end().to_owned(),
        }
    }

    /// The lines of corrections; those of several components that were made as one share a line.
    pub(super) fn corrections(
        &self,
        all: &[(&ComponentView, &CorrectionView)],
    ) -> Vec<(Timestamp, PastLine)> {
        let mut together: Vec<(&CorrectionView, Vec<&ComponentView>)> = Vec::new();
        for (component, one) in all {
            let day = self.clock.date(one.made_at);
            let same = |known: &CorrectionView| {
                let span = (known.from, known.to, known.about, known.kind);
                span == (one.from, one.to, one.about, one.kind) && self.clock.date(known.made_at) == day
            };
            match together.iter_mut().find(|(known, _)| same(known)) {
                Some((_, components)) => components.push(component),
                None => together.push((one, vec![component])),
            }
        }
        let line = |(one, corrected): (&CorrectionView, Vec<&ComponentView>)| {
            let named: Vec<_> = components(self.view)
                .enumerate()
                .filter(|(_, known)| corrected.iter().any(|one| std::ptr::eq(*one, *known)))
                .map(|(place, _)| (place, Tone::NoData))
                .collect();
            let about = one.about.map_or(Tone::NoData, Tone::Of).label(self.clock.texts);
            let day = self.clock.isolated(self.clock.day_of_month(self.clock.date(one.made_at)));
            let title = format!("{about}: {}", self.names(&named));
            (
                one.from,
                PastLine { class: None, title, facts: self.clock.texts.past.corrected_on(&day, one.kind) },
            )
        };
        together.into_iter().map(line).collect()
    }

    /// The names of the affected components, or their number if they are too long.
    fn affected(&self, components: &[AffectedView]) -> Vec<String> {
        let names = components.iter();
        let length: usize = names.clone().map(|one| one.name.chars().count() + 2).sum();
        if components.len() > 1 && length > self.limits.names {
            return vec![self.clock.texts.status.components(components.len())];
        }
        names.map(|one| isolated(&one.name)).collect()
    }

    /// "Major outage: Card payments; partial outage: Refunds, Payouts".
    fn title(&self, event: &Event<'_>) -> String {
        let texts = self.clock.texts;
        let mut worst: BTreeMap<&str, (usize, Tone)> = BTreeMap::new();
        for (place, one) in components(self.view).enumerate() {
            let of = event.episodes.iter().filter(|episode| std::ptr::eq(episode.component, one));
            if let Some(tone) = of.map(|episode| episode.parts[0].0).max_by_key(|tone| tone.weight()) {
                worst.insert(&one.id, (place, tone));
            }
        }
        let all = worst.len() > 2 && worst.len() == components(self.view).count();
        let mut members: Vec<_> = worst.into_values().collect();
        members.sort_by_key(|(place, tone)| (Reverse(tone.weight()), *place));
        let parts = members.chunk_by(|(_, one), (_, other)| one == other).enumerate().map(|(index, some)| {
            let state = match (event.kind, index) {
                (Kind::Maintenance, 0) => texts.past.maintenance(),
                (Kind::Maintenance, _) => texts.past.maintenance_within(),
                (Kind::Partly, 0) => texts.past.partial_data(),
                (Kind::Partly, _) => texts.past.partial_data_within(),
                (Kind::Impairment | Kind::NoData, 0) => some[0].1.label(texts),
                (Kind::Impairment | Kind::NoData, _) => some[0].1.within(texts),
            };
            let names = if all && some.len() > 2 && some.len() == components(self.view).count() {
                texts.banner.all().to_owned()
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
            return self.clock.texts.status.components(some.len());
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
                let times = self.clock.texts.past.times(many.len(), &self.length(sum));
                self.with_span(&times, from, to)
            }
        };
        match events[0].kind {
            Kind::NoData => {
                format!("{facts} {}", self.clock.texts.past.no_data_means(events[0].episodes.len()))
            }
            Kind::Partly => format!("{facts} {}", self.clock.texts.past.partial_data_means()),
            Kind::Impairment => self.unannounced(&facts, events),
            Kind::Maintenance => facts,
        }
    }

    fn facts_of(&self, event: &Event<'_>) -> String {
        let spans = || event.episodes.iter().map(|episode| self.span(episode.from, episode.to));
        let same_span = spans().all(|span| Some(span) == spans().next());
        match event.episodes.as_slice() {
            [only] => self.of_episode(only),
            _ if same_span => {
                let length = self.length_of(event.from, event.to);
                self.with_span(&length, event.from, event.to)
            }
            few if few.len() <= MAX_LISTED && self.fits(few) => {
                let mut few: Vec<&Episode<'_>> = few.iter().collect();
                few.sort_by_key(|one| (Reverse(one.parts[0].0.weight()), self.place(one.component)));
                let each = few.into_iter().map(|episode| {
                    format!("{}: {}", isolated(&episode.component.name), self.of_episode(episode))
                });
                each.collect::<Vec<_>>().join(" ")
            }
            many => {
                let length = |episode: &Episode<'_>| episode.to.min(self.view.now) - episode.from;
                let shortest = many.iter().map(length).min().unwrap_or(0);
                let longest = many.iter().map(length).max().unwrap_or(0);
                let each = self.clock.texts.past.each(&self.length(shortest), &self.length(longest));
                self.with_span(&each, event.from, event.to)
            }
        }
    }

    /// The place of a component on the page.
    fn place(&self, component: &ComponentView) -> Option<usize> {
        components(self.view).position(|one| std::ptr::eq(one, component))
    }

    fn fits(&self, episodes: &[Episode<'_>]) -> bool {
        episodes.iter().map(|episode| episode.component.name.chars().count() + 2).sum::<usize>()
            <= self.limits.names
    }

    /// "12 min, 03:10 to 03:22."; if the state changed, each state has its duration.
    fn of_episode(&self, episode: &Episode<'_>) -> String {
        let text = match episode.parts.as_slice() {
            [_] => self.length_of(episode.from, episode.to),
            parts => {
                let each = parts.iter().enumerate().map(|(index, (tone, length))| {
                    let texts = self.clock.texts;
                    let label = if index == 0 { tone.label(texts) } else { tone.within(texts) };
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
            return self.clock.texts.past.so_far(text, &sentence(&[Piece::At(from)], self.clock));
        }
        if self.are_whole_days(from, to) {
            return format!("{text}.");
        }
        format!("{text}, {}.", self.span(from, to))
    }

    /// Whether it took whole days, which stand beside it.
    fn are_whole_days(&self, from: Timestamp, to: Timestamp) -> bool {
        let at_midnight = |at| self.clock.time_of_day(at) == Time::midnight();
        let (first, last) = self.days;
        at_midnight(from)
            && at_midnight(to)
            && first <= self.clock.date(from)
            && self.clock.date(to - 1) <= last
    }

    /// "03:10 to 03:22", with the days if they differ.
    fn span(&self, from: Timestamp, to: Timestamp) -> String {
        let clock = self.clock;
        let (first, last) = (clock.date(from), clock.date(to));
        let (begun, ended) = (clock.time(from), clock.time(to));
        let dates = clock.texts.dates;
        clock.isolated(if first != last {
            let at = |day, time: &str| dates.day_and_time(&clock.day(day), time);
            dates.span(&at(first, &begun), &at(last, &ended))
        } else if begun == ended {
            begun
        } else {
            dates.span(&begun, &ended)
        })
    }

    /// How long it took, or has taken so far: that is no finer than a minute, as the script writes it.
    fn length_of(&self, from: Timestamp, to: Timestamp) -> String {
        if to <= self.view.now {
            return self.length(to - from);
        }
        let so_far = self.view.now - from;
        self.length((so_far - so_far % MINUTE).max(MINUTE))
    }

    fn length(&self, milliseconds: i64) -> String {
        self.clock.duration(milliseconds)
    }
}

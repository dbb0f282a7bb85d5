//! The one sentence of the banner and the facts below it: a pure function of the view. The first row of the
//! table that applies wins; it never says more than what is seen.

use super::words::{Clock, Tone, balanced};
use crate::texts::{self, banner};
use crate::view::{ComponentView, Item, PageView};
use skerry_domain::status::Status;
use skerry_domain::time::Timestamp;

/// Names are written out while together they are this short, in characters.
const NAMES_IN_HEADLINE: usize = 48;
/// The same for those named second.
const NAMES_BELOW: usize = 120;

/// A stretch of a sentence. Names and instants keep their own markup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    /// Our own words.
    Text(String),
    /// A name from the configuration: isolated for direction.
    Name(String),
    /// Since when something lasts; the script adds for how long.
    Since(Timestamp),
    /// An instant.
    At(Timestamp),
}

/// What the banner says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Headline {
    /// Colour and icon.
    pub(crate) tone: Tone,
    /// Also the start of the document's title.
    pub(crate) sentence: Vec<Piece>,
    /// The second line.
    pub(crate) facts: Vec<Piece>,
}

/// What visitors are told of a component: a stale or waiting one is not seen, whatever its last status, and one of
/// which a part is out of sight is not called operational.
pub(crate) fn tone(component: &ComponentView) -> Tone {
    let partly = component.unseen.is_some() && component.status == Status::Operational;
    if component.waiting || component.stale_since.is_some() || partly {
        Tone::NoData
    } else {
        Tone::Of(component.status)
    }
}

/// Is it on the page at all?
pub(crate) fn is_shown(component: &ComponentView) -> bool {
    !component.only_show_if_degraded || tone(component) != Tone::Of(Status::Operational)
}

/// Every component of the page that is shown, in the owner's order.
pub(crate) fn shown(view: &PageView) -> Vec<&ComponentView> {
    every(view).into_iter().filter(|component| is_shown(component)).collect()
}

/// People alone say what the page shows.
pub(crate) fn all_by_hand(view: &PageView) -> bool {
    let every = every(view);
    !every.is_empty() && every.into_iter().all(|component| component.manual)
}

fn every(view: &PageView) -> Vec<&ComponentView> {
    view.items
        .iter()
        .flat_map(|item| match item {
            Item::Group(group) => group.children.iter().collect::<Vec<_>>(),
            Item::Component(component) => vec![component],
        })
        .collect()
}

/// The banner of a page.
pub(crate) fn headline(view: &PageView) -> Headline {
    if every(view).is_empty() {
        return Headline {
            tone: Tone::NoData,
            sentence: vec![text(banner::EMPTY)],
            facts: vec![text(banner::EMPTY_WHY)],
        };
    }
    let shown = shown(view);
    let with = |wanted: Tone| -> Vec<&ComponentView> {
        shown.iter().copied().filter(|component| tone(component) == wanted).collect()
    };
    let blind = Blind::of(&shown);
    let clock = Clock::of(view);
    for status in [Status::MajorOutage, Status::PartialOutage, Status::DegradedPerformance] {
        let worst = with(Tone::Of(status));
        if !worst.is_empty() {
            return trouble(status, &worst, &shown, &blind, &clock);
        }
    }
    let planned = with(Tone::Of(Status::UnderMaintenance));
    if !planned.is_empty() {
        return maintenance(&planned, &shown, &blind, &clock);
    }
    if !blind.is_empty() {
        return blindness(&blind, &shown, &clock);
    }
    Headline {
        tone: Tone::Of(Status::Operational),
        sentence: vec![text(banner::FINE)],
        facts: vec![text(banner::FINE_WHY)],
    }
}

fn trouble(
    status: Status,
    worst: &[&ComponentView],
    shown: &[&ComponentView],
    blind: &Blind<'_>,
    clock: &Clock<'_>,
) -> Headline {
    let tone_of_page = Tone::Of(status);
    let mut sentence = vec![text(format!("{}: ", tone_of_page.words()))];
    sentence.extend(named(worst, shown.len()));
    let mut facts = since(worst, clock);
    let others: Vec<_> = shown
        .iter()
        .copied()
        .filter(|component| tone(component).is_trouble() && tone(component) != tone_of_page)
        .collect();
    if !others.is_empty() {
        facts.push(text(banner::ALSO));
        match names(&others, usize::MAX, NAMES_BELOW) {
            Some(names) => facts.extend(names),
            None => facts.push(text(texts::components(others.len()))),
        }
        facts.push(text("."));
    }
    let words = blind.words(clock);
    if !words.is_empty() {
        facts.push(text(" "));
    }
    facts.extend(words);
    Headline { tone: tone_of_page, sentence, facts }
}

fn maintenance(
    planned: &[&ComponentView],
    shown: &[&ComponentView],
    blind: &Blind<'_>,
    clock: &Clock<'_>,
) -> Headline {
    let mut sentence = vec![text(banner::MAINTENANCE)];
    sentence.extend(named(planned, shown.len()));
    let mut facts = since(planned, clock);
    if planned.len() + blind.count() < shown.len() {
        facts.push(text(if blind.is_empty() { banner::REST_FINE } else { banner::SEEN_REST_FINE }));
    }
    let words = blind.words(clock);
    if !words.is_empty() {
        facts.push(text(" "));
    }
    facts.extend(words);
    Headline { tone: Tone::Of(Status::UnderMaintenance), sentence, facts }
}

/// What is seen is well, and not all is seen.
fn blindness(blind: &Blind<'_>, shown: &[&ComponentView], clock: &Clock<'_>) -> Headline {
    let whole = |sentence, facts| Headline { tone: Tone::NoData, sentence, facts };
    let Blind { stale, waiting, .. } = blind;
    if stale.is_empty() {
        if waiting.len() == shown.len() {
            return whole(vec![text(banner::WAITING)], vec![text(banner::WAITING_WHY)]);
        }
        return whole(vec![text(banner::SEEN_FINE)], blind.words(clock));
    }
    let all = stale.len() == shown.len();
    let mut sentence = vec![text(banner::NO_DATA_FOR)];
    if all && shown.len() > 1 {
        sentence.push(text(banner::ANY));
    } else {
        let name = names(stale, 1, NAMES_IN_HEADLINE);
        sentence.extend(name.unwrap_or_else(|| vec![text(texts::components(stale.len()))]));
    }
    let (oldest, alike) = moments(stale.iter().filter_map(|component| component.stale_since), clock);
    let mut facts = vec![text(banner::not_seen_since(all, stale.len()))];
    facts.extend(oldest.map(Piece::Since));
    facts.push(text(if alike { ".".to_owned() } else { format!("{}.", texts::OR_LATER) }));
    facts.push(text(if all { banner::NOT_DOWN } else { banner::ALL_SEEN_FINE }));
    let rest = Blind { stale: Vec::new(), ..blind.clone() };
    let words = rest.words(clock);
    if !words.is_empty() {
        facts.push(text(" "));
    }
    facts.extend(words);
    whole(sentence, facts)
}

/// The components that are not seen, or not as a whole.
#[derive(Clone)]
struct Blind<'a> {
    /// Seen before, not now.
    stale: Vec<&'a ComponentView>,
    /// Never seen.
    waiting: Vec<&'a ComponentView>,
    /// Seen in part, in trouble or not.
    partly: Vec<&'a ComponentView>,
}

impl<'a> Blind<'a> {
    fn of(shown: &[&'a ComponentView]) -> Self {
        let which = |wanted: fn(&ComponentView) -> bool| {
            shown.iter().copied().filter(|component| wanted(component)).collect::<Vec<_>>()
        };
        Self {
            stale: which(|one| one.stale_since.is_some()),
            waiting: which(|one| one.waiting),
            partly: which(|one| one.unseen.is_some()),
        }
    }

    fn is_empty(&self) -> bool {
        self.count() == 0
    }

    /// Of how many nothing may be said, or not that they are well.
    fn count(&self) -> usize {
        self.stale.len()
            + self.waiting.len()
            + self.partly.iter().filter(|one| tone(one) == Tone::NoData).count()
    }

    /// "No data for 2 components since 14:40. No data for part of Website since 14:50." Where the sentence
    /// before them ends, the caller puts the space.
    fn words(&self, clock: &Clock<'_>) -> Vec<Piece> {
        let mut pieces = Vec::new();
        if !self.stale.is_empty() {
            let times = self.stale.iter().filter_map(|component| component.stale_since);
            let since = since_brief(times, clock);
            pieces.push(text(banner::no_data(self.stale.len(), &since)));
        }
        if !self.partly.is_empty() {
            let parts = || self.partly.iter().filter_map(|component| component.unseen);
            let mut since = since_brief(parts().filter_map(|part| part.since), clock);
            if parts().any(|part| part.since_differs) && !since.is_empty() && !since.contains(texts::OR_LATER)
            {
                since.push_str(texts::OR_LATER);
            }
            space(&mut pieces);
            pieces.push(text(banner::PART_OF));
            pieces.extend(whom(&self.partly));
            pieces.push(text(banner::part_since(&since)));
        }
        if !self.waiting.is_empty() {
            space(&mut pieces);
            pieces.push(text(banner::WAITING_FOR));
            pieces.extend(whom(&self.waiting));
            pieces.push(text("."));
        }
        pieces
    }
}

fn space(pieces: &mut Vec<Piece>) {
    if !pieces.is_empty() {
        pieces.push(text(" "));
    }
}

/// One name, or how many.
fn whom(components: &[&ComponentView]) -> Vec<Piece> {
    let name = names(components, 1, NAMES_BELOW);
    name.unwrap_or_else(|| vec![text(texts::components(components.len()))])
}

/// The earliest of some instants, and whether all read the same on the page's clock.
fn moments(times: impl Iterator<Item = Timestamp>, clock: &Clock<'_>) -> (Option<Timestamp>, bool) {
    let times: Vec<Timestamp> = times.collect();
    let earliest = times.iter().copied().min();
    let read: Option<String> = earliest.map(|at| clock.moment(at));
    (earliest, times.iter().all(|at| Some(clock.moment(*at)) == read))
}

/// " since 14:40", " since 14:40 or later", or nothing.
fn since_brief(times: impl Iterator<Item = Timestamp>, clock: &Clock<'_>) -> String {
    let (earliest, alike) = moments(times, clock);
    let later = if alike { "" } else { texts::OR_LATER };
    earliest.map(|at| format!("{}{}{later}", banner::NAME_SINCE, clock.brief(at))).unwrap_or_default()
}

/// "Since 14:02 UTC."; where two began at unlike times "Card payments since 14:02 UTC, Refunds since 14:10 UTC.",
/// where more did "The first since 14:02 UTC."
fn since(components: &[&ComponentView], clock: &Clock<'_>) -> Vec<Piece> {
    let (earliest, alike) = moments(components.iter().map(|component| component.since), clock);
    let Some(earliest) = earliest else { return Vec::new() };
    if alike {
        return vec![text(banner::SINCE), Piece::Since(earliest), text(".")];
    }
    match names(components, 2, NAMES_IN_HEADLINE) {
        Some(_) => {
            let mut pieces = Vec::new();
            for component in components {
                pieces.push(text(if pieces.is_empty() { "" } else { ", " }));
                pieces.push(Piece::Name(balanced(&component.name)));
                pieces.extend([text(banner::NAME_SINCE), Piece::Since(component.since)]);
            }
            pieces.push(text("."));
            pieces
        }
        None => vec![text(banner::FIRST_SINCE), Piece::Since(earliest), text(".")],
    }
}

/// One or two short names, "all components" where those are all, else how many.
fn named(components: &[&ComponentView], of: usize) -> Vec<Piece> {
    names(components, 2, NAMES_IN_HEADLINE).unwrap_or_else(|| {
        vec![if components.len() == of && of > 1 {
            text(banner::ALL)
        } else {
            text(texts::components(components.len()))
        }]
    })
}

/// Names with commas between; `None` where they are too many or too long.
fn names(components: &[&ComponentView], most: usize, characters: usize) -> Option<Vec<Piece>> {
    let length: usize = components.iter().map(|component| component.name.chars().count() + 2).sum();
    if components.len() > most || length > characters + 2 {
        return None;
    }
    let mut pieces = Vec::new();
    for component in components {
        if !pieces.is_empty() {
            pieces.push(text(", "));
        }
        pieces.push(Piece::Name(balanced(&component.name)));
    }
    Some(pieces)
}

fn text(words: impl Into<String>) -> Piece {
    Piece::Text(words.into())
}

/// The sentence without markup. A name that could turn its surroundings round is isolated (Unicode UAX #9).
pub(crate) fn plain(pieces: &[Piece], clock: &Clock<'_>) -> String {
    pieces
        .iter()
        .map(|piece| match piece {
            Piece::Text(words) => words.clone(),
            Piece::Name(name) if name.is_ascii() => name.clone(),
            Piece::Name(name) => format!("\u{2068}{name}\u{2069}"),
            Piece::Since(at) | Piece::At(at) => clock.moment(*at),
        })
        .collect()
}

#[cfg(test)]
#[path = "headline_test.rs"]
mod tests;

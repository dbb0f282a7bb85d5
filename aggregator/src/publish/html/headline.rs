//! The one sentence of the banner and the facts below it: a pure function of the view. The first row of the
//! table that applies wins; it never says more than what is seen.

use super::words::{Clock, Tone, balanced, count};
use crate::domain::status::Status;
use crate::domain::time::Timestamp;
use crate::publish::view::{ComponentView, Item, PageView};

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

/// What visitors are told of a component: a stale or waiting one is not seen, whatever its last status.
pub(crate) fn tone(component: &ComponentView) -> Tone {
    if component.waiting || component.stale_since.is_some() {
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
            sentence: vec![text("Nothing to show yet")],
            facts: vec![text("Components will appear here once they are set up.")],
        };
    }
    let shown = shown(view);
    let with = |wanted: Tone| -> Vec<&ComponentView> {
        shown.iter().copied().filter(|component| tone(component) == wanted).collect()
    };
    let blind = with(Tone::NoData);
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
        return blindness(&blind, &shown);
    }
    Headline {
        tone: Tone::Of(Status::Operational),
        sentence: vec![text("All systems operational")],
        facts: vec![text("No incidents and no maintenance in progress.")],
    }
}

fn trouble(
    status: Status,
    worst: &[&ComponentView],
    shown: &[&ComponentView],
    blind: &[&ComponentView],
    clock: &Clock<'_>,
) -> Headline {
    let tone_of_page = Tone::Of(status);
    let mut sentence = vec![text(format!("{}: ", tone_of_page.words()))];
    sentence.extend(named(worst, shown.len()));
    let mut facts = since(worst);
    let others: Vec<_> = shown
        .iter()
        .copied()
        .filter(|component| tone(component).is_trouble() && tone(component) != tone_of_page)
        .collect();
    if !others.is_empty() {
        facts.push(text(" Also affected: "));
        match names(&others, usize::MAX, NAMES_BELOW) {
            Some(names) => facts.extend(names),
            None => facts.push(text(count(others.len(), "component", "components"))),
        }
        facts.push(text("."));
    }
    facts.extend(unseen(blind, clock));
    Headline { tone: tone_of_page, sentence, facts }
}

fn maintenance(
    planned: &[&ComponentView],
    shown: &[&ComponentView],
    blind: &[&ComponentView],
    clock: &Clock<'_>,
) -> Headline {
    let mut sentence = vec![text("Maintenance in progress: ")];
    sentence.extend(named(planned, shown.len()));
    let mut facts = since(planned);
    if planned.len() + blind.len() < shown.len() {
        facts.push(text(if blind.is_empty() {
            " Everything else is operational."
        } else {
            " Everything else that we can see is operational."
        }));
    }
    facts.extend(unseen(blind, clock));
    Headline { tone: Tone::Of(Status::UnderMaintenance), sentence, facts }
}

fn blindness(blind: &[&ComponentView], shown: &[&ComponentView]) -> Headline {
    let all = blind.len() == shown.len();
    let oldest = blind.iter().filter_map(|component| component.stale_since).min();
    let mut sentence = vec![text("No data for ")];
    if all && shown.len() > 1 {
        sentence.push(text("any component"));
    } else {
        let name = names(blind, 1, NAMES_IN_HEADLINE);
        sentence.extend(name.unwrap_or_else(|| vec![text(count(blind.len(), "component", "components"))]));
    }
    let whom = match (all, blind.len()) {
        (true, _) => "our systems",
        (false, 1) => "it",
        (false, _) => "them",
    };
    let mut facts = match oldest {
        Some(at) => {
            vec![text(format!("We have not been able to see {whom} since ")), Piece::Since(at), text(".")]
        }
        None if all => vec![text("We are waiting for the first report.")],
        None => vec![text("We are waiting for the first report of ".to_owned() + whom + ".")],
    };
    facts.push(text(if all {
        " This does not mean that they are down."
    } else {
        " Everything that we can see is operational."
    }));
    Headline { tone: Tone::NoData, sentence, facts }
}

/// " No data for 2 components since 14:40."
fn unseen(blind: &[&ComponentView], clock: &Clock<'_>) -> Option<Piece> {
    if blind.is_empty() {
        return None;
    }
    let whom = count(blind.len(), "component", "components");
    let oldest = blind.iter().filter_map(|component| component.stale_since).min();
    let since = oldest.map(|at| format!(" since {}", clock.brief(at))).unwrap_or_default();
    Some(text(format!(" No data for {whom}{since}.")))
}

/// "Since 14:02 UTC."
fn since(components: &[&ComponentView]) -> Vec<Piece> {
    components
        .iter()
        .map(|component| component.since)
        .min()
        .map_or_else(Vec::new, |earliest| vec![text("Since "), Piece::Since(earliest), text(".")])
}

/// One or two short names, "all components" where those are all, else how many.
fn named(components: &[&ComponentView], of: usize) -> Vec<Piece> {
    names(components, 2, NAMES_IN_HEADLINE).unwrap_or_else(|| {
        vec![if components.len() == of && of > 1 {
            text("all components")
        } else {
            text(count(components.len(), "component", "components"))
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
            Piece::Since(at) => clock.moment(*at),
        })
        .collect()
}

#[cfg(test)]
#[path = "headline_test.rs"]
mod tests;

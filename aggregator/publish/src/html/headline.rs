//! The sentence of the banner and the facts below it, as a pure function of the view. The first rule that applies wins.
//! The banner never claims more than was observed.

use super::underway;
use super::words::{Clock, Tone, balanced, isolated_text};
use crate::overall_status::{components, of_incidents};
use crate::view::{ComponentView, PageView};
use skerry_domain::status::Status;
use skerry_domain::time::Timestamp;

/// Longest list of names in the sentence, in characters; a longer one becomes a count.
const NAMES_IN_HEADLINE: usize = 48;
/// The same for the facts.
const NAMES_IN_FACTS: usize = 120;

/// A part of a sentence. Names and instants have markup of their own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    /// Text from `texts`.
    Text(String),
    /// A name from the configuration, which is isolated for direction.
    Name(String),
    /// When something began that still lasts; the script adds for how long.
    Since(Timestamp),
    /// An instant.
    At(Timestamp),
    /// A link, relative to the page's root.
    Link {
        /// Its target.
        href: String,
        /// Its text, which is isolated for direction.
        text: String,
    },
}

/// The contents of the banner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Headline {
    /// Colour and icon.
    pub(crate) tone: Tone,
    /// Also begins the document's title.
    pub(crate) sentence: Vec<Piece>,
    /// The second line.
    pub(crate) facts: Vec<Piece>,
}

/// The state of a component as visitors see it: "no data" if it is stale or waiting, whatever its last status, and also
/// if it is operational only by some of its checks while others have no data.
pub(crate) fn tone(component: &ComponentView) -> Tone {
    let partly = component.unseen.is_some() && component.status == Status::Operational;
    if component.waiting || component.stale_since.is_some() || partly {
        Tone::NoData
    } else {
        Tone::Of(component.status)
    }
}

/// Whether the component is on the page at all.
pub(crate) fn is_shown(component: &ComponentView) -> bool {
    !component.only_show_if_degraded || tone(component) != Tone::Of(Status::Operational)
}

/// The components that are shown, in the configured order.
pub(crate) fn shown(view: &PageView) -> Vec<&ComponentView> {
    components(view).filter(|component| is_shown(component)).collect()
}

/// Whether people set all statuses of the page.
pub(crate) fn all_manual(view: &PageView) -> bool {
    components(view).next().is_some() && components(view).all(|component| component.manual)
}

/// The banner of a page.
pub(crate) fn headline(view: &PageView) -> Headline {
    underway::with_announced(view, of_components(view))
}

/// The banner by the components alone.
fn of_components(view: &PageView) -> Headline {
    let texts = view.texts();
    if components(view).next().is_none() {
        return match of_incidents(view.incidents.iter()).map(Tone::Of) {
            Some(tone) => Headline { tone, sentence: vec![text(tone.label(texts))], facts: Vec::new() },
            None => Headline {
                tone: Tone::NoData,
                sentence: vec![text(texts.banner.empty())],
                facts: vec![text(texts.banner.empty_why())],
            },
        };
    }
    let shown = shown(view);
    let with = |wanted: Tone| -> Vec<&ComponentView> {
        shown.iter().copied().filter(|component| tone(component) == wanted).collect()
    };
    let missing = MissingData::of(&shown);
    let clock = Clock::of(view);
    for status in [Status::MajorOutage, Status::PartialOutage, Status::DegradedPerformance] {
        let worst = with(Tone::Of(status));
        if !worst.is_empty() {
            return impaired(status, &worst, &shown, &missing, &clock);
        }
    }
    let planned = with(Tone::Of(Status::UnderMaintenance));
    if !planned.is_empty() {
        let times = underway::times(view, &planned, &clock);
        return maintenance(&planned, times, &shown, &missing, &clock);
    }
    if !missing.is_empty() {
        return no_data(&missing, &shown, &clock);
    }
    Headline {
        tone: Tone::Of(Status::Operational),
        sentence: vec![text(texts.banner.fine())],
        facts: vec![text(texts.banner.fine_why())],
    }
}

fn impaired(
    status: Status,
    worst: &[&ComponentView],
    shown: &[&ComponentView],
    missing: &MissingData<'_>,
    clock: &Clock<'_>,
) -> Headline {
    let tone_of_page = Tone::Of(status);
    let mut sentence = vec![text(format!("{}: ", tone_of_page.label(clock.texts)))];
    sentence.extend(named(worst, shown.len(), clock));
    let mut facts = since(worst, clock);
    let others: Vec<_> = shown
        .iter()
        .copied()
        .filter(|component| tone(component).is_impaired() && tone(component) != tone_of_page)
        .collect();
    if !others.is_empty() {
        facts.push(text(clock.texts.banner.also()));
        match names(&others, usize::MAX, NAMES_IN_FACTS) {
            Some(_) => facts.extend(links(&others)),
            None => facts.push(text(clock.texts.status.components(others.len()))),
        }
        facts.push(text("."));
    }
    append(&mut facts, missing.sentences(clock));
    Headline { tone: tone_of_page, sentence, facts }
}

fn maintenance(
    planned: &[&ComponentView],
    times: Option<Piece>,
    shown: &[&ComponentView],
    missing: &MissingData<'_>,
    clock: &Clock<'_>,
) -> Headline {
    let mut sentence = vec![text(clock.texts.banner.maintenance())];
    sentence.extend(named(planned, shown.len(), clock));
    let mut facts = times.map_or_else(|| since(planned, clock), |times| vec![times]);
    if planned.len() + missing.count() < shown.len() {
        let texts = clock.texts.banner;
        facts.push(text(if missing.is_empty() { texts.rest_fine() } else { texts.seen_rest_fine() }));
    }
    append(&mut facts, missing.sentences(clock));
    Headline { tone: Tone::Of(Status::UnderMaintenance), sentence, facts }
}

/// The banner if everything observed is operational, but some data is missing.
fn no_data(missing: &MissingData<'_>, shown: &[&ComponentView], clock: &Clock<'_>) -> Headline {
    let headline = |sentence, facts| Headline { tone: Tone::NoData, sentence, facts };
    let MissingData { stale, waiting, .. } = missing;
    let texts = clock.texts;
    if stale.is_empty() {
        if waiting.len() == shown.len() {
            return headline(vec![text(texts.banner.waiting())], vec![text(texts.banner.waiting_why())]);
        }
        return headline(vec![text(texts.banner.seen_fine())], missing.sentences(clock));
    }
    let all = stale.len() == shown.len();
    let mut sentence = Vec::new();
    if all && shown.len() > 1 {
        sentence.push(text(texts.banner.no_data_for_any()));
    } else {
        let name = names(stale, 1, NAMES_IN_HEADLINE);
        sentence.push(text(texts.banner.no_data_for()));
        sentence.extend(name.unwrap_or_else(|| vec![text(texts.status.components(stale.len()))]));
    }
    let (oldest, same) = earliest(stale.iter().filter_map(|component| component.stale_since), clock);
    let [before, after] = texts.banner.not_seen(all, stale.len(), !same);
    let mut facts = vec![text(before)];
    facts.extend(oldest.map(Piece::Since));
    facts.push(text(after));
    facts.push(text(if all { texts.banner.not_down() } else { texts.banner.all_seen_fine() }));
    let rest = MissingData { stale: Vec::new(), ..missing.clone() };
    append(&mut facts, rest.sentences(clock));
    headline(sentence, facts)
}

/// The components for which all or some data is missing.
#[derive(Clone)]
struct MissingData<'a> {
    /// Observed before, but not at present.
    stale: Vec<&'a ComponentView>,
    /// Never observed.
    waiting: Vec<&'a ComponentView>,
    /// Some of the checks have no data, whatever the status.
    partly: Vec<&'a ComponentView>,
}

impl<'a> MissingData<'a> {
    fn of(shown: &[&'a ComponentView]) -> Self {
        let select = |wanted: fn(&ComponentView) -> bool| {
            shown.iter().copied().filter(|component| wanted(component)).collect::<Vec<_>>()
        };
        Self {
            stale: select(|one| one.stale_since.is_some()),
            waiting: select(|one| one.waiting),
            partly: select(|one| one.unseen.is_some()),
        }
    }

    fn is_empty(&self) -> bool {
        self.count() == 0
    }

    /// How many components are shown as "no data".
    fn count(&self) -> usize {
        self.stale.len()
            + self.waiting.len()
            + self.partly.iter().filter(|one| tone(one) == Tone::NoData).count()
    }

    /// "No data for 2 components since 14:40. No data for part of Website since 14:50."
    fn sentences(&self, clock: &Clock<'_>) -> Vec<Piece> {
        let mut pieces = Vec::new();
        if !self.stale.is_empty() {
            let times = self.stale.iter().filter_map(|component| component.stale_since);
            let since = since_brief(times, false, clock);
            pieces.push(text(clock.texts.banner.no_data(self.stale.len(), &since)));
        }
        if !self.partly.is_empty() {
            let parts = || self.partly.iter().filter_map(|component| component.unseen);
            let later = parts().any(|part| part.since_differs);
            let since = since_brief(parts().filter_map(|part| part.since), later, clock);
            space(&mut pieces);
            pieces.push(text(clock.texts.banner.part_of()));
            pieces.extend(name_or_count(&self.partly, clock));
            pieces.push(text(clock.texts.banner.part_since(&since)));
        }
        if !self.waiting.is_empty() {
            space(&mut pieces);
            pieces.push(text(clock.texts.banner.waiting_for()));
            pieces.extend(name_or_count(&self.waiting, clock));
            pieces.push(text("."));
        }
        pieces
    }
}

/// Appends further sentences, if there are any.
pub(super) fn append(facts: &mut Vec<Piece>, sentences: Vec<Piece>) {
    if !sentences.is_empty() {
        facts.push(text(" "));
        facts.extend(sentences);
    }
}

pub(super) fn space(pieces: &mut Vec<Piece>) {
    if !pieces.is_empty() {
        pieces.push(text(" "));
    }
}

/// The name of a single component, or else the number of components.
fn name_or_count(components: &[&ComponentView], clock: &Clock<'_>) -> Vec<Piece> {
    let name = names(components, 1, NAMES_IN_FACTS);
    name.unwrap_or_else(|| vec![text(clock.texts.status.components(components.len()))])
}

/// The earliest of some instants, and whether all are written the same.
fn earliest(times: impl Iterator<Item = Timestamp>, clock: &Clock<'_>) -> (Option<Timestamp>, bool) {
    let times: Vec<Timestamp> = times.collect();
    let earliest = times.iter().copied().min();
    let written: Option<String> = earliest.map(|at| clock.moment(at));
    (earliest, times.iter().all(|at| Some(clock.moment(*at)) == written))
}

/// " since 14:40", " since 14:40 or later", or nothing. `later`: a part of it since later.
fn since_brief(times: impl Iterator<Item = Timestamp>, later: bool, clock: &Clock<'_>) -> String {
    let (earliest, same) = earliest(times, clock);
    let since = |at| clock.texts.banner.brief_since(&clock.brief(at), later || !same);
    earliest.map(since).unwrap_or_default()
}

/// "Since 14:02 UTC." If the times differ: "Card payments since 14:02 UTC, Refunds since 14:10 UTC." for two components,
/// and "The first since 14:02 UTC." for more.
fn since(components: &[&ComponentView], clock: &Clock<'_>) -> Vec<Piece> {
    let (earliest, same) = earliest(components.iter().map(|component| component.since), clock);
    let Some(earliest) = earliest else { return Vec::new() };
    if same {
        return vec![text(clock.texts.banner.since()), Piece::Since(earliest), text(".")];
    }
    match names(components, 2, NAMES_IN_HEADLINE) {
        Some(_) => {
            let mut pieces = Vec::new();
            for component in components {
                pieces.push(text(if pieces.is_empty() { "" } else { ", " }));
                pieces.extend(links(&[component]));
                pieces.extend([text(clock.texts.banner.name_since()), Piece::Since(component.since)]);
            }
            pieces.push(text("."));
            pieces
        }
        None => vec![text(clock.texts.banner.first_since()), Piece::Since(earliest), text(".")],
    }
}

/// One or two short names, or "all components", or else their number.
fn named(components: &[&ComponentView], of: usize, clock: &Clock<'_>) -> Vec<Piece> {
    names(components, 2, NAMES_IN_HEADLINE).unwrap_or_else(|| {
        vec![if components.len() == of && of > 1 {
            text(clock.texts.banner.all())
        } else {
            text(clock.texts.status.components(components.len()))
        }]
    })
}

/// Names separated by commas, or `None` if they are too many or too long.
fn names(components: &[&ComponentView], max: usize, characters: usize) -> Option<Vec<Piece>> {
    let length: usize = components.iter().map(|component| component.name.chars().count() + 2).sum();
    if components.len() > max || length > characters + 2 {
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

/// Names separated by commas that lead to the rows of the components.
fn links(components: &[&ComponentView]) -> Vec<Piece> {
    let link = |component: &&ComponentView| Piece::Link {
        href: format!("#{}", component.id),
        text: balanced(&component.name),
    };
    let mut pieces: Vec<Piece> = Vec::new();
    for component in components {
        if !pieces.is_empty() {
            pieces.push(text(", "));
        }
        pieces.push(link(component));
    }
    pieces
}

pub(super) fn text(text: impl Into<String>) -> Piece {
    Piece::Text(text.into())
}

/// The sentence without markup. A name that could change the direction of the text around it is isolated (Unicode
/// UAX #9).
pub(crate) fn plain(pieces: &[Piece], clock: &Clock<'_>) -> String {
    pieces
        .iter()
        .map(|piece| match piece {
            Piece::Text(text) => text.clone(),
            Piece::Name(name) => isolated_text(name, clock.texts),
            Piece::Since(at) | Piece::At(at) => clock.moment(*at),
            Piece::Link { text, .. } => isolated_text(text, clock.texts),
        })
        .collect()
}

#[cfg(test)]
#[path = "headline_test.rs"]
mod tests;

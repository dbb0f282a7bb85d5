//! The cards of open incidents and of maintenance: "Happening now" and "Planned".

use super::headline::{Piece, tone};
use super::markup::{self, isolated};
use super::timeline::{self, Entry, Style};
use super::words::{Clock, Tone};
use crate::overall_status::components;
use crate::texts::Texts;
use crate::view::{ComponentView, IncidentView, MaintenanceView, PageView, UpdateView};
use skerry_domain::incident::Impact;
use skerry_domain::status::Status;
use skerry_domain::time::Timestamp;
use std::cmp::Reverse;
use std::collections::BTreeSet;

/// Cards with a timeline; further ones have only their heads.
const WITH_TIMELINE: usize = 5;
/// Entries of a card: if there are more, the newest two and the first.
const ENTRIES: usize = 3;
/// Longest text of an entry, bytes.
const STYLE: Style = Style { days: false, longest: 1_200, ages: true };

/// A card.
pub(crate) struct Card {
    pub(crate) id: String,
    /// Of its page, below the page's root.
    pub(crate) path: String,
    /// The address of its page, for paper.
    pub(crate) url: String,
    /// As markup.
    pub(crate) title: String,
    /// Class of the icon; `None` without an icon.
    pub(crate) icon: Option<&'static str>,
    /// "Major outage since 14:02 UTC. Affects Card payments.", as markup.
    pub(crate) facts: String,
    pub(crate) entries: Vec<Entry>,
    /// "4 more updates", if none stands in the card.
    pub(crate) more: Option<String>,
}

/// What happens now: open incidents, the worst first, and of these the latest start first; then maintenance in progress.
pub(crate) fn now(view: &PageView, clock: &Clock<'_>) -> Vec<Card> {
    let open = view.incidents.iter().filter(|one| one.is_open());
    let mut open: Vec<_> = open.map(|incident| (incident, Present::of(incident, view))).collect();
    open.sort_by_key(|(_, present)| Reverse(present.tone.map_or(0, Tone::weight)));
    let open = open.into_iter().enumerate();
    let incidents = open.map(|(place, (incident, present))| {
        card(incident, &present, (place < WITH_TIMELINE, &view.url), clock)
    });
    let running = view.maintenance.iter().filter(|one| one.is_running()).enumerate();
    incidents
        .chain(running.map(|(place, one)| of_maintenance(one, (place < WITH_TIMELINE, &view.url), clock)))
        .collect()
}

/// Maintenance that is still to come, the next one first; of what recurs only the next.
pub(crate) fn to_come(view: &PageView, clock: &Clock<'_>) -> Vec<Card> {
    let mut listed = BTreeSet::new();
    let to_come = view.maintenance.iter().rev().filter(|one| one.is_open() && !one.is_running());
    let next = to_come.filter(|one| one.series.as_ref().is_none_or(|series| listed.insert(series)));
    next.enumerate()
        .map(|(place, one)| of_maintenance(one, (place < WITH_TIMELINE, &view.url), clock))
        .collect()
}

/// `page` is the address of the page.
fn of_maintenance(maintenance: &MaintenanceView, (timeline, page): (bool, &str), clock: &Clock<'_>) -> Card {
    let tone = Tone::Of(Status::UnderMaintenance);
    let words = clock.texts.maintenance;
    let (shown, more) = shown(&maintenance.updates, timeline, clock.texts);
    let names: Vec<_> = maintenance.components.iter().map(|one| isolated(&one.name)).collect();
    let times = if maintenance.is_running() {
        let end = markup::time(maintenance.to, &clock.moment(maintenance.to), clock);
        format!("<b>{}</b>{}", words.status(maintenance.status), words.until(&end))
    } else {
        words.on(&planned(maintenance, clock))
    };
    let path = format!("maintenance/{}", maintenance.id);
    let mut entries = timeline::entries(&shown, Some(tone), STYLE, clock);
    let more = place_left_out(&mut entries, more, &path);
    Card {
        id: maintenance.id.clone(),
        path,
        url: format!("{page}/maintenance/{}", maintenance.id),
        title: timeline::title(&maintenance.title),
        icon: Some(tone.class()),
        facts: format!("{times} {}{}", affected(&names, true, clock.texts), recurs(maintenance, clock.texts)),
        entries,
        more,
    }
}

/// " Repeats every week.", or nothing.
pub(crate) fn recurs(maintenance: &MaintenanceView, texts: &Texts) -> String {
    maintenance.recurs.map_or_else(String::new, |(frequency, interval)| {
        format!(" {}", texts.maintenance.recurs(frequency, interval))
    })
}

/// "Sun 22 Nov, 02:00 to 04:00 UTC", as markup.
pub(crate) fn planned(maintenance: &MaintenanceView, clock: &Clock<'_>) -> String {
    let span = clock.isolated(clock.planned(maintenance.from, maintenance.to));
    markup::time(maintenance.from, &span, clock)
}

/// The entries of a card, and "4 more updates".
fn shown<'a, S>(
    all: &'a [UpdateView<S>],
    timeline: bool,
    texts: &Texts,
) -> (Vec<&'a UpdateView<S>>, Option<String>) {
    let shown: Vec<_> = match all {
        _ if !timeline => Vec::new(),
        [first, second, .., last] if all.len() > ENTRIES => vec![first, second, last],
        few => few.iter().collect(),
    };
    let left_out = all.len() - shown.len();
    (shown, (left_out > 0).then(|| texts.incident.more_updates(left_out)))
}

/// Puts "4 more updates" where they were left out: before the first. Returns it if the card has no entries.
fn place_left_out(entries: &mut [Entry], more: Option<String>, path: &str) -> Option<String> {
    let Some(first) = entries.last_mut() else { return more };
    first.left_out = more.map(|more| format!("<a href=\"{path}\">{}</a>", markup::escaped(&more)));
    None
}

fn card(
    incident: &IncidentView,
    present: &Present,
    (timeline, page): (bool, &str),
    clock: &Clock<'_>,
) -> Card {
    let (shown, more) = shown(&incident.updates, timeline, clock.texts);
    let names: Vec<_> = incident.components.iter().map(|one| isolated(&one.name)).collect();
    let path = format!("incidents/{}", incident.id);
    let mut entries = timeline::entries(&shown, present.tone, STYLE, clock);
    let more = place_left_out(&mut entries, more, &path);
    Card {
        id: incident.id.clone(),
        path,
        url: format!("{page}/incidents/{}", incident.id),
        title: timeline::title(&incident.title),
        icon: present.tone.map(Tone::class),
        facts: format!("{} {}", present.words(clock), affected(&names, present.is_impaired(), clock.texts)),
        entries,
        more,
    }
}

/// "Affects Card payments, Refunds.", or nothing without names.
pub(crate) fn affected(names: &[String], impaired: bool, texts: &Texts) -> String {
    if names.is_empty() { String::new() } else { texts.incident.affects(&names.join(", "), impaired) }
}

/// The present state of an open incident.
pub(crate) struct Present {
    /// Of the worst component that it names; without one, of its impact. `None`: it affects nothing.
    pub(crate) tone: Option<Tone>,
    /// Since when the components have this status; for an incident without an impaired one, its start.
    since: Timestamp,
}

impl Present {
    pub(crate) fn of(incident: &IncidentView, view: &PageView) -> Self {
        let named = || components(view).filter(|one| incident.names(&one.id) && !one.waiting);
        let worst = named().map(tone).max_by_key(|tone| tone.weight());
        let tone_now = worst.or_else(|| of_impact(incident.impact).map(Tone::Of));
        let of_worst = named().filter(|one| Some(tone(one)) == worst).map(since).min();
        let is_worse = worst.is_some_and(|worst| worst != Tone::Of(Status::Operational));
        Self { tone: tone_now, since: of_worst.filter(|_| is_worse).unwrap_or(incident.started_at) }
    }

    /// Since when the components have their status, or the incident has lasted.
    pub(crate) fn since(&self) -> Timestamp {
        self.since
    }

    pub(crate) fn is_impaired(&self) -> bool {
        self.tone.is_some_and(|tone| tone != Tone::Of(Status::Operational))
    }

    /// "Major outage since 14:02 UTC.", or "Since 14:02 UTC.", as markup.
    pub(crate) fn words(&self, clock: &Clock<'_>) -> String {
        let since = |words: &str| {
            let pieces =
                [Piece::Text(words.to_owned()), Piece::Since(self.since), Piece::Text(".".to_owned())];
            markup::sentence(&pieces, clock)
        };
        match self.tone.filter(|_| self.is_impaired()) {
            Some(tone) => {
                format!("<b>{}</b>{}", tone.label(clock.texts), since(clock.texts.incident.status_since()))
            }
            None => since(clock.texts.incident.since()),
        }
    }
}

/// Since when a component has had its present status.
pub(crate) fn since(component: &ComponentView) -> Timestamp {
    component.stale_since.unwrap_or(component.since)
}

/// The status that an impact stands for.
pub(crate) fn of_impact(impact: Impact) -> Option<Status> {
    match impact {
        Impact::None => None,
        Impact::Minor => Some(Status::DegradedPerformance),
        Impact::Major => Some(Status::PartialOutage),
        Impact::Critical => Some(Status::MajorOutage),
    }
}

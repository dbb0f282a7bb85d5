//! Builds the announced maintenance of a page from the state. Pure. Private windows, windows that are not announced, and
//! whatever belongs to private or archived components stay out.

use super::api_v2;
use super::html::isolated_text;
use super::incidents::{IncidentViews, PublicComponents, public_components};
use super::texts::Texts;
use super::times;
use super::view::{AffectedView, IncidentText, MaintenanceEntry, MaintenanceUpdateView, MaintenanceView};
use jiff::Zoned;
use jiff::tz::TimeZone;
use skerry_domain::incident::Title;
use skerry_domain::maintenance::{PlannedWindow, WindowEvent, WindowText, WindowUpdate};
use skerry_domain::recurrence::Frequency;
use skerry_domain::state::{Page, PageKey, State, WindowKey};
use skerry_domain::status::Status;
use skerry_domain::time::Timestamp;
use std::cmp::Reverse;
use std::collections::BTreeSet;

/// Whether visitors see a window: it was announced, and one of its components is public.
#[must_use]
pub fn is_shown(state: &State, window: &PlannedWindow) -> bool {
    window.is_published() && concerns_visitors(state, window)
}

/// Whether one of the components of a window is public, so that visitors see it once it is announced.
#[must_use]
pub fn concerns_visitors(state: &State, window: &PlannedWindow) -> bool {
    let mut components = window.components.iter().filter_map(|key| state.components.get(key));
    components.any(|component| component.settings.public && !component.archived)
}

/// The maintenance of a page, the latest beginning first: what is open or touches the time since `begin`, and the newest
/// of the API's list. All if `all`.
pub(super) fn maintenance(
    state: &State,
    (key, page): (PageKey, &Page),
    zone: &TimeZone,
    begin: Timestamp,
    all: bool,
) -> Vec<MaintenanceView> {
    let published = &state.published_windows;
    let window = |key: &WindowKey| state.windows.get(key).filter(|one| is_shown(state, one));
    let listed = published.newest(key).filter(|key| window(key).is_some_and(|one| all || !called_off(one)));
    let listed = listed.take(if all { usize::MAX } else { api_v2::LISTED });
    let wanted: BTreeSet<WindowKey> = listed.chain(published.ending_since(key, begin)).collect();
    let found = wanted.into_iter().filter_map(|key| Some((key, window(&key)?)));
    let mut found: Vec<_> = found.collect();
    found.sort_by_key(|(key, one)| Reverse((one.from, *key)));
    let components = public_components(state, page);
    let build = Build { state, components: &components, zone, texts: times::language_of(page).texts() };
    found.into_iter().map(|(_, one)| build.maintenance(one)).collect()
}

/// One maintenance as visitors see it, or would see it once it is announced. `None`: it has no components.
#[must_use]
pub fn maintenance_view(state: &State, window: &PlannedWindow) -> Option<MaintenanceView> {
    Some(IncidentViews::on(state, state.pages.get(&window.page?)?).maintenance(window))
}

impl IncidentViews<'_> {
    /// Maintenance of the page as visitors see it, or would see it once it is announced.
    #[must_use]
    pub fn maintenance(&self, window: &PlannedWindow) -> MaintenanceView {
        let Self { state, components, zone, texts } = self;
        Build { state, components, zone, texts }.maintenance(window)
    }
}

/// Whether it was cancelled before it began.
fn called_off(window: &PlannedWindow) -> bool {
    window.started_at.is_none() && window.cancelled_at.is_some()
}

struct Build<'a> {
    state: &'a State,
    components: &'a PublicComponents<'a>,
    zone: &'a TimeZone,
    texts: &'static Texts,
}

impl Build<'_> {
    fn maintenance(&self, window: &PlannedWindow) -> MaintenanceView {
        let components = self.affected(window);
        let names: Vec<_> = components.iter().map(|one| isolated_text(&one.name, self.texts)).collect();
        let title = match &window.title {
            Title::Written(text) => IncidentText::Written(text.public.clone()),
            Title::Automatic => IncidentText::Automatic(self.texts.maintenance.title(&names)),
        };
        let mut times = None;
        let mut updates: Vec<(Reverse<(Timestamp, i64)>, MaintenanceUpdateView)> = Vec::new();
        for update in window.updates.iter() {
            let text = Text { names: &names, began: window.started_at.is_some(), former: times };
            updates.push((Reverse((update.display_at, update.number)), self.update(update, &text)));
            times = update.times().or(times);
        }
        updates.sort_by_key(|(place, _)| *place);
        MaintenanceView {
            id: window.id.clone(),
            title,
            status: window.status,
            created_at: window.created_at,
            updated_at: window.updated_at,
            from: window.from,
            to: window.to,
            ended_at: window.ended_at(),
            revision: window.revision,
            called_off: called_off(window),
            series: window
                .occurrence
                .and_then(|one| self.state.series.get(&one.series))
                .map(|one| one.id.clone()),
            recurs: self.recurs(window),
            components,
            updates: updates.into_iter().map(|(_, update)| update).collect(),
        }
    }

    /// How often a window that is not over recurs, if another one of its series follows.
    fn recurs(&self, window: &PlannedWindow) -> Option<(Frequency, u16)> {
        let series = window.occurrence.filter(|_| window.is_open())?.series;
        self.state.next_starts(series, window.from + 1).next()?;
        Some(self.state.series.get(&series)?.recurrence.frequency())
    }

    /// The public components of a window, in the order of the page.
    fn affected(&self, window: &PlannedWindow) -> Vec<AffectedView> {
        let page = window.page.and_then(|key| self.state.pages.get(&key));
        let keys = page.map_or_else(Vec::new, |page| skerry_domain::state::components_of(&page.items));
        let named = keys.into_iter().filter(|key| window.components.contains(key));
        let named = named.filter_map(|key| self.components.get(&key));
        let affected = named.map(|(component, _)| AffectedView {
            id: component.id.clone(),
            name: component.settings.name.clone(),
            worst: Status::UnderMaintenance,
        });
        affected.collect()
    }

    fn update(&self, update: &WindowUpdate, text: &Text<'_>) -> MaintenanceUpdateView {
        let (body, event) = match &update.body {
            WindowText::Written(text) => (IncidentText::Written(text.public.clone()), None),
            WindowText::Automatic { event, from, to } => {
                let written = self.automatic(*event, (*from, *to), text, update.display_at);
                (IncidentText::Automatic(written), Some(*event))
            }
        };
        MaintenanceUpdateView {
            id: update.id.clone(),
            status: MaintenanceEntry { status: update.status, event },
            body: Some(body),
            created_at: update.created_at,
            display_at: update.display_at,
            edited_at: update.edited_at,
            components: Vec::new(),
        }
    }

    fn zoned(&self, at: Timestamp) -> Zoned {
        times::zoned(at, self.zone)
    }

    /// The text of an entry that is shown as of `at`. It does not depend on the day on which it is read.
    fn automatic(
        &self,
        event: WindowEvent,
        (from, to): (Timestamp, Timestamp),
        text: &Text<'_>,
        at: Timestamp,
    ) -> String {
        let (at, texts) = (self.zoned(at), self.texts.maintenance);
        let span = || times::span(&self.zoned(from), &self.zoned(to), at.year(), self.texts);
        let end = || times::as_of(&self.zoned(to), &at, self.texts);
        match event {
            WindowEvent::Announced => texts.announced(text.names, &span()),
            WindowEvent::Rescheduled => match text.former {
                Some((begin, end)) if begin != from && end - begin == to - from => {
                    let on_day = |time, zone| times::on_day(&self.zoned(time), at.year(), zone, self.texts);
                    texts.moved(&on_day(begin, false), &on_day(from, true))
                }
                _ => texts.rescheduled(&span()),
            },
            WindowEvent::Extended => texts.extended(&end()),
            WindowEvent::Started => texts.started(&end()),
            WindowEvent::Verifying => texts.verifying().to_owned(),
            WindowEvent::Completed => texts.completed().to_owned(),
            WindowEvent::Cancelled => texts.cancelled(text.began).to_owned(),
        }
    }
}

/// What the texts of a maintenance's entries depend on.
struct Text<'a> {
    /// Of its public components.
    names: &'a [String],
    /// It has begun.
    began: bool,
    /// Its times before the entry, if they are known.
    former: Option<(Timestamp, Timestamp)>,
}

#[cfg(test)]
#[path = "maintenance_test.rs"]
mod tests;

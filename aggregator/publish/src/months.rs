//! What the months before the days shown held, for the list of months. Pure.

use super::build::shown_from;
use super::component_now::ComponentNow;
use super::html::{self, MonthSpan};
use super::maintenance::is_shown;
use super::view::{Month, MonthView, PageView};
use skerry_domain::interval::Interval;
use skerry_domain::layers::Layers;
use skerry_domain::state::{ComponentKey, PageKey, State};
use skerry_domain::time::{DAY, Timestamp};
use skerry_domain::uptime::{self, Figure, Tally};
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher as _};

/// What was summed of the months of a page, so that the next time only months are summed in which something changed.
#[derive(Clone, Debug, Default)]
pub struct MonthSums {
    /// Of each component and month, with a digest of what the sum was made from.
    sums: HashMap<(ComponentKey, Month), (u64, Tally)>,
    /// How many of them were made anew.
    pub anew: usize,
}

/// What the months that begin before the days shown held, oldest first, and what was summed for them; `former` is what was
/// summed before. The intervals of a month are read only if its sum is not known, or no longer right.
#[must_use]
pub fn earlier(
    state: &State,
    key: PageKey,
    view: &PageView,
    former: &MonthSums,
) -> (Vec<MonthView>, MonthSums) {
    let begin = shown_from(&view.time_zone, view.now);
    let spans = html::months(view).into_iter().map(|month| MonthSpan::of(view, month));
    let spans: Vec<MonthSpan> = spans.filter(|span| span.from < begin).collect();
    let mut next = MonthSums::default();
    let mut figures: Vec<Vec<Figure>> = vec![Vec::new(); spans.len()];
    let items = state.pages.get(&key).map_or(&[][..], |page| &page.items);
    for component_key in skerry_domain::state::components_of(items) {
        let Some(component) = state.components.get(&component_key) else { continue };
        if !component.settings.public || component.archived || !component.settings.showcase {
            continue;
        }
        let component_now = ComponentNow { state, component, now: view.now };
        let watched = component_now.watched_from(&component_now.intervals(view.now - DAY));
        for (span, figures) in spans.iter().zip(&mut figures) {
            let place = (component_key, span.month);
            let digest = digest(&component.layers, (span.from, span.to), watched);
            let known = former.sums.get(&place).filter(|(of, _)| *of == digest).map(|(_, tally)| *tally);
            let tally = known.unwrap_or_else(|| {
                next.anew += 1;
                span.tally(&component_now.over(watched, span.from, span.to), view)
            });
            next.sums.insert(place, (digest, tally));
            figures.push(span.figure(&tally, component.settings.start_date, view));
        }
    }
    let [incidents, maintenance] = announced(state, key, &spans);
    let held = spans.iter().zip(&figures).enumerate().map(|(place, (span, figures))| MonthView {
        month: span.month,
        incidents: incidents[place],
        maintenance: maintenance[place],
        figure: uptime::group(figures),
    });
    (held.collect(), next)
}

/// How many incidents, and how much maintenance, began in each of these months.
fn announced(state: &State, key: PageKey, spans: &[MonthSpan]) -> [Vec<usize>; 2] {
    let place = |at: Timestamp| spans.partition_point(|span| span.to <= at);
    let (mut incidents, mut maintenance) = (vec![0; spans.len() + 1], vec![0; spans.len() + 1]);
    let begun = state.published_incidents.newest(key).filter_map(|key| state.incidents.get(&key));
    for incident in begun {
        incidents[place(incident.started_at)] += 1;
    }
    let windows = state.published_windows.newest(key).filter_map(|key| state.windows.get(&key));
    for window in windows.filter(|one| one.started_at.is_some() && is_shown(state, one)) {
        maintenance[place(window.from)] += 1;
    }
    [incidents, maintenance]
}

/// Tells apart what the layers say of a time, without reading what is packed in chunks, which never changes.
fn digest(layers: &Layers, (from, to): (Timestamp, Timestamp), watched: Option<Timestamp>) -> u64 {
    let mut hasher = DefaultHasher::new();
    (from, to, watched.map(|at| at.clamp(from, to))).hash(&mut hasher);
    let chunks = layers.automatic.chunks();
    let chunks = &chunks[chunks.partition_point(|chunk| chunk.to <= from)..];
    for chunk in chunks.iter().take_while(|chunk| chunk.from < to) {
        (chunk.from, chunk.to, chunk.bytes().len()).hash(&mut hasher);
    }
    within(layers.automatic.recent(), from, to).hash(&mut hasher);
    within(&layers.manual, from, to).hash(&mut hasher);
    within(&layers.planned, from, to).hash(&mut hasher);
    within(&layers.corrected, from, to).hash(&mut hasher);
    hasher.finish()
}

/// The intervals that hold at some time of `[from, to)`.
fn within<T>(intervals: &[Interval<T>], from: Timestamp, to: Timestamp) -> &[Interval<T>] {
    let first = intervals.partition_point(|one| one.to <= from);
    let last = intervals.partition_point(|one| one.from < to);
    &intervals[first.min(last)..last]
}

#[cfg(test)]
#[path = "months_test.rs"]
mod tests;

//! Badges of uptime and of response times. The page's are those of its components together; where nothing is shown on the page,
//! there is no badge.

use super::colour;
use super::svg::{Field, svg};
use crate::html::{balanced, is_young, mean, watched_from};
use crate::overall_status::components;
use crate::texts::Texts;
use crate::view::{ComponentView, PageView};
use skerry_domain::time::{DAY, Timestamp};
use skerry_domain::uptime::Figure;

/// The colour of links on a light page.
pub(crate) const FIGURE: &str = "#2b4fae";

/// The last of the windows, which is that of the index.
const WINDOW: usize = 3;

pub(super) fn uptime(component: &ComponentView, view: &PageView) -> Option<String> {
    let figure = &component.windows[WINDOW];
    component.showcase.then(|| drawn_uptime(figure, component.watched_from, &component.name, view))
}

/// The mean of the components that show theirs, as for a group.
pub(super) fn uptime_of_page(view: &PageView) -> Option<String> {
    let counted: Vec<_> = components(view).filter(|one| one.showcase).collect();
    let figure = (!counted.is_empty()).then(|| mean(&counted, WINDOW))?;
    Some(drawn_uptime(&figure, watched_from(&counted), &view.name, view))
}

/// As the page has it: in the first 24 hours there is no figure.
fn drawn_uptime(figure: &Figure, watched: Option<Timestamp>, name: &str, view: &PageView) -> String {
    let (texts, young) = (view.texts(), figure.hundredths.is_some() && is_young(watched, view));
    let missing = if young { texts.badge.young() } else { texts.badge.not_enough_data() };
    let seen = figure.hundredths.filter(|_| figure.enough && !young);
    drawn((texts.badge.uptime(), missing), name, seen.map(|share| texts.dates.percentage(share)))
}

pub(super) fn response(component: &ComponentView, view: &PageView) -> Option<String> {
    let median = last_day(component, view.now)?;
    Some(drawn(of_response(view.texts()), &component.name, median.map(milliseconds)))
}

/// The median over the components that publish theirs.
pub(super) fn response_of_page(view: &PageView) -> Option<String> {
    let published: Vec<_> = components(view).filter_map(|one| last_day(one, view.now)).collect();
    if published.is_empty() {
        return None;
    }
    let medians = published.into_iter().flatten().collect();
    Some(drawn(of_response(view.texts()), &view.name, median(medians).map(milliseconds)))
}

/// The median of the last 24 hours, if something was measured in them. `None`: it is not public.
fn last_day(component: &ComponentView, now: Timestamp) -> Option<Option<f64>> {
    let [day, ..] = &component.response.as_ref()?.windows;
    let last = day.points.last().filter(|point| point.at + day.step > now - DAY);
    Some(last.map(|_| day.p50_ms))
}

/// The lower one of two.
fn median(mut times: Vec<f64>) -> Option<f64> {
    times.sort_by(f64::total_cmp);
    times.get(times.len().saturating_sub(1) / 2).copied()
}

fn milliseconds(value: f64) -> String {
    format!("{value:.0} ms")
}

/// The label of a figure, and what stands in its place.
fn of_response(texts: &Texts) -> (&'static str, &'static str) {
    (texts.badge.response(), texts.badge.no_data())
}

fn drawn((label, missing): (&str, &str), name: &str, figure: Option<String>) -> String {
    let fill = if figure.is_some() { FIGURE } else { colour(None) };
    let text = figure.unwrap_or_else(|| missing.to_owned());
    svg(label, &Field { text: &text, fill, icon: None }, &format!("{}: {label} {text}", balanced(name)))
}

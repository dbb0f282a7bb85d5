//! Badges of uptime and of response times. The page's are those of its components together; where nothing is shown on the page,
//! there is no badge.

use super::colour;
use super::svg::{Field, svg};
use crate::html::{balanced, percentage};
use crate::overall_status::components;
use crate::texts::badge as words;
use crate::view::{ComponentView, PageView};
use skerry_domain::time::{DAY, Timestamp};
use skerry_domain::uptime::Figure;

/// The colour of links on a light page.
const FIGURE: &str = "#2b4fae";

pub(super) fn uptime(component: &ComponentView) -> Option<String> {
    let [.., figure] = &component.windows;
    component.showcase.then(|| drawn(words::UPTIME, &component.name, of_figures(&[figure])))
}

/// The truncated mean of the components that show theirs, as for a group.
pub(super) fn uptime_of_page(view: &PageView) -> Option<String> {
    let shown: Vec<_> = components(view).filter(|one| one.showcase).map(|one| &one.windows[3]).collect();
    (!shown.is_empty()).then(|| drawn(words::UPTIME, &view.name, of_figures(&shown)))
}

/// Components that were never observed have none. `None`: there is none, or too little was seen.
fn of_figures(figures: &[&Figure]) -> Option<String> {
    let known: Vec<_> = figures.iter().filter_map(|one| Some((one.hundredths?, one.enough))).collect();
    if known.is_empty() || known.iter().any(|(_, enough)| !enough) {
        return None;
    }
    let sum: u32 = known.iter().map(|(hundredths, _)| hundredths).sum();
    Some(percentage(sum / known.len() as u32))
}

pub(super) fn response(component: &ComponentView, now: Timestamp) -> Option<String> {
    let times = last_day(component, now)?;
    Some(drawn(
        words::RESPONSE,
        &component.name,
        median(times).map(|ms| words::milliseconds(ms.round() as u64)),
    ))
}

/// The median over the components that publish theirs.
pub(super) fn response_of_page(view: &PageView) -> Option<String> {
    let published: Vec<_> = components(view).filter_map(|one| last_day(one, view.now)).collect();
    if published.is_empty() {
        return None;
    }
    let medians = published.into_iter().filter_map(median).collect();
    Some(drawn(words::RESPONSE, &view.name, median(medians).map(|ms| words::milliseconds(ms.round() as u64))))
}

/// The medians of the last 24 hours. `None`: they are not public.
fn last_day(component: &ComponentView, now: Timestamp) -> Option<Vec<f64>> {
    let [day, ..] = &component.response.as_ref()?.windows;
    let lately = day.points.iter().filter(|point| point.at + day.step > now - DAY);
    Some(lately.map(|point| point.p50_ms).collect())
}

/// The lower one of two.
fn median(mut times: Vec<f64>) -> Option<f64> {
    times.sort_by(f64::total_cmp);
    times.get(times.len().saturating_sub(1) / 2).copied()
}

fn drawn((label, missing): (&str, &str), name: &str, figure: Option<String>) -> String {
    let fill = if figure.is_some() { FIGURE } else { colour(None) };
    let text = figure.unwrap_or_else(|| missing.to_owned());
    svg(label, &Field { text: &text, fill, icon: None }, &format!("{}: {label} {text}", balanced(name)))
}

//! `/uptime`: every figure with the data that it is computed from.

use super::document::{Document, Sheet};
use super::figures::Legend;
use super::frame::{Frame, zone};
use super::headline::is_shown;
use super::words::{Clock, balanced, grouped, percentage};
use super::{Live, figures, markup, rows};
use crate::texts::{self, uptime as words};
use crate::view::{ComponentView, GroupView, Item, PageView};
use sailfish::TemplateSimple;
use skerry_domain::time::{DAY, SECOND};
use skerry_domain::uptime::{Figure, Tally};
use skerry_protocol::words::duration;

/// Lengths of the windows in days, in the order of [`ComponentView::windows`].
const WINDOWS: [i64; 4] = [1, 7, 30, 90];

#[derive(TemplateSimple)]
#[template(path = "uptime.stpl")]
struct Uptime {
    name: String,
    formula: [String; 3],
    entries: Vec<Entry>,
    legend: Legend,
    live: Live,
}

/// A group or a component with its figures.
struct Entry {
    name: String,
    group: bool,
    link: Option<String>,
    /// Text of the link, as markup.
    history: String,
    windows: Vec<Window>,
}

/// One window of one component.
pub(crate) struct Window {
    /// "90 days"
    pub(crate) name: &'static str,
    /// "99.89%"
    pub(crate) figure: String,
    /// "99.98%", the observed share of the watched time.
    pub(crate) coverage: String,
    /// "2 h 13 min of major outage in 90 days less 4 h maintenance."
    pub(crate) text: String,
    /// The same in seconds.
    pub(crate) seconds: String,
}

/// The uptime page.
///
/// # Errors
///
/// A template that cannot be written, which would be a fault of the program.
pub fn uptime(view: &PageView) -> anyhow::Result<Document> {
    let clock = Clock::of(view);
    let mut entries = Vec::new();
    for item in &view.items {
        match item {
            Item::Component(component) => entries.extend(component_entry(component, view, &clock)),
            Item::Group(group) => group_entries(group, view, &clock, &mut entries),
        }
    }
    let title = format!("{} · {}", texts::UPTIME, balanced(&view.name));
    let figures = entries.iter().flat_map(|entry| &entry.windows).map(|window| window.figure.as_str());
    let body = Uptime {
        name: balanced(&view.name),
        formula: words::formula(
            view.rule.statuspage,
            view.rule.major_percent,
            view.rule.partial_percent,
            zone(view),
        ),
        legend: Legend::of(&figures),
        live: Live::of(view, &clock),
        entries,
    }
    .render_once()?;
    Frame::new(view, Sheet::Uptime, "", "uptime", title).render(body)
}

fn component_entry(component: &ComponentView, view: &PageView, clock: &Clock<'_>) -> Option<Entry> {
    (component.showcase && is_shown(component)).then(|| Entry {
        name: balanced(&component.name),
        group: false,
        link: Some(format!("components/{}", component.id)),
        history: texts::history_of(&markup::isolated(&component.name)),
        windows: windows(component, view, clock),
    })
}

fn group_entries(group: &GroupView, view: &PageView, clock: &Clock<'_>, entries: &mut Vec<Entry>) {
    let children: Vec<_> = group.children.iter().filter(|child| child.showcase).collect();
    let below = children.iter().filter(|child| is_shown(child)).count();
    if below == 0 {
        return;
    }
    let text = words::mean(below, children.len() - below);
    let watched = rows::watched_from(&children);
    let windows = words::WINDOWS.iter().zip(WINDOWS).enumerate().map(|(index, (name, days))| {
        let mean = rows::mean(&children, index);
        Window {
            name,
            figure: figures::text(&mean, days, watched, view, clock),
            coverage: percentage(mean.coverage),
            text: text.clone(),
            seconds: String::new(),
        }
    });
    entries.push(Entry {
        name: balanced(&group.name),
        group: true,
        link: None,
        history: String::new(),
        windows: windows.collect(),
    });
    entries.extend(children.into_iter().filter_map(|child| component_entry(child, view, clock)));
}

/// The windows of a component.
pub(crate) fn windows(component: &ComponentView, view: &PageView, clock: &Clock<'_>) -> Vec<Window> {
    words::WINDOWS
        .iter()
        .zip(WINDOWS)
        .zip(&component.windows)
        .map(|((name, days), figure)| Window {
            name,
            figure: figures::text(figure, days, component.watched_from, view, clock),
            coverage: percentage(figure.coverage),
            text: in_words(figure, days, left_out(component, view)),
            seconds: in_seconds(&figure.tally),
        })
        .collect()
}

/// The time that the page's rule leaves out.
#[derive(Clone, Copy, PartialEq, Eq)]
enum LeftOut {
    /// Time that was not observed.
    Unobserved,
    /// Days before the start date: Statuspage's rule, by which 30 days are 31.
    BeforeStart,
    /// Statuspage's rule without a start date.
    Nothing,
}

fn left_out(component: &ComponentView, view: &PageView) -> LeftOut {
    match (view.rule.statuspage, component.start_date) {
        (false, _) => LeftOut::Unobserved,
        (true, Some(_)) => LeftOut::BeforeStart,
        (true, None) => LeftOut::Nothing,
    }
}

/// "2 h 13 min of major outage in 90 days less 4 h maintenance."
fn in_words(figure: &Figure, days: i64, left_out: LeftOut) -> String {
    if figure.hundredths.is_none() {
        return words::NOTHING.to_owned();
    }
    let tally = &figure.tally;
    let outages = listed(&[(tally.major, words::MAJOR), (tally.partial, words::PARTIAL)]);
    let outages = if outages.is_empty() { words::NO_DOWNTIME.to_owned() } else { outages };
    let window = match days {
        1 => words::WINDOWS[0].to_owned(),
        30 if left_out != LeftOut::Unobserved => duration(31 * DAY),
        days => duration(days * DAY),
    };
    let left_out = match left_out {
        LeftOut::Nothing => String::new(),
        LeftOut::BeforeStart => listed(&[(tally.unwatched, words::UNMONITORED)]),
        LeftOut::Unobserved => listed(&[
            (tally.maintenance, words::MAINTENANCE),
            (tally.no_data, words::NO_DATA),
            (tally.unwatched, words::UNMONITORED),
        ]),
    };
    words::lost(&outages, &window, &left_out)
}

fn listed(parts: &[(i64, &str)]) -> String {
    let durations: Vec<_> = parts
        .iter()
        .filter(|(milliseconds, _)| *milliseconds > 0)
        .map(|(milliseconds, what)| format!("{}{what}", duration(*milliseconds)))
        .collect();
    words::listed(&durations)
}

/// "In seconds: major outage 7,980, maintenance 14,400, observed 7,761,600."
fn in_seconds(tally: &Tally) -> String {
    let of = [
        tally.major,
        tally.partial,
        tally.degraded,
        tally.maintenance,
        tally.no_data,
        tally.unwatched,
        tally.observed(),
    ];
    let observed = of.len() - 1;
    let named = of.iter().zip(words::SECONDS).enumerate();
    let parts: Vec<_> = named
        .filter(|(index, (milliseconds, _))| **milliseconds > 0 || *index == observed)
        .map(|(_, (milliseconds, what))| format!("{what} {}", seconds(*milliseconds)))
        .collect();
    words::in_seconds(&parts)
}

/// Exact seconds: "7,980", "0.202".
fn seconds(milliseconds: i64) -> String {
    let whole = grouped(milliseconds / SECOND);
    match milliseconds % SECOND {
        0 => whole,
        rest => format!("{whole}.{rest:03}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use skerry_domain::time::{HOUR, MINUTE};

    #[test]
    fn a_child_that_is_hidden_while_operational_counts_in_its_group() {
        use crate::sample::{component, group, page};
        use skerry_domain::status::Status;
        use skerry_domain::uptime::{Rule, Weights, figure};
        let over = |major| {
            let tally = Tally { operational: 90 * DAY - major, major, ..Tally::default() };
            [figure(&tally, Rule::Observed, Weights::default(), 0); 4]
        };
        let (mut shown, mut hidden) =
            (component("aaa", Status::Operational), component("bbb", Status::Operational));
        (shown.windows, hidden.windows) = (over(0), over(9 * DAY));
        hidden.only_show_if_degraded = true;
        let view = page(vec![Item::Group(group("g", vec![shown, hidden]))]);
        let shows_mean = |html: String| {
            let group = html.split("Component aaa").next().unwrap_or_default().to_owned();
            assert!(!html.contains("Component bbb"), "{html}");
            group.contains("95.00%")
        };
        assert!(
            shows_mean(uptime(&view).expect("a page").html),
            "the mean of 100 and 90, where 90 is not listed"
        );
        assert!(shows_mean(super::super::index(&view).expect("a page").html));
    }

    #[test]
    fn a_figure_is_explained_in_words_and_seconds() {
        let tally = Tally {
            operational: 90 * DAY - 6 * HOUR - 13 * MINUTE,
            major: 2 * HOUR + 13 * MINUTE,
            maintenance: 4 * HOUR,
            ..Tally::default()
        };
        let figure = Figure { hundredths: Some(9_989), enough: true, coverage: 10_000, tally, lost: 0 };
        let ours = LeftOut::Unobserved;
        assert_eq!(
            in_words(&figure, 90, ours),
            "2 h 13 min of major outage in 90 days less 4 h maintenance."
        );
        assert_eq!(in_words(&figure, 90, LeftOut::BeforeStart), "2 h 13 min of major outage in 90 days.");
        let young = Figure { tally: Tally { unwatched: DAY, ..tally }, ..figure };
        let expected = "2 h 13 min of major outage in 31 days less 1 day before monitoring began.";
        assert_eq!(in_words(&young, 30, LeftOut::BeforeStart), expected);
        assert_eq!(in_words(&young, 30, LeftOut::Nothing), "2 h 13 min of major outage in 31 days.");
        assert_eq!(
            in_seconds(&tally),
            "In seconds: major outage 7,980, maintenance 14,400, observed 7,761,600."
        );
        assert_eq!(
            in_seconds(&Tally { no_data: 1_202, ..Tally::default() }),
            "In seconds: no data 1.202, observed 0."
        );
        let partial = Tally { partial: MINUTE, no_data: HOUR, unwatched: DAY, ..tally };
        assert_eq!(
            in_words(&Figure { tally: partial, ..figure }, 90, ours),
            "2 h 13 min of major outage and 1 min of partial outage in 90 days less 4 h maintenance, \
             1 h without data and 1 day before monitoring began."
        );
        let tally = Tally::default();
        let nothing = Figure { hundredths: None, enough: false, coverage: 0, tally, lost: 0 };
        assert_eq!(in_words(&nothing, 1, ours), "No data.");
        assert_eq!(
            words::mean(2, 1),
            "The mean of the 2 components below and of 1 operational component that is not listed, truncated to two decimals."
        );
    }
}

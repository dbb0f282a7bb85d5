//! The rows of the page: components and groups as the template needs them, every word worked out.

use super::days::{self, DayLine, DayList};
use super::headline::{is_shown, tone};
use super::words::{Clock, Tone, balanced};
use super::{bar, figures, markup};
use crate::texts;
use crate::view::{ComponentView, GroupView, Item, PageView, Unseen};
use jiff::civil::Date;
use skerry_domain::status::Status;
use skerry_domain::time::Timestamp;
use skerry_domain::uptime::{self, Figure};
use skerry_protocol::words::duration;

/// Pages with more components than this fold the groups that are well.
const FOLD_ABOVE: usize = 10;
/// More lines of days than these, over the whole page, stand on the components' own pages instead: the oldest
/// go first. A page of sixty components with every fifth day bad stays within 14,000 bytes; marks are never
/// dropped.
const DAY_LINES: usize = 408;
/// Where the 90-day window stands in [`ComponentView::windows`].
pub(crate) const NINETY_DAYS: usize = 3;

/// A line of the list.
pub(crate) enum Row {
    /// A group, its own row and those of its components.
    Group { head: Summary, open: bool, children: Vec<ComponentRow> },
    /// A component without a group.
    Component(ComponentRow),
}

/// What stands in the row itself.
pub(crate) struct Summary {
    pub(crate) name: String,
    /// "99.89%"; absent where uptime is not shown.
    pub(crate) figure: Option<String>,
    pub(crate) tone: Tone,
    /// The words of the state as markup; escaped here.
    pub(crate) state: String,
    /// What only a screen reader needs: "3 days affected".
    pub(crate) heard: String,
    /// The picture; absent where uptime is not shown.
    pub(crate) bar: Option<String>,
    /// It holds days from before the watch.
    pub(crate) blank: bool,
    /// People alone say what it is.
    pub(crate) manual: bool,
    /// The owner's sentence about it.
    pub(crate) description: Option<String>,
}

/// A component's row and what it opens to.
pub(crate) struct ComponentRow {
    pub(crate) head: Summary,
    pub(crate) days: DayListing,
    /// Its own page, relative to the page's root.
    pub(crate) page: String,
    /// Does that page show response times?
    pub(crate) chart: bool,
}

/// The list of days, in words.
pub(crate) struct DayListing {
    pub(crate) lines: Vec<Line>,
    /// Days whose lines stand on the component's own page.
    pub(crate) older: i32,
    /// "87 other days: operational."
    pub(crate) rest: String,
}

/// A line of the list of days.
pub(crate) struct Line {
    /// "Fri 20 Nov"
    pub(crate) label: String,
    pub(crate) from: Date,
    pub(crate) to: Date,
    pub(crate) parts: Vec<Part>,
}

/// "Major outage", "2 h 13 min".
pub(crate) struct Part {
    pub(crate) class: &'static str,
    pub(crate) words: String,
    pub(crate) duration: String,
}

/// All rows of a page, in the owner's order; groups without anything to show are left out.
pub(crate) fn rows(view: &PageView) -> Vec<Row> {
    let clock = Clock::of(view);
    let many = super::headline::shown(view).len() > FOLD_ABOVE;
    let mut rows: Vec<_> = view
        .items
        .iter()
        .filter_map(|item| match item {
            Item::Component(component) => {
                is_shown(component).then(|| Row::Component(component_row(component, view, &clock)))
            }
            Item::Group(group) => group_row(group, many, view, &clock),
        })
        .collect();
    shed(&mut rows, DAY_LINES);
    rows
}

/// Takes the lines of the oldest days off until at most `most` are left.
fn shed(rows: &mut [Row], most: usize) {
    let listings = || rows.iter().flat_map(Row::components).map(|row| &row.days);
    let mut dates: Vec<_> = listings().flat_map(|days| &days.lines).map(|line| line.to).collect();
    if dates.len() <= most {
        return;
    }
    dates.sort_unstable();
    let newest = dates.len() - most;
    let cut = dates[newest.saturating_sub(1)];
    for row in rows.iter_mut().flat_map(Row::components_mut) {
        let kept = row.days.lines.partition_point(|line| line.to > cut);
        let older = row.days.lines.drain(kept..);
        row.days.older = older.map(|line| (line.to - line.from).get_days() + 1).sum();
    }
}

impl Row {
    /// Days are left out of it, because the page is heavy.
    pub(crate) fn is_cut(&self) -> bool {
        self.components().iter().any(|row| row.days.older > 0)
    }

    /// Of the group and of every component.
    pub(crate) fn heads(&self) -> Vec<&Summary> {
        let own = match self {
            Self::Group { head, .. } => Some(head),
            Self::Component(_) => None,
        };
        own.into_iter().chain(self.components().iter().map(|row| &row.head)).collect()
    }

    fn components(&self) -> &[ComponentRow] {
        match self {
            Self::Group { children, .. } => children,
            Self::Component(row) => std::slice::from_ref(row),
        }
    }

    fn components_mut(&mut self) -> &mut [ComponentRow] {
        match self {
            Self::Group { children, .. } => children,
            Self::Component(row) => std::slice::from_mut(row),
        }
    }
}

fn group_row(group: &GroupView, many: bool, view: &PageView, clock: &Clock<'_>) -> Option<Row> {
    let children: Vec<_> = group.children.iter().filter(|child| is_shown(child)).collect();
    let worst = children.iter().map(|child| tone(child)).max_by_key(|tone| tone.weight())?;
    // One that is left out while it is well counts all the same: a figure does not move with what is shown.
    let showcased: Vec<_> = group.children.iter().filter(|child| child.showcase).collect();
    let marks = days::worst(&showcased);
    let head = Summary {
        name: balanced(&group.name),
        figure: (!showcased.is_empty()).then(|| {
            figures::words(&mean(&showcased, NINETY_DAYS), 90, watched_from(&showcased), view, clock)
        }),
        tone: worst,
        state: markup::escaped(&group_words(&children, worst)),
        heard: String::new(),
        blank: marks.contains(&None),
        bar: (!showcased.is_empty()).then(|| bar::svg(&marks)),
        manual: false,
        description: group.description.as_deref().map(balanced),
    };
    let open = !(many && worst == Tone::Of(Status::Operational));
    let children = children.into_iter().map(|child| component_row(child, view, clock)).collect();
    Some(Row::Group { head, open, children })
}

/// "All 7 operational", "3 of 8 affected", "1 of 8 in maintenance", "No data for 2 of 7", "Partial data for 1 of 2".
fn group_words(children: &[&ComponentView], worst: Tone) -> String {
    let of = children.len();
    let how_many =
        |wanted: &dyn Fn(Tone) -> bool| children.iter().filter(|child| wanted(tone(child))).count();
    match worst {
        Tone::Of(Status::Operational) => texts::row::all_operational(of),
        Tone::Of(Status::UnderMaintenance) => texts::row::in_maintenance(how_many(&|tone| tone == worst), of),
        Tone::NoData if children.iter().all(|child| child.waiting) => texts::row::waiting(of).to_owned(),
        Tone::NoData if children.iter().all(|child| child.stale_since.is_none()) => {
            texts::row::partial_data(how_many(&|tone| tone == worst), of)
        }
        Tone::NoData => texts::row::no_data(how_many(&|tone| tone == worst), of),
        Tone::Of(_) => texts::row::some_affected(how_many(&Tone::is_trouble), of),
    }
}

/// The figure of a group over one of the windows.
pub(crate) fn mean(children: &[&ComponentView], window: usize) -> Figure {
    let figures: Vec<_> = children.iter().map(|child| child.windows[window]).collect();
    uptime::group(&figures)
}

/// Since when any of those that have a figure is watched.
pub(crate) fn watched_from(children: &[&ComponentView]) -> Option<Timestamp> {
    children.iter().filter_map(|child| child.watched_from).min()
}

/// The row of one component.
pub(crate) fn component_row(component: &ComponentView, view: &PageView, clock: &Clock<'_>) -> ComponentRow {
    let list = days::list(&component.days);
    let heard = match list.troubled {
        0 => String::new(),
        days => texts::row::affected(days),
    };
    let marks: Vec<_> = component.days.iter().map(days::mark).collect();
    ComponentRow {
        head: Summary {
            name: balanced(&component.name),
            figure: component.showcase.then(|| {
                figures::words(&component.windows[NINETY_DAYS], 90, component.watched_from, view, clock)
            }),
            tone: tone(component),
            state: state(component, clock),
            heard,
            blank: component.showcase && marks.contains(&None),
            bar: component.showcase.then(|| bar::svg(&marks)),
            manual: component.manual,
            description: component.description.as_deref().map(balanced),
        },
        days: day_listing(&list, component.days.len(), clock),
        page: format!("components/{}", component.id),
        chart: component.response.is_some(),
    }
}

/// "Major outage", "No data since 14:40", "Waiting for its first report", "Operational, 1 of 2 checks not seen since
/// 14:40", as markup.
pub(crate) fn state(component: &ComponentView, clock: &Clock<'_>) -> String {
    if component.waiting {
        return texts::WAITING.to_owned();
    }
    match component.stale_since {
        Some(at) => texts::row::no_data_since(&markup::time(at, &clock.brief(at), clock)),
        None => {
            let words = Tone::Of(component.status).words();
            match component.unseen {
                Some(unseen) => format!("{words}, {}", unseen_words(unseen, component.checks, clock)),
                None => words.to_owned(),
            }
        }
    }
}

/// "1 of 2 checks not seen since 14:40".
pub(crate) fn unseen_words(unseen: Unseen, checks: usize, clock: &Clock<'_>) -> String {
    let later = if unseen.since_differs { texts::OR_LATER } else { "" };
    let since = unseen.since.map(|at| format!("{}{later}", markup::time(at, &clock.brief(at), clock)));
    texts::row::unseen(unseen.checks, checks, since.as_deref())
}

/// The list of days in words.
pub(crate) fn day_listing(list: &DayList, drawn: usize, clock: &Clock<'_>) -> DayListing {
    let watched = list.watched_from.map(|date| clock.full_date(date));
    let rest = texts::row::rest(!list.lines.is_empty(), list.quiet, drawn, watched.as_deref());
    DayListing { lines: list.lines.iter().map(|line| day_line(line, clock)).collect(), older: 0, rest }
}

fn day_line(line: &DayLine, clock: &Clock<'_>) -> Line {
    let parts = line.parts.iter().enumerate().map(|(index, &(tone, milliseconds))| Part {
        class: tone.class(),
        words: if index == 0 { tone.words().to_owned() } else { tone.words().to_lowercase() },
        duration: clock.isolated(if line.parts.len() > 1 {
            // Inside a sentence a number must not part from its unit.
            duration(milliseconds).replace(' ', "\u{a0}")
        } else {
            duration(milliseconds)
        }),
    });
    let (from, to) = (line.from, line.to);
    Line { from, to, label: clock.isolated(clock.days(line.from, line.to)), parts: parts.collect() }
}

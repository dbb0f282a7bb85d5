//! The rows of the index: components and groups with all texts ready for the template.

use super::corrected;
use super::days::{self, DayLine, DayList};
use super::figures::FigureText;
use super::headline::{is_shown, tone};
use super::words::{Clock, Tone, balanced};
use super::{bar, figures, markup};
use crate::texts::stop;
use crate::view::{ComponentView, GroupView, Item, PageView, Unseen};
use jiff::civil::Date;
use skerry_domain::branding::GroupFolding;
use skerry_domain::status::Status;
use skerry_domain::time::Timestamp;
use skerry_domain::uptime::{self, Figure};
use std::cmp::Reverse;

/// On a page with more components than this, operational groups are closed.
pub(super) const FOLD_ABOVE: usize = 10;
/// Lines of days on the whole index. Beyond that, the oldest are only on the pages of their components. With this limit,
/// the index of sixty components with an outage every fifth day stays within 14,000 bytes.
const MAX_DAY_LINES: usize = 346;
/// Index of the 90-day window in [`ComponentView::windows`].
pub(crate) const NINETY_DAYS: usize = 3;

/// A row of the index.
pub(crate) enum Row {
    /// A group with its rows, and the others if only affected ones are unfolded.
    Group { head: Summary, open: bool, children: Vec<Row>, others: Option<Others> },
    /// A component.
    Component(ComponentRow),
}

/// The operational rows of an affected group.
pub(crate) struct Others {
    /// "5 others: operational", where components count, not groups.
    pub(crate) title: String,
    /// Of the components, for paper.
    pub(crate) names: Vec<String>,
    pub(crate) rows: Vec<Row>,
}

/// The visible part of a row.
pub(crate) struct Summary {
    /// What links lead to; `None`: none does.
    pub(crate) id: Option<String>,
    pub(crate) name: String,
    /// "99.89%"; `None` if uptime is not shown.
    pub(crate) figure: Option<FigureText>,
    pub(crate) tone: Tone,
    /// The state as escaped markup.
    pub(crate) state: String,
    /// "3 days affected", for screen readers only.
    pub(crate) spoken: String,
    /// The uptime bar; `None` if uptime is not shown.
    pub(crate) bar: Option<String>,
    /// The bar has days before monitoring began.
    pub(crate) blank: bool,
    /// People set its status.
    pub(crate) manual: bool,
    /// "1 of 2 checks not seen since 14:40.", as markup: what has no place beside the name.
    pub(crate) unseen: Option<String>,
    /// From the configuration, a sentence.
    pub(crate) description: Option<String>,
}

/// The row of a component with its details.
pub(crate) struct ComponentRow {
    pub(crate) head: Summary,
    pub(crate) days: DayListing,
    /// Path of the component's page, relative to the page's root.
    pub(crate) page: String,
    /// That page has response times.
    pub(crate) chart: bool,
}

/// The list of days as text.
pub(crate) struct DayListing {
    pub(crate) lines: Vec<Line>,
    /// Days that are listed on the component's page only.
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
    /// The incidents and the maintenance that announced it.
    pub(crate) links: Vec<AnnouncedLink>,
    /// "false alarm": why it was corrected.
    pub(crate) corrected: Option<String>,
}

/// A link to an incident or a maintenance.
pub(crate) struct AnnouncedLink {
    /// Below the page's root.
    pub(crate) path: String,
    /// As markup.
    pub(crate) title: String,
}

/// "Major outage", "2 h 13 min".
pub(crate) struct Part {
    pub(crate) class: &'static str,
    pub(crate) label: String,
    pub(crate) duration: String,
}

/// All rows of a page in the configured order; groups without a component to show are left out.
pub(crate) fn rows(view: &PageView) -> Vec<Row> {
    let clock = Clock::of(view);
    let many = super::headline::shown(view).len() > FOLD_ABOVE;
    let mut rows: Vec<_> = view.items.iter().filter_map(|item| row(item, many, view, &clock)).collect();
    if view.branding.affected_first {
        rows.sort_by_key(|row| row.head().tone == Tone::Of(Status::Operational));
    }
    drop_oldest_lines(&mut rows, MAX_DAY_LINES);
    rows
}

/// Removes the lines of the oldest days until at most `max` are left.
fn drop_oldest_lines(rows: &mut [Row], max: usize) {
    let listings = || rows.iter().flat_map(Row::components).map(|row| &row.days);
    let mut dates: Vec<_> = listings().flat_map(|days| &days.lines).map(|line| line.to).collect();
    if dates.len() <= max {
        return;
    }
    dates.sort_unstable();
    let newest = dates.len() - max;
    let cut = dates[newest.saturating_sub(1)];
    for row in rows.iter_mut().flat_map(Row::components_mut) {
        let kept = row.days.lines.partition_point(|line| line.to > cut);
        let older = row.days.lines.drain(kept..);
        row.days.older = older.map(|line| (line.to - line.from).get_days() + 1).sum();
    }
}

impl Row {
    fn head(&self) -> &Summary {
        match self {
            Self::Group { head, .. } => head,
            Self::Component(row) => &row.head,
        }
    }

    /// Whether lines of days are left out.
    pub(crate) fn is_cut(&self) -> bool {
        self.components().iter().any(|row| row.days.older > 0)
    }

    /// The summaries of the row and of all below it.
    pub(crate) fn heads(&self) -> Vec<&Summary> {
        std::iter::once(self.head()).chain(self.inner().flat_map(Self::heads)).collect()
    }

    /// The rows of a group.
    fn inner(&self) -> impl Iterator<Item = &Self> {
        let (children, others) = match self {
            Self::Group { children, others, .. } => (children.as_slice(), others.as_ref()),
            Self::Component(_) => (&[][..], None),
        };
        children.iter().chain(others.into_iter().flat_map(|others| &others.rows))
    }

    fn components(&self) -> Vec<&ComponentRow> {
        match self {
            Self::Group { .. } => self.inner().flat_map(Self::components).collect(),
            Self::Component(row) => vec![row],
        }
    }

    fn components_mut(&mut self) -> Vec<&mut ComponentRow> {
        match self {
            Self::Group { children, others, .. } => {
                let others = others.iter_mut().flat_map(|others| &mut others.rows);
                children.iter_mut().chain(others).flat_map(Self::components_mut).collect()
            }
            Self::Component(row) => vec![row],
        }
    }
}

fn row(item: &Item, many: bool, view: &PageView, clock: &Clock<'_>) -> Option<Row> {
    match item {
        Item::Component(component) => {
            is_shown(component).then(|| Row::Component(component_row(component, view, clock)))
        }
        Item::Group(group) => group_row(group, many, view, clock),
    }
}

/// The row of a group counts and sums up all components below it.
fn group_row(group: &GroupView, many: bool, view: &PageView, clock: &Clock<'_>) -> Option<Row> {
    let all = group.components();
    let shown: Vec<_> = all.iter().copied().filter(|child| is_shown(child)).collect();
    let worst = shown.iter().map(|child| tone(child)).max_by_key(|tone| tone.weight())?;
    // A child that is hidden while operational counts, too: a figure must not depend on what is shown.
    let showcased: Vec<_> = all.into_iter().filter(|child| child.showcase).collect();
    let marks = days::worst(&showcased);
    let head = Summary {
        id: None,
        name: balanced(&group.name),
        figure: (!showcased.is_empty()).then(|| {
            figures::text(&mean(&showcased, NINETY_DAYS), 90, watched_from(&showcased), view, clock)
        }),
        tone: worst,
        state: markup::escaped(&group_state(&shown, worst, clock)),
        spoken: String::new(),
        blank: marks.contains(&None),
        bar: (!showcased.is_empty()).then(|| bar::svg(&marks)),
        manual: false,
        unseen: None,
        description: group.description.as_deref().map(balanced),
    };
    let fine = Tone::Of(Status::Operational);
    let open = match view.branding.groups {
        GroupFolding::ByState => !(many && worst == fine),
        GroupFolding::Open => true,
        GroupFolding::Folded => false,
    };
    let rows = group.children.iter().filter_map(|child| row(child, many, view, clock));
    let (others, children): (Vec<_>, Vec<_>) =
        rows.partition(|row| many && worst != fine && row.head().tone == fine);
    let others = (!others.is_empty()).then(|| {
        let names: Vec<_> =
            others.iter().flat_map(Row::components).map(|one| one.head.name.clone()).collect();
        Others { title: clock.texts.row.others(names.len()), names, rows: others }
    });
    Some(Row::Group { head, open, children, others })
}

/// "All 7 operational", "3 of 8 affected", "1 of 8 in maintenance", "No data for 2 of 7", "Partial data for 1 of 2".
fn group_state(children: &[&ComponentView], worst: Tone, clock: &Clock<'_>) -> String {
    let (of, texts) = (children.len(), clock.texts.row);
    let count = |wanted: &dyn Fn(Tone) -> bool| children.iter().filter(|child| wanted(tone(child))).count();
    match worst {
        Tone::Of(Status::Operational) => texts.all_operational(of),
        Tone::Of(Status::UnderMaintenance) => texts.in_maintenance(count(&|tone| tone == worst), of),
        Tone::NoData if children.iter().all(|child| child.waiting) => texts.waiting(of).to_owned(),
        Tone::NoData if children.iter().all(|child| child.stale_since.is_none()) => {
            texts.partial_data(count(&|tone| tone == worst), of)
        }
        Tone::NoData => texts.no_data(count(&|tone| tone == worst), of),
        Tone::Of(_) => texts.some_affected(count(&Tone::is_impaired), of),
    }
}

/// The figure of a group over one of the windows.
pub(crate) fn mean(children: &[&ComponentView], window: usize) -> Figure {
    let figures: Vec<_> = children.iter().map(|child| child.windows[window]).collect();
    uptime::group(&figures)
}

/// Since when the first of the children has been monitored.
pub(crate) fn watched_from(children: &[&ComponentView]) -> Option<Timestamp> {
    children.iter().filter_map(|child| child.watched_from).min()
}

/// Whether the banner may name a component.
fn is_named(tone: Tone) -> bool {
    tone.is_impaired() || tone == Tone::Of(Status::UnderMaintenance)
}

/// The row of one component.
pub(crate) fn component_row(component: &ComponentView, view: &PageView, clock: &Clock<'_>) -> ComponentRow {
    let list = days::list(&component.days);
    let spoken = match list.affected {
        0 => String::new(),
        days => clock.texts.row.affected(days),
    };
    let marks: Vec<_> = component.days.iter().map(days::mark).collect();
    ComponentRow {
        head: Summary {
            id: is_named(tone(component)).then(|| component.id.clone()),
            name: balanced(&component.name),
            figure: component.showcase.then(|| {
                figures::text(&component.windows[NINETY_DAYS], 90, component.watched_from, view, clock)
            }),
            tone: tone(component),
            state: state(component, clock),
            spoken,
            blank: component.showcase && marks.contains(&None),
            bar: component.showcase.then(|| bar::svg(&marks)),
            manual: component.manual,
            unseen: component.unseen.map(|some| {
                let text = unseen_text(some, component.checks, clock);
                format!("{text}{}", stop(&text))
            }),
            description: component.description.as_deref().map(balanced),
        },
        days: day_listing(&list, component, view, clock),
        page: format!("components/{}", component.id),
        chart: component.response.is_some(),
    }
}

/// The state as markup: "Major outage", "No data since 14:40", "Waiting for first report", "1 of 2 checks not seen".
pub(crate) fn state(component: &ComponentView, clock: &Clock<'_>) -> String {
    if component.waiting {
        return clock.texts.row.waiting(1).to_owned();
    }
    match component.stale_since {
        Some(at) => clock.texts.row.no_data_since(&markup::time(at, &clock.brief(at), clock)),
        None => match (tone(component), component.unseen) {
            (Tone::NoData, Some(unseen)) => clock.texts.row.partly_unseen(unseen.checks, component.checks),
            _ => Tone::Of(component.status).label(clock.texts).to_owned(),
        },
    }
}

/// "1 of 2 checks not seen since 14:40".
pub(crate) fn unseen_text(unseen: Unseen, checks: usize, clock: &Clock<'_>) -> String {
    let later = if unseen.since_differs { clock.texts.status.or_later() } else { "" };
    let since = unseen.since.map(|at| format!("{}{later}", markup::time(at, &clock.brief(at), clock)));
    clock.texts.row.unseen(unseen.checks, checks, since.as_deref())
}

/// The list of days as text.
fn day_listing(list: &DayList, component: &ComponentView, view: &PageView, clock: &Clock<'_>) -> DayListing {
    let watched = list.watched_from.map(|date| clock.full_date(date));
    let drawn = component.days.len();
    let corrected = corrected::days(list, component, clock);
    let quiet = list.quiet - corrected.iter().map(DayLine::days).sum::<usize>();
    let mut all: Vec<&DayLine> = list.lines.iter().chain(&corrected).collect();
    all.sort_by_key(|line| Reverse(line.to));
    let rest = clock.texts.row.rest(!all.is_empty(), quiet, drawn, watched.as_deref());
    let line = |line: &DayLine| Line {
        links: links(line, component, view, clock),
        corrected: corrected::reasons(line, component, clock),
        ..day_line(line, clock)
    };
    DayListing { lines: all.into_iter().map(line).collect(), older: 0, rest }
}

/// The incidents of a day on which the component was impaired, the first one first, and the maintenance of a day on which
/// it was under maintenance.
fn links(
    line: &DayLine,
    component: &ComponentView,
    view: &PageView,
    clock: &Clock<'_>,
) -> Vec<AnnouncedLink> {
    let lasted = |from: Timestamp, to: Option<Timestamp>| {
        let until = to.map_or(clock.today(), |at| clock.date(at));
        clock.date(from) <= line.to && line.from <= until
    };
    let mut links = Vec::new();
    if line.parts.iter().any(|(tone, _)| tone.is_impaired()) {
        let naming = view.incidents.iter().rev().filter(|one| one.names(&component.id));
        let lasted = naming.filter(|one| lasted(one.started_at, one.resolved_at));
        links.extend(lasted.map(|one| AnnouncedLink {
            path: format!("incidents/{}", one.id),
            title: super::timeline::title(&one.title),
        }));
    }
    if line.parts.iter().any(|(tone, _)| *tone == Tone::Of(Status::UnderMaintenance)) {
        let naming = view.maintenance.iter().rev().filter(|one| one.has_begun() && one.names(&component.id));
        let lasted = naming.filter(|one| lasted(one.from, one.ended_at));
        links.extend(lasted.map(|one| AnnouncedLink {
            path: format!("maintenance/{}", one.id),
            title: super::timeline::title(&one.title),
        }));
    }
    links
}

fn day_line(line: &DayLine, clock: &Clock<'_>) -> Line {
    let parts = line.parts.iter().enumerate().map(|(index, &(tone, milliseconds))| Part {
        class: tone.class(),
        label: if index == 0 { tone.label(clock.texts) } else { tone.within(clock.texts) }.to_owned(),
        duration: if milliseconds == 0 { String::new() } else { clock.duration(milliseconds) },
    });
    let (from, to) = (line.from, line.to);
    Line {
        from,
        to,
        label: clock.isolated(clock.days(line.from, line.to)),
        parts: parts.collect(),
        links: Vec::new(),
        corrected: None,
    }
}

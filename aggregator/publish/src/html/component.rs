//! The page of one component: its state and since when, its response times, days and figures. With a chart it has a page
//! for each window of it.

use super::chart::{self, Chart, Span};
use super::document::{Document, Sheet};
use super::figures::{self, Cell, Window};
use super::frame::Frame;
use super::head::Head;
use super::headline::{Headline, Piece};
use super::rows::{self, ComponentRow, DayListing, Summary};
use super::words::{Clock, Tone, balanced};
use super::{Live, markup, timeline};
use crate::texts::uptime::ZERO;
use crate::texts::{self, Texts};
use crate::view::{ComponentView, Item, PageView};
use sailfish::TemplateSimple;
use skerry_domain::days::WINDOWS;
use skerry_domain::status::Status;
use skerry_domain::uptime::{Figure, Tally};

#[derive(TemplateSimple)]
#[template(path = "component.stpl")]
struct Component {
    texts: &'static Texts,
    /// The page's name.
    name: String,
    /// The way to the page's root.
    root: &'static str,
    /// The names of the groups that it stands in, the outer one first.
    groups: Vec<String>,
    head: Summary,
    /// "Major outage".
    state: &'static str,
    /// The text after the state, as markup.
    facts: String,
    description: Option<String>,
    live: Live,
    listing: DayListing,
    uptime: Vec<UptimeRow>,
    /// Below the table.
    left_out: String,
    notes: Vec<&'static str>,
    response: Option<Response>,
    today: String,
}

/// The response times over one of the windows.
struct Response {
    links: Vec<WindowLink>,
    /// Of another window, if this one is empty.
    measured: bool,
    chart: Option<Chart>,
}

struct WindowLink {
    href: String,
    name: &'static str,
    current: bool,
}

/// The uptime over one window.
struct UptimeRow {
    name: &'static str,
    figure: Cell,
    outage: Cell,
    partial: Cell,
    left_out: Cell,
    coverage: String,
    /// The same in a sentence, for phones.
    words: String,
}

/// Renders the page of one component, or returns `None` if the page has no such component.
pub fn component(view: &PageView, component_id: &str) -> Option<Document> {
    let (found, groups) = find(&view.items, component_id)?;
    page(view, found, &groups, Span::Day)
}

/// The pages of a component with the windows of its chart, by their paths below the page's root: none if it has no chart.
pub fn component_windows(view: &PageView, component_id: &str) -> Vec<(String, Document)> {
    let Some((found, groups)) = find(&view.items, component_id).filter(|(found, _)| found.response.is_some())
    else {
        return Vec::new();
    };
    let one = |span: Span| {
        span.path()?;
        Some((path_of(found, span), page(view, found, &groups, span)?))
    };
    Span::ALL.into_iter().filter_map(one).collect()
}

fn page(view: &PageView, found: &ComponentView, groups: &[&str], span: Span) -> Option<Document> {
    let (clock, texts) = (Clock::of(view), view.texts());
    let root = if span.path().is_some() { "../../" } else { "../" };
    let ComponentRow { head, days, .. } = rows::component_row(found, view, &clock);
    let state = state(found, texts);
    let title = texts::title(&format!("{state}: {}", balanced(&found.name)), &balanced(&view.name));
    let about = Head::of_banner(view, &banner(found, state, head.tone, texts), &clock);
    let uptime = if found.showcase { uptime(found, view, &clock) } else { Vec::new() };
    let unmonitored = found.windows.iter().any(|figure| figure.tally.unwatched > 0);
    let body = Component {
        texts,
        name: balanced(&view.name),
        root,
        groups: groups.iter().map(|name| balanced(name)).collect(),
        state,
        facts: facts(found, view, root, &clock),
        head,
        description: found.description.as_deref().map(balanced),
        live: Live::of_component(found, view, &clock),
        listing: with_names(days, texts),
        notes: figures::notes(&uptime.iter().map(|row| &row.figure), texts),
        uptime,
        left_out: texts.uptime.left_out(view.rule.statuspage, unmonitored),
        response: found.response.as_ref().map(|response| Response {
            links: Span::ALL
                .into_iter()
                .zip(texts.uptime.windows())
                .map(|(one, name)| WindowLink {
                    href: format!("{root}{}", path_of(found, one)),
                    name,
                    current: one == span,
                })
                .collect(),
            measured: response.windows.iter().any(|window| !window.points.is_empty()),
            chart: chart::chart(found, span, view, &clock),
        }),
        today: clock.today().to_string(),
    };
    // The windows differ in the chart alone.
    let canonical = path_of(found, Span::Day);
    let frame = Frame::new(view, Sheet::Component, root, &canonical, title).with_head(about);
    frame.render(body.render_once().ok()?).ok()
}

fn path_of(component: &ComponentView, span: Span) -> String {
    let own = format!("components/{}", component.id);
    span.path().map_or_else(|| own.clone(), |window| format!("{own}/{window}"))
}

/// Finds the component and the names of the groups that it stands in.
fn find<'a>(items: &'a [Item], id: &str) -> Option<(&'a ComponentView, Vec<&'a str>)> {
    items.iter().find_map(|item| match item {
        Item::Component(component) => (component.id == id).then(|| (component, Vec::new())),
        Item::Group(group) => {
            let (found, mut groups) = find(&group.children, id)?;
            groups.insert(0, &group.name);
            Some((found, groups))
        }
    })
}

/// The state in a word or two, which begins the panel and the title.
fn state(component: &ComponentView, texts: &Texts) -> &'static str {
    if component.waiting {
        texts.status.waiting()
    } else if component.stale_since.is_some() {
        Tone::NoData.label(texts)
    } else {
        Tone::Of(component.status).label(texts)
    }
}

/// What a card says: "Major outage: Card payments", and since when.
fn banner(component: &ComponentView, state: &str, tone: Tone, texts: &Texts) -> Headline {
    let sentence = vec![Piece::Text(format!("{state}: ")), Piece::Name(balanced(&component.name))];
    let since = component
        .stale_since
        .or((component.unseen.is_none() && !component.waiting).then_some(component.since));
    let facts = since.map(|at| {
        vec![Piece::Text(texts.banner.since().to_owned()), Piece::Since(at), Piece::Text(".".to_owned())]
    });
    Headline { tone, sentence, facts: facts.unwrap_or_default() }
}

/// The text after the state, as markup: since when, its last status if there is no data now, how many checks have no
/// data, whether a person set the status, and where to read more.
fn facts(component: &ComponentView, view: &PageView, root: &str, clock: &Clock<'_>) -> String {
    if component.waiting {
        return ".".to_owned();
    }
    let texts = clock.texts;
    // What is operational by a part of its checks is not known to have been so since then.
    let known = component.unseen.is_none() || component.status != Status::Operational;
    let since = [Piece::Text(texts.component.since().to_owned()), Piece::Since(component.since)];
    let mut facts = if known { markup::sentence(&since, clock) } else { String::new() };
    facts.push('.');
    if component.stale_since.is_some() {
        facts.push_str(&texts.component.was(component.status));
    }
    let moment = |at| markup::time(at, &clock.moment(at), clock);
    if let Some(unseen) = component.unseen {
        let later = if unseen.since_differs { texts.status.or_later() } else { "" };
        let since = unseen.since.map(|at| format!("{}{later}", moment(at)));
        facts = format!("{facts} {}.", texts.row.unseen(unseen.checks, component.checks, since.as_deref()));
    }
    if let Some(at) = component.set_at {
        facts.push_str(&texts.component.set_at(&moment(at)));
    }
    facts + &more(component, view, root)
}

/// The link to the open incident that names the component, else to the maintenance in progress.
fn more(component: &ComponentView, view: &PageView, root: &str) -> String {
    let incident = view.incidents.iter().find(|one| one.is_open() && one.names(&component.id));
    if let Some(incident) = incident {
        let text = view.texts().incident.what_is_done();
        return format!(" <a href=\"{root}incidents/{}\">{text}</a>", markup::escaped(&incident.id));
    }
    let planned = view.maintenance.iter().find(|one| one.is_running() && one.names(&component.id));
    planned.filter(|_| component.status == Status::UnderMaintenance).map_or_else(String::new, |one| {
        let (id, title) = (markup::escaped(&one.id), timeline::title(&one.title));
        format!(" <a href=\"{root}maintenance/{id}\">{title}</a>")
    })
}

/// Each status stands on a line of its own, with its full name.
fn with_names(mut listing: DayListing, texts: &Texts) -> DayListing {
    for part in listing.lines.iter_mut().flat_map(|line| &mut line.parts) {
        let tone = Tone::ALL.into_iter().find(|tone| tone.class() == part.class);
        part.label = tone.map_or_else(String::new, |tone| tone.label(texts).to_owned());
    }
    listing
}

/// The uptime over each window.
fn uptime(component: &ComponentView, view: &PageView, clock: &Clock<'_>) -> Vec<UptimeRow> {
    let texts = clock.texts;
    let windows = texts.uptime.windows().into_iter().zip(WINDOWS).zip(&component.windows);
    let row = |((name, days), figure): ((&'static str, i64), &Figure)| {
        let tally = &figure.tally;
        let left_out = left_out(tally, component, view);
        let lasting = |milliseconds| (milliseconds > 0).then(|| clock.duration(milliseconds));
        let coverage = figure.hundredths.map(|_| texts.dates.percentage(figure.coverage));
        let (outage, partial, out) = (lasting(tally.major), lasting(tally.partial), lasting(left_out));
        let out = out.as_deref().map(|length| (length, left_out == tally.maintenance));
        UptimeRow {
            name,
            figure: Cell::of(figure, Window::last(days, clock), component.watched_from, view, clock),
            outage: Cell::lasting(tally.major, clock),
            partial: Cell::lasting(tally.partial, clock),
            left_out: Cell::lasting(left_out, clock),
            words: texts.uptime.row(outage.as_deref(), partial.as_deref(), out, coverage.as_deref()),
            coverage: coverage.unwrap_or_else(|| ZERO.to_owned()),
        }
    };
    windows.map(row).collect()
}

/// The time that the page's rule leaves out, ms.
pub(super) fn left_out(tally: &Tally, component: &ComponentView, view: &PageView) -> i64 {
    match (view.rule.statuspage, component.start_date) {
        (false, _) => tally.maintenance + tally.no_data + tally.unwatched,
        (true, Some(_)) => tally.unwatched,
        (true, None) => 0,
    }
}

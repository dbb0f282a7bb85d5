//! The sections of the index behind its components: grids, services of others, metrics.

use super::chart::SmallChart;
use super::document::Extra;
use super::frame::is_link;
use super::headline::tone;
use super::markup;
use super::words::{Clock, Tone, balanced};
use crate::texts::Texts;
use crate::view::{GridRowView, GridView, MetricView, PageView, ServiceView};
use sailfish::TemplateSimple;
use skerry_domain::status::Status;

/// A grid with more places than this is a list.
const MOST_PLACES: usize = 8;
/// More metrics than this are folded.
const UNFOLDED_METRICS: usize = 6;
const FINE: Tone = Tone::Of(Status::Operational);

#[derive(TemplateSimple)]
#[template(path = "sections.stpl")]
struct Sections {
    texts: &'static Texts,
    grids: Vec<Grid>,
    services: Vec<Service>,
    metrics: Vec<Metric>,
}

struct Grid {
    name: String,
    /// A table where there is room; otherwise a list.
    table: bool,
    places: Vec<String>,
    rows: Vec<GridRow>,
}

struct GridRow {
    name: String,
    cells: Vec<Option<Cell>>,
    /// All that it has is operational.
    fine: bool,
    /// "4 others operational"; a list leaves them out.
    rest: Option<String>,
}

struct Cell {
    /// Path of the component's page.
    page: String,
    tone: Tone,
}

struct Service {
    name: String,
    url: Option<String>,
    /// "Seen 16:14", as markup.
    seen: String,
    tone: Tone,
    state: &'static str,
}

struct Metric {
    name: String,
    /// "238 ms", or since when there is no data, as markup.
    latest: String,
    chart: Option<SmallChart>,
}

/// The sections as markup, and the styles of those that the page has.
pub(crate) fn sections(view: &PageView, clock: &Clock<'_>) -> anyhow::Result<(String, Vec<Extra>)> {
    let parts = &view.sections;
    let sections = Sections {
        texts: clock.texts,
        grids: parts.grids.iter().filter_map(|one| grid(one, view)).collect(),
        services: parts.services.iter().map(|one| service(one, clock)).collect(),
        metrics: parts.metrics.iter().map(|one| metric(one, clock)).collect(),
    };
    let has = [
        (Extra::Grids, !sections.grids.is_empty()),
        (Extra::Services, !sections.services.is_empty()),
        (Extra::Metrics, !sections.metrics.is_empty()),
    ];
    let extras: Vec<_> = has.into_iter().filter(|(_, has)| *has).map(|(extra, _)| extra).collect();
    let markup = if extras.is_empty() { String::new() } else { sections.render_once()? };
    Ok((markup, extras))
}

/// A grid, unless the page shows none of its components.
fn grid(grid: &GridView, view: &PageView) -> Option<Grid> {
    let row = |row: &GridRowView| grid_row(row, grid.places.len(), view);
    let rows: Vec<_> = grid.rows.iter().filter_map(row).collect();
    (!rows.is_empty()).then(|| Grid {
        name: balanced(&grid.name),
        table: grid.places.len() <= MOST_PLACES,
        places: grid.places.iter().map(|place| balanced(place)).collect(),
        rows,
    })
}

fn grid_row(row: &GridRowView, places: usize, view: &PageView) -> Option<GridRow> {
    let cell = |id: &String| {
        let found = view.components().find(|one| one.id == *id)?;
        Some(Cell { page: format!("components/{id}"), tone: tone(found) })
    };
    let mut cells: Vec<_> = row.components.iter().map(|id| cell(id.as_ref()?)).collect();
    cells.resize_with(places, || None);
    let all = cells.iter().flatten().count();
    let operational = cells.iter().flatten().filter(|cell| cell.tone == FINE).count();
    let texts = view.texts();
    let rest = match operational {
        0 => None,
        _ if operational == all => Some(texts.row.all_operational(all)),
        some => Some(texts.sections.others_operational(some)),
    };
    (all > 0).then(|| GridRow { name: balanced(&row.name), cells, fine: operational == all, rest })
}

fn service(service: &ServiceView, clock: &Clock<'_>) -> Service {
    let texts = clock.texts.sections;
    let seen = service.seen_at.map(|at| markup::time(at, &clock.brief(at), clock));
    Service {
        name: balanced(&service.name),
        url: service.url.clone().filter(|url| is_link(url)),
        seen: match (seen, service.status) {
            (None, _) => texts.never_seen().to_owned(),
            (Some(at), Some(_)) => texts.seen(&at),
            (Some(at), None) => texts.last_seen(&at),
        },
        tone: service.status.map_or(Tone::NoData, Tone::Of),
        state: service.status.map_or(texts.not_known(), |status| Tone::Of(status).label(clock.texts)),
    }
}

/// The newest point is the latest value as long as the next one is not overdue.
fn metric(metric: &MetricView, clock: &Clock<'_>) -> Metric {
    let texts = clock.texts;
    let step = metric.window.step;
    let latest = match metric.window.points.last() {
        None => texts.status.name(None).to_owned(),
        Some(last) if last.at + 2 * step >= clock.now() => {
            markup::escaped(&texts.dates.response_time(last.p50_ms))
        }
        Some(last) => {
            let ended = last.at + step;
            texts.row.no_data_since(&markup::time(ended, &clock.brief(ended), clock))
        }
    };
    Metric { name: balanced(&metric.name), latest, chart: SmallChart::of(&metric.window, clock) }
}

#[cfg(test)]
#[path = "sections_test.rs"]
mod tests;

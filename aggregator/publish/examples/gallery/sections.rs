//! Pages with sections behind the components: grids, services of others, metrics.

use crate::sample::{NOW, Rng, answers, component, group, impaired, page, response_of, unseen};
use skerry_domain::status::Status;
use skerry_domain::time::{DAY, MINUTE, Timestamp};
use skerry_publish::view::{
    ComponentView, GridRowView, GridView, Item, MetricView, PageView, ResponseWindow, SectionsView,
    ServiceView,
};

const PLACES: [&str; 5] = ["Frankfurt", "Dublin", "Virginia", "Oregon", "Singapore"];
const FURTHER: [&str; 4] = ["São Paulo", "Mumbai", "Sydney", "Cape Town"];

/// A table of five places, three services, two metrics.
pub(crate) fn some() -> PageView {
    let (regions, grid) = regions(&PLACES);
    let sections = SectionsView {
        grids: vec![grid],
        services: vec![
            service("Examplecloud, Frankfurt", Some(Status::Operational), Some(1)),
            service("Cardhouse processing", Some(Status::PartialOutage), Some(1)),
            service("Parcel tracking", None, Some(155)),
        ],
        metrics: vec![metric("Checkout", 120, 238, 0), metric("Search", 130, 84, 0)],
    };
    PageView { sections, ..page("Northwind status", regions) }
}

/// A list of nine places, every state of a service and of a metric, and more metrics than have room.
pub(crate) fn many() -> PageView {
    let places: Vec<&str> = PLACES.into_iter().chain(FURTHER).collect();
    let (regions, grid) = regions(&places);
    let mut services: Vec<_> = [Status::DegradedPerformance, Status::MajorOutage, Status::UnderMaintenance]
        .into_iter()
        .map(|status| service(&format!("Examplecloud: {}", status.name()), Some(status), Some(3)))
        .collect();
    services.push(service("Never asked", None, None));
    services[0].url = None;
    let mut metrics: Vec<_> =
        (1..=6).map(|number| metric(&format!("Queue {number}"), 40, 60 * number, 0)).collect();
    metrics.insert(1, metric("Imports", 900, 1_400, 9 * 60));
    metrics.insert(2, MetricView { name: "Not measured".to_owned(), window: ResponseWindow::default() });
    let sections = SectionsView { grids: vec![grid], services, metrics };
    PageView { sections, ..page("Northwind status", regions) }
}

/// The same parts with names that break out of what is not escaped. The grid has `component` at each place.
pub(crate) fn hostile(names: &[&str], component: &str) -> SectionsView {
    let owned = |name: &&str| (*name).to_owned();
    let row = |name: &&str| {
        let components = names.iter().map(|_| Some(component.to_owned())).collect();
        GridRowView { name: owned(name), components }
    };
    let service = |name: &&str| {
        let url = Some("javascript:alert(4)".to_owned());
        ServiceView { url, ..service(name, None, None) }
    };
    SectionsView {
        grids: vec![GridView {
            name: names.concat(),
            places: names.iter().map(owned).collect(),
            rows: names.iter().map(row).collect(),
        }],
        services: names.iter().map(service).collect(),
        metrics: names.iter().map(|name| metric(name, 120, 238, 0)).collect(),
    }
}

/// Four services in each of these places, and the grid of them. Some are affected.
fn regions(places: &[&str]) -> (Vec<Item>, GridView) {
    let (mut all, mut rows) = (Vec::new(), Vec::new());
    for name in ["Databases", "Object storage", "Queues", "Functions"] {
        let row: Vec<ComponentView> = places.iter().map(|place| of_region(name, place)).collect();
        let mut components: Vec<_> = row.iter().map(|one| Some(one.id.clone())).collect();
        // One is not there.
        if name == "Functions" {
            components[0] = None;
        }
        rows.push(GridRowView { name: name.to_owned(), components });
        all.push(group(name, row));
    }
    let places = places.iter().map(|place| (*place).to_owned()).collect();
    (all, GridView { name: "Regions".to_owned(), places, rows })
}

fn of_region(name: &str, place: &str) -> ComponentView {
    let full = format!("{name}, {place}");
    match (name, place) {
        ("Object storage", "Dublin") => impaired(&full, Status::PartialOutage, 48),
        ("Queues", "Dublin") => impaired(&full, Status::DegradedPerformance, 30),
        ("Queues", "Singapore") => unseen(&full, 95),
        ("Functions", "Oregon") => impaired(&full, Status::UnderMaintenance, 75),
        _ => component(&full),
    }
}

/// Last seen minutes ago.
fn service(name: &str, status: Option<Status>, seen: Option<i64>) -> ServiceView {
    ServiceView {
        name: name.to_owned(),
        url: Some("https://status.example.net".to_owned()),
        status,
        seen_at: seen.map(|ago| NOW - ago * MINUTE),
    }
}

/// Medians from `first` ms to `last` ms; nothing was measured in the last minutes.
fn metric(name: &str, first: i64, last: i64, missing: i64) -> MetricView {
    let mut rng = Rng(name.len() as u64 + 5);
    let begin = NOW - DAY;
    let mut measured = Vec::new();
    for minute in (0..DAY / MINUTE - missing).step_by(4) {
        let grown = (last - first) * minute / (DAY / MINUTE);
        let median = first + grown + rng.below(20) as i64;
        let slowest = median * 2 + rng.below(120) as i64;
        measured.extend(answers(Timestamp(begin.0 + minute * MINUTE), median as u32, slowest as u32));
    }
    let [window, ..] = response_of(&measured, NOW).windows;
    MetricView { name: name.to_owned(), window }
}

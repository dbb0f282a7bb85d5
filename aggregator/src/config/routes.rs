//! Reads `[[route]]`: which conditions which receivers hear of.

use std::time::Duration;

use skerry_protocol::check::{Labels, Severity, read_labels};
use skerry_protocol::strict::{Item, Table, nearest};

use super::receivers::Named;

const DAY: Duration = Duration::from_secs(86_400);
const REPEAT: Duration = Duration::from_secs(4 * 3_600);

/// What a condition is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum About {
    /// A check fails, or an agent is silent.
    Problems,
    /// A draft waits for approval.
    Drafts,
    /// An incident has had no update for long.
    UpdatesDue,
    /// Deliveries to subscribers fail.
    Deliveries,
    /// The clock of the aggregator is not confirmed.
    Clock,
}

impl About {
    /// Names in the configuration.
    pub const NAMES: [(&'static str, Self); 5] = [
        ("problems", Self::Problems),
        ("drafts", Self::Drafts),
        ("updates_due", Self::UpdatesDue),
        ("deliveries", Self::Deliveries),
        ("clock", Self::Clock),
    ];
}

/// Conditions, and who hears of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// Names of receivers; never empty.
    pub receivers: Vec<String>,
    /// Conditions of these severities; empty: of all.
    pub severities: Vec<Severity>,
    /// Conditions whose checks have all these labels; empty: any.
    pub labels: Labels,
    /// What the conditions are about; empty: anything.
    pub about: Vec<About>,
    /// After how long a condition that nobody acknowledged is said again. `None`: never.
    pub repeat: Option<Duration>,
}

/// The routes. Each of the receivers has to be named by one.
pub(super) fn routes(root: &Table<'_>, receivers: &Named<'_>) -> Vec<Route> {
    let tables = root.tables("route", &[]);
    let routes: Vec<Route> = tables.iter().filter_map(|table| route(table, receivers)).collect();
    // If a route was rejected, the list is incomplete.
    if routes.len() == tables.len() {
        let is_named = |name: &String| routes.iter().any(|route| route.receivers.contains(name));
        for (name, table) in receivers.iter().filter(|(name, _)| !is_named(name)) {
            let remedy = format!("Add a [[route]] with receivers = [\"{name}\"], or remove the receiver.");
            table.refuse("", "no route names it, so it would hear of nothing", remedy);
        }
    }
    routes
}

fn route(table: &Table<'_>, receivers: &Named<'_>) -> Option<Route> {
    let named = table.list("receivers");
    if !table.has("receivers") {
        table.refuse("receivers", "receivers is missing", "Add receivers = [\"on-call\"].");
    }
    let named =
        named.map(|items| items.iter().map(|item| receiver(item, receivers)).collect::<Option<Vec<_>>>());
    if named.as_ref().is_some_and(|named| named.as_ref().is_some_and(Vec::is_empty)) {
        table.refuse("receivers", "receivers is empty", "Name at least one [[receiver]].");
    }
    let severities = Severity::ALL.map(|one| (one.name(), one));
    let severities = choices(table, "severities", &severities);
    let labels = table.item("labels").and_then(|item| item.inline_table("{ team = \"web\" }"));
    let labels = labels.map(|labels| read_labels(&labels)).unwrap_or_default();
    let about = choices(table, "about", &About::NAMES);
    let repeat = table.item("repeat").map_or(Some(REPEAT), |item| repeat(&item));
    let named = named.flatten().filter(|named| !named.is_empty());
    let repeat = repeat?;
    Some(Route {
        receivers: named?,
        severities: severities?,
        labels,
        about: about?,
        repeat: (!repeat.is_zero()).then_some(repeat),
    })
}

fn receiver(item: &Item<'_>, receivers: &Named<'_>) -> Option<String> {
    let name = item.string()?;
    if receivers.iter().any(|(known, _)| *known == name) {
        return Some(name);
    }
    let remedy = nearest(&name, receivers.iter().map(|(known, _)| known.as_str())).map_or_else(
        || "Name a [[receiver]] of this file.".to_owned(),
        |near| format!("Did you mean \"{near}\"?"),
    );
    item.refuse(&format!("names \"{name}\", and this file has no such receiver"), &remedy)
}

/// A list of choices; a missing one is empty, and so means all.
fn choices<T: Copy>(table: &Table<'_>, key: &'static str, all: &[(&'static str, T)]) -> Option<Vec<T>> {
    let items = table.list(key);
    if !table.has(key) {
        return Some(Vec::new());
    }
    let chosen = items?.iter().map(|item| item.choice(all)).collect::<Option<Vec<T>>>()?;
    if chosen.is_empty() {
        table.refuse(key, format!("{key} is empty"), "Name at least one, or remove it for all.");
        return None;
    }
    Some(chosen)
}

/// Zero stands for never, as a number or as a duration.
fn repeat(item: &Item<'_>) -> Option<Duration> {
    let repeat = if item.is_integer() {
        let number = item.integer(0, u64::MAX)?;
        Some(Duration::ZERO).filter(|_| number == 0)
    } else {
        Some(item.duration()?)
    };
    let bounds = Duration::from_secs(300)..=30 * DAY;
    match repeat {
        Some(repeat) if repeat.is_zero() || bounds.contains(&repeat) => Some(repeat),
        _ => item.refuse("must be 0 or from 5m to 30d", "Write it such as \"4h\", or 0 to say it once."),
    }
}

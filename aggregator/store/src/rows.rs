//! How values of the domain are spelt in rows. The only place that knows both.

use super::StoreError;
use serde::{Deserialize, Serialize};
use skerry_domain::component::Automatic;
use skerry_domain::reporters::Held;
use skerry_domain::state::{ComponentKey, ComponentSettings, GroupKey, PageItem, PageSettings};
use skerry_domain::status::Status;
use skerry_domain::track::Hard;
use skerry_domain::uptime::{Rule, Weights};
use skerry_domain::verdict::Quorum;
use skerry_protocol::schedule::Schedule;

pub(super) fn hard(name: &str) -> Result<Hard, StoreError> {
    match name {
        "up" => Ok(Hard::Up),
        "degraded" => Ok(Hard::Degraded),
        "down" => Ok(Hard::Down),
        other => Err(StoreError::Strange(format!("a span with state {other:?}"))),
    }
}

pub(super) fn automatic_name(value: Automatic) -> &'static str {
    match value {
        Automatic::Known(status) => status.name(),
        Automatic::Partly(Status::Operational) => "partly_operational",
        Automatic::Partly(Status::UnderMaintenance) => "partly_under_maintenance",
        Automatic::Partly(Status::DegradedPerformance) => "partly_degraded_performance",
        Automatic::Partly(Status::PartialOutage) => "partly_partial_outage",
        Automatic::Partly(Status::MajorOutage) => "partly_major_outage",
        Automatic::NoData => "no_data",
    }
}

pub(super) fn automatic(name: &str) -> Result<Automatic, StoreError> {
    match (name, name.strip_prefix("partly_")) {
        ("no_data", _) => Ok(Automatic::NoData),
        (_, Some(rest)) => status(rest).map(Automatic::Partly),
        (name, None) => status(name).map(Automatic::Known),
    }
}

pub(super) fn status(name: &str) -> Result<Status, StoreError> {
    Status::from_name(name).ok_or_else(|| StoreError::Strange(format!("a status {name:?}")))
}

pub(super) fn schedule(expression: &str, zone: &str) -> Result<Schedule, StoreError> {
    let wrong = |error| StoreError::Strange(format!("a schedule {expression:?} in {zone:?}: {error}"));
    Schedule::parse(expression, zone).map_err(wrong)
}

/// What is kept of a jump in an agent's sequence, for operators.
pub(super) fn why_of_gap(from: u64, to: u64, acknowledged: bool) -> String {
    let known = if acknowledged { ": acknowledged before, not in this database" } else { "" };
    format!("the sequence jumps from {from} to {to}{known}")
}

pub(super) fn quorum_name(quorum: Quorum) -> String {
    match quorum {
        Quorum::Majority => "majority".to_owned(),
        Quorum::Any => "any".to_owned(),
        Quorum::All => "all".to_owned(),
        Quorum::Number(number) => number.to_string(),
    }
}

pub(super) fn quorum(name: &str) -> Result<Quorum, StoreError> {
    match name {
        "majority" => Ok(Quorum::Majority),
        "any" => Ok(Quorum::Any),
        "all" => Ok(Quorum::All),
        number => number
            .parse()
            .map(Quorum::Number)
            .map_err(|_| StoreError::Strange(format!("a quorum {number:?}"))),
    }
}

/// `page.settings`, as JSON: keys may be added, none is ever reused.
#[derive(Serialize, Deserialize)]
pub(super) struct PageSettingsRow {
    slug: String,
    name: String,
    public: bool,
    listed: bool,
    #[serde(default)]
    root: bool,
    domain: Option<String>,
    time_zone: String,
    support_url: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    frame_ancestors: Vec<String>,
    language: String,
    uptime_rule: String,
    partial_percent: u32,
    major_percent: u32,
}

impl From<&PageSettings> for PageSettingsRow {
    fn from(settings: &PageSettings) -> Self {
        let PageSettings {
            slug,
            name,
            public,
            listed,
            root,
            domain,
            time_zone,
            support_url,
            frame_ancestors,
            language,
            rule,
            weights,
        } = settings.clone();
        let uptime_rule = match rule {
            Rule::Observed => "observed",
            Rule::Statuspage => "statuspage",
        };
        let Weights { partial_percent, major_percent } = weights;
        let uptime_rule = uptime_rule.to_owned();
        Self {
            slug,
            name,
            public,
            listed,
            root,
            domain,
            time_zone,
            support_url,
            frame_ancestors,
            language,
            uptime_rule,
            partial_percent,
            major_percent,
        }
    }
}

impl From<PageSettingsRow> for PageSettings {
    fn from(row: PageSettingsRow) -> Self {
        let rule = if row.uptime_rule == "statuspage" { Rule::Statuspage } else { Rule::Observed };
        let weights = Weights { partial_percent: row.partial_percent, major_percent: row.major_percent };
        let PageSettingsRow {
            slug,
            name,
            public,
            listed,
            root,
            domain,
            time_zone,
            support_url,
            frame_ancestors,
            language,
            ..
        } = row;
        Self {
            slug,
            name,
            public,
            listed,
            root,
            domain,
            time_zone,
            support_url,
            frame_ancestors,
            language,
            rule,
            weights,
        }
    }
}

/// `component.settings`, as JSON.
#[derive(Serialize, Deserialize)]
pub(super) struct ComponentSettingsRow {
    name: String,
    description: Option<String>,
    public: bool,
    start_date: Option<String>,
    response_time: bool,
    showcase: bool,
    only_show_if_degraded: bool,
}

impl From<&ComponentSettings> for ComponentSettingsRow {
    fn from(settings: &ComponentSettings) -> Self {
        let ComponentSettings {
            name,
            description,
            public,
            start_date,
            response_time,
            showcase,
            only_show_if_degraded,
        } = settings.clone();
        let start_date = start_date.map(|date| date.to_string());
        Self { name, description, public, start_date, response_time, showcase, only_show_if_degraded }
    }
}

impl From<ComponentSettingsRow> for ComponentSettings {
    fn from(row: ComponentSettingsRow) -> Self {
        let start_date = row.start_date.and_then(|date| date.parse().ok());
        let ComponentSettingsRow {
            name,
            description,
            public,
            response_time,
            showcase,
            only_show_if_degraded,
            ..
        } = row;
        Self { name, description, public, start_date, response_time, showcase, only_show_if_degraded }
    }
}

/// `page.items`, as JSON.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum PageItemRow {
    Group { key: i64, components: Vec<i64> },
    Component(i64),
}

impl From<&PageItem> for PageItemRow {
    fn from(item: &PageItem) -> Self {
        match item {
            PageItem::Group(key, components) => {
                Self::Group { key: key.0, components: components.iter().map(|key| key.0).collect() }
            }
            PageItem::Component(key) => Self::Component(key.0),
        }
    }
}

impl From<PageItemRow> for PageItem {
    fn from(row: PageItemRow) -> Self {
        match row {
            PageItemRow::Group { key, components } => {
                Self::Group(GroupKey(key), components.into_iter().map(ComponentKey).collect())
            }
            PageItemRow::Component(key) => Self::Component(ComponentKey(key)),
        }
    }
}

pub(super) fn held(name: &str) -> Result<Held, StoreError> {
    Held::read(name).ok_or_else(|| StoreError::Strange(format!("a reason {name:?} not to count")))
}

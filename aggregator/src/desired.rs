//! The configuration's words become the engine's: what each file wants of its workspace.

use crate::config::{self, Config};
use jiff::tz::TimeZone;
use skerry_domain::incident::IncidentRules;
use skerry_domain::reporters::definition;
use skerry_domain::state::{ComponentSettings, Origin, PageSettings};
use skerry_domain::step::{
    Command, Configure, DesiredComponent, DesiredGroup, DesiredItem, DesiredLink, DesiredPage,
    DesiredTemplate, TemplateCommand,
};
use skerry_domain::text::SanitiserSettings;
use skerry_domain::time::Timestamp;
use skerry_domain::uptime::{Rule, Weights};
use skerry_domain::verdict::Quorum;
use skerry_protocol::check::{Check, Kind};
use std::sync::Arc;
use std::time::Duration;

/// What one file wants.
#[must_use]
pub fn desired(config: &Config) -> Configure {
    let pages: Vec<DesiredPage> = config.pages.iter().map(page).collect();
    let checks = config.checks.iter().map(|entry| (entry.check.name.clone(), quorum(entry.quorum))).collect();
    Configure { checks, pages }
}

/// What the file says of who may report its checks. Of heartbeats nobody but us may.
#[must_use]
pub fn judge_reporters(config: &Config) -> Command {
    let run = config.checks.iter().filter(|entry| !matches!(entry.check.kind, Kind::Heartbeat(_)));
    let definitions = run.map(|entry| (entry.check.name.clone(), defined(&entry.check))).collect();
    let asks = config.new_reporters == config::NewReporters::Ask;
    Command::JudgeReporters { asks, definitions }
}

/// What the file says of incidents.
#[must_use]
pub fn incident_rules(config: &Config) -> Command {
    let config::Incidents { draft_from, publish_from, resolve_after, remind_after } = config.incidents;
    let (resolve_after, remind_after) = (milliseconds(resolve_after), milliseconds(remind_after));
    let rules = IncidentRules { draft_from, publish_from, resolve_after, remind_after };
    let rules = config.incidents_at.is_some().then_some(rules);
    Command::SetIncidentRules { rules, by: Origin::File }
}

/// What the file says of texts for the public.
#[must_use]
pub fn sanitiser(config: &Config) -> Command {
    let config::Sanitiser { private_suffixes, secret_patterns } = config.sanitiser.clone();
    let own = |all: Vec<String>| (!all.is_empty()).then_some(all);
    let settings =
        SanitiserSettings { private_suffixes: own(private_suffixes), secret_patterns: own(secret_patterns) };
    let settings = config.sanitiser_at.is_some().then(|| Box::new(settings));
    Command::SetSanitiser { settings, by: Origin::File }
}

/// The templates of incidents that the file declares.
#[must_use]
pub fn templates(config: &Config) -> Command {
    let template = |one: &config::IncidentTemplate| DesiredTemplate {
        name: one.name.clone(),
        page: one.page.clone(),
        title: one.title.clone(),
        body: one.body.clone(),
        status: one.status,
        components: one.components.clone(),
    };
    Command::Template(Box::new(TemplateCommand::Declare(config.templates.iter().map(template).collect())))
}

fn milliseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// As an agent of this version tells it.
fn defined(check: &Check) -> Vec<u8> {
    definition(check.definition_hash().to_vec(), &check.asserts_hash())
}

fn quorum(quorum: config::Quorum) -> Quorum {
    match quorum {
        config::Quorum::Majority => Quorum::Majority,
        config::Quorum::Any => Quorum::Any,
        config::Quorum::All => Quorum::All,
        config::Quorum::Number(number) => Quorum::Number(number),
    }
}

/// The zone of that IANA name; UTC if there is none, which no page has.
#[must_use]
pub fn zone_of(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap_or(TimeZone::UTC)
}

fn page(page: &config::Page) -> DesiredPage {
    let rule = match page.uptime_rule {
        config::UptimeRule::Observed => Rule::Observed,
        config::UptimeRule::Statuspage => Rule::Statuspage,
    };
    let zone = zone_of(&page.time_zone);
    let weights = Weights { partial_percent: page.partial_percent, major_percent: page.major_percent };
    DesiredPage {
        key: page.key.clone(),
        settings: PageSettings {
            slug: page.slug.clone(),
            name: page.name.clone(),
            public: page.public,
            listed: page.listed,
            root: page.root,
            domain: page.domain.clone(),
            time_zone: page.time_zone.clone(),
            support_url: page.support_url.clone(),
            privacy_url: page.privacy_url.clone(),
            frame_ancestors: page.frame_ancestors.clone(),
            language: page.language.clone(),
            branding: Arc::new(page.branding.clone()),
            rule,
            weights,
        },
        items: page.items.iter().map(|one| item(one, &zone)).collect(),
        zone,
    }
}

fn item(desired: &config::Item, zone: &TimeZone) -> DesiredItem {
    match desired {
        config::Item::Component(one) => DesiredItem::Component(component(one, zone)),
        config::Item::Group(group) => DesiredItem::Group(DesiredGroup {
            key: group.key.clone(),
            name: group.name.clone(),
            description: group.description.clone(),
            items: group.items.iter().map(|one| item(one, zone)).collect(),
        }),
    }
}

fn component(component: &config::Component, zone: &TimeZone) -> DesiredComponent {
    let midnight = component.start_date.and_then(|date| date.to_zoned(zone.clone()).ok());
    DesiredComponent {
        key: component.key.clone(),
        settings: ComponentSettings {
            name: component.name.clone(),
            description: component.description.clone(),
            public: component.public,
            start_date: component.start_date,
            response_time: component.response_time,
            showcase: component.showcase,
            only_show_if_degraded: component.only_show_if_degraded,
            selector: component.selector.as_ref().map(|one| one.selector.clone()),
        },
        starts_at: midnight.map(|midnight| Timestamp(midnight.timestamp().as_millisecond())),
        links: component
            .links
            .iter()
            .map(|link| DesiredLink { check: link.check.clone(), minor: link.minor })
            .collect(),
    }
}

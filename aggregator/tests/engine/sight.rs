//! Missing data on pages, complete or partial, and the ageing of evidence across restarts.

mod once;

use crate::reports::{empty, observed, record};
use crate::script::{START, World, at, component, declared, page_settings};
use skerry_domain::component::Automatic;
use skerry_domain::heartbeat::Expected;
use skerry_domain::holds::Source;
use skerry_domain::problem::Severity;
use skerry_domain::state::{PageSettings, State};
use skerry_domain::status::{Effective, Status};
use skerry_domain::step::{
    Change, Command, Configure, DesiredHeartbeat, DesiredItem, DesiredLink, DesiredPage, HeartbeatPing,
    PingKind, Report, When, step,
};
use skerry_domain::time::{DAY, HOUR, MINUTE, SECOND, Timestamp};
use skerry_domain::track::HardState;
use skerry_domain::verdict::Quorum;
use skerry_publish::build::{page_view, page_view_with_past};
use skerry_publish::view::{ComponentView, Item, PageView};

const BOOT: i64 = 30 * DAY;
/// The silence limit of a check that runs every thirty seconds.
const SILENCE: i64 = 100 * SECOND;

/// A world with one component that is linked to these checks.
fn world(checks: &[&str]) -> World {
    let (mut world, _) = World::new();
    let link = |check: &&str| DesiredLink { check: (*check).to_owned(), minor: false };
    let links = checks.iter().map(link).collect();
    let items = vec![DesiredItem::Component(component("both", links))];
    let page = DesiredPage {
        key: "page".to_owned(),
        settings: page_settings(),
        zone: jiff::tz::TimeZone::UTC,
        items,
    };
    let quorum = checks.iter().map(|check| ((*check).to_owned(), Quorum::Majority)).collect();
    let command = Configure { checks: quorum, pages: vec![page] };
    step(&mut world.state, Command::Configure(Box::new(command)), at(world.now)).expect("taken");
    world
}

/// Configures a page with one component.
fn configure(world: &mut World, public: bool, links: Vec<DesiredLink>) -> Vec<Change> {
    let items = vec![DesiredItem::Component(component("both", links))];
    let settings = PageSettings { public, ..page_settings() };
    let page = DesiredPage { key: "page".to_owned(), settings, zone: jiff::tz::TimeZone::UTC, items };
    let command = Configure { checks: Vec::new(), pages: vec![page] };
    step(&mut world.state, Command::Configure(Box::new(command)), at(world.now)).expect("taken").changes
}

/// An agent reports a check: (seconds ago, state), oldest first.
fn sees(world: &mut World, agent: usize, check: &str, seen: &[(i64, HardState)]) -> Vec<Change> {
    let sender = &mut world.senders[agent];
    let first = sender.sequence + 1;
    sender.sequence += seen.len() as u64;
    let one = |(sequence, (ago, hard)): (u64, &(i64, HardState))| {
        record(sequence, observed(When::ThisBoot(BOOT - ago * SECOND), *hard))
    };
    let report = Report {
        checks: vec![check.to_owned()],
        records: (first..).zip(seen).map(one).collect(),
        inventory: Some(vec![declared(check, 30 * SECOND)]),
        ..empty(sender.agent, world.now, BOOT)
    };
    step(&mut world.state, Command::Report(Box::new(report)), at(world.now)).expect("taken").changes
}

fn tick(world: &mut World, seconds: i64) -> Vec<Change> {
    world.now = START + seconds * SECOND;
    step(&mut world.state, Command::Tick, at(world.now)).expect("taken").changes
}

/// Restarts at once: only the stored state is left, and silence counts anew.
fn restart(world: &mut World, seconds: i64) -> Vec<Change> {
    world
        .state
        .tracks
        .update_all(|_, agent_check| (agent_check.live, agent_check.called_silent) = (None, false));
    world.state.become_ready(START + seconds * SECOND);
    tick(world, seconds)
}

fn view(world: &World) -> PageView {
    let page = *world.state.pages.keys().next().expect("a page");
    page_view(&world.state, page, "http://x", world.now).expect("a living page")
}

fn shown(world: &World) -> ComponentView {
    match view(world).items.swap_remove(0) {
        Item::Component(one) => one,
        Item::Group(_) => panic!("no group was asked for"),
    }
}

fn said(world: &World) -> (String, String) {
    let documents = skerry_publish::api_v2::render(&view(world)).expect("plain values");
    let (_, body) = documents.into_iter().find(|(path, _)| *path == "api/v2/status.json").expect("rendered");
    let body: serde_json::Value = serde_json::from_slice(&body).expect("JSON");
    let status = |key: &str| body["status"][key].as_str().expect("a text").to_owned();
    (status("indicator"), status("description"))
}

#[test]
fn a_component_does_not_turn_green_when_its_failing_check_loses_its_data() {
    let mut world = world(&["redis", "disk"]);
    tick(&mut world, 30);
    sees(&mut world, 0, "redis", &[(30, HardState::Up), (0, HardState::Up)]);
    sees(&mut world, 1, "disk", &[(30, HardState::Up), (20, HardState::Down), (0, HardState::Down)]);
    assert_eq!((shown(&world).status, shown(&world).unseen), (Status::PartialOutage, None));
    // The agent that checks the disk is killed.
    for second in (60..=HOUR / SECOND).step_by(30) {
        tick(&mut world, second);
        sees(&mut world, 0, "redis", &[(0, HardState::Up)]);
        assert_eq!(shown(&world).status, Status::PartialOutage, "after {second} s");
    }
    let one = shown(&world);
    let unseen = one.unseen.expect("it says that a part is out of sight");
    assert_eq!((unseen.checks, one.checks, one.stale_since), (1, 2, None));
    assert_eq!(unseen.since, Some(START + 30 * SECOND), "since the last that was seen of it");
    assert_eq!(one.since, START + 10 * SECOND, "the outage began when it began");
    assert!(one.days.last().is_some_and(|today| today.tally.unseen > 50 * MINUTE), "the bars know it");
    assert_eq!(said(&world), ("major".to_owned(), "Partial System Outage".to_owned()));
    // It reports again: the disk is well.
    tick(&mut world, 4_000);
    sees(&mut world, 0, "redis", &[(0, HardState::Up)]);
    sees(&mut world, 1, "disk", &[(0, HardState::Up)]);
    let one = shown(&world);
    assert_eq!((one.status, one.unseen), (Status::Operational, None));
}

#[test]
fn a_check_without_data_is_not_called_operational() {
    let mut world = world(&["redis", "disk"]);
    tick(&mut world, 30);
    sees(&mut world, 0, "redis", &[(30, HardState::Up), (0, HardState::Up)]);
    sees(&mut world, 1, "disk", &[(30, HardState::Up), (0, HardState::Up)]);
    assert_eq!(said(&world), ("none".to_owned(), "All Systems Operational".to_owned()));
    tick(&mut world, 120);
    sees(&mut world, 0, "redis", &[(0, HardState::Up)]);
    tick(&mut world, 140);
    let one = shown(&world);
    assert_eq!((one.status, one.stale_since), (Status::Operational, None));
    assert_eq!(one.unseen.map(|unseen| (unseen.checks, unseen.since)), Some((1, Some(START + 30 * SECOND))));
    assert_eq!(said(&world).1, "No current data for part of 1 component");
}

#[test]
fn a_check_that_never_ran_is_missing_data() {
    let mut world = world(&["redis", "dsik"]);
    tick(&mut world, 30);
    sees(&mut world, 0, "redis", &[(30, HardState::Up), (0, HardState::Up)]);
    let one = shown(&world);
    assert_eq!(one.unseen.map(|unseen| (unseen.checks, unseen.since)), Some((1, None)));
    assert_eq!((one.waiting, one.stale_since), (false, None));
    assert_eq!(said(&world).1, "No current data for part of 1 component");
}

#[test]
fn a_component_waits_before_its_first_observation_and_is_stale_afterwards() {
    let mut world = world(&["redis"]);
    tick(&mut world, 1);
    let one = shown(&world);
    assert_eq!((one.waiting, one.stale_since, one.watched_from), (true, None, None));
    assert_eq!(said(&world), ("none".to_owned(), "Waiting for the first report".to_owned()));
    assert!(one.days.iter().all(|day| day.tally.no_data == 0 && !day.stale_now), "nobody lost sight of it");
    tick(&mut world, 60);
    sees(&mut world, 0, "redis", &[(0, HardState::Up)]);
    let one = shown(&world);
    assert_eq!((one.waiting, one.stale_since, one.watched_from), (false, None, Some(START)));
    tick(&mut world, 200);
    let one = shown(&world);
    // It was observed once, which is known for a millisecond.
    assert_eq!((one.waiting, one.stale_since), (false, Some(START + 60 * SECOND + 1)));
    assert_eq!(said(&world), ("minor".to_owned(), "No current data for 1 component".to_owned()));
}

#[test]
fn evidence_ages_across_restarts() {
    let mut world = world(&["redis"]);
    tick(&mut world, 10);
    sees(&mut world, 0, "redis", &[(10, HardState::Up), (0, HardState::Up)]);
    let evidence = world.now;
    let mut blind_at = None;
    for start in (25..1_000).step_by(25) {
        for second in start..start + 25 {
            if second == start {
                restart(&mut world, second)
            } else {
                tick(&mut world, second)
            };
            let (one, page) = (shown(&world), view(&world));
            if one.stale_since.is_none() {
                assert_eq!(one.status, Status::Operational);
                assert_eq!(page.verified_at, Some(evidence), "no start makes it newer");
                assert!(page.believe_until <= evidence + SILENCE + 3 * MINUTE, "{second}");
            } else if blind_at.is_none() {
                blind_at = Some(world.now - evidence);
            }
        }
    }
    assert!(blind_at.is_some_and(|age| age <= 2 * SILENCE), "{blind_at:?}");
    assert_eq!(shown(&world).stale_since, Some(evidence));
    assert_eq!(said(&world).1, "No current data for 1 component");
}

#[test]
fn old_evidence_is_dropped_at_a_start_and_no_agent_is_reported_as_silent_for_it() {
    let fell_silent =
        |changes: &[Change]| changes.iter().filter(|one| matches!(one, Change::FellSilent { .. })).count();
    let mut world = world(&["redis"]);
    tick(&mut world, 10);
    sees(&mut world, 0, "redis", &[(10, HardState::Up), (0, HardState::Up)]);
    let evidence = world.now;
    let noon = 12 * HOUR / SECOND;
    let changes = restart(&mut world, noon);
    assert_eq!(shown(&world).stale_since, Some(evidence), "in its first second");
    assert_eq!(view(&world).verified_at, Some(evidence));
    assert_eq!(fell_silent(&changes), 0, "it had no time yet to reach us");
    assert_eq!(fell_silent(&tick(&mut world, noon + 100)), 0);
    assert_eq!(fell_silent(&tick(&mut world, noon + 101)), 1);
    assert_eq!(fell_silent(&tick(&mut world, noon + 300)), 0, "once");
    // Younger evidence counts for the full silence limit.
    sees(&mut world, 0, "redis", &[(0, HardState::Up)]);
    let changes = restart(&mut world, noon + 390);
    assert_eq!((shown(&world).stale_since, fell_silent(&changes)), (None, 0));
    tick(&mut world, noon + 490);
    assert_eq!(shown(&world).stale_since, None);
    let changes = tick(&mut world, noon + 491);
    assert_eq!(fell_silent(&changes), 1);
    assert!(shown(&world).stale_since.is_some());
}

#[test]
fn downtime_of_the_aggregator_does_not_move_a_beginning() {
    let mut world = world(&["redis"]);
    tick(&mut world, 60);
    sees(&mut world, 0, "redis", &[(60, HardState::Up), (30, HardState::Down), (0, HardState::Down)]);
    assert_eq!(shown(&world).since, START + 30 * SECOND);
    // Nothing was observed for ten minutes: the built-in agent stopped with the aggregator.
    restart(&mut world, 700);
    sees(&mut world, 0, "redis", &[(0, HardState::Down)]);
    let one = shown(&world);
    assert_eq!((one.status, one.since), (Status::MajorOutage, START + 30 * SECOND));
    assert!(one.days.iter().map(|day| day.tally.no_data).sum::<i64>() > 9 * MINUTE, "but nobody saw it then");
    // An outage that ended is not continued by a new one.
    tick(&mut world, 730);
    sees(&mut world, 0, "redis", &[(0, HardState::Up)]);
    tick(&mut world, 760);
    sees(&mut world, 0, "redis", &[(0, HardState::Down)]);
    assert_eq!(shown(&world).since, Timestamp(START.0 + 760 * SECOND));
}

#[test]
fn past_days_are_rendered_from_complete_intervals() {
    let mut world = world(&["a"]);
    sees(&mut world, 0, "a", &[(1, HardState::Up)]);
    world.now = START + 1_000 * SECOND;
    let each_minute =
        |minute: i64| (minute * 60, if (6..=10).contains(&minute) { HardState::Down } else { HardState::Up });
    let seen: Vec<_> = (0..=16).rev().map(each_minute).collect();
    sees(&mut world, 0, "a", &seen);
    let now = world.now;
    let outage = |one: &ComponentView| {
        let one = one.past.first().copied().expect("an outage");
        (one.from, one.to, one.value)
    };
    let known = Effective::Known(Status::MajorOutage);
    assert_eq!(outage(&shown(&world)), (now - 600 * SECOND, now - 300 * SECOND, known));
    assert_eq!(shown(&world).past.len(), 1, "what was well is not told");
    // Without data for longer than the days shown: the beginning is still known.
    tick(&mut world, 120 * 86_400);
    let blind = shown(&world).past.last().copied().expect("it is blind");
    assert_eq!((blind.from, blind.value), (now, Effective::NoData));
    assert!(blind.to > world.now, "it lasts");
    let page = *world.state.pages.keys().next().expect("a page");
    let whole = page_view_with_past(&world.state, page, "http://x", world.now).expect("a living page");
    let Item::Component(one) = &whole.items[0] else { panic!("no group was asked for") };
    assert_eq!(outage(one).2, known);
}

#[test]
fn a_manual_component_is_watched_from_its_first_hold_or_from_its_publication() {
    let new =
        || World { state: State { ready_at: START, ..State::default() }, now: START, senders: Vec::new() };
    let watched = |world: &World| {
        let one = shown(world);
        (one.watched_from.map(|from| from - START), one.windows[0].tally.operational, one.manual)
    };
    // Its page became public an hour after its creation.
    let mut world = new();
    configure(&mut world, false, Vec::new());
    world.now = START + HOUR;
    configure(&mut world, true, Vec::new());
    world.now = START + 3 * HOUR;
    assert_eq!(watched(&world), (Some(HOUR), 2 * HOUR, true));
    assert_eq!(view(&world).verified_at, None, "nobody verified anything");
    configure(&mut world, false, Vec::new());
    world.now = START + 4 * HOUR;
    configure(&mut world, true, Vec::new());
    assert_eq!(watched(&world), (Some(HOUR), 3 * HOUR, true), "it begins once");
    // Somebody set a status before.
    let mut world = new();
    configure(&mut world, false, Vec::new());
    let component = *world.state.components.keys().next().expect("one");
    world.now = START + HOUR;
    let (source, status) = (Source::Person, Status::Operational);
    let said = Command::SetHold { component, source, status, until: None };
    step(&mut world.state, said, at(world.now)).expect("taken");
    world.now = START + 3 * HOUR;
    configure(&mut world, true, Vec::new());
    assert_eq!(watched(&world), (Some(HOUR), 2 * HOUR, true));
    assert_eq!(said_of(&world), "operational");
}

fn said_of(world: &World) -> &'static str {
    shown(world).status.name()
}

/// A former release ignored missing data: its stored layers are computed again at the first start.
#[test]
fn layers_of_a_former_release_are_computed_again_at_the_start() {
    let mut world = world(&["redis", "disk"]);
    tick(&mut world, 30);
    sees(&mut world, 0, "redis", &[(30, HardState::Up), (0, HardState::Up)]);
    sees(&mut world, 1, "disk", &[(30, HardState::Down), (0, HardState::Down)]);
    tick(&mut world, 130);
    sees(&mut world, 0, "redis", &[(0, HardState::Up)]);
    tick(&mut world, 140);
    world.state.components.update_all(|_, component| {
        for interval in component.layers.automatic.edit() {
            if let Automatic::Partly(_) = interval.value {
                interval.value = Automatic::Known(Status::Operational);
            }
        }
    });
    assert_eq!(shown(&world).status, Status::Operational);
    let links = ["redis", "disk"].map(|check| DesiredLink { check: check.to_owned(), minor: false });
    configure(&mut world, true, links.into());
    assert_eq!(
        (shown(&world).status, shown(&world).unseen.map(|one| one.checks)),
        (Status::PartialOutage, Some(1))
    );
}

#[test]
fn a_heartbeat_removes_no_past_outage_of_other_checks() {
    let mut world = world(&["redis", "job"]);
    let expected = Expected { period: DAY, schedule: None, grace: HOUR };
    let job = DesiredHeartbeat {
        check: "job".to_owned(),
        definition: vec![1],
        expected,
        severity: Severity::High,
        depends_on: Vec::new(),
        labels: Default::default(),
    };
    let declare = Command::DeclareHeartbeats(vec![job]);
    step(&mut world.state, declare, at(world.now)).expect("taken");
    let (check, run, detail) = ("job".to_owned(), String::new(), String::new());
    let call = HeartbeatPing { check, kind: PingKind::Success, run, took_ms: None, detail };
    step(&mut world.state, Command::HeartbeatPing(Box::new(call)), at(world.now)).expect("taken");
    for (second, hard) in [(30, HardState::Up), (60, HardState::Down), (90, HardState::Down)] {
        tick(&mut world, second);
        sees(&mut world, 0, "redis", &[(0, hard)]);
    }
    let (began, one) = (START + 60 * SECOND, shown(&world));
    assert_eq!((one.status, one.since), (Status::PartialOutage, began));
    tick(&mut world, 120);
    sees(&mut world, 0, "redis", &[(0, HardState::Up)]);
    let outages = shown(&world).past;
    let outages: Vec<_> = outages.iter().map(|one| (one.from, one.to, one.value)).collect();
    let outage = (began, START + 120 * SECOND, Effective::Known(Status::PartialOutage));
    assert!(outages.contains(&outage), "{outages:?}");
}

//! How long evidence counts, and what a component shows without evidence.

use crate::fixture::{BOOTED, EPOCH, Fixture, START, live};
use crate::reports::{observed, record};
use skerry_domain::rows::Write;
use skerry_domain::status::Status;
use skerry_domain::step::{Answer, Change, Command, Proof, Report, When};
use skerry_domain::time::{DAY, HOUR, MINUTE, SECOND};
use skerry_domain::track::HardState;

#[test]
fn a_live_state_of_a_silent_track_expires() {
    let mut fixture = Fixture::new();
    fixture.see(HardState::Up);
    fixture.pass(10 * MINUTE);
    assert_eq!(fixture.shown(), (Status::Operational, true));
    let report = Report { snapshot: live(HardState::Up), ..fixture.empty(fixture.agent) };
    fixture.send(report);
    assert_eq!(fixture.shown(), (Status::Operational, false), "the link is back, history drains");
    let changes = fixture.pass(2 * MINUTE);
    assert_eq!(fixture.shown(), (Status::Operational, true), "the agent is gone again");
    assert!(changes.contains(&Change::ComponentChanged(fixture.component())), "and the page hears of it");
    fixture.assert_stored();
}

#[test]
fn a_report_writes_only_what_it_changes_of_a_track() {
    let mut fixture = Fixture::new();
    let mut written = |hard: HardState| -> Vec<String> {
        let boot = BOOTED + (fixture.now - START);
        let records = vec![fixture.record(When::ThisBoot(boot), hard)];
        let report = Report { records, ..fixture.empty(fixture.agent) };
        let rows = fixture.step(Command::Report(Box::new(report))).rows;
        fixture.assert_stored();
        fixture.pass(10 * SECOND);
        let of_tracks = rows.iter().filter_map(|write| match write {
            Write::Put(row) if row.table().name == "track" => Some("the track".to_owned()),
            Write::Update(row, columns) => {
                let names = columns.indexes().map(|index| row.table().columns[index].name);
                Some(names.collect::<Vec<_>>().join(" "))
            }
            Write::Replace { prefix, rows, .. } => Some(format!("{} {}", rows.len(), prefix.table.name)),
            _ => None,
        });
        of_tracks.collect()
    };
    let first = written(HardState::Up);
    assert!(first[0].starts_with("state from_ms last_ms up_ms run_ms run_outcome run_reason"), "{first:?}");
    assert_eq!(first[1..], ["1 status_interval"], "no span is closed, and it never flapped");
    assert_eq!(written(HardState::Up), ["last_ms up_ms run_ms"]);
    assert_eq!(written(HardState::Up), ["last_ms up_ms run_ms"]);
    let down = written(HardState::Down);
    assert!(down[0].starts_with("state from_ms last_ms down_ms run_ms run_outcome"), "{down:?}");
    assert_eq!(down[1], "1 span", "{down:?}");
}

#[test]
fn a_check_that_no_agent_runs_any_more_does_not_stay_green() {
    let mut fixture = Fixture::new();
    fixture.see(HardState::Up);
    fixture.pass(5 * SECOND);
    fixture.declare(fixture.agent, &["other"]);
    assert_eq!(fixture.shown(), (Status::Operational, true), "said at once, the last status kept");
    fixture.assert_stored();
}

#[test]
fn the_last_status_and_its_date_outlive_the_days_shown() {
    let mut fixture = Fixture::new();
    fixture.see(HardState::Down);
    fixture.pass(10 * SECOND);
    fixture.see(HardState::Down);
    fixture.pass(2 * MINUTE);
    assert_eq!(fixture.shown(), (Status::MajorOutage, true));
    fixture.now = fixture.now + 200 * DAY;
    fixture.run(Command::Tick);
    assert_eq!(fixture.shown(), (Status::MajorOutage, true), "the last status is kept");
    let page = *fixture.state.pages.keys().next().expect("one");
    let view = skerry_publish::build::page_view(&fixture.state, page, "http://x", fixture.now);
    assert!(view.expect("a page").updated_at < START + HOUR, "and its date does not move with the days");
}

#[test]
fn a_location_counts_from_its_declaration_and_before_its_first_report() {
    let mut fixture = Fixture::new();
    fixture.see(HardState::Up);
    fixture.pass(SECOND);
    fixture.see(HardState::Down);
    assert_eq!(fixture.shown(), (Status::MajorOutage, false));
    fixture.pass(SECOND);
    let other = fixture.enrol("b", "south");
    fixture.declare(other, &["web"]);
    assert_eq!(
        fixture.shown(),
        (Status::MajorOutage, true),
        "one of two says so, the other is not heard yet"
    );
    let early = fixture.now - HOUR;
    let record = fixture.record(When::ThisBoot(BOOTED + (early - START)), HardState::Up);
    let proof = Proof { former: Some(EPOCH), ..Proof::default() };
    fixture.send(Report { records: vec![record], epoch: [8; 16], proof, ..fixture.empty(other) });
    let begun = fixture.state.tracks.values().last().expect("two").declared[0].from;
    assert_eq!(begun, fixture.now, "what it saw before it joined changes nobody's past");
    fixture.assert_stored();
}

/// A sender that is stopped and begins a new spool may deliver from both within a millisecond.
#[test]
fn of_many_spools_within_a_millisecond_the_newest_are_remembered() {
    let mut fixture = Fixture::new();
    let agent = fixture.agent;
    for number in 0..20_u8 {
        // Later spools have smaller ids: the order is not that of the ids.
        let epoch = [200 - number; 16];
        let former = if number == 0 { EPOCH } else { [201 - number; 16] };
        let proof = Proof { former: Some(former), ..Proof::default() };
        let record = record(1, observed(When::ThisBoot(BOOTED), HardState::Up));
        let (answer, _) =
            fixture.send(Report { records: vec![record], epoch, proof, ..fixture.empty(agent) });
        assert!(matches!(answer, Answer::Acknowledged { through: 1, .. }), "{number}: {answer:?}");
    }
    let known: Vec<u8> = fixture.state.agents[&agent].epochs.keys().map(|epoch| epoch[0]).collect();
    assert_eq!(known, (181..=188).collect::<Vec<u8>>());
    fixture.assert_stored();
}

//! Changes of inventories, rules, links, pages and manual statuses.

use crate::fixture::{BOOTED, EPOCH, Fixture};
use skerry_domain::holds::Source;
use skerry_domain::incident::IncidentRules;
use skerry_domain::state::Origin;
use skerry_domain::status::Status;
use skerry_domain::step::{Change, Command, Proof, Report, When};
use skerry_domain::text::SanitiserSettings;
use skerry_domain::time::SECOND;
use skerry_domain::track::HardState;
use skerry_domain::verdict::Quorum;

#[test]
fn a_check_removed_and_added_in_one_instant_runs() {
    let mut fixture = Fixture::new();
    fixture.see(HardState::Up);
    fixture.pass(5 * SECOND);
    fixture.declare(fixture.agent, &[]);
    assert_eq!(fixture.shown(), (Status::Operational, true));
    fixture.declare(fixture.agent, &["web"]);
    assert_eq!(fixture.shown(), (Status::Operational, false));
    fixture.assert_stored();
}

#[test]
fn a_changed_quorum_and_a_moved_agent_count_from_now_on() {
    let mut fixture = Fixture::new();
    let other = fixture.enrol("b", "south");
    fixture.declare(other, &["web"]);
    let record = fixture.record(When::ThisBoot(BOOTED), HardState::Up);
    let proof = Proof { former: Some(EPOCH), ..Proof::default() };
    fixture.send(Report { records: vec![record], epoch: [8; 16], proof, ..fixture.empty(other) });
    fixture.see(HardState::Down);
    assert_eq!(fixture.shown().0, Status::Operational, "one of two is no majority");
    fixture.now = fixture.now + SECOND;
    fixture.configure(&[("web", Quorum::Any)], &[("site", &["web"])]);
    assert_eq!(fixture.shown().0, Status::MajorOutage);
    fixture.now = fixture.now + SECOND;
    fixture.enrol("b", "north");
    assert_eq!(
        fixture.shown().0,
        Status::Operational,
        "agents of one location are down together or not at all"
    );
    fixture.assert_stored();
}

#[test]
fn a_component_whose_only_check_was_unlinked_becomes_manual() {
    let mut fixture = Fixture::new();
    fixture.see(HardState::Down);
    assert_eq!(fixture.shown(), (Status::MajorOutage, false));
    fixture.pass(SECOND);
    fixture.configure(&[("web", Quorum::Majority)], &[("site", &[])]);
    assert_eq!(fixture.shown(), (Status::Operational, false));
    let component = fixture.component();
    for status in [Status::PartialOutage, Status::Operational] {
        fixture.pass(SECOND);
        fixture.run(Command::SetHold { component, source: Source::Person, status, until: None });
        assert_eq!(fixture.shown(), (status, false));
    }
    fixture.assert_stored();
}

#[test]
fn a_manual_status_expires_within_a_second() {
    let mut fixture = Fixture::new();
    fixture.see(HardState::Up);
    let component = fixture.component();
    let until = Some(fixture.now + 20 * SECOND);
    let (source, status) = (Source::Person, Status::PartialOutage);
    fixture.run(Command::SetHold { component, source, status, until });
    fixture.pass(19 * SECOND);
    assert_eq!(fixture.shown().0, Status::PartialOutage);
    let changes = fixture.pass(SECOND);
    assert_eq!(fixture.shown().0, Status::Operational);
    assert!(changes.contains(&Change::ComponentChanged(component)));
    fixture.assert_stored();
}

#[test]
fn pages_of_a_workspace_that_no_file_declares_are_archived_and_revived() {
    let mut fixture = Fixture::new();
    fixture.run(Command::KeepWorkspaces(vec!["acme".to_owned()]));
    assert!(fixture.state.pages.values().all(|page| page.archived));
    fixture.assert_stored();
    fixture.configure(&[("web", Quorum::Majority)], &[("site", &["web"])]);
    fixture.run(Command::KeepWorkspaces(vec!["default".to_owned()]));
    assert!(fixture.state.pages.values().all(|page| !page.archived));
    fixture.assert_stored();
}

#[test]
fn settings_of_a_workspace_that_no_file_declares_are_left_to_people() {
    let mut fixture = Fixture::new();
    let rules = Some(IncidentRules { draft_from: None, ..IncidentRules::default() });
    let sanitiser =
        SanitiserSettings { private_suffixes: Some(vec![".acme".to_owned()]), ..Default::default() };
    fixture.run(Command::SetIncidentRules { rules, by: Origin::File });
    fixture.run(Command::SetSanitiser { settings: Some(Box::new(sanitiser.clone())), by: Origin::File });
    fixture.run(Command::KeepWorkspaces(vec!["default".to_owned()]));
    assert_eq!(fixture.state.workspace.sanitiser, sanitiser, "a file declares it");
    fixture.run(Command::KeepWorkspaces(Vec::new()));
    let workspace = &fixture.state.workspace;
    assert_eq!(workspace.incidents, IncidentRules::default());
    assert_eq!(workspace.sanitiser, SanitiserSettings::default());
    fixture.assert_stored();
    fixture.run(Command::SetIncidentRules { rules, by: Origin::Runtime });
    fixture.run(Command::SetSanitiser { settings: Some(Box::new(sanitiser)), by: Origin::Runtime });
    fixture.run(Command::KeepWorkspaces(Vec::new()));
    assert_eq!(fixture.state.workspace.incidents.draft_from, None, "what people set stays");
}

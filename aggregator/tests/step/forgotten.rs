//! Checks that did not run for more than a year are forgotten, unless a page or a file names them.

use crate::fixture::{BOOTED, Fixture, START};
use skerry_domain::rows::{CheckRow, DeclaredRow, SpanRow, TrackRow};
use skerry_domain::state::TrackKey;
use skerry_domain::step::{AgentChange, Answer, Command, Report, When};
use skerry_domain::time::{DAY, SECOND};
use skerry_domain::track::HardState;
use skerry_domain::verdict::Quorum;
use std::collections::BTreeSet;

/// The agent reports `check` up, then down.
fn see(fixture: &mut Fixture, check: &str) {
    for hard in [HardState::Up, HardState::Down] {
        fixture.now = fixture.now + 10 * SECOND;
        let record = fixture.record(When::ThisBoot(BOOTED + (fixture.now - START)), hard);
        let checks = vec![check.to_owned()];
        fixture.send(Report { records: vec![record], checks, ..fixture.empty(fixture.agent) });
    }
}

/// Folds until nothing is left to fold or forget; returns how much that was.
fn fold(fixture: &mut Fixture) -> usize {
    let (mut all, mut next) = (0, Some(TrackKey(0)));
    while let Some(after) = next {
        let fold = Command::Fold { before: fixture.now, limit: 2, after };
        let (Answer::Folded { count, after }, _) = fixture.run(fold) else { panic!("another answer") };
        (all, next) = (all + count, after);
    }
    all
}

fn names(fixture: &Fixture) -> Vec<&str> {
    let names: BTreeSet<_> = fixture.state.checks.values().map(|check| check.name.as_str()).collect();
    names.into_iter().collect()
}

#[test]
fn checks_that_did_not_run_for_a_year_are_forgotten() {
    let mut fixture = Fixture::new();
    let [revoked, unheard] = ["revoked", "unheard"].map(|name| fixture.enrol(name, "south"));
    fixture.declare(revoked, &["old"]);
    fixture.configure(&[("web", Quorum::Majority), ("named", Quorum::Any)], &[("site", &["web"])]);
    let all = ["kept", "named", "old", "web"];
    fixture.declare(fixture.agent, &all);
    all.iter().for_each(|check| see(&mut fixture, check));
    fixture.declare(fixture.agent, &["kept"]);
    for agent in ["revoked", "unheard"] {
        let agent = agent.to_owned();
        fixture.run(Command::ChangeAgent { agent, change: AgentChange::Revoke });
    }
    fixture.now = fixture.now + 408 * DAY;
    fixture.run(Command::Tick);
    fold(&mut fixture);
    assert_eq!(names(&fixture), all, "what is told of it to operators has not ended");

    fixture.now = fixture.now + 4 * DAY;
    fixture.run(Command::Tick);
    let mut page = fixture.shown();
    assert!(fold(&mut fixture) > 0);
    assert_eq!(names(&fixture), ["kept", "named", "web"], "a page shows web, a file names named");
    let ran: Vec<_> =
        fixture.state.tracks.values().map(|one| &fixture.state.checks[&one.check].name).collect();
    assert_eq!(BTreeSet::from_iter(ran), BTreeSet::from([&"kept".to_owned(), &"web".to_owned()]));
    assert_eq!(fixture.shown(), page);
    let agents: Vec<_> = fixture.state.agents.keys().copied().collect();
    assert_eq!(agents, [fixture.agent, unheard]);
    fixture.assert_stored();
    assert_eq!(fixture.store.rows::<CheckRow>().expect("read").len(), 3);
    assert_eq!(fixture.store.rows::<TrackRow>().expect("read").len(), 2);
    let tracks: Vec<_> = fixture.state.tracks.keys().copied().collect();
    assert!(fixture.store.rows::<SpanRow>().expect("read").iter().all(|row| tracks.contains(&row.track)));
    assert!(fixture.store.rows::<DeclaredRow>().expect("read").iter().all(|row| tracks.contains(&row.track)));

    // An agent that runs it again begins anew.
    fixture.declare(fixture.agent, &["kept", "old", "web"]);
    see(&mut fixture, "old");
    see(&mut fixture, "web");
    page = fixture.shown();
    fold(&mut fixture);
    assert_eq!(fixture.shown(), page);
    fixture.assert_stored();
}

//! After an operator dismissed an agent, its earlier batches and tokens have no effect.

use crate::fixture::Fixture;
use skerry_domain::clone_detection::Refusal;
use skerry_domain::credentials::Redeemed;
use skerry_domain::step::{Admission, AgentChange, Answer, Command};
use skerry_domain::track::HardState;

fn change(fixture: &mut Fixture, change: AgentChange) {
    fixture.run(Command::ChangeAgent { agent: "a".to_owned(), change });
}

#[test]
fn a_batch_that_waited_while_its_agent_was_dismissed_is_rejected() {
    for dismissal in [AgentChange::Disable, AgentChange::Revoke, AgentChange::Remove] {
        let mut fixture = Fixture::new();
        fixture.see(HardState::Up);
        let late = fixture.empty(fixture.agent);
        change(&mut fixture, dismissal.clone());
        let before = fixture.state.tracks.clone();
        let (answer, changes) = fixture.send(late);
        assert_eq!(answer, Answer::Cloned(Refusal::Dismissed), "{dismissal:?}");
        assert!(changes.is_empty(), "{changes:?}");
        assert!(fixture.state.tracks == before, "{dismissal:?}: nothing is declared again");
        fixture.assert_stored();
    }
}

#[test]
fn an_unused_token_does_not_enable_an_agent() {
    let mut fixture = Fixture::new();
    let token = [3; 32];
    change(&mut fixture, AgentChange::Rotate(Admission::Enrolment(token)));
    change(&mut fixture, AgentChange::Disable);
    let (answer, _) = fixture.run(Command::Redeem { token, credential: [4; 32] });
    assert_eq!(answer, Answer::Redeemed(Redeemed::Unknown));
    fixture.assert_stored();
}

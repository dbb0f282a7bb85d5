//! What an agent reports in a test: what the test does not ask about is filled in alike.

use skerry_domain::state::{AgentKey, SelfReport};
use skerry_domain::step::{Observed, Proof, Record, RecordKind, Report, When};
use skerry_domain::time::Timestamp;
use skerry_domain::track::HardState;
use skerry_protocol::wire::{Outcome, Reason};

/// One run of the first check, after which this is the hard state.
pub(crate) fn observed(when: When, hard: HardState) -> Observed {
    let outcome = match hard {
        HardState::Up => Outcome::Up,
        HardState::Degraded => Outcome::Degraded,
        HardState::Down | HardState::Unknown => Outcome::Down,
    };
    Observed {
        check: 0,
        when,
        outcome,
        reason: Reason::None,
        detail: String::new(),
        total_us: 1,
        phases: None,
        hard,
        since: None,
        flapping: false,
    }
}

pub(crate) fn record(sequence: u64, first: Observed) -> Record {
    Record { sequence, through: sequence, kind: RecordKind::Observed { first, count: 1, spread: 0 } }
}

/// A batch about check "a" with nothing in it, of an agent whose clocks are right.
pub(crate) fn empty(agent: AgentKey, now: Timestamp, boot_now: i64) -> Report {
    Report {
        agent,
        epoch: [1; 16],
        acknowledged: 0,
        proof: Proof::default(),
        process: Vec::new(),
        self_report: SelfReport::default(),
        received: now,
        boot_now,
        wall_now: now,
        own_network_gone: false,
        checks: vec!["a".to_owned()],
        records: Vec::new(),
        snapshot: Vec::new(),
        inventory: None,
    }
}

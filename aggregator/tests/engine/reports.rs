//! Reports of agents for tests, with defaults for everything that a test does not set.

use skerry_domain::state::{AgentKey, SelfReport};
use skerry_domain::step::{Observed, Proof, Record, RecordKind, Report, When};
use skerry_domain::time::Timestamp;
use skerry_domain::track::HardState;
use skerry_protocol::wire::{Outcome, Reason};

/// One run of the first check with this hard state.
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

/// An empty batch about check "a" from an agent with correct clocks.
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

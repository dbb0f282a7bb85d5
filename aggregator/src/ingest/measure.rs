//! The size of a report: observations, cost and memory.

use skerry_domain::step::{DeclaredCheck, Record, RecordKind, Report};
use skerry_domain::track::HardState;
use std::collections::HashMap;

/// What a batch costs the agent that sends it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Cost {
    /// Observations; folded ones are counted individually.
    pub(crate) observations: u64,
    /// Entries that are stored and reported individually: changes of a hard state, losses, gaps. The batch itself
    /// counts as one, since it may follow a gap.
    pub(crate) transitions: u64,
}

pub(super) fn cost(report: &Report) -> Cost {
    let mut cost = Cost { observations: 0, transitions: 1 };
    let mut held: HashMap<usize, HardState> = HashMap::new();
    let gaps = report.records.windows(2).filter(|pair| pair[1].sequence > pair[0].through.saturating_add(1));
    cost.transitions += gaps.count() as u64;
    for record in &report.records {
        cost.transitions += u64::from(matches!(record.kind, RecordKind::Lost { .. }));
        let RecordKind::Observed { first, count, .. } = &record.kind else { continue };
        cost.observations += u64::from((*count).max(1));
        let changed =
            held.insert(first.check, first.hard).map_or(first.since.is_some(), |last| last != first.hard);
        cost.transitions += u64::from(changed);
    }
    cost
}

/// Approximate size in bytes.
pub(super) fn size(report: &Report) -> usize {
    let words = |record: &Record| match &record.kind {
        RecordKind::Observed { first, .. } => first.detail.len(),
        RecordKind::Lost { why, .. } => why.len(),
        RecordKind::Unknown => 0,
    };
    let records = size_of_val(report.records.as_slice()) + report.records.iter().map(words).sum::<usize>();
    let names = size_of_val(report.checks.as_slice()) + report.checks.iter().map(String::len).sum::<usize>();
    let declared = report.inventory.as_deref().unwrap_or_default();
    let inventory = size_of_val(declared) + declared.iter().map(words_of).sum::<usize>();
    size_of::<Report>() + records + names + inventory + size_of_val(report.snapshot.as_slice())
}

/// Bytes of what an agent says of a check.
fn words_of(check: &DeclaredCheck) -> usize {
    let labels = check.labels.iter().map(|(name, value)| size_of::<[String; 2]>() + name.len() + value.len());
    let parents = check.depends_on.iter().map(|name| size_of::<String>() + name.len());
    check.name.len() + check.definition.len() + labels.chain(parents).sum::<usize>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn losses_and_gaps_cost_what_a_change_of_state_costs() {
        let lost = |sequence| Record {
            sequence,
            through: sequence,
            kind: RecordKind::Lost { count: 1, why: String::new(), from: None, to: None },
        };
        let skipped = |sequence| Record { sequence, through: sequence, kind: RecordKind::Unknown };
        let table = [
            (vec![], 1),
            ((1..=10_000).map(lost).collect(), 10_001),
            ((1..=10_000).map(|n| skipped(2 * n)).collect(), 10_000),
            ((1..=10_000).map(skipped).collect(), 1),
        ];
        for (records, transitions) in table {
            let cost = cost(&Report { records, ..empty() });
            assert_eq!(cost, Cost { observations: 0, transitions });
        }
    }

    fn empty() -> Report {
        use skerry_domain::state::{AgentKey, SelfReport};
        use skerry_domain::time::Timestamp;
        Report {
            agent: AgentKey(1),
            epoch: [0; 16],
            acknowledged: 0,
            proof: skerry_domain::step::Proof::default(),
            process: Vec::new(),
            self_report: SelfReport::default(),
            received: Timestamp(0),
            boot_now: 0,
            wall_now: Timestamp(0),
            own_network_gone: false,
            checks: Vec::new(),
            records: Vec::new(),
            snapshot: Vec::new(),
            inventory: None,
        }
    }
}

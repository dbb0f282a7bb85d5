//! How much a report brings, and what it takes up.

use crate::domain::step::{Record, RecordKind, Report};
use crate::domain::track::Hard;
use std::collections::HashMap;

/// What a batch costs the agent that sends it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Cost {
    /// Observations, those that were folded counted each.
    pub(crate) observations: u64,
    /// Changes of a hard state.
    pub(crate) transitions: u64,
}

pub(super) fn cost(report: &Report) -> Cost {
    let mut cost = Cost::default();
    let mut held: HashMap<usize, Hard> = HashMap::new();
    for record in &report.records {
        let RecordKind::Observed { first, count, .. } = &record.kind else { continue };
        cost.observations += u64::from((*count).max(1));
        let changed =
            held.insert(first.check, first.hard).map_or(first.since.is_some(), |last| last != first.hard);
        cost.transitions += u64::from(changed);
    }
    cost
}

/// Bytes, about.
pub(super) fn size(report: &Report) -> usize {
    let words = |record: &Record| match &record.kind {
        RecordKind::Observed { first, .. } => first.detail.len(),
        RecordKind::Lost { why, .. } => why.len(),
        RecordKind::Unknown => 0,
    };
    let records = size_of_val(report.records.as_slice()) + report.records.iter().map(words).sum::<usize>();
    let names = size_of_val(report.checks.as_slice()) + report.checks.iter().map(String::len).sum::<usize>();
    let declared = report.inventory.as_deref().unwrap_or_default();
    let inventory = size_of_val(declared)
        + declared.iter().map(|check| check.name.len() + check.definition.len()).sum::<usize>();
    size_of::<Report>() + records + names + inventory + size_of_val(report.snapshot.as_slice())
}

//! Corrections of the past as visitors see them: what changed, and when, but neither who corrected it nor why.

use super::view::{CorrectionKind, CorrectionView};
use skerry_domain::correction::Correction;
use skerry_domain::interval::Interval;
use skerry_domain::layers::{Layers, overlay};
use skerry_domain::state::{ComponentKey, State};
use skerry_domain::status::{Effective, Status};
use skerry_domain::time::Timestamp;

/// The corrections of a component that stand, changed something and touch the time from `from` to `to`, in the order in which
/// they were made. One that a newer one covers is none any more.
pub(super) fn corrections(
    state: &State,
    key: ComponentKey,
    (from, to): (Timestamp, Timestamp),
) -> Vec<CorrectionView> {
    let Some(component) = state.components.get(&key) else { return Vec::new() };
    let layers = &component.layers;
    if !layers.corrected.iter().any(|one| one.from < to && from < one.to) {
        return Vec::new();
    }
    let uncorrected = Layers { corrected: Default::default(), ..layers.clone() };
    let standing: Vec<&Correction> = state.corrections_of(key).map(|(_, one)| one).collect();
    let is_covered = |index: usize| {
        let one = standing[index];
        standing[index + 1..].iter().any(|newer| newer.from <= one.from && one.to <= newer.to)
    };
    let shown = standing.iter().enumerate().filter(|(index, one)| {
        let one: &Correction = one;
        one.from < to && from < one.to && !is_covered(*index)
    });
    shown.filter_map(|(_, one)| view(one, &overlay(&uncorrected, one.from, one.to))).collect()
}

/// `before` is what the correction covers.
fn view(correction: &Correction, before: &[Interval<Effective>]) -> Option<CorrectionView> {
    let status = correction.status;
    if before.iter().all(|one| one.value == Effective::Known(status)) {
        return None;
    }
    let worst = before.iter().filter_map(|one| match one.value {
        Effective::Known(status) | Effective::Partly(status) => Some(status),
        Effective::NoData | Effective::Unwatched => None,
    });
    let impaired = worst.max().filter(|worst| *worst >= Status::DegradedPerformance);
    let is_known = |one: &Interval<Effective>| matches!(one.value, Effective::Known(_));
    Some(CorrectionView {
        from: correction.from,
        to: correction.to,
        made_at: correction.made_at,
        about: impaired.or(before.iter().all(is_known).then_some(status)),
        kind: match status {
            Status::Operational if impaired.is_some() => CorrectionKind::FalseAlarm,
            Status::UnderMaintenance => CorrectionKind::Planned,
            status => CorrectionKind::Was(status),
        },
    })
}

#[cfg(test)]
#[path = "corrections_test.rs"]
mod tests;

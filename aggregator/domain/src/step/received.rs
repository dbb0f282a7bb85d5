//! What a report says beside what it holds: an agent that had fallen silent is heard again, its spool or our
//! database was put back from an old copy. Told to operators.

use super::{Change, Changes, Report};
use crate::schedule::Due;
use crate::state::{AgentCheck, Epoch, State, TrackKey};
use crate::time::Timestamp;

/// Those of an agent's checks that it runs and was told to be silent of, each with its newest evidence. Old history
/// that begins to drain makes a track silent too, which nobody is told of.
pub(super) fn silent_of(state: &State, tracks: &[TrackKey]) -> Vec<(TrackKey, Timestamp)> {
    let with_evidence = |key: &TrackKey| {
        let called = |one: &&AgentCheck| one.called_silent && one.is_silent() && one.is_declared();
        Some((*key, state.tracks.get(key).filter(called)?.evidence()?))
    };
    tracks.iter().filter_map(with_evidence).collect()
}

/// Tells of those that are silent no longer once the report was taken. History older than the silence limit ends
/// no silence.
pub(super) fn note_again(
    state: &mut State,
    report: &Report,
    silent: &[(TrackKey, Timestamp)],
    changes: &mut Changes,
) {
    let mut received = silent.to_vec();
    received.retain(|(key, _)| !state.tracks[key].is_silent());
    let Some(since) = received.iter().map(|(_, evidence)| *evidence).min() else { return };
    let mut checks = Vec::new();
    for (key, _) in &received {
        let Some(agent_check) = state.tracks.get_mut(key) else { continue };
        agent_check.called_silent = false;
        checks.push(agent_check.check);
        state.reschedule(Due::Track(*key));
    }
    let silent_ms = report.received - since;
    changes.push(Change::ReportsAgain { agent: report.agent, checks, silent_ms });
}

/// A reply that was lost brings the same records and more. Fewer than were acknowledged, or another record at the
/// place of the last one, are of a spool that was put back from an old copy: what it has made since stands at
/// places that are taken.
pub(super) fn is_old_copy(report: &Report, epoch: &Epoch, changes: &mut Changes) -> bool {
    let through = epoch.through;
    let Some(newest) = report.records.last().map(|record| record.through.max(record.sequence)) else {
        return false;
    };
    let at_mark = report.records.iter().find(|record| record.through.max(record.sequence) == through);
    let digest = at_mark.map_or(0, |record| report.digest(record));
    let other = digest != 0 && epoch.last_record != 0 && digest != epoch.last_record;
    if newest < through || other {
        changes.push(Change::OldCopy { agent: report.agent, newest, through });
        return true;
    }
    false
}

/// An agent that was told that we hold more than we do: a backup was restored here, or commits were lost. What it
/// still sends is never passed over for its word. Returns the new mark.
pub(super) fn note_forgotten(report: &Report, through: u64, changes: &mut Changes) -> u64 {
    let sent = report.records.first().map_or(u64::MAX, |first| first.sequence);
    let told = report.acknowledged.min(sent.saturating_sub(1));
    if told > through {
        let (agent, epoch, from, to) = (report.agent, report.epoch, through + 1, told + 1);
        changes.push(Change::Gap { agent, epoch, from, to, acknowledged: true });
    }
    told.max(through)
}

//! What a report implies besides its content: a silent agent reports again, or its spool or the database was restored
//! from an old copy. Reported to operators.

use super::{Change, Changes, RecordKind, Report};
use crate::schedule::Due;
use crate::state::{AgentCheck, Epoch, State, TrackKey};
use crate::time::Timestamp;

/// The tracks of an agent that were reported as silent and of which the report says something, each with its newest
/// evidence. Old history that begins to drain also makes a track silent, but that is not reported.
pub(super) fn silent_of(state: &State, report: &Report, tracks: &[TrackKey]) -> Vec<(TrackKey, Timestamp)> {
    let mut named = vec![false; tracks.len()];
    for record in &report.records {
        if let RecordKind::Observed { first, .. } = &record.kind {
            named[first.check] = true;
        }
    }
    report.snapshot.iter().for_each(|snapshot| named[snapshot.check] = true);
    let with_evidence = |key: &TrackKey| {
        let called = |one: &&AgentCheck| one.called_silent && one.is_silent() && one.is_declared();
        Some((*key, state.tracks.get(key).filter(called)?.evidence()?))
    };
    let named = tracks.iter().zip(named).filter(|(_, named)| *named);
    named.filter_map(|(track, _)| with_evidence(track)).collect()
}

/// Reports the tracks that are no longer silent after the report was accepted. History older than the silence limit
/// ends no silence.
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

/// Whether the spool was restored from an old copy. After a lost reply an agent sends the same records and more. Fewer
/// than were acknowledged, or a different record at the place of the last one, prove an old copy: its new records have
/// sequence numbers that are already used.
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

/// Reports records that were acknowledged to the agent and are missing here: a backup was restored, or commits were
/// lost. Records that the agent still sends are accepted regardless. Returns the new mark.
pub(super) fn note_forgotten(report: &Report, through: u64, changes: &mut Changes) -> u64 {
    let sent = report.records.first().map_or(u64::MAX, |first| first.sequence);
    let told = report.acknowledged.min(sent.saturating_sub(1));
    if told > through {
        let (agent, epoch, from, to) = (report.agent, report.epoch, through + 1, told + 1);
        changes.push(Change::Gap { agent, epoch, from, to, acknowledged: true });
    }
    told.max(through)
}

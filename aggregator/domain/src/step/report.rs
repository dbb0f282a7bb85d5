//! Applies a batch of an agent, from its sequence to the layers of the components that it feeds. A batch changes only
//! what that agent observed: nothing older than a spool keeps, and nothing that it reported before.

use super::declare::{declare, tracks_of};
use super::place::Placed;
use super::received;
use super::recompute::{RecomputeFrom, recompute};
use super::reported::{Record, RecordKind, Report, SnapshotState, When};
use super::{Answer, Change, Changes, Rejected};
use crate::check_verdict::CheckVerdict;
use crate::clone_detection::{Refusal, Session, Spool};
use crate::credentials::Standing;
use crate::schedule::Due;
use crate::state::{Agent, AgentCheck, AgentKey, Epoch, State, TrackKey};
use crate::time::Timestamp;
use crate::track::{HardState, Span};
use crate::verdict::Live;
use std::collections::BTreeSet;

/// The greatest number of checks of one agent, former ones included.
const MOST_CHECKS: usize = 20_000;
/// How many spools of one agent are remembered; the one that delivered longest ago is forgotten.
const MOST_EPOCHS: usize = 8;

pub(super) fn report(
    state: &mut State,
    report: &Report,
    now: Timestamp,
    changes: &mut Changes,
) -> Result<Answer, Rejected> {
    // What was admitted before an operator dismissed the agent may wait behind that command.
    if state.agents.get(&report.agent).is_none_or(|agent| agent.standing != Standing::Active) {
        return Ok(Answer::Cloned(Refusal::Dismissed));
    }
    let known = known_tracks(state, report);
    if has_too_many_checks(state, report, &known) {
        let reason = "this agent has named more than 20,000 checks; enrol it anew under another name";
        return Err(Rejected::invalid("checks", reason));
    }
    if let Err(refused) = hear(state, report, now, changes) {
        return Ok(Answer::Cloned(refused));
    }
    changes.reporter = Some(report.agent);
    let agent = state.agents.get_mut(&report.agent).expect("heard above");
    let seen = seen_at(agent, &report.epoch, now);
    agent.last_seen = Some(seen);
    agent.self_report.clone_from(&report.self_report);
    agent.skew = report.wall_now - report.received;
    agent.own_network_gone = report.own_network_gone;
    let contested = agent.sessions.contested(now);
    // Records of an earlier boot are placed by the clock offset of that time, as last received in this epoch.
    let received = agent.epochs.get(&report.epoch).copied().filter(|epoch| epoch.through > 0);
    let (through, offset) = received.map_or((0, agent.skew), |epoch| (epoch.through, epoch.offset));
    let mut recompute_from = RecomputeFrom::default();
    if let Some(inventory) = &report.inventory {
        declare(state, report.agent, inventory, now, changes, &mut recompute_from);
    }
    let tracks = tracks_of(state, report, &known, now, changes, &mut recompute_from);
    let silent = received::silent_of(state, report, &tracks);
    let old_copy = received.is_some_and(|epoch| received::is_old_copy(report, &epoch, changes));
    let last = if old_copy {
        through
    } else {
        take_records(state, report, &tracks, (through, offset), changes, &mut recompute_from)
    };
    take_snapshot(state, report, &tracks, changes, &mut recompute_from);
    received::note_again(state, report, &silent, changes);
    let agent = state.agents.get_mut(&report.agent).expect("looked up above");
    let drains = report.records.iter().any(is_of_an_earlier_boot);
    let offset = if drains { offset } else { agent.skew };
    let newest = report.records.last().filter(|record| record.through.max(record.sequence) == last);
    let former = received.map_or(0, |epoch| epoch.last_record);
    let last_record = newest.filter(|_| !old_copy).map_or(former, |record| report.digest(record));
    agent.epochs.insert(report.epoch, Epoch { through: last, offset, seen, last_record });
    let want_inventory = !agent.inventory_known;
    changes.touched.epoch(report.agent, report.epoch);
    recompute(state, &recompute_from, changes);
    Ok(Answer::Acknowledged { through: last, want_inventory, contested, old_copy })
}

/// Checks that the batch comes from the agent and from its own spool.
fn hear(state: &mut State, report: &Report, now: Timestamp, changes: &mut Changes) -> Result<(), Refusal> {
    let ready_at = state.ready_at;
    let agent = state.agents.get_mut(&report.agent).expect("caller looked it up");
    let (epoch, process) = (report.epoch, report.process.clone());
    let session = Session { epoch, process, credential: report.proof.credential };
    let former = report.proof.former;
    let known = agent.epochs.contains_key(&epoch);
    let spool = Spool { known: known || report.proof.built_in, former };
    if let Err(why) = agent.sessions.receive(session, spool, ready_at, now) {
        // A batch that is too early is sent again within seconds; it is no sign of a clone.
        if why != Refusal::TooEarly {
            let tell = agent.sessions.note_refused(now);
            if tell {
                agent.cloned_at = Some(now);
                changes.touched.agent(report.agent);
            }
            changes.push(Change::CloneRefused { agent: report.agent, why, tell });
        }
        return Err(why);
    }
    if !known {
        if let Some(former) = former.and_then(|former| agent.epochs.get(&former)) {
            changes.push(Change::SpoolReplaced { agent: report.agent, through: former.through });
        }
        begin_epoch(state, report.agent, changes);
    }
    Ok(())
}

/// The instant at which the batch counts as accepted: later than any batch of another spool, so that of the spools of an
/// agent the one that delivered longest ago is known even if several delivered within a millisecond.
fn seen_at(agent: &Agent, epoch: &[u8; 16], now: Timestamp) -> Timestamp {
    let others = agent.epochs.iter().filter(|(other, _)| *other != epoch).map(|(_, other)| other.seen);
    others.max().map_or(now, |newest| now.max(newest + 1))
}

/// Begins a new epoch: reports from former spools become final, and the oldest of those spools are forgotten.
fn begin_epoch(state: &mut State, key: AgentKey, changes: &mut Changes) {
    let agent = state.agents.get_mut(&key).expect("caller looked it up");
    if agent.epochs.is_empty() {
        return;
    }
    let mut by_age: Vec<(Timestamp, [u8; 16])> =
        agent.epochs.iter().map(|(epoch, one)| (one.seen, *epoch)).collect();
    by_age.sort_unstable_by(|one, other| other.cmp(one));
    let epochs: Vec<[u8; 16]> = by_age.iter().skip(MOST_EPOCHS - 1).map(|(_, epoch)| *epoch).collect();
    if !epochs.is_empty() {
        for epoch in &epochs {
            agent.epochs.remove(epoch);
        }
        epochs.iter().for_each(|epoch| changes.touched.epoch(key, *epoch));
        changes.push(Change::EpochsForgotten { agent: key, epochs });
    }
    let tracks: Vec<TrackKey> = state.tracks_of(key).map(|(_, track)| track).collect();
    for track in tracks {
        let last = state.tracks[&track].track.last();
        if last > state.tracks[&track].settled {
            state.tracks.get_mut(&track).expect("the index names tracks").settled = last;
            changes.touched.track(track);
        }
    }
}

/// The track of each check that the batch names, if there is one. An agent repeats all its names in each batch.
fn known_tracks(state: &State, report: &Report) -> Vec<Option<TrackKey>> {
    report.checks.iter().map(|name| known_track(state, report.agent, name)).collect()
}

fn known_track(state: &State, agent: AgentKey, name: &str) -> Option<TrackKey> {
    let check = *state.check_names.get(name)?;
    state.track_of.get(&(agent, check)).copied()
}

/// Checks that an agent names are kept, so their number is limited. `known`: see [`known_tracks`].
fn has_too_many_checks(state: &State, report: &Report, known: &[Option<TrackKey>]) -> bool {
    let unknown = report.checks.iter().zip(known).filter(|(_, track)| track.is_none()).map(|(name, _)| name);
    let declared = report.inventory.iter().flatten().map(|check| &check.name);
    let declared = declared.filter(|name| known_track(state, report.agent, name).is_none());
    let new = unknown.chain(declared).collect::<BTreeSet<&String>>().len();
    new > 0 && new + state.tracks_of(report.agent).count() > MOST_CHECKS
}

/// Applies the records above the mark, in order, and returns the new mark.
fn take_records(
    state: &mut State,
    report: &Report,
    tracks: &[TrackKey],
    (through, offset): (u64, i64),
    changes: &mut Changes,
    recompute_from: &mut RecomputeFrom,
) -> u64 {
    let mut last = received::note_forgotten(report, through, changes);
    // With whether a snapshot was ahead of the track before its first record.
    let mut touched: Vec<(TrackKey, bool)> = Vec::new();
    let mut too_old = 0;
    for record in report.records.iter().filter(|record| record.sequence > through) {
        if record.sequence > last + 1 {
            let (agent, epoch) = (report.agent, report.epoch);
            let (from, to) = (last + 1, record.sequence);
            changes.push(Change::Gap { agent, epoch, from, to, acknowledged: false });
        }
        last = record.through.max(record.sequence);
        match &record.kind {
            RecordKind::Observed { first, count, spread } => {
                let track = tracks[first.check];
                let agent_check = state.tracks.get_mut(&track).expect("made by tracks_of");
                touched.push((track, agent_check.is_behind_snapshot()));
                let placed = Placed { report, offset, observed: first, count: *count, spread: *spread };
                too_old += placed.take(track, agent_check, changes, recompute_from);
            }
            RecordKind::Lost { count, why, from, to } => changes.push(Change::Lost {
                agent: report.agent,
                count: *count,
                why: why.clone(),
                from: *from,
                to: *to,
            }),
            RecordKind::Unknown => {}
        }
    }
    touched.sort_by_key(|(track, _)| *track);
    touched.dedup_by_key(|(track, _)| *track);
    for (track, was_behind) in touched {
        let agent_check = &state.tracks[&track];
        let kept = state.verdicts.get(&agent_check.check);
        let stays = || kept.is_some_and(|kept| kept.stays(state.clock));
        let overtakes = agent_check.is_behind_snapshot() != was_behind;
        if agent_check.live.is_some() && (overtakes || !stays())
            || kept.is_some_and(CheckVerdict::lacks_reason)
        {
            recompute_from.note_behind_snapshot(agent_check.check);
        }
        state.reschedule(Due::Track(track));
        changes.touched.track(track);
    }
    if too_old > 0 {
        let why = "older than the 7 days that a spool keeps: not taken".to_owned();
        changes.push(Change::Lost { agent: report.agent, count: too_old, why, from: None, to: None });
    }
    last
}

fn is_of_an_earlier_boot(record: &Record) -> bool {
    let RecordKind::Observed { first, .. } = &record.kind else { return false };
    matches!(first.when, When::EarlierBoot(_))
}

pub(super) fn open_state(agent_check: &AgentCheck) -> HardState {
    agent_check.track.state()
}

/// Applies the snapshot. It affects only the current verdict, and only if it is newer than the track. Such a change is
/// emitted at once: no layer changes, so nothing else would emit it.
fn take_snapshot(
    state: &mut State,
    report: &Report,
    tracks: &[TrackKey],
    changes: &mut Changes,
    recompute_from: &mut RecomputeFrom,
) {
    for snapshot in &report.snapshot {
        let key = tracks[snapshot.check];
        let Some(agent_check) = state.tracks.get(&key) else { continue };
        let held = agent_check.held.is_some();
        let ahead = || snapshot.evidence_ago.and_then(|ago| ahead_of(agent_check, report, snapshot, ago));
        let live = if held { agent_check.live } else { ahead() };
        let says_more = live.is_some() && agent_check.excluded && !held;
        let certificate = snapshot.certificate_ends != agent_check.certificate_ends;
        // Most states are known; a track that does not change is not copied.
        if live == agent_check.live && !says_more && !certificate {
            continue;
        }
        let said = |live: Option<Live>| live.map(|live| (live.span.state, live.flapping));
        if said(live) != said(agent_check.live) {
            recompute_from.note_live(agent_check.check);
        } else if live != agent_check.live {
            // It may be newer than the history now, or older.
            recompute_from.note_behind_snapshot(agent_check.check);
        }
        if says_more || certificate {
            changes.touched.track(key);
        }
        let agent_check = state.tracks.get_mut(&key).expect("looked up above");
        agent_check.certificate_ends = snapshot.certificate_ends;
        agent_check.live = live;
        agent_check.excluded &= !says_more;
        state.reschedule(Due::Track(key));
    }
}

fn ahead_of(
    agent_check: &AgentCheck,
    report: &Report,
    snapshot: &SnapshotState,
    evidence_ago: i64,
) -> Option<Live> {
    let last = report.received - evidence_ago;
    let newest = agent_check.track.spans.last();
    let behind = newest.is_none_or(|span| {
        let new = span.state != snapshot.state || agent_check.track.flapping() != snapshot.flapping;
        last > span.last && (new || last - span.last > agent_check.silence())
    });
    if !behind || snapshot.state == HardState::Unknown || report.received - last > agent_check.silence() {
        return None;
    }
    let from = (report.received - snapshot.since_ago).max(newest.map_or(Timestamp(0), |span| span.last));
    let span = Span { from: from.min(last), last, state: snapshot.state };
    Some(Live { span, flapping: snapshot.flapping })
}

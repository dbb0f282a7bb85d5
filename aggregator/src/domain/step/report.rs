//! A batch of an agent, from its sequence to the layers of the components it feeds.

use super::recompute::{Earliest, recompute};
use super::reported::{DeclaredCheck, Observed, RecordKind, Report, SnapshotState, When};
use super::{Answer, Change, RawObservation};
use crate::domain::interval::Interval;
use crate::domain::state::{Agent, AgentKey, Check, CheckKey, Epoch, State, TrackKey, Witnessed};
use crate::domain::time::{DAY, MINUTE, Timestamp};
use crate::domain::track::{Hard, Seen, Span, Track};
use crate::domain::verdict::Quorum;
use skerry_protocol::wire::Outcome;
use std::collections::{BTreeMap, BTreeSet};

/// The interval taken for a check whose inventory has not arrived, ms.
const DEFAULT_INTERVAL: i64 = 30_000;
/// Observations taken of one report, so that no agent holds the writer up: what lies behind them stays
/// unacknowledged and comes again. A folded record of more is kept thinner.
const MOST_OBSERVATIONS: u32 = 50_000;
/// A spool is in use this long after its last batch, ms: an agent sends one every 15 s at least.
const ALIVE: i64 = MINUTE;
/// Nothing is placed further back than this, ms: a clock that says so is broken.
const LONGEST_AGO: i64 = 3_660 * DAY;

pub(super) fn report(
    state: &mut State,
    report: &Report,
    now: Timestamp,
    changes: &mut Vec<Change>,
) -> Answer {
    let Some(agent) = state.agents.get_mut(&report.agent) else { return Answer::NotFound };
    if is_cloned(agent, report.epoch, now) {
        return Answer::Cloned;
    }
    agent.last_seen = Some(now);
    agent.skew = report.wall_now - report.received;
    let present = agent.skew;
    let former = agent.epochs.entry(report.epoch).or_insert(Epoch { through: 0, offset: present, seen: now });
    // While records of an earlier boot drain, the offset last known of that boot is the one that fits them.
    let offset = if report.speaks_of_earlier_boots() { former.offset } else { present };
    let through = former.through;
    let mut earliest = Earliest::default();
    if let Some(inventory) = &report.inventory {
        declare(state, report.agent, inventory, now, changes, &mut earliest);
    }
    let tracks = tracks_of(state, report, changes, &mut earliest);
    let position = Epoch { through, offset, seen: now };
    let last = take_records(state, report, &tracks, position, changes, &mut earliest);
    take_snapshot(state, report, &tracks, changes, &mut earliest);
    let agent = state.agents.get_mut(&report.agent).expect("looked up above");
    agent.epochs.insert(report.epoch, Epoch { through: last, offset, seen: now });
    let want_inventory = !agent.inventory_known;
    changes.push(Change::EpochMoved { agent: report.agent, epoch: report.epoch });
    recompute(state, &earliest, changes);
    Answer::Acknowledged { through: last, want_inventory }
}

/// A spool that another one has taken the place of speaks while that one lives: two agents use one name.
fn is_cloned(agent: &Agent, epoch: [u8; 16], now: Timestamp) -> bool {
    let newer = |known: &Epoch| agent.epochs.get(&epoch).is_some_and(|this| this.seen < known.seen);
    let others = agent.epochs.iter().filter(|(other, _)| **other != epoch);
    others.map(|(_, known)| known).any(|known| newer(known) && now - known.seen < ALIVE)
}

/// A reply that was lost brings the same records and more. Fewer than were acknowledged are of a spool that
/// was put back from an old copy.
fn note_old_copy(report: &Report, through: u64, changes: &mut Vec<Change>) {
    if let Some(newest) = report.records.last().map(|record| record.sequence).filter(|last| *last < through) {
        changes.push(Change::OldCopy { agent: report.agent, newest, through });
    }
}

/// Takes what lies above the mark, in order, and returns the new mark.
fn take_records(
    state: &mut State,
    report: &Report,
    tracks: &[TrackKey],
    position: Epoch,
    changes: &mut Vec<Change>,
    earliest: &mut Earliest,
) -> u64 {
    let Epoch { through, offset, .. } = position;
    note_old_copy(report, through, changes);
    let mut last = through;
    // Each with whether it was silent before.
    let mut touched: BTreeMap<TrackKey, bool> = BTreeMap::new();
    let mut taken: u32 = 0;
    for record in report.records.iter().filter(|record| record.sequence > through) {
        let weight = record.kind.weight().min(MOST_OBSERVATIONS);
        if taken > 0 && taken + weight > MOST_OBSERVATIONS {
            break;
        }
        taken += weight;
        if record.sequence > last + 1 {
            let (agent, epoch) = (report.agent, report.epoch);
            changes.push(Change::Gap { agent, epoch, from: last + 1, to: record.sequence });
        }
        last = record.sequence;
        match &record.kind {
            RecordKind::Observed { first, count, spread } => {
                let track = tracks[first.check];
                let witnessed = state.tracks.get_mut(&track).expect("made by tracks_of");
                touched.entry(track).or_insert(witnessed.track.silent);
                let count = (*count).clamp(1, MOST_OBSERVATIONS);
                let placed = Placed { report, offset, observed: first, count, spread: *spread };
                placed.take(track, witnessed, changes, earliest);
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
    for (track, was_silent) in &touched {
        let witnessed = state.tracks.get_mut(track).expect("made by tracks_of");
        keep_silence(witnessed, *was_silent, report.received, earliest);
    }
    changes.extend(touched.into_keys().map(Change::TrackMoved));
    last
}

/// History older than the silence limit fills the past; it does not end a silence of today.
fn keep_silence(witnessed: &mut Witnessed, was_silent: bool, received: Timestamp, earliest: &mut Earliest) {
    let Some(last) = witnessed.track.last() else { return };
    if received - last <= witnessed.silence() {
        witnessed.left = false;
    } else if was_silent && let Some(from) = witnessed.track.fall_silent() {
        earliest.note(witnessed.check, from);
    }
}

/// An observation on its way into its track.
struct Placed<'a> {
    report: &'a Report,
    /// Of the wall clock in earlier boots, ms.
    offset: i64,
    observed: &'a Observed,
    count: u32,
    spread: i64,
}

impl Placed<'_> {
    fn take(
        &self,
        key: TrackKey,
        witnessed: &mut Witnessed,
        changes: &mut Vec<Change>,
        earliest: &mut Earliest,
    ) {
        let Observed { outcome, reason, total_us, phases, hard, .. } = *self.observed;
        let first = self.place(self.observed.when);
        let count = i64::from(self.count);
        let before = open_state(witnessed);
        for n in 0..count {
            let into = if count > 1 { self.spread.max(0) / (count - 1) * n } else { 0 };
            let into = if n == count - 1 { self.spread.max(0) } else { into };
            let at = (first + into).min(self.report.received);
            declare_since(witnessed, at);
            changes.push(Change::Raw(RawObservation { at, track: key, outcome, reason, total_us, phases }));
            if outcome == Outcome::Inconclusive {
                continue;
            }
            let since = if n == 0 { self.observed.since.map(|when| self.place(when)) } else { None };
            // What was folded was one stretch without a gap.
            let silence = if n == 0 { witnessed.silence() } else { i64::MAX };
            if let Some(from) = witnessed.track.observe(Seen { at, hard, since }, silence) {
                earliest.note(witnessed.check, from);
                changes.push(Change::SpansChanged { track: key, from });
            }
        }
        if let Some(since) = self.observed.since
            && hard != before
        {
            changes.push(Change::Transition {
                track: key,
                since: self.place(since).min(first),
                at: first,
                from: before,
                to: hard,
                reason,
                detail: self.observed.detail.clone(),
            });
        }
    }

    /// Placement = received − (boot now − boot then); of an earlier boot, wall clock less its offset, and not
    /// after the present boot began. Nothing is placed in the future.
    fn place(&self, when: When) -> Timestamp {
        let report = self.report;
        let at = match when {
            When::ThisBoot(boot) => report.received - (report.boot_now - boot).max(0),
            When::EarlierBoot(wall) => (wall - self.offset).min(report.received - report.boot_now.max(0)),
        };
        at.max(report.received - LONGEST_AGO)
    }
}

/// What was seen before the agent was first heard was run before it was declared.
fn declare_since(witnessed: &mut Witnessed, at: Timestamp) {
    if let [first] = witnessed.declared.as_mut_slice() {
        first.from = first.from.min(at);
    }
}

fn open_state(witnessed: &Witnessed) -> Hard {
    witnessed.track.spans.last().map_or(Hard::Unknown, |span| span.state)
}

/// The snapshot moves only the live verdict, and only where it knows more than the track. What it moves is
/// shown at once: no layer changes by it, so nothing else would say so.
fn take_snapshot(
    state: &mut State,
    report: &Report,
    tracks: &[TrackKey],
    changes: &mut Vec<Change>,
    earliest: &mut Earliest,
) {
    for snapshot in &report.snapshot {
        let Some(witnessed) = state.tracks.get_mut(&tracks[snapshot.check]) else { continue };
        let live = snapshot.evidence_ago.and_then(|ago| ahead_of(witnessed, report, snapshot, ago));
        if live.as_ref().map(|span| span.state) != witnessed.live.as_ref().map(|span| span.state) {
            let since = live.as_ref().or(witnessed.live.as_ref()).map(|span| span.from);
            if let Some(since) = since {
                earliest.note(witnessed.check, since);
            }
            let components = &state.checks[&witnessed.check].components;
            changes.extend(components.iter().copied().map(Change::Shown));
        }
        if live.is_some() && std::mem::replace(&mut witnessed.left, false) {
            changes.push(Change::TrackMoved(tracks[snapshot.check]));
        }
        witnessed.live = live;
    }
}

fn ahead_of(
    witnessed: &Witnessed,
    report: &Report,
    snapshot: &SnapshotState,
    evidence_ago: i64,
) -> Option<Span> {
    let last = report.received - evidence_ago;
    let newest = witnessed.track.spans.last();
    let behind = newest.is_none_or(|span| {
        last > span.last && (span.state != snapshot.state || last - span.last > witnessed.silence())
    });
    if !behind || snapshot.state == Hard::Unknown || report.received - last > witnessed.silence() {
        return None;
    }
    let from = (report.received - snapshot.since_ago).max(newest.map_or(Timestamp(0), |span| span.last));
    Some(Span { from: from.min(last), last, state: snapshot.state })
}

/// The track of each check the batch names, made where it is new.
fn tracks_of(
    state: &mut State,
    report: &Report,
    changes: &mut Vec<Change>,
    earliest: &mut Earliest,
) -> Vec<TrackKey> {
    let received = report.received;
    let checks = report.checks.iter();
    checks.map(|name| track_for(state, report.agent, name, received, changes, earliest).1).collect()
}

fn track_for(
    state: &mut State,
    agent: AgentKey,
    name: &str,
    now: Timestamp,
    changes: &mut Vec<Change>,
    earliest: &mut Earliest,
) -> (CheckKey, TrackKey) {
    let workspace = state.agents[&agent].workspace;
    let check = check_for(state, workspace, name, changes);
    if let Some(track) = state.track_of.get(&(agent, check)) {
        return (check, *track);
    }
    let track = TrackKey(state.fresh_key());
    let declared = vec![Interval { from: now, to: Timestamp::FAR, value: () }];
    let witnessed = Witnessed {
        agent,
        check,
        track: Track::default(),
        declared,
        interval_ms: DEFAULT_INTERVAL,
        definition: Vec::new(),
        left: false,
        live: None,
    };
    // One more location that counts, heard or not.
    earliest.note(check, now);
    state.tracks.insert(track, witnessed);
    state.track_of.insert((agent, check), track);
    state.checks.get_mut(&check).expect("made above").tracks.push(track);
    changes.push(Change::TrackMoved(track));
    (check, track)
}

pub(super) fn check_for(
    state: &mut State,
    workspace: crate::domain::state::WorkspaceKey,
    name: &str,
    changes: &mut Vec<Change>,
) -> CheckKey {
    if let Some(check) = state.check_names.get(&(workspace, name.to_owned())) {
        return *check;
    }
    let key = CheckKey(state.fresh_key());
    let quorum = Quorum::Majority;
    let (tracks, components) = (Vec::new(), Vec::new());
    state.checks.insert(key, Check { workspace, name: name.to_owned(), quorum, tracks, components });
    state.check_names.insert((workspace, name.to_owned()), key);
    changes.push(Change::CheckSaved(key));
    key
}

/// What the agent runs now: new checks are declared, missing ones are no longer.
fn declare(
    state: &mut State,
    agent: AgentKey,
    inventory: &[DeclaredCheck],
    now: Timestamp,
    changes: &mut Vec<Change>,
    earliest: &mut Earliest,
) {
    let mut kept = BTreeSet::new();
    for declared in inventory {
        let (check, track) = track_for(state, agent, &declared.name, now, changes, earliest);
        kept.insert(track);
        let witnessed = state.tracks.get_mut(&track).expect("made above");
        let running = witnessed.declared.last().is_some_and(|interval| interval.to == Timestamp::FAR);
        if !running {
            match witnessed.declared.last_mut().filter(|ended| ended.to == now) {
                Some(ended) => ended.to = Timestamp::FAR,
                None => witnessed.declared.push(Interval { from: now, to: Timestamp::FAR, value: () }),
            }
            earliest.note(check, now);
        }
        let unchanged =
            witnessed.interval_ms == declared.interval_ms && witnessed.definition == declared.definition;
        if !running || !unchanged {
            witnessed.interval_ms = declared.interval_ms;
            witnessed.definition.clone_from(&declared.definition);
            changes.push(Change::TrackMoved(track));
        }
    }
    let gone = state.tracks.iter_mut().filter(|(key, one)| one.agent == agent && !kept.contains(key));
    for (key, witnessed) in gone {
        let Some(open) = witnessed.declared.last_mut().filter(|open| open.to == Timestamp::FAR) else {
            continue;
        };
        open.to = now.max(open.from);
        earliest.note(witnessed.check, now);
        changes.push(Change::TrackMoved(*key));
    }
    state.agents.get_mut(&agent).expect("caller looked it up").inventory_known = true;
}

//! A batch of an agent, from its sequence to the layers of the components it feeds.

use super::heard;
use super::recompute::{Earliest, recompute};
use super::reported::{DeclaredCheck, Observed, Record, RecordKind, Report, SnapshotState, When};
use super::{Answer, Change, RawObservation};
use crate::domain::former::Former;
use crate::domain::interval::{Interval, append};
use crate::domain::state::{AgentKey, Check, CheckKey, Epoch, State, TrackKey, Witnessed};
use crate::domain::time::Timestamp;
use crate::domain::track::{Hard, Seen, Span, Track};
use crate::domain::verdict::{Live, Quorum};
use crate::domain::voices::Voice;
use skerry_protocol::wire::Outcome;
use std::collections::BTreeSet;

/// The interval taken for a check whose inventory has not arrived, ms.
const DEFAULT_INTERVAL: i64 = 30_000;
/// Checks of one agent, those it ran before included.
const MOST_CHECKS: usize = 20_000;

pub(super) fn report(
    state: &mut State,
    report: &Report,
    now: Timestamp,
    changes: &mut Vec<Change>,
) -> Answer {
    if has_too_many_checks(state, report) {
        return Answer::TooMany;
    }
    let Some(agent) = state.agents.get_mut(&report.agent) else { return Answer::NotFound };
    if !agent.voices.hear(Voice { epoch: report.epoch, process: report.process.clone() }, now) {
        changes.push(Change::CloneRefused(report.agent));
        return Answer::Cloned;
    }
    agent.last_seen = Some(now);
    agent.told.clone_from(&report.told);
    agent.skew = report.wall_now - report.received;
    agent.own_network_gone = report.own_network_gone;
    // What an earlier boot saw is placed by the offset its clock had then, as last heard in this epoch.
    let heard = agent.epochs.get(&report.epoch).filter(|epoch| epoch.through > 0);
    let (through, offset) = heard.map_or((0, agent.skew), |epoch| (epoch.through, epoch.offset));
    let mut earliest = Earliest::default();
    if let Some(inventory) = &report.inventory {
        declare(state, report.agent, inventory, now, changes, &mut earliest);
    }
    let tracks = tracks_of(state, report, now, changes, &mut earliest);
    let silent = heard::silent_of(state, &tracks);
    let last = take_records(state, report, &tracks, (through, offset), changes, &mut earliest);
    take_snapshot(state, report, &tracks, changes, &mut earliest);
    heard::note_again(state, report, &silent, changes);
    let agent = state.agents.get_mut(&report.agent).expect("looked up above");
    let drains = report.records.iter().any(is_of_an_earlier_boot);
    let offset = if drains { offset } else { agent.skew };
    agent.epochs.insert(report.epoch, Epoch { through: last, offset, seen: now });
    let want_inventory = !agent.inventory_known;
    changes.push(Change::EpochMoved { agent: report.agent, epoch: report.epoch });
    recompute(state, &earliest, changes);
    Answer::Acknowledged { through: last, want_inventory }
}

/// What an agent names is remembered for ever, so one agent may not name without end.
fn has_too_many_checks(state: &State, report: &Report) -> bool {
    let Some(workspace) = state.agents.get(&report.agent).map(|agent| agent.workspace) else { return false };
    let declared = report.inventory.iter().flatten().map(|check| &check.name);
    let names: BTreeSet<&String> = report.checks.iter().chain(declared).collect();
    let known = |name: &String| {
        let check = state.check_names.get(&(workspace, name.clone()));
        check.is_some_and(|check| state.track_of.contains_key(&(report.agent, *check)))
    };
    let new = names.into_iter().filter(|name| !known(name)).count();
    new > 0 && new + state.tracks.values().filter(|one| one.agent == report.agent).count() > MOST_CHECKS
}

/// Takes what lies above the mark, in order, and returns the new mark.
fn take_records(
    state: &mut State,
    report: &Report,
    tracks: &[TrackKey],
    (through, offset): (u64, i64),
    changes: &mut Vec<Change>,
    earliest: &mut Earliest,
) -> u64 {
    heard::note_old_copy(report, through, changes);
    let mut last = heard::note_forgotten(report, through, changes);
    let mut touched: BTreeSet<TrackKey> = BTreeSet::new();
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
                let witnessed = state.tracks.get_mut(&track).expect("made by tracks_of");
                touched.insert(track);
                let placed = Placed { report, offset, observed: first, count: *count, spread: *spread };
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
    changes.extend(touched.into_iter().map(Change::TrackMoved));
    last
}

fn is_of_an_earlier_boot(record: &Record) -> bool {
    let RecordKind::Observed { first, .. } = &record.kind else { return false };
    matches!(first.when, When::EarlierBoot(_))
}

/// An observation on its way into its track.
struct Placed<'a> {
    report: &'a Report,
    /// Of the wall clock of earlier boots, ms.
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
        let Observed { outcome, reason, total_us, phases, hard, flapping, .. } = *self.observed;
        let first = self.place(self.observed.when);
        let count = i64::from(self.count.max(1));
        let before = open_state(witnessed);
        let mut began = Timestamp(0);
        for n in 0..count {
            let at = first + if count > 1 { self.spread * n / (count - 1) } else { 0 };
            let at = at.min(self.report.received);
            let total_us = Some(total_us);
            changes.push(Change::Raw(RawObservation { at, track: key, outcome, reason, total_us, phases }));
            if outcome == Outcome::Inconclusive {
                continue;
            }
            let since = if n == 0 { self.observed.since.map(|when| self.place(when)) } else { None };
            if declared_since(witnessed, since.map_or(at, |since| since.min(at))) {
                earliest.note(witnessed.check, witnessed.declared.last().map_or(at, |open| open.from));
                changes.push(Change::DeclaredChanged(key));
            }
            // What was folded was one stretch without a gap.
            let silence = if n == 0 { witnessed.silence_after(witnessed.track.last()) } else { i64::MAX };
            if let Some(from) = witnessed.track.observe(Seen { at, hard, since, flapping }, silence) {
                earliest.note(witnessed.check, from);
                changes.push(Change::SpansChanged { track: key, from });
                began = began.max(from);
            }
            self.keep_silence(witnessed, earliest);
        }
        if let Some(since) = self.observed.since
            && hard != before
        {
            changes.push(Change::Transition {
                track: key,
                // Never before the edge of the interval: batches on their way for unlike times place unlike.
                since: self.place(since).max(began),
                at: first,
                from: before,
                to: hard,
                reason,
                detail: self.observed.detail.clone(),
            });
        }
    }

    /// Placement = received − (boot now − boot then); of an earlier boot, wall clock less its offset, and not
    /// after the present boot began. Nothing is placed in the future, nor before 1970.
    fn place(&self, when: When) -> Timestamp {
        let Report { received, boot_now, .. } = *self.report;
        let placed = match when {
            When::ThisBoot(boot) => received - (boot_now - boot).max(0),
            When::EarlierBoot(wall) => (wall - self.offset).min(received - boot_now),
        };
        placed.max(Timestamp(0))
    }

    /// History older than the silence limit fills the past; it does not end a silence of today.
    fn keep_silence(&self, witnessed: &mut Witnessed, earliest: &mut Earliest) {
        let Some(last) = witnessed.track.last() else { return };
        if self.report.received - last > witnessed.silence() {
            if let Some(from) = witnessed.track.fall_silent() {
                earliest.note(witnessed.check, from);
            }
        } else {
            witnessed.left = false;
        }
    }
}

/// Whoever saw something ran the check then, also where the word of it came later than the evidence: the
/// newest declaration begins there, but never within an earlier one. Returns whether it moved.
fn declared_since(witnessed: &mut Witnessed, at: Timestamp) -> bool {
    let [earlier @ .., open] = witnessed.declared.as_mut_slice() else { return false };
    let from = at.max(earlier.last().map_or(Timestamp(0), |ended| ended.to));
    let moved = open.to == Timestamp::FAR && from < open.from;
    if moved {
        open.from = from;
    }
    moved
}

pub(super) fn open_state(witnessed: &Witnessed) -> Hard {
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
        let said = |live: Option<Live>| live.map(|live| (live.span.state, live.flapping));
        if said(live) != said(witnessed.live) {
            earliest.note_live(witnessed.check);
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
) -> Option<Live> {
    let last = report.received - evidence_ago;
    let newest = witnessed.track.spans.last();
    let behind = newest.is_none_or(|span| {
        let new = span.state != snapshot.state || witnessed.track.flapping() != snapshot.flapping;
        last > span.last && (new || last - span.last > witnessed.silence())
    });
    if !behind || snapshot.state == Hard::Unknown || report.received - last > witnessed.silence() {
        return None;
    }
    let from = (report.received - snapshot.since_ago).max(newest.map_or(Timestamp(0), |span| span.last));
    let span = Span { from: from.min(last), last, state: snapshot.state };
    Some(Live { span, flapping: snapshot.flapping })
}

/// The track of each check the batch names, made where it is new.
fn tracks_of(
    state: &mut State,
    report: &Report,
    now: Timestamp,
    changes: &mut Vec<Change>,
    earliest: &mut Earliest,
) -> Vec<TrackKey> {
    report.checks.iter().map(|name| track_for(state, report.agent, name, now, changes, earliest).1).collect()
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
    // Nobody's past changes because another location begins to look; see `declared_since`.
    let declared = vec![Interval { from: now, to: Timestamp::FAR, value: () }];
    let witnessed = Witnessed {
        agent,
        check,
        track: Track::default(),
        declared,
        interval_ms: DEFAULT_INTERVAL,
        former_interval: None,
        definition: Vec::new(),
        left: false,
        live: None,
        called_silent: false,
    };
    state.tracks.insert(track, witnessed);
    state.track_of.insert((agent, check), track);
    state.checks.get_mut(&check).expect("made above").tracks.push(track);
    changes.push(Change::TrackMoved(track));
    changes.push(Change::DeclaredChanged(track));
    earliest.note(check, now);
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
    let (name_of, former_quorums) = (name.to_owned(), Vec::new());
    state.checks.insert(key, Check { workspace, name: name_of, quorum, former_quorums, tracks, components });
    state.check_names.insert((workspace, name.to_owned()), key);
    changes.push(Change::CheckSaved(key));
    key
}

/// The agent is no longer asked: what it ran is declared no more, until it sends its inventory again.
pub(super) fn dismiss(
    state: &mut State,
    agent: AgentKey,
    now: Timestamp,
    changes: &mut Vec<Change>,
) -> Answer {
    if !state.agents.contains_key(&agent) {
        return Answer::NotFound;
    }
    let mut earliest = Earliest::default();
    declare(state, agent, &[], now, changes, &mut earliest);
    state.agents.get_mut(&agent).expect("looked up above").inventory_known = false;
    recompute(state, &earliest, changes);
    Answer::Done
}

/// What the agent runs now: new checks are declared, missing ones are no longer.
pub(super) fn declare(
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
            append(&mut witnessed.declared, Interval { from: now, to: Timestamp::FAR, value: () });
            changes.push(Change::DeclaredChanged(track));
            earliest.note(check, now);
        }
        let unchanged =
            witnessed.interval_ms == declared.interval_ms && witnessed.definition == declared.definition;
        if !running || !unchanged {
            if running && witnessed.interval_ms != declared.interval_ms {
                witnessed.former_interval = Some(Former { to: now, value: witnessed.interval_ms });
            }
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
        open.to = now;
        if open.from >= now {
            witnessed.declared.pop();
        }
        earliest.note(witnessed.check, now);
        changes.push(Change::DeclaredChanged(*key));
    }
    state.agents.get_mut(&agent).expect("caller looked it up").inventory_known = true;
}

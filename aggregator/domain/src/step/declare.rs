//! Which agents run which checks, and which of them count. The first agent to use a name needs no permission; one that
//! joins others counts only with the same definition and from then on.

use super::recompute::{RecomputeFrom, recompute};
use super::reported::{DeclaredCheck, Report};
use super::{Change, Changes, Rejected, no_agent};
use crate::former::Former;
use crate::interval::{Interval, append};
use crate::reporters::{Held, same};
use crate::schedule::Due;
use crate::state::{AgentCheck, AgentKey, Check, CheckKey, State, TrackKey};
use crate::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// The interval assumed for a check whose inventory has not arrived, ms.
const DEFAULT_INTERVAL: i64 = 30_000;

/// Events about reporters, grouped by agent.
#[derive(Debug, Default)]
pub(super) struct News {
    joined: BTreeMap<AgentKey, Vec<CheckKey>>,
    held: BTreeMap<(AgentKey, Held), Vec<CheckKey>>,
    counts: BTreeMap<AgentKey, Vec<CheckKey>>,
}

impl News {
    pub(super) fn tell(self, changes: &mut Changes) {
        changes.extend(self.joined.into_iter().map(|(agent, checks)| Change::Joined { agent, checks }));
        let held = self.held.into_iter();
        changes.extend(held.map(|((agent, why), checks)| Change::NotCounted { agent, why, checks }));
        changes.extend(self.counts.into_iter().map(|(agent, checks)| Change::CountsAgain { agent, checks }));
    }
}

/// The track of each check that the batch names; new ones are created. `known`: those that there were before.
pub(super) fn tracks_of(
    state: &mut State,
    report: &Report,
    known: &[Option<TrackKey>],
    now: Timestamp,
    changes: &mut Changes,
    recompute_from: &mut RecomputeFrom,
) -> Vec<TrackKey> {
    let mut made = Vec::new();
    let tracks: Vec<TrackKey> = report
        .checks
        .iter()
        .zip(known)
        .map(|(name, known)| {
            if let Some(track) = known {
                return *track;
            }
            let (check, track, new) = track_for(state, report.agent, name, changes);
            made.extend(new.then_some((check, track)));
            track
        })
        .collect();
    if !made.is_empty() {
        let mut news = News::default();
        for (check, track) in made {
            settle(state, check, Some(track), now, changes, recompute_from, &mut news);
        }
        news.tell(changes);
    }
    tracks
}

/// The check and its track, and whether the track was created.
fn track_for(
    state: &mut State,
    agent: AgentKey,
    name: &str,
    changes: &mut Changes,
) -> (CheckKey, TrackKey, bool) {
    let check = check_for(state, name, changes);
    if let Some(track) = state.track_of.get(&(agent, check)) {
        return (check, *track, false);
    }
    let track = TrackKey::next(&mut state.counters.tracks);
    state.tracks.insert(track, AgentCheck::new(agent, check, DEFAULT_INTERVAL));
    state.track_of.insert((agent, check), track);
    state.checks.get_mut(&check).expect("made above").tracks.push(track);
    changes.touched.track(track);
    (check, track, true)
}

pub(super) fn check_for(state: &mut State, name: &str, changes: &mut Changes) -> CheckKey {
    if let Some(check) = state.check_names.get(name) {
        return *check;
    }
    let key = CheckKey::next(&mut state.counters.checks);
    state.checks.insert(key, Check::new(name));
    state.check_names.insert(name.to_owned(), key);
    changes.touched.check(key);
    key
}

/// Ends the declarations of all checks of the agent, until it sends its inventory again.
pub(super) fn dismiss(
    state: &mut State,
    agent: AgentKey,
    now: Timestamp,
    changes: &mut Changes,
) -> Result<(), Rejected> {
    if !state.agents.contains_key(&agent) {
        return Err(no_agent());
    }
    let mut recompute_from = RecomputeFrom::default();
    declare(state, agent, &[], now, changes, &mut recompute_from);
    state.agents.get_mut(&agent).expect("looked up above").inventory_known = false;
    recompute(state, &recompute_from, changes);
    Ok(())
}

/// Applies the agent's inventory: new checks are declared, declarations of missing ones end.
pub(super) fn declare(
    state: &mut State,
    agent: AgentKey,
    inventory: &[DeclaredCheck],
    now: Timestamp,
    changes: &mut Changes,
    recompute_from: &mut RecomputeFrom,
) {
    let mut kept: BTreeSet<TrackKey> = BTreeSet::new();
    // Checks that the agent begins to run or whose definition changed, in the order of the inventory.
    let mut runs: Vec<(CheckKey, TrackKey, bool)> = Vec::new();
    for declared in inventory {
        let (check, track, _) = track_for(state, agent, &declared.name, changes);
        kept.insert(track);
        let agent_check = &state.tracks[&track];
        let begins = !agent_check.is_run();
        let unchanged =
            agent_check.interval_ms == declared.interval_ms && agent_check.definition == declared.definition;
        if begins || !unchanged {
            runs.push((check, track, begins));
        }
        note_attributes(state, (check, track), declared, changes);
        if !unchanged {
            let agent_check = state.tracks.get_mut(&track).expect("made above");
            if agent_check.is_declared() && agent_check.interval_ms != declared.interval_ms {
                agent_check.former_interval = Some(Former { to: now, value: agent_check.interval_ms });
            }
            agent_check.interval_ms = declared.interval_ms;
            agent_check.definition.clone_from(&declared.definition);
            changes.touched.track(track);
            state.reschedule(Due::Track(track));
        }
    }
    let mut gone = Vec::new();
    let others = state.tracks_of(agent).filter(|(_, track)| !kept.contains(track));
    let others: Vec<(CheckKey, TrackKey)> =
        others.filter(|(_, track)| state.tracks[track].is_run()).collect();
    for (check, track) in others {
        gone.push(check);
        let agent_check = state.tracks.get_mut(&track).expect("the index names tracks");
        agent_check.held = None;
        end(track, agent_check, now, changes, recompute_from);
        state.reschedule(Due::Track(track));
    }
    let mut news = News::default();
    for (check, track, begins) in runs {
        settle(state, check, begins.then_some(track), now, changes, recompute_from, &mut news);
    }
    for check in gone {
        settle(state, check, None, now, changes, recompute_from, &mut news);
    }
    news.tell(changes);
    state.agents.get_mut(&agent).expect("caller looked it up").inventory_known = true;
}

/// Notes what an agent says of a check beside its definition.
fn note_attributes(
    state: &mut State,
    (check, track): (CheckKey, TrackKey),
    declared: &DeclaredCheck,
    changes: &mut Changes,
) {
    if state.tracks[&track].severity != declared.severity {
        state.tracks.get_mut(&track).expect("caller made it").severity = declared.severity;
        changes.touched.track(track);
    }
    if state.set_parents(track, &declared.depends_on) {
        changes.touched.track(track);
        changes.push(Change::DependenciesChanged(check));
    }
    if state.set_labels(track, &declared.labels) {
        changes.touched.track(track);
        changes.relabelled.checks.insert(check);
    }
}

/// Ends the declaration: the agent no longer counts.
fn end(
    key: TrackKey,
    agent_check: &mut AgentCheck,
    now: Timestamp,
    changes: &mut Changes,
    recompute_from: &mut RecomputeFrom,
) {
    changes.touched.track(key);
    if !agent_check.is_declared() {
        return;
    }
    let declared = agent_check.declared.edit();
    if let Some(open) = declared.last_mut() {
        open.to = now;
        if open.from >= now {
            declared.pop();
        }
    }
    recompute_from.note(agent_check.check, now);
    changes.touched.declared(key);
}

/// The definition of the check that applies: the first of these that some agent runs: the one in the file, the one that
/// an operator chose, the one in force; otherwise that of the first agent.
fn holding(state: &State, key: CheckKey) -> Vec<u8> {
    let check = &state.checks[&key];
    let runs = check.tracks.iter().map(|track| &state.tracks[track]).filter(|one| one.is_run());
    let ours = is_heartbeat(state, check);
    let may = runs
        .filter(|one| judged(state, one, ours).is_none() && !state.agents[&one.agent].is_heartbeat_agent());
    let definitions: Vec<&Vec<u8>> = may.map(|one| &one.definition).collect();
    let mut chosen = check.file_definition.iter().chain(&check.chosen_definition).chain([&check.definition]);
    // Of the agents that send the longest definition, the first one.
    let of = |chosen: &Vec<u8>| {
        definitions.iter().rev().filter(|one| same(one, chosen)).max_by_key(|one| one.len())
    };
    let Some((chosen, run)) = chosen.find_map(|one| Some((one, of(one)?))) else {
        return definitions.first().copied().unwrap_or(&check.definition).clone();
    };
    if run.len() > chosen.len() { run.to_vec() } else { chosen.clone() }
}

/// Whether the check is a heartbeat of the aggregator.
fn is_heartbeat(state: &State, check: &Check) -> bool {
    let mut tracks = check.tracks.iter().map(|track| &state.tracks[track]);
    tracks.any(|one| one.is_run() && state.agents[&one.agent].is_heartbeat_agent())
}

/// Why an agent that runs the check does not count, apart from its definition; `ours`: see [`is_heartbeat`].
fn judged(state: &State, one: &AgentCheck, ours: bool) -> Option<Held> {
    let (agent, check) = (&state.agents[&one.agent], &state.checks[&one.check]);
    if agent.is_heartbeat_agent() {
        return None;
    }
    if ours {
        return Some(Held::Heartbeat);
    }
    if !agent.permit.covers(&check.name) {
        return Some(Held::Limited);
    }
    let of_file = check.file_definition.as_ref().is_some_and(|of_file| same(of_file, &one.definition));
    let asks = state.workspace.asks && !of_file;
    let waits = asks && one.joined.is_some() && one.declared.is_empty();
    (waits && !agent.permit.allows(&check.name)).then_some(Held::Asks)
}

/// Decides again which agents that run the check count; `begins`: the track of an agent that begins to run it.
pub(super) fn settle(
    state: &mut State,
    key: CheckKey,
    begins: Option<TrackKey>,
    now: Timestamp,
    changes: &mut Changes,
    recompute_from: &mut RecomputeFrom,
    news: &mut News,
) {
    if let Some(track) = begins {
        note_joined(state, key, track, now, news);
        // This marks the check as run by the agent until the decision below.
        state.tracks.get_mut(&track).expect("caller looked it up").held = Some(Held::Asks);
    }
    let holds = holding(state, key);
    // Nothing below begins or ends a declaration of the internal agent.
    let by_us = is_heartbeat(state, &state.checks[&key]);
    for track in state.checks[&key].tracks.clone() {
        let one = &state.tracks[&track];
        if !one.is_run() {
            continue;
        }
        let ours = state.agents[&one.agent].is_heartbeat_agent();
        let other = !ours && !same(&one.definition, &holds);
        let held = judged(state, one, by_us).or_else(|| other.then_some(Held::Definition));
        let before = one.held;
        if held == before && begins != Some(track) {
            continue;
        }
        let one = state.tracks.get_mut(&track).expect("looked up above");
        one.held = held;
        if let Some(why) = held {
            one.live = None;
            end(track, one, now, changes, recompute_from);
            // An agent whose inventory has not arrived has no definition yet.
            if !one.definition.is_empty() {
                news.held.entry((one.agent, why)).or_default().push(key);
            }
        } else {
            append(one.declared.edit(), Interval { from: now, to: Timestamp::FAR, value: () });
            changes.touched.track(track);
            changes.touched.declared(track);
            recompute_from.note(key, now);
            if begins != Some(track) && !one.definition.is_empty() {
                news.counts.entry(one.agent).or_default().push(key);
            }
        }
        state.reschedule(Due::Track(track));
    }
    let check = state.checks.get_mut(&key).expect("caller looked it up");
    if check.definition != holds {
        check.definition = holds;
        changes.touched.check(key);
    }
}

/// Notes that an agent joins: it begins to report a check that another agent reported before.
fn note_joined(state: &mut State, key: CheckKey, track: TrackKey, now: Timestamp, news: &mut News) {
    let agent = state.tracks[&track].agent;
    let ever = |other: &AgentCheck| other.is_run() || !other.declared.is_empty();
    let others = state.checks[&key].tracks.iter().filter(|other| **other != track);
    let reported = others.map(|other| &state.tracks[other]).any(ever);
    let one = state.tracks.get_mut(&track).expect("caller looked it up");
    let first = one.declared.is_empty() && one.joined.is_none();
    if reported && first && !state.agents[&agent].is_heartbeat_agent() {
        one.joined = Some(now);
        news.joined.entry(agent).or_default().push(key);
    }
}

/// Decides again which agents count for each of these checks.
pub(super) fn settle_all(
    state: &mut State,
    checks: impl IntoIterator<Item = CheckKey>,
    now: Timestamp,
    changes: &mut Changes,
) {
    let (mut recompute_from, mut news) = (RecomputeFrom::default(), News::default());
    for check in checks {
        settle(state, check, None, now, changes, &mut recompute_from, &mut news);
    }
    news.tell(changes);
    recompute(state, &recompute_from, changes);
}

/// Applies the file's definitions of checks, and whether new reporters need permission.
pub(super) fn judge_by_file(
    state: &mut State,
    asks: bool,
    definitions: &[(String, Vec<u8>)],
    now: Timestamp,
    changes: &mut Changes,
) {
    let file: BTreeMap<&str, &Vec<u8>> =
        definitions.iter().map(|(name, hash)| (name.as_str(), hash)).collect();
    let mut judged = BTreeSet::new();
    if state.workspace.asks != asks {
        state.workspace.asks = asks;
        changes.touched.workspace();
        judged.extend(state.checks.keys().copied());
    }
    let declared = |one: &Check| file.get(one.name.as_str()).copied();
    let differs = |one: &Check| one.file_definition.as_ref() != declared(one);
    for key in state.checks.keys_where(|_, one| differs(one)) {
        let check = state.checks.get_mut(&key).expect("found above");
        check.file_definition = declared(check).cloned();
        changes.touched.check(key);
        judged.insert(key);
    }
    settle_all(state, judged, now, changes);
}

/// Decides again for which of its checks an agent counts.
pub(super) fn settle_checks_of(state: &mut State, agent: AgentKey, now: Timestamp, changes: &mut Changes) {
    let run = state.tracks_of(agent).filter(|(_, track)| state.tracks[track].is_run());
    let checks: Vec<CheckKey> = run.map(|(check, _)| check).collect();
    settle_all(state, checks, now, changes);
}

/// Sets the definition that an operator chose.
pub(super) fn choose(
    state: &mut State,
    key: CheckKey,
    definition: Vec<u8>,
    now: Timestamp,
    changes: &mut Changes,
) {
    let Some(check) = state.checks.get_mut(&key) else { return };
    check.chosen_definition = Some(definition);
    changes.touched.chosen(key);
    settle_all(state, [key], now, changes);
}

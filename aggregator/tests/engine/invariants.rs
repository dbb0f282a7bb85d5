//! Invariants that every command preserves.

use crate::announced::{announced, none_explained};
use crate::runtime::{kept, ordered};
use crate::script::{Script, World, at};
use proptest::prelude::*;
use skerry_domain::component::{Automatic, LinkedCheck, automatic};
use skerry_domain::heartbeat::{Heartbeat, Lateness};
use skerry_domain::holds::{manual, planned};
use skerry_domain::interval::{Interval, append};
use skerry_domain::maintenance::PlannedWindow;
use skerry_domain::schedule::Due;
use skerry_domain::state::{Component, State};
use skerry_domain::status::Status;
use skerry_domain::step::{Answer, Command, Rejected, Stepped, reporters_of, step};
use skerry_domain::time::Timestamp;
use skerry_domain::track::HardState;
use skerry_domain::verdict::{self, ALWAYS, Evaluation, Reporter, Verdict, last_known, timeline};
use std::collections::BTreeMap;

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, max_shrink_iters: 20_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_sequence_of_commands_leaves_a_valid_state(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        leaves_a_valid_state(&bytes)?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100_000, max_shrink_iters: 20_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    #[ignore = "long: 100,000 histories"]
    fn any_of_many_sequences_of_commands_leaves_a_valid_state(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        leaves_a_valid_state(&bytes)?;
    }
}

fn leaves_a_valid_state(bytes: &[u8]) -> Result<(), TestCaseError> {
    let mut script = Script(bytes);
    let (mut world, _) = World::new();
    let mut told = String::new();
    while !script.is_empty() {
        let command = world.command(&mut script);
        told += &format!("\n{} {command:?}", world.now.0);
        let tick = matches!(command, Command::Tick);
        let through = through_of(&world.state, &command);
        let mut twin = world.state.clone();
        let before = world.state.clone();
        let (clock, problems) = (world.state.clock, world.state.counters.problems);
        // The wall clock may have been set back.
        let back = tick && script.below(4) == 3;
        let now = if back { world.now + -7_200_000 } else { world.now };
        let scanned = tick.then(|| scan(&world.state, now));
        let stepped = step(&mut world.state, command.clone(), at(now));
        if stepped.is_err() {
            prop_assert!(world.state == twin, "rejected, and not as it was: {told}");
        }
        if let Some((state, scanned)) = scanned {
            prop_assert_eq!(&stepped, &scanned, "a scan changes something else: {}", told);
            prop_assert!(world.state == state, "a scan leaves something else: {told}");
        }
        let again = step(&mut twin, command.clone(), at(now));
        prop_assert_eq!(&stepped, &again, "not deterministic: {}", told);
        prop_assert!(world.state == twin, "not deterministic: {told}");
        prop_assert!(world.state.clock >= clock, "the clock went back");
        let Ok(stepped) = stepped else { continue };
        prop_assert!(world.state.clock >= now, "the clock was left behind");
        if let (Answer::Acknowledged { through: now, .. }, Some(before)) = (&stepped.answer, through) {
            prop_assert!(*now >= before, "the mark went back from {before} to {now}");
        }
        let reloaded = matches!(command, Command::Configure(_)).then(|| kept(&before, &world.state));
        reloaded.unwrap_or(Ok(())).map_err(|what| TestCaseError::fail(format!("{what}\nafter{told}")))?;
        sound(&world.state, tick)
            .and_then(|()| none_explained(&world.state, problems))
            .map_err(|what| TestCaseError::fail(format!("{what}\nafter{told}")))?;
    }
    Ok(())
}

/// A tick that examines everything, whether or not it is due.
fn scan(state: &State, now: Timestamp) -> (State, Result<Stepped, Rejected>) {
    let (mut state, now) = (state.clone(), now.max(state.clock));
    // Calls of heartbeats reach the aggregator itself.
    let ours: Vec<_> = state.heartbeats.values().map(|one| one.track).collect();
    let agents = state.tracks.keys().filter(|key| !ours.contains(key));
    let all = agents.map(|key| Due::Track(*key));
    let all = all.chain(state.heartbeats.keys().map(|key| Due::Heartbeat(*key)));
    let all = all.chain(state.series.keys().map(|key| Due::Series(*key)));
    let all = all.chain(state.open_windows.iter().map(|key| Due::Window(*key))).collect::<Vec<_>>();
    all.into_iter().for_each(|due| state.schedule.set(due, Some(Timestamp(i64::MIN))));
    let moved = |one: &Component| {
        let ends = one.layers.manual.iter().flat_map(|held| [held.from, held.to]);
        let edges = ends.chain(one.layers.planned.iter().flat_map(|window| [window.from, window.to]));
        edges.into_iter().any(|at| at > one.noticed && at <= now)
    };
    let moved = state.components.iter().filter(|(_, one)| moved(one));
    let moved: Vec<Due> = moved.map(|(key, _)| Due::Hold(*key)).collect();
    moved.into_iter().for_each(|due| state.schedule.set(due, Some(Timestamp(i64::MIN))));
    let stepped = step(&mut state, Command::Tick, at(now));
    (state, stepped)
}

fn through_of(state: &State, command: &Command) -> Option<u64> {
    let Command::Report(report) = command else { return None };
    let epoch = state.agents.get(&report.agent)?.epochs.get(&report.epoch)?;
    Some(epoch.through)
}

/// Checks the invariants. `tick`: the last command was a tick.
pub(crate) fn sound(state: &State, tick: bool) -> Result<(), String> {
    let now = state.clock;
    announced(state)?;
    ordered(state)?;
    for agent_check in state.tracks.values() {
        let spans = agent_check.track.spans.to_vec();
        for span in &spans {
            if span.from > span.last || span.last > now {
                return Err(format!("a span that ends before it begins, or in the future: {span:?}"));
            }
        }
        if let Some(pair) = spans.windows(2).find(|pair| pair[0].last > pair[1].from) {
            return Err(format!("spans overlap: {pair:?}"));
        }
        whole_or_apart("declared", &agent_check.declared)?;
        whole_or_apart("flaps", &agent_check.track.flaps)?;
        let silence = agent_check.silence();
        if let Some(live) = agent_check.live
            && tick
            && too_old(live.span.last, silence, state)
        {
            return Err(format!("a snapshot of {} ms ago is believed", now - live.span.last));
        }
        if let (Some(last), true) = (state.evidence(agent_check), tick)
            && !agent_check.track.silent
            && too_old(last, silence, state)
        {
            return Err(format!("silent for {} ms and believed", now - last));
        }
    }
    for (check, heartbeat) in state.heartbeats.iter() {
        called_or_waited_for(state, heartbeat, tick).map_err(|what| format!("{check:?}: {what}"))?;
    }
    let mut derived = state.clone();
    derived.derive_schedule();
    derived.derive_published();
    if (&derived.published_incidents, &derived.published_windows)
        != (&state.published_incidents, &state.published_windows)
    {
        return Err("what is published is not what the incidents and windows say".to_owned());
    }
    if derived.schedule != state.schedule {
        return Err(format!("due is {:?}, worked out anew it is {:?}", state.schedule, derived.schedule));
    }
    for check in state.checks.keys() {
        let kept = state.verdicts.get(check).cloned().unwrap_or_default();
        let (reporters, quorum) = reporters_of(state, *check);
        let anew = verdict::now(&reporters, quorum, now);
        // Changes by time alone take effect with the next tick.
        let noticed = tick || kept.until > now || !state.verdicts.contains_key(check);
        if noticed && kept.evaluation != anew {
            return Err(format!("{check:?} is kept as {kept:?}, worked out anew it is {anew:?}"));
        }
        let says = anew.verdict != Verdict::Unknown;
        if noticed
            && (says && kept.since.is_none_or(|since| since > now) || says == kept.reported_by.is_empty())
        {
            return Err(format!("{check:?} has no beginning or nobody who says so: {kept:?}"));
        }
    }
    crate::planning::windows(state, tick)?;
    crate::recurring::series(state, tick)?;
    crate::planning::announcements(state, tick)?;
    crate::planning::templates(state)?;
    for (key, component) in state.components.iter() {
        let layers = &component.layers;
        whole_or_apart("manual", &layers.manual)?;
        whole_or_apart("planned", &layers.planned)?;
        set_from_outside(state, component)?;
        crate::labelled::chosen(state, component)?;
        crate::planning::corrected_layer(state, *key, component)?;
        let automatic: Vec<_> = layers.automatic.iter().collect();
        whole_or_apart("automatic", &automatic)?;
        let (first, last) = (automatic.first(), automatic.last());
        let Some(from) = first.map(|first| first.from) else { return Err("no automatic layer".to_owned()) };
        if from > component.created_at || last.is_none_or(|last| last.to != Timestamp::FAR) {
            return Err(format!("the automatic layer is not whole: {automatic:?}"));
        }
        if let Some(pair) = automatic.windows(2).find(|pair| pair[0].to != pair[1].from) {
            return Err(format!("a hole in the automatic layer: {pair:?}"));
        }
        let anew = anew(state, component, from);
        if automatic != *anew {
            return Err(format!("the layer is {automatic:?}, worked out anew it is {anew:?}"));
        }
    }
    Ok(())
}

/// The layers of holds and windows equal those derived from all holds and windows.
fn set_from_outside(state: &State, component: &Component) -> Result<(), String> {
    let (layers, holds) = (&component.layers, &component.holds);
    let whole = manual(holds.iter());
    if *layers.manual != *whole {
        return Err(format!("the manual layer is {:?}, of all holds it is {whole:?}", layers.manual));
    }
    let windows = component.windows.iter().map(|key| &state.windows[key]);
    let whole = planned(windows.map(PlannedWindow::runs));
    if *layers.planned != *whole {
        return Err(format!("the planned layer is {:?}, of all windows it is {whole:?}", layers.planned));
    }
    let standing =
        |source| holds.iter().filter(|hold| hold.source == source && hold.to > state.clock).count();
    if holds.iter().any(|hold| standing(hold.source) > 1) {
        return Err(format!("a source has two holds: {holds:?}"));
    }
    Ok(())
}

/// Evidence counts for the silence limit; evidence that was younger when the aggregator became ready counts for as long
/// from then.
fn too_old(last: Timestamp, silence: i64, state: &State) -> bool {
    let fresh_at_start = state.ready_at - last <= silence;
    let counted_from = if fresh_at_start { last.max(state.ready_at) } else { last };
    state.clock - counted_from > silence
}

/// A job that is up has called, and its next call is not overdue.
fn called_or_waited_for(state: &State, heartbeat: &Heartbeat, tick: bool) -> Result<(), String> {
    let agent_check = &state.tracks[&heartbeat.track];
    let started = heartbeat.started.as_ref().map(|started| started.at);
    if heartbeat.last_ping.max(started).is_some_and(|at| at > state.clock) {
        return Err(format!("a call in the future: {heartbeat:?}"));
    }
    let open = agent_check.track.spans.last().filter(|_| !agent_check.track.silent);
    if open.is_none_or(|open| open.state != HardState::Up) {
        return Ok(());
    }
    if heartbeat.last_ping.is_none() {
        return Err(format!("up without a call, and none is due: {heartbeat:?}"));
    }
    let late = heartbeat.lateness(&state.blind, state.clock);
    if tick && late != Lateness::InTime {
        return Err(format!("up though a call is late: {heartbeat:?} {late:?}"));
    }
    Ok(())
}

/// Checks that intervals are in order, not empty and do not overlap.
fn whole_or_apart<T: std::fmt::Debug>(what: &str, intervals: &[Interval<T>]) -> Result<(), String> {
    let empty = intervals.iter().any(|interval| interval.from >= interval.to);
    let overlap = intervals.windows(2).any(|pair| pair[0].to > pair[1].from);
    if empty || overlap { Err(format!("{what}: {intervals:?}")) } else { Ok(()) }
}

/// Computes the automatic layer from all data.
fn anew(state: &State, component: &Component, from: Timestamp) -> Vec<Interval<Automatic>> {
    let mut verdicts: BTreeMap<_, (Option<Evaluation>, Vec<Interval<Evaluation>>)> = BTreeMap::new();
    for link in &component.links {
        let check = &state.checks[&link.check];
        let reporter = |key| {
            let agent_check = &state.tracks[key];
            Reporter {
                // Each location has one agent here.
                location: u32::try_from(agent_check.agent.0).expect("row keys are small"),
                within: ALWAYS,
                track: &agent_check.track,
                declared: &agent_check.declared,
                silent: agent_check.track.silent,
                live: None,
                absences: &state.blind,
            }
        };
        let reporters: Vec<_> = check.tracks.iter().map(reporter).collect();
        let before = last_known(&reporters, check.quorum, from).map(|(evaluation, _)| evaluation);
        verdicts.insert(link.check, (before, timeline(&reporters, check.quorum, from)));
    }
    let linked = component.links.iter().map(|link| LinkedCheck {
        minor: link.minor,
        from: link.from,
        to: link.to,
        before: verdicts[&link.check].0,
        verdict: &verdicts[&link.check].1,
    });
    let layer = automatic(&linked.collect::<Vec<_>>(), from);
    // Without links and holds, and unless labels choose its checks, a component is operational.
    let mut edges: Vec<Timestamp> = layer.iter().map(|interval| interval.from).collect();
    edges.extend(component.links.iter().flat_map(|link| [link.from, link.to]));
    edges.extend(component.selected.iter().flat_map(|one| [one.from, one.to]));
    edges.push(component.created_at);
    edges.retain(|edge| *edge >= from && *edge < Timestamp::FAR);
    edges.sort_unstable();
    edges.dedup();
    let mut whole = Vec::new();
    for (index, at) in edges.iter().enumerate() {
        let linked = component.links.iter().any(|link| link.from <= *at && *at < link.to)
            || component.selected.iter().any(|one| one.contains(*at));
        let value = match layer.iter().find(|interval| interval.contains(*at)) {
            Some(interval) if linked || *at < component.created_at => interval.value,
            _ => Automatic::Known(Status::Operational),
        };
        let to = edges.get(index + 1).copied().unwrap_or(Timestamp::FAR);
        append(&mut whole, Interval { from: *at, to, value });
    }
    whole
}

//! What is true at one instant, worked out from the raw observations anew for every instant. Slow on
//! purpose; shares nothing with the code it judges but the words.

use crate::script::Agent;
use skerry_domain::component::Automatic;
use skerry_domain::days::Mark;
use skerry_domain::status::{Effective, Status};
use skerry_domain::time::Timestamp;
use skerry_domain::track::{HardState, TrackObservation};
use skerry_domain::uptime::{Figure, Tally};
use skerry_domain::verdict::{Evaluation, Quorum, Verdict};

const DAY: i64 = 86_400_000;

/// What the agent's observations say of `at`: of the time between two of them, and of the instant of one that says
/// something new.
pub(crate) fn hard_at(
    seen: &[TrackObservation],
    silence: i64,
    silent: bool,
    at: Timestamp,
) -> Option<HardState> {
    between(seen, silence, silent, at).or_else(|| {
        let now = seen.iter().find(|seen| seen.at == at && seen.hard != HardState::Unknown)?;
        let confirmed =
            seen.iter().rfind(|seen| seen.at >= at && seen.since.is_some_and(|since| since <= at));
        let hard = confirmed.unwrap_or(now).hard;
        let before = between(seen, silence, silent, at - 1);
        let begins = before.is_none() || now.since == Some(at);
        (begins && before != Some(hard)).then_some(hard)
    })
}

/// What they say of the time between two of them, and after the last.
fn between(seen: &[TrackObservation], silence: i64, silent: bool, at: Timestamp) -> Option<HardState> {
    let known = |seen: &TrackObservation| seen.hard != HardState::Unknown;
    let newest = seen.iter().rfind(|seen| known(seen))?;
    if at >= newest.at {
        return (!silent).then_some(newest.hard);
    }
    let before = seen.iter().rposition(|seen| seen.at <= at)?;
    let next_known = before + 1 + seen[before + 1..].iter().position(known)?;
    let unbroken = |from: usize, to: usize| {
        seen[from..=to].windows(2).all(|pair| pair[1].at.0 - pair[0].at.0 <= silence)
    };
    if !unbroken(before, next_known) {
        return None;
    }
    // A run that was confirmed later speaks for its beginning; of two, the one confirmed last.
    let confirmed = seen.iter().rfind(|seen| seen.at > at && seen.since.is_some_and(|since| since <= at));
    if let Some(confirmed) = confirmed {
        return Some(confirmed.hard);
    }
    let held = seen[..=before].iter().rposition(known)?;
    unbroken(held, next_known).then(|| seen[held].hard)
}

/// The agent's last word before or at `at` on whether the check flaps.
fn flaps_at(seen: &[TrackObservation], at: Timestamp) -> bool {
    seen.iter().rfind(|seen| seen.at <= at).is_some_and(|seen| seen.flapping)
}

fn counts(agent: &Agent, silence: i64, at: Timestamp) -> Option<Option<HardState>> {
    let declared = agent.declared.iter().find(|declared| declared.from <= at && at < declared.to)?;
    let says = hard_at(&agent.seen, silence, agent.silent, at);
    let heard = agent.seen.iter().rfind(|seen| seen.at <= at && seen.hard != HardState::Unknown);
    let since = heard.map_or(declared.from.0, |heard| heard.at.0.max(declared.from.0));
    // Time in which the aggregator was away does not count; an absence that is shorter than an hour is none.
    let away = agent.absences.iter().filter(|away| away.to.0 - away.from.0 >= DAY / 24);
    let away: i64 = away.map(|away| (at.0.min(away.to.0) - since.max(away.from.0)).max(0)).sum();
    (says.is_some() || at.0 - since - away < DAY).then_some(says)
}

/// The verdict at one instant, and whether it would be another if every agent whose check flaps were sure of
/// the best than if it were sure of the worst.
pub(crate) fn ruling_at(agents: &[Agent], quorum: Quorum, silence: i64, at: Timestamp) -> Evaluation {
    let said = |sure: Option<HardState>| {
        let says = |agent: &Agent| {
            let says = counts(agent, silence, at)?;
            Some(says.map(|hard| sure.filter(|_| flaps_at(&agent.seen, at)).unwrap_or(hard)))
        };
        let stands = |agent: &Agent| match agent.moved {
            Some((moved, to)) if moved <= at => to,
            _ => agent.location,
        };
        let votes: Vec<_> = agents.iter().filter_map(|agent| Some((stands(agent), says(agent)?))).collect();
        verdict_of(&votes, quorum)
    };
    Evaluation { verdict: said(None), flapping: said(Some(HardState::Up)) != said(Some(HardState::Down)) }
}

/// The verdict of those that count: (location, what it says).
fn verdict_of(votes: &[(u32, Option<HardState>)], quorum: Quorum) -> Verdict {
    let (mut locations, mut down, mut bad, mut up) = (0, 0, 0, 0);
    for location in 0..3 {
        let here: Vec<Option<HardState>> =
            votes.iter().filter(|vote| vote.0 == location).map(|vote| vote.1).collect();
        let says: Vec<HardState> = here.iter().copied().flatten().collect();
        locations += u32::from(!here.is_empty());
        if says.is_empty() {
        } else if says.iter().all(|hard| *hard == HardState::Down) {
            down += 1;
            bad += 1;
        } else if says.iter().all(|hard| *hard != HardState::Up) {
            bad += 1;
        } else {
            up += 1;
        }
    }
    let enough = |votes: u32| match quorum {
        Quorum::Majority => votes * 2 > locations,
        Quorum::Any => votes > 0,
        Quorum::All => votes > 0 && votes == locations,
        Quorum::Number(number) => votes > 0 && votes >= number,
    };
    match () {
        () if enough(down) => Verdict::Down,
        () if enough(bad) => Verdict::Degraded,
        () if up > 0 => Verdict::Up,
        () => Verdict::Unknown,
    }
}

/// The component at one instant, from the checks whose links hold: (minor, verdict, what was known before). A check
/// that nobody sees counts as it was last seen.
pub(crate) fn automatic_at(links: &[(bool, Evaluation, Option<Evaluation>)]) -> Automatic {
    let unseen = links.iter().filter(|link| link.1.verdict == Verdict::Unknown).count();
    if unseen == links.len() {
        return Automatic::NoData;
    }
    let known: Vec<(bool, Evaluation)> = links
        .iter()
        .filter_map(|&(minor, now, before)| {
            let known = if now.verdict == Verdict::Unknown { before } else { Some(now) };
            known.map(|evaluation| (minor, evaluation))
        })
        .collect();
    let full: Vec<_> = known.iter().filter(|link| !link.0).collect();
    let status = if !full.is_empty() && full.iter().all(|link| link.1.verdict == Verdict::Down) {
        Status::MajorOutage
    } else if full.iter().any(|link| link.1.verdict == Verdict::Down) {
        Status::PartialOutage
    } else if known.iter().any(|link| link.1.verdict != Verdict::Up || link.1.flapping) {
        Status::DegradedPerformance
    } else {
        Status::Operational
    };
    if unseen > 0 { Automatic::Partly(status) } else { Automatic::Known(status) }
}

/// The overlay at one instant: the newest hold and when it was set, and when each window began that runs.
pub(crate) fn effective_at(
    automatic: Automatic,
    held: Option<(Status, Timestamp)>,
    windows: &[Timestamp],
    corrected: Option<Status>,
    watched: bool,
) -> Effective {
    let mut value = match automatic {
        Automatic::Known(status) => Effective::Known(status),
        Automatic::Partly(status) => Effective::Partly(status),
        Automatic::NoData => Effective::NoData,
    };
    if let Some((status, _)) = held {
        value = Effective::Known(status);
    }
    if windows.iter().any(|began| held.is_none_or(|(_, since)| since < *began)) {
        value = Effective::Known(Status::UnderMaintenance);
    }
    if let Some(status) = corrected {
        value = Effective::Known(status);
    }
    if watched { value } else { Effective::Unwatched }
}

/// How a day is drawn, from everything it held: (what, ms).
pub(crate) fn mark_of(held: &[(Effective, i64)], stale_now: bool) -> Mark {
    let saw = |status| {
        let is = |value| value == Effective::Known(status) || value == Effective::Partly(status);
        held.iter().any(|(value, ms)| is(*value) && *ms > 0)
    };
    let lasted = |wanted: fn(Effective) -> bool| {
        held.iter().filter(|held| wanted(held.0)).map(|held| held.1).sum::<i64>()
    };
    let blind = lasted(|value| matches!(value, Effective::NoData | Effective::Partly(_)));
    let seeing = lasted(|value| matches!(value, Effective::Known(_)));
    match () {
        () if saw(Status::MajorOutage) => Mark::Major,
        () if saw(Status::PartialOutage) => Mark::Partial,
        () if saw(Status::DegradedPerformance) => Mark::Degraded,
        () if stale_now || (blind > 0 && blind >= seeing) => Mark::NoData,
        () if saw(Status::UnderMaintenance) => Mark::Maintenance,
        () if saw(Status::Operational) => Mark::Operational,
        () => Mark::Blank,
    }
}

/// Time per condition, from everything that was held.
pub(crate) fn tally_of(held: &[(Effective, i64)]) -> Tally {
    let sum = |wanted| -> i64 { held.iter().filter(|(value, _)| *value == wanted).map(|(_, ms)| ms).sum() };
    let status = |status| sum(Effective::Known(status)) + sum(Effective::Partly(status));
    Tally {
        operational: status(Status::Operational),
        degraded: status(Status::DegradedPerformance),
        partial: status(Status::PartialOutage),
        major: status(Status::MajorOutage),
        maintenance: status(Status::UnderMaintenance),
        no_data: sum(Effective::NoData),
        unwatched: sum(Effective::Unwatched),
        unseen: Status::ALL.into_iter().map(|status| sum(Effective::Partly(status))).sum(),
    }
}

/// Is this the truncated figure? `partial` is what a partial outage counts, percent.
pub(crate) fn assert_figure(figure: &Figure, tally: Tally, whole: i64, partial: u32) {
    assert_eq!(figure.tally, tally);
    let seen = tally.operational + tally.degraded + tally.partial + tally.major;
    let whole_seen = seen - tally.unseen;
    let (num, den) = (i128::from(whole_seen) * 10_000, i128::from(seen + tally.no_data));
    let coverage = i128::from(figure.coverage);
    assert!(den == 0 && coverage == 0 || coverage * den <= num && num < (coverage + 1) * den);
    assert_eq!(figure.enough, den > 0 && whole_seen * 10 >= (seen + tally.no_data) * 9);
    let Some(shown) = figure.hundredths else { return assert_eq!(whole, 0) };
    assert!(whole > 0);
    // shown / 100 <= 100 * (1 - lost / whole) < (shown + 1) / 100, without a division.
    let lost = i128::from(tally.major) * 100 + i128::from(tally.partial) * i128::from(partial);
    let (left, unit) = ((i128::from(whole) * 100 - lost).max(0) * 100, i128::from(whole));
    let shown = i128::from(shown);
    assert!(shown * unit <= left && left < (shown + 1) * unit, "{shown} of {tally:?} in {whole}");
    assert_eq!(shown == 10_000, lost == 0);
}

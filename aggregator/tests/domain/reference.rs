//! What is true at one instant, worked out from the raw observations anew for every instant. Slow on
//! purpose; shares nothing with the code it judges but the words.

use crate::script::Agent;
use skerry_aggregator::domain::component::Automatic;
use skerry_aggregator::domain::status::{Effective, Status};
use skerry_aggregator::domain::time::Timestamp;
use skerry_aggregator::domain::track::{Hard, Seen};
use skerry_aggregator::domain::verdict::{Quorum, Verdict};

const DAY: i64 = 86_400_000;

/// What the agent's observations say of `at`.
pub(crate) fn hard_at(seen: &[Seen], silence: i64, silent: bool, at: Timestamp) -> Option<Hard> {
    let known = |seen: &Seen| seen.hard != Hard::Unknown;
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

fn counts(agent: &Agent, silence: i64, at: Timestamp) -> Option<Option<Hard>> {
    let declared = agent.declared.iter().find(|declared| declared.from <= at && at < declared.to)?;
    let says = hard_at(&agent.seen, silence, agent.silent, at);
    let heard = agent.seen.iter().rfind(|seen| seen.at <= at && seen.hard != Hard::Unknown);
    let since = heard.map_or(declared.from.0, |heard| heard.at.0.max(declared.from.0));
    (says.is_some() || at.0 - since < DAY).then_some(says)
}

/// The verdict at one instant.
pub(crate) fn verdict_at(agents: &[Agent], quorum: Quorum, silence: i64, at: Timestamp) -> Verdict {
    let (mut locations, mut down, mut bad, mut up) = (0, 0, 0, 0);
    for location in 0..3 {
        let here: Vec<Option<Hard>> = agents
            .iter()
            .filter(|agent| agent.location == location)
            .filter_map(|agent| counts(agent, silence, at))
            .collect();
        let says: Vec<Hard> = here.iter().copied().flatten().collect();
        locations += u32::from(!here.is_empty());
        if says.is_empty() {
        } else if says.iter().all(|hard| *hard == Hard::Down) {
            down += 1;
            bad += 1;
        } else if says.iter().all(|hard| *hard != Hard::Up) {
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

/// The component at one instant, from the checks whose links hold: (minor, verdict).
pub(crate) fn automatic_at(links: &[(bool, Verdict)]) -> Automatic {
    let known: Vec<_> = links.iter().filter(|link| link.1 != Verdict::Unknown).collect();
    let full: Vec<_> = known.iter().filter(|link| !link.0).collect();
    if known.is_empty() {
        return Automatic::NoData;
    }
    let status = if !full.is_empty() && full.iter().all(|link| link.1 == Verdict::Down) {
        Status::MajorOutage
    } else if full.iter().any(|link| link.1 == Verdict::Down) {
        Status::PartialOutage
    } else if known.iter().any(|link| link.1 != Verdict::Up) {
        Status::DegradedPerformance
    } else {
        Status::Operational
    };
    Automatic::Known(status)
}

/// The overlay at one instant.
pub(crate) fn effective_at(
    automatic: Automatic,
    manual: Option<Status>,
    planned: bool,
    corrected: Option<Status>,
    watched: bool,
) -> Effective {
    let mut value = match automatic {
        Automatic::Known(status) => Effective::Known(status),
        Automatic::NoData => Effective::NoData,
    };
    if let Some(status) = manual {
        value = Effective::Known(status);
    }
    if planned {
        value = Effective::Known(Status::UnderMaintenance);
    }
    if let Some(status) = corrected {
        value = Effective::Known(status);
    }
    if watched { value } else { Effective::Unwatched }
}

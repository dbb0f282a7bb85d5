//! The status of a component from its linked checks. Never invents one where nothing is known.

use super::interval::{Cursor, Interval, append};
use super::status::Status;
use super::time::Timestamp;
use super::verdict::{Ruling, Verdict};

/// What the linked checks make of a component.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Automatic {
    /// At least one linked check is known. Never [`Status::UnderMaintenance`].
    Known(Status),
    /// None is known, or none is linked.
    NoData,
}

/// Where nothing is said.
const UNKNOWN: Ruling = Ruling { verdict: Verdict::Unknown, flapping: false };

/// A link of a component to a check, with the check's verdicts.
#[derive(Clone, Copy, Debug)]
pub struct LinkedCheck<'a> {
    /// Its outage only degrades.
    pub minor: bool,
    /// The link holds from here.
    pub from: Timestamp,
    /// The link holds up to here; [`Timestamp::FAR`] while it still does.
    pub to: Timestamp,
    /// Oldest first, never overlapping; unknown where it says nothing.
    pub verdict: &'a [Interval<Ruling>],
}

/// The status that the linked checks make together; each is (minor, verdict). All or some down is judged
/// over the known ones that are not minor. One that flaps leaves it no better than degraded, which is up: what
/// was down meanwhile counts as it was.
pub fn status_of(rulings: impl Iterator<Item = (bool, Ruling)>) -> Automatic {
    let (mut known, mut major, mut down, mut degraded) = (false, 0_u32, 0_u32, false);
    for (minor, ruling) in rulings.filter(|(_, ruling)| ruling.verdict != Verdict::Unknown) {
        known = true;
        major += u32::from(!minor);
        degraded |= ruling.flapping;
        match (minor, ruling.verdict) {
            (false, Verdict::Down) => down += 1,
            (true, Verdict::Down) | (_, Verdict::Degraded) => degraded = true,
            (_, Verdict::Up | Verdict::Unknown) => {}
        }
    }
    if !known {
        return Automatic::NoData;
    }
    Automatic::Known(if down > 0 && down == major {
        Status::MajorOutage
    } else if down > 0 {
        Status::PartialOutage
    } else if degraded {
        Status::DegradedPerformance
    } else {
        Status::Operational
    })
}

/// The automatic layer: contiguous over `[from, FAR)`, neighbours differ; no data where no link holds.
#[must_use]
pub fn automatic(links: &[LinkedCheck<'_>], from: Timestamp) -> Vec<Interval<Automatic>> {
    let mut cursors: Vec<_> = links.iter().map(|link| Cursor::new(link.verdict, from)).collect();
    let (mut layer, mut at) = (Vec::new(), from);
    while at < Timestamp::FAR {
        let mut to = Timestamp::FAR;
        let value = status_of(links.iter().zip(&mut cursors).filter_map(|(link, cursor)| {
            if at >= link.to || link.from >= link.to {
                return None;
            }
            if at < link.from {
                to = to.min(link.from);
                return None;
            }
            let (ruling, until) = cursor.at(at);
            to = to.min(until).min(link.to);
            Some((link.minor, ruling.unwrap_or(UNKNOWN)))
        }));
        append(&mut layer, Interval { from: at, to, value });
        at = to;
    }
    layer
}

//! When batches arrive, on this host's boot clock compared with the agent's. These two clocks, which nobody can set,
//! distinguish a batch that was just made from a delayed one. A batch that the network delayed is dated by the batches
//! before it. A batch that waited in a socket while this host slept or the process was stopped must be sent again: its
//! time of arrival is unknown.

use super::time_source::NS_PER_MS;
use skerry_domain::state::WorkspaceAgent;
use skerry_domain::time::SECOND;
use std::collections::BTreeMap;

/// If the clock was not read for longer than this, the whole process was away, ns.
pub(super) const AWAY: i64 = 5 * SECOND * NS_PER_MS;
/// A batch that is later than the one before it by no more than this did not wait, ms.
const LATE: i64 = 5 * SECOND;
/// An agent gives up a batch after 30 s, so what the network still holds of it arrives within this time after the
/// process returned, ms. A batch that is late afterwards has a slow link.
const IN_FLIGHT: i64 = 30 * SECOND;
/// Batches without a delay differ by no more than this, ms.
const JITTER: i64 = 250;

/// How a batch arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrived {
    /// It took this much longer than the batches before it, ms.
    Late(i64),
    /// It waited while the process was away.
    Waited,
}

/// How the batches of each agent arrive.
#[derive(Debug, Default)]
pub(super) struct Arrivals {
    agents: BTreeMap<WorkspaceAgent, Arrival>,
}

/// This host's boot clock minus the agent's at the arrival of a batch, ms.
#[derive(Debug)]
struct Arrival {
    boot_id: String,
    /// For a batch without a delay.
    prompt: i64,
    /// For the last accepted batch.
    last: i64,
    /// For the batch that was refused since.
    refused: Option<i64>,
}

impl Arrivals {
    /// Records a batch that arrived at `at` (ns) and was made at `made` (ms), each on the boot clock of its host;
    /// `back` (ns) is when the process last returned from being away. A second batch that is as late as the one before
    /// it shows that the agent's clock stood still or its link became slower; it counts as prompt.
    pub(super) fn note(
        &mut self,
        agent: WorkspaceAgent,
        boot_id: &str,
        made: i64,
        at: i64,
        back: Option<i64>,
    ) -> Arrived {
        let apart = at / NS_PER_MS - made;
        let Some(known) = self.agents.get_mut(&agent).filter(|known| known.boot_id == boot_id) else {
            let arrival = Arrival { boot_id: boot_id.to_owned(), prompt: apart, last: apart, refused: None };
            self.agents.insert(agent, arrival);
            return Arrived::Late(0);
        };
        let just_back = back.is_some_and(|back| at - back <= IN_FLIGHT * NS_PER_MS);
        if apart - known.last > LATE && just_back {
            if known.refused.is_none_or(|refused| (apart - refused).abs() > LATE) {
                known.refused = Some(apart);
                return Arrived::Waited;
            }
            known.prompt = apart;
        }
        let again = (apart - known.last).abs() <= JITTER;
        (known.last, known.refused) = (apart, None);
        let late = apart - known.prompt;
        if !(0..=IN_FLIGHT).contains(&late) || (late > JITTER && again) {
            known.prompt = apart;
        }
        let late = apart - known.prompt;
        Arrived::Late(if late > JITTER { late } else { 0 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use skerry_domain::state::{AgentKey, WorkspaceKey};

    fn agent(key: i64) -> WorkspaceAgent {
        (WorkspaceKey(1), AgentKey(key))
    }

    /// Each batch: when it was made and when it arrived, seconds after the first; `true` where it waited for us, who
    /// were back at `back`.
    fn check(back: i64, batches: &[(i64, i64, bool)]) {
        let mut arrivals = Arrivals::default();
        for (made, at, waited) in batches {
            let (made, at) = (made * SECOND + 77, (at + 1_000) * SECOND * NS_PER_MS);
            let said = arrivals.note(agent(1), "boot", made, at, Some((back + 1_000) * SECOND * NS_PER_MS));
            assert_eq!(said == Arrived::Waited, *waited, "made at {made} in {batches:?}");
        }
    }

    #[test]
    fn what_was_made_before_we_were_back_waited() {
        check(20, &[(0, 0, false), (4, 20, true), (21, 21, false), (22, 22, false)]);
        // A night, and each of the batches that the agent gave up meanwhile.
        check(999, &[(0, 0, false), (1, 999, true), (36, 999, true), (71, 999, true), (1_000, 1_000, false)]);
        // On its way again and again while nobody was there.
        check(20, &[(0, 0, false), (10, 33, true), (34, 34, false)]);
        // Nothing waited.
        check(20, &[(0, 0, false), (20, 20, false), (21, 24, false)]);
    }

    #[test]
    fn an_agent_whose_clock_stood_still_is_refused_once() {
        check(600, &[(0, 0, false), (1, 601, true), (2, 602, false), (3, 603, false)]);
    }

    #[test]
    fn who_has_a_slow_link_is_not_refused_for_it() {
        check(0, &[(0, 0, false), (60, 61, false), (70, 90, false), (91, 92, false), (100, 125, false)]);
    }

    #[test]
    fn a_batch_that_the_network_held_up_is_dated_by_those_before_it() {
        // When each was made and how long it travelled, ms; how late it is said to be.
        let tables: [&[(i64, i64, i64)]; 6] = [
            // One is held up, after it all is as before.
            &[(0, 20, 0), (1_000, 30, 0), (2_000, 1_800, 1_780), (4_000, 20, 0), (5_000, 200, 0)],
            // Several are, each for another time.
            &[(0, 20, 0), (1_000, 2_000, 1_980), (4_000, 900, 880), (6_000, 5_000, 4_980), (12_000, 20, 0)],
            // The first one was held up; nothing tells so before the second.
            &[(0, 3_000, 0), (4_000, 20, 0), (5_000, 3_000, 2_980)],
            // The link became slower, or the agent's clock stood still.
            &[(0, 20, 0), (1_000, 1_020, 1_000), (3_000, 1_100, 0), (4_000, 1_000, 0), (5_000, 3_000, 2_000)],
            // No batch is on its way for longer than an agent waits for the answer.
            &[(0, 20, 0), (1_000, 60_000, 0), (70_000, 60_010, 0)],
            // The clocks drift apart.
            &[(0, 20, 0), (1_200_000, 120, 0), (2_400_000, 220, 0), (3_600_000, 320, 0), (3_601_000, 20, 0)],
        ];
        for batches in tables {
            let mut arrivals = Arrivals::default();
            for (made, travelled, late) in batches {
                let at = (made + travelled + 500_000) * NS_PER_MS;
                let said = arrivals.note(agent(1), "boot", *made, at, None);
                assert_eq!(said, Arrived::Late(*late), "made at {made} in {batches:?}");
            }
        }
    }

    #[test]
    fn another_boot_is_another_clock() {
        let mut arrivals = Arrivals::default();
        let back = Some(61_000 * NS_PER_MS);
        let prompt = Arrived::Late(0);
        assert_eq!(arrivals.note(agent(1), "one", 50_000, 60_000 * NS_PER_MS, None), prompt);
        assert_eq!(arrivals.note(agent(1), "two", 5_000, 61_000 * NS_PER_MS, back), prompt);
        assert_eq!(arrivals.note(agent(2), "one", 0, 61_000 * NS_PER_MS, back), prompt);
    }
}

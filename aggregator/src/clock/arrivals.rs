//! When the batches of agents arrive, on our boot clock beside the agent's. A batch that waited in a socket while we
//! slept or were stopped says that it was made at the moment when we read it; by these two clocks, which nobody can
//! set, it is known from one that was made just now. Nobody can tell when its bytes came, so it has to be sent again.

use super::hands::NS_PER_MS;
use skerry_domain::state::AgentKey;
use skerry_domain::time::SECOND;
use std::collections::BTreeMap;

/// Nobody read our clock for longer than this: the whole process was away, ns.
pub(super) const AWAY: i64 = 5 * SECOND * NS_PER_MS;
/// Later than the batch before it by no more than this, a batch was on its way and did not wait, ms.
const LATE: i64 = 5 * SECOND;
/// An agent gives a batch up after 30 s, and what the network still holds of it comes no later after our return, ns.
/// After that, who is late has a slow link.
const IN_FLIGHT: i64 = 30 * SECOND * NS_PER_MS;

/// How the batches of each agent arrive.
#[derive(Debug, Default)]
pub(super) struct Arrivals {
    agents: BTreeMap<AgentKey, Arrival>,
}

#[derive(Debug)]
struct Arrival {
    boot_id: String,
    /// Our boot clock less the agent's when its last batch was taken, ms.
    apart: i64,
    /// The same of the one refused since.
    refused: Option<i64>,
}

impl Arrivals {
    /// Takes note of a batch that arrived at `at` (ns) and was made at `made` (ms), each on the boot clock of its
    /// host, `back` (ns) being when we were last back from being away. Returns whether it waited for us. Another that
    /// is as late shows that the agent's clock stood still, and is taken.
    pub(super) fn waited(
        &mut self,
        agent: AgentKey,
        boot_id: &str,
        made: i64,
        at: i64,
        back: Option<i64>,
    ) -> bool {
        let apart = at / NS_PER_MS - made;
        let Some(known) = self.agents.get_mut(&agent).filter(|known| known.boot_id == boot_id) else {
            let arrival = Arrival { boot_id: boot_id.to_owned(), apart, refused: None };
            self.agents.insert(agent, arrival);
            return false;
        };
        let late = apart - known.apart > LATE && back.is_some_and(|back| at - back <= IN_FLIGHT);
        if late && known.refused.is_none_or(|refused| (apart - refused).abs() > LATE) {
            known.refused = Some(apart);
            return true;
        }
        (known.apart, known.refused) = (apart, None);
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each batch: when it was made and when it arrived, seconds after the first; `true` where it waited for us, who
    /// were back at `back`.
    fn check(back: i64, batches: &[(i64, i64, bool)]) {
        let mut arrivals = Arrivals::default();
        for (made, at, waited) in batches {
            let (made, at) = (made * SECOND + 77, (at + 1_000) * SECOND * NS_PER_MS);
            let said =
                arrivals.waited(AgentKey(1), "boot", made, at, Some((back + 1_000) * SECOND * NS_PER_MS));
            assert_eq!(said, *waited, "made at {made} in {batches:?}");
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
    fn another_boot_is_another_clock() {
        let mut arrivals = Arrivals::default();
        assert!(!arrivals.waited(AgentKey(1), "one", 50_000, 60_000 * NS_PER_MS, None));
        assert!(!arrivals.waited(AgentKey(1), "two", 5_000, 61_000 * NS_PER_MS, Some(61_000 * NS_PER_MS)));
        assert!(!arrivals.waited(AgentKey(2), "one", 0, 61_000 * NS_PER_MS, Some(61_000 * NS_PER_MS)));
    }
}

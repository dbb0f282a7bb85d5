//! Limits of one agent and of all together, so that a stolen token delays nobody else.

use crate::ingest::Cost;
use skerry_domain::state::WorkspaceAgent;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Batches of one agent on their way at once. An agent sends one after another; one whose link broke may still
/// have the former under way.
const AT_ONCE: usize = 3;
/// Bodies of all agents that are being read: the first bytes of each, and what goes beyond, KiB.
const SMALL_BODIES: usize = 16 << 10;
const LARGE_BODIES: usize = 24 << 10;
/// Of each body, KiB, that many stand in the first.
const SMALL: usize = 16;
/// Observations at once: the spool of a week. They come back with [`OBSERVATIONS_A_SECOND`].
const OBSERVATIONS: f64 = 1_500_000.0;
const OBSERVATIONS_A_SECOND: f64 = 2_000.0;
/// Changes of a hard state at once; each is kept in memory for as long as bars are shown.
const TRANSITIONS: f64 = 50_000.0;
const TRANSITIONS_A_SECOND: f64 = 20.0;

/// The limits of all agents.
#[derive(Debug)]
pub(super) struct Budgets {
    agents: Mutex<HashMap<WorkspaceAgent, Arc<Allowance>>>,
    small: Arc<Semaphore>,
    large: Arc<Semaphore>,
}

impl Default for Budgets {
    fn default() -> Self {
        let [small, large] = [SMALL_BODIES, LARGE_BODIES].map(|size| Arc::new(Semaphore::new(size)));
        Self { agents: Mutex::default(), small, large }
    }
}

impl Budgets {
    /// What this agent may take up.
    pub(super) fn of(&self, agent: WorkspaceAgent, now: Instant) -> Arc<Allowance> {
        let mut agents = self.agents.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(agents.entry(agent).or_insert_with(|| Arc::new(Allowance::new(now))))
    }

    /// A permit for the body of a new batch.
    pub(super) fn room(&self) -> BodyPermit {
        BodyPermit {
            small: Arc::clone(&self.small),
            large: Arc::clone(&self.large),
            read: 0,
            held: [None, None],
        }
    }
}

/// The limits of one agent.
#[derive(Debug)]
pub(super) struct Allowance {
    under_way: Arc<Semaphore>,
    buckets: Mutex<[Bucket; 2]>,
}

impl Allowance {
    fn new(now: Instant) -> Self {
        let full = |most, a_second| Bucket { most, a_second, level: most, at: now };
        let buckets = [full(OBSERVATIONS, OBSERVATIONS_A_SECOND), full(TRANSITIONS, TRANSITIONS_A_SECOND)];
        Self { under_way: Arc::new(Semaphore::new(AT_ONCE)), buckets: Mutex::new(buckets) }
    }

    /// A place for one more batch, given back when it is dropped; `None` while too many are on their way.
    pub(super) fn enter(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.under_way).try_acquire_owned().ok()
    }

    /// Takes what a batch costs.
    ///
    /// # Errors
    /// The seconds after which there is enough for it; nothing was taken.
    pub(super) fn take(&self, cost: Cost, now: Instant) -> Result<(), u32> {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let costs = [cost.observations, cost.transitions].map(|cost| cost as f64);
        let waits = buckets.iter_mut().zip(costs).map(|(bucket, cost)| bucket.wait(cost, now));
        let wait = waits.fold(0.0, f64::max);
        if wait > 0.0 {
            return Err((wait.ceil() as u32).max(1));
        }
        for (bucket, cost) in buckets.iter_mut().zip(costs) {
            bucket.level -= cost;
        }
        Ok(())
    }
}

/// Fills by and by, up to `most`.
#[derive(Debug)]
struct Bucket {
    most: f64,
    a_second: f64,
    level: f64,
    at: Instant,
}

impl Bucket {
    /// Seconds until it holds `cost`, or is full.
    fn wait(&mut self, cost: f64, now: Instant) -> f64 {
        let since = now.saturating_duration_since(self.at).as_secs_f64();
        self.level = (self.level + since * self.a_second).min(self.most);
        self.at = now;
        ((cost.min(self.most) - self.level) / self.a_second).max(0.0)
    }
}

/// The memory that the body of one batch holds until it is dropped.
#[derive(Debug)]
pub(super) struct BodyPermit {
    small: Arc<Semaphore>,
    large: Arc<Semaphore>,
    read: usize,
    held: [Option<OwnedSemaphorePermit>; 2],
}

impl BodyPermit {
    /// Reserves so many more bytes. `false`: none are free now.
    pub(super) fn grow(&mut self, bytes: usize) -> bool {
        self.read += bytes;
        let wanted = self.read.div_ceil(1 << 10);
        let shares = [wanted.min(SMALL), wanted.saturating_sub(SMALL)];
        self.held.iter_mut().zip([&self.small, &self.large]).zip(shares).all(|((held, from), share)| {
            let more = share.saturating_sub(held.as_ref().map_or(0, OwnedSemaphorePermit::num_permits));
            let Ok(more) = Arc::clone(from).try_acquire_many_owned(u32::try_from(more).unwrap_or(u32::MAX))
            else {
                return false;
            };
            match held {
                Some(held) => held.merge(more),
                None => *held = Some(more),
            }
            true
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use skerry_domain::state::{AgentKey, WorkspaceKey};
    use std::time::Duration;

    const AGENT: WorkspaceAgent = (WorkspaceKey(1), AgentKey(1));

    #[test]
    fn a_week_of_a_spool_is_taken_at_once_and_a_flood_beyond_it_as_fast_as_an_agent_observes() {
        let (budgets, begun) = (Budgets::default(), Instant::now());
        let batch = Cost { observations: 5_000, transitions: 50 };
        for _ in 0..200 {
            assert_eq!(budgets.of(AGENT, begun).take(batch, begun), Ok(()));
        }
        let (mut now, mut taken) = (begun, 0);
        while now < begun + Duration::from_secs(3_600) {
            match budgets.of(AGENT, begun).take(Cost { observations: 10_000, transitions: 0 }, now) {
                Ok(()) => taken += 10_000,
                Err(seconds) => now += Duration::from_secs(u64::from(seconds)),
            }
        }
        assert!((7_000_000..7_750_000).contains(&taken), "{taken} in an hour beyond the first million");
        let other = budgets.of((WorkspaceKey(1), AgentKey(2)), now).take(batch, now);
        assert_eq!(other, Ok(()), "nobody else waits");
    }

    #[test]
    fn states_that_change_without_end_are_taken_slowly() {
        let (budgets, begun) = (Budgets::default(), Instant::now());
        let agent = budgets.of(AGENT, begun);
        let batch = Cost { observations: 10_000, transitions: 10_000 };
        let (mut now, mut taken) = (begun, 0);
        while now < begun + Duration::from_secs(3_600) {
            match agent.take(batch, now) {
                Ok(()) => taken += 10_000,
                Err(seconds) => now += Duration::from_secs(u64::from(seconds)),
            }
        }
        assert!(taken <= 130_000, "{taken} in an hour");
    }

    #[test]
    fn one_agent_has_three_batches_on_their_way() {
        let (budgets, now) = (Budgets::default(), Instant::now());
        let places: Vec<_> = (0..4).map(|_| budgets.of(AGENT, now).enter()).collect();
        assert_eq!(places.iter().filter(|place| place.is_some()).count(), AT_ONCE);
        assert!(budgets.of((WorkspaceKey(1), AgentKey(2)), now).enter().is_some());
        drop(places);
        assert!(budgets.of(AGENT, now).enter().is_some());
    }

    #[test]
    fn bodies_have_room_together_and_large_ones_keep_no_small_one_out() {
        let budgets = Budgets::default();
        let mut rooms: Vec<BodyPermit> = Vec::new();
        loop {
            let mut room = budgets.room();
            let whole = (0..1 << 10).all(|_| room.grow(1 << 10));
            rooms.push(room);
            if !whole {
                break;
            }
        }
        assert_eq!(rooms.len(), LARGE_BODIES / ((1 << 10) - SMALL) + 1);
        assert!(budgets.room().grow(SMALL << 10), "a small one has room");
        drop(rooms);
        assert!(budgets.room().grow(1 << 20), "it is given back");
    }
}

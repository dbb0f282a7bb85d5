//! The deliveries of one channel that are due, read in portions and each once. One is tried again only when it was read
//! after the outcome of its former attempt was stored.

use skerry_domain::state::{DeliveryKey, WorkspaceKey};
use skerry_domain::subscriber::Channel;
use skerry_store::{DuePosition, WorkspaceDelivery};
use std::collections::{HashMap, HashSet, VecDeque};
use std::time::{Duration, Instant};

/// Deliveries that are read at once.
pub(super) const PORTION: usize = 200;
/// After so long, a channel whose due deliveries were all read looks for more.
const AGAIN: Duration = Duration::from_millis(500);
/// After so long, any channel looks for more urgent ones.
const AGAIN_ANYWAY: Duration = Duration::from_secs(5);

/// How long a channel is held whose relays begin no session, at first and at most.
const FIRST_HOLD: Duration = Duration::from_secs(5);
const LONGEST_HOLD: Duration = Duration::from_secs(30);

/// An attempt that takes longer is slow: it leaves its room to another.
const SLOW_AFTER: Duration = Duration::from_secs(1);

/// How many attempts of a channel are under way at a time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Concurrency {
    /// Those that began within [`SLOW_AFTER`].
    pub(super) fast: usize,
    /// All. More than the others where destinations are many, so that those which are slow or dead delay no other.
    pub(super) total: usize,
}

impl Concurrency {
    /// As much for slow attempts as for all.
    pub(super) fn of(number: usize) -> Self {
        Self { fast: number, total: number }
    }
}

/// A hold on a channel whose relays begin no session. One attempt at a time asks again.
#[derive(Clone, Copy, Debug)]
struct Hold {
    until: Instant,
    pause: Duration,
    /// The attempt that asks.
    probe: Option<(WorkspaceKey, DeliveryKey)>,
}

/// The deliveries of a channel.
#[derive(Debug)]
pub(super) struct ChannelQueue {
    pub(super) channel: Channel,
    concurrency: Concurrency,
    /// Those under way, and when they began.
    under_way: HashMap<(WorkspaceKey, DeliveryKey), Instant>,
    /// Those whose outcome could not be stored.
    set_aside: HashSet<(WorkspaceKey, DeliveryKey)>,
    /// Read, and not yet tried.
    read: VecDeque<WorkspaceDelivery>,
    /// Where to read on. `None`: from the beginning.
    after: Option<DuePosition>,
    /// Everything that was due has been read.
    is_exhausted: bool,
    began: Instant,
    hold: Option<Hold>,
}

impl ChannelQueue {
    pub(super) fn new(channel: Channel, concurrency: Concurrency) -> Self {
        Self {
            channel,
            concurrency,
            under_way: HashMap::new(),
            set_aside: HashSet::new(),
            read: VecDeque::new(),
            after: None,
            is_exhausted: false,
            began: Instant::now(),
            hold: None,
        }
    }

    /// Whether another attempt may begin.
    pub(super) fn has_room(&self, now: Instant) -> bool {
        match self.hold {
            Some(hold) => now >= hold.until && hold.probe.is_none(),
            None => self.under_way.len() < self.concurrency.total && self.fast(now) < self.concurrency.fast,
        }
    }

    /// Attempts that are under way and not slow yet.
    fn fast(&self, now: Instant) -> usize {
        self.under_way.values().filter(|began| now.saturating_duration_since(**began) < SLOW_AFTER).count()
    }

    /// No relay begins a session: nothing is tried for a while, and for longer each time.
    pub(super) fn hold(&mut self, now: Instant) {
        // What was under way at the same time met the same fault.
        if self.hold.is_some_and(|hold| now < hold.until) {
            return;
        }
        let pause = self.hold.map_or(FIRST_HOLD, |hold| LONGEST_HOLD.min(hold.pause * 2));
        self.hold = Some(Hold { until: now + pause, pause, probe: None });
    }

    /// A relay has begun a session: all that is due goes on.
    pub(super) fn release(&mut self) {
        self.hold = None;
    }

    /// Begins again with the most urgent one: more may be due, or something may be tried that had to wait.
    pub(super) fn begin_again(&mut self, now: Instant) {
        self.read.clear();
        (self.after, self.is_exhausted, self.began) = (None, false, now);
    }

    /// Begins again if the last beginning is some time ago: soon once everything was read, and later for what is more urgent.
    pub(super) fn begin_again_if_old(&mut self, now: Instant) {
        let is_done = self.is_exhausted && self.read.is_empty();
        if now.saturating_duration_since(self.began) >= if is_done { AGAIN } else { AGAIN_ANYWAY } {
            self.begin_again(now);
        }
    }

    /// Where to read the next portion. `None`: what was read comes first, or there is no more.
    pub(super) fn to_read(&self, now: Instant) -> Option<Option<DuePosition>> {
        (self.read.is_empty() && !self.is_exhausted && self.has_room(now)).then_some(self.after)
    }

    /// Takes a portion that was read. Nothing may have ended since it was asked for.
    pub(super) fn take(&mut self, portion: Vec<WorkspaceDelivery>) {
        self.is_exhausted = portion.len() < PORTION;
        self.after = portion.last().map(DuePosition::of).or(self.after);
        let is_free = |one: &WorkspaceDelivery| {
            !self.under_way.contains_key(&key(one)) && !self.set_aside.contains(&key(one))
        };
        let new: Vec<WorkspaceDelivery> = portion.into_iter().filter(is_free).collect();
        self.read.extend(new);
    }

    /// The next delivery to try.
    pub(super) fn next(&mut self, now: Instant) -> Option<WorkspaceDelivery> {
        self.has_room(now).then(|| self.read.pop_front()).flatten()
    }

    /// An attempt begins.
    pub(super) fn begin(&mut self, one: &WorkspaceDelivery, now: Instant) {
        self.under_way.insert(key(one), now);
        if let Some(hold) = &mut self.hold {
            hold.probe = Some(key(one));
        }
    }

    /// An attempt has ended and nothing of it could be stored, by a fault of this program: it is not tried again before the
    /// next start.
    pub(super) fn set_aside(&mut self, one: (WorkspaceKey, DeliveryKey)) {
        self.end(one);
        self.set_aside.insert(one);
    }

    /// An attempt has ended and its outcome is stored. What was read before may hold it as it was.
    pub(super) fn end(&mut self, one: (WorkspaceKey, DeliveryKey)) {
        self.under_way.remove(&one);
        if let Some(hold) = self.hold.as_mut().filter(|hold| hold.probe == Some(one)) {
            hold.probe = None;
        }
        self.read.retain(|read| key(read) != one);
    }
}

fn key((workspace, delivery): &WorkspaceDelivery) -> (WorkspaceKey, DeliveryKey) {
    (*workspace, delivery.key)
}

#[cfg(test)]
#[path = "queue_test.rs"]
mod tests;

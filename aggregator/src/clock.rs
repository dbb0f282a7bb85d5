//! The aggregator's clock. It runs on the boot clock, which nobody can set, and follows the wall clock only if that is
//! credible. A step of the wall clock, ahead or back, is accepted when something else agrees (a time server that
//! synchronises this host, agents on other hosts), or when it has lasted long enough. Until then time continues
//! unchanged. [`Clock::now`] never goes back. If the clock is proved to be ahead by more than half speed can correct,
//! the writer sets it back and moves what is stored with it ([`Clock::back_by`]).

mod arrivals;
mod peers;
mod standing;
mod time_source;

pub use arrivals::Arrived;
pub use standing::Standing;
pub use time_source::{ManualClocks, TimeSource, wall};

use arrivals::{AWAY, Arrivals};
use peers::{EARLIEST, Peers, Votes};
use skerry_domain::clock::SavedClock;
use skerry_domain::state::WorkspaceAgent;
use skerry_domain::time::{DAY, HOUR, MINUTE, SECOND, Timestamp};
use time_source::{NS_PER_MS, Reading, kernel_agrees};

/// A greater difference between the clocks is not followed without confirmation, ms.
const STEP: i64 = 5 * SECOND;
/// If the clock is ahead by no more than this, it runs at half speed until the wall clock catches up, ms; otherwise it
/// is set back.
const SLEWED: i64 = 2 * MINUTE;
/// After this time a step ahead that nobody confirms or contradicts is followed, ns.
const LOOK_AHEAD: i64 = HOUR * NS_PER_MS;
/// The same for a step back if the clock was never confirmed, ns.
const LOOK_BACK: i64 = 2 * MINUTE * NS_PER_MS;
/// The same for a step back if the clock was confirmed, ns.
const LOOK_BACK_SURE: i64 = DAY * NS_PER_MS;
/// For this time after a start, no validity is printed based on an unconfirmed wall clock, ns.
const LOOK_AT_START: i64 = 3 * MINUTE * NS_PER_MS;
/// A wall clock that has agreed with the clock for this time is right, ms.
const SURE_AFTER: i64 = DAY;
/// The longest time that an aggregator may have been stopped; a wall clock further ahead is wrong, ms.
const LONGEST_OFF: i64 = 400 * DAY;

/// A step of the wall clock.
#[derive(Clone, Copy, Debug)]
struct Step {
    /// When it was noticed, ns of the boot clock.
    since: i64,
    /// The wall clock minus the clock, ms.
    off: i64,
    /// Whether it is accepted, so that the clock approaches it.
    followed: bool,
}

/// The aggregator's clock.
#[derive(Debug)]
pub struct Clock {
    time_source: TimeSource,
    boot_id: String,
    at: Timestamp,
    /// The boot clock at `at`, ns. Fractions of a millisecond are kept for the next reading.
    read: i64,
    /// Of a halved millisecond.
    half: i64,
    step: Option<Step>,
    sure: bool,
    agreed: i64,
    proved: Timestamp,
    /// After a start: how far it is ahead of the last known time, ms, and until when that matters, ns of the boot
    /// clock.
    unproved: Option<(i64, i64)>,
    peers: Peers,
    /// When the clock was last read, ns of the boot clock.
    asked: i64,
    /// When the clock was first read after the process was away, ns of the boot clock.
    back: Option<i64>,
    arrivals: Arrivals,
}

impl Clock {
    /// Continues from the stored clock `kept` by the boot clock, or after a reboot from the wall clock. `floor`: the
    /// newest stored instant, before which time cannot be.
    #[must_use]
    pub fn start(time_source: TimeSource, kept: Option<&SavedClock>, floor: Timestamp) -> Self {
        let (reading, boot_id) = (time_source.read(), time_source.boot_id());
        let simulated = matches!(time_source, TimeSource::Simulated(_));
        let mut clock = Self {
            time_source,
            boot_id,
            at: reading.wall.max(floor),
            read: reading.boot,
            half: 0,
            step: None,
            sure: simulated,
            agreed: 0,
            proved: floor,
            unproved: None,
            peers: Peers::default(),
            asked: reading.boot,
            back: None,
            arrivals: Arrivals::default(),
        };
        if simulated {
            return clock;
        }
        let goes_on = kept.and_then(|kept| kept.at_boot(&clock.boot_id, reading.boot / NS_PER_MS));
        match (kept, goes_on) {
            (Some(kept), Some(at)) => {
                clock.at = at.max(floor);
                (clock.sure, clock.agreed, clock.proved) = (kept.sure, kept.agreed_ms, kept.proved);
            }
            _ => clock.begin(kept, floor, reading),
        }
        clock.now();
        clock
    }

    /// The length of the downtime is unknown.
    fn begin(&mut self, kept: Option<&SavedClock>, floor: Timestamp, reading: Reading) {
        let newest = kept.map_or(floor, |kept| kept.at.max(floor));
        let off = reading.wall - newest;
        // A clock stored by an earlier version counts as right, unless another source contradicts it.
        let right = kept.is_none_or(|kept| kept.sure);
        self.proved = kept.filter(|kept| !kept.sure).map_or(newest, |kept| kept.proved);
        if newest == Timestamp(0) {
            self.at = reading.wall;
        } else if off > LONGEST_OFF {
            (self.at, self.sure) = (newest, right);
        } else if off >= -STEP {
            self.at = reading.wall.max(newest);
            self.unproved = (off > 0).then_some((off, reading.boot + LOOK_AT_START));
        } else {
            (self.at, self.sure) = (newest, right);
        }
    }

    /// The current time. Never earlier than the last answer, unless the clock was set back in between.
    pub fn now(&mut self) -> Timestamp {
        let reading = self.time_source.read();
        if reading.boot - self.asked > AWAY {
            self.back = Some(reading.boot);
        }
        self.asked = reading.boot;
        match self.time_source {
            TimeSource::Simulated(_) => self.at = self.at.max(reading.wall),
            TimeSource::Host | TimeSource::Manual(_) => self.advance(reading),
        }
        self.at
    }

    /// The time when the boot clock showed `boot`, by present knowledge.
    pub fn at_moment(&mut self, moment: Moment) -> Timestamp {
        let now = self.now();
        now - ((self.read - moment.0) / NS_PER_MS).max(0)
    }

    /// The current moment, independent of the time of day.
    #[must_use]
    pub fn moment(&self) -> Moment {
        Moment(self.time_source.read().boot)
    }

    fn advance(&mut self, Reading { wall, boot }: Reading) {
        let elapsed = (boot - self.read) / NS_PER_MS;
        if elapsed <= 0 {
            return;
        }
        self.read += elapsed * NS_PER_MS;
        let expected = self.at + elapsed;
        let off = wall - expected;
        if off.abs() <= STEP {
            self.agree(elapsed);
            self.at = if off >= 0 { wall } else { self.slewed(elapsed, wall) };
            return;
        }
        let step = self.note_step(off, boot);
        if !step.followed && !self.believes(&step, wall, expected) {
            self.at = expected;
            return;
        }
        self.at = match off {
            _ if off > 0 => self.follow_ahead(wall, expected),
            _ if off >= -SLEWED => self.slewed(elapsed, wall),
            _ => expected,
        };
    }

    fn agree(&mut self, elapsed: i64) {
        self.step = None;
        self.agreed = self.agreed.saturating_add(elapsed);
        self.sure |= self.agreed >= SURE_AFTER;
    }

    /// Half speed, so that the wall clock overtakes.
    fn slewed(&mut self, elapsed: i64, wall: Timestamp) -> Timestamp {
        let halves = elapsed + self.half;
        self.half = halves % 2;
        (self.at + halves / 2).max(wall)
    }

    /// The current step; a new one begins if the wall clock has moved again.
    fn note_step(&mut self, off: i64, boot: i64) -> Step {
        let moved = |step: &Step| match step.followed {
            // Running at half speed reduces the difference.
            true => off > STEP || off < step.off - STEP,
            false => (off - step.off).abs() > STEP,
        };
        if let Some(step) = self.step.filter(|step| !moved(step)) {
            return step;
        }
        tracing::warn!(
            difference_ms = off,
            "this host's clock jumped: check it. The aggregator follows it once something else confirms the time"
        );
        let step = Step { since: boot, off, followed: false };
        self.step = Some(step);
        step
    }

    /// Whether the wall clock is right.
    fn believes(&mut self, step: &Step, wall: Timestamp, expected: Timestamp) -> bool {
        if wall < EARLIEST {
            return false;
        }
        let Votes { for_wall, for_ours } = self.peers.votes(self.read, wall, expected);
        let stood = self.read - step.since;
        let confirmed = self.peers.kept_since(step.since) || for_wall > for_ours;
        let looked = match step.off {
            _ if for_ours > 0 => false,
            off if off > 0 => stood >= LOOK_AHEAD || expected < EARLIEST,
            _ if self.sure || wall < self.proved => stood >= LOOK_BACK_SURE,
            _ => stood >= LOOK_BACK,
        };
        if !confirmed && !looked {
            return false;
        }
        tracing::warn!(difference_ms = step.off, confirmed, "the aggregator follows this host's clock again");
        if self.sure && !confirmed {
            self.proved = expected;
        }
        (self.sure, self.agreed) = (confirmed, 0);
        self.step = Some(Step { followed: true, ..*step });
        true
    }

    fn follow_ahead(&mut self, wall: Timestamp, expected: Timestamp) -> Timestamp {
        self.step = None;
        self.proved = self.proved.min(expected);
        wall
    }

    /// Records an agent's wall clock at the time it sent a batch. Agents in the same boot share this host's clock and
    /// are ignored.
    pub fn note_time(&mut self, agent: WorkspaceAgent, said: Timestamp, boot_id: &str) {
        if boot_id.is_empty() || boot_id == self.boot_id {
            return;
        }
        self.now();
        self.peers.note_time(agent, said, self.read);
        if self.step.is_none() && self.peers.agree(self.read, self.at) == Some(true) {
            self.confirm();
        }
        self.now();
    }

    /// How a batch arrived that was received at that moment and made when the boot clock of its host showed `made` ms.
    pub fn arrived(&mut self, agent: WorkspaceAgent, boot_id: &str, made: i64, arrived: Moment) -> Arrived {
        self.arrivals.note(agent, boot_id, made, arrived.0, self.back)
    }

    /// Records whether a time server synchronises this host's clock, according to the kernel.
    pub fn note_kernel_sync(&mut self, kept: bool) {
        self.now();
        let kept = kept && (!matches!(self.time_source, TimeSource::Host) || kernel_agrees());
        self.peers.note_kernel_sync(kept, self.read);
        if self.step.is_none() && kept {
            self.confirm();
        }
    }

    fn confirm(&mut self) {
        (self.sure, self.unproved) = (true, None);
    }

    /// Whether the clock is unconfirmed, so that others should be asked.
    #[must_use]
    pub fn asks(&self) -> bool {
        !self.sure || self.step.is_some_and(|step| !step.followed)
    }

    /// How far the clock is ahead of an accepted wall clock, ms, if it is far enough to be set back.
    #[must_use]
    pub fn back_by(&self) -> Option<i64> {
        let back = self.step.filter(|step| step.followed && step.off < -SLEWED)?;
        Some(-back.off)
    }

    /// Sets the clock to the wall clock, after stored instants were moved back.
    pub fn set_back(&mut self, by: i64) {
        tracing::warn!(
            by_ms = by,
            "our clock was ahead: it is set back, and so are the times stored meanwhile"
        );
        self.at = self.at - by;
        self.proved = self.proved.min(self.at);
        (self.step, self.unproved) = (None, None);
    }

    /// How reliable the clock is.
    #[must_use]
    pub fn standing(&self) -> Standing {
        let apart = self.step.filter(|step| !step.followed).map(|step| step.off);
        let behind = apart.filter(|off| *off < 0).map_or(0, i64::saturating_neg);
        let unproved = self.unproved.filter(|(_, until)| self.read < *until).map_or(0, |(by, _)| by);
        let denied = self.peers.agree(self.read, self.at) == Some(false);
        let earliest = self.peers.earliest(self.read).filter(|_| denied);
        let denied = earliest.map_or(0, |earliest| (self.at - earliest).max(0));
        let unsure_ms = if self.sure { 0 } else { behind.max(unproved).max(denied) };
        Standing { sure: self.sure && apart.is_none(), unsure_ms, apart }
    }

    /// The clock to store for the next start.
    #[must_use]
    pub fn kept(&self) -> SavedClock {
        SavedClock {
            boot_id: self.boot_id.clone(),
            boot_ms: self.read / NS_PER_MS,
            at: self.at,
            sure: self.sure,
            agreed_ms: self.agreed,
            proved: self.proved,
        }
    }
}

/// A moment on the boot clock, independent of the wall clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(i64);

#[cfg(test)]
#[path = "clock/tests.rs"]
mod tests;

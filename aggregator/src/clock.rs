//! Our own clock. It runs on the clock of the boot, which nobody can set, and follows the wall clock only where that
//! is credible: a step of the wall clock, ahead or back, is believed when something else agrees (a time server that
//! keeps this host's clock, agents on other hosts), or when it has stood long enough. Until then time goes on as it
//! did. [`Clock::now`] never goes back; what is proved to be ahead by more than half speed mends is set back by the
//! writer, which moves what is stored with it ([`Clock::back_by`]).

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
use skerry_domain::state::AgentKey;
use skerry_domain::time::{DAY, HOUR, MINUTE, SECOND, Timestamp};
use time_source::{NS_PER_MS, Reading, kernel_agrees};

/// A difference between the clocks that is not followed unasked, ms.
const STEP: i64 = 5 * SECOND;
/// Ahead by no more than this, we run at half speed until we meet the wall clock, ms; by more we are set back.
const SLEWED: i64 = 2 * MINUTE;
/// After this time a step ahead is followed that nobody confirms or contradicts, ns.
const LOOK_AHEAD: i64 = HOUR * NS_PER_MS;
/// The same for a step back where our own time was never confirmed, ns.
const LOOK_BACK: i64 = 2 * MINUTE * NS_PER_MS;
/// The same for a step back where our own time was confirmed, ns.
const LOOK_BACK_SURE: i64 = DAY * NS_PER_MS;
/// For this time after a start, no validity is printed by a wall clock that nothing confirms, ns.
const LOOK_AT_START: i64 = 3 * MINUTE * NS_PER_MS;
/// A wall clock that agreed with ours for this time is right, ms.
const SURE_AFTER: i64 = DAY;
/// The longest time that an aggregator may have been off; a wall clock further ahead is wrong, ms.
const LONGEST_OFF: i64 = 400 * DAY;

/// The wall clock is not where it was.
#[derive(Clone, Copy, Debug)]
struct Step {
    /// Since then, ns of the boot clock.
    since: i64,
    /// The wall clock less ours, ms.
    off: i64,
    /// It is believed, and we are on our way to it.
    followed: bool,
}

/// Our clock.
#[derive(Debug)]
pub struct Clock {
    time_source: TimeSource,
    boot_id: String,
    at: Timestamp,
    /// The boot clock at `at`, ns. What is less than a millisecond is kept for the next reading.
    read: i64,
    /// Of a halved millisecond.
    half: i64,
    step: Option<Step>,
    sure: bool,
    agreed: i64,
    proved: Timestamp,
    /// After a start: ahead of what was last known by so much, ms; until then, ns of the boot clock.
    unproved: Option<(i64, i64)>,
    peers: Peers,
    /// When the time was last asked for, ns of the boot clock.
    asked: i64,
    /// The same, of the first time after the process was away.
    back: Option<i64>,
    arrivals: Arrivals,
}

impl Clock {
    /// Goes on where it was `kept`, by the clock of the boot; after a reboot, from the wall clock. `floor`: nothing
    /// that is stored was in the future.
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

    /// Nobody knows for how long we were off.
    fn begin(&mut self, kept: Option<&SavedClock>, floor: Timestamp, reading: Reading) {
        let newest = kept.map_or(floor, |kept| kept.at.max(floor));
        let off = reading.wall - newest;
        // What an earlier version stored counts as right, unless somebody says otherwise.
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

    /// The time now. Never earlier than the last answer, unless it was set back between.
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

    /// The time at the moment when the boot clock showed `boot`, as it is seen now.
    pub fn at_moment(&mut self, moment: Moment) -> Timestamp {
        let now = self.now();
        now - ((self.read - moment.0) / NS_PER_MS).max(0)
    }

    /// This moment, whatever time it is.
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

    /// The step as it stands; another one begins where the wall clock has moved again.
    fn note_step(&mut self, off: i64, boot: i64) -> Step {
        let moved = |step: &Step| match step.followed {
            // Half speed brings us nearer.
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

    /// Is it the wall clock that is right?
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

    /// An agent's wall clock, when it sent its batch. Those in our own boot have our clock and say nothing new.
    pub fn hear(&mut self, agent: AgentKey, said: Timestamp, boot_id: &str) {
        if boot_id.is_empty() || boot_id == self.boot_id {
            return;
        }
        self.now();
        self.peers.hear(agent, said, self.read);
        if self.step.is_none() && self.peers.agree(self.read, self.at) == Some(true) {
            self.confirm();
        }
        self.now();
    }

    /// How a batch arrived that came at that moment and was made when the boot clock of its host showed `made` ms.
    pub fn arrived(&mut self, agent: AgentKey, boot_id: &str, made: i64, arrived: Moment) -> Arrived {
        self.arrivals.note(agent, boot_id, made, arrived.0, self.back)
    }

    /// Whether a time server keeps this host's clock, as the kernel says.
    pub fn hear_kernel(&mut self, kept: bool) {
        self.now();
        let kept = kept && (!matches!(self.time_source, TimeSource::Host) || kernel_agrees());
        self.peers.hear_kernel(kept, self.read);
        if self.step.is_none() && kept {
            self.confirm();
        }
    }

    fn confirm(&mut self) {
        (self.sure, self.unproved) = (true, None);
    }

    /// Is it unknown whether it is right, so that somebody should be asked?
    #[must_use]
    pub fn asks(&self) -> bool {
        !self.sure || self.step.is_some_and(|step| !step.followed)
    }

    /// How far our time is ahead of a wall clock that is followed, where that is so far that it is set back, ms.
    #[must_use]
    pub fn back_by(&self) -> Option<i64> {
        let back = self.step.filter(|step| step.followed && step.off < -SLEWED)?;
        Some(-back.off)
    }

    /// Is the wall clock's time from now on; what was stored meanwhile was moved back.
    pub fn set_back(&mut self, by: i64) {
        tracing::warn!(
            by_ms = by,
            "our clock was ahead: it is set back, and so are the times stored meanwhile"
        );
        self.at = self.at - by;
        self.proved = self.proved.min(self.at);
        (self.step, self.unproved) = (None, None);
    }

    /// How far it can be relied on.
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

    /// To be kept for the next start.
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

/// A moment on the boot clock, which stands whatever the wall clock does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(i64);

#[cfg(test)]
#[path = "clock/tests.rs"]
mod tests;

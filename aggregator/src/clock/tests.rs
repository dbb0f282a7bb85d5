//! A wall clock that jumps, and what is made of it, with and without somebody who knows better.

use super::*;
use skerry_domain::state::{AgentKey, WorkspaceKey};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// 1 December 2026.
const TRUE: i64 = 20_788 * DAY;
/// An agent of the first workspace.
fn agent(key: i64) -> WorkspaceAgent {
    (WorkspaceKey(1), AgentKey(key))
}

/// Of an agent on another host.
const ELSEWHERE: &str = "another boot";

struct Host {
    apart: Arc<ManualClocks>,
    clock: Clock,
    /// The true time.
    now: i64,
    kept: Option<SavedClock>,
}

impl Host {
    /// One whose wall clock is off by `off`, and that has stored nothing.
    fn new(off: i64) -> Self {
        let apart = Arc::new(ManualClocks::default());
        let clock = Clock::start(TimeSource::Simulated(Arc::default()), None, Timestamp(0));
        let mut host = Self { apart, clock, now: TRUE, kept: None };
        host.reboot(off);
        host
    }

    /// A confirmed clock that was right for a while.
    fn sure() -> Self {
        let mut host = Self::new(0);
        host.clock.note_kernel_sync(true);
        host.clock.note_kernel_sync(false);
        host.pass(MINUTE);
        host
    }

    fn reboot(&mut self, off: i64) {
        let boot_id = format!("boot at {}", self.now);
        self.apart = Arc::new(ManualClocks { boot_id, ..ManualClocks::default() });
        self.apart.boot.store(7, Ordering::Relaxed);
        self.set(off);
        self.restart();
    }

    fn restart(&mut self) {
        let floor = self.kept.as_ref().map_or(Timestamp(0), |kept| kept.at);
        self.clock = Clock::start(TimeSource::Manual(Arc::clone(&self.apart)), self.kept.as_ref(), floor);
    }

    /// From now on the wall clock is off by this.
    fn set(&self, off: i64) {
        self.apart.wall.store(self.now + off, Ordering::Relaxed);
    }

    /// Time passes, a reading a second and at its end; a clock that is to be set back is.
    fn pass(&mut self, mut ms: i64) {
        while ms > 0 {
            let one = ms.min(SECOND);
            self.apart.pass(one);
            (self.now, ms) = (self.now + one, ms - one);
            let (before, now) = (self.clock.at, self.clock.now());
            assert!(now >= before, "it went back");
            if let Some(by) = self.clock.back_by() {
                self.clock.set_back(by);
            }
        }
        self.kept = Some(self.clock.kept());
    }

    fn agent(&mut self, key: i64, off: i64) {
        self.clock.note_time(agent(key), Timestamp(self.now + off), ELSEWHERE);
    }

    /// Ours less the true time.
    fn off(&mut self) -> i64 {
        self.clock.now().0 - self.now
    }
}

#[test]
fn it_follows_the_wall_clock() {
    let mut host = Host::sure();
    for off in [0, 900, 1_800, -700, 4_000] {
        host.set(off);
        host.pass(20_000);
        assert_eq!(host.off(), off);
    }
}

/// Whole milliseconds are halved, and sub-milliseconds dropped, only once.
#[test]
fn read_in_quick_succession_it_moves_all_the_same() {
    for (every_us, off, expected) in [(1_000, -4_000, 1_000), (300, -4_000, 1_000), (1_900, HOUR, 2_000)] {
        let mut host = Host::sure();
        let (start, boot) = (host.clock.now(), host.clock.read);
        let mut us = 0;
        while us < 2_000_000 {
            us += every_us;
            let wall = Timestamp(host.now + off + us / 1_000);
            host.clock.advance(Reading { wall, boot: boot + us * 1_000 });
        }
        let moved = host.clock.at - start;
        assert!((moved - expected).abs() <= 2, "every {every_us} µs, {off}: {moved}");
    }
}

/// Ten readings within milliseconds, once the wall clock stands so far back.
#[test]
fn after_a_step_back_fast_readings_move_at_the_promised_speed() {
    // Not believed, or so far that we are set back: at our own pace; believed and near: at half of it.
    for (off, confirmed, halves) in
        [(-HOUR, false, 2), (-HOUR, true, 2), (-MINUTE, false, 2), (-MINUTE, true, 1)]
    {
        for every_us in [1_000, 1_900, 300] {
            let mut host = Host::sure();
            host.set(off);
            host.pass(SECOND);
            if confirmed {
                host.clock.note_kernel_sync(true);
            }
            let (start, boot) = (host.clock.now(), host.clock.read);
            for n in 1..=10 {
                let wall = Timestamp(host.now + off + n * every_us / 1_000);
                host.clock.advance(Reading { wall, boot: boot + n * every_us * 1_000 });
            }
            let (moved, expected) = (host.clock.at - start, 10 * every_us * halves / 2_000);
            assert!(
                (moved - expected).abs() <= 1,
                "{off} {confirmed}, every {every_us} µs: {moved}, not {expected}"
            );
            let back = confirmed && off == -HOUR;
            assert_eq!(host.clock.back_by().is_some(), back, "{off} {confirmed}: it is set back");
        }
    }
}

#[test]
fn a_step_that_nobody_confirms_moves_nothing() {
    for off in [HOUR, DAY, 30 * DAY, 74 * 365 * DAY, 11 * 366 * DAY, -HOUR, -DAY, -30 * DAY, -TRUE] {
        let mut host = Host::sure();
        host.set(off);
        host.pass(59 * MINUTE);
        assert_eq!((host.off(), host.clock.standing().unsure_ms), (0, 0), "{off}");
        assert!(!host.clock.standing().sure, "nothing may be deleted: {off}");
        assert!(host.clock.standing().words().is_some() && host.clock.asks(), "{off}");
        // Also over a restart, which knows how long it took by the boot clock.
        host.restart();
        host.pass(MINUTE);
        assert_eq!((host.off(), host.clock.standing().unsure_ms), (0, 0), "restarted, {off}");
        host.set(0);
        host.pass(SECOND);
        assert_eq!(host.clock.standing(), Standing { sure: true, unsure_ms: 0, apart: None }, "{off}");
    }
}

#[test]
fn one_that_a_time_server_or_another_host_confirms_is_followed_at_once() {
    for off in [HOUR, DAY, -HOUR, -DAY, -MINUTE] {
        for by_kernel in [true, false] {
            // The wall clock was wrong, and is set right.
            let mut host = Host::new(-off);
            host.pass(3 * DAY);
            assert_eq!(host.off(), -off);
            host.set(0);
            host.pass(SECOND);
            if by_kernel {
                host.clock.note_kernel_sync(true);
            } else {
                host.agent(1, 300);
            }
            host.pass(2 * SECOND);
            let near = if off == -MINUTE { MINUTE } else { SECOND };
            assert!(host.off().abs() <= near, "{off}: {}", host.off());
            host.pass(3 * MINUTE);
            assert_eq!((host.off(), host.clock.standing().sure), (0, true), "{off}");
        }
    }
}

#[test]
fn what_others_say_against_it_keeps_a_step_from_being_believed() {
    let mut host = Host::sure();
    host.set(30 * DAY);
    for _ in 0..180 {
        host.agent(1, 0);
        host.agent(2, 500);
        // One that lies as the wall clock does is alone.
        host.agent(3, 30 * DAY);
        host.pass(MINUTE);
    }
    assert_eq!(host.off(), 0);
    // With nobody left to ask it is believed at a later look, and not trusted with what is old.
    host.pass(3 * HOUR);
    assert_eq!((host.off(), host.clock.standing().sure), (30 * DAY, false));
    // It was wrong: a look of minutes is enough.
    host.set(0);
    host.pass(3 * MINUTE);
    assert_eq!(host.off(), 0);
}

#[test]
fn agents_alone_move_nothing() {
    let mut host = Host::sure();
    for off in [DAY, -DAY] {
        for key in 0..50 {
            host.agent(key, off);
        }
        host.pass(HOUR);
        assert_eq!((host.off(), host.clock.standing().unsure_ms), (0, 0));
    }
    // Those of our own boot have our clock.
    let mut host = Host::new(30 * DAY);
    let own = host.apart.boot_id.clone();
    host.clock.note_time(agent(1), Timestamp(host.now + 30 * DAY), &own);
    assert!(!host.clock.standing().sure);
}

#[test]
fn a_first_start_in_2100_returns_in_minutes_once_the_clock_is_right() {
    let off = 73 * 365 * DAY;
    let mut host = Host::new(off);
    host.pass(HOUR);
    assert_eq!((host.off(), host.clock.standing().sure), (off, false));
    host.set(0);
    host.restart();
    host.pass(SECOND);
    let wrong = host.clock.standing().unsure_ms;
    assert!((wrong - off).abs() <= SECOND, "no validity is printed on its word: {wrong}");
    host.pass(3 * MINUTE);
    assert_eq!(host.off(), 0);
    // With a restart or without, and after a reboot.
    let mut host = Host::new(off);
    host.pass(HOUR);
    host.reboot(0);
    host.pass(3 * MINUTE);
    assert_eq!(host.off(), 0);
}

#[test]
fn a_first_start_is_not_valid_on_its_own_word_where_agents_deny_it() {
    let mut host = Host::new(30 * DAY);
    assert_eq!(host.clock.standing().unsure_ms, 0, "nobody knows better");
    host.agent(1, 0);
    assert_eq!(host.clock.standing().unsure_ms, 30 * DAY);
    assert!(host.clock.standing().words().is_some());
    // One in 1970 is nobody's witness.
    let mut host = Host::new(0);
    host.agent(1, -TRUE);
    assert_eq!(host.clock.standing().unsure_ms, 0);
}

#[test]
fn after_a_reboot_the_wall_clock_has_to_be_credible() {
    let mut host = Host::sure();
    host.now += 3 * DAY;
    host.reboot(0);
    assert_eq!((host.off(), host.clock.standing().sure), (0, false), "off over the weekend");
    assert!(host.clock.standing().unsure_ms >= 3 * DAY, "nor is its validity known yet");
    host.pass(3 * MINUTE);
    assert_eq!(host.clock.standing().unsure_ms, 0);
    // 2100 is not.
    let mut host = Host::sure();
    host.reboot(73 * 366 * DAY);
    host.pass(10 * MINUTE);
    assert_eq!(host.off(), 0);
    // Nor is a time before what is stored: at most the time that it was off is missing.
    for off in [-HOUR, -DAY, -30 * DAY, -TRUE] {
        let mut host = Host::sure();
        host.now += MINUTE;
        host.reboot(off);
        host.pass(HOUR);
        assert!((-2 * MINUTE..=0).contains(&host.off()), "{off}: {}", host.off());
    }
}

#[test]
fn one_that_started_in_1970_is_right_as_soon_as_the_wall_clock_is() {
    let mut host = Host::new(-TRUE);
    host.pass(MINUTE);
    host.set(0);
    host.pass(SECOND);
    assert_eq!(host.off(), 0);
}

#[test]
fn a_host_that_slept_did_not_step() {
    let mut host = Host::sure();
    host.apart.pass(8 * HOUR);
    host.now += 8 * HOUR;
    assert_eq!((host.off(), host.clock.standing().apart), (0, None));
}

#[test]
fn a_day_of_agreement_is_a_confirmation() {
    let mut host = Host::new(0);
    host.pass(DAY / 2);
    assert!(!host.clock.standing().sure);
    host.restart();
    host.pass(DAY / 2 + MINUTE);
    assert!(host.clock.standing().sure);
}

//! Reproducible randomness: every failure prints its seed.

use std::time::Duration;

/// Prints a line to the real stderr: the runner captures printed output, and seeds and measurements must be
/// visible whatever happens to the test.
macro_rules! say {
    ($($words:tt)*) => {{
        use std::io::Write;
        // A reader that is gone is no fault of the test.
        let _ = writeln!(std::io::stderr(), $($words)*);
    }};
}

/// SplitMix64.
#[derive(Clone, Debug)]
pub(crate) struct Rng(u64);

impl Rng {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A random number below `limit`.
    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    pub(crate) fn percent(&mut self, chance: u64) -> bool {
        self.below(100) < chance
    }

    pub(crate) fn between(&mut self, least_ms: u64, most_ms: u64) -> Duration {
        Duration::from_millis(least_ms + self.below(most_ms - least_ms + 1))
    }

    /// An independent generator.
    pub(crate) fn fork(&mut self) -> Self {
        Self(self.next())
    }
}

/// `SKERRY_SEED`, or a seed from the present time. Prints how to reproduce the run.
#[expect(clippy::disallowed_methods, reason = "a test reads its own environment")]
pub(crate) fn seed(test: &str) -> u64 {
    let given = std::env::var("SKERRY_SEED").ok().and_then(|text| text.parse().ok());
    let seed = given.unwrap_or_else(|| {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        since.expect("after 1970").as_micros() as u64
    });
    let (binary, name) = test.split_once("::").expect("binary::test");
    say!("seed {seed}; again: SKERRY_SEED={seed} cargo test -p skerry-tests --test {binary} -- {name}");
    seed
}

/// `SKERRY_ROUNDS`, or `usual`.
#[expect(clippy::disallowed_methods, reason = "a test reads its own environment")]
pub(crate) fn rounds(usual: usize) -> usize {
    std::env::var("SKERRY_ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

/// Lets time pass before a fault at a random moment. Never use it to wait for a condition.
pub(crate) fn elapse(time: Duration) {
    let end = std::time::Instant::now() + time;
    while let Some(left) =
        end.checked_duration_since(std::time::Instant::now()).filter(|left| !left.is_zero())
    {
        std::thread::park_timeout(left);
    }
}

/// Waits until `condition` holds, at most `bound`.
pub(crate) fn until(what: &str, bound: Duration, mut condition: impl FnMut() -> bool) -> Duration {
    let begun = std::time::Instant::now();
    while !condition() {
        assert!(begun.elapsed() < bound, "waited {bound:?} in vain: {what}");
        elapse(Duration::from_millis(20));
    }
    begun.elapsed()
}

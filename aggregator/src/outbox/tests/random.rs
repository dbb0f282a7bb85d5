//! Reproducible randomness.

/// SplitMix64.
#[derive(Clone, Debug)]
pub(super) struct Random(pub(super) u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0, below `limit`.
    pub(super) fn below(&mut self, limit: i64) -> i64 {
        (self.next() % u64::try_from(limit.max(1)).expect("positive")) as i64
    }

    /// A number from `least` to below `most`.
    pub(super) fn between(&mut self, least: i64, most: i64) -> i64 {
        least + self.below(most - least)
    }

    pub(super) fn percent(&mut self, chance: i64) -> bool {
        self.below(100) < chance
    }

    pub(super) fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        from[self.below(from.len() as i64) as usize].clone()
    }
}

/// `SKERRY_SEED`, or a seed from the present time. Prints how to reproduce the run.
#[expect(clippy::disallowed_methods, reason = "a test reads its own environment")]
pub(super) fn seed(test: &str) -> u64 {
    let given = std::env::var("SKERRY_SEED").ok().and_then(|text| text.parse().ok());
    let seed = given.unwrap_or_else(|| crate::clock::wall().0.unsigned_abs());
    println!("seed {seed}; again: SKERRY_SEED={seed} cargo test --workspace --lib -- outbox::tests::{test}");
    seed
}

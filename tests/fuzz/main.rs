//! Replays the corpus and seeded mutations of it through every reader of untrusted bytes.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

mod readers;

use readers::{READERS, read};

/// Mutations per corpus file.
const MUTATIONS: u64 = 300;
/// Maximum input length, bytes.
const LONGEST: usize = 64 << 10;

#[test]
fn no_reader_panics_on_foreign_bytes() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
    for (name, _) in READERS {
        let mut seeds: Vec<_> = fs::read_dir(corpus.join(name))
            .unwrap_or_else(|error| panic!("{name} has no corpus: {error}"))
            .map(|entry| entry.expect("an entry").path())
            .collect();
        seeds.sort();
        assert!(!seeds.is_empty(), "the corpus of {name} is empty");
        for seed in seeds {
            let bytes = fs::read(&seed).expect("a readable seed");
            try_one(name, &bytes, &seed.display().to_string());
            for number in 0..MUTATIONS {
                let mutant = mutate(&bytes, number);
                try_one(name, &mutant, &format!("{} by mutation {number}", seed.display()));
            }
        }
    }
}

fn try_one(name: &str, bytes: &[u8], what: &str) {
    let fell = catch_unwind(AssertUnwindSafe(|| read(name, bytes))).is_err();
    assert!(!fell, "{name} fell over {what}: {:?}", String::from_utf8_lossy(&bytes[..bytes.len().min(400)]));
}

/// Applies a few changes to `bytes` that `number` determines.
fn mutate(bytes: &[u8], number: u64) -> Vec<u8> {
    let mut rng = Rng(number.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let mut mutant = bytes.to_vec();
    for _ in 0..=rng.below(4) {
        let at = rng.below(mutant.len() + 1);
        match rng.below(6) {
            0 if at < mutant.len() => mutant[at] ^= 1 << rng.below(8),
            1 if at < mutant.len() => mutant[at] = [0, 0x7f, 0x80, 0xff][rng.below(4)],
            2 => mutant.truncate(at),
            3 => mutant.insert(at, rng.below(256) as u8),
            4 => {
                let from = rng.below(at + 1);
                let piece = mutant[from..at].repeat(1 + rng.below(8));
                mutant.splice(at..at, piece);
            }
            _ => drop(mutant.drain(at..(at + rng.below(16)).min(bytes.len()).max(at).min(mutant.len()))),
        }
        mutant.truncate(LONGEST);
    }
    mutant
}

/// xorshift64*: the same numbers on every machine.
struct Rng(u64);

impl Rng {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % limit.max(1)
    }
}

//! The inputs of a step besides its command: the time and the source of new ids.

use crate::time::Timestamp;
use blake3::Hasher;

/// The time of a command and its source of ids. Both are arguments, so that a step is deterministic.
#[derive(Clone, Copy, Debug)]
pub struct Context {
    /// The time on the aggregator's clock.
    pub now: Timestamp,
    /// The source of new ids.
    pub ids: Ids,
}

/// A source of ids that are random to everyone who does not know its seed. The same seed, kind and row key give the
/// same id; a row key is assigned once, so ids are unique.
#[derive(Clone, Copy)]
pub struct Ids {
    seed: [u8; 32],
}

impl std::fmt::Debug for Ids {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Ids")
    }
}

impl Ids {
    /// From 256 random bits.
    #[must_use]
    pub fn from_seed(seed: [u8; 32]) -> Self {
        Self { seed }
    }

    /// The id of a new row: 12 lower-case alphanumerics, like Statuspage's ids. `kind` names its table.
    #[must_use]
    pub fn id(&self, kind: &str, row: i64) -> String {
        const ALPHABET: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";
        let mut hasher = Hasher::new_keyed(&self.seed);
        hasher.update(&row.to_le_bytes()).update(kind.as_bytes());
        let mut random = hasher.finalize_xof();
        let mut id = String::with_capacity(12);
        while id.len() < 12 {
            let mut bytes = [0; 32];
            random.fill(&mut bytes);
            // 252 is the largest multiple of 36 below 256: above it the choice would be uneven.
            let fair = bytes.iter().filter(|byte| **byte < 252);
            id.extend(fair.take(12 - id.len()).map(|byte| char::from(ALPHABET[usize::from(byte % 36)])));
        }
        id
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn ids_depend_on_seed_kind_and_row() {
        let ids = [Ids::from_seed([1; 32]), Ids::from_seed([2; 32])];
        let mut seen = BTreeSet::new();
        for ids in ids {
            for row in 0..1_000 {
                for kind in ["page", "group"] {
                    let id = ids.id(kind, row);
                    assert!(
                        id.len() == 12
                            && id.bytes().all(|one| one.is_ascii_lowercase() || one.is_ascii_digit())
                    );
                    assert_eq!(id, ids.id(kind, row));
                    assert!(seen.insert(id));
                }
            }
        }
    }
}

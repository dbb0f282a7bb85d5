//! The inputs of a step besides its command: the time and the source of new ids.

use crate::keys::WorkspaceKey;
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

/// A source of ids that are random to everyone who does not know its seed. The same seed, workspace, kind and row key
/// give the same id; a row key is assigned once, so ids are unique.
#[derive(Clone, Copy)]
pub struct Ids {
    seed: [u8; 32],
    workspace: i64,
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
        Self { seed, workspace: 0 }
    }

    /// The source for the rows of a workspace.
    #[must_use]
    pub(super) fn of(self, workspace: WorkspaceKey) -> Self {
        Self { workspace: workspace.0, ..self }
    }

    /// The id of a new row: 12 lower-case alphanumerics, like Statuspage's ids. `kind` names its table.
    #[must_use]
    pub fn id(&self, kind: &str, row: i64) -> String {
        const ALPHABET: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";
        let mut hasher = Hasher::new_keyed(&self.seed);
        hasher.update(&self.workspace.to_le_bytes()).update(&row.to_le_bytes()).update(kind.as_bytes());
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
    fn ids_depend_on_seed_workspace_kind_and_row() {
        let seeded = |seed: u8, workspace| Ids::from_seed([seed; 32]).of(WorkspaceKey(workspace));
        let ids = [seeded(1, 1), seeded(2, 1), seeded(1, 2)];
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

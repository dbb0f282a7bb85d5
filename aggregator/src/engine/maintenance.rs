//! Maintenance of the store that only the writer may do, between two groups of commands. It does not touch the state.

use super::{CommandError, Engine, Message};
use skerry_domain::time::Timestamp;
use skerry_store::{RollUp, Store, StoreError};

/// A task that is short enough for commands to wait for.
#[derive(Debug)]
pub enum Maintenance {
    /// Keeps the roll-up of an hour; see [`Store::store_roll_up`].
    KeepRollUp {
        /// The roll-up.
        rolled: RollUp,
        /// Raw observations are kept from here on.
        kept_from: Timestamp,
    },
    /// Deletes raw observations; see [`Store::prune_observations`].
    PruneObservations {
        /// Those before this instant.
        before: Timestamp,
        /// Approximately how many.
        limit: usize,
    },
    /// Deletes notes for operators; see [`Store::prune_notes`].
    PruneNotes {
        /// Those before this instant.
        before: Timestamp,
        /// Approximately how many of each kind.
        limit: usize,
    },
    /// Deletes deliveries that ended; see [`Store::prune_deliveries`].
    PruneDeliveries {
        /// Those before this instant.
        before: Timestamp,
        /// Approximately how many of each kind.
        limit: usize,
    },
    /// Empties the log if it may hold an address that was erased; see [`Store::erase_from_log`].
    EraseFromLog,
    /// Compacts hours into days for some slots; see [`Store::compact_hours`].
    CompactHours {
        /// Hours before this instant.
        before: Timestamp,
        /// Days before this instant are deleted.
        days_before: Timestamp,
        /// Slots after this one.
        after: usize,
        /// How many slots at most.
        limit: usize,
    },
    /// A disk that stalls until the other end is gone.
    #[cfg(test)]
    Stall {
        /// Hears when the stall begins.
        begun: crossbeam_channel::Sender<()>,
        /// Ends it.
        released: crossbeam_channel::Receiver<()>,
    },
}

impl Maintenance {
    /// Returns the number of rows that were deleted.
    pub(super) fn run(self, store: &mut Store) -> Result<usize, StoreError> {
        match self {
            Self::KeepRollUp { rolled, kept_from } => store.store_roll_up(rolled, kept_from).map(|()| 0),
            Self::PruneObservations { before, limit } => store.prune_observations(before, limit),
            Self::PruneNotes { before, limit } => store.prune_notes(before, limit),
            Self::PruneDeliveries { before, limit } => store.prune_deliveries(before, limit),
            Self::EraseFromLog => store.erase_from_log().map(|()| 0),
            Self::CompactHours { before, days_before, after, limit } => {
                store.compact_hours(before, days_before, after, limit)
            }
            #[cfg(test)]
            Self::Stall { begun, released } => {
                let _ = begun.send(());
                let _ = released.recv();
                Ok(0)
            }
        }
    }
}

impl Engine {
    /// Lets the writer do this task; returns the number of deleted rows. Blocks the calling thread, which must not be a
    /// runtime's.
    ///
    /// # Errors
    /// [`CommandError::Stopping`], or what the store says.
    pub fn maintain(&self, maintenance: Maintenance) -> Result<Result<usize, StoreError>, CommandError> {
        let (give, take) = crossbeam_channel::bounded(1);
        self.wait_for(Message::Maintenance(maintenance, give), &take)
    }

    /// Waits until the writer has gone through a turn, past its commit: for ever while it is stuck.
    ///
    /// # Errors
    /// [`CommandError::Stopping`].
    pub async fn turn(&self) -> Result<(), CommandError> {
        let engine = self.clone();
        let turned = tokio::task::spawn_blocking(move || {
            let (give, take) = crossbeam_channel::bounded(1);
            engine.wait_for(Message::Turn(give), &take)
        });
        turned.await.unwrap_or(Err(CommandError::Stopping))
    }
}

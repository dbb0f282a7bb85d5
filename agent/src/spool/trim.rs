//! Enforces the limits of the queue: equal neighbours are folded, then the oldest routine records are
//! dropped, and hard transitions last. Every drop leaves a loss in the same transaction.

use super::fault::{Fault, broken};
use super::row::{RecordRow, unframe};
use super::store::Store;
use super::{Limits, Lost, Stored};
use crate::clock::{BootId, Clock};
use prost::Message;
use std::path::Path;

impl Store {
    /// Enforces the limits of the queue; drops leave a loss in the same transaction.
    pub(super) fn trim(&mut self, limits: &Limits, clock: Clock) -> Result<(), Fault> {
        let too_old = self.oldest_ms(clock)? > limits.max_age.as_millis() as u64;
        let crowded = self.bytes > limits.max_bytes / 16 && disk_is_short(&self.path, limits);
        if !too_old && !crowded && self.bytes <= limits.max_bytes {
            return Ok(());
        }
        // A tenth below the limit, so that a full spool is not trimmed for every record.
        let goal = if crowded { self.bytes.min(limits.max_bytes) } else { limits.max_bytes } / 10 * 9;
        let now = clock.now();
        let mut lost = Lost::default();
        let why = if too_old {
            "older than the spool keeps"
        } else if crowded {
            "the host's disk is nearly full"
        } else {
            "the spool is full"
        };
        self.transaction(true, |store| {
            let oldest_first = ["hard = 0", "hard = 1"];
            if too_old {
                let horizon = |row: &Stored| row.age_ms(now) > limits.max_age.as_millis() as u64;
                store.drop_while("hard >= 0", &mut lost, |_, row| horizon(row))?;
            }
            store.fold(goal)?;
            for class in oldest_first {
                store.drop_while(class, &mut lost, |store, _| store.bytes > goal)?;
            }
            if lost.count > 0 {
                lost.why = why.to_owned();
                store.about.lost += lost.count;
                store.insert(&RecordRow::lost(lost.record()))?;
            }
            store.write_about()
        })?;
        if lost.count > 0 {
            tracing::warn!(lost = lost.count, "records are dropped: {why}");
        }
        Ok(())
    }

    /// Drops the oldest records of a class while `more` returns true.
    fn drop_while(
        &mut self,
        class: &str,
        lost: &mut Lost,
        more: impl Fn(&Self, &Stored) -> bool,
    ) -> Result<(), Fault> {
        let select = format!("SELECT sequence, body FROM queue WHERE {class} ORDER BY sequence LIMIT 256");
        loop {
            let rows: Vec<(i64, Vec<u8>)> = {
                let mut rows = self.connection.prepare_cached(&select)?;
                let read = rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
                read.collect::<Result<_, _>>()?
            };
            if rows.is_empty() {
                return Ok(());
            }
            for (sequence, body) in rows {
                let row = unframe(&body).and_then(|found| RecordRow::decode(found.payload).ok());
                let row = row.ok_or_else(|| broken("a record"))?;
                let stored = Stored {
                    sequence: sequence.cast_unsigned(),
                    boot: BootId::from_bytes(&row.boot),
                    check: String::new(),
                    kind: row.kind.clone(),
                };
                if !more(self, &stored) {
                    return Ok(());
                }
                lost.add(&row);
                self.remove("sequence = ?1", sequence)?;
            }
        }
    }
}

fn disk_is_short(path: &Path, limits: &Limits) -> bool {
    let Ok(disk) = rustix::fs::statvfs(path) else { return false };
    let free = disk.f_bavail.saturating_mul(disk.f_frsize);
    let whole = disk.f_blocks.saturating_mul(disk.f_frsize);
    free < limits.reserve_bytes.min(whole / 20)
}

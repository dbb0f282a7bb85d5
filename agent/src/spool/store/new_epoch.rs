//! Starts a new epoch for a spool that was restored from an old copy, because its sequences belong to other
//! records.

use super::super::fault::{Fault, broken};
use super::super::row::{RecordRow, RowKind, frame, unframe};
use super::Store;
use prost::Message;
use rusqlite::{OptionalExtension, params};
use skerry_protocol::wire;
use skerry_protocol::wire::record::Kind;

impl Store {
    /// Moves every waiting record into a new epoch, in order, followed by a record of `lost`. Atomic.
    pub(in crate::spool) fn start_new_epoch(&mut self, lost: &wire::Lost) -> Result<(), Fault> {
        let mut epoch = vec![0; 16];
        getrandom::fill(&mut epoch).map_err(|error| Fault::Refused(error.to_string()))?;
        let handed_out = self.handed_out;
        self.transaction(true, |store| {
            let states = store.states()?;
            store.about.former_epoch = std::mem::replace(&mut store.about.epoch, epoch.clone());
            store.about.acknowledged = 0;
            store.next = 1;
            store.renumber()?;
            store.insert(&RecordRow::lost(lost.clone()))?;
            for state in &states {
                store.keep_state(state)?;
            }
            store.handed_out = 0;
            store.write_about()
        })
        .inspect_err(|_| self.handed_out = handed_out)?;
        // The log may still contain rows of the former epoch; a salvage would take them for rows of the new
        // one.
        self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        Ok(())
    }

    /// Renumbers without collisions: the nth record is at sequence n or later.
    fn renumber(&mut self) -> Result<(), Fault> {
        let mut after = 0;
        while let Some((sequence, body)) = self.first_after(after)? {
            let key = sequence.cast_unsigned();
            let found = unframe(&body).filter(|found| found.kind == RowKind::Record && found.key == key);
            let found = found.ok_or_else(|| broken("a record"))?;
            let mut row =
                RecordRow::decode(found.payload).map_err(|error| Fault::Damaged(error.to_string()))?;
            if let Some(Kind::Folded(folded)) = &mut row.kind {
                folded.through = 0;
            }
            let body = frame(RowKind::Record, self.next, &row.encode_to_vec());
            self.connection
                .prepare_cached("UPDATE queue SET sequence = ?2, body = ?3 WHERE sequence = ?1")?
                .execute(params![sequence, self.next.cast_signed(), body])?;
            self.next += 1;
            after = sequence;
        }
        Ok(())
    }

    fn first_after(&self, after: i64) -> Result<Option<(i64, Vec<u8>)>, Fault> {
        let sql = "SELECT sequence, body FROM queue WHERE sequence > ?1 ORDER BY sequence LIMIT 1";
        let mut first = self.connection.prepare_cached(sql)?;
        Ok(first.query_row([after], |row| Ok((row.get(0)?, row.get(1)?))).optional()?)
    }
}

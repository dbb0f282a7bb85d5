//! A new epoch for a spool whose sequences are another's: it was put back from an old copy.

use super::super::fault::{Fault, broken};
use super::super::row::{RecordRow, RowKind, frame, unframe};
use super::Store;
use prost::Message;
use rusqlite::{OptionalExtension, params};
use skerry_protocol::wire;
use skerry_protocol::wire::record::Kind;

impl Store {
    /// Gives every record that waits a place in a new epoch, in their order, and tells of `lost` after them. All of it
    /// or nothing.
    pub(in crate::spool) fn begin_anew(&mut self, lost: &wire::Lost) -> Result<(), Fault> {
        let mut epoch = vec![0; 16];
        getrandom::fill(&mut epoch).map_err(|error| Fault::Refused(error.to_string()))?;
        let handed = self.handed;
        self.transaction(true, |store| {
            let states = store.states()?;
            store.about.former_epoch = std::mem::replace(&mut store.about.epoch, epoch.clone());
            store.about.acknowledged = 0;
            store.next = 1;
            store.renumber()?;
            store.insert(&RecordRow::lost(lost.clone()))?;
            for standing in &states {
                store.keep_state(standing)?;
            }
            store.handed = 0;
            store.write_about()
        })
        .inspect_err(|_| self.handed = handed)?;
        // Rows of the former epoch that the log still holds would be taken for those of this one, were it damaged.
        self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        Ok(())
    }

    /// No place is taken twice: the nth record stands at n or later.
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

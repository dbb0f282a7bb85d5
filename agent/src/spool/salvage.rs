//! Recovers rows from damaged spool files. Works on bytes alone, so no kind of damage stands between it and
//! the rows.

use super::fold::through;
use super::row::{RecordRow, RowKind, SpoolRow, StateRow, carve};
use super::store::Inspected;
use super::{SavedState, Stored};
use crate::clock::BootId;
use prost::Message;
use skerry_host::wal::log_of;
use skerry_protocol::wire::record::Kind;
use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// Maximum number of bytes read from one file.
const MAX_SALVAGE_BYTES: u64 = 256 << 20;

/// The content recovered from a damaged spool.
#[derive(Debug, Default)]
pub(super) struct Salvaged {
    /// Unacknowledged records, in order of sequence.
    pub(super) records: Vec<RecordRow>,
    /// Number of missing sequences between them.
    pub(super) missing: u64,
    /// The latest state of each check.
    pub(super) states: Vec<SavedState>,
    /// Metadata of the old epoch.
    pub(super) spool: SpoolRow,
}

/// `path` with `suffix` appended to its name.
pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

fn bytes_of(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    match File::open(path) {
        Ok(file) => file.take(MAX_SALVAGE_BYTES).read_to_end(&mut bytes).map(|_| bytes),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(bytes),
        Err(error) => Err(error),
    }
}

/// Reads every valid row of the spool at `path` and its log.
///
/// # Errors
/// The files cannot be read at all.
pub(super) fn salvage(path: &Path) -> io::Result<Salvaged> {
    let mut records: BTreeMap<u64, RecordRow> = BTreeMap::new();
    let mut states: HashMap<String, (u64, SavedState)> = HashMap::new();
    let mut spool = SpoolRow::default();
    for file in [path.to_owned(), log_of(path)] {
        for found in carve(&bytes_of(&file)?) {
            match found.kind {
                RowKind::Record => {
                    if let Ok(row) = RecordRow::decode(found.payload) {
                        records.insert(found.key, row);
                    }
                }
                RowKind::State => {
                    let read =
                        StateRow::decode(found.payload).ok().and_then(|row| SavedState::try_from(row).ok());
                    if let Some(state) = read {
                        let known = states.get(&*state.check).map_or(0, |(key, _)| *key);
                        if found.key >= known {
                            states.insert(state.check.to_string(), (found.key, state));
                        }
                    }
                }
                RowKind::Spool => {
                    if let Ok(row) = SpoolRow::decode(found.payload)
                        && (row.issued, row.acknowledged) >= (spool.issued, spool.acknowledged)
                    {
                        spool = row;
                    }
                }
            }
        }
    }
    let mut records = records.split_off(&(spool.acknowledged + 1));
    let last = records.last_key_value().map_or(0, |(sequence, _)| *sequence).max(spool.issued);
    let told: u64 = records.iter().map(|(sequence, row)| through(*sequence, row) - sequence + 1).sum();
    let missing = (last.saturating_sub(spool.acknowledged)).saturating_sub(told);
    let mut records: Vec<RecordRow> = std::mem::take(&mut records).into_values().collect();
    for row in &mut records {
        // The new epoch numbers its records anew.
        if let Some(Kind::Folded(folded)) = &mut row.kind {
            folded.through = 0;
        }
    }
    Ok(Salvaged { records, missing, states: states.into_values().map(|(_, state)| state).collect(), spool })
}

/// Reads what `inspect` returns where SQLite cannot be used.
///
/// # Errors
/// The files cannot be read at all.
pub(super) fn inspect(path: &Path) -> io::Result<Inspected> {
    let Salvaged { spool, states, records, .. } = salvage(path)?;
    let depth = records.len() as u64;
    let oldest = records.into_iter().next().map(|row| {
        let boot = BootId::from_bytes(&row.boot);
        Stored { sequence: spool.acknowledged + 1, boot, check: row.check, kind: row.kind }
    });
    Ok((spool, states, depth, oldest))
}

/// The highest sequence of a valid record in the log, committed or not.
///
/// # Errors
/// The log cannot be read.
pub(super) fn highest_in_log(path: &Path) -> io::Result<u64> {
    let bytes = bytes_of(&log_of(path))?;
    Ok(carve(&bytes).filter(|found| found.kind == RowKind::Record).map(|found| found.key).max().unwrap_or(0))
}

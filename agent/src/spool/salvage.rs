//! Damage of the spool's files: how it is noticed where SQLite is silent, and what can be saved.
//! Works on bytes alone, so that no kind of damage stands between it and the rows.

use super::fold::through;
use super::row::{RecordRow, RowKind, SpoolRow, StateRow, carve};
use super::store::Peeked;
use super::{Standing, Stored};
use crate::clock::BootId;
use prost::Message;
use skerry_host::wal::log_of;
use skerry_protocol::wire::record::Kind;
use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// More than this of one file is not read.
const MOST_BYTES: u64 = 256 << 20;

/// What could be read of a damaged spool.
#[derive(Debug, Default)]
pub(super) struct Salvaged {
    /// Records not acknowledged, in order of their sequence.
    pub(super) records: Vec<RecordRow>,
    /// Sequences that should be between them and are not.
    pub(super) missing: u64,
    /// Hard states, the latest of each check.
    pub(super) states: Vec<Standing>,
    /// Counters of the old epoch.
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
        Ok(file) => file.take(MOST_BYTES).read_to_end(&mut bytes).map(|_| bytes),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(bytes),
        Err(error) => Err(error),
    }
}

/// Reads every whole row of the spool at `path` and its log.
///
/// # Errors
/// The files cannot be read at all.
pub(super) fn salvage(path: &Path) -> io::Result<Salvaged> {
    let mut records: BTreeMap<u64, RecordRow> = BTreeMap::new();
    let mut states: HashMap<String, (u64, Standing)> = HashMap::new();
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
                        StateRow::decode(found.payload).ok().and_then(|row| Standing::try_from(row).ok());
                    if let Some(standing) = read {
                        let known = states.get(&*standing.check).map_or(0, |(key, _)| *key);
                        if found.key >= known {
                            states.insert(standing.check.to_string(), (found.key, standing));
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
        // Sequences are counted anew in the new epoch.
        if let Some(Kind::Folded(folded)) = &mut row.kind {
            folded.through = 0;
        }
    }
    Ok(Salvaged {
        records,
        missing,
        states: states.into_values().map(|(_, standing)| standing).collect(),
        spool,
    })
}

/// What a spool says of itself, for where SQLite may not look.
///
/// # Errors
/// The files cannot be read at all.
pub(super) fn peek(path: &Path) -> io::Result<Peeked> {
    let Salvaged { spool, states, records, .. } = salvage(path)?;
    let depth = records.len() as u64;
    let oldest = records.into_iter().next().map(|row| {
        let boot = BootId::from_bytes(&row.boot);
        Stored { sequence: spool.acknowledged + 1, boot, check: row.check, kind: row.kind }
    });
    Ok((spool, states, depth, oldest))
}

/// The highest sequence of a whole record in the log, committed or not.
///
/// # Errors
/// The log cannot be read.
pub(super) fn highest_in_log(path: &Path) -> io::Result<u64> {
    let bytes = bytes_of(&log_of(path))?;
    Ok(carve(&bytes).filter(|found| found.kind == RowKind::Record).map(|found| found.key).max().unwrap_or(0))
}

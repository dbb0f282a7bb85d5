//! Damage of the spool's files: how it is noticed where SQLite is silent, and what can be saved.
//! Works on bytes alone, so that no kind of damage stands between it and the rows.

use super::Standing;
use super::fold::through;
use super::row::{RecordRow, RowKind, SpoolRow, StateRow, carve};
use prost::Message;
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

/// The write-ahead log beside a database.
pub(super) fn log_of(path: &Path) -> PathBuf {
    beside(path, "-wal")
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

/// What SQLite will make of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LogHealth {
    /// Every commit in it counts.
    Whole,
    /// Its last frame is broken, as by a kill in the middle of a write: that commit does not count.
    Torn,
    /// Commits after a broken frame are silently left out.
    Damaged,
}

/// Reads the log as SQLite does (<https://www.sqlite.org/fileformat2.html#the_write_ahead_log>), and looks
/// past the point where SQLite stops.
///
/// # Errors
/// The log cannot be read.
pub(super) fn log_health(path: &Path) -> io::Result<LogHealth> {
    let bytes = bytes_of(&log_of(path))?;
    let Some((header, frames)) = bytes.split_at_checked(32) else { return Ok(LogHealth::Whole) };
    let word = |bytes: &[u8], at: usize| -> u32 {
        bytes[at..at + 4].iter().fold(0, |sum, byte| sum << 8 | u32::from(*byte))
    };
    let little = word(header, 0) == 0x377f_0682;
    let page = word(header, 8) as usize;
    let mut sum = checksum((0, 0), &header[..24], little);
    if sum != (word(header, 24), word(header, 28)) || !(512..=65_536).contains(&page) {
        return Ok(if frames.len() > 24 { LogHealth::Damaged } else { LogHealth::Whole });
    }
    let mut health = LogHealth::Whole;
    let mut stopped = false;
    for frame in frames.chunks_exact(24 + page) {
        let commit = word(frame, 4) != 0;
        if frame[8..16] != header[16..24] {
            // An earlier generation, or a broken frame: what comes after it decides.
            stopped = true;
        } else if stopped && commit {
            return Ok(LogHealth::Damaged);
        } else if !stopped {
            sum = checksum(checksum(sum, &frame[..8], little), &frame[24..], little);
            stopped = sum != (word(frame, 16), word(frame, 20));
            if stopped && commit {
                health = LogHealth::Torn;
            }
        }
    }
    Ok(health)
}

/// The highest sequence of a whole record in the log, committed or not.
///
/// # Errors
/// The log cannot be read.
pub(super) fn highest_in_log(path: &Path) -> io::Result<u64> {
    let bytes = bytes_of(&log_of(path))?;
    Ok(carve(&bytes).filter(|found| found.kind == RowKind::Record).map(|found| found.key).max().unwrap_or(0))
}

/// The running checksum of the log, over words of `bytes`.
fn checksum((mut first, mut second): (u32, u32), bytes: &[u8], little: bool) -> (u32, u32) {
    for pair in bytes.chunks_exact(8) {
        let word = |at: usize| -> u32 {
            let word = [pair[at], pair[at + 1], pair[at + 2], pair[at + 3]];
            if little { u32::from_le_bytes(word) } else { u32::from_be_bytes(word) }
        };
        first = first.wrapping_add(word(0)).wrapping_add(second);
        second = second.wrapping_add(word(4)).wrapping_add(first);
    }
    (first, second)
}

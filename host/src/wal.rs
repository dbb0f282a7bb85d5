//! Reads the write-ahead log of an SQLite database as SQLite does, and past the point where SQLite stops:
//! SQLite silently drops everything after a broken frame. Only reads bytes and changes nothing.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// Path of the log beside a database.
#[must_use]
pub fn log_of(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push("-wal");
    name.into()
}

/// What SQLite will make of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Health {
    /// Every commit counts.
    Whole,
    /// The last frame is broken, as after a kill during a write: its commit does not count.
    Torn,
    /// SQLite silently drops commits after a broken frame.
    Damaged,
}

/// The state of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Log {
    /// What SQLite will make of it.
    pub health: Health,
    /// Whether commits that were on the disk will be dropped. `false` if it may only be the last one, which a
    /// power failure left half written before anyone was told of it.
    pub lost: bool,
}

/// Reads the log beside the database at `path`
/// (<https://www.sqlite.org/fileformat2.html#the_write_ahead_log>).
///
/// The frame cannot be read, or the log ends before it.
/// The log exists and cannot be read.
pub fn read(path: &Path) -> io::Result<Log> {
    let mut log = match File::open(log_of(path)) {
        Ok(file) => BufReader::with_capacity(1 << 16, file),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Log::WHOLE),
        Err(error) => return Err(error),
    };
    let mut header = [0; 32];
    if !fill(&mut log, &mut header)? {
        return Ok(Log::WHOLE);
    }
    let little = word(&header, 0) == 0x377f_0682;
    let page = word(&header, 8) as usize;
    let mut sum = checksum((0, 0), &header[..24], little);
    if sum != (word(&header, 24), word(&header, 28)) || !(512..=65_536).contains(&page) {
        // SQLite syncs the header before the first frame, so with frames after it, it was complete once.
        let lost = fill(&mut log, &mut [0; 25])?;
        return Ok(if lost { Log { health: Health::Damaged, lost } } else { Log::WHOLE });
    }
    let mut frame = vec![0; 24 + page];
    let (mut health, mut stopped, mut left_out) = (Health::Whole, false, 0);
    while fill(&mut log, &mut frame)? {
        let commit = word(&frame, 4) != 0;
        if frame[8..16] != header[16..24] {
            // An earlier generation or a broken frame: what follows decides.
            stopped = true;
        } else if stopped && commit {
            (health, left_out) = (Health::Damaged, left_out + 1);
        } else if !stopped {
            sum = checksum(checksum(sum, &frame[..8], little), &frame[24..], little);
            stopped = sum != (word(&frame, 16), word(&frame, 20));
            if stopped && commit {
                (health, left_out) = (Health::Torn, 1);
            }
        }
    }
    // A commit is on the disk before the next one starts.
    Ok(Log { health, lost: left_out > 1 })
}

/// The generation of a log; changes when SQLite restarts it.
pub type Generation = [u8; 8];

/// Reads the generation of a log.
///
/// # Errors
/// The log cannot be read or has no header.
pub fn generation(log: &File) -> io::Result<Generation> {
    let mut salts = [0; 8];
    log.read_exact_at(&mut salts, 16)?;
    Ok(salts)
}

/// Whether a frame of the log, counted from 1, is intact and belongs to the present generation, given the
/// checksum of the frame before it.
///
/// The frame cannot be read, or the log ends before it.
/// It cannot be read: the log ends before it.
pub fn holds_frame(log: &File, number: u64) -> io::Result<bool> {
    let mut header = [0; 32];
    log.read_exact_at(&mut header, 0)?;
    let (little, page) = (word(&header, 0) == 0x377f_0682, word(&header, 8) as usize);
    if number == 0 || !(512..=65_536).contains(&page) {
        return Ok(false);
    }
    let mut frame = vec![0; 24 + page];
    let at = |number: u64| 32 + (number - 1) * (24 + page as u64);
    let mut before = [0; 8];
    log.read_exact_at(&mut before, if number == 1 { 24 } else { at(number - 1) + 16 })?;
    log.read_exact_at(&mut frame, at(number))?;
    let sum = checksum((word(&before, 0), word(&before, 4)), &frame[..8], little);
    let sum = checksum(sum, &frame[24..], little);
    Ok(frame[8..16] == header[16..24] && sum == (word(&frame, 16), word(&frame, 20)))
}

impl Log {
    const WHOLE: Self = Self { health: Health::Whole, lost: false };
}

/// Fills `bytes`; returns whether there was enough.
fn fill(log: &mut impl Read, bytes: &mut [u8]) -> io::Result<bool> {
    match log.read_exact(bytes) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        done => done.map(|()| true),
    }
}

fn word(bytes: &[u8], at: usize) -> u32 {
    bytes[at..at + 4].iter().fold(0, |sum, byte| sum << 8 | u32::from(*byte))
}

/// The log's running checksum over `bytes`, word by word.
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

//! Commits that SQLite leaves out without a word: after a broken place in its write-ahead log. They cannot be had
//! back; those who look after the aggregator are told, and keep what is left of them.

use crate::clock::wall;
use skerry_agent::spool::log::{log_of, read};
use std::path::Path;

/// Says so where the log of the database at `path` is damaged, before SQLite opens it and writes it anew.
pub(super) fn tell_what_is_left_out(path: &Path) {
    // What cannot be read is for SQLite to refuse.
    if !read(path).is_ok_and(|log| log.lost) {
        return;
    }
    let log = log_of(path);
    let mut copy = log.clone().into_os_string();
    copy.push(format!(".damaged-{}", wall().0));
    let kept = match std::fs::copy(&log, &copy) {
        Ok(_) => format!("a copy of the log is kept as {}", copy.display()),
        Err(error) => format!("no copy of the log could be kept ({error})"),
    };
    tracing::error!(
        "{}: the database's write-ahead log is damaged, and what was committed after the damage is left out: the \
         last that was seen, and that people changed, before the last stop. Agents that were told it was kept say so \
         when they are heard, and each such loss is told; {kept}. Look at the disk, and at what people changed",
        log.display()
    );
}

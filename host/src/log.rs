//! The log of a program on standard error: colours only on a terminal. The journal gets no timestamps, which
//! it adds itself, and a priority on each line (sd-daemon(3)), so that `journalctl -p warning` works.

mod fields;

use fields::Fields;
use skerry_protocol::words::written_out;
use std::io::{self, IsTerminal, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;

use tracing::{Level, Metadata};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

/// Starts logging what passes `filter` (directives of [`EnvFilter`]); as JSON one object per line.
pub fn start(filter: &str, json: bool) {
    let journal = leads_to_the_journal();
    let log = tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new(filter))
        .with_target(false)
        .with_writer(Lines { with_priority: journal });
    // Not set for a terminal, where the library respects NO_COLOR.
    let log = if io::stderr().is_terminal() { log } else { log.with_ansi(false) };
    match (json, journal) {
        (true, _) => log.json().flatten_event(true).init(),
        (false, true) => log.fmt_fields(Fields).without_time().init(),
        (false, false) => log.fmt_fields(Fields).init(),
    }
}

/// Whether standard error is the stream that the journal gave us (systemd.exec(5), `JOURNAL_STREAM`).
#[expect(clippy::disallowed_methods, reason = "what systemd says of the stream it gives is no configuration")]
fn leads_to_the_journal() -> bool {
    let Ok(stream) = std::env::var("JOURNAL_STREAM") else { return false };
    let Ok(stderr) = io::stderr().as_fd().try_clone_to_owned() else { return false };
    let own = std::fs::File::from(stderr).metadata();
    own.is_ok_and(|own| stream == format!("{}:{}", own.dev(), own.ino()))
}

struct Lines {
    with_priority: bool,
}

/// One event, which is written at once.
struct Event {
    priority: Option<u8>,
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Event;

    fn make_writer(&'a self) -> Event {
        Event { priority: None }
    }

    fn make_writer_for(&'a self, about: &Metadata<'_>) -> Event {
        Event { priority: self.with_priority.then(|| priority(*about.level())) }
    }
}

impl Write for Event {
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        // It contains names and text of others.
        let text = String::from_utf8_lossy(event);
        let text = written_out(&text);
        match self.priority {
            Some(priority) => io::stderr().write_all(&prefixed(priority, text.as_bytes()))?,
            None => io::stderr().write_all(text.as_bytes())?,
        }
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

/// Priorities of syslog(3).
fn priority(level: Level) -> u8 {
    match level {
        Level::ERROR => 3,
        Level::WARN => 4,
        Level::INFO => 6,
        Level::DEBUG | Level::TRACE => 7,
    }
}

/// Each line of an event gets its priority.
fn prefixed(priority: u8, text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() + 8);
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        out.extend_from_slice(&[b'<', b'0' + priority, b'>']);
        out.extend_from_slice(line);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_of_an_event_says_its_priority() {
        let shown = |text: &str| String::from_utf8(prefixed(4, text.as_bytes())).expect("text");
        assert_eq!(shown("one\n"), "<4>one\n");
        assert_eq!(shown("one\n  two\n"), "<4>one\n<4>  two\n");
        assert_eq!(shown(""), "");
        assert_eq!((priority(Level::ERROR), priority(Level::TRACE)), (3, 7));
    }
}

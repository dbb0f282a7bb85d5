//! File descriptors of this process: probes leave some to spool, uplink, resolver and self-test, so that a low
//! limit makes checks late and never keeps what they saw.

use rustix::process::{Resource, getrlimit};
use skerry_protocol::check::{Check, Kind};

/// Kept for spool (3), uplink (4), metrics, log, resolver's and gateway's tests, and some to spare.
const KEPT: usize = 24;
/// One probe: two questions to a name server, or the connections of one race.
const OF_A_PROBE: usize = 3;

/// How many checks may run at once: `wanted`, or as many as the limit leaves room for. To be asked before the
/// agent opens anything.
pub(crate) fn at_once(wanted: usize, checks: &[Check], references: usize) -> usize {
    let Some(limit) = getrlimit(Resource::Nofile).current else { return wanted };
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let open = std::fs::read_dir("/proc/self/fd").map_or(0, Iterator::count);
    let held = checks.iter().filter(|check| matches!(&check.kind, Kind::Http(http) if http.reuse_connection));
    let room = room(limit, open + references + held.count());
    if room < wanted.min(checks.len()) {
        tracing::warn!(
            limit,
            at_once = room,
            "the limit of open files is so low that checks wait for each other; raise LimitNOFILE= in its \
             unit, or ulimit -n"
        );
    }
    room.min(wanted)
}

fn room(limit: usize, taken: usize) -> usize {
    (limit.saturating_sub(taken + KEPT) / OF_A_PROBE).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probes_take_what_the_others_leave() {
        assert_eq!(room(64, 10), 10);
        assert_eq!(room(1_024, 10), 330);
        assert_eq!(room(20, 10), 1, "one at least, or nothing would be seen");
    }
}

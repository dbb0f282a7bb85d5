//! File descriptors of this process: probes leave some to spool, uplink, resolver and self-test, so that a low
//! limit makes checks late and never keeps what they saw. The soft limit is the default of shells and of old
//! programs; both of ours raise it when they start.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use skerry_protocol::check::{Check, Kind};

/// Kept for spool (3), uplink (4), metrics, log, resolver's and gateway's tests, and some to spare.
const KEPT: usize = 24;
/// One probe: two questions to a name server, or the connections of one race.
const OF_A_PROBE: usize = 3;

/// What both units ask for. Not more, although the hard limit may be a thousand million: plugins inherit it, and some
/// close every number below it one by one.
const RAISED: u64 = 65_536;

/// Raises the soft limit as far as the hard one allows, [`RAISED`] at most. For the start of a program.
pub fn raise_limit() {
    let limit = getrlimit(Resource::Nofile);
    if let Some(current) = raised(limit.current, limit.maximum) {
        // Where that is refused, a low limit is told of where it is met.
        let _ = setrlimit(Resource::Nofile, Rlimit { current: Some(current), ..limit });
    }
}

/// The soft limit to ask for, where it is to be changed; `None` of a limit: there is none.
fn raised(soft: Option<u64>, hard: Option<u64>) -> Option<u64> {
    let wanted = hard.unwrap_or(RAISED).min(RAISED);
    soft.filter(|soft| *soft < wanted).map(|_| wanted)
}

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
    #[test]
    fn the_soft_limit_is_raised_to_the_hard_one_and_never_lowered() {
        let table = [
            (Some(1_024), Some(4_096), Some(4_096)),
            (Some(1_024), Some(1_048_576), Some(RAISED)),
            (Some(1_024), None, Some(RAISED)),
            (Some(64), Some(64), None),
            (Some(100_000), Some(1_048_576), None),
            (None, None, None),
        ];
        for (soft, hard, wanted) in table {
            assert_eq!(raised(soft, hard), wanted, "{soft:?} {hard:?}");
        }
    }
}

//! The limit of open files. The soft limit is the default of shells and of old programs; both of ours raise it
//! when they start.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

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

/// The limit in force; `None`: there is none.
#[must_use]
pub fn limit() -> Option<u64> {
    getrlimit(Resource::Nofile).current
}

/// The soft limit to ask for, where it is to be changed; `None` of a limit: there is none.
fn raised(soft: Option<u64>, hard: Option<u64>) -> Option<u64> {
    let wanted = hard.unwrap_or(RAISED).min(RAISED);
    soft.filter(|soft| *soft < wanted).map(|_| wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

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

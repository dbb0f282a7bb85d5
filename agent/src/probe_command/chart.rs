//! Draws phases as bars on a common time scale, within 79 columns.

use skerry_protocol::wire::Phases;
use skerry_protocol::words::milliseconds;
use std::time::Duration;

/// Columns for the bars.
const WIDTH: u64 = 52;
/// Bars are drawn in eighths of a column.
const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

/// The phases that took place, in order, µs.
pub(super) fn phases(phases: &Phases) -> Vec<(&'static str, u64)> {
    let all = [
        ("dns", phases.dns_us),
        ("connect", phases.connect_us),
        ("tls", phases.tls_us),
        ("first byte", phases.first_byte_us),
        ("transfer", phases.transfer_us),
    ];
    all.into_iter().filter_map(|(name, us)| Some((name, u64::from(us?)))).collect()
}

/// One line per phase, scaled to `total` or to the sum of the phases if that is longer.
pub(super) fn lines(taken: &Phases, total: Duration) -> Vec<String> {
    let phases = phases(taken);
    let sum: u64 = phases.iter().map(|(_, us)| us).sum();
    let whole = u64::try_from(total.as_micros()).unwrap_or(u64::MAX).max(sum).max(1);
    let mut before = 0;
    let line = |(name, us): (&str, u64)| {
        let (from, to) = (eighths(before, whole), eighths(before + us, whole));
        before += us;
        // A bar starts at a full column, and any duration is visible.
        let (blank, from) = (from / 8, from / 8 * 8);
        let length = (to - from).max(u64::from(us > 0));
        let blank = " ".repeat(usize::try_from(blank).unwrap_or(0));
        let bar = "█".repeat(usize::try_from(length / 8).unwrap_or(0));
        let end = EIGHTHS[usize::try_from(length % 8).unwrap_or(0)];
        format!("{name:<10}  {:>11}  {blank}{bar}{end}", milliseconds(us, 1)).trim_end().to_owned()
    };
    phases.into_iter().map(line).collect()
}

/// Eighths of a column for `us` of `whole`.
fn eighths(us: u64, whole: u64) -> u64 {
    let drawn = u128::from(us) * u128::from(WIDTH * 8) / u128::from(whole);
    u64::try_from(drawn).unwrap_or(WIDTH * 8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_follow_each_other_and_end_with_the_whole() {
        let taken = Phases {
            dns_us: Some(1_000),
            connect_us: Some(10_000),
            tls_us: Some(20_000),
            first_byte_us: Some(9_000),
            transfer_us: Some(0),
        };
        let expected = [
            "dns              1.0 ms  █▎",
            "connect         10.0 ms   █████████████▎",
            "tls             20.0 ms                ██████████████████████████▎",
            "first byte       9.0 ms                                          ████████████",
            "transfer         0.0 ms",
        ];
        assert_eq!(lines(&taken, Duration::from_millis(40)), expected);
    }

    #[test]
    fn what_took_any_time_is_seen_and_no_line_is_longer_than_a_terminal() {
        // Five minutes is the longest timeout.
        let taken = Phases { dns_us: Some(1), transfer_us: Some(300_000_000), ..Phases::default() };
        // Phases longer than the total: scaled to their sum.
        for total in [Duration::ZERO, Duration::from_secs(3), Duration::MAX] {
            let lines = lines(&taken, total);
            assert!(lines[0].ends_with("0.0 ms  ▏"), "{lines:?}");
            assert!(lines.iter().all(|line| line.chars().count() <= 77), "{lines:?}");
        }
        assert_eq!(lines(&Phases::default(), Duration::from_secs(1)), Vec::<String>::new());
    }
}

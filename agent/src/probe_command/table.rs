//! Text output: a table with one row per check, followed by phases and details.

use super::{Probed, chart, findings};
use crate::probe::CertificateSeen;
use jiff::Timestamp;
use skerry_protocol::wire::{Outcome, Reason};
use skerry_protocol::words::milliseconds;

const COLUMNS: [&str; 5] = ["CHECK", "TYPE", "OUTCOME", "TOTAL", "REASON"];
const OUTCOME: usize = 2;
const TOTAL: usize = 3;

/// All results as text. `colour` colours the outcomes for a terminal.
pub(super) fn of(results: &[Probed], now: Timestamp, colour: bool) -> String {
    let rows: Vec<[String; 5]> = results.iter().map(row).collect();
    let width = |column: usize| {
        let cells = rows.iter().map(|row| row[column].chars().count());
        cells.max().unwrap_or(0).max(COLUMNS[column].len())
    };
    let widths: [usize; 5] = std::array::from_fn(width);
    let mut text = line(&COLUMNS.map(str::to_owned), &widths, None);
    for (row, probed) in rows.iter().zip(results) {
        text += &line(row, &widths, colour.then_some(probed.observed.outcome));
        for below in below(probed, now) {
            text += &format!("  {below}\n");
        }
    }
    text
}

fn row(probed: &Probed) -> [String; 5] {
    let observed = &probed.observed;
    let reason = if observed.reason == Reason::None { "" } else { observed.reason.name() };
    [
        probed.name.clone(),
        probed.kind.to_owned(),
        observed.outcome.name().to_owned(),
        milliseconds(u64::try_from(observed.total.as_micros()).unwrap_or(u64::MAX), 1),
        reason.to_owned(),
    ]
}

fn line(cells: &[String; 5], widths: &[usize; 5], coloured: Option<Outcome>) -> String {
    let mut cells: [String; 5] = std::array::from_fn(|column| {
        let (cell, width) = (&cells[column], widths[column]);
        if column == TOTAL { format!("{cell:>width$}") } else { format!("{cell:<width$}") }
    });
    if let Some(outcome) = coloured {
        let colour = match outcome {
            Outcome::Up => 32,
            Outcome::Degraded => 33,
            Outcome::Down => 31,
            Outcome::Inconclusive => 90,
        };
        cells[OUTCOME] = format!("\u{1b}[{colour}m{}\u{1b}[0m", cells[OUTCOME]);
    }
    format!("{}\n", cells.join("  ").trim_end())
}

/// Phases, error and details of a check.
fn below(probed: &Probed, now: Timestamp) -> Vec<String> {
    let observed = &probed.observed;
    let mut lines = observed.phases.map(|phases| chart::lines(&phases, observed.total)).unwrap_or_default();
    if !observed.detail.is_empty() {
        lines.push(observed.detail.clone());
    }
    if let Some(seen) = &observed.certificate {
        lines.push(format!("certificate for {}", seen.subject));
        lines.push(format!("  by {}", seen.issuer));
        lines.push(format!("  {}", facts(seen)));
        lines.push(format!("  {}", ends(seen, now)));
    }
    lines.extend(findings::lines(&observed.findings, now));
    lines
}

/// Key and signature of a certificate.
pub(super) fn facts(seen: &CertificateSeen) -> String {
    let version = if seen.version == 3 { String::new() } else { format!(", X.509 version {}", seen.version) };
    format!("{}, signed by {}{version}", seen.key, seen.signature)
}

/// When a certificate expires.
pub(super) fn ends(seen: &CertificateSeen, now: Timestamp) -> String {
    format!("expires {} ({})", seen.not_after, days(days_left(seen, now)))
}

/// Whole days until the certificate expires; negative after that.
pub(super) fn days_left(seen: &CertificateSeen, now: Timestamp) -> i64 {
    (seen.not_after.as_second() - now.as_second()).div_euclid(86_400)
}

fn days(left: i64) -> String {
    match left {
        ..0 => "it has expired".to_owned(),
        0 => "less than a day left".to_owned(),
        1 => "1 day left".to_owned(),
        _ => format!("{left} days left"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::{Asked, Findings, Observed};
    use crate::probe_command::json;
    use skerry_protocol::wire::Phases;
    use std::time::Duration;

    const NOW: i64 = 1_790_000_000;

    fn seen(name: &str, outcome: Outcome, reason: Reason, detail: &str) -> Probed {
        let (detail, total) = (detail.to_owned(), Duration::from_micros(5_040));
        let (phases, certificate, findings, asked) = (None, None, Findings::Nothing, Asked::default());
        let observed = Observed { outcome, reason, detail, total, phases, certificate, findings, asked };
        Probed { name: name.to_owned(), kind: "http", observed }
    }

    fn all() -> Vec<Probed> {
        let mut shop = seen("shop", Outcome::Up, Reason::None, "");
        shop.observed.total = Duration::from_millis(40);
        shop.observed.phases = Some(Phases {
            connect_us: Some(10_000),
            tls_us: Some(20_000),
            first_byte_us: Some(10_000),
            ..Phases::default()
        });
        shop.observed.certificate = Some(CertificateSeen {
            subject: "CN=shop.example".to_owned(),
            issuer: "C=AT, O=Authority, CN=R11".to_owned(),
            not_after: Timestamp::from_second(NOW + 33 * 86_400 + 1).expect("an instant"),
            version: 3,
            key: "ECDSA P-256".to_owned(),
            signature: "RSA with SHA-256".to_owned(),
        });
        let refused = "connection refused (os error 111)";
        vec![shop, seen("search", Outcome::Down, Reason::ConnectRefused, refused)]
    }

    fn now() -> Timestamp {
        Timestamp::from_second(NOW).expect("an instant")
    }

    #[test]
    fn a_person_reads_a_line_for_each_check_and_what_stands_behind_it() {
        let expected = "\
CHECK   TYPE  OUTCOME    TOTAL  REASON
shop    http  up       40.0 ms
  connect         10.0 ms  █████████████
  tls             20.0 ms               ██████████████████████████
  first byte      10.0 ms                                         █████████████
  certificate for CN=shop.example
    by C=AT, O=Authority, CN=R11
    ECDSA P-256, signed by RSA with SHA-256
    expires 2026-10-24T14:13:21Z (33 days left)
search  http  down      5.0 ms  connect_refused
  connection refused (os error 111)
";
        let text = of(&all(), now(), false);
        assert_eq!(text, expected);
        assert!(text.lines().all(|line| line.chars().count() < 80));
    }

    #[test]
    fn only_outcomes_are_coloured() {
        let (plain, coloured) = (of(&all(), now(), false), of(&all(), now(), true));
        assert!(coloured.contains("\u{1b}[32mup     \u{1b}[0m") && coloured.contains("\u{1b}[31mdown"));
        let stripped = ["32", "31", "0"]
            .iter()
            .fold(coloured, |text, code| text.replace(&format!("\u{1b}[{code}m"), ""));
        assert_eq!(stripped, plain);
    }

    #[test]
    fn a_machine_reads_keys_that_stay() {
        let array = json::array(&all(), now());
        let expected = serde_json::json!([
            {
                "check": "shop", "type": "http", "outcome": "up", "reason": "none", "detail": "",
                "total_us": 40_000, "dns_us": null, "connect_us": 10_000, "tls_us": 20_000,
                "first_byte_us": 10_000, "transfer_us": null, "findings": null,
                "certificate": {
                    "subject": "CN=shop.example", "issuer": "C=AT, O=Authority, CN=R11",
                    "not_after": "2026-10-24T14:13:21Z", "days_left": 33, "version": 3,
                    "key": "ECDSA P-256", "signature": "RSA with SHA-256",
                },
            },
            {
                "check": "search", "type": "http", "outcome": "down", "reason": "connect_refused",
                "detail": "connection refused (os error 111)", "total_us": 5_040, "dns_us": null,
                "connect_us": null, "tls_us": null, "first_byte_us": null, "transfer_us": null,
                "certificate": null, "findings": null,
            },
        ]);
        assert_eq!(array, expected);
    }

    #[test]
    fn the_end_of_a_certificate_is_told_in_days() {
        let table =
            [(-1, "it has expired"), (0, "less than a day left"), (1, "1 day left"), (90, "90 days left")];
        for (left, words) in table {
            assert_eq!(days(left), words);
        }
    }
}

//! Reads a [`Check`] from a `[[check]]` table: the keys of every kind, and their dependencies.

use std::time::Duration;

use super::{Check, Kind, Labels, MAX_PARENTS, Severity, read_labels};
use crate::strict::{Entry, Table, nearest, refuse, show_duration};

/// Names that other programs use for our kinds.
const ALSO_CALLED: [(&str, &str); 20] = [
    ("icmp", "ping"),
    ("echo", "ping"),
    ("https", "http"),
    ("url", "http"),
    ("web", "http"),
    ("keyword", "http"),
    ("port", "tcp"),
    ("connect", "tcp"),
    ("socket", "tcp"),
    ("ssl", "tls"),
    ("certificate", "tls"),
    ("cert", "tls"),
    ("starttls", "tls"),
    ("resolve", "dns"),
    ("cron", "heartbeat"),
    ("deadman", "heartbeat"),
    ("nagios", "exec"),
    ("plugin", "exec"),
    ("command", "exec"),
    ("script", "exec"),
];

/// Kinds that are not implemented yet.
const PLANNED: [&str; 2] = ["kubernetes", "prometheus"];

const MILLISECOND: Duration = Duration::from_millis(1);
const DAY: Duration = Duration::from_secs(86_400);
const DEFAULT_INTERVAL: Duration = Duration::from_secs(30);
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);
const DEFAULT_RETRY_INTERVAL: Duration = Duration::from_secs(10);
const SHORTEST_INTERVAL: Duration = Duration::from_millis(100);
const LONGEST_TIMEOUT: Duration = Duration::from_secs(300);
/// The longest name of a check, characters.
const MAX_NAME: usize = 100;

/// Reads one check. The caller may read additional keys from the same table. `None`: a required key is
/// missing or wrong, which is reported like every other error.
#[must_use]
pub fn read(table: &Table<'_>) -> Option<Check> {
    let name = check_name(table.string("name")).required("name = \"website\"");
    let timing = timing(table);
    let fall = table.integer("fall", 1, 1_000).or(3) as u32;
    let rise = table.integer("rise", 1, 1_000).or(2) as u32;
    let severity = table
        .choice("severity", &Severity::ALL.map(|severity| (severity.name(), severity)))
        .or(Severity::High);
    let labels = labels(table);
    let locations = table.strings("locations");
    let depends_on = depends_on(table, name.as_deref());
    let kind = kind(table, &timing);
    Some(Check {
        name: name?,
        kind: kind?,
        interval: timing.interval,
        timeout: timing.timeout,
        retry_interval: timing.retry_interval,
        fall,
        rise,
        degraded_above: timing.degraded_above,
        severity,
        labels,
        locations,
        depends_on,
    })
}

fn depends_on(table: &Table<'_>, name: Option<&str>) -> Vec<String> {
    let mut parents = table.strings("depends_on");
    if parents.iter().any(|parent| Some(parent.as_str()) == name) {
        table.refuse("depends_on", "depends_on names the check itself", "Name what it needs, or remove it.");
    }
    if parents.len() > MAX_PARENTS {
        let wrong = format!("depends_on names {} checks; at most {MAX_PARENTS} are allowed", parents.len());
        table.refuse("depends_on", wrong, "Name the nearest ones: what they depend on counts as well.");
    }
    if let Some(long) = parents.iter().find(|parent| parent.chars().count() > MAX_NAME) {
        let wrong = format!("depends_on: no check has a name of {} characters", long.chars().count());
        table.refuse("depends_on", wrong, format!("Names have at most {MAX_NAME}."));
    }
    parents.sort_unstable();
    parents.dedup();
    parents
}

fn check_name(entry: Entry<'_, String>) -> Entry<'_, String> {
    entry.at_most(MAX_NAME)
}

fn kind(table: &Table<'_>, timing: &Timing) -> Option<Kind> {
    let name = table
        .string("type")
        .convert(|name| {
            let wrong = format!("\"{name}\" is not supported by this version");
            let supported = format!("Supported: {}.", Kind::NAMES.join(", "));
            if Kind::NAMES.contains(&name.as_str()) {
                return Ok(name);
            }
            if PLANNED.contains(&name.as_str()) {
                return refuse(wrong, format!("It is planned. {supported}"));
            }
            let other = ALSO_CALLED.iter().find(|(other, _)| name.eq_ignore_ascii_case(other));
            match other.map(|(_, ours)| *ours).or_else(|| nearest(&name, Kind::NAMES.iter().copied())) {
                Some(near) => refuse(format!("\"{name}\" is unknown"), format!("Did you mean \"{near}\"?")),
                None => refuse(format!("\"{name}\" is unknown"), supported),
            }
        })
        .required("type = \"http\"");
    if name.is_none() {
        table.leave_the_rest();
    }
    Kind::read(&name?, table, timing)
}

/// The common keys that limit a run.
pub(super) struct Timing {
    pub(super) interval: Duration,
    pub(super) timeout: Duration,
    pub(super) retry_interval: Duration,
    pub(super) degraded_above: Option<Duration>,
}

fn timing(table: &Table<'_>) -> Timing {
    let interval = table.duration("interval").between(SHORTEST_INTERVAL, DAY).optional();
    let timeout = table.duration("timeout").between(MILLISECOND, LONGEST_TIMEOUT).optional();
    let retry_interval = table.duration("retry_interval").between(SHORTEST_INTERVAL, DAY).optional();
    let degraded_above = table.duration("degraded_above").between(MILLISECOND, LONGEST_TIMEOUT).optional();
    let timing = Timing {
        interval: interval.unwrap_or(DEFAULT_INTERVAL),
        // A default contradicts nothing: it ends with the interval.
        timeout: timeout.unwrap_or_else(|| interval.unwrap_or(DEFAULT_INTERVAL).min(DEFAULT_TIMEOUT)),
        retry_interval: retry_interval
            .unwrap_or_else(|| interval.unwrap_or(DEFAULT_INTERVAL).min(DEFAULT_RETRY_INTERVAL)),
        degraded_above,
    };
    // A refused value is not compared with others.
    let usable = |key, value: Option<Duration>| value.is_some() || !table.has(key);
    if !usable("interval", interval) || !usable("timeout", timeout) {
        return timing;
    }
    refuse_contradictions(table, &timing);
    timing
}

fn refuse_contradictions(table: &Table<'_>, timing: &Timing) {
    let or_default = |key: &str, value| {
        let default = if table.has(key) { "" } else { ", the default" };
        format!("{}{default}", show_duration(value))
    };
    let interval = or_default("interval", timing.interval);
    let timeout = or_default("timeout", timing.timeout);
    if timing.interval < timing.timeout {
        let key = if table.has("interval") { "interval" } else { "timeout" };
        let wrong = format!("interval must be at least timeout ({timeout}); it is {interval}");
        table.refuse(key, wrong, "Raise interval or lower timeout.");
    }
    if table.has("retry_interval") && timing.retry_interval > timing.interval {
        let retry = show_duration(timing.retry_interval);
        let wrong = format!("retry_interval must be at most interval ({interval}); it is {retry}");
        table.refuse(
            "retry_interval",
            wrong,
            "Lower it, or leave it out for the smaller of interval and 10s.",
        );
    }
    if let Some(above) = timing.degraded_above.filter(|above| *above >= timing.timeout) {
        let above = show_duration(above);
        let wrong = format!("degraded_above must be below timeout ({timeout}); it is {above}");
        table.refuse(
            "degraded_above",
            wrong,
            "A run as slow as this has already timed out: lower it or raise timeout.",
        );
    }
}

fn labels(table: &Table<'_>) -> Labels {
    let labels = table.item("labels").and_then(|item| item.inline_table("{ team = \"web\" }"));
    labels.map(|labels| read_labels(&labels)).unwrap_or_default()
}

#[cfg(test)]
#[path = "tests.rs"]
pub(super) mod tests;

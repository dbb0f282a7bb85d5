//! The `heartbeat` check: the aggregator waits for calls; nothing is run.

use std::time::Duration;

use url::Host;

use super::definition::Canonical;
use super::kind::Definition;
use crate::schedule::{NoSchedule, Schedule};
use crate::strict::{Entry, Table, refuse};

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3_600);
const YEAR: Duration = Duration::from_secs(366 * 86_400);
/// Common keys about running a check; `severity`, `labels` and `depends_on` are allowed here.
const OF_RUNS: [&str; 7] =
    ["interval", "timeout", "retry_interval", "fall", "rise", "degraded_above", "locations"];
const UTC: &str = "Etc/UTC";

/// A `heartbeat` check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heartbeat {
    /// When the next call is due.
    pub due: Due,
    /// `grace`: tolerated delay, and maximum duration of a job that reported its start; default 1 h.
    pub grace: Duration,
}

/// When calls are due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Due {
    /// `period`: this long after the last call.
    Every(Duration),
    /// `schedule` and `time_zone`: as in a crontab.
    At(Box<Schedule>),
}

impl Definition for Heartbeat {
    fn read(table: &Table<'_>) -> Option<Self> {
        for key in OF_RUNS {
            let remedy = "Remove it; period and grace say when a call is missed.";
            table.meaningless(key, "for a heartbeat, which no agent runs: one call decides", remedy);
        }
        let due = read_due(table);
        let grace = table.duration("grace").between(SECOND, YEAR).or(HOUR);
        Some(Self { due: due?, grace })
    }

    fn canonical(&self, form: &mut Canonical) {
        match &self.due {
            Due::Every(period) => form.field("period_ms", period.as_millis()),
            Due::At(schedule) => {
                form.field("schedule", schedule.expression());
                form.field("time_zone", schedule.zone_name());
            }
        }
        form.field("grace_ms", self.grace.as_millis());
    }

    fn target(&self) -> Option<Host<String>> {
        None
    }
}

fn read_due(table: &Table<'_>) -> Option<Due> {
    let zone = zone(table.string("time_zone")).or(UTC.to_owned());
    let schedule = table.string("schedule").convert(|text| parse(&text, &zone));
    let period = table.duration("period").between(SECOND, YEAR).optional();
    if table.has("schedule") {
        let remedy = "Keep the one that says when the job runs.";
        table.misplaced("period", "period has no effect beside schedule", remedy);
        return schedule.optional().map(|schedule| Due::At(Box::new(schedule)));
    }
    let remedy = "Remove it, or give schedule = \"0 3 * * *\" in place of period.";
    table.misplaced("time_zone", "time_zone has no effect without schedule", remedy);
    if !table.has("period") {
        table.refuse("period", "period is missing", "Add period = \"1d\", or schedule = \"0 3 * * *\".");
    }
    period.map(Due::Every)
}

fn parse(text: &str, zone: &str) -> Result<Schedule, crate::strict::Refusal> {
    Schedule::parse(text, zone).or_else(|wrong| {
        refuse(
            wrong.to_string(),
            "Write minute, hour, day of the month, month and day of the week, such as \"0 3 * * *\".",
        )
    })
}

fn zone(entry: Entry<'_, String>) -> Entry<'_, String> {
    entry.convert(|text| match Schedule::parse("0 0 * * *", &text) {
        Err(wrong @ NoSchedule::Zone(_)) => {
            refuse(wrong.to_string(), "Use an IANA name such as \"Europe/Vienna\" or \"Etc/UTC\".")
        }
        Ok(known) => Ok(known.zone_name().to_owned()),
        Err(_) => Ok(text),
    })
}

//! Cron expressions with a time zone. Around a change of daylight saving time they follow Vixie cron: a job
//! at a fixed time runs once, right after a gap or in the first of two repeated hours; a job with steps or
//! stars follows the clock.

use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// A cron expression with five fields, and the time zone of its hours.
#[derive(Clone, Debug)]
pub struct Schedule {
    expression: String,
    zone_name: String,
    cron: Cron,
    zone: TimeZone,
}

/// Why a schedule is invalid; continues a sentence that starts with the key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoSchedule {
    /// The expression is invalid.
    #[error("is not a valid cron expression: {0}")]
    Expression(String),
    /// It is never due, such as 30 February.
    #[error("is never due")]
    Never,
    /// The zone is unknown.
    #[error("is not a known time zone: {0:?}")]
    Zone(String),
}

/// The time zone with this IANA name, from the database of the host or else the one in this program.
#[must_use]
pub fn time_zone(name: &str) -> Option<TimeZone> {
    jiff::tz::db().get(name).ok()
}

impl Schedule {
    /// Parses a schedule; `zone` is an IANA name.
    ///
    /// # Errors
    /// [`NoSchedule`].
    pub fn parse(expression: &str, zone: &str) -> Result<Self, NoSchedule> {
        let found = time_zone(zone).ok_or_else(|| NoSchedule::Zone(zone.to_owned()))?;
        let parser = CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build();
        let cron = parser
            .parse(expression)
            .map_err(|error| NoSchedule::Expression(error.to_string().trim_end_matches('.').to_owned()))?;
        let zone_name = found.iana_name().unwrap_or(zone).to_owned();
        let schedule = Self { expression: expression.trim().to_owned(), zone_name, cron, zone: found };
        // Any moment will do.
        schedule.next_after(1_790_000_000_000).map(|_| schedule).ok_or(NoSchedule::Never)
    }

    /// When it is next due after `ms`; both in ms since 1970 UTC. `None`: never within the calendar.
    #[must_use]
    pub fn next_after(&self, ms: i64) -> Option<i64> {
        let after = Timestamp::from_millisecond(ms).ok()?.to_zoned(self.zone.clone());
        let next = self.cron.find_next_occurrence(&after, false).ok()?;
        Some(next.timestamp().as_millisecond())
    }

    /// The expression as written.
    #[must_use]
    pub fn expression(&self) -> &str {
        &self.expression
    }

    /// The IANA name of the time zone.
    #[must_use]
    pub fn zone_name(&self) -> &str {
        &self.zone_name
    }
}

impl PartialEq for Schedule {
    fn eq(&self, other: &Self) -> bool {
        (&self.expression, &self.zone_name) == (&other.expression, &other.zone_name)
    }
}

impl Eq for Schedule {}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(at: &str) -> i64 {
        at.parse::<Timestamp>().expect("an instant").as_millisecond()
    }

    #[test]
    fn calls_are_due_as_cron_runs_jobs_also_where_clocks_change() {
        let due = |expression: &str, zone: &str, after: &str, times: usize| {
            let schedule = Schedule::parse(expression, zone).expect("a schedule");
            let mut at = ms(after);
            let mut all = Vec::new();
            for _ in 0..times {
                at = schedule.next_after(at).expect("it comes");
                all.push(Timestamp::from_millisecond(at).expect("an instant").to_string());
            }
            all
        };
        // 03:00 in Berlin: 24 h apart, 25 h at the end of summer time, 23 h at its start.
        assert_eq!(
            due("0 3 * * *", "Europe/Berlin", "2026-10-24T00:00:00Z", 2),
            ["2026-10-24T01:00:00Z", "2026-10-25T02:00:00Z"]
        );
        assert_eq!(
            due("0 3 * * *", "Europe/Berlin", "2027-03-27T00:00:00Z", 2),
            ["2027-03-27T02:00:00Z", "2027-03-28T01:00:00Z"]
        );
        // 02:30 is skipped and comes right after, or is repeated and comes once.
        assert_eq!(
            due("30 2 * * *", "Europe/Berlin", "2027-03-27T12:00:00Z", 2),
            ["2027-03-28T01:00:00Z", "2027-03-29T00:30:00Z"]
        );
        assert_eq!(
            due("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z", 2),
            ["2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"]
        );
        // Every half hour is unaffected.
        assert_eq!(
            due("*/30 * * * *", "Europe/Berlin", "2026-10-25T00:10:00Z", 3),
            ["2026-10-25T00:30:00Z", "2026-10-25T01:00:00Z", "2026-10-25T01:30:00Z"]
        );
        assert_eq!(due("0 3 * * MON-FRI", "Etc/UTC", "2026-11-27T12:00:00Z", 1), ["2026-11-30T03:00:00Z"]);
        assert_eq!(due("@daily", "Etc/UTC", "2026-11-27T12:00:00Z", 1), ["2026-11-28T00:00:00Z"]);
        assert_eq!(due("15 4 29 2 *", "Etc/UTC", "2026-11-27T12:00:00Z", 1), ["2028-02-29T04:15:00Z"]);
    }

    #[test]
    fn what_is_no_schedule_is_refused() {
        let refused = |expression: &str, zone: &str| Schedule::parse(expression, zone).expect_err("refused");
        for wrong in ["", "0 3 * *", "0 0 3 * * *", "61 3 * * *", "0 25 * * *", "every day"] {
            assert!(matches!(refused(wrong, "Etc/UTC"), NoSchedule::Expression(_)), "{wrong}");
        }
        assert_eq!(refused("0 3 30 2 *", "Etc/UTC"), NoSchedule::Never);
        assert_eq!(refused("0 3 * * *", "Europe/Bärlin"), NoSchedule::Zone("Europe/Bärlin".to_owned()));
    }
}

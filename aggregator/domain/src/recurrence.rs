//! When something recurs: a rule (RFC 5545), the local time of its beginning, and the time zone of both. Days come from
//! the rule; the library works in UTC, so that no change of clocks reaches it. Where the clock skips the local time of
//! an occurrence, it begins right after the gap; where the clock shows it twice, at the first of both.

mod rule;

use super::time::{DAY, SECOND, Timestamp};
use crate::recurrence::rule::Rule;
use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone};
use rrule::RRuleSet;
use skerry_protocol::schedule::time_zone;

/// How far after its beginning a rule must have an occurrence, ms: longer than from one 29 February to the next, also
/// around 2100.
pub const HORIZON: i64 = 10 * 366 * DAY;

/// How often something recurs, apart from an interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Frequency {
    /// On days.
    Daily,
    /// In weeks.
    Weekly,
    /// In months.
    Monthly,
    /// In years.
    Yearly,
}

impl Frequency {
    /// All, the most frequent first.
    pub const ALL: [Self; 4] = [Self::Daily, Self::Weekly, Self::Monthly, Self::Yearly];

    /// The name in a rule.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Daily => "DAILY",
            Self::Weekly => "WEEKLY",
            Self::Monthly => "MONTHLY",
            Self::Yearly => "YEARLY",
        }
    }
}

/// A rule with its beginning and its time zone.
#[derive(Clone, Debug)]
pub struct Recurrence {
    rule: Rule,
    first: DateTime,
    zone_name: String,
    zone: TimeZone,
    /// As if the local times were in UTC.
    dates: RRuleSet,
}

/// An occurrence: the local time that the rule gives, and the instant at which it begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Start {
    /// Also where the clock skips it.
    pub local: DateTime,
    /// The first instant.
    pub at: Timestamp,
}

impl Recurrence {
    /// Reads a rule. `first` is the earliest local time of an occurrence, and gives all of them their time of day; `zone`
    /// is an IANA name. The rule has an occurrence within [`HORIZON`] of that.
    ///
    /// # Errors
    /// What is wrong and what would be right, for an operator.
    pub fn new(rule: &str, first: DateTime, zone: &str) -> Result<Self, String> {
        let found = time_zone(zone).ok_or_else(|| format!("{zone:?} is no known time zone"))?;
        let zone_name = found.iana_name().unwrap_or(zone).to_owned();
        let first = first.with().subsec_nanosecond(0).build().unwrap_or(first);
        let rule = Rule::read(rule, &found)?;
        let set = format!("DTSTART:{}\nRRULE:{}", first.strftime("%Y%m%dT%H%M%SZ"), rule.in_utc());
        let none = || format!("the rule has no date within ten years of {first}: {}", rule.text);
        if rule.until.is_some_and(|until| until < first) {
            return Err(none());
        }
        let dates: RRuleSet = set.parse().map_err(|error| format!("{}: {error}", rule.text))?;
        let recurrence = Self { first, zone_name, zone: found, dates: dates.limit(), rule: rule.clone() };
        let horizon = recurrence.instant(first) + HORIZON;
        let begins = recurrence.starts().next();
        begins.filter(|start| start.at <= horizon).ok_or_else(none)?;
        Ok(recurrence)
    }

    /// All occurrences, each later than the one before.
    pub fn starts(&self) -> impl Iterator<Item = Start> {
        let mut latest = None;
        let local = |seconds| jiff::Timestamp::from_second(seconds).map(|at| TimeZone::UTC.to_datetime(at));
        let dates = self.dates.into_iter().map_while(move |date| local(date.timestamp()).ok());
        let starts = dates.map(|local| Start { local, at: self.instant(local) });
        // After a day that the zone skips as a whole, two of them may begin at the same instant.
        starts.filter(move |start| {
            let later = latest.is_none_or(|latest| latest < start.at);
            latest = latest.max(Some(start.at));
            later
        })
    }

    /// The occurrences whose local time is later than `local`.
    pub fn starts_after(&self, local: Option<DateTime>) -> impl Iterator<Item = Start> {
        self.starts().skip_while(move |start| local.is_some_and(|local| start.local <= local))
    }

    /// When an occurrence of this local time begins.
    #[must_use]
    pub fn instant(&self, local: DateTime) -> Timestamp {
        let found = self.zone.to_ambiguous_timestamp(local);
        let at = match found.offset() {
            AmbiguousOffset::Gap { before, .. } => {
                // By the former offset it lies after the change of the clock.
                let after = before.to_timestamp(local).unwrap_or(jiff::Timestamp::MAX);
                let mut changes = self.zone.preceding(after + jiff::SignedDuration::from_millis(1));
                changes.next().map_or(after, |change| change.timestamp())
            }
            _ => found.compatible().unwrap_or(jiff::Timestamp::MAX),
        };
        Timestamp(at.as_millisecond())
    }

    /// The local time at an instant.
    #[must_use]
    pub fn local(&self, at: Timestamp) -> DateTime {
        local_time(at, &self.zone)
    }

    /// The rule as it was written, in upper case.
    #[must_use]
    pub fn rule(&self) -> &str {
        &self.rule.text
    }

    /// How often it recurs: on every n-th day, or in every n-th week, month or year.
    #[must_use]
    pub fn frequency(&self) -> (Frequency, u16) {
        (self.rule.frequency, self.rule.interval)
    }

    /// The earliest local time of an occurrence.
    #[must_use]
    pub fn first(&self) -> DateTime {
        self.first
    }

    /// The IANA name of the time zone.
    #[must_use]
    pub fn zone_name(&self) -> &str {
        &self.zone_name
    }
}

/// The local time at an instant, in whole seconds.
#[must_use]
pub fn local_time(at: Timestamp, zone: &TimeZone) -> DateTime {
    let second = at.0.div_euclid(SECOND);
    let least = jiff::Timestamp::MIN;
    let at =
        jiff::Timestamp::from_second(second).unwrap_or(if second < 0 { least } else { jiff::Timestamp::MAX });
    zone.to_datetime(at)
}

impl PartialEq for Recurrence {
    fn eq(&self, other: &Self) -> bool {
        (&self.rule, self.first, &self.zone_name) == (&other.rule, other.first, &other.zone_name)
    }
}

impl Eq for Recurrence {}

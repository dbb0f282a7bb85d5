//! A slow reference: the days of a rule, found by looking at each.

use crate::script::Script;
use jiff::civil::{Date, Weekday, date};
use jiff::{ToSpan, Unit};
use std::collections::BTreeMap;

const DAYS: [(&str, Weekday); 7] = [
    ("MO", Weekday::Monday),
    ("TU", Weekday::Tuesday),
    ("WE", Weekday::Wednesday),
    ("TH", Weekday::Thursday),
    ("FR", Weekday::Friday),
    ("SA", Weekday::Saturday),
    ("SU", Weekday::Sunday),
];

/// A rule as the reference reads it.
#[derive(Debug, Default)]
pub(super) struct Parts {
    frequency: &'static str,
    interval: i64,
    months: Vec<i64>,
    month_days: Vec<i64>,
    /// Numbers, of which 0 stands for none, and days.
    weekdays: Vec<(i64, usize)>,
    places: Vec<i64>,
    week_start: usize,
    count: Option<i64>,
    until: Option<Date>,
}

impl Parts {
    pub(super) fn of(script: &mut Script<'_>, first: Date) -> Self {
        let frequency = ["DAILY", "WEEKLY", "MONTHLY", "YEARLY"][script.below(4) as usize];
        let in_months = matches!(frequency, "MONTHLY" | "YEARLY");
        let some = |script: &mut Script<'_>, one: &mut dyn FnMut(&mut Script<'_>) -> i64| -> Vec<i64> {
            let count = if script.below(2) == 0 { 0 } else { 1 + script.below(3) };
            (0..count).map(|_| one(script)).collect()
        };
        let months = some(script, &mut |script| 1 + script.below(12));
        let month_day = &mut |script: &mut Script<'_>| {
            let day = 1 + script.below(31);
            if script.below(3) == 0 { -day } else { day }
        };
        let month_days = if frequency == "WEEKLY" { Vec::new() } else { some(script, month_day) };
        let numbered = in_months && script.below(2) == 1;
        let weekday = &mut |script: &mut Script<'_>| script.below(7);
        let weekdays = some(script, weekday).into_iter().map(|day| {
            let number = 1 + script.below(5);
            let number = if script.below(3) == 0 { -number.min(4) } else { number };
            (if numbered { number } else { 0 }, day as usize)
        });
        let weekdays: Vec<_> = weekdays.collect();
        let chooses = in_months && (months.len() + month_days.len() + weekdays.len() > 0);
        let place = &mut |script: &mut Script<'_>| [1, 2, -1, -2, 5][script.below(5) as usize];
        let places = if chooses { some(script, place) } else { Vec::new() };
        let interval = 1 + script.below(4);
        let end = script.below(4);
        Self {
            frequency,
            interval,
            months,
            month_days,
            weekdays,
            places,
            week_start: script.below(7) as usize,
            count: (end == 1).then(|| 1 + script.below(20)),
            until: (end == 2).then(|| first + (script.below(200) * 5).days()),
        }
    }

    pub(super) fn text(&self) -> String {
        let join = |numbers: &[i64]| numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
        let mut text = format!("FREQ={};INTERVAL={}", self.frequency, self.interval);
        for (name, numbers) in
            [("BYMONTH", &self.months), ("BYMONTHDAY", &self.month_days), ("BYSETPOS", &self.places)]
        {
            if !numbers.is_empty() {
                text += &format!(";{name}={}", join(numbers));
            }
        }
        if !self.weekdays.is_empty() {
            let day = |(number, day): &(i64, usize)| match number {
                0 => DAYS[*day].0.to_owned(),
                number => format!("{number}{}", DAYS[*day].0),
            };
            text += &format!(";BYDAY={}", self.weekdays.iter().map(day).collect::<Vec<_>>().join(","));
        }
        text += &format!(";WKST={}", DAYS[self.week_start].0);
        text += &self.count.map(|count| format!(";COUNT={count}")).unwrap_or_default();
        text += &self.until.map(|until| until.strftime(";UNTIL=%Y%m%d").to_string()).unwrap_or_default();
        text
    }

    /// The days of the rule from `first` on until `end`, found by looking at each.
    pub(super) fn days(&self, first: Date, end: Date) -> Vec<Date> {
        let mut periods: BTreeMap<i64, Vec<Date>> = BTreeMap::new();
        let mut day = date(first.year(), 1, 1) - 7.days();
        // The last period is whole.
        while day < date(end.year() + 1, 1, 8) {
            let period = self.period(day, first);
            if period % self.interval == 0 && self.names(day, first) {
                periods.entry(period).or_default().push(day);
            }
            day += 1.day();
        }
        let mut days = Vec::new();
        for set in periods.values() {
            let chosen = |place: i64| {
                let from_end = set.len() as i64 + place;
                usize::try_from(if place > 0 { place - 1 } else { from_end }).ok()
            };
            let of = |place: &i64| chosen(*place).and_then(|place| set.get(place)).copied();
            let mut set: Vec<Date> = if self.places.is_empty() {
                set.clone()
            } else {
                self.places.iter().filter_map(of).collect()
            };
            set.sort_unstable();
            set.dedup();
            days.extend(set);
        }
        days.retain(|day| *day >= first && *day < end && self.until.is_none_or(|until| *day <= until));
        days.truncate(self.count.map_or(usize::MAX, |count| count as usize));
        days
    }

    /// The number of the day, week, month or year, counted from that of the first.
    fn period(&self, day: Date, first: Date) -> i64 {
        let days = |from: Date, to: Date| i64::from(from.until((Unit::Day, to)).expect("near").get_days());
        let week = |day: Date| {
            let weekday = day.weekday().to_monday_zero_offset();
            day - i64::from((weekday + 7 - self.week_start as i8) % 7).days()
        };
        let month = |day: Date| i64::from(day.year()) * 12 + i64::from(day.month());
        match self.frequency {
            "DAILY" => days(first, day),
            "WEEKLY" => days(week(first), week(day)) / 7,
            "MONTHLY" => month(day) - month(first),
            _ => i64::from(day.year()) - i64::from(first.year()),
        }
    }

    fn names(&self, day: Date, first: Date) -> bool {
        let by_month = self.months.is_empty() || self.months.contains(&i64::from(day.month()));
        let length = i64::from(day.days_in_month());
        let is = |number: &i64| {
            let number = if *number > 0 { *number } else { length + number + 1 };
            number == i64::from(day.day())
        };
        let by_month_day = self.month_days.is_empty() || self.month_days.iter().any(is);
        let in_year = self.frequency == "YEARLY" && self.months.is_empty();
        let nth = |number: i64| {
            let (place, length) = if in_year {
                (i64::from(day.day_of_year()), i64::from(day.days_in_year()))
            } else {
                (i64::from(day.day()), length)
            };
            if number > 0 { (place - 1) / 7 + 1 == number } else { (length - place) / 7 + 1 == -number }
        };
        let is = |(number, weekday): &(i64, usize)| {
            day.weekday() == DAYS[*weekday].1 && (*number == 0 || nth(*number))
        };
        let by_weekday = self.weekdays.is_empty() || self.weekdays.iter().any(is);
        let by_first = !(self.weekdays.is_empty() && self.month_days.is_empty())
            || match self.frequency {
                "DAILY" => true,
                "WEEKLY" => day.weekday() == first.weekday(),
                "MONTHLY" => day.day() == first.day(),
                _ => day.day() == first.day() && (!self.months.is_empty() || day.month() == first.month()),
            };
        by_month && by_month_day && by_weekday && by_first
    }
}

//! Recurrence rules: hand-written dates, also where clocks change, a slow reference that looks at every day, and rules
//! that are refused.

mod every_day;

use crate::script::Script;
use every_day::Parts;
use jiff::ToSpan;
use jiff::civil::{Date, DateTime, date};
use proptest::prelude::*;
use skerry_domain::recurrence::Recurrence;

fn recurrence(rule: &str, first: &str, zone: &str) -> Recurrence {
    Recurrence::new(rule, first.parse().expect("a local time"), zone).expect("a valid rule")
}

/// The first instants.
fn begins(rule: &str, first: &str, zone: &str, count: usize) -> Vec<String> {
    recurrence(rule, first, zone).starts().take(count).map(|start| start.at.to_string()).collect()
}

#[test]
fn the_time_of_day_stays_where_clocks_change() {
    for (rule, first, zone, expected) in [
        // 02:30 is skipped on 28 March 2027: it begins at 03:00.
        (
            "FREQ=DAILY",
            "2027-03-27T02:30",
            "Europe/Berlin",
            ["2027-03-27T01:30:00Z", "2027-03-28T01:00:00Z", "2027-03-29T00:30:00Z"],
        ),
        // It comes twice on 25 October 2026: it begins at the first.
        (
            "FREQ=DAILY",
            "2026-10-24T02:30",
            "Europe/Berlin",
            ["2026-10-24T00:30:00Z", "2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"],
        ),
        (
            "FREQ=WEEKLY;BYDAY=SU",
            "2027-03-07T02:00",
            "America/New_York",
            ["2027-03-07T07:00:00Z", "2027-03-14T07:00:00Z", "2027-03-21T06:00:00Z"],
        ),
        (
            "FREQ=WEEKLY",
            "2026-10-25T01:30",
            "America/New_York",
            ["2026-10-25T05:30:00Z", "2026-11-01T05:30:00Z", "2026-11-08T06:30:00Z"],
        ),
        // Half an hour.
        (
            "FREQ=DAILY",
            "2026-10-03T02:15",
            "Australia/Lord_Howe",
            ["2026-10-02T15:45:00Z", "2026-10-03T15:30:00Z", "2026-10-04T15:15:00Z"],
        ),
        (
            "FREQ=DAILY",
            "2027-04-03T01:45",
            "Australia/Lord_Howe",
            ["2027-04-02T14:45:00Z", "2027-04-03T14:45:00Z", "2027-04-04T15:15:00Z"],
        ),
        // Samoa skipped 30 December 2011: two would begin at the same instant.
        (
            "FREQ=DAILY",
            "2011-12-29T00:00",
            "Pacific/Apia",
            ["2011-12-29T10:00:00Z", "2011-12-30T10:00:00Z", "2011-12-31T10:00:00Z"],
        ),
    ] {
        assert_eq!(begins(rule, first, zone, 3), expected, "{rule} from {first} in {zone}");
    }
}

#[test]
fn rules_name_the_days_that_the_standard_says() {
    for (rule, first, expected) in [
        ("FREQ=MONTHLY;BYDAY=-1FR", "2026-12-01T22:00", "2026-12-25 2027-01-29 2027-02-26"),
        ("FREQ=MONTHLY;BYDAY=2TU", "2026-12-01T22:00", "2026-12-08 2027-01-12 2027-02-09"),
        ("freq=monthly;bymonthday=31;", "2026-12-01T22:00", "2026-12-31 2027-01-31 2027-03-31"),
        ("FREQ=MONTHLY", "2027-01-30T22:00", "2027-01-30 2027-03-30 2027-04-30"),
        ("FREQ=MONTHLY;BYMONTHDAY=1,-1;INTERVAL=2", "2026-12-02T22:00", "2026-12-31 2027-02-01 2027-02-28"),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", "2026-12-01T22:00", "2028-02-29 2032-02-29 2036-02-29"),
        ("FREQ=YEARLY;BYDAY=20MO", "1997-05-19T09:00", "1997-05-19 1998-05-18 1999-05-17"),
        (
            "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,SU;WKST=MO",
            "1997-08-05T09:00",
            "1997-08-05 1997-08-10 1997-08-19",
        ),
        (
            "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,SU;WKST=SU",
            "1997-08-05T09:00",
            "1997-08-05 1997-08-17 1997-08-19",
        ),
        (
            "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-2",
            "1997-09-29T09:00",
            "1997-09-29 1997-10-30 1997-11-27",
        ),
        ("RRULE:FREQ=DAILY;COUNT=2", "2026-12-31T22:00", "2026-12-31 2027-01-01"),
        ("FREQ=DAILY;UNTIL=20270101", "2026-12-31T22:00", "2026-12-31 2027-01-01"),
        ("FREQ=DAILY;UNTIL=20270101T215959", "2026-12-31T22:00", "2026-12-31"),
        // 22:00 in Berlin is 21:00 UTC.
        ("FREQ=DAILY;UNTIL=20270101T210000Z", "2026-12-31T22:00", "2026-12-31 2027-01-01"),
        ("FREQ=DAILY;UNTIL=20270101T205959Z", "2026-12-31T22:00", "2026-12-31"),
        // The first is not before a date of the rule.
        ("FREQ=WEEKLY;BYDAY=SU;COUNT=2", "2026-12-03T22:00", "2026-12-06 2026-12-13"),
    ] {
        let days = recurrence(rule, first, "Europe/Berlin");
        let days: Vec<String> = days.starts().take(3).map(|start| start.local.date().to_string()).collect();
        assert_eq!(days.join(" "), expected, "{rule} from {first}");
    }
}

#[test]
fn a_rule_that_makes_no_sense_says_what_would() {
    for (rule, expected) in [
        ("", "\"\" is no part of a rule: write a rule such as FREQ=WEEKLY;BYDAY=SU"),
        ("every sunday", "\"EVERY SUNDAY\" is no part of a rule: write a rule such as FREQ=WEEKLY;BYDAY=SU"),
        ("BYDAY=SU", "FREQ is missing: write one of DAILY, WEEKLY, MONTHLY, YEARLY, such as FREQ=WEEKLY"),
        (
            "FREQ=HOURLY",
            "FREQ=HOURLY: maintenance recurs daily or less often: write one of DAILY, WEEKLY, MONTHLY, YEARLY",
        ),
        ("FREQ=DAILY;BYHOUR=2", "BYHOUR: every occurrence begins at the time of the first: leave it out"),
        (
            "FREQ=YEARLY;BYWEEKNO=2",
            "BYWEEKNO is not supported: name the days with BYMONTH and BYMONTHDAY or BYDAY",
        ),
        (
            "FREQ=DAILY;EVERY=2",
            "EVERY is no part of a rule: there are FREQ, INTERVAL, COUNT, UNTIL, BYMONTH, BYMONTHDAY, BYDAY, BYSETPOS, WKST",
        ),
        ("FREQ=DAILY;FREQ=DAILY", "FREQ stands there twice: write it once"),
        ("FREQ=DAILY;INTERVAL=0", "INTERVAL=0: write a number from 1 to 1000"),
        ("FREQ=DAILY;INTERVAL=+2", "INTERVAL=+2: write a number from 1 to 1000"),
        ("FREQ=DAILY;COUNT=99999999999", "COUNT=99999999999: write a number from 1 to 10000"),
        ("FREQ=DAILY;COUNT=2;UNTIL=20270101", "COUNT and UNTIL exclude each other: keep one of them"),
        (
            "FREQ=DAILY;UNTIL=2027-01-01",
            "UNTIL=2027-01-01: write the last day, such as 20271231, or the last time, such as 20271231T235959Z",
        ),
        (
            "FREQ=DAILY;UNTIL=20200101",
            "the rule has no date within ten years of 2026-12-01T02:00:00: FREQ=DAILY;UNTIL=20200101",
        ),
        ("FREQ=YEARLY;BYMONTH=13", "BYMONTH=13: write numbers from 1 to 12, separated by commas"),
        (
            "FREQ=MONTHLY;BYMONTHDAY=0",
            "BYMONTHDAY=0: write numbers from 1 to 31, or from -1 (the last) to -31, separated by commas",
        ),
        (
            "FREQ=WEEKLY;BYMONTHDAY=1",
            "BYMONTHDAY does not fit FREQ=WEEKLY: write FREQ=MONTHLY or name the days with BYDAY",
        ),
        (
            "FREQ=WEEKLY;BYDAY=SUN",
            "BYDAY=SUN: \"SUN\" is no day: write MO, TU, WE, TH, FR, SA, SU, such as SU or, with FREQ=MONTHLY, 1SU or -1SU",
        ),
        (
            "FREQ=WEEKLY;BYDAY=1SU",
            "BYDAY=1SU: \"1SU\" counts days within a month: write FREQ=MONTHLY, or SU alone",
        ),
        (
            "FREQ=MONTHLY;BYDAY=6SU",
            "BYDAY=6SU: \"6SU\": write a number from 1 to 5, or from -1 (the last) to -4",
        ),
        (
            "FREQ=MONTHLY;BYDAY=1SU,MO",
            "BYDAY=1SU,MO: some days have a number and some do not: write 1MO,2MO,3MO,4MO,5MO for every Monday",
        ),
        (
            "FREQ=WEEKLY;BYDAY=MO;BYSETPOS=1",
            "BYSETPOS chooses days of a month or a year: write FREQ=MONTHLY or leave it out",
        ),
        (
            "FREQ=MONTHLY;BYSETPOS=1",
            "BYSETPOS chooses among days that other parts name: add BYDAY or BYMONTHDAY",
        ),
        ("FREQ=WEEKLY;WKST=1", "WKST=1: write the first day of a week: MO, TU, WE, TH, FR, SA, SU"),
    ] {
        let first = date(2026, 12, 1).at(2, 0, 0, 0);
        let error = Recurrence::new(rule, first, "Europe/Berlin").map(|_| ()).expect_err(rule);
        assert_eq!(error, expected, "{rule}");
    }
    let first = date(2026, 12, 1).at(2, 0, 0, 0);
    let error = Recurrence::new("FREQ=DAILY", first, "Europe/Atlantis").map(|_| ());
    assert_eq!(error, Err("\"Europe/Atlantis\" is no known time zone".to_owned()));
    assert!(Recurrence::new(&format!("FREQ=DAILY;BYMONTH={}", "1,".repeat(300)), first, "UTC").is_err());
}

/// The work for such a rule is bounded.
#[test]
fn a_rule_without_a_date_is_refused() {
    for rule in [
        "FREQ=YEARLY;BYMONTHDAY=31;BYMONTH=2",
        "FREQ=MONTHLY;BYMONTHDAY=30;BYMONTH=2",
        "FREQ=DAILY;BYMONTHDAY=31;BYMONTH=4,6,9,11",
        "FREQ=MONTHLY;BYDAY=1MO;BYMONTHDAY=20",
        "FREQ=MONTHLY;INTERVAL=12;BYMONTH=3",
        "FREQ=MONTHLY;BYDAY=SU;BYSETPOS=9",
        "FREQ=YEARLY;INTERVAL=1000;BYMONTH=2;BYMONTHDAY=29",
        "FREQ=YEARLY;INTERVAL=7;BYMONTH=2;BYMONTHDAY=29",
    ] {
        let first = date(2026, 12, 1).at(2, 0, 0, 0);
        let error = Recurrence::new(rule, first, "Etc/UTC").map(|_| ()).expect_err(rule);
        assert_eq!(error, format!("the rule has no date within ten years of 2026-12-01T02:00:00: {rule}"));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn occurrences_equal_those_found_by_looking_at_every_day(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
        let mut script = Script(&bytes);
        let first = date(2026, 1, 1) + (script.below(250) * 4).days();
        let zone = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe"][script.below(3) as usize];
        let parts = Parts::of(&mut script, first);
        let begins: DateTime = first.at(script.below(24) as i8, 30, 0, 0);
        // Four years: a rule with a date in ten years may have none in these.
        let end = first + 1_461.days();
        let expected = parts.days(first, end);
        let Ok(found) = Recurrence::new(&parts.text(), begins, zone) else {
            prop_assert!(expected.is_empty(), "{} is refused, and has {:?}", parts.text(), expected);
            return Ok(());
        };
        let starts: Vec<_> = found.starts().take_while(|start| start.local.date() < end).collect();
        let days: Vec<Date> = starts.iter().map(|start| start.local.date()).collect();
        prop_assert_eq!(&days, &expected, "{} from {}", parts.text(), begins);
        prop_assert!(starts.windows(2).all(|pair| pair[0].at < pair[1].at));
        for start in &starts {
            prop_assert_eq!(start.local.time(), begins.time());
            // Where the clock does not skip it, that is what the clock shows.
            let shown = found.local(start.at);
            prop_assert!(shown == start.local || shown.time() == jiff::civil::time(3, 0, 0, 0)
                || shown.time() == jiff::civil::time(2, 30, 0, 0), "{} shows {}", start.local, shown);
        }
        // Whatever came before, what follows is the same.
        if let Some(middle) = starts.get(starts.len() / 2) {
            let after: Vec<_> = found.starts_after(Some(middle.local)).take(5).collect();
            let again: Vec<_> = found.starts().filter(|start| start.at > middle.at).take(5).collect();
            prop_assert_eq!(after, again);
        }
    }
}

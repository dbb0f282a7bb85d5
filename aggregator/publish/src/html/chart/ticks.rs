//! The ticks below a chart: at round clock times and days of the page's zone.

use super::super::words::Clock;
use jiff::civil::{Date, DateTime, Weekday};
use skerry_domain::time::{DAY, MINUTE, Timestamp};

/// Width of the picture on a phone, px.
const PHONE: i64 = 270;
/// Room for a label there, px.
const LABEL: i64 = 56;

/// A tick.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tick {
    /// "15.6%": its distance from the left edge.
    pub(crate) x: String,
    /// "Fri ", which a phone leaves out.
    pub(crate) day: Option<String>,
    /// "00:00", "5 Oct". Empty if there is no room for it.
    pub(crate) text: String,
    /// Where the label stands: "a" begins at the tick, "z" ends there, "" is centred; a second class "wo" for those that a
    /// phone leaves out.
    pub(crate) class: &'static str,
}

/// How far ticks are from each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Every {
    /// Of the clock, in minutes.
    Minutes(i64),
    Day,
    Week,
}

impl Every {
    fn of(length: i64) -> Self {
        match length {
            ..7_200_001 => Self::Minutes(15),
            7_200_001..28_800_001 => Self::Minutes(60),
            28_800_001..108_000_001 => Self::Minutes(240),
            108_000_001..691_200_001 => Self::Day,
            691_200_001.. => Self::Week,
        }
    }

    fn length(self) -> i64 {
        match self {
            Self::Minutes(minutes) => minutes * MINUTE,
            Self::Day => DAY,
            Self::Week => 7 * DAY,
        }
    }

    /// The ticks of a day.
    fn of_day(self, date: Date) -> Vec<DateTime> {
        match self {
            Self::Minutes(minutes) => {
                let clock = |at: i64| date.at((at / 60) as i8, (at % 60) as i8, 0, 0);
                (0..24 * 60 / minutes).map(|index| clock(index * minutes)).collect()
            }
            Self::Week if date.weekday() != Weekday::Monday => Vec::new(),
            Self::Day | Self::Week => vec![date.at(0, 0, 0, 0)],
        }
    }
}

/// The ticks of the time between `from` and `to`, oldest first.
pub(super) fn ticks((from, to): (Timestamp, Timestamp), mirrored: bool, clock: &Clock<'_>) -> Vec<Tick> {
    let every = Every::of(to - from);
    let mut date = clock.date(from);
    let mut found: Vec<(DateTime, Timestamp)> = Vec::new();
    while date <= clock.date(to) {
        // What the clocks skip has no tick, but for a midnight.
        let at = every.of_day(date).into_iter().filter_map(|civil| Some((civil, clock.instant_of(civil)?)));
        found.extend(at.filter(|(civil, at)| {
            let skipped = clock.time(*at) != civil.strftime("%H:%M").to_string();
            (from..=to).contains(at) && (!skipped || civil.hour() == 0)
        }));
        let Ok(next) = date.tomorrow() else { break };
        date = next;
    }
    let length = (to - from).max(1);
    let stride = (LABEL * length).div_euclid(PHONE * every.length()) + 1;
    let last = found.len().saturating_sub(1);
    let tick = |(index, (civil, at)): (usize, &(DateTime, Timestamp))| {
        let place = match every {
            Every::Minutes(minutes) => (i64::from(civil.hour()) * 60 + i64::from(civil.minute())) / minutes,
            Every::Day | Every::Week => (last - index) as i64,
        };
        label(every, (*civil, *at), index == 0, place % stride == 0, (from, length), mirrored, clock)
    };
    found.iter().enumerate().map(tick).collect()
}

fn label(
    every: Every,
    (civil, at): (DateTime, Timestamp),
    first: bool,
    on_phones: bool,
    (from, length): (Timestamp, i64),
    mirrored: bool,
    clock: &Clock<'_>,
) -> Tick {
    let share = (at - from) as f64 / length as f64;
    let x = if mirrored { 1.0 - share } else { share };
    let weekday = || format!("{} ", clock.texts.dates.weekday(civil.weekday()));
    let (day, text) = match every {
        Every::Minutes(_) => {
            let day = (first || civil.hour() == 0 && civil.minute() == 0).then(weekday);
            (day, clock.time(at))
        }
        Every::Day => (Some(weekday()), clock.day_of_month(civil.date())),
        Every::Week => (None, clock.day_of_month(civil.date())),
    };
    let (near, far) = (share < 0.05, share > 0.95);
    // At an edge a clock time stands beside its tick; a longer label has no room there.
    let room = matches!(every, Every::Minutes(_)) || !(near || far);
    let class = match (near, far, on_phones) {
        (true, _, true) => "a",
        (true, _, false) => "a wo",
        (_, true, true) => "z",
        (_, true, false) => "z wo",
        (.., true) => "",
        (.., false) => "wo",
    };
    Tick {
        x: format!("{:.1}%", x * 100.0),
        day: day.filter(|_| room),
        text: if room { text } else { String::new() },
        class,
    }
}

#[cfg(test)]
#[path = "ticks_test.rs"]
mod tests;

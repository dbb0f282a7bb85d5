//! Corrections in the lists of days: the days that have nothing else to tell, and why a day was corrected.

use super::days::{self, DayLine, DayList};
use super::words::{Clock, Tone};
use crate::view::{ComponentView, CorrectionView};
use jiff::civil::Date;
use skerry_domain::status::Status;

/// The first and the last day that a correction touches.
fn span(correction: &CorrectionView, clock: &Clock<'_>) -> (Date, Date) {
    (clock.date(correction.from), clock.date(correction.to - 1))
}

/// A line for each run of days that are operational because they were corrected, newest first.
pub(super) fn days(list: &DayList, component: &ComponentView, clock: &Clock<'_>) -> Vec<DayLine> {
    let mut lines: Vec<DayLine> = Vec::new();
    if component.corrections.is_empty() {
        return lines;
    }
    let spans: Vec<_> = component.corrections.iter().map(|one| span(one, clock)).collect();
    let is_listed = |date: Date| list.lines.iter().any(|line| (line.from..=line.to).contains(&date));
    let is_corrected = |date: Date| spans.iter().any(|(from, to)| (*from..=*to).contains(&date));
    let shown = component.days.iter().rev().filter(|day| days::mark(day).is_some()).map(|day| day.date);
    for date in shown.filter(|date| is_corrected(*date) && !is_listed(*date)) {
        match lines.last_mut() {
            Some(newer) if date.tomorrow().ok() == Some(newer.from) => newer.from = date,
            _ => {
                let parts = vec![(Tone::Of(Status::Operational), 0)];
                lines.push(DayLine { from: date, to: date, parts });
            }
        }
    }
    lines
}

/// "false alarm": why the days of a line were corrected. `None`: they were not.
pub(super) fn reasons(line: &DayLine, component: &ComponentView, clock: &Clock<'_>) -> Option<String> {
    let mut reasons = Vec::new();
    for one in &component.corrections {
        let (from, to) = span(one, clock);
        let reason = clock.texts.past.correction(one.kind);
        if from <= line.to && line.from <= to && !reasons.contains(&reason) {
            reasons.push(reason);
        }
    }
    (!reasons.is_empty()).then(|| reasons.join(", "))
}

#[cfg(test)]
#[path = "corrected_test.rs"]
mod tests;

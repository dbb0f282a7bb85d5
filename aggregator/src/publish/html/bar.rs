//! The bar of a row: one picture, one path per tone, runs of equal days as one stroke.
//!
//! View box 90 wide and 28 high about the middle line; a day is one unit. The style sheet gives dashes,
//! heights and colours, so that no day costs an element.

use super::words::Tone;
use std::fmt::Write;

/// Marks in a bar.
const DAYS: usize = 90;

/// The picture as markup; empty where there is no mark. Fewer than 90 marks stand at the end, where today is.
pub(crate) fn svg(marks: &[Option<Tone>]) -> String {
    if marks.iter().all(Option::is_none) {
        return String::new();
    }
    let mut out =
        String::from("<svg class=b viewBox=\"0 -14 90 28\" preserveAspectRatio=none aria-hidden=true>");
    for tone in Tone::ALL {
        let line = path(marks, tone);
        if !line.is_empty() {
            // Writing to a string cannot fail.
            let _ = write!(out, "<path class={} d=\"{line}\"/>", tone.class());
        }
    }
    out.push_str("</svg>");
    out
}

/// Runs of a tone: "M3 0h2m5 0h1", each move counted from the end of the run before.
fn path(marks: &[Option<Tone>], tone: Tone) -> String {
    let marks = &marks[marks.len().saturating_sub(DAYS)..];
    let offset = DAYS - marks.len();
    let mut out = String::new();
    let mut end = 0;
    let mut index = 0;
    while index < marks.len() {
        let run = marks[index..].iter().take_while(|mark| **mark == Some(tone)).count();
        if run > 0 {
            let at = offset + index;
            let (letter, x) = if out.is_empty() { ('M', at) } else { ('m', at - end) };
            let _ = write!(out, "{letter}{x} 0h{run}");
            end = at + run;
        }
        index += run.max(1);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::status::Status;

    #[test]
    fn runs_of_equal_days_are_one_stroke() {
        let good = Some(Tone::Of(Status::Operational));
        let bad = Some(Tone::Of(Status::MajorOutage));
        let mut marks = vec![good; 90];
        marks[0] = bad;
        marks[40] = bad;
        marks[41] = bad;
        marks[89] = None;
        assert_eq!(path(&marks, Tone::Of(Status::Operational)), "M1 0h39m2 0h47");
        assert_eq!(path(&marks, Tone::Of(Status::MajorOutage)), "M0 0h1m39 0h2");
        assert_eq!(path(&marks, Tone::NoData), "");
        assert_eq!(path(&[bad], Tone::Of(Status::MajorOutage)), "M89 0h1", "today stands last");
    }
}

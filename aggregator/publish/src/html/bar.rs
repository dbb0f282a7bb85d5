//! The uptime bar of a row: one SVG with one path per tone, in which a run of equal days is one stroke.
//!
//! A day is one unit wide and ends with a gap, of which the last has none; the view box is 28 high about the middle line.
//! The style sheet sets dashes, heights and colours, so that days need no elements of their own.

use super::words::Tone;
use std::fmt::Write;

/// Days in a bar.
const DAYS: usize = 90;
/// The class of days before monitoring began.
const BLANK: &str = "w0";

/// Renders the bar. Fewer than 90 marks are aligned to the right, where today is; `None` is a day before monitoring
/// began, drawn as a hairline.
pub(crate) fn svg(marks: &[Option<Tone>]) -> String {
    let mut out =
        String::from("<svg class=b viewBox=\"0 -14 89.75 28\" preserveAspectRatio=none aria-hidden=true>");
    let tones = Tone::ALL.map(|tone| (Some(tone), tone.class()));
    for (mark, class) in tones.into_iter().chain([(None, BLANK)]) {
        let line = path(marks, mark);
        if !line.is_empty() {
            // Writing to a string cannot fail.
            let _ = write!(out, "<path class={class} d=\"{line}\"/>");
        }
    }
    out.push_str("</svg>");
    out
}

/// The runs of a tone, as in "M3 0h2m5 0h1": each move is relative to the end of the run before.
fn path(marks: &[Option<Tone>], wanted: Option<Tone>) -> String {
    let marks = &marks[marks.len().saturating_sub(DAYS)..];
    let offset = DAYS - marks.len();
    let mut out = String::new();
    let mut end = 0;
    let mut index = 0;
    while index < marks.len() {
        let run = marks[index..].iter().take_while(|mark| **mark == wanted).count();
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
    use skerry_domain::status::Status;

    #[test]
    fn runs_of_equal_days_are_one_stroke() {
        let good = Some(Tone::Of(Status::Operational));
        let bad = Some(Tone::Of(Status::MajorOutage));
        let mut marks = vec![good; 90];
        marks[0] = bad;
        marks[40] = bad;
        marks[41] = bad;
        marks[89] = None;
        assert_eq!(path(&marks, good), "M1 0h39m2 0h47");
        assert_eq!(path(&marks, bad), "M0 0h1m39 0h2");
        assert_eq!(path(&marks, Some(Tone::NoData)), "");
        assert_eq!(path(&[bad], bad), "M89 0h1", "today is last");
    }
}

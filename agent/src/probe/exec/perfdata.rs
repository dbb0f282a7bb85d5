//! Performance data as the guidelines of the Monitoring Plugins define it:
//! `'label'=value[UOM];[warn];[crit];[min];[max]`, separated by blanks. Malformed items are skipped.

use skerry_protocol::words::is_unfit_to_show;
use std::time::Duration;

/// Maximum number of measurements kept per run.
pub(super) const MAX_MEASURES: usize = 64;
/// Maximum length of a label, unit or threshold, characters.
const MAX_LABEL: usize = 100;

/// One item of performance data.
#[derive(Clone, Debug, PartialEq)]
pub struct Measure {
    /// Label.
    pub label: String,
    /// Value; `None` if the plugin reports `U`, unknown.
    pub value: Option<f64>,
    /// Unit: `s`, `ms`, `us`, `%`, `B`, `c`, or empty.
    pub unit: String,
    /// Warning range, as written.
    pub warning: String,
    /// Critical range, as written.
    pub critical: String,
    /// Minimum value.
    pub min: Option<f64>,
    /// Maximum value.
    pub max: Option<f64>,
}

impl Measure {
    /// Parses every item of `text` in order.
    pub(super) fn read_all(mut text: &str) -> impl Iterator<Item = Self> {
        std::iter::from_fn(move || {
            loop {
                text = text.trim_start();
                if text.is_empty() {
                    return None;
                }
                let Some((label, rest)) = label(text) else {
                    // Malformed: continue after the next blank.
                    text = text.find(char::is_whitespace).map_or("", |end| &text[end..]);
                    continue;
                };
                let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
                text = &rest[end..];
                if let Some(measure) = Self::read(label, &rest[..end]) {
                    return Some(measure);
                }
            }
        })
    }

    fn read(label: String, figures: &str) -> Option<Self> {
        let mut fields = figures.split(';');
        let (value, unit) = figure(fields.next()?)?;
        let mut range = || fields.next().filter(|text| is_range(text)).unwrap_or_default().to_owned();
        let (warning, critical) = (range(), range());
        let mut bound = || fields.next().and_then(number);
        let (min, max) = (bound(), bound());
        Some(Self { label, value, unit, warning, critical, min, max })
    }

    /// The value as a duration, if its unit is one of time.
    pub(super) fn duration(&self) -> Option<Duration> {
        let factor = match self.unit.as_str() {
            "s" => 1.0,
            "ms" => 1e-3,
            "us" | "\u{b5}s" | "\u{3bc}s" => 1e-6,
            "ns" => 1e-9,
            _ => return None,
        };
        Duration::try_from_secs_f64(self.value? * factor).ok()
    }
}

/// Splits a label from the text after its `=`. A quoted label may contain blanks; a doubled quote stands for
/// one.
fn label(text: &str) -> Option<(String, &str)> {
    let (label, rest) = match text.strip_prefix('\'') {
        Some(quoted) => quoted_label(quoted)?,
        None => {
            // Only up to the next blank: otherwise long malformed text is searched again and again.
            let end = text.find(char::is_whitespace).unwrap_or(text.len());
            let (label, _) = text[..end].split_once('=')?;
            (label.to_owned(), &text[label.len() + 1..])
        }
    };
    let is_quoted = text.starts_with('\'');
    let strange = |one: char| is_unfit_to_show(one) || (!is_quoted && one == '\'');
    let right = !label.is_empty() && !label.contains(strange) && label.chars().count() <= MAX_LABEL;
    right.then_some((label, rest))
}

fn quoted_label(text: &str) -> Option<(String, &str)> {
    let (mut label, mut rest) = (String::new(), text);
    loop {
        let (part, after) = rest.split_once('\'')?;
        label.push_str(part);
        let Some(more) = after.strip_prefix('\'') else { return Some((label, after.strip_prefix('=')?)) };
        label.push('\'');
        rest = more;
    }
}

/// `12.5ms`, or `U` for an unknown value.
fn figure(text: &str) -> Option<(Option<f64>, String)> {
    if text == "U" {
        return Some((None, String::new()));
    }
    let end = text.find(|one: char| !matches!(one, '0'..='9' | '.' | '-' | '+')).unwrap_or(text.len());
    // Some plugins print an exponent; no unit starts with `e`.
    let exponent = text[end..].strip_prefix(['e', 'E']).map(|rest| {
        let digits = rest.find(|one: char| !matches!(one, '0'..='9' | '-' | '+')).unwrap_or(rest.len());
        end + 1 + digits
    });
    let (value, unit) = text.split_at(exponent.unwrap_or(end));
    let right =
        unit.chars().all(|one| one.is_alphabetic() || one == '%') && unit.chars().count() <= MAX_LABEL;
    right.then_some((Some(number(value)?), unit.to_owned()))
}

fn number(text: &str) -> Option<f64> {
    let shaped = text.starts_with(|one: char| matches!(one, '0'..='9' | '.' | '-' | '+'));
    text.parse().ok().filter(|value: &f64| shaped && value.is_finite())
}

/// `10`, `10:`, `~:10`, `10:20`, `@10:20`.
fn is_range(text: &str) -> bool {
    text.len() <= MAX_LABEL && text.chars().all(|one| one.is_ascii_digit() || "@~:.-+eE".contains(one))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<Measure> {
        Measure::read_all(text).collect()
    }

    fn plain(label: &str, value: f64, unit: &str) -> Measure {
        Measure {
            label: label.to_owned(),
            value: Some(value),
            unit: unit.to_owned(),
            warning: String::new(),
            critical: String::new(),
            min: None,
            max: None,
        }
    }

    #[test]
    fn every_field_is_read() {
        let full = Measure {
            warning: "~:5".to_owned(),
            critical: "@10:20".to_owned(),
            min: Some(0.0),
            max: Some(98.5),
            ..plain("load1", 0.26, "s")
        };
        assert_eq!(read("load1=0.26s;~:5;@10:20;0;98.5"), [full]);
        assert_eq!(
            read("a=1 b=-2.5% c=3c;;;;"),
            [plain("a", 1.0, ""), plain("b", -2.5, "%"), plain("c", 3.0, "c")]
        );
        assert_eq!(read("t=1.5e-3s"), [plain("t", 0.0015, "s")]);
        assert_eq!(read("lost=U"), [Measure { value: None, ..plain("lost", 0.0, "") }]);
    }

    #[test]
    fn labels_may_be_quoted() {
        assert_eq!(read("'free space'=5MB"), [plain("free space", 5.0, "MB")]);
        assert_eq!(read("'it''s=x'=5"), [plain("it's=x", 5.0, "")]);
        assert_eq!(read("/=1 'C:\\'=2"), [plain("/", 1.0, ""), plain("C:\\", 2.0, "")]);
    }

    #[test]
    fn what_has_no_shape_is_left_out_and_the_rest_read_on() {
        for text in [
            "words a=1",
            "x= a=1",
            "=5 a=1",
            "y=nan a=1",
            "z=1..2 a=1",
            "k=1,5s a=1",
            "w=inf a=1",
            "a'b=2 a=1",
        ] {
            assert_eq!(read(text), [plain("a", 1.0, "")], "{text}");
        }
        for text in ["'never_closed=5", "'closed'5", "=", "'", "''", "a", "a=", "1e999=1e999"] {
            assert_eq!(read(text), [], "{text}");
        }
        assert_eq!(read("a=1;not a range;5"), [plain("a", 1.0, "")]);
        assert_eq!(read(&format!("{}=1", "l".repeat(101))), []);
    }

    #[test]
    fn a_time_is_told_by_its_unit() {
        let time = |text: &str| read(text)[0].duration();
        assert_eq!(time("time=0.25s"), Some(Duration::from_millis(250)));
        assert_eq!(time("rta=1.5ms"), Some(Duration::from_micros(1_500)));
        for twelve in ["t=12us", "t=12\u{b5}s", "t=12\u{3bc}s", "t=12000ns"] {
            assert_eq!(time(twelve), Some(Duration::from_micros(12)), "{twelve}");
        }
        for none in ["t=5", "t=5%", "t=5MB", "t=-1s", "t=1e300s", "t=U"] {
            assert_eq!(time(none), None, "{none}");
        }
    }
}

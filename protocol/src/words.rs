//! Text for people, as both programs show it.

use std::borrow::Cow;
use std::error::Error;
use std::fmt::{Display, Write as _};

const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// "1 check", "2 checks"; `one` is a noun whose plural adds an s.
pub fn count<N: Display + Copy + PartialEq + From<u8>>(number: N, one: &str) -> String {
    let ending = if number == N::from(1) { "" } else { "s" };
    format!("{number} {one}{ending}")
}

/// The two largest units, truncated: "42 s", "2 h 13 min", "3 days 4 h". At least "1 s".
#[must_use]
pub fn duration(milliseconds: i64) -> String {
    let whole = milliseconds.max(SECOND);
    let pair = |large: String, small: i64, unit: &str| {
        if small == 0 { large } else { format!("{large} {small} {unit}") }
    };
    if whole < MINUTE {
        format!("{} s", whole / SECOND)
    } else if whole < HOUR {
        pair(format!("{} min", whole / MINUTE), whole % MINUTE / SECOND, "s")
    } else if whole < DAY {
        pair(format!("{} h", whole / HOUR), whole % HOUR / MINUTE, "min")
    } else {
        pair(count(whole / DAY, "day"), whole % DAY / HOUR, "h")
    }
}

/// Characters that untrusted text must not bring where it is shown: they would control a terminal, forge a
/// log line, or reorder the text around them. The marks that right-to-left text needs are allowed.
#[must_use]
pub fn is_unfit_to_show(one: char) -> bool {
    let formats = [
        '\u{2028}'..='\u{202e}',
        '\u{2066}'..='\u{2069}',
        '\u{fff9}'..='\u{fffb}',
        '\u{e0000}'..='\u{e007f}',
    ];
    one.is_control() || one == '\u{feff}' || formats.iter().any(|range| range.contains(&one))
}

/// `text` with `substitute` for each character that is unfit to show.
#[must_use]
pub fn cleaned(text: &str, substitute: &str) -> String {
    text.replace(is_unfit_to_show, substitute)
}

/// `text` on one line: a blank for each character that is unfit to show.
#[must_use]
pub fn one_line(text: &str) -> String {
    cleaned(text, " ")
}

/// Like [`one_line`], cut after `characters`.
#[must_use]
pub fn short_line(text: &str, characters: usize) -> String {
    one_line(text).chars().take(characters).collect()
}

/// Like [`one_line`], cut to at most `bytes`.
#[must_use]
pub fn line_within(text: &str, bytes: usize) -> String {
    let end = |text: &str| (0..=bytes.min(text.len())).rfind(|end| text.is_char_boundary(*end)).unwrap_or(0);
    // A blank is never longer than what it replaces, so a longer beginning is not needed.
    let start = text.char_indices().nth(bytes).map_or(text.len(), |(at, _)| at);
    let mut line = one_line(&text[..start]);
    line.truncate(end(&line));
    line
}

/// All messages in the source chain of `error`, outermost first. A cause that its effect already quotes is left out.
#[must_use]
pub fn error_chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let message = cause.to_string();
        if !text.ends_with(&message) {
            text.push_str(": ");
            text.push_str(&message);
        }
        source = cause.source();
    }
    text
}

/// Microseconds as milliseconds with `decimals`: "5.8 ms".
#[must_use]
pub fn milliseconds(us: u64, decimals: usize) -> String {
    format!("{:.decimals$} ms", us as f64 / 1e3)
}

/// Escapes the characters that are unfit to show, as JSON and most languages do, except ASCII control
/// characters: line breaks, tabs and terminal colours are the caller's own.
#[must_use]
pub fn written_out(text: &str) -> Cow<'_, str> {
    let own = |one: char| one.is_ascii_control();
    if !text.contains(|one| is_unfit_to_show(one) && !own(one)) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for one in text.chars() {
        if is_unfit_to_show(one) && !own(one) {
            for unit in one.encode_utf16(&mut [0; 2]) {
                // Writing to a String cannot fail.
                let _ = write!(out, "\\u{unit:04x}");
            }
        } else {
            out.push(one);
        }
    }
    Cow::Owned(out)
}

/// Whether an agent or a location may have this name: 1 to 100 visible characters, no blank at either end.
#[must_use]
pub fn is_plain_name(name: &str) -> bool {
    let unseen = |one| {
        is_unfit_to_show(one)
            || matches!(one, '\u{AD}' | '\u{61C}' | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{2060}'..='\u{206F}')
    };
    let length = name.chars().count();
    (1..=100).contains(&length) && name.trim() == name && !name.chars().any(unseen)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_take_the_two_largest_units() {
        for (milliseconds, words) in [
            (0, "1 s"),
            (1, "1 s"),
            (42_000, "42 s"),
            (59_999, "59 s"),
            (60_000, "1 min"),
            (42 * MINUTE, "42 min"),
            (2 * MINUTE + 5 * SECOND, "2 min 5 s"),
            (2 * HOUR + 13 * MINUTE, "2 h 13 min"),
            (2 * HOUR + 13 * MINUTE + 59 * SECOND, "2 h 13 min"),
            (2 * HOUR + 59 * SECOND, "2 h"),
            (DAY, "1 day"),
            (3 * DAY + 4 * HOUR, "3 days 4 h"),
            (90 * DAY, "90 days"),
        ] {
            assert_eq!(duration(milliseconds), words, "{milliseconds} ms");
        }
    }

    #[test]
    fn what_turns_a_line_about_or_breaks_it_is_not_shown() {
        for unfit in [
            '\0',
            '\u{1b}',
            '\n',
            '\u{7f}',
            '\u{85}',
            '\u{2028}',
            '\u{2029}',
            '\u{202a}',
            '\u{202e}',
            '\u{2066}',
            '\u{2069}',
            '\u{feff}',
            '\u{e0041}',
        ] {
            assert_eq!(one_line(&format!("a{unfit}b")), "a b", "{unfit:?}");
        }
        for fit in ["a b", "żółw", "שלום\u{200f}!", "👩\u{200d}🚀", "日本"] {
            assert_eq!(one_line(fit), fit);
            assert_eq!(written_out(fit), fit);
        }
        assert_eq!(written_out("a\u{202e}b\u{2028}\u{85}\n\tc"), "a\\u202eb\\u2028\\u0085\n\tc");
        let json = written_out("\"\u{202e}\u{e0041}\"").into_owned();
        assert_eq!(json, "\"\\u202e\\udb40\\udc41\"", "a text of JSON is the same text");
    }

    #[test]
    fn lines_are_cut_between_characters() {
        assert_eq!((short_line("a\nü€b", 4).as_str(), line_within("a\nü€b", 5).as_str()), ("a ü€", "a ü"));
        assert_eq!((short_line("", 3), line_within("", 3)), (String::new(), String::new()));
        assert_eq!(line_within("\u{2028}\u{2028}x", 2), "  ");
    }

    #[test]
    fn a_cause_that_is_quoted_already_is_not_repeated() {
        let cause = std::io::Error::other("gone");
        assert_eq!(error_chain(&std::io::Error::other(cause)), "gone");
    }

    #[test]
    fn milliseconds_have_the_decimals_asked_for() {
        assert_eq!(
            [0, 1, 2].map(|decimals| milliseconds(41_250, decimals)),
            ["41 ms", "41.2 ms", "41.25 ms"]
        );
    }

    #[test]
    fn a_name_is_what_is_seen_of_it() {
        let long = "x".repeat(101);
        let refused = [
            "",
            " ",
            " a",
            "a ",
            "a\nb",
            "a\u{202E}b",
            "a\u{2028}b",
            "a\u{200B}",
            "a\tb",
            "\u{1B}[2J",
            &long,
        ];
        for name in refused {
            assert!(!is_plain_name(name), "{name:?}");
        }
        for name in ["web-1", "fra", "Büro 2", "東京", "a b", &long[..100]] {
            assert!(is_plain_name(name), "{name:?}");
        }
    }

    #[test]
    fn one_is_not_many() {
        assert_eq!(
            (count(0_usize, "check"), count(1_u64, "check"), count(2_i64, "check")),
            ("0 checks".into(), "1 check".into(), "2 checks".into())
        );
    }
}

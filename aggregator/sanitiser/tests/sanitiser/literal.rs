//! Names within Markdown.

use crate::sanitised;
use proptest::prelude::*;
use skerry_sanitiser::{Form, escape_markdown};

#[test]
fn a_name_is_shown_as_it_stands() {
    for name in [
        "Demo",
        "R&D",
        "a*b*c _d_ __e__",
        "[x](javascript:alert(1))",
        "<img src=x onerror=alert(1)>",
        "![x](https://a.example/x.png)",
        "`code` ~~gone~~",
        "# heading",
        "1. first",
        "365",
        "2) second",
        "- item",
        "+ item",
        "> quote",
        "--- x",
        "=== x",
        "=",
        "14:40 UTC",
        "2026-12-05",
        "a | b",
        "&amp; &#105;",
        "back\\slash\\",
        "{{page}}",
    ] {
        let text = sanitised(&escape_markdown(name), Form::Markdown).text.expect("clean");
        assert_eq!((text.plain().as_str(), text.html().matches('<').count()), (name, 2), "{}", text.html());
    }
    assert_eq!(escape_markdown(" two\nlines\t "), "two lines");
    assert_eq!(escape_markdown(""), "");
    for plain in ["14:40 UTC", "2 h 13 min", "30 Nov, 14:40 CET", "(main)", "\"Shop\""] {
        assert_eq!(escape_markdown(plain), plain, "it means nothing in Markdown");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_name_becomes_markup(name in "[!-~äß]{1,12}( [!-~äß]{1,12}){0,2}", before in prop::sample::select(vec!["", "On ", "*We* see "])) {
        let outcome = sanitised(&format!("{before}{}", escape_markdown(&name)), Form::Markdown);
        let Ok(text) = outcome.text else { return Ok(()) };
        if outcome.findings.is_empty() {
            let shown = format!("{}{name}", before.replace('*', ""));
            prop_assert_eq!(text.plain(), shown);
            let elements = if before.contains('*') { 4 } else { 2 };
            prop_assert_eq!(text.html().matches('<').count(), elements);
        }
    }
}

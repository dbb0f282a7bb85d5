use std::time::Duration;

use super::*;

#[test]
fn durations_read_and_show_alike() {
    for text in ["500ms", "30s", "5m", "2h", "1d", "36h", "90s", "0s"] {
        let duration = parse_duration(text).expect("a duration");
        assert_eq!(show_duration(duration), text);
    }
    for text in ["", "30", "s", "1.5s", "-1s", "1 s", "1w", "1S", "99999999999999999999s", "1h30m"] {
        assert_eq!(parse_duration(text), None, "{text}");
    }
    assert_eq!(parse_duration("36h"), Some(Duration::from_secs(129_600)));
}

/// Any text is either read or refused, in any place of it.
#[test]
fn no_text_makes_the_reader_panic() {
    proptest::proptest!(|(text in "[ -~\n\"\\[\\]{}=,.äß\u{feff}]{0,80}")| {
        if let Ok(document) = Document::parse("any.toml", &text) {
            let table = document.root();
            let _ = (table.tables("a", &["name"]).len(), table.duration("b").optional(), table.strings("c"));
            drop(table);
            let _ = document.finish();
        }
    });
}

#[test]
fn the_place_counts_characters_and_survives_a_byte_order_mark() {
    let text = "\u{feff}a = 1\n\"ä\" = 2\nb = { \"ß\" = 3, \"ü\" = 4 }\n";
    let document = Document::parse("x.toml", text).map_err(|problems| problems.to_string()).expect("TOML");
    {
        let root = document.root();
        let _ = root.integer("a", 0, 9).optional();
        let b = root.table("b").expect("b");
        b.refuse("ü", "wrong", "Right.");
        b.leave_the_rest();
    }
    let said: Vec<String> = document.finish().0.iter().map(ToString::to_string).collect();
    assert_eq!(said.len(), 2, "{said:?}");
    assert!(said[0].starts_with("x.toml:2:1: unknown key ä."), "{said:?}");
    assert!(said[1].contains(": [b]: wrong. Right."), "{said:?}");
}

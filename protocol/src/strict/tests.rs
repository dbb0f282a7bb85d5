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

#[test]
fn what_was_most_likely_meant_is_said_where_it_is_plain() {
    for (text, meant) in [
        ("1m30s", "90s"),
        ("1h30m", "90m"),
        ("1h 30m", "90m"),
        ("1.5s", "1500ms"),
        ("90 s", "90s"),
        ("5min", "5m"),
        ("10 seconds", "10s"),
        ("1w", "7d"),
        ("30S", "30s"),
        ("2d12h", "60h"),
    ] {
        assert_eq!(meant_duration(text).map(show_duration).as_deref(), Some(meant), "{text}");
    }
    // A number alone could have any unit, and a sign is never dropped.
    for text in ["", "30", "s", "-1s", "-30 s", "1s-1s", "1x", "0.1ms", "+5s", "0s0m", "1e9s", "1..5s", "∞s"]
    {
        assert_eq!(meant_duration(text), None, "{text}");
    }
    proptest::proptest!(|(text in "\\PC{0,20}")| {
        if let Some(meant) = meant_duration(&text) {
            proptest::prop_assert_eq!(parse_duration(&show_duration(meant)), Some(meant));
        }
    });
}

/// Every text is either read or refused, at any position.
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
fn what_is_nested_too_deeply_is_said_once() {
    let list = format!("a = 1\nb = {}{}\n", "[".repeat(200), "]".repeat(200));
    let lines = format!("a = 1\nb = {}\n{}\n", "[\n".repeat(200), "]\n".repeat(200));
    let tables = format!("a = 1\nb = {}1{}\n", "{ c = ".repeat(200), " }".repeat(200));
    let unclosed = format!("a = 1\nb = {}", "[".repeat(5_000));
    for text in [list, lines, tables, unclosed] {
        let problems = Document::parse("x.toml", &text).err().expect("too deep");
        let said = problems.to_string();
        assert_eq!(problems.0.len(), 1, "{said}");
        assert!(said.contains("too deeply") && said.starts_with("x.toml:"), "{said}");
    }
    let header = format!("[{}a]\n", "a.".repeat(200));
    let said = Document::parse("x.toml", &header).map(|_| ()).map_err(|problems| problems.to_string());
    assert!(said.as_ref().err().is_none_or(|said| said.lines().count() == 1), "{said:?}");
}

#[test]
fn what_is_not_utf8_has_a_place() {
    let said = |bytes: &[u8]| text_of("x.toml", bytes.to_vec()).map_err(|problem| problem.to_string());
    assert_eq!(said("ä = 1".as_bytes()), Ok("ä = 1".to_owned()));
    let latin = said(b"a = 1\n# \xc3\xa4\nname = \"B\xfcro\"\n").expect_err("Latin-1");
    assert_eq!(latin, "x.toml:3:10: the byte 0xFC, \"ü\" in Latin-1, is not UTF-8. Save it as UTF-8.");
    let cut = said(b"\xef\xbb\xbfa = \"\xe2\x82").expect_err("cut");
    assert_eq!(cut, "x.toml:1:6: the byte 0xE2, \"â\" in Latin-1, is not UTF-8. Save it as UTF-8.");
    let windows = said(b"a = \"\x93\"").expect_err("Windows");
    assert_eq!(windows, "x.toml:1:6: the byte 0x93 is not UTF-8. Save it as UTF-8.");
    for wide in [&b"\xff\xfea\0"[..], b"\xfe\xff\0a"] {
        let wide = said(wide).expect_err("UTF-16");
        assert_eq!(wide, "x.toml:1:1: the file is UTF-16, not UTF-8. Save it as UTF-8.");
    }
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

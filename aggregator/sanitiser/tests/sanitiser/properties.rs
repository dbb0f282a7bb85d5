//! Generated texts that mix all written forms: whatever is published shows no address, private name or secret.

use crate::markdown::assert_safe;
use crate::stays::STAYS;
use crate::{rules, sanitised};
use proptest::prelude::*;
use skerry_sanitiser::{Form, Outcome, PublicText, Replacement};
use unicode_normalization::UnicodeNormalization as _;

/// What must not show, as a reader would say it.
fn hidden() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => any::<[u8; 4]>().prop_map(|octets| octets.map(|octet| octet.to_string()).join(".")),
        1 => any::<[u16; 8]>().prop_map(|groups| std::net::Ipv6Addr::from(groups).to_string()),
        2 => (any::<u16>(), any::<u16>(), 0_usize..6).prop_map(|(net, host, gap)| {
            let mut groups = [0; 8];
            (groups[0], groups[1 + gap]) = (net | 0x2000, host | 1);
            std::net::Ipv6Addr::from(groups).to_string()
        }),
        2 => ("[a-z][a-z0-9]{1,8}(-[a-z0-9]{1,4})?", prop::sample::select(vec![
            "local", "internal", "lan", "corp", "home.arpa", "svc.cluster.local",
        ])).prop_map(|(host, suffix)| format!("{host}.{suffix}")),
        2 => prop::sample::select(vec!["db-7", "payments-prod-check", "fra-agent-2", "acme-tenant"])
            .prop_map(str::to_owned),
        1 => "AKIA[A-Z0-9]{16}",
        1 => "ska_[a-zA-Z0-9]{24}",
        1 => "ghp_[a-zA-Z0-9]{30}",
    ]
}

fn spread(text: &str, at: usize, inserted: &str) -> String {
    let at = 1 + at % (text.len() - 1);
    format!("{}{inserted}{}", &text[..at], &text[at..])
}

fn one_replaced(text: &str, at: usize, with: impl Fn(char) -> String) -> String {
    let at = at % text.len();
    text.char_indices().map(|(place, one)| if place == at { with(one) } else { one.to_string() }).collect()
}

/// What a reader of the source sees at once: such forms are removed and block nothing.
const SEEN: usize = 9;

/// A written form of `text`, chosen by `form`; `at` chooses where.
fn written(text: &str, form: usize, at: usize) -> String {
    let wide = |one: char| {
        if one.is_ascii_graphic() {
            char::from_u32(one as u32 + 0xfee0).map_or(one, |wide| wide)
        } else {
            one
        }
    };
    match form {
        0 => text.to_owned(),
        1 => text.chars().map(wide).collect(),
        2 => spread(text, at, "\u{ad}"),
        3 => spread(text, at, "\u{200b}\u{2060}"),
        4 => text.replace('.', "[.]").replace("::", "[:]:"),
        5 => one_replaced(text, at, |one| format!("%{:02X}", one as u32)),
        6 => format!("`{text}`"),
        7 => format!("\n\n```\n{text}\n```\n\n"),
        8 => format!("**{text}**"),
        // Seen once it is rendered, or as the source of it.
        9 => one_replaced(text, at, |one| format!("&#{};", one as u32)),
        10 => one_replaced(text, at, |one| format!("&#x{:x};", one as u32)),
        11 => text
            .chars()
            .map(|one| if ".:-_".contains(one) { format!("\\{one}") } else { one.into() })
            .collect(),
        12 => one_replaced(text, at, |one| format!("**{one}**")),
        13 => one_replaced(text, at, |one| format!("<b>{one}</b>")),
        14 => one_replaced(text, at, |one| format!("[{one}](https://a.example/)")),
        15 => one_replaced(text, at, |one| format!("`{one}`")),
        16 => spread(text, at, "<!-- -->"),
        17 => spread(text, at, "&shy;"),
        18 => format!("[here](https://{text}/path)"),
        19 => format!("[here](https://a.example/{text} \"{text}\")"),
        20 => format!("![{text}](https://{text}/x.png '{text}')"),
        21 => format!("\n\n[a]: https://{text}/ \"{text}\"\n\n[a]"),
        22 => format!("<https://{text}/>"),
        23 => format!("\n\n<div>\n{}\n</div>\n\n", spread(text, at, "<i></i>")),
        24 => format!("<!-- {} -->", one_replaced(text, at, |one| format!("&#{};", one as u32))),
        25 => format!("\n\n```{text}\nx\n```\n\n"),
        26 => format!("[here](https://{}/)", one_replaced(text, at, |one| format!("%{:02x}", one as u32))),
        27 => format!("<a href=\"https://{text}/\">x</a>"),
        28 => format!("\n\n    {text}\n\n"),
        _ => format!("\n\n# {text}\n> - {text}\n"),
    }
}

const FORMS: usize = 30;

fn joint() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        " ", "\n", ", ", " (", ") ", "\n\n", ": ", " \"", "\n- ", "\n> ", " *", "* ", "。", "; ", " | ",
    ])
}

fn mixed(forms: std::ops::Range<usize>) -> impl Strategy<Value = (Vec<String>, String)> {
    let prose =
        prop::sample::select(vec!["The service is slow", "since 12:30:45", "for $1,234.56", "version 1.2.3"]);
    let piece = prop_oneof![
        (hidden(), forms, any::<usize>())
            .prop_map(|(text, form, at)| (Some(text.clone()), written(&text, form, at))),
        prose.prop_map(|text| (None, text.to_owned())),
    ];
    prop::collection::vec((piece, joint()), 1..8).prop_map(|pieces| {
        let hidden = pieces.iter().filter_map(|((hidden, _), _)| hidden.clone()).collect();
        (hidden, pieces.into_iter().map(|((_, text), joint)| text + joint).collect())
    })
}

/// What somebody reads in an output, worked out apart from the sanitiser.
fn readings(text: &PublicText) -> Vec<String> {
    let without_tags = |html: &str| {
        let mut out = String::new();
        let mut rest = html;
        while let Some((before, tag)) = rest.split_once('<') {
            out.push_str(before);
            rest = match tag.split_once('>') {
                Some((inside, after)) if !inside.contains('<') => after,
                _ => tag,
            };
        }
        out + rest
    };
    let numbers = |text: &str| {
        let mut out = String::new();
        let mut rest = text;
        while let Some((before, reference)) = rest.split_once("&#") {
            out.push_str(before);
            let (number, after) = reference.split_once(';').unwrap_or((reference, ""));
            let code = number.strip_prefix('x').map_or(number.parse(), |hex| u32::from_str_radix(hex, 16));
            out.extend(code.ok().and_then(char::from_u32));
            rest = after;
        }
        out + rest
    };
    let percents = |text: &str| {
        let mut out = Vec::new();
        let mut rest = text.as_bytes();
        while let Some((first, after)) = rest.split_first() {
            let code = after.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
            match code.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
                Some(code) if *first == b'%' => {
                    out.push(code);
                    rest = &after[2..];
                }
                _ => {
                    out.push(*first);
                    rest = after;
                }
            }
        }
        String::from_utf8_lossy(&out).into_owned()
    };
    let folded = |text: &str| -> String {
        let seen = text
            .replace("&shy;", "")
            .nfkc()
            .filter(|one| !"\u{ad}\u{200b}\u{2060}".contains(*one))
            .collect::<String>();
        seen.to_lowercase()
    };
    let bare = |text: &str| {
        text.replace("**", "")
            .replace(['\\', '`'], "")
            .replace("<!--", "")
            .replace("-->", "")
            .replace("[.]", ".")
    };
    let mut readings = Vec::new();
    for output in [text.source().to_owned(), text.html(), text.plain(), text.one_line()] {
        let decoded = numbers(&output);
        for one in [
            &output,
            &decoded,
            &without_tags(&output),
            &without_tags(&decoded),
            &percents(&decoded),
            &bare(&without_tags(&decoded)),
        ] {
            readings.push(folded(one));
        }
    }
    readings
}

fn assert_hidden(hidden: &[String], source: &str, text: &PublicText) {
    for reading in readings(text) {
        for one in hidden {
            assert!(!reading.contains(&one.to_lowercase()), "{one} of {source:?} shows in {reading:?}");
        }
    }
}

/// The findings are the difference, and a second time finds nothing.
fn assert_whole(source: &str, outcome: &Outcome, form: Form) {
    let mut left = String::new();
    let mut end = 0;
    for finding in &outcome.findings {
        assert!(
            finding.at.start >= end && finding.at.start < finding.at.end,
            "{source:?}: {:?}",
            outcome.findings
        );
        left.push_str(&source[end..finding.at.start]);
        left.push_str(finding.replacement.as_deref().expect("nothing is released"));
        end = finding.at.end;
    }
    left.push_str(&source[end..]);
    if let Ok(text) = &outcome.text {
        assert_eq!(text.source(), left, "{source:?}");
        let again = rules().sanitise(text.source(), form, &Replacement::default(), &[]);
        assert_eq!(again.findings, [], "{source:?}, again");
        assert_eq!(again.text.as_ref(), Ok(text), "{source:?}, again");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, max_shrink_iters: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_hidden_shows_in_any_form((hidden, source) in mixed(0..FORMS)) {
        let outcome = sanitised(&source, Form::Markdown);
        assert_whole(&source, &outcome, Form::Markdown);
        if let Ok(text) = &outcome.text {
            assert_hidden(&hidden, &source, text);
            assert_safe(&text.html(), &source);
        }
    }

    #[test]
    fn what_is_seen_in_the_source_is_removed_and_blocks_nothing((hidden, source) in mixed(0..SEEN)) {
        let outcome = sanitised(&source, Form::Markdown);
        let text = outcome.text.as_ref().unwrap_or_else(|remainders| panic!("{source:?}: {remainders:?}"));
        prop_assert!(outcome.findings.len() <= hidden.len() && outcome.findings.is_empty() == hidden.is_empty());
        assert_hidden(&hidden, &source, text);
    }

    #[test]
    fn titles_hide_the_same((hidden, source) in mixed(0..FORMS)) {
        let outcome = sanitised(&source, Form::Plain);
        assert_whole(&source, &outcome, Form::Plain);
        if let Ok(text) = &outcome.text {
            assert_hidden(&hidden, &source, text);
        }
    }

    #[test]
    fn what_stays_stays_beside_anything(pieces in prop::collection::vec((prop::sample::select(STAYS), prop::bool::ANY), 1..12)) {
        let source: String = pieces.iter().map(|(text, breaks)| format!("{text}{}", if *breaks { "\n\n" } else { " , " })).collect();
        let outcome = sanitised(&source, Form::Plain);
        prop_assert_eq!(&outcome.findings, &[]);
        prop_assert!(outcome.text.is_ok(), "{:?}", outcome.text);
    }

    #[test]
    fn any_text_is_whole_and_safe(source in "(\\PC|[\n\t\u{0}-\u{20}]|[0-9a-f.:\\[\\]()<>`*_&#;%@/-]){0,60}") {
        for form in [Form::Markdown, Form::Plain] {
            let outcome = sanitised(&source, form);
            assert_whole(&source, &outcome, form);
            if let Ok(text) = outcome.text {
                assert_safe(&text.html(), &source);
                prop_assert!(!text.one_line().contains('\n'));
            }
        }
    }
}

//! The look of mails: schemes, the owner's colours, and the direction of the language.

use super::*;
use skerry_domain::branding::{Color, Colors, Theme};

fn filled(language: Language, look: &Branding) -> String {
    let body = MailBody {
        language,
        look,
        tone: Tone::NoData,
        subject: "Card payments declined",
        preview: "Resolved after 3 h.".to_owned(),
        page: "Northwind & Co",
        state: "Resolved".to_owned(),
        title: "Card payments declined",
        facts: String::new(),
        text: "<p>See <a href=\"https://x\" rel=\"noopener\">our plan</a>.</p>".to_owned(),
        earlier: &[("14:20".to_owned(), "Investigating.".to_owned())],
        rows: &[],
        events: &[],
        notes: &[],
        button: "See what happened",
    };
    let pieces = MailPieces::of(body).expect("it is written");
    pieces.filled("https://x/?a&b", &["You asked.", "All times in UTC."], &[("Stop", "https://x/stop")])
}

#[test]
fn a_mail_has_the_scheme_and_the_colours_of_its_page() {
    let colors = Some(Colors { light: Color([1, 2, 3]), dark: Color([4, 5, 6]) });
    let own = |theme| Branding { theme, colors, ..Branding::default() };
    let table = [
        (own(Theme::Auto), "light dark", ["#010203", "#040506"], true),
        (own(Theme::Light), "light", ["#010203", "background:#ffffff"], false),
        (own(Theme::Dark), "dark", ["#040506", "background:#121517"], false),
        (Branding::default(), "light dark", ["#2b4fae", "#9db8f5"], true),
    ];
    for (look, scheme, colours, both) in table {
        let html = filled(Language::English, &look);
        assert!(html.contains(&format!("<meta name=\"color-scheme\" content=\"{scheme}\">")), "{html}");
        assert_eq!(html.contains("prefers-color-scheme"), both, "{scheme}");
        for colour in colours {
            assert!(html.contains(colour), "{colour} in {scheme}: {html}");
        }
    }
}

#[test]
fn links_are_filled_in_and_escaped() {
    let html = filled(Language::English, &Branding::default());
    for part in [
        "<a href=\"https://x/?a&amp;b\" ",
        "You asked.<br><a class=\"l\" style=\"color:#2b4fae\" href=\"https://x/stop\">Stop</a><br>All times",
        "<bdi>Northwind &amp; Co</bdi>",
        "<a class=\"l\" style=\"color:#2b4fae\" href=\"https://x\" rel=\"noopener\">our plan</a>",
        "<p style=\"margin:0 0 16px\">See ",
    ] {
        assert!(html.contains(part), "{part}: {html}");
    }
    assert!(!html.contains("<!--"), "{html}");
}

#[test]
fn a_language_from_right_to_left_begins_at_the_right() {
    let html = filled(Language::Pseudo, &Branding::default());
    assert!(html.contains("dir=\"rtl\""));
    assert!(html.contains("align=\"right\"") && !html.contains("align=\"left\""), "{html}");
    assert!(html.contains("padding-left:16px"), "{html}");
}

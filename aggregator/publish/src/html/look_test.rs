//! The look of states stands in several places, since each is a file of its own for its readers: the style sheet of the pages,
//! icons and cards, badges, and scripts. They agree.

use super::document::TOKENS;
use crate::badge;
use skerry_domain::status::Status;
use std::collections::{BTreeMap, BTreeSet};

/// The letter that the style sheet has for a state, the name of its icon, and the state.
const STATES: [(char, &str, Option<Status>); 6] = [
    ('o', "operational", Some(Status::Operational)),
    ('d', "degraded", Some(Status::DegradedPerformance)),
    ('p', "partial", Some(Status::PartialOutage)),
    ('j', "major", Some(Status::MajorOutage)),
    ('m', "maintenance", Some(Status::UnderMaintenance)),
    ('n', "nodata", None),
];

const SYMBOLS: &str = include_str!("../../templates/symbols.stpl");
const ICONS: [&str; 6] = [
    include_str!("../../assets/icons/operational.svg"),
    include_str!("../../assets/icons/degraded.svg"),
    include_str!("../../assets/icons/partial.svg"),
    include_str!("../../assets/icons/major.svg"),
    include_str!("../../assets/icons/maintenance.svg"),
    include_str!("../../assets/icons/nodata.svg"),
];
const CARDS: &str = include_str!("../../../../packaging/pictures/draw.mjs");
/// The sheets with colours of their own beside the tokens.
const SHEETS: [&str; 4] = [
    include_str!("../../assets/not_found.css"),
    include_str!("../../assets/base.css"),
    include_str!("../../assets/chart.css"),
    include_str!("../../assets/script/bubble.css"),
];

/// The tokens of the light scheme, or of the dark one.
fn tokens(dark: bool) -> BTreeMap<&'static str, &'static str> {
    let (light, rest) = TOKENS.split_once("@media").expect("a dark scheme");
    let scheme = if dark { rest.split("}}").next().expect("its end") } else { light };
    scheme.split("--").skip(1).filter_map(|one| one.split([';', '}']).next()?.split_once(':')).collect()
}

fn token(dark: bool, state: char, kind: char) -> &'static str {
    tokens(dark)[format!("{state}{kind}").as_str()]
}

/// The colours in a text, "#fff" or "#1b6b56".
fn colours(text: &str) -> BTreeSet<&str> {
    let hex = |rest: &str| rest.bytes().take_while(u8::is_ascii_hexdigit).count();
    let found = text.match_indices('#').map(|(at, _)| &text[at..=at + hex(&text[at + 1..])]);
    found.filter(|colour| [4, 7].contains(&colour.len())).collect()
}

/// The paths in a drawing, and its circles and rectangles without their class.
fn shapes(drawing: &str) -> BTreeSet<String> {
    let clean = |element: &str| element.replace(['"', '\''], "");
    let number = |element: &str, name: &str| {
        let rest = element.split(&format!(" {name}=")).nth(1)?;
        Some(rest.split([' ', '/', '>']).next().unwrap_or_default().to_owned())
    };
    let shape = |element: &str| {
        if let Some(rest) = element.strip_prefix("path ") {
            return Some(rest.split("d=\"").nth(1)?.split('"').next()?.to_owned());
        }
        let element = clean(element);
        let names: &[&str] =
            if element.starts_with("circle") { &["cx", "cy", "r"] } else { &["width", "height", "rx"] };
        let is_shape = ["circle ", "rect "].iter().any(|name| element.starts_with(name));
        is_shape.then(|| names.iter().filter_map(|name| number(&element, name)).collect::<Vec<_>>().join(" "))
    };
    drawing.split('<').filter_map(shape).collect()
}

#[test]
fn icons_have_the_shapes_and_the_colours_of_the_pages() {
    for ((state, name, status), icon) in STATES.into_iter().zip(ICONS) {
        let symbol = SYMBOLS
            .split(&format!("<symbol id={state} "))
            .nth(1)
            .and_then(|rest| rest.split("</symbol>").next());
        let shown = shapes(symbol.expect("a symbol"));
        assert!(!shown.is_empty(), "{name}");
        assert_eq!(shapes(icon), shown, "{name}");
        assert_eq!(shapes(badge::icon(status)), shown, "the badge of {name}");
        let (light, dark) = icon.split_once("@media(prefers-color-scheme:dark)").expect("both schemes");
        for (is_dark, part) in [(false, light), (true, dark)] {
            let known = [token(is_dark, state, 'f'), tokens(is_dark)["pg"]];
            let used = colours(part);
            assert!(
                used.contains(known[0]) && used.iter().all(|one| known.contains(one)),
                "{name}: {used:?}"
            );
        }
    }
}

#[test]
fn badges_have_the_text_colours_of_a_light_page() {
    for (state, name, status) in STATES {
        assert_eq!(badge::colour(status), token(false, state, 't'), "{name}");
    }
    assert_eq!(badge::FIGURE, tokens(false)["li"]);
}

#[test]
fn cards_have_the_tints_fills_and_heights_of_the_pages() {
    let operational = format!("const OPERATIONAL = '{}'", token(false, 'o', 'f'));
    assert!(CARDS.contains(&operational), "{operational}");
    let marks = include_str!("../../assets/bar.css");
    for (state, name, _) in STATES {
        let fill =
            if state == 'o' { "OPERATIONAL".to_owned() } else { format!("'{}'", token(false, state, 'f')) };
        let height = match state {
            'o' => "4.5",
            // Patterns of the page's own, which fill the bar.
            'm' => "12.5",
            _ => marks
                .split(&format!(".b .{state}{{"))
                .nth(1)
                .and_then(|rest| rest.split("stroke-width:").nth(1)?.split([';', '}']).next())
                .expect("a height"),
        };
        let row = format!("{name}: ['{}', {fill}, {height}],", token(false, state, 'b'));
        assert!(CARDS.contains(&row), "{row}");
    }
}

#[test]
fn scripts_draw_and_outline_what_the_pages_draw() {
    let icons = include_str!("../../assets/script/icons.mjs");
    for (state, _, status) in STATES {
        let name = status.map_or("no_data", Status::name);
        let line =
            icons.lines().find(|line| line.trim().starts_with(&format!("{name}: ['{state}'"))).expect(name);
        for (at, _) in SYMBOLS.match_indices("d=\"") {
            let path = SYMBOLS[at + 3..].split('"').next().expect("its end");
            let before = SYMBOLS[..at].rsplit("<symbol id=").next().expect("a symbol");
            let is_own = before.starts_with(state) && !before.contains("</symbol>");
            assert!(!is_own || line.contains(&format!("d: '{path}'")), "{name}: {path}");
        }
    }
    let bubble = include_str!("../../assets/script/bubble.mjs");
    let marks = include_str!("../../assets/bar.css");
    for state in ['d', 'p', 'j', 'n'] {
        let width =
            marks.split(&format!(".b .{state}{{")).nth(1).and_then(|rest| rest.split("stroke-width:").nth(1));
        let width = width.and_then(|rest| rest.split([';', '}']).next()).expect("a height");
        assert!(bubble.contains(&format!("{state}: {width}")), "{state}: {width}");
    }
}

#[test]
fn no_other_place_has_a_colour_of_its_own() {
    let known: BTreeSet<_> = [false, true].into_iter().flat_map(|dark| tokens(dark).into_values()).collect();
    let frame = include_str!("../../templates/frame.stpl");
    for text in SHEETS.into_iter().chain([frame]) {
        for colour in colours(text) {
            assert!(known.contains(colour), "{colour}");
        }
    }
    for dark in [false, true] {
        assert!(frame.contains(&format!("content={}", tokens(dark)["pg"])), "theme-color");
    }
}

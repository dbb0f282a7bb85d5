//! Assets of the pages: the scripts and the pictures have their hash in their names; the style sheet is part of each document
//! (`document.rs`). There are no inline scripts, style attributes or foreign resources.

use super::document::Sheet;
use super::script::{component_script, page_script};
use super::words::Tone;
use crate::texts::Language;
use base64::Engine as _;
use sha2::{Digest as _, Sha256};
use std::sync::LazyLock;

/// A file with its hash in its name.
#[derive(Clone, Debug)]
pub struct Asset {
    /// `assets/<hash>.<ext>`, relative to a page's root.
    pub path: String,
    /// `Content-Type`.
    pub content_type: &'static str,
    /// `Content-Security-Policy`; empty for none.
    pub policy: String,
    /// The contents of the file.
    pub bytes: &'static [u8],
}

/// All assets that pages refer to.
pub fn assets() -> &'static [Asset] {
    &ASSETS.all
}

/// Those that a page in this language refers to.
pub fn assets_of(language: Language) -> impl Iterator<Item = &'static Asset> {
    scripts(language).iter().chain(&ASSETS.all[2 * Language::ALL.len()..])
}

/// The `Content-Type` of scripts.
pub const SCRIPT_TYPE: &str = "text/javascript; charset=utf-8";

/// `/favicon.ico` where there is no page: one 32-pixel picture.
pub const FAVICON_ICO: &[u8] = include_bytes!("../../assets/favicon.ico");

/// The `Content-Type` of `favicon.ico`.
pub const FAVICON_ICO_TYPE: &str = "image/x-icon";

/// What shows a state outside of its page. `packaging/pictures/draw.mjs` draws all but the icon.
pub(crate) struct Pictures {
    /// Path of the icon below the page's root, an SVG for light and dark.
    pub(crate) icon: String,
    /// The icon of 180 px for home screens, a PNG.
    pub(crate) touch: &'static [u8],
    /// Path of the card of 1200 × 630 px.
    pub(crate) card: String,
    /// The icon as `favicon.ico`, 16 and 32 px.
    pub(crate) ico: &'static [u8],
}

struct Assets {
    /// The scripts first, two of each language, in the order of [`Language::ALL`].
    all: Vec<Asset>,
    /// The scripts of the pseudo-locale.
    pseudo: [Asset; 2],
    /// In the order of [`Tone::ALL`].
    pictures: Vec<Pictures>,
    /// Path of the card of what has no state.
    plain_card: String,
}

macro_rules! drawn {
    ($($name:literal),+) => {
        [$([
            include_bytes!(concat!("../../assets/icons/", $name, ".svg")) as &[u8],
            include_bytes!(concat!("../../assets/icons/", $name, ".png")),
            include_bytes!(concat!("../../assets/icons/", $name, "-card.png")),
            include_bytes!(concat!("../../assets/icons/", $name, ".ico")),
        ]),+]
    };
}

/// In the order of [`Tone::ALL`]: icon, touch icon, card, `favicon.ico`.
const DRAWN: [[&[u8]; 4]; 6] = drawn!["operational", "degraded", "partial", "major", "maintenance", "nodata"];

/// The name of the icon of a document that is too old: the grey ring.
pub(super) fn old_icon() -> &'static str {
    static NAME: LazyLock<String> = LazyLock::new(|| {
        let [.., [icon, ..]] = DRAWN;
        named("svg", "", icon).path.replace("assets/", "")
    });
    &NAME
}

static ASSETS: LazyLock<Assets> = LazyLock::new(|| {
    let script = |text: &'static str| named("js", SCRIPT_TYPE, text.as_bytes());
    let scripts = |language| [script(page_script(language)), script(component_script(language))];
    let plain_card = named("png", "image/png", include_bytes!("../../assets/icons/plain-card.png"));
    let path = plain_card.path.clone();
    let all = Language::ALL.into_iter().flat_map(scripts).chain([plain_card]).collect();
    let pseudo = scripts(Language::Pseudo);
    let mut assets = Assets { all, pseudo, pictures: Vec::new(), plain_card: path };
    for [icon, touch, card, ico] in DRAWN {
        let icon = Asset { policy: policy_of_svg(icon), ..named("svg", "image/svg+xml", icon) };
        let card = named("png", "image/png", card);
        let paths = (icon.path.clone(), card.path.clone());
        assets.pictures.push(Pictures { icon: paths.0, touch, card: paths.1, ico });
        assets.all.extend([icon, card]);
    }
    assets
});

/// The scripts of a language: that of most pages, that of the pages of components.
fn scripts(language: Language) -> &'static [Asset] {
    match Language::ALL.iter().position(|one| *one == language) {
        Some(place) => &ASSETS.all[2 * place..][..2],
        None => &ASSETS.pseudo,
    }
}

/// Path of the script of a kind of page, in a language, below the page's root.
pub(crate) fn script_path(language: Language, sheet: Sheet) -> &'static str {
    &scripts(language)[usize::from(sheet == Sheet::Component)].path
}

/// Path of the card of 1200 × 630 px of what has no state.
pub(crate) fn plain_card() -> &'static str {
    &ASSETS.plain_card
}

/// The pictures of a state.
pub(crate) fn pictures(tone: Tone) -> &'static Pictures {
    let place = Tone::ALL.iter().position(|one| *one == tone).unwrap_or(Tone::ALL.len() - 1);
    &ASSETS.pictures[place]
}

fn named(extension: &str, content_type: &'static str, bytes: &'static [u8]) -> Asset {
    let hash = blake3::hash(bytes).to_hex();
    Asset { path: format!("assets/{}.{extension}", &hash[..16]), content_type, policy: String::new(), bytes }
}

/// Allows the style sheet of an icon and nothing else.
fn policy_of_svg(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let style = text.split("<style>").nth(1).and_then(|rest| rest.split("</style>").next());
    let hash = base64::engine::general_purpose::STANDARD.encode(Sha256::digest(style.unwrap_or_default()));
    format!("default-src 'none'; style-src 'sha256-{hash}'")
}
/// Removes comments, line breaks and the blanks around punctuation from our style sheet, which has no strings that this
/// would break.
pub(super) fn minify(css: &str) -> String {
    let mut out = String::with_capacity(css.len());
    let mut rest = css;
    while let Some(start) = rest.find("/*") {
        out.push_str(&rest[..start]);
        rest = rest[start..].find("*/").map_or("", |end| &rest[start + end + 2..]);
    }
    out.push_str(rest);
    let mut minified = String::with_capacity(out.len());
    for word in out.split_whitespace() {
        let tight = minified.ends_with(['{', '}', ';', ',', '>'])
            || word.starts_with(['{', '}', ';', '>'])
            || minified.is_empty();
        let after_property = minified.ends_with(':');
        if !tight && !after_property {
            minified.push(' ');
        }
        minified.push_str(word);
    }
    minified.replace(";}", "}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minified_css_means_the_same() {
        assert_eq!(
            minify("/* why */\na > b,\nc d {\n  margin: 0 auto;\n  width: calc(1px + 2px);\n}\n"),
            "a>b,c d{margin:0 auto;width:calc(1px + 2px)}"
        );
    }

    #[test]
    fn names_have_the_hash() {
        for asset in assets() {
            assert!(asset.path.starts_with("assets/") && asset.path.len() > 20, "{}", asset.path);
            assert!(!asset.bytes.is_empty());
        }
    }
}

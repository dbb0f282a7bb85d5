//! Assets of the pages: the script and the pictures have their hash in their names; the style sheet is part of each document
//! (`document.rs`). There are no inline scripts, style attributes or foreign resources.

use super::script::PAGE_SCRIPT;
use super::words::Tone;
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

/// All assets that the pages refer to.
pub fn assets() -> &'static [Asset] {
    &ASSETS.all
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
    all: Vec<Asset>,
    /// In the order of [`Tone::ALL`].
    pictures: Vec<Pictures>,
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

static ASSETS: LazyLock<Assets> = LazyLock::new(|| {
    let script = named("js", SCRIPT_TYPE, PAGE_SCRIPT.as_bytes());
    let mut assets = Assets { all: vec![script], pictures: Vec::new() };
    for [icon, touch, card, ico] in DRAWN {
        let icon = Asset { policy: policy_of_svg(icon), ..named("svg", "image/svg+xml", icon) };
        let card = named("png", "image/png", card);
        let paths = (icon.path.clone(), card.path.clone());
        assets.pictures.push(Pictures { icon: paths.0, touch, card: paths.1, ico });
        assets.all.extend([icon, card]);
    }
    assets
});

/// Path of the script below a page's root.
pub(crate) fn script_path() -> &'static str {
    &ASSETS.all[0].path
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

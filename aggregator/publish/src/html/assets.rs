//! Assets of the pages: the script and the icons have their hash in their names; the style sheet is part of each document
//! (`document.rs`). There are no inline scripts, style attributes or foreign resources.

use super::script::PAGE_SCRIPT;
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

/// All assets that the pages refer to; `/favicon.ico` is [`FAVICON_ICO`].
pub fn assets() -> &'static [Asset] {
    &*ASSETS
}

/// The body of `/favicon.ico`: one 32-pixel picture.
pub const FAVICON_ICO: &[u8] = include_bytes!("../../assets/favicon.ico");

/// The `Content-Type` of [`FAVICON_ICO`].
pub const FAVICON_ICO_TYPE: &str = "image/x-icon";

static ASSETS: LazyLock<[Asset; 2]> = LazyLock::new(|| {
    [
        named("js", "text/javascript; charset=utf-8", PAGE_SCRIPT.as_bytes()),
        named("svg", "image/svg+xml", include_bytes!("../../assets/favicon.svg")),
    ]
});

/// Path of the script below a page's root.
pub(crate) fn script_path() -> &'static str {
    &ASSETS[0].path
}

/// Path of the icon below a page's root.
pub(crate) fn icon_path() -> &'static str {
    &ASSETS[1].path
}

fn named(extension: &str, content_type: &'static str, bytes: &'static [u8]) -> Asset {
    let hash = blake3::hash(bytes).to_hex();
    Asset { path: format!("assets/{}.{extension}", &hash[..16]), content_type, policy: String::new(), bytes }
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

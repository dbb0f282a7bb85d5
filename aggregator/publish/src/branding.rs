//! What the owner's look adds to a page: images and a style sheet as outputs, colours and scheme in the style sheet of each
//! document. Nothing here changes what a status looks like.

use super::output::CacheClass;
use skerry_domain::branding::{Branding, Image, ImageFormat, Theme};

/// Path of the logo below a page's root, whatever its format. The page itself names it with an extension, by which a
/// static server knows its type.
const LOGO: &str = "logo";
/// Path of the logo for the dark scheme.
const LOGO_DARK: &str = "logo-dark";

/// The query of the dark scheme, as the style sheets have it.
const PREFERS_DARK: &str = "screen and (prefers-color-scheme:dark)";

/// An SVG that somebody opens by itself runs nothing and loads nothing.
const SVG_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; sandbox";

/// A file of the owner, as it is served.
pub(crate) struct OwnerFile<'a> {
    pub(crate) path: String,
    pub(crate) content_type: &'static str,
    pub(crate) cache: CacheClass,
    pub(crate) policy: &'static str,
    pub(crate) bytes: &'a [u8],
    /// Another path of the same file.
    pub(crate) alias: Option<&'static str>,
}

/// The style sheet of a document in the owner's scheme and colours.
pub(crate) fn restyled(css: &str, look: &Branding) -> String {
    let scheme = |scheme: &str, query: &str| {
        css.replace("color-scheme:light dark", scheme).replace(PREFERS_DARK, query)
    };
    let mut css = match look.theme {
        Theme::Auto => css.to_owned(),
        Theme::Light => scheme("color-scheme:light", "not all"),
        Theme::Dark => scheme("color-scheme:dark", "screen"),
    };
    if let Some(colors) = look.colors {
        let query = match look.theme {
            Theme::Auto => PREFERS_DARK,
            Theme::Light => "not all",
            Theme::Dark => "screen",
        };
        css.push_str(&format!(
            ":root{{--li:{}}}@media {query}{{:root{{--li:{}}}}}",
            colors.light, colors.dark
        ));
    }
    css
}

/// Path of the owner's style sheet below a page's root.
pub(crate) fn css_path(look: &Branding) -> Option<String> {
    look.css.as_ref().map(|css| hashed(css.as_bytes(), "css"))
}

/// Path and content type of the owner's icon.
pub(crate) fn favicon_path(look: &Branding) -> Option<(String, &'static str)> {
    let icon = look.favicon.as_ref()?;
    Some((hashed(&icon.bytes, icon.format.name()), content_type(icon.format)))
}

/// Paths of the logo, and of the one for the dark scheme.
pub(crate) fn logo_paths(look: &Branding) -> (Option<String>, Option<String>) {
    (
        look.logo.as_ref().map(|logo| named(LOGO, logo)),
        look.logo_dark.as_ref().map(|logo| named(LOGO_DARK, logo)),
    )
}

fn named(path: &str, image: &Image) -> String {
    format!("{path}.{}", image.format.name())
}

/// All files of the owner.
pub(crate) fn files(look: &Branding) -> Vec<OwnerFile<'_>> {
    let logos = [(LOGO, &look.logo), (LOGO_DARK, &look.logo_dark)];
    let logos = logos.into_iter().filter_map(|(path, logo)| Some((path, logo.as_ref()?)));
    let logos = logos.map(|(path, logo)| image(named(path, logo), CacheClass::Live, logo, Some(path)));
    let icon = look.favicon.as_ref().zip(favicon_path(look));
    let icon = icon.map(|(icon, (path, _))| image(path, CacheClass::Immutable, icon, None));
    let css = look.css.as_ref().zip(css_path(look)).map(|(css, path)| OwnerFile {
        path,
        content_type: "text/css; charset=utf-8",
        cache: CacheClass::Immutable,
        policy: "",
        bytes: css.as_bytes(),
        alias: None,
    });
    logos.chain(icon).chain(css).collect()
}

fn image<'a>(
    path: String,
    cache: CacheClass,
    image: &'a Image,
    alias: Option<&'static str>,
) -> OwnerFile<'a> {
    let policy = if image.format == ImageFormat::Svg { SVG_POLICY } else { "" };
    OwnerFile { path, content_type: content_type(image.format), cache, policy, bytes: &image.bytes, alias }
}

fn hashed(bytes: &[u8], extension: &str) -> String {
    let hash = blake3::hash(bytes).to_hex();
    format!("assets/{}.{extension}", &hash[..16])
}

fn content_type(format: ImageFormat) -> &'static str {
    match format {
        ImageFormat::Png => "image/png",
        ImageFormat::Svg => "image/svg+xml",
        ImageFormat::WebP => "image/webp",
        ImageFormat::Ico => "image/x-icon",
    }
}

#[cfg(test)]
#[path = "branding_test.rs"]
mod tests;

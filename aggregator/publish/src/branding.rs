//! What the owner's look adds to a page: images and a style sheet as outputs, colours and scheme in the style sheet of each
//! document. Nothing here changes what a status looks like.

use super::output::CacheClass;
use skerry_domain::branding::{Branding, Image, ImageFormat, Theme};
use std::borrow::Cow;

/// Path of the logo below a page's root.
pub(crate) const LOGO: &str = "logo";
/// Path of the logo for the dark scheme.
pub(crate) const LOGO_DARK: &str = "logo-dark";

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
}

/// The style sheet of a document in the owner's scheme and colours.
pub(crate) fn restyled<'a>(css: &'a str, look: &Branding) -> Cow<'a, str> {
    let mut css = match look.theme {
        Theme::Auto => Cow::Borrowed(css),
        Theme::Light => Cow::Owned(
            css.replace("color-scheme:light dark", "color-scheme:light").replace(PREFERS_DARK, "not all"),
        ),
        Theme::Dark => Cow::Owned(
            css.replace("color-scheme:light dark", "color-scheme:dark").replace(PREFERS_DARK, "screen"),
        ),
    };
    let Some(colors) = look.colors else { return css };
    let dark = match look.theme {
        Theme::Auto => format!("@media {PREFERS_DARK}{{:root{{--li:{}}}}}", colors.dark),
        Theme::Light => String::new(),
        Theme::Dark => format!("@media screen{{:root{{--li:{}}}}}", colors.dark),
    };
    css.to_mut().push_str(&format!(":root{{--li:{}}}{dark}", colors.light));
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

/// All files of the owner.
pub(crate) fn files(look: &Branding) -> Vec<OwnerFile<'_>> {
    let image = |path: String, cache, image: &'_ Image| {
        let policy = if image.format == ImageFormat::Svg { SVG_POLICY } else { "" };
        (path, content_type(image.format), cache, policy)
    };
    let logos = [(LOGO, &look.logo), (LOGO_DARK, &look.logo_dark)];
    let logos = logos.into_iter().filter_map(|(path, logo)| Some((path, logo.as_ref()?)));
    let logos =
        logos.map(|(path, logo)| (image(path.to_owned(), CacheClass::Live, logo), logo.bytes.as_slice()));
    let icon = look.favicon.as_ref().zip(favicon_path(look));
    let icon =
        icon.map(|(icon, (path, _))| (image(path, CacheClass::Immutable, icon), icon.bytes.as_slice()));
    let css = look.css.as_ref().zip(css_path(look));
    let css =
        css.map(|(css, path)| ((path, "text/css; charset=utf-8", CacheClass::Immutable, ""), css.as_bytes()));
    let all = logos.chain(icon).chain(css);
    all.map(|((path, content_type, cache, policy), bytes)| OwnerFile {
        path,
        content_type,
        cache,
        policy,
        bytes,
    })
    .collect()
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

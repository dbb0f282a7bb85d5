//! The look that the owner of a page gives it: logo, colours, theme, layout, texts above and below, and a style sheet.
//! It never changes how a status looks. The values are checked where they are read.

use super::text::Text;
use std::fmt;

/// The look of a page. The default is the look of a page without any.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Branding {
    /// Shown in the place of the page's name.
    pub logo: Option<Image>,
    /// The logo in the dark scheme, if it is another one.
    pub logo_dark: Option<Image>,
    /// Replaces the icons that show the status.
    pub favicon: Option<Image>,
    /// The colours of links and buttons.
    pub colors: Option<Colors>,
    /// The schemes that the page is shown in.
    pub theme: Theme,
    /// Which groups are open at first.
    pub groups: GroupFolding,
    /// Rows take less height.
    pub compact: bool,
    /// Groups and components that are affected stand before the others.
    pub affected_first: bool,
    /// Markdown above everything else.
    pub header: Option<Text>,
    /// Markdown at the end of the page.
    pub footer: Option<Text>,
    /// Links to other sites of the owner, in order.
    pub links: Vec<OwnerLink>,
    /// A style sheet for header and footer, as it was written anew after it was checked.
    pub css: Option<String>,
}

impl Branding {
    /// Its images with their purposes.
    pub fn images(&self) -> impl Iterator<Item = (ImagePurpose, &Image)> {
        let of = |purpose| Some((purpose, self.image(purpose)?));
        ImagePurpose::ALL.into_iter().filter_map(of)
    }

    /// The image for a purpose.
    #[must_use]
    pub fn image(&self, purpose: ImagePurpose) -> Option<&Image> {
        match purpose {
            ImagePurpose::Logo => self.logo.as_ref(),
            ImagePurpose::LogoDark => self.logo_dark.as_ref(),
            ImagePurpose::Favicon => self.favicon.as_ref(),
        }
    }

    /// Sets the image for a purpose.
    pub fn set_image(&mut self, purpose: ImagePurpose, image: Image) {
        let place = match purpose {
            ImagePurpose::Logo => &mut self.logo,
            ImagePurpose::LogoDark => &mut self.logo_dark,
            ImagePurpose::Favicon => &mut self.favicon,
        };
        *place = Some(image);
    }
}

/// A picture.
#[derive(Clone, PartialEq, Eq)]
pub struct Image {
    /// Its format.
    pub format: ImageFormat,
    /// The file.
    pub bytes: Vec<u8>,
}

impl fmt::Debug for Image {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes of {}", self.bytes.len(), self.format.name())
    }
}

/// What an image is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ImagePurpose {
    /// [`Branding::logo`].
    Logo,
    /// [`Branding::logo_dark`].
    LogoDark,
    /// [`Branding::favicon`].
    Favicon,
}

/// Declares a closed set of names.
macro_rules! named {
    ($name:ident: $($variant:ident = $text:literal),+) => {
        impl $name {
            /// All.
            pub const ALL: [Self; [$($text),+].len()] = [$(Self::$variant),+];

            /// Its name.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $text),+
                }
            }

            /// Reads the name.
            #[must_use]
            pub fn from_name(name: &str) -> Option<Self> {
                Self::ALL.into_iter().find(|one| one.name() == name)
            }
        }
    };
}

named!(ImagePurpose: Logo = "logo", LogoDark = "logo_dark", Favicon = "favicon");

/// The format of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImageFormat {
    /// PNG.
    Png,
    /// SVG.
    Svg,
    /// WebP.
    WebP,
    /// ICO.
    Ico,
}

named!(ImageFormat: Png = "png", Svg = "svg", WebP = "webp", Ico = "ico");

/// The schemes that a page is shown in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    /// Light or dark, as the visitor's device prefers.
    #[default]
    Auto,
    /// Light.
    Light,
    /// Dark on screens.
    Dark,
}

named!(Theme: Auto = "auto", Light = "light", Dark = "dark");

/// Which groups are open at first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum GroupFolding {
    /// Those that are affected, and all of a page with few components.
    #[default]
    ByState,
    /// All.
    Open,
    /// None.
    Folded,
}

named!(GroupFolding: ByState = "by_state", Open = "open", Folded = "folded");

/// The colours of links and buttons, one for each scheme.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Colors {
    /// In the light scheme.
    pub light: Color,
    /// In the dark scheme.
    pub dark: Color,
}

/// Red, green and blue in sRGB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Color(pub [u8; 3]);

impl Color {
    /// Reads `#1a2b3c`.
    #[must_use]
    pub fn from_hex(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6)?;
        let all = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        let number = u32::from_str_radix(digits, 16).ok().filter(|_| all)?;
        let [_, red, green, blue] = number.to_be_bytes();
        Some(Self([red, green, blue]))
    }
}

impl fmt::Display for Color {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [red, green, blue] = self.0;
        write!(f, "#{red:02x}{green:02x}{blue:02x}")
    }
}

/// A link to another site of the owner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnerLink {
    /// Its text.
    pub label: String,
    /// An address with http or https.
    pub url: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_read_as_they_are_written() {
        for text in ["#000000", "#1a2b3c", "#ffffff"] {
            assert_eq!(Color::from_hex(text).map(|color| color.to_string()).as_deref(), Some(text));
        }
        for text in ["", "#", "1a2b3c", "#1a2b3", "#1a2b3c4d", "#+a2b3c", "#gggggg", "blue"] {
            assert_eq!(Color::from_hex(text), None, "{text}");
        }
    }

    #[test]
    fn every_image_has_its_place() {
        let mut branding = Branding::default();
        for purpose in ImagePurpose::ALL {
            assert_eq!(branding.image(purpose), None);
            let bytes = purpose.name().as_bytes().to_vec();
            branding.set_image(purpose, Image { format: ImageFormat::Png, bytes });
        }
        for (purpose, image) in branding.images() {
            assert_eq!(image.bytes, purpose.name().as_bytes());
        }
        assert_eq!(branding.images().count(), ImagePurpose::ALL.len());
    }
}

//! The languages that pages speak.

use super::{Texts, english, german, pseudo};

/// A language that a page can speak: all languages with a catalogue of texts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// English.
    #[default]
    English,
    /// German.
    German,
    /// English written from right to left, for tests: no page can be configured to speak it.
    Pseudo,
}

impl Language {
    /// Those that a page can be configured to speak.
    pub const ALL: [Self; 2] = [Self::English, Self::German];

    pub(crate) const COUNT: usize = 3;
    /// All, in the order of their declaration.
    pub(crate) const EVERY: [Self; Self::COUNT] = [Self::English, Self::German, Self::Pseudo];

    /// The language with this tag.
    #[must_use]
    pub fn of_tag(tag: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|language| language.tag() == tag)
    }

    /// Its BCP 47 tag.
    #[must_use]
    pub const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::German => "de",
            Self::Pseudo => "ar-XB",
        }
    }

    /// The value of `dir`.
    pub(crate) fn direction(self) -> &'static str {
        if self.texts().right_to_left { "rtl" } else { "ltr" }
    }

    /// Its catalogue.
    pub(crate) fn texts(self) -> &'static Texts {
        match self {
            Self::English => &english::TEXTS,
            Self::German => &german::TEXTS,
            Self::Pseudo => &pseudo::TEXTS,
        }
    }
}

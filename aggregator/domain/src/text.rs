//! Texts that people write for the public.

use skerry_sanitiser::PublicText;

/// What a workspace forbids in texts for the public. `None`: the defaults of the sanitiser.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SanitiserSettings {
    /// Endings of private host names.
    pub private_suffixes: Option<Vec<String>>,
    /// Regular expressions of what is secret.
    pub secret_patterns: Option<Vec<String>>,
}

/// A text for the public, together with its original.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    /// As its author wrote it; private.
    pub written: String,
    /// As the sanitiser passed it.
    pub public: PublicText,
}

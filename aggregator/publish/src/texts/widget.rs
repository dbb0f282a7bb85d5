//! The strip that other sites embed. The texts of its script are in `assets/script/texts.mjs`.

pub(crate) const DETAILS: &str = "Details";

//! The strip that other sites embed. The texts of its script are in `assets/script/texts*.mjs`.

texts! {
    /// The strip that other sites embed.
    WidgetTexts {
        fn details() -> &'static str;
    }
}

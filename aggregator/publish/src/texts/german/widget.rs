//! The strip that other sites embed, in German.

use super::German;
use crate::texts::widget::WidgetTexts;

impl WidgetTexts for German {
    fn details(&self) -> &'static str {
        "Details"
    }
}

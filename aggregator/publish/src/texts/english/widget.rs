//! The strip that other sites embed, in English.

use super::English;
use crate::texts::widget::WidgetTexts;

impl WidgetTexts for English {
    fn details(&self) -> &'static str {
        "Details"
    }
}

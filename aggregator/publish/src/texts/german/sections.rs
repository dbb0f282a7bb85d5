//! The sections of the index behind its components, in German.

use super::German;
use crate::texts::sections::SectionTexts;

impl SectionTexts for German {
    fn dash(&self) -> &'static str {
        "Ein Strich heißt: in Betrieb."
    }

    fn others_operational(&self, number: usize) -> String {
        format!("{number} weitere in Betrieb")
    }

    fn services(&self) -> &'static str {
        "Fremde Dienste"
    }

    fn about_services(&self) -> &'static str {
        "Dienste anderer Unternehmen, die wir nutzen, nach deren eigenen Angaben. Sie zählen nicht in unseren Zahlen."
    }

    fn seen(&self, time: &str) -> String {
        format!("Gesehen: {time}")
    }

    fn last_seen(&self, time: &str) -> String {
        format!("Zuletzt gesehen: {time}")
    }

    fn never_seen(&self) -> &'static str {
        "Bisher nicht gesehen"
    }

    fn not_known(&self) -> &'static str {
        "Unbekannt"
    }

    fn metrics(&self) -> &'static str {
        "Messwerte"
    }

    fn about_metrics(&self) -> &'static str {
        "Die letzten 24 Stunden. Linie: Median. Band: bis zu den langsamsten 5\u{a0}%."
    }

    fn all_metrics(&self) -> &'static str {
        "Alle Messwerte"
    }

    fn chart(&self, medians: &str, slowest: &str) -> String {
        format!("Die letzten 24 Stunden: Median {medians}, langsamste 5\u{a0}% über {slowest}.")
    }
}

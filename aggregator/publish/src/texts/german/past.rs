//! Past days and months, in German.

use super::{German, TEXTS, count, stop};
use crate::texts::past::PastTexts;
use crate::view::CorrectionKind;

impl PastTexts for German {
    fn heading(&self) -> &'static str {
        "Vergangene Störungen"
    }

    fn quiet(&self) -> &'static str {
        "Kein Ausfall."
    }

    fn not_monitored(&self) -> &'static str {
        "Noch nicht überwacht."
    }

    fn maintenance(&self) -> &'static str {
        "Wartung"
    }

    fn maintenance_within(&self) -> &'static str {
        "Wartung"
    }

    fn partial_data(&self) -> &'static str {
        "Lückenhafte Daten"
    }

    fn partial_data_within(&self) -> &'static str {
        "lückenhafte Daten"
    }

    fn partial_data_means(&self) -> &'static str {
        "Alles, wovon Daten vorlagen, war in Betrieb."
    }

    fn more(&self, number: usize, listed: bool) -> [String; 3] {
        let and = if listed { "Und " } else { "" };
        let number = count(number, "weiterer Eintrag", "weitere Einträge");
        [format!("{and}{number} im "), ".".to_owned(), "Verlauf".to_owned()]
    }

    fn all(&self) -> &'static str {
        "Gesamter Verlauf"
    }

    fn no_data_means(&self, components: usize) -> &'static str {
        if components == 1 {
            "Uns fehlten die Daten; das heißt nicht, dass die Komponente ausgefallen war."
        } else {
            "Uns fehlten die Daten; das heißt nicht, dass die Komponenten ausgefallen waren."
        }
    }

    fn times(&self, times: usize, sum: &str) -> String {
        format!("{times}-mal, insgesamt {sum}")
    }

    fn each(&self, shortest: &str, longest: &str) -> String {
        format!("Je {shortest} bis {longest}")
    }

    fn so_far(&self, duration: &str, since: &str) -> String {
        format!("{duration} bisher, seit {since}{}", stop(since))
    }

    fn all_groups(&self) -> &'static str {
        "Alle Gruppen"
    }

    fn all_months(&self) -> &'static str {
        "Alle Monate"
    }

    fn earlier(&self) -> &'static str {
        "Frühere Monate"
    }

    fn unannounced(&self) -> &'static str {
        "Dazu wurde keine Störung veröffentlicht."
    }

    fn so_far_until(&self, at: &str) -> String {
        format!("Vorläufig, Stand: {at}{}", stop(at))
    }

    fn correction(&self, kind: CorrectionKind) -> &'static str {
        match kind {
            CorrectionKind::FalseAlarm => "Fehlalarm",
            CorrectionKind::Planned => "geplante Wartung",
            CorrectionKind::Was(status) => TEXTS.status.within(Some(status)),
        }
    }

    fn corrected_on(&self, day: &str, kind: CorrectionKind) -> String {
        format!("Berichtigt am {day}: {}.", self.correction(kind))
    }

    fn corrected(&self, kinds: &str, alone: bool) -> String {
        if alone { format!("Berichtigt: {kinds}") } else { format!(", berichtigt: {kinds}") }
    }

    fn held(&self, incidents: usize, maintenance: usize) -> String {
        let held = [(incidents, "Störung", "Störungen"), (maintenance, "Wartung", "Wartungen")];
        let held = held.into_iter().filter(|(number, ..)| *number > 0);
        held.map(|(number, one, several)| count(number, one, several)).collect::<Vec<_>>().join(", ")
    }

    fn several(&self, number: usize, outages: bool, all_short: bool) -> String {
        let (one, several) = match (outages, all_short) {
            (true, true) => ("kurze Unterbrechung", "kurze Unterbrechungen"),
            (true, false) => ("Unterbrechung", "Unterbrechungen"),
            (false, true) => ("kurze Verlangsamung", "kurze Verlangsamungen"),
            (false, false) => ("Verlangsamung", "Verlangsamungen"),
        };
        count(number, one, several)
    }

    fn in_all(&self, sum: &str) -> String {
        format!("{sum} insgesamt")
    }
}

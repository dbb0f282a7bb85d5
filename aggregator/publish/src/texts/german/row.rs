//! The rows of components and groups, their lists of days, and the explanation of figures, in German.

use super::{German, TEXTS, count, stop};
use crate::texts::row::RowTexts;
use skerry_domain::status::Status;

impl RowTexts for German {
    fn young_figure(&self) -> &'static str {
        "Neu"
    }

    fn new_means(&self) -> &'static str {
        "Neu: seit weniger als einem Tag überwacht."
    }

    fn star_means(&self) -> &'static str {
        "* Zu wenig Daten: Für weniger als 90\u{a0}% dieser Zeit liegen Daten vor."
    }

    fn marks(&self) -> [&'static str; 2] {
        ["Ein Strich je Tag: die letzten ", " Tage, heute zuletzt."]
    }

    fn older(&self, days: i32) -> [String; 3] {
        let days = if days == 1 {
            "1 älterer Tag steht auf ".to_owned()
        } else {
            format!("{days} ältere Tage stehen auf ")
        };
        [days, ".".to_owned(), "einer eigenen Seite".to_owned()]
    }

    fn more(&self) -> &'static str {
        "Mehr über "
    }

    fn more_and_response(&self) -> &'static str {
        "Antwortzeiten und mehr über "
    }

    fn scale(&self) -> [&'static str; 3] {
        ["Vor ", " Tagen", "Heute"]
    }

    fn others(&self, number: usize) -> String {
        format!("{number} weitere: in Betrieb")
    }

    fn since(&self, figure: &str, day: &str) -> String {
        format!("{figure} seit {day}")
    }

    fn percentages(&self, since: bool) -> String {
        format!(
            "Prozentwerte geben die Verfügbarkeit über 90 Tage an{}.",
            if since { ", oder seit dem Tag daneben" } else { "" }
        )
    }

    fn young(&self, since: &str) -> String {
        format!(
            "Ein Strich je Tag, heute zuletzt. Überwacht seit {since}; der Balken füllt sich Tag für Tag."
        )
    }

    fn affected(&self, days: usize) -> String {
        format!(", {} betroffen", count(days, "Tag", "Tage"))
    }

    fn no_data_since(&self, time: &str) -> String {
        format!("Keine Daten seit {time}")
    }

    fn unseen(&self, unseen: usize, of: usize, since: Option<&str>) -> String {
        let checks = if of == 1 { "Prüfung" } else { "Prüfungen" };
        match since {
            None => format!("{unseen} von {of} {checks} noch ohne Daten"),
            Some(since) => format!("{unseen} von {of} {checks} ohne Daten seit {since}"),
        }
    }

    fn partly_unseen(&self, unseen: usize, of: usize) -> String {
        format!("{unseen} von {of} Prüfungen ohne Daten")
    }

    fn all_operational(&self, of: usize) -> String {
        if of == 1 {
            TEXTS.status.name(Some(Status::Operational)).to_owned()
        } else {
            format!("Alle {of} in Betrieb")
        }
    }

    fn in_maintenance(&self, some: usize, of: usize) -> String {
        format!("{some} von {of} in Wartung")
    }

    fn waiting(&self, _of: usize) -> &'static str {
        "Noch keine Daten"
    }

    fn partial_data(&self, some: usize, of: usize) -> String {
        format!("Lückenhafte Daten für {some} von {of}")
    }

    fn no_data(&self, some: usize, of: usize) -> String {
        format!("Keine Daten für {some} von {of}")
    }

    fn some_affected(&self, some: usize, of: usize) -> String {
        format!("{some} von {of} betroffen")
    }

    fn rest(&self, listed: bool, quiet: usize, of: usize, since: Option<&str>) -> String {
        let since = since.map(|day| format!("Überwacht seit {day}{}", stop(day)));
        match (listed, quiet, since) {
            (false, 0, None) => format!("{}.", TEXTS.status.not_monitored()),
            (false, _, None) => format!("Kein Ausfall in {}.", count(of, "Tag", "Tagen")),
            (false, 0, Some(since)) => since,
            (false, _, Some(since)) => format!("Kein Ausfall. {since}"),
            (true, 0, since) => since.unwrap_or_default(),
            (true, quiet, since) => {
                let days = count(quiet, "weiterer Tag", "weitere Tage");
                format!("{days}: in Betrieb. {}", since.unwrap_or_default()).trim_end().to_owned()
            }
        }
    }
}

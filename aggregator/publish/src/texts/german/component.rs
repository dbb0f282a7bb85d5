//! The page of one component, in German.

use super::{German, TEXTS, stop};
use crate::texts::component::ComponentTexts;
use skerry_domain::status::Status;

impl ComponentTexts for German {
    fn back(&self) -> &'static str {
        "Zurück zu allen Komponenten"
    }

    fn since(&self) -> &'static str {
        " seit "
    }

    fn response(&self) -> &'static str {
        "Antwortzeit"
    }

    fn window(&self) -> &'static str {
        "Zeitraum des Diagramms"
    }

    fn median(&self) -> &'static str {
        "Median"
    }

    fn slowest(&self) -> [&'static str; 2] {
        ["Langsamste 5\u{a0}%", "über "]
    }

    fn point(&self) -> &'static str {
        "{0} · Median {1} · langsamste 5\u{a0}% über {2}"
    }

    fn no_response(&self) -> &'static str {
        "Noch keine Antwortzeiten. Die erste erscheint wenige Minuten nach der ersten Prüfung."
    }

    fn no_response_lately(&self) -> &'static str {
        "In diesem Zeitraum wurde nichts gemessen."
    }

    fn days(&self) -> &'static str {
        "Letzte 90 Tage"
    }

    fn marks(&self) -> [&'static str; 2] {
        ["Ein Strich je Tag", "Der Balken zeigt 30 Tage"]
    }

    fn first_mark(&self) -> [&'static str; 2] {
        ["Vor 90 Tagen", "Vor 30 Tagen"]
    }

    fn last_mark(&self) -> &'static str {
        "Heute"
    }

    fn was(&self, last: Status) -> String {
        format!(
            " Zuletzt: {}. Das heißt nicht, dass jetzt ein Ausfall vorliegt.",
            TEXTS.status.within(Some(last))
        )
    }

    fn set_at(&self, time: &str) -> String {
        format!(" Vom Team festgelegt: {time}{}", stop(time))
    }

    fn chart(&self, window: usize, medians: &str, slowest: &str, outages: &[String]) -> String {
        let over = ["24 Stunden", "7 Tage", "30 Tage", "90 Tage"];
        let over = over.get(window).copied().unwrap_or_default();
        let mut parts = vec![format!("Median {medians}"), format!("langsamste 5\u{a0}% über {slowest}")];
        parts.extend_from_slice(outages);
        let parts = parts.join(", ");
        format!("Antwortzeit der letzten {over}: {parts}{}", stop(&parts))
    }

    fn outage(&self, status: Status, from: &str, to: Option<&str>) -> String {
        let status = TEXTS.status.within(Some(status));
        match to {
            Some(to) => format!("{status} von {from} bis {to}"),
            None => format!("{status} seit {from}"),
        }
    }

    fn outages(&self, number: usize, sum: &str) -> String {
        format!("{number} Ausfälle, insgesamt {sum}")
    }

    fn range(&self, low: &str, high: &str) -> String {
        format!("{low} bis {high}")
    }
}

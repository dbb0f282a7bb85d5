//! The uptime pages, and the figures on the page of a component, in German.

use super::{German, TEXTS, stop};
use crate::texts::uptime::UptimeTexts;

impl UptimeTexts for German {
    fn download(&self) -> &'static str {
        "Als CSV herunterladen"
    }

    fn how(&self) -> &'static str {
        "So wird die Verfügbarkeit berechnet"
    }

    fn months(&self) -> &'static str {
        "Monat für Monat"
    }

    fn nothing(&self) -> &'static str {
        "Keine Komponente zeigt ihre Verfügbarkeit."
    }

    fn windows(&self) -> [&'static str; 4] {
        ["24 Std.", "7 Tage", "30 Tage", "90 Tage"]
    }

    fn month(&self) -> [&'static str; 4] {
        ["Verfüg\u{ad}barkeit", "Ausfall", "Teilausfall", "Nicht gezählt"]
    }

    fn columns(&self) -> [&'static str; 6] {
        ["Zeitraum", "Verfügbarkeit", "Ausfall", "Teilausfall", "Nicht gezählt", "Abdeckung"]
    }

    fn name(&self) -> &'static str {
        "Name"
    }

    fn in_words(&self) -> &'static str {
        "In Worten"
    }

    fn none_yet(&self) -> [&'static str; 2] {
        ["Noch keine", "Noch keine: Bisher liegen keine Daten vor."]
    }

    fn young_figure(&self) -> [&'static str; 2] {
        [TEXTS.row.young_figure(), TEXTS.row.new_means()]
    }

    fn not_enough(&self) -> [&'static str; 2] {
        ["Zu wenig", "Zu wenig: Für weniger als 90\u{a0}% des Zeitraums liegen Daten vor."]
    }

    fn since(&self, day: &str) -> String {
        format!("seit {day}")
    }

    fn lead(&self, time: &str, groups: bool) -> String {
        format!("{}{}", TEXTS.age.as_of(time), mean(groups))
    }

    fn lead_of_month(&self, at: Option<&str>, present: bool, groups: bool) -> String {
        let known = match at {
            Some(time) if present => TEXTS.past.so_far_until(time),
            Some(time) => TEXTS.age.as_of(time),
            None => String::new(),
        };
        format!("{known}{}", mean(groups)).trim_start().to_owned()
    }

    fn in_month(&self, month: &str) -> String {
        format!("Verfügbarkeit im {month}")
    }

    fn described(&self, month: &str, figure: Option<&str>) -> String {
        let all = figure.map(|figure| format!(": insgesamt {figure}"));
        format!("{}, nach Komponenten{}.", self.in_month(month), all.unwrap_or_default())
    }

    fn history_of_month(&self, month: &str) -> String {
        format!("Was im {month} geschah")
    }

    fn left_out(&self, statuspage: bool, unmonitored: bool) -> String {
        if statuspage {
            return "Gezählt werden ganze Tage, wie bei Statuspage.".to_owned();
        }
        let before = if unmonitored { ", Zeit vor der Überwachung" } else { "" };
        format!("Nicht gezählt: geplante Wartung, Zeit ohne Daten{before}.")
    }

    fn row(
        &self,
        outage: Option<&str>,
        partial: Option<&str>,
        left_out: Option<(&str, bool)>,
        coverage: Option<&str>,
    ) -> String {
        let outage = outage.map(|length| format!("{length} Ausfall"));
        let partial = partial.map(|length| format!("{length} Teilausfall"));
        let left_out = left_out.map(|(length, planned)| {
            if planned {
                format!("{length} Wartung nicht gezählt")
            } else {
                format!("{length} nicht gezählt")
            }
        });
        let parts: Vec<_> = [outage, partial, left_out].into_iter().flatten().collect();
        let parts =
            if parts.is_empty() { "Kein Ausfall.".to_owned() } else { format!("{}.", parts.join(", ")) };
        coverage.map_or_else(String::new, |share| format!("{parts} Abdeckung {share}{}", stop(share)))
    }

    fn formula(&self, statuspage: bool, major: u32, partial: u32, zone: &str) -> [String; 3] {
        let weight = |percent: u32, what: &str| match percent {
            100 => what.to_owned(),
            percent => format!("{},{:02} × {what}", percent / 100, percent % 100),
        };
        let lost = format!("{} + {}", weight(major, "Ausfall"), weight(partial, "Teilausfall"));
        let (of, whose) = if statuspage {
            ("ganze Tage", " Das ist die Regel von Statuspage.")
        } else {
            ("beobachtete Zeit", "")
        };
        let counts = if statuspage {
            "Heute zählt als ganzer Tag. Eingeschränkte Leistung, Wartung, Zeit ohne Daten und die Zeit vor Beginn der \
             Überwachung zählen als verfügbar; Tage vor dem Startdatum einer Komponente zählen nicht. Der Zeitraum von \
             30 Tagen hat 31, wie bei Statuspage."
        } else {
            "Eingeschränkte Leistung zählt als verfügbar. Wartung, Zeit ohne Daten und die Zeit vor Beginn der Überwachung \
             werden nicht gezählt. Die Abdeckung ist der Anteil der überwachten Zeit, für den Daten vorliegen; unter \
             90\u{a0}% gibt es keinen Wert."
        };
        [
            format!(
                "Verfügbarkeit = 100 × (1 − ({lost}) ÷ {of}), auf zwei Nachkommastellen abgerundet: 100\u{a0}% heißt, dass \
                 nichts abgezogen wurde.{whose}"
            ),
            counts.to_owned(),
            format!(
                "Tage sind Kalendertage in {zone}, heute bis jetzt eingeschlossen; 24 Std. sind die letzten 24 Stunden."
            ),
        ]
    }
}

fn mean(groups: bool) -> &'static str {
    if groups { " Eine Gruppe zeigt den Mittelwert ihrer Komponenten." } else { "" }
}

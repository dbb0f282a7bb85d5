//! Messages to subscribers, in German.

use super::{German, stop};
use crate::texts::message::MessageTexts;
use skerry_domain::status::Status;

impl MessageTexts for German {
    fn one_more_step(&self) -> &'static str {
        "Noch ein Schritt"
    }

    fn confirm_title(&self) -> &'static str {
        "Meldungen bestätigen"
    }

    fn confirm_subject(&self, page: &str) -> String {
        format!("Meldungen von {page} bestätigen")
    }

    fn somebody_asked(&self, page: &str, channel: bool) -> String {
        if channel {
            format!(
                "Dies ist eine Testnachricht. Jemand, vielleicht aus diesem Kanal, hat Meldungen von {page} für diesen Kanal \
                 angefordert."
            )
        } else {
            format!("Jemand, wahrscheinlich Sie, hat Meldungen von {page} für diese Adresse angefordert.")
        }
    }

    fn confirm_within(&self) -> &'static str {
        "Innerhalb von 24 Stunden bestätigen:"
    }

    fn works_for_a_day(&self) -> &'static str {
        "Der Link gilt 24\u{a0}Stunden."
    }

    fn confirm(&self) -> &'static str {
        "Bestätigen"
    }

    fn not_asked(&self) -> &'static str {
        "Das waren nicht Sie? Dann ist nichts zu tun, und es kommt keine weitere Nachricht."
    }

    fn manage_state(&self) -> &'static str {
        "Ihr Link"
    }

    fn manage_title(&self) -> &'static str {
        "Ihre Meldungen"
    }

    fn manage_subject(&self, page: &str) -> String {
        format!("Ihre Meldungen von {page}")
    }

    fn link_was_asked(&self, page: &str, channel: bool) -> String {
        let asked = if channel {
            format!(
                "Jemand, vielleicht aus diesem Kanal, hat bei {page} den Link zu den Meldungen für diesen Kanal angefordert."
            )
        } else {
            format!("Jemand, wahrscheinlich Sie, hat bei {page} den Link zu Ihren Meldungen angefordert.")
        };
        format!("{asked} Wer ihn hat, kann sie ändern und beenden.")
    }

    fn link_not_asked(&self) -> &'static str {
        "Das waren nicht Sie? Dann ist nichts zu tun, und es ändert sich nichts."
    }

    fn quarantined_state(&self) -> &'static str {
        "Nicht zugestellt"
    }

    fn quarantined_title(&self) -> &'static str {
        "Ihre Meldungen sind angehalten"
    }

    fn quarantined_subject(&self, page: &str) -> String {
        format!("Meldungen von {page} sind angehalten")
    }

    fn quarantined(&self) -> &'static str {
        "Drei Tage lang kamen unsere Nachrichten in diesem Kanal nicht an; deshalb haben wir sie angehalten. Bitte öffnen Sie \
         „Wieder Meldungen erhalten“ und senden Sie eine Testnachricht. Meldungen kommen wieder, sobald jemand ihren Link öffnet und \
         bestätigt."
    }

    fn resume(&self) -> &'static str {
        "Wieder Meldungen erhalten"
    }

    fn quarantined_foot(&self) -> &'static str {
        "Keine Meldungen mehr gewünscht? Bitte öffnen Sie den Link und beenden Sie sie; wir löschen die Adresse."
    }

    fn subscribed(&self, page: &str, followed: Option<&str>) -> String {
        match followed {
            Some(followed) => format!("Sie haben bei {page} Meldungen zu {followed} angefordert."),
            None => format!("Sie haben bei {page} Meldungen angefordert."),
        }
    }

    fn subscribed_monthly(&self, page: &str) -> String {
        format!("Sie haben von {page} einen Monatsbericht angefordert.")
    }

    fn change(&self) -> &'static str {
        "Meldungen ändern"
    }

    fn stop(&self) -> &'static str {
        "Alle Meldungen beenden"
    }

    fn times(&self, zone: &str) -> String {
        format!("Alle Zeiten in {zone}.")
    }

    fn earlier(&self) -> &'static str {
        "Zuvor"
    }

    fn see_incident(&self) -> &'static str {
        "Zur Störung"
    }

    fn see_what_happened(&self) -> &'static str {
        "Was geschehen ist"
    }

    fn read_postmortem(&self) -> &'static str {
        "Abschlussbericht lesen"
    }

    fn see_maintenance(&self) -> &'static str {
        "Zur Wartung"
    }

    fn see_announcement(&self) -> &'static str {
        "Zur Ankündigung"
    }

    fn see(&self, name: &str) -> String {
        format!("{name} ansehen")
    }

    fn resolved_after(&self, length: &str) -> String {
        format!("Behoben nach {length}{}", stop(length))
    }

    fn since(&self) -> &'static str {
        "Seit"
    }

    fn duration(&self) -> &'static str {
        "Dauer"
    }

    fn time(&self) -> &'static str {
        "Zeit"
    }

    fn planned_time(&self) -> &'static str {
        "Geplant für"
    }

    fn affected(&self, open: bool) -> &'static str {
        if open { "Betrifft" } else { "Betroffen" }
    }

    fn planned_maintenance(&self) -> &'static str {
        "Geplante Wartung"
    }

    fn starts_in(&self, minutes: i64) -> String {
        format!("Beginnt in {minutes} {}", if minutes == 1 { "Minute" } else { "Minuten" })
    }

    fn was_planned(&self, span: &str) -> String {
        format!("Geplant war: {span}{}", stop(span))
    }

    fn entry_follows(&self) -> &'static str {
        "Der beigefügte Kalendereintrag wird angepasst, wenn sich die Zeit ändert."
    }

    fn entry_removes(&self) -> &'static str {
        "Der beigefügte Eintrag entfernt sie aus Ihrem Kalender."
    }

    fn announcement(&self, warns: bool) -> &'static str {
        if warns { "Wichtige Ankündigung" } else { "Ankündigung" }
    }

    fn before(&self) -> &'static str {
        "Vorher"
    }

    fn now(&self) -> &'static str {
        "Jetzt"
    }

    fn interruptions(&self, number: usize, outages: bool) -> &'static str {
        match (number, outages) {
            (1, true) => "Unterbrechung",
            (_, true) => "Unterbrechungen",
            (1, false) => "Verlangsamung",
            (_, false) => "Verlangsamungen",
        }
    }

    fn between(&self, from: &str, to: &str, day: Option<&str>, sum: &str) -> String {
        let times = match day {
            Some(day) => format!("{day}, zwischen {from} und {to}"),
            None => format!("Zwischen {from} und {to}"),
        };
        format!("{times}, insgesamt {sum}")
    }

    fn is_now(&self, status: Status) -> &'static str {
        match status {
            Status::Operational => "Jetzt: in Betrieb.",
            Status::DegradedPerformance => "Jetzt: eingeschränkte Leistung.",
            Status::PartialOutage => "Jetzt: Teilausfall.",
            Status::MajorOutage => "Jetzt: Ausfall.",
            Status::UnderMaintenance => "Jetzt: in Wartung.",
        }
    }

    fn next_when_steady(&self, minutes: i64) -> String {
        format!(
            "Ändert sich der Status weiter, kommt die nächste Nachricht, sobald er {minutes} Minuten lang gleich war."
        )
    }

    fn test_state(&self) -> &'static str {
        "Test"
    }

    fn test_title(&self) -> &'static str {
        "Testnachricht"
    }

    fn test(&self, page: &str) -> String {
        format!("Meldungen von {page} kommen hier an. Es ist nichts passiert.")
    }

    fn monthly_report(&self) -> &'static str {
        "Monatsbericht"
    }

    fn nothing_happened(&self) -> &'static str {
        "keine Störungen und keine Wartungen"
    }

    fn outages(&self, major: Option<&str>, partial: Option<&str>) -> String {
        match (major, partial) {
            (None, None) => "Kein Ausfall".to_owned(),
            (Some(major), None) => format!("{major} Ausfall"),
            (None, Some(partial)) => format!("{partial} Teilausfall"),
            (Some(major), Some(partial)) => format!("{major} Ausfall, {partial} Teilausfall"),
        }
    }

    fn not_resolved(&self) -> &'static str {
        "noch nicht behoben"
    }

    fn all_components(&self) -> &'static str {
        "alle Komponenten"
    }

    fn no_component(&self) -> &'static str {
        "keine Komponente"
    }

    fn on_no_component(&self) -> &'static str {
        "keiner Komponente"
    }

    fn all_updates(&self) -> &'static str {
        "alle Meldungen"
    }

    fn only_outages(&self) -> &'static str {
        "nur Ausfälle"
    }

    fn status_changes(&self) -> &'static str {
        "jeder Statuswechsel"
    }

    fn monthly_within(&self) -> &'static str {
        "ein Monatsbericht"
    }
}

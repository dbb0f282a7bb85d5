//! Messages to subscribers, in German.

use super::{German, TEXTS, stop};
use crate::texts::message::MessageTexts;
use skerry_domain::status::Status;

impl MessageTexts for German {
    fn one_more_step(&self) -> &'static str {
        "Noch ein Schritt"
    }

    fn confirm_title(&self) -> &'static str {
        "Benachrichtigungen bestätigen"
    }

    fn confirm_subject(&self, page: &str) -> String {
        format!("Benachrichtigungen von {page} bestätigen")
    }

    fn somebody_asked(&self, page: &str, channel: bool) -> String {
        let target = if channel { "diesen Kanal" } else { "diese Adresse" };
        format!("Jemand, wahrscheinlich Sie, möchte Benachrichtigungen von {page} an {target} erhalten.")
    }

    fn confirm_within(&self) -> &'static str {
        "Innerhalb von 24 Stunden bestätigen:"
    }

    fn works_for_a_day(&self) -> &'static str {
        "Der Link gilt 24 Stunden."
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
        "Ihre Benachrichtigungen"
    }

    fn manage_subject(&self, page: &str) -> String {
        format!("Ihre Benachrichtigungen von {page}")
    }

    fn link_was_asked(&self, page: &str, channel: bool) -> String {
        let target = if channel { "dieser Kanal" } else { "diese Adresse" };
        format!(
            "Jemand, wahrscheinlich Sie, hat den Link zu den Benachrichtigungen angefordert, die {target} von {page} \
             erhält. Wer den Link hat, kann sie ändern und beenden."
        )
    }

    fn link_not_asked(&self) -> &'static str {
        "Das waren nicht Sie? Dann ist nichts zu tun, und es ändert sich nichts."
    }

    fn quarantined_state(&self) -> &'static str {
        "Angehalten"
    }

    fn quarantined_title(&self) -> &'static str {
        "Ihre Benachrichtigungen sind angehalten"
    }

    fn quarantined_subject(&self, page: &str) -> String {
        format!("Benachrichtigungen von {page} sind angehalten")
    }

    fn quarantined(&self, page: &str, channel: bool) -> String {
        let target = if channel { "diesen Kanal" } else { "diese Adresse" };
        format!(
            "Nachrichten von {page} an {target} konnten mehrere Tage lang nicht zugestellt werden; wir senden keine mehr. Bitte öffnen \
             Sie den Link und lassen Sie eine Testnachricht senden: Sobald jemand sie bestätigt, kommen wieder Meldungen."
        )
    }

    fn resume(&self) -> &'static str {
        "Wieder Meldungen erhalten"
    }

    fn quarantined_foot(&self) -> &'static str {
        "Keine Benachrichtigungen mehr gewünscht? Dann ist nichts zu tun."
    }

    fn subscribed(&self, page: &str, followed: Option<&str>) -> String {
        match followed {
            Some(followed) => {
                format!("Sie haben Benachrichtigungen von {page} angefordert: {followed}{}", stop(followed))
            }
            None => format!("Sie haben Benachrichtigungen von {page} angefordert."),
        }
    }

    fn subscribed_monthly(&self, page: &str) -> String {
        format!("Sie haben von {page} einen Monatsbericht angefordert.")
    }

    fn change(&self) -> &'static str {
        "Benachrichtigungen ändern"
    }

    fn stop(&self) -> &'static str {
        "Alle beenden"
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

    fn began(&self) -> &'static str {
        "Beginn"
    }

    fn lasted(&self) -> &'static str {
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

    fn announcement(&self, warns: bool) -> &'static str {
        if warns { "Wichtige Ankündigung" } else { "Ankündigung" }
    }

    fn before(&self, status: Status) -> String {
        format!("Vorher: {}.", TEXTS.status.within(Some(status)))
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
        format!("{times}, insgesamt {sum}{}", stop(sum))
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
        format!("Die nächste Nachricht kommt, wenn sich {minutes} Minuten lang nichts geändert hat.")
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

    fn all_updates(&self) -> &'static str {
        "alle Meldungen"
    }

    fn only_outages(&self) -> &'static str {
        "nur Ausfälle"
    }

    fn status_changes(&self) -> &'static str {
        "jede Statusänderung"
    }

    fn monthly_within(&self) -> &'static str {
        "ein Monatsbericht"
    }
}

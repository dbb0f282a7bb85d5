//! Subscribing, in German.

use super::German;
use crate::html::{FormFault, TestResult};
use crate::texts::stop;
use crate::texts::subscribe::SubscribeTexts;

impl SubscribeTexts for German {
    fn title(&self) -> &'static str {
        "Meldungen erhalten"
    }

    fn on_incident(&self) -> &'static str {
        "Meldungen zu dieser Störung erhalten"
    }

    fn on_maintenance(&self) -> &'static str {
        "Meldungen zu dieser Wartung erhalten"
    }

    fn about(&self) -> &'static str {
        "Eine Nachricht zu jeder Meldung über eine Störung oder Wartung. Abmelden geht jederzeit."
    }

    fn about_one(&self, title: &str) -> String {
        format!("Eine Nachricht zu jeder Meldung über <b>{title}</b>. Abmelden geht jederzeit.")
    }

    fn without_subscription(&self) -> &'static str {
        "Feeds und Kalender brauchen keine Anmeldung."
    }

    fn email(&self) -> &'static str {
        "E-Mail-Adresse"
    }

    fn by_email(&self) -> &'static str {
        "Meldungen per E-Mail erhalten"
    }

    fn privacy(&self) -> &'static str {
        "Datenschutzerklärung"
    }

    fn kept(&self) -> &'static str {
        "Wir speichern die Adresse, Ihre Auswahl und wann Sie bestätigt haben, und löschen alles, wenn Sie sich abmelden."
    }

    fn choose(&self) -> &'static str {
        "Auswählen, was Sie erhalten"
    }

    fn everything(&self) -> &'static str {
        "Alle Komponenten, alle Meldungen"
    }

    fn other_ways(&self) -> &'static str {
        "Andere Wege"
    }

    fn in_channel(&self) -> &'static str {
        "eine Nachricht in einem Kanal"
    }

    fn webhook(&self) -> &'static str {
        "Webhook"
    }

    fn signed_json(&self) -> &'static str {
        "signiertes JSON an Ihren Server"
    }

    fn feeds(&self) -> &'static str {
        "Feeds und Kalender"
    }

    fn feeds_about(&self) -> &'static str {
        "RSS, Atom, JSON, iCalendar; ohne Anmeldung"
    }

    fn incoming_url(&self) -> &'static str {
        "URL des eingehenden Webhooks"
    }

    fn endpoint_url(&self) -> &'static str {
        "URL Ihres Servers"
    }

    fn test(&self) -> &'static str {
        "Testnachricht senden"
    }

    fn test_about(&self) -> &'static str {
        "Die Testnachricht enthält einen Link. Meldungen kommen, sobald jemand ihn geöffnet und bestätigt hat."
    }

    fn already(&self) -> &'static str {
        "Schon angemeldet?"
    }

    fn already_about(&self) -> &'static str {
        "E-Mail-Meldungen ändern oder beenden"
    }

    fn send_link(&self) -> &'static str {
        "Link senden"
    }

    fn check_inbox(&self) -> &'static str {
        "Bitte im Posteingang nachsehen"
    }

    fn sent(&self) -> &'static str {
        "Wenn diese Adresse unsere Meldungen empfangen kann, ist eine Nachricht mit einem Link zum Bestätigen unterwegs."
    }

    fn sent_note(&self, again: &str) -> String {
        format!(
            "Der Link gilt 24 Stunden. Nach 10 Minuten noch nichts da? Bitte im Spam nachsehen, dann \
             <a href=\"{again}\">erneut versuchen</a>."
        )
    }

    fn link_sent(&self) -> &'static str {
        "Wenn diese Adresse unsere Meldungen erhält, ist eine Nachricht mit einem Link zum Ändern oder Beenden unterwegs."
    }

    fn link_note(&self, again: &str) -> String {
        format!(
            "Nach 10 Minuten noch nichts da? Bitte im Spam nachsehen, dann <a href=\"{again}\">erneut versuchen</a>."
        )
    }

    fn check_channel(&self) -> &'static str {
        "Bitte auf die Testnachricht achten"
    }

    fn test_sent(&self) -> &'static str {
        "Wenn diese URL unsere Meldungen empfangen kann, ist eine Testnachricht unterwegs. Meldungen kommen, sobald jemand \
         innerhalb von 24 Stunden ihren Link geöffnet und bestätigt hat."
    }

    fn confirm_title(&self) -> &'static str {
        "Meldungen bestätigen"
    }

    fn will_go(&self, page: &str, address: &str, what: &str) -> String {
        format!("<b>{address}</b> erhält Meldungen von {page}: {what}.")
    }

    fn confirm(&self) -> &'static str {
        "Bestätigen"
    }

    fn not_you(&self) -> &'static str {
        "Sie haben nicht darum gebeten? Dann diese Seite schließen."
    }

    fn confirmed(&self) -> &'static str {
        "Meldungen bestätigt"
    }

    fn bookmark(&self) -> &'static str {
        "Bitte ein Lesezeichen auf Ihre Seite setzen: Spätere Nachrichten enthalten keinen Link dorthin."
    }

    fn back_to(&self, page: &str) -> String {
        format!("Zurück zu {page}")
    }

    fn yours(&self) -> &'static str {
        "Ihre Meldungen"
    }

    fn yours_since(&self, address: &str, day: &str) -> String {
        format!("Für <b>{address}</b>, seit {day}{}", stop(day))
    }

    fn saved(&self, time: &str) -> String {
        format!("Gespeichert um {time}{}", stop(time))
    }

    fn quarantined(&self) -> &'static str {
        "Ihre Meldungen sind angehalten: Unsere Nachrichten kamen nicht mehr an. Bitte eine Testnachricht senden; Meldungen kommen \
         wieder, sobald jemand ihren Link öffnet und bestätigt."
    }

    fn hear(&self) -> &'static str {
        "Was Sie erhalten"
    }

    fn all_updates(&self) -> [&'static str; 2] {
        ["Alle Meldungen", "Störungen und Wartungen, jede Meldung"]
    }

    fn only_outages(&self) -> [&'static str; 2] {
        ["Nur Ausfälle", "Teilausfälle und Ausfälle, Beginn und Ende"]
    }

    fn all_components(&self) -> [&'static str; 2] {
        ["Alle Komponenten", "Auch später hinzugefügte"]
    }

    fn only_these(&self) -> &'static str {
        "Nur diese"
    }

    fn all_of(&self, number: usize) -> String {
        match number {
            1 => "Die eine Komponente".to_owned(),
            2 => "Beide Komponenten".to_owned(),
            number => format!("Alle {number} Komponenten"),
        }
    }

    fn single_ones(&self) -> &'static str {
        "Oder einzelne"
    }

    fn also(&self) -> &'static str {
        "Außerdem"
    }

    fn status_changes(&self) -> [&'static str; 2] {
        ["Statuswechsel", "Jeder Wechsel des Status einer Komponente, auch ohne Störung"]
    }

    fn monthly(&self) -> [&'static str; 2] {
        ["Monatsbericht", "Verfügbarkeit und Störungen, am 1."]
    }

    fn followed(&self) -> &'static str {
        "Störungen und Wartungen"
    }

    fn save(&self) -> &'static str {
        "Speichern"
    }

    fn stop_all(&self) -> &'static str {
        "Alle Meldungen beenden"
    }

    fn download(&self) -> &'static str {
        "Gespeicherte Daten herunterladen"
    }

    fn secret(&self) -> &'static str {
        "Signaturschlüssel"
    }

    fn secret_about(&self) -> &'static str {
        "Daran erkennt Ihr Server, dass eine Anfrage von uns kommt. Er steht nur auf dieser Seite."
    }

    fn former_secret(&self, until: &str) -> String {
        format!("Bis {until} signiert auch der vorige Schlüssel.")
    }

    fn new_secret(&self) -> &'static str {
        "Neuen Schlüssel erzeugen"
    }

    fn link(&self) -> &'static str {
        "Der Link zu dieser Seite"
    }

    fn link_about(&self, by_mail: bool) -> &'static str {
        if by_mail {
            "Wer diesen Link hat, kann Ihre Meldungen ändern und beenden. Ein neuer Link ersetzt den in früheren Nachrichten; deren \
             Links zum Beenden gelten weiter."
        } else {
            "Wer diesen Link hat, kann Ihre Meldungen ändern und beenden. Ein neuer Link ersetzt ihn."
        }
    }

    fn try_title(&self) -> &'static str {
        "Test"
    }

    fn try_about(&self) -> &'static str {
        "Prüfen, ob Nachrichten ankommen. Der Test sagt, dass nichts passiert ist."
    }

    fn tested(&self, result: TestResult, time: &str) -> String {
        let said = match result {
            TestResult::Taken => "Die Testnachricht ist angekommen",
            TestResult::Refused => "Die Testnachricht wurde nicht angenommen: Die Antwort war kein Erfolg",
            TestResult::TooMany => "Die Testnachricht wurde nicht angenommen: Es kamen zu viele Nachrichten",
            TestResult::Unreachable => {
                "Die Testnachricht ist nicht angekommen: Unter dieser URL antwortet nichts"
            }
            TestResult::Timeout => "Die Testnachricht ist nicht angekommen: Die Antwort blieb aus",
            TestResult::Certificate => "Die Testnachricht ist nicht angekommen: Das Zertifikat ist ungültig",
            TestResult::Forbidden => {
                "Es wurde keine Testnachricht gesendet: Diese URL führt an einen unzulässigen Ort"
            }
            TestResult::NotSent => {
                "Es wurde keine Testnachricht gesendet. Bitte in einer Minute erneut versuchen"
            }
        };
        format!("{said} ({time}).")
    }

    fn new_link(&self) -> &'static str {
        "Neuen Link erzeugen"
    }

    fn link_renewed(&self, by_mail: bool) -> &'static str {
        if by_mail {
            "Diese Seite hat einen neuen Link. Spätere Nachrichten enthalten den neuen."
        } else {
            "Diese Seite hat einen neuen Link. Bitte ein Lesezeichen setzen: Der alte gilt nicht mehr."
        }
    }

    fn stop_title(&self) -> &'static str {
        "Alle Meldungen beenden?"
    }

    fn stop(&self, address: &str, page: &str) -> String {
        format!("<b>{address}</b> erhält keine Meldungen mehr von {page}, und wir löschen die Adresse.")
    }

    fn fewer(&self) -> &'static str {
        "Stattdessen weniger auswählen"
    }

    fn stopped_title(&self) -> &'static str {
        "Sie erhalten keine Meldungen mehr"
    }

    fn stopped(&self) -> &'static str {
        "Die Adresse ist gelöscht. Eine Nachricht, die schon unterwegs war, kann noch ankommen."
    }

    fn spent_title(&self) -> &'static str {
        "Dieser Link gilt nicht mehr"
    }

    fn spent(&self, again: &str) -> String {
        format!(
            "Er wurde benutzt oder ersetzt, ist abgelaufen, oder das Abonnement ist beendet. <a href=\"{again}\">Neuen Link anfordern</a>."
        )
    }

    fn foreign_title(&self) -> &'static str {
        "Das Formular wurde nicht angenommen"
    }

    fn foreign(&self, again: &str) -> String {
        format!(
            "Wir konnten nicht prüfen, woher dieses Formular kam. Bitte <a href=\"{again}\">öffnen Sie das Formular</a> und senden Sie \
             es noch einmal."
        )
    }

    fn fault(&self, fault: &FormFault) -> String {
        match fault {
            FormFault::NoMailAddress => "Bitte eine Adresse wie name@example.com eingeben.".to_owned(),
            FormFault::NotHttps => "Das muss eine https-Adresse sein.".to_owned(),
            FormFault::NoUrl => "Das ist keine URL.".to_owned(),
            FormFault::TooLong => "Diese URL ist zu lang.".to_owned(),
            FormFault::OddCharacters => {
                "Diese URL enthält ein Leerzeichen, ein Steuerzeichen oder einen Backslash.".to_owned()
            }
            FormFault::Credentials => "Diese URL enthält einen Benutzernamen oder ein Passwort.".to_owned(),
            FormFault::Port(port) => format!("Diese URL nennt Port {port}, der nicht zu HTTPS gehört."),
            FormFault::NotPublic => "Diese URL nennt einen Host, der nicht öffentlich ist.".to_owned(),
            FormFault::NotOfService => {
                "Das ist keine URL dieses Dienstes für eingehende Nachrichten.".to_owned()
            }
            FormFault::RetiredConnector => {
                "Microsoft hat Connectors im Mai 2026 eingestellt. Bitte einen Workflow anlegen, der bei einer Webhook-Anforderung \
                 in einem Kanal postet, und dessen URL verwenden."
                    .to_owned()
            }
            FormFault::NoComponent => "Bitte mindestens eine Komponente auswählen, oder alle.".to_owned(),
            FormFault::NothingFollowed => {
                "Bitte mindestens eine auswählen, oder alle Meldungen beenden.".to_owned()
            }
            FormFault::TooManyTries(until) => {
                format!("Zu viele Versuche. Bitte nach {until} erneut versuchen.")
            }
            FormFault::Unavailable => {
                "Das konnte nicht gespeichert werden. Bitte in einer Minute erneut versuchen.".to_owned()
            }
        }
    }
}

//! The sentence of the banner and the facts below it, in German.

use super::{German, TEXTS, stop};
use crate::texts::banner::BannerTexts;

impl BannerTexts for German {
    fn empty(&self) -> &'static str {
        "Noch nichts zu sehen"
    }

    fn empty_why(&self) -> &'static str {
        "Komponenten erscheinen hier, sobald sie eingerichtet sind."
    }

    fn fine(&self) -> &'static str {
        "Alle Systeme in Betrieb"
    }

    fn fine_why(&self) -> &'static str {
        "Kein Ausfall und keine laufende Wartung."
    }

    fn waiting(&self) -> &'static str {
        "Noch liegen keine Daten vor"
    }

    fn waiting_why(&self) -> &'static str {
        "Die Überwachung hat gerade begonnen."
    }

    fn seen_fine(&self) -> &'static str {
        "Alle Systeme, von denen Daten vorliegen, sind in Betrieb"
    }

    fn maintenance(&self) -> &'static str {
        "Laufende Wartung: "
    }

    fn no_data_for(&self) -> &'static str {
        "Keine Daten für "
    }

    fn no_data_for_any(&self) -> &'static str {
        "Von keiner Komponente liegen Daten vor"
    }

    fn all(&self) -> &'static str {
        "alle Komponenten"
    }

    fn since(&self) -> &'static str {
        "Seit "
    }

    fn name_since(&self) -> &'static str {
        " seit "
    }

    fn first_since(&self) -> &'static str {
        "Die erste seit "
    }

    fn also(&self) -> &'static str {
        " Außerdem betroffen: "
    }

    fn rest_fine(&self) -> &'static str {
        " Alles andere ist in Betrieb."
    }

    fn seen_rest_fine(&self) -> &'static str {
        " Alles andere, wovon Daten vorliegen, ist in Betrieb."
    }

    fn all_seen_fine(&self) -> &'static str {
        " Alles, wovon Daten vorliegen, ist in Betrieb."
    }

    fn not_down(&self) -> &'static str {
        " Das heißt nicht, dass sie ausgefallen sind."
    }

    fn part_of(&self) -> &'static str {
        "Lückenhafte Daten für "
    }

    fn waiting_for(&self) -> &'static str {
        "Noch keine Daten für "
    }

    fn not_seen(&self, all: bool, _components: usize, later: bool) -> [String; 2] {
        let what = if all { "von unseren Systemen" } else { "dazu" };
        let later = if later { TEXTS.status.or_later() } else { "" };
        ["Seit ".to_owned(), format!("{later} liegen {what} keine Daten vor.")]
    }

    fn brief_since(&self, time: &str, later: bool) -> String {
        format!(" seit {time}{}", if later { TEXTS.status.or_later() } else { "" })
    }

    fn no_data(&self, components: usize, since: &str) -> String {
        format!("Keine Daten für {}{since}{}", TEXTS.status.components(components), stop(since))
    }

    fn part_since(&self, since: &str) -> String {
        format!("{since}{}", stop(since))
    }
}

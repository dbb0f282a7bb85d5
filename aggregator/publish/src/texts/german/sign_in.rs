//! The sign-in page, in German.

use super::German;
use crate::texts::sign_in::SignInTexts;

impl SignInTexts for German {
    fn title(&self) -> &'static str {
        "Anmeldung für diese Seite"
    }

    fn password(&self) -> &'static str {
        "Passwort"
    }

    fn submit(&self) -> &'static str {
        "Seite anzeigen"
    }

    fn wrong(&self) -> &'static str {
        "Das Passwort stimmt nicht."
    }

    fn unavailable(&self) -> &'static str {
        "Das Passwort konnte nicht geprüft werden. Bitte in einer Minute erneut versuchen."
    }

    fn too_many_tries(&self, until: &str) -> String {
        format!("Zu viele Versuche. Bitte nach {until} erneut versuchen.")
    }
}

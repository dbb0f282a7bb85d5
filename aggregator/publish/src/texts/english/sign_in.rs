//! The sign-in page, in English.

use super::English;
use crate::texts::sign_in::SignInTexts;

impl SignInTexts for English {
    fn title(&self) -> &'static str {
        "Sign in to see this page"
    }

    fn password(&self) -> &'static str {
        "Password"
    }

    fn submit(&self) -> &'static str {
        "Show the page"
    }

    fn wrong(&self) -> &'static str {
        "This password is not right."
    }

    fn unavailable(&self) -> &'static str {
        "The password could not be checked. Try again in a minute."
    }

    fn too_many_tries(&self, until: &str) -> String {
        format!("Too many tries. Try again after {until}.")
    }
}

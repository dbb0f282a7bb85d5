//! The sign-in page.

pub(crate) const TITLE: &str = "Sign in to see this page";
pub(crate) const PASSWORD: &str = "Password";
pub(crate) const SUBMIT: &str = "Show the page";
pub(crate) const WRONG: &str = "This password is not right.";
pub(crate) const UNAVAILABLE: &str = "The password could not be checked. Try again in a minute.";

/// `until` is a time such as "16:30 UTC".
pub(crate) fn too_many_tries(until: &str) -> String {
    format!("Too many tries. Try again after {until}.")
}

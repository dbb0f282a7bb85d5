//! The 404, which is the same for every page and every language.

pub(crate) const TITLE: &str = "Page not found";
pub(crate) const WHY: &str = "There is nothing at this address, or it is not public.";
pub(crate) const START: &str = "Go to the start page";

//! Values of the placeholders of templates: public names, and times in the zone of the page.

use super::incidents::public_components;
use super::times;
use skerry_domain::state::{ComponentKey, PageKey, State};
use skerry_domain::template::Placeholder;
use skerry_domain::time::Timestamp;

/// What the placeholders of a template stand for: the incident for which it is used.
#[derive(Clone, Copy, Debug)]
pub struct TemplateValues<'a> {
    /// The page of the incident.
    pub page: PageKey,
    /// Its title as visitors read it.
    pub title: &'a str,
    /// Its components.
    pub components: &'a [ComponentKey],
    /// When it began.
    pub since: Timestamp,
    /// When it ended, or now.
    pub until: Timestamp,
}

impl TemplateValues<'_> {
    /// What stands in the place of a placeholder. Components that visitors do not see have no name here.
    #[must_use]
    pub fn value(&self, state: &State, placeholder: Placeholder) -> String {
        let Some(page) = state.pages.get(&self.page) else { return String::new() };
        let texts = times::language_of(page).texts();
        match placeholder {
            Placeholder::Page => page.settings.name.clone(),
            Placeholder::Components => {
                let public = public_components(state, page);
                let known = self.components.iter().filter_map(|key| public.get(key));
                let names: Vec<String> = known.map(|(one, _)| one.settings.name.clone()).collect();
                texts.incident.listed(&names)
            }
            Placeholder::Since => {
                let zone = times::zone_of(page);
                times::as_of(&times::zoned(self.since, &zone), &times::zoned(self.until, &zone), texts)
            }
            // What is filled in becomes people's text, which is searched and edited: with plain blanks.
            Placeholder::Duration => texts.dates.duration(self.until - self.since).replace('\u{a0}', " "),
            Placeholder::Incident => self.title.to_owned(),
        }
    }
}

#[cfg(test)]
#[path = "placeholders_test.rs"]
mod tests;

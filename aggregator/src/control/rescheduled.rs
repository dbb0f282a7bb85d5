//! Requests that change what is planned of maintenance.

use super::consequences::second;
use super::lookup;
use super::maintenance::{End, body, checks, told};
use super::request::{Prepared, instant};
use crate::texts::TextSanitiser;
use serde::{Deserialize, Serialize};
use skerry_domain::state::{ComponentKey, PageKey, State, WindowKey};
use skerry_domain::step::{Command, WindowChange};
use skerry_domain::time::Timestamp;

/// What is planned differently. What is `None` stays.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ChangeWindow {
    /// Another title.
    pub title: Option<String>,
    /// Another text of its announcement.
    pub message: Option<String>,
    /// Other components instead.
    pub components: Option<Vec<String>>,
    /// Other checks instead.
    pub checks: Option<Vec<String>>,
    /// Another beginning, ms since 1970.
    pub from: Option<i64>,
    /// Another end.
    pub to: Option<End>,
    /// Another time between its announcement and its beginning, ms.
    pub lead: Option<i64>,
}

impl ChangeWindow {
    pub(super) fn prepare(
        self,
        state: &State,
        key: WindowKey,
        mut sanitiser: TextSanitiser,
        now: Timestamp,
    ) -> Result<Prepared, String> {
        let window = &state.windows[&key];
        let mut change = self.change(state, window.page, (window.from, window.to), (&mut sanitiser, now))?;
        let past = change.from.filter(|_| now < window.from).and_then(|from| begins_now(from, now));
        if let Some(from) = change.from.filter(|_| change.to.is_none() && now < window.from) {
            // It lasts as long as before.
            change.to = Some(from.max(now) + (window.to - window.from));
        }
        if change == WindowChange::default() {
            return Err(
                "there is nothing to change: say --title, --message, --from, --to, --for, --component, --check or --lead"
                    .to_owned(),
            );
        }
        let command = Command::ChangeWindow { window: key, change: Box::new(change) };
        let notes = sanitiser.removed().into_iter().chain(past).collect();
        Ok(Prepared::about(state, command, told(state, key), notes))
    }

    /// The change of what is planned `from` and `to` on a page.
    pub(super) fn change(
        self,
        state: &State,
        page: Option<PageKey>,
        (from, to): (Timestamp, Timestamp),
        (sanitiser, now): (&mut TextSanitiser, Timestamp),
    ) -> Result<WindowChange, String> {
        let components = |names: Vec<String>| -> Result<Vec<ComponentKey>, String> {
            names.iter().map(|name| lookup::component(state, page, name)).collect()
        };
        let other = self.from.map(|from| instant(from, now));
        let from = other.unwrap_or(from);
        Ok(WindowChange {
            title: self.title.as_deref().map(|title| sanitiser.title(title)).transpose()?,
            body: body(sanitiser, self.message.as_deref())?,
            components: self.components.map(components).transpose()?,
            checks: self.checks.map(|names| checks(state, &names)).transpose()?,
            from: other,
            to: self.to.map(|end| end.of(from, to, now)),
            lead: self.lead,
            reminds: None,
        })
    }
}

/// What begins in the past begins now.
pub(super) fn begins_now(from: Timestamp, now: Timestamp) -> Option<String> {
    (from < now).then(|| format!("{} has passed: it begins now.", second(from)))
}

//! Requests about announcements. Names become keys here, times become absolute, and texts are sanitised.

use super::lookup;
use super::maintenance::End;
use super::request::{Prepared, Told, instant};
use crate::texts::TextSanitiser;
use serde::{Deserialize, Serialize};
use skerry_domain::announcement::AnnouncementLevel;
use skerry_domain::rows::Subject;
use skerry_domain::state::{AnnouncementKey, PageKey, State};
use skerry_domain::step::{AnnouncementChange, Command, NewAnnouncement};
use skerry_domain::time::Timestamp;
use skerry_domain::workspaces::Workspaces;

/// A change of announcements by a person.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AnnouncementRequest {
    /// Makes one.
    Create(Box<CreateAnnouncement>),
    /// Changes the one with this id.
    Change {
        /// Its id.
        announcement: String,
        /// The version that the operator read, as `announcement show` prints it; `None`: whatever it is now.
        version: Option<String>,
        /// The change.
        how: Box<ChangeAnnouncement>,
    },
    /// Ends the one with this id.
    End {
        /// Its id.
        announcement: String,
        /// As for a change.
        version: Option<String>,
    },
}

/// An announcement to make.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CreateAnnouncement {
    /// Keys, slugs, ids or names of the pages that show it; none: the only page.
    pub pages: Vec<String>,
    /// Its title.
    pub title: String,
    /// Its text.
    pub message: String,
    /// `information` or `warning`.
    pub level: String,
    /// When it appears, ms since 1970; `None`: now.
    pub from: Option<i64>,
    /// When it disappears; `None`: once a person ends it.
    pub to: Option<End>,
    /// Whether subscribers are told when it appears.
    pub tell_subscribers: bool,
}

/// What to change. What is `None` stays.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ChangeAnnouncement {
    /// Other pages instead.
    pub pages: Option<Vec<String>>,
    /// Another title.
    pub title: Option<String>,
    /// Another text.
    pub message: Option<String>,
    /// Another level.
    pub level: Option<String>,
    /// Another beginning, ms since 1970.
    pub from: Option<i64>,
    /// Another end.
    pub to: Option<End>,
    /// Until a person ends it.
    pub stays: bool,
    /// Whether subscribers are told when it appears.
    pub tell_subscribers: Option<bool>,
}

impl AnnouncementRequest {
    /// The id of the announcement; `None`: it is new.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        match self {
            Self::Create(_) => None,
            Self::Change { announcement, .. } | Self::End { announcement, .. } => Some(announcement),
        }
    }

    /// Makes the command.
    ///
    /// # Errors
    /// Why it cannot be carried out, for an operator.
    pub(super) fn prepare(
        self,
        workspace: &str,
        workspaces: &Workspaces,
        (released, now): (&[String], Timestamp),
    ) -> Result<Prepared, String> {
        let state = lookup::state(workspaces, workspace)?;
        let sanitiser = TextSanitiser::releasing(state, released)?;
        let (key, version, command, removed) = match self {
            Self::Create(new) => return create(state, sanitiser, &new, now),
            Self::Change { announcement, version, how } => {
                let key = lookup::announcement(state, &announcement)?;
                let (command, removed) = how.prepare(state, key, sanitiser, now)?;
                (key, version, command, removed)
            }
            Self::End { announcement, version } => {
                let key = lookup::announcement(state, &announcement)?;
                (key, version, Command::DeleteAnnouncement { announcement: key }, Vec::new())
            }
        };
        let told = Told::Announcement(key, state.announcements[&key].id.clone());
        Prepared::about(state, command, told, removed).only_if(
            Subject::Announcement(key),
            version.as_deref(),
            "announcement show",
        )
    }
}

fn create(
    state: &State,
    mut sanitiser: TextSanitiser,
    new: &CreateAnnouncement,
    now: Timestamp,
) -> Result<Prepared, String> {
    let from = new.from.map_or(now, |from| instant(from, now));
    let announcement = NewAnnouncement {
        title: sanitiser.title(&new.title)?,
        body: sanitiser.markdown(&new.message)?,
        level: lookup::announcement_level(&new.level)?,
        pages: pages(state, &new.pages)?,
        from,
        to: new.to.map(|to| to.of(from, from, now)),
        tell_subscribers: new.tell_subscribers,
    };
    let command = Command::CreateAnnouncement(Box::new(announcement));
    Ok(Prepared::about(state, command, Told::NewAnnouncement, sanitiser.removed()))
}

fn pages(state: &State, names: &[String]) -> Result<Vec<PageKey>, String> {
    if names.is_empty() {
        return lookup::page(state, None).map(|page| vec![page]);
    }
    names.iter().map(|name| lookup::page(state, Some(name))).collect()
}

impl ChangeAnnouncement {
    fn prepare(
        self,
        state: &State,
        key: AnnouncementKey,
        mut sanitiser: TextSanitiser,
        now: Timestamp,
    ) -> Result<(Command, Vec<String>), String> {
        let former = &state.announcements[&key];
        let other = self.from.map(|from| instant(from, now));
        let from = other.unwrap_or(former.from);
        let level = |word: &String| -> Result<AnnouncementLevel, String> { lookup::announcement_level(word) };
        let to = self.to.map(|to| Some(to.of(from, former.to.unwrap_or(now), now)));
        let change = AnnouncementChange {
            title: self.title.as_deref().map(|title| sanitiser.title(title)).transpose()?,
            body: self.message.as_deref().map(|message| sanitiser.markdown(message)).transpose()?,
            level: self.level.as_ref().map(level).transpose()?,
            pages: self.pages.map(|names| pages(state, &names)).transpose()?,
            from: other,
            to: to.or(self.stays.then_some(None)),
            tell_subscribers: self.tell_subscribers,
        };
        if change == AnnouncementChange::default() {
            return Err(
                "there is nothing to change: say --title, --message, --level, --page, --from, --to, --for, --stays or --tell"
                    .to_owned(),
            );
        }
        let command = Command::ChangeAnnouncement { announcement: key, change: Box::new(change) };
        Ok((command, sanitiser.removed()))
    }
}

//! Announcements with their pages as rows, and back.

use super::Write;
use super::holds::both;
use super::restore::Restore;
use super::table::Key;
use super::value::Misread;
use super::{AnnouncementPageRow, AnnouncementRow, Row};
use crate::announcement::Announcement;
use crate::state::{AnnouncementKey, PageKey, State};
use crate::text::Text;

/// The row of an announcement, without its pages; `None`: the state has none with that key.
pub(super) fn announcement_row(state: &State, key: AnnouncementKey) -> Option<AnnouncementRow> {
    let one = state.announcements.get(&key)?;
    Some(AnnouncementRow {
        workspace: state.workspace.key,
        key,
        id: one.id.clone(),
        written_title: one.title.written.clone(),
        title: one.title.public.clone(),
        written: one.body.written.clone(),
        body: one.body.public.clone(),
        level: one.level,
        shown_from: one.from,
        shown_to: one.to,
        tell_subscribers: one.tell_subscribers,
        created_ms: one.created_at,
        updated_ms: one.updated_at,
        edited_ms: one.edited_at,
        began_ms: one.began_at,
        ended_ms: one.ended_at,
        withdrawn: one.withdrawn,
        author: one.by.clone(),
    })
}

/// The row of a page of an announcement, if it is one.
pub(super) fn page_row(state: &State, key: AnnouncementKey, page: PageKey) -> Option<AnnouncementPageRow> {
    state.announcements.get(&key).filter(|one| one.pages.contains(&page))?;
    Some(AnnouncementPageRow { workspace: state.workspace.key, announcement: key, page })
}

/// The rows of its pages.
pub(super) fn page_rows(state: &State, key: AnnouncementKey) -> Vec<Row> {
    let pages = state.announcements.get(&key).into_iter().flat_map(|one| &one.pages);
    pages.filter_map(|page| page_row(state, key, *page)).map(Row::from).collect()
}

/// Writes the announcement with its pages, or deletes all of its rows if the state no longer has it.
pub(super) fn write_announcement(state: &State, key: AnnouncementKey, writes: &mut Vec<Write>) {
    let of = || both(state.workspace.key, &key);
    let pages = Key::of::<AnnouncementPageRow>(of());
    let Some(row) = announcement_row(state, key) else {
        writes.extend([pages, Key::of::<AnnouncementRow>(of())].map(Write::Delete));
        return;
    };
    writes.push(Write::Put(row.into()));
    writes.push(Write::Replace { prefix: pages, from: None, rows: page_rows(state, key) });
}

impl Restore for AnnouncementRow {
    fn restore(self, state: &mut State) -> Result<(), Misread> {
        let announcement = Announcement {
            id: self.id,
            pages: Vec::new(),
            title: Text { written: self.written_title, public: self.title },
            body: Text { written: self.written, public: self.body },
            level: self.level,
            from: self.shown_from,
            to: self.shown_to,
            tell_subscribers: self.tell_subscribers,
            created_at: self.created_ms,
            updated_at: self.updated_ms,
            edited_at: self.edited_ms,
            began_at: self.began_ms,
            ended_at: self.ended_ms,
            withdrawn: self.withdrawn,
            by: self.author,
        };
        state.announcements.insert(self.key, announcement);
        Ok(())
    }
}

impl Restore for AnnouncementPageRow {
    fn restore(self, state: &mut State) -> Result<(), Misread> {
        if let Some(one) = state.announcements.get_mut(&self.announcement) {
            one.pages.push(self.page);
        }
        Ok(())
    }
}

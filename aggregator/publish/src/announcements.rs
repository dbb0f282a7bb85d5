//! Builds the announcements of a page from the state. Pure. What has not appeared yet stays out.

use super::view::AnnouncementView;
use skerry_domain::announcement::Announcement;
use skerry_domain::state::{PageKey, State};
use skerry_domain::time::Timestamp;
use std::cmp::Reverse;

/// The announcements of a page: those that are shown, then those that ended since `begin`. All that are kept if `all`.
pub(super) fn announcements(
    state: &State,
    page: PageKey,
    begin: Timestamp,
    all: bool,
) -> Vec<AnnouncementView> {
    let wanted = |one: &Announcement| all || one.ended_at.is_none_or(|ended| ended >= begin);
    let of_page = state.announcements.iter().filter(|(_, one)| one.pages.contains(&page) && wanted(one));
    let mut appeared: Vec<_> = of_page.filter_map(|(key, one)| Some((one.began_at?, *key, one))).collect();
    appeared.sort_by_key(|(began, key, one)| {
        let warns = one.is_shown().then_some(Reverse(one.level));
        (!one.is_shown(), warns, Reverse((*began, *key)))
    });
    appeared.into_iter().map(|(began, _, one)| view(began, one)).collect()
}

fn view(began: Timestamp, one: &Announcement) -> AnnouncementView {
    AnnouncementView {
        id: one.id.clone(),
        title: one.title.public.clone(),
        body: one.body.public.clone(),
        level: one.level,
        from: began,
        to: one.to,
        ended_at: one.ended_at,
        edited_at: one.edited_at,
    }
}

#[cfg(test)]
#[path = "announcements_test.rs"]
mod tests;

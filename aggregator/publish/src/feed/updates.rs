//! Every update of incidents, maintenance and announcements, newest first. Its entry is made when a feed first has it, since
//! Markdown is the largest part of the work.

use super::Entry;
use crate::html::{self, Clock};
use crate::stable_id;
use crate::texts::Texts;
use crate::view::{
    AnnouncementView, IncidentUpdateView, IncidentView, MaintenanceUpdateView, MaintenanceView, PageView,
    PostmortemView, StatusChangeView,
};
use skerry_domain::announcement::AnnouncementLevel;
use skerry_domain::maintenance::MaintenanceStatus;
use skerry_domain::time::Timestamp;
use std::cell::OnceCell;
use std::cmp::Reverse;

pub(super) struct Updates<'a> {
    view: &'a PageView,
    all: Vec<Update<'a>>,
}

/// An update, and its entry once it is made.
pub(super) struct Update<'a> {
    of: Of<'a>,
    published: Timestamp,
    entry: OnceCell<Entry>,
}

enum Of<'a> {
    Incident(&'a IncidentView, &'a IncidentUpdateView),
    Postmortem(&'a IncidentView, &'a PostmortemView),
    Maintenance(&'a MaintenanceView, &'a MaintenanceUpdateView),
    Announcement(&'a AnnouncementView),
}

impl<'a> Updates<'a> {
    pub(super) fn of(view: &'a PageView) -> Self {
        let incidents = view.incidents.iter().flat_map(|one| {
            let postmortem = one.postmortem.iter().map(move |text| Of::Postmortem(one, text));
            postmortem.chain(one.updates.iter().map(move |update| Of::Incident(one, update)))
        });
        let maintenance = view.maintenance.iter().filter(|one| !one.called_off);
        let maintenance =
            maintenance.flat_map(|one| one.updates.iter().map(move |update| Of::Maintenance(one, update)));
        let announcements = view.announcements.iter().map(Of::Announcement);
        let all = incidents.chain(maintenance).chain(announcements);
        let mut all: Vec<_> = all.map(Update::new).collect();
        // Of one time, an incident's own order.
        all.sort_by_key(|update| Reverse(update.published));
        Self { view, all }
    }

    /// The entries of the newest updates that are `wanted`.
    pub(super) fn newest(&self, longest: usize, wanted: impl Fn(&Update<'a>) -> bool) -> Vec<&Entry> {
        let wanted = self.all.iter().filter(|update| wanted(update)).take(longest);
        wanted.map(|update| update.entry.get_or_init(|| update.of.entry(self.view))).collect()
    }
}

impl<'a> Update<'a> {
    fn new(of: Of<'a>) -> Self {
        let published = match &of {
            Of::Incident(_, update) => update.display_at,
            Of::Postmortem(_, postmortem) => postmortem.published_at,
            Of::Maintenance(_, update) => update.display_at,
            Of::Announcement(announcement) => announcement.from,
        };
        Self { of, published, entry: OnceCell::new() }
    }

    /// Whether it is about the component with this public id.
    pub(super) fn names(&self, component: &str) -> bool {
        match &self.of {
            Of::Incident(of, _) | Of::Postmortem(of, _) => of.names(component),
            Of::Maintenance(of, _) => of.names(component),
            Of::Announcement(_) => false,
        }
    }
}

impl Of<'_> {
    fn entry(&self, view: &PageView) -> Entry {
        let id = |kind, id: &str| stable_id::urn(view, kind, id);
        let link = |folder: &str, id: &str| format!("{}/{folder}/{id}", view.url);
        let texts = view.texts();
        match self {
            Self::Incident(of, update) => Entry {
                id: id("update", &update.id),
                title: texts.incident.document(update.status, &html::balanced(&of.title.one_line())),
                link: link("incidents", &of.id),
                published: update.display_at,
                updated: changed(update.display_at, update.edited_at),
                html: html::update(update, texts) + &changes(&update.components, texts),
                maintenance: None,
            },
            Self::Postmortem(of, postmortem) => Entry {
                id: id("postmortem", &of.id),
                title: texts.feed.postmortem(&html::balanced(&of.title.one_line())),
                link: format!("{}#postmortem", link("incidents", &of.id)),
                published: postmortem.published_at,
                updated: changed(postmortem.published_at, Some(postmortem.updated_at)),
                html: postmortem.text.html(),
                maintenance: None,
            },
            Self::Maintenance(of, update) => Entry {
                id: id("update", &update.id),
                title: texts.feed.maintenance(
                    texts.maintenance.entry(update.status.status, update.status.event),
                    &html::balanced(&of.title.one_line()),
                ),
                link: link("maintenance", &of.id),
                published: update.display_at,
                updated: changed(update.display_at, update.edited_at),
                html: html::update(update, texts) + &plan(of, update, view),
                maintenance: None,
            },
            Self::Announcement(of) => Entry {
                id: id("announcement", &of.id),
                title: announced(of, texts),
                link: link("announcements", &of.id),
                published: of.from,
                updated: changed(of.from, of.edited_at),
                html: of.body.html(),
                maintenance: None,
            },
        }
    }
}

fn announced(of: &AnnouncementView, texts: &Texts) -> String {
    let warns = if of.level == AnnouncementLevel::Warning { texts.announcement.important() } else { "" };
    format!("{warns}{}", html::balanced(&of.title.one_line()))
}

/// An announcement may be edited before it appears.
fn changed(published: Timestamp, edited: Option<Timestamp>) -> Timestamp {
    edited.map_or(published, |edited| edited.max(published))
}

/// "Refunds: from operational to partial outage", a paragraph each, as markup.
fn changes(changes: &[StatusChangeView], texts: &Texts) -> String {
    let changed = changes.iter().filter(|change| change.from != change.to);
    let paragraph = |change: &StatusChangeView| {
        let name = html::isolated(&change.name);
        format!("<p>{name}: {}</p>", texts.incident.changed(change.from, change.to))
    };
    changed.map(paragraph).collect()
}

/// "Planned maintenance on Sun 22 Nov 2026, 02:00 to 04:00 UTC. Affects Reports.", as markup, with what is still planned.
fn plan(of: &MaintenanceView, update: &MaintenanceUpdateView, view: &PageView) -> String {
    if update.status.status != MaintenanceStatus::Scheduled {
        return String::new();
    }
    let texts = view.texts();
    let span = html::escaped(&Clock::lasting(view).planned(of.from, of.to));
    let names: Vec<_> = of.components.iter().map(|one| html::isolated(&one.name)).collect();
    format!("<p>{} {}</p>", texts.maintenance.on(&span), html::affected(&names, true, texts))
}

//! What was said of maintenance: by itself at its times, and by people.

use super::history::{History, Item, PAGES, Said};
use skerry_domain::status::Status;
use skerry_domain::time::HOUR;
use std::collections::BTreeSet;

/// Planned maintenance, as people planned it.
#[derive(Clone, Debug, Default)]
pub(super) struct Window {
    pub(super) page: usize,
    pub(super) components: BTreeSet<usize>,
    pub(super) from: i64,
    pub(super) to: i64,
    pub(super) lead: i64,
    pub(super) reminds: bool,
    /// When its times were set.
    timed: i64,
    announced: Option<i64>,
    is_reminded: bool,
    has_begun: bool,
    pub(super) has_ended: bool,
    /// Entries of its timeline.
    pub(super) entries: usize,
}

impl Window {
    pub(super) fn is_running(&self) -> bool {
        self.has_begun && !self.has_ended
    }

    /// Whether visitors were told of it.
    pub(super) fn is_announced(&self) -> bool {
        self.announced.is_some()
    }

    /// What happens next by itself, and when.
    fn next(&self) -> Option<(i64, Turn)> {
        if self.has_ended {
            return None;
        }
        if self.has_begun {
            return Some((self.to, Turn::Completes));
        }
        let before = self.from - HOUR;
        let announces = self.announced.is_none().then_some((self.from - self.lead, Turn::IsAnnounced));
        let knows = self.announced.is_some_and(|announced| announced.max(self.timed) < before);
        let reminds = (self.reminds && knows && !self.is_reminded).then_some((before, Turn::Reminds));
        let begins = Some((self.from, Turn::Begins));
        [announces, reminds, begins].into_iter().flatten().min()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Turn {
    IsAnnounced,
    Reminds,
    Begins,
    Completes,
}

impl History {
    /// A person plans maintenance.
    pub(super) fn plan(
        &mut self,
        components: BTreeSet<usize>,
        (from, to): (i64, i64),
        (lead, reminds): (i64, bool),
        at: i64,
    ) -> usize {
        let page = components.first().map_or(0, |one| super::history::page_of(*one));
        let window = Window { page, components, from, to, lead, reminds, ..Window::default() };
        self.windows.push(Window { timed: at, entries: 1, ..window });
        self.pass(at);
        self.windows.len() - 1
    }

    /// A person moves maintenance that has not begun.
    pub(super) fn reschedule(&mut self, key: usize, (from, to): (i64, i64), at: i64) {
        let window = &mut self.windows[key];
        (window.from, window.to, window.timed, window.is_reminded) = (from, to, at, false);
        if window.announced.is_some() {
            self.enter(key, at);
        }
        self.pass(at);
    }

    /// A person cancels maintenance: who was told of it is told.
    pub(super) fn cancel(&mut self, key: usize, at: i64) {
        self.windows[key].has_ended = true;
        if self.windows[key].announced.is_some() {
            self.enter(key, at);
        }
        self.statuses(at);
    }

    /// A person adds an entry while maintenance runs; the last one ends it early.
    pub(super) fn note(&mut self, key: usize, ends: bool, at: i64) {
        self.windows[key].has_ended |= ends;
        self.enter(key, at);
        self.statuses(at);
    }

    /// When something happens by itself.
    pub(super) fn next(&self) -> Option<i64> {
        let windows = self.windows.iter().filter_map(|one| one.next().map(|(at, _)| at));
        windows.chain(self.report_at).min()
    }

    /// What happens by itself up to now.
    pub(super) fn pass(&mut self, now: i64) {
        for key in 0..self.windows.len() {
            while let Some((_, turn)) = self.windows[key].next().filter(|(at, _)| *at <= now) {
                self.turn(key, turn, now);
            }
        }
        self.statuses(now);
        if self.report_at.take_if(|at| *at <= now).is_some() {
            for page in 0..PAGES {
                let (item, components) = (Item::Report(page), BTreeSet::new());
                self.said.push(Said { at: now, page, item, components, outage: false, states: Vec::new() });
            }
        }
    }

    fn turn(&mut self, key: usize, turn: Turn, now: i64) {
        let window = &mut self.windows[key];
        match turn {
            Turn::IsAnnounced => {
                window.announced = Some(now);
                self.tell(key, Item::Maintenance(key, 0), now);
            }
            Turn::Reminds => {
                window.is_reminded = true;
                if now < window.from {
                    self.tell(key, Item::Reminder(key), now);
                }
            }
            Turn::Begins => {
                window.has_begun = true;
                self.enter(key, now);
            }
            Turn::Completes => {
                window.has_ended = true;
                self.enter(key, now);
            }
        }
    }

    /// Another entry.
    fn enter(&mut self, key: usize, at: i64) {
        self.windows[key].entries += 1;
        self.tell(key, Item::Maintenance(key, self.windows[key].entries - 1), at);
    }

    fn tell(&mut self, key: usize, item: Item, at: i64) {
        let Window { page, components, has_ended, .. } = &self.windows[key];
        let status = if *has_ended { Status::Operational } else { Status::UnderMaintenance };
        let states = match item {
            Item::Maintenance(..) => components.iter().map(|component| (*component, status)).collect(),
            _ => Vec::new(),
        };
        self.said.push(Said { at, page: *page, item, components: components.clone(), outage: false, states });
    }
}

//! What was said to visitors, as the product's description has it, worked out from what people did and when. Nothing here
//! reads the program's notices, layers or timelines.

use skerry_domain::status::Status;
use std::collections::BTreeSet;

/// Pages, and the components of each.
pub(super) const PAGES: usize = 2;
pub(super) const COMPONENTS: usize = 6;

/// The page of a component.
pub(super) fn page_of(component: usize) -> usize {
    component / COMPONENTS
}

/// Something that a subscriber may hear of. Incidents, maintenance and announcements are numbered in the order in which people
/// made them, and entries of their timelines too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Item {
    Update(usize, usize),
    /// The impact of an incident became major without an update.
    Outage(usize),
    Postmortem(usize),
    Maintenance(usize, usize),
    Reminder(usize),
    Announcement(usize),
    /// A change of a component's status at a time.
    Status(usize, i64),
    /// The report of the month of a page.
    Report(usize),
}

/// One thing that was said.
#[derive(Clone, Debug)]
pub(super) struct Said {
    pub(super) at: i64,
    pub(super) page: usize,
    pub(super) item: Item,
    pub(super) components: BTreeSet<usize>,
    /// An outage begins or ends with it.
    pub(super) outage: bool,
    /// Which statuses it states.
    pub(super) states: Vec<(usize, Status)>,
}

/// Who set a status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Setter {
    Person,
    Incident(usize),
}

#[derive(Debug, Default)]
pub(super) struct Incident {
    pub(super) page: usize,
    pub(super) components: BTreeSet<usize>,
    /// Statuses that a draft will set.
    wanted: Vec<(usize, Status)>,
    /// Of each update, which statuses it states.
    states: Vec<Vec<(usize, Status)>>,
    impact: u8,
    chosen: Option<u8>,
    pub(super) updates: usize,
    is_published: bool,
    /// The beginning of an outage was said, and not its end.
    outage: bool,
    pub(super) is_resolved: bool,
}

/// An update of an incident: the components that it names, with statuses that it sets.
pub(super) struct Update<'a> {
    pub(super) components: &'a [(usize, Option<Status>)],
    pub(super) resolves: bool,
    /// What the incident holds beside is released.
    pub(super) releases: bool,
}

/// Everything that people did so far, and what was said of it.
#[derive(Debug)]
pub(super) struct History {
    pub(super) said: Vec<Said>,
    pub(super) incidents: Vec<Incident>,
    pub(super) windows: Vec<super::timeline::Window>,
    /// Of each component, in the order in which they were set.
    holds: Vec<Vec<(Setter, Status, i64)>>,
    shown: Vec<Status>,
    /// When the report of the month is due.
    pub(super) report_at: Option<i64>,
}

/// How bad a status is: minor, major, critical.
fn impact(status: Status) -> u8 {
    match status {
        Status::Operational | Status::UnderMaintenance => 0,
        Status::DegradedPerformance => 1,
        Status::PartialOutage => 2,
        Status::MajorOutage => 3,
    }
}

pub(super) const MAJOR: u8 = 2;

impl History {
    pub(super) fn new(report_at: i64) -> Self {
        let all = PAGES * COMPONENTS;
        Self {
            said: Vec::new(),
            incidents: Vec::new(),
            windows: Vec::new(),
            holds: vec![Vec::new(); all],
            shown: vec![Status::Operational; all],
            report_at: Some(report_at),
        }
    }

    /// A person opens an incident, as a draft or for visitors.
    pub(super) fn open(&mut self, page: usize, update: &Update<'_>, is_draft: bool, at: i64) -> usize {
        self.incidents.push(Incident { page, is_published: !is_draft, ..Incident::default() });
        let key = self.incidents.len() - 1;
        self.update(key, update, at);
        key
    }

    /// A person adds an update.
    pub(super) fn update(&mut self, key: usize, update: &Update<'_>, at: i64) {
        let is_published = self.incidents[key].is_published;
        for (component, status) in update.components {
            match status {
                Some(status) if is_published => self.set(*component, Setter::Incident(key), *status, at),
                Some(status) => self.incidents[key].wanted.push((*component, *status)),
                None => {}
            }
        }
        let mut named: Vec<usize> = update.components.iter().map(|(component, _)| *component).collect();
        if update.releases {
            let set: Vec<usize> = update.components.iter().map(|(component, _)| *component).collect();
            let others = self.incidents[key].components.iter().filter(|one| !set.contains(one));
            let others: Vec<usize> = others.copied().collect();
            named.extend(&others);
            for component in others {
                self.holds[component].retain(|(setter, ..)| *setter != Setter::Incident(key));
                let now = impact(self.status(component));
                self.incidents[key].impact = self.incidents[key].impact.max(now);
            }
        }
        for (component, status) in update.components {
            let now = status.filter(|_| !is_published).unwrap_or_else(|| self.status(*component));
            let incident = &mut self.incidents[key];
            incident.impact = incident.impact.max(impact(now));
            incident.components.insert(*component);
        }
        let of = |component: usize| {
            let set = update.components.iter().find(|(one, _)| *one == component).and_then(|(_, set)| *set);
            (component, set.filter(|_| !is_published).unwrap_or_else(|| self.status(component)))
        };
        let states = named.into_iter().map(of).collect();
        let incident = &mut self.incidents[key];
        incident.states.push(states);
        incident.is_resolved = update.resolves;
        incident.updates += 1;
        if is_published {
            let number = incident.updates - 1;
            let outage = self.turns(key);
            self.say(key, Item::Update(key, number), outage, at);
        }
        self.statuses(at);
    }

    /// A draft is published: all of it is said at once.
    pub(super) fn publish(&mut self, key: usize, at: i64) {
        self.incidents[key].is_published = true;
        for (component, status) in std::mem::take(&mut self.incidents[key].wanted) {
            self.set(component, Setter::Incident(key), status, at);
        }
        let outage = self.turns(key);
        for number in 0..self.incidents[key].updates {
            self.say(key, Item::Update(key, number), outage, at);
        }
        self.statuses(at);
    }

    /// Whether something was said of an incident within these minutes, so that more of it may join that.
    pub(super) fn spoke_of(&self, key: usize, since: i64) -> bool {
        let of = |item: Item| matches!(item, Item::Update(one, _) if one == key);
        self.said.iter().rev().take_while(|one| one.at >= since).any(|one| of(one.item))
    }

    /// A person says that the impact is another, without an update.
    pub(super) fn raise(&mut self, key: usize, chosen: u8, at: i64) {
        self.incidents[key].chosen = Some(chosen);
        if self.turns(key) {
            self.say(key, Item::Outage(key), true, at);
        }
    }

    pub(super) fn postmortem(&mut self, key: usize, at: i64) {
        self.say(key, Item::Postmortem(key), false, at);
    }

    pub(super) fn announce(&mut self, announcement: usize, pages: &[usize], at: i64) {
        for page in pages {
            let (item, components) = (Item::Announcement(announcement), BTreeSet::new());
            self.said.push(Said { at, page: *page, item, components, outage: false, states: Vec::new() });
        }
    }

    /// A person sets a status.
    pub(super) fn hold(&mut self, component: usize, status: Status, at: i64) {
        self.set(component, Setter::Person, status, at);
        self.statuses(at);
    }

    /// Whether an outage begins or ends with the present state of an incident.
    fn turns(&mut self, key: usize) -> bool {
        let incident = &mut self.incidents[key];
        let is_outage = !incident.is_resolved && incident.chosen.unwrap_or(incident.impact) >= MAJOR;
        let turns = match (incident.outage, incident.is_resolved) {
            (false, _) => is_outage,
            (true, is_resolved) => is_resolved,
        };
        incident.outage ^= turns;
        turns
    }

    fn say(&mut self, key: usize, item: Item, outage: bool, at: i64) {
        let Incident { page, components, states, .. } = &self.incidents[key];
        let states = match item {
            Item::Update(_, number) => states[number].clone(),
            _ => Vec::new(),
        };
        self.said.push(Said { at, page: *page, item, components: components.clone(), outage, states });
    }

    fn set(&mut self, component: usize, setter: Setter, status: Status, at: i64) {
        self.holds[component].retain(|(one, ..)| *one != setter);
        self.holds[component].push((setter, status, at));
    }

    /// The newest status that somebody set; while maintenance runs, only one that was set meanwhile.
    fn status(&self, component: usize) -> Status {
        let running =
            self.windows.iter().filter(|one| one.is_running() && one.components.contains(&component));
        let since = running.map(|one| one.from).max();
        match (self.holds[component].last(), since) {
            (Some((_, status, at)), Some(since)) if *at >= since => *status,
            (_, Some(_)) => Status::UnderMaintenance,
            (held, None) => held.map_or(Status::Operational, |(_, status, _)| *status),
        }
    }

    /// Says which statuses changed, and which incidents become outages by that: the impact of an open one is the worst status that
    /// its components had so far.
    pub(super) fn statuses(&mut self, at: i64) {
        for component in 0..PAGES * COMPONENTS {
            let status = self.status(component);
            if std::mem::replace(&mut self.shown[component], status) == status {
                continue;
            }
            let components = BTreeSet::from([component]);
            let (page, item) = (page_of(component), Item::Status(component, at));
            let states = vec![(component, status)];
            self.said.push(Said { at, page, item, components, outage: false, states });
            for key in 0..self.incidents.len() {
                let incident = &mut self.incidents[key];
                if incident.is_resolved || !incident.components.contains(&component) {
                    continue;
                }
                incident.impact = incident.impact.max(impact(status));
                if incident.is_published && self.turns(key) {
                    self.say(key, Item::Outage(key), true, at);
                }
            }
        }
    }
}

//! Carries acts out: as a command to the aggregator, and in the history that the test keeps of them.

use super::history::{History, Update};
use super::people::{Habit, Person, Wish};
use super::script::{Act, Named};
use super::sender::Aggregator;
use skerry_domain::announcement::AnnouncementLevel;
use skerry_domain::holds::Source;
use skerry_domain::incident::{Impact, IncidentStatus, Title};
use skerry_domain::maintenance::MaintenanceStatus;
use skerry_domain::state::{AnnouncementKey, ComponentKey, IncidentKey, PageKey, WindowKey};
use skerry_domain::status::Status;
use skerry_domain::step::{
    Answer, Command, IncidentChange, NewAnnouncement, NewIncident, NewSubscriber, NewWindow,
    PostmortemChange, SubscriberCommand, WindowChange,
};
use skerry_domain::subscriber::{Channel, Choices, Consent, Scope, Sensitive, Updates};
use skerry_domain::time::{DAY, HOUR, MINUTE, Timestamp};
use std::collections::BTreeMap;

/// The aggregator's keys of what people made.
#[derive(Default)]
pub(super) struct Keys {
    pub(super) pages: Vec<PageKey>,
    pub(super) components: Vec<ComponentKey>,
    /// By their places in the history.
    pub(super) incidents: Vec<IncidentKey>,
    pub(super) windows: Vec<WindowKey>,
    /// The places in the history of those of the script.
    pub(super) incident_places: BTreeMap<usize, usize>,
    pub(super) window_places: BTreeMap<usize, usize>,
    pub(super) announcements: Vec<AnnouncementKey>,
}

impl Keys {
    /// An incident of the script, with its place in the history.
    pub(super) fn incident(&self, number: usize) -> (IncidentKey, usize) {
        let place = self.incident_places[&number];
        (self.incidents[place], place)
    }

    fn window(&self, number: usize) -> (WindowKey, usize) {
        let place = self.window_places[&number];
        (self.windows[place], place)
    }

    /// The same by its place in the history.
    fn placed(&self, wish: &Wish) -> Wish {
        match wish {
            Wish::Page { .. } => wish.clone(),
            Wish::Incident(number) => Wish::Incident(self.incident_places[number]),
            Wish::Maintenance(number) => Wish::Maintenance(self.window_places[number]),
        }
    }

    fn named(&self, components: &Named) -> Vec<(ComponentKey, Option<Status>)> {
        components.iter().map(|(one, status)| (self.components[*one], *status)).collect()
    }

    fn scope(&self, wish: &Wish) -> Scope {
        let key = |one: &usize| self.components[*one];
        match wish {
            Wish::Page { only_outages, components, statuses, monthly } => Scope::of_page(Choices {
                updates: if *only_outages { Updates::Outages } else { Updates::All },
                components: components.as_ref().map(|all| all.iter().map(key).collect()),
                status_changes: *statuses,
                monthly: *monthly,
            }),
            Wish::Incident(one) => {
                Scope { incidents: [self.incidents[*one]].into_iter().collect(), ..Scope::default() }
            }
            Wish::Maintenance(one) => {
                Scope { windows: [self.windows[*one]].into_iter().collect(), ..Scope::default() }
            }
        }
    }
}

/// Everything that an act changes.
pub(super) struct World<'a> {
    pub(super) aggregator: &'a mut Aggregator,
    pub(super) history: &'a mut History,
    pub(super) people: &'a mut [Person],
    pub(super) keys: &'a mut Keys,
}

impl World<'_> {
    /// Carries it out now.
    pub(super) async fn carry_out(&mut self, act: Act) {
        let now = self.aggregator.now();
        match act {
            Act::Open { .. } | Act::Update { .. } | Act::Raise { .. } | Act::Publish { .. } => {
                self.incident(act, now).await;
            }
            Act::Postmortem { .. } | Act::Edit { .. } | Act::Backfill { .. } => self.past(act, now).await,
            Act::Plan { .. } | Act::Reschedule { .. } | Act::Cancel { .. } | Act::Note { .. } => {
                self.window(act, now).await;
            }
            Act::Announce { pages, tells } => self.announce(&pages, tells, now).await,
            Act::Hold { component, status } => {
                self.history.hold(component, status, now);
                let component = self.keys.components[component];
                let hold = Command::SetHold { component, source: Source::Person, status, until: None };
                self.aggregator.command(hold).await;
            }
            Act::Join { person } => self.join(person, now).await,
            Act::Return { person } => self.come_back(person).await,
            Act::Confirm { person } => self.confirm(person, now).await,
            Act::Leave { person } => {
                let one = &mut self.people[person];
                if let (Some(key), None) = (one.key, one.gone) {
                    one.gone = Some(now);
                    self.aggregator.subscriber(SubscriberCommand::Leave(key)).await;
                }
            }
            Act::Choose { person, wish } => {
                let one = &mut self.people[person];
                if let (Some(key), None) = (one.key, one.gone) {
                    let scope = self.keys.scope(&wish);
                    one.wishes.push((now, wish));
                    self.aggregator.subscriber(SubscriberCommand::Choose(key, scope)).await;
                }
            }
            Act::Restart { .. } => panic!("the month restarts the aggregator"),
        }
    }

    async fn incident(&mut self, act: Act, now: i64) {
        match act {
            Act::Open { incident, page, components, is_draft } => {
                let update = Update { components: &components, resolves: false, releases: false };
                let place = self.history.open(page, &update, is_draft, now);
                let new = NewIncident {
                    page: self.keys.pages[page],
                    title: self.aggregator.text(&format!("Incident {place}")),
                    status: IncidentStatus::Investigating,
                    body: Some(self.aggregator.text(&said(place, 0))),
                    components: self.keys.named(&components),
                    impact_override: None,
                    draft: is_draft,
                    backfilled: None,
                    problems: Vec::new(),
                };
                let opened = self.aggregator.command(Command::OpenIncident(Box::new(new))).await;
                let Answer::Incident(key) = opened else { panic!("{opened:?}") };
                self.keys.incidents.push(key);
                self.keys.incident_places.insert(incident, place);
            }
            Act::Update { incident, components, status, releases } => {
                let (key, place) = self.keys.incident(incident);
                let resolves = status == IncidentStatus::Resolved;
                self.history.update(place, &Update { components: &components, resolves, releases }, now);
                let change = IncidentChange {
                    status: Some(status),
                    body: Some(self.aggregator.text(&said(place, self.history.incidents[place].updates - 1))),
                    components: self.keys.named(&components),
                    release: releases,
                    ..IncidentChange::default()
                };
                self.change_incident(key, change).await;
            }
            Act::Raise { incident } => {
                let (key, place) = self.keys.incident(incident);
                if self.history.spoke_of(place, now - 3 * MINUTE) {
                    return;
                }
                self.history.raise(place, 3, now);
                let impact_override = Some(Some(Impact::Critical));
                self.change_incident(key, IncidentChange { impact_override, ..IncidentChange::default() })
                    .await;
            }
            Act::Publish { incident } => {
                let (key, place) = self.keys.incident(incident);
                self.history.publish(place, now);
                self.aggregator.command(Command::PublishIncident { incident: key }).await;
            }
            other => panic!("{other:?} is about no incident"),
        }
    }

    async fn change_incident(&mut self, incident: IncidentKey, change: IncidentChange) {
        self.aggregator.command(Command::UpdateIncident { incident, change: Box::new(change) }).await;
    }

    async fn past(&mut self, act: Act, now: i64) {
        match act {
            Act::Postmortem { incident } => {
                let (incident, place) = self.keys.incident(incident);
                let write =
                    PostmortemChange::Write(self.aggregator.text(&format!("Postmortem of incident {place}")));
                for change in [write, PostmortemChange::Publish].map(Box::new) {
                    self.aggregator.command(Command::ChangePostmortem { incident, change }).await;
                }
                self.history.postmortem(place, now);
            }
            Act::Edit { incident } => {
                let (incident, place) = self.keys.incident(incident);
                let update = self.aggregator.state().incidents[&incident].updates[0].id.clone();
                let body = Some(Box::new(self.aggregator.text(&said(place, 0))));
                let edit = Command::EditUpdate { incident, update, body, display_at: None };
                self.aggregator.command(edit).await;
            }
            Act::Backfill { page } => {
                let of_page = self.history.incidents.len() + page;
                let new = NewIncident {
                    page: self.keys.pages[page],
                    title: self.aggregator.text(&format!("Of the past {of_page}")),
                    status: IncidentStatus::Resolved,
                    body: Some(self.aggregator.text("It was over before anybody wrote of it.")),
                    components: vec![(self.keys.components[page * super::history::COMPONENTS], None)],
                    impact_override: Some(Impact::Critical),
                    draft: false,
                    backfilled: Some((Timestamp(now - DAY), Timestamp(now - HOUR))),
                    problems: Vec::new(),
                };
                self.aggregator.command(Command::OpenIncident(Box::new(new))).await;
            }
            other => panic!("{other:?} is not of the past"),
        }
    }

    async fn window(&mut self, act: Act, now: i64) {
        match act {
            Act::Plan { window, components, times, lead, reminds } => {
                let keys = components.iter().map(|one| self.keys.components[*one]).collect();
                // Whoever plans it after an absence of the aggregator plans it for later.
                let late = (now + 5 * MINUTE - times.0).max(0);
                let times = (times.0 + late, times.1 + late);
                let (from, to) = (Timestamp(times.0), Timestamp(times.1));
                let place = self.history.plan(components, times, (lead, reminds), now);
                let title = Title::Written(self.aggregator.text(&format!("Maintenance {place}")));
                let new = NewWindow { title, lead, reminds, ..NewWindow::over(keys, from, to) };
                let planned = self.aggregator.command(Command::PlanWindow(Box::new(new))).await;
                let Answer::Window(key) = planned else { panic!("{planned:?}") };
                self.keys.windows.push(key);
                self.keys.window_places.insert(window, place);
            }
            Act::Reschedule { window, times } => {
                let (window, place) = self.keys.window(window);
                let planned = &self.history.windows[place];
                if planned.is_running() || planned.has_ended {
                    return;
                }
                let (from, to) = (Some(Timestamp(times.0)), Some(Timestamp(times.1)));
                let change = Box::new(WindowChange { from, to, ..WindowChange::default() });
                self.aggregator.command(Command::ChangeWindow { window, change }).await;
                self.history.reschedule(place, times, now);
            }
            Act::Cancel { window } => {
                let (window, place) = self.keys.window(window);
                if !self.history.windows[place].has_ended {
                    self.aggregator.command(Command::CancelWindow { window, body: None }).await;
                    self.history.cancel(place, now);
                }
            }
            Act::Note { window, ends } => {
                let (window, place) = self.keys.window(window);
                if !self.history.windows[place].is_running() {
                    return;
                }
                let status = ends.then_some(MaintenanceStatus::Completed);
                let body = Some(Box::new(self.aggregator.text(&format!("Entry of maintenance {place}"))));
                self.aggregator.command(Command::UpdateWindow { window, status, body, to: None }).await;
                self.history.note(place, ends, now);
            }
            other => panic!("{other:?} is about no maintenance"),
        }
    }

    async fn announce(&mut self, pages: &[usize], tells: bool, now: i64) {
        let number = self.keys.announcements.len();
        let new = NewAnnouncement {
            title: self.aggregator.text(&format!("Announcement {number}")),
            body: self.aggregator.text("It is no outage."),
            level: AnnouncementLevel::Information,
            pages: pages.iter().map(|page| self.keys.pages[*page]).collect(),
            from: Timestamp(now),
            to: None,
            tell_subscribers: tells,
        };
        let made = self.aggregator.command(Command::CreateAnnouncement(Box::new(new))).await;
        let Answer::Announcement(key) = made else { panic!("{made:?}") };
        self.keys.announcements.push(key);
        if tells {
            self.history.announce(number, pages, now);
        }
    }

    /// The command by which somebody asks, by the form or as its consent was recorded elsewhere.
    pub(super) fn ask(&self, person: usize) -> SubscriberCommand {
        let one = &self.people[person];
        let wish = &one.wishes.last().expect("it wants something").1;
        let address = Sensitive::new(&one.address);
        let secret = Sensitive::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYqr");
        SubscriberCommand::Ask(NewSubscriber {
            page: self.keys.pages[one.page],
            channel: one.channel,
            digest: self.aggregator.links.digest(one.channel, &address),
            address,
            secret: (one.channel == Channel::Webhook).then_some(secret),
            scope: self.keys.scope(wish),
            consent: if one.by_form { Consent::Form } else { Consent::Import },
            consent_note: None,
            consented_at: None,
        })
    }

    /// Before somebody asks for the first time: by now it is known what it wants to follow. Returns whether there is that.
    pub(super) fn prepare(&mut self, person: usize, now: i64) -> bool {
        let one = &mut self.people[person];
        let wish = &mut one.wishes.last_mut().expect("it wants something").1;
        *wish = self.keys.placed(wish);
        let is_shown = match wish {
            Wish::Maintenance(place) => self.history.windows[*place].is_announced(),
            Wish::Incident(_) | Wish::Page { .. } => true,
        };
        one.hears_from = (is_shown && !one.by_form).then_some(now);
        is_shown
    }

    async fn join(&mut self, person: usize, now: i64) {
        if self.people[person].key.is_none() && !self.prepare(person, now) {
            return;
        }
        let asked = self.aggregator.subscriber(self.ask(person)).await;
        self.joined(person, &asked);
    }

    /// Somebody asked, and this was the answer.
    pub(super) fn joined(&mut self, person: usize, answer: &Answer) {
        let Answer::Subscriber(key) = answer else { panic!("{answer:?}") };
        let one = &mut self.people[person];
        one.key = Some(*key);
        one.asked += usize::from(one.by_form);
    }

    /// Somebody whose endpoint was quarantined asks again.
    async fn come_back(&mut self, person: usize) {
        if self.people[person].gone.is_none() {
            self.people[person].by_form = true;
            let asked = self.aggregator.subscriber(self.ask(person)).await;
            self.joined(person, &asked);
        }
    }

    async fn confirm(&mut self, person: usize, now: i64) {
        let one = &mut self.people[person];
        let (Some(key), None) = (one.key, one.gone) else { return };
        match &mut one.quarantined {
            Some((_, until)) => {
                *until = now;
                one.habit = Habit::Takes;
            }
            None => one.hears_from = Some(now),
        }
        self.aggregator.subscriber(SubscriberCommand::Confirm(key)).await;
    }
}

/// The text of an update, as messages show it.
pub(super) fn said(incident: usize, update: usize) -> String {
    format!("It is update {update} of incident {incident}.")
}

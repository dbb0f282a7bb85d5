//! Notices and their deliveries: what is said of a change, to whom, once, in portions.

use crate::fixture::Fixture;
use crate::maintenance::text;
use crate::subscribers::{PAGE, all, asked, deliveries};
use skerry_domain::incident::{Impact, IncidentStatus};
use skerry_domain::notice::{GROUP_WAIT, KEPT, NoticeSubject};
use skerry_domain::report::{AFTER, ReportMonth};
use skerry_domain::state::{ComponentKey, IncidentKey, SubscriberKey};
use skerry_domain::status::Status;
use skerry_domain::step::{
    Answer, Command, IncidentChange, NewIncident, NewSubscriber, PostmortemChange, SubscriberCommand,
};
use skerry_domain::subscriber::{Choices, Consent, Scope, Updates};
use skerry_domain::time::{DAY, HOUR, MINUTE, SECOND};
use std::collections::{BTreeMap, BTreeSet};

/// What was queued: of each subscriber the kinds and numbers of updates, in order.
pub(crate) type Heard = BTreeMap<SubscriberKey, Vec<(&'static str, usize)>>;

impl Fixture {
    /// Runs ticks until the time has passed and returns who was told what.
    pub(crate) fn heard(&mut self, milliseconds: i64) -> Heard {
        let mut heard = Heard::new();
        let until = self.now + milliseconds;
        loop {
            let stepped = self.step(Command::Tick);
            for one in deliveries(&stepped.rows) {
                let notice = one.notice.and_then(|key| self.state.notices.get(&key));
                let Some(notice) = notice else { continue };
                let (kind, _) = notice.subject.parts();
                let count = notice.updates.len() + notice.steps.len();
                heard.entry(one.subscriber).or_default().push((kind.name(), count));
            }
            let waits = self.state.next_due().is_some_and(|due| due <= self.now);
            if self.now >= until && !waits {
                return heard;
            }
            if !waits {
                self.now = (self.now + SECOND).min(until);
            }
        }
    }

    pub(crate) fn opened(&mut self, components: &[(ComponentKey, Option<Status>)]) -> IncidentKey {
        let new = NewIncident {
            page: PAGE,
            title: text("Orders fail"),
            status: IncidentStatus::Investigating,
            body: Some(text("We look into it.")),
            components: components.to_vec(),
            impact_override: None,
            draft: false,
            backfilled: None,
            problems: Vec::new(),
        };
        match self.run(Command::OpenIncident(Box::new(new))).0 {
            Answer::Incident(key) => key,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn updated(&mut self, incident: IncidentKey, status: IncidentStatus) {
        let body = Some(text("More is known."));
        let change = IncidentChange { status: Some(status), body, ..IncidentChange::default() };
        self.run(Command::UpdateIncident { incident, change: Box::new(change) });
    }
}

pub(crate) fn with(choices: Choices) -> Scope {
    Scope::of_page(choices)
}

#[test]
fn each_update_of_an_incident_is_said_once_to_who_asked_for_it() {
    let mut fixture = Fixture::new();
    let site = fixture.component();
    let everything = fixture.subscriber("all@example.com", all());
    let outages = Choices { updates: Updates::Outages, ..Choices::default() };
    let outages = fixture.subscriber("outages@example.com", with(outages));
    let unconfirmed = fixture.ask(asked("late@example.com", all())).0.expect("made");
    fixture.heard(SECOND);
    let incident = fixture.opened(&[(site, Some(Status::MajorOutage))]);
    let heard = fixture.heard(2 * MINUTE);
    assert_eq!(heard.get(&everything), Some(&vec![("incident", 1)]));
    assert_eq!(heard.get(&outages), Some(&vec![("incident", 1)]), "an outage begins");
    assert_eq!(heard.get(&unconfirmed), None);
    fixture.told(SubscriberCommand::Confirm(unconfirmed));
    fixture.updated(incident, IncidentStatus::Identified);
    let heard = fixture.heard(2 * MINUTE);
    assert_eq!(heard.get(&everything), Some(&vec![("incident", 1)]));
    assert_eq!(heard.get(&outages), None, "neither its beginning nor its end");
    assert_eq!(heard.get(&unconfirmed), Some(&vec![("incident", 1)]));
    fixture.updated(incident, IncidentStatus::Resolved);
    let heard = fixture.heard(2 * MINUTE);
    assert_eq!(heard.get(&everything), Some(&vec![("incident", 1)]));
    assert_eq!(heard.get(&outages), Some(&vec![("incident", 1)]), "the outage has ended");
    assert_eq!(fixture.heard(HOUR), Heard::new(), "nothing is said twice");
    fixture.assert_stored();
}

#[test]
fn an_outage_begins_when_the_impact_becomes_major() {
    let mut fixture = Fixture::new();
    let site = fixture.component();
    let outages = Choices { updates: Updates::Outages, ..Choices::default() };
    let outages = fixture.subscriber("outages@example.com", with(outages));
    let incident = fixture.opened(&[(site, Some(Status::DegradedPerformance))]);
    assert_eq!(fixture.heard(2 * MINUTE), Heard::new(), "it is minor");
    let change =
        IncidentChange { impact_override: Some(Some(Impact::Critical)), ..IncidentChange::default() };
    let everything = fixture.subscriber("all@example.com", all());
    fixture.run(Command::UpdateIncident { incident, change: Box::new(change) });
    let heard = fixture.heard(2 * MINUTE);
    assert_eq!(heard.get(&outages), Some(&vec![("incident", 0)]), "no update says it");
    assert_eq!(heard.get(&everything), None, "there is no update");
    fixture.updated(incident, IncidentStatus::Resolved);
    let heard = fixture.heard(2 * MINUTE);
    assert_eq!(heard.get(&outages), Some(&vec![("incident", 1)]));
    assert_eq!(heard.get(&everything), Some(&vec![("incident", 1)]));
}

#[test]
fn a_burst_within_a_minute_is_one_notice_after_the_first() {
    let mut fixture = Fixture::new();
    let site = fixture.component();
    let one = fixture.subscriber("all@example.com", all());
    let incident = fixture.opened(&[(site, Some(Status::MajorOutage))]);
    assert_eq!(fixture.heard(0).get(&one), Some(&vec![("incident", 1)]), "the first goes at once");
    fixture.updated(incident, IncidentStatus::Identified);
    fixture.heard(10 * SECOND);
    fixture.updated(incident, IncidentStatus::Monitoring);
    assert_eq!(fixture.heard(10 * SECOND), Heard::new());
    fixture.updated(incident, IncidentStatus::Resolved);
    assert_eq!(fixture.heard(GROUP_WAIT).get(&one), Some(&vec![("incident", 3)]), "the others together");
    fixture.assert_stored();
}

#[test]
fn who_hears_is_decided_at_the_time_of_the_change() {
    let mut fixture = Fixture::new();
    let site = fixture.component();
    let changes = fixture.subscriber("changes@example.com", all());
    let leaves = fixture.subscriber("leaves@example.com", all());
    let incident = fixture.opened(&[(site, Some(Status::MajorOutage))]);
    fixture.heard(SECOND);
    fixture.updated(incident, IncidentStatus::Identified);
    // The notice waits: until it is said, choices change.
    let outages = Choices { updates: Updates::Outages, ..Choices::default() };
    let early = fixture.told(SubscriberCommand::Choose(changes, with(outages)));
    assert_eq!(early.iter().map(|one| one.subscriber).collect::<Vec<_>>(), [changes]);
    fixture.assert_stored();
    fixture.told(SubscriberCommand::Leave(leaves));
    fixture.now = fixture.now + SECOND;
    let joins = fixture.subscriber("joins@example.com", all());
    let heard = fixture.heard(2 * MINUTE);
    assert_eq!(heard, Heard::new(), "it was made early, who left hears nothing, and {joins:?} came later");
}

#[test]
fn who_confirms_while_a_notice_waits_hears_what_follows() {
    let mut fixture = Fixture::new();
    let site = fixture.component();
    let incident = fixture.opened(&[(site, Some(Status::MajorOutage))]);
    let first = fixture.subscriber("first@example.com", all());
    fixture.updated(incident, IncidentStatus::Identified);
    fixture.heard(SECOND);
    fixture.updated(incident, IncidentStatus::Identified);
    // It waits for a minute; meanwhile somebody confirms, and then there is more, which it is part of.
    let second = fixture.subscriber("second@example.com", all());
    fixture.heard(SECOND);
    fixture.updated(incident, IncidentStatus::Resolved);
    fixture.now = fixture.now + SECOND;
    let third = fixture.subscriber("third@example.com", all());
    let heard = fixture.heard(2 * MINUTE);
    assert_eq!(heard.get(&first), Some(&vec![("incident", 2)]), "who confirms splits nothing for the others");
    assert_eq!(heard.get(&second), Some(&vec![("incident", 2)]));
    assert_eq!(heard.get(&third), None, "nothing followed");
    fixture.assert_stored();
}

#[test]
fn an_announcement_is_said_once_on_each_page() {
    let mut fixture = Fixture::new();
    let one = fixture.subscriber("all@example.com", all());
    let announcement = skerry_domain::step::NewAnnouncement {
        title: text("New addresses"),
        body: text("Both answer"),
        level: skerry_domain::announcement::AnnouncementLevel::Information,
        pages: vec![PAGE],
        from: fixture.now,
        to: None,
        tell_subscribers: true,
    };
    fixture.run(Command::CreateAnnouncement(Box::new(announcement)));
    assert_eq!(fixture.heard(MINUTE).get(&one), Some(&vec![("announcement", 0)]));
    let change = skerry_domain::step::AnnouncementChange { body: Some(text("Edited")), ..Default::default() };
    let (announcement, change) = (skerry_domain::state::AnnouncementKey(1), Box::new(change));
    fixture.run(Command::ChangeAnnouncement { announcement, change });
    assert_eq!(fixture.heard(HOUR), Heard::new());
    fixture.assert_stored();
}

#[test]
fn components_narrow_what_is_heard_and_one_incident_is_followed_alone() {
    let mut fixture = Fixture::new();
    fixture.configure(
        &[("web", Default::default()), ("api", Default::default())],
        &[("site", &["web"]), ("api", &["api"])],
    );
    let keys: Vec<ComponentKey> = fixture.state.components.keys().copied().collect();
    let chosen = |key| with(Choices { components: Some(BTreeSet::from([key])), ..Choices::default() });
    let site = fixture.subscriber("site@example.com", chosen(keys[0]));
    let api = fixture.subscriber("api@example.com", chosen(keys[1]));
    let first = fixture.opened(&[(keys[0], Some(Status::MajorOutage))]);
    let heard = fixture.heard(2 * MINUTE);
    assert_eq!((heard.contains_key(&site), heard.contains_key(&api)), (true, false));
    let followed = Scope { incidents: BTreeSet::from([first]), ..Scope::default() };
    let follows = fixture.subscriber("follows@example.com", followed);
    let second = fixture.opened(&[(keys[1], Some(Status::MajorOutage))]);
    let heard = fixture.heard(2 * MINUTE);
    assert_eq!((heard.contains_key(&follows), heard.contains_key(&api)), (false, true));
    fixture.updated(first, IncidentStatus::Resolved);
    fixture.updated(second, IncidentStatus::Resolved);
    let heard = fixture.heard(2 * MINUTE);
    assert_eq!(heard.get(&follows), Some(&vec![("incident", 1)]));
}

#[test]
fn drafts_and_what_is_entered_later_say_nothing_and_a_postmortem_is_said() {
    let mut fixture = Fixture::new();
    let one = fixture.subscriber("all@example.com", all());
    let new = NewIncident { draft: true, ..draft_of(&fixture) };
    let (answer, _) = fixture.run(Command::OpenIncident(Box::new(new)));
    let Answer::Incident(incident) = answer else { panic!("{answer:?}") };
    assert_eq!(fixture.heard(MINUTE), Heard::new());
    fixture.run(Command::PublishIncident { incident });
    assert_eq!(fixture.heard(MINUTE).get(&one), Some(&vec![("incident", 1)]));
    fixture.updated(incident, IncidentStatus::Resolved);
    fixture.heard(2 * MINUTE);
    let change = PostmortemChange::Write(text("What happened"));
    fixture.run(Command::ChangePostmortem { incident, change: Box::new(change) });
    assert_eq!(fixture.heard(2 * MINUTE), Heard::new(), "it is a draft");
    fixture.run(Command::ChangePostmortem { incident, change: Box::new(PostmortemChange::Publish) });
    assert_eq!(fixture.heard(2 * MINUTE).get(&one), Some(&vec![("postmortem", 0)]));
}

fn draft_of(fixture: &Fixture) -> NewIncident {
    NewIncident {
        page: PAGE,
        title: text("Orders fail"),
        status: IncidentStatus::Investigating,
        body: Some(text("We look into it.")),
        components: vec![(fixture.component(), Some(Status::MajorOutage))],
        impact_override: None,
        draft: false,
        backfilled: None,
        problems: Vec::new(),
    }
}

#[test]
fn many_subscribers_are_told_in_portions_that_go_on_after_a_restart() {
    let mut fixture = Fixture::new();
    let site = fixture.component();
    for number in 0..700 {
        let new =
            NewSubscriber { consent: Consent::Import, ..asked(&format!("{number}@example.com"), all()) };
        fixture.ask(new);
    }
    fixture.opened(&[(site, Some(Status::MajorOutage))]);
    let mut told = BTreeSet::new();
    for expected in [250, 250, 200] {
        let portion = deliveries(&fixture.step(Command::Tick).rows);
        assert_eq!(portion.len(), expected);
        told.extend(portion.iter().map(|one| one.subscriber));
        fixture.assert_stored();
        fixture.state = fixture.load(fixture.state.ready_at);
    }
    assert_eq!(told.len(), 700);
    assert_eq!(fixture.heard(MINUTE), Heard::new());
    let notice = fixture.state.notices.values().next().expect("kept").clone();
    assert_eq!((notice.progress.deliveries, notice.progress.done_at.is_some()), (700, true));
    fixture.now = fixture.now + KEPT;
    fixture.run(Command::Tick);
    let is_report = |subject: &NoticeSubject| matches!(subject, NoticeSubject::Report(_));
    assert!(fixture.state.notices.values().all(|one| is_report(&one.subject)), "each month has one");
    assert!(fixture.state.subject_notices.iter().all(|(subject, _)| is_report(subject)));
    fixture.assert_stored();
}

#[test]
fn the_report_of_a_month_comes_once_to_those_who_asked_for_it() {
    let mut fixture = Fixture::new();
    fixture.component();
    let monthly = Choices { monthly: true, updates: Updates::Outages, ..Choices::default() };
    let reader = fixture.subscriber("reader@example.com", with(monthly));
    fixture.subscriber("all@example.com", all());
    fixture.heard(SECOND);
    for _ in 0..3 {
        let month = ReportMonth::of(fixture.now).expect("a month");
        let due = month.next().begin().expect("an instant") + AFTER;
        fixture.now = due - 2 * SECOND;
        assert_eq!(fixture.heard(SECOND), Heard::new(), "the month is not over in every zone");
        assert_eq!(fixture.heard(2 * SECOND), Heard::from([(reader, vec![("report", 0)])]));
        assert_eq!(fixture.heard(MINUTE), Heard::new(), "it is said once");
        let (_, notice) = fixture.state.notices_of(NoticeSubject::Report(month)).next().expect("it is kept");
        assert_eq!(notice.page, PAGE);
        fixture.assert_stored();
    }
}

#[test]
fn a_report_that_is_days_late_goes_to_nobody() {
    let mut fixture = Fixture::new();
    fixture.component();
    let monthly = Choices { monthly: true, ..Choices::default() };
    let reader = fixture.subscriber("reader@example.com", with(monthly));
    fixture.heard(SECOND);
    let month = ReportMonth::of(fixture.now).expect("a month").next();
    fixture.now = month.begin().expect("an instant") + 5 * DAY;
    assert_eq!(fixture.heard(MINUTE), Heard::new(), "the aggregator was away on the first");
    fixture.now = month.next().begin().expect("an instant") + AFTER;
    assert_eq!(fixture.heard(SECOND), Heard::from([(reader, vec![("report", 0)])]), "the next one comes");
    fixture.assert_stored();
}

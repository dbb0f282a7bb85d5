//! What messages must not say, and what holds for all of them.

use crate::messages::{FLAPPING_CHANGES, URL, all, flurry, links, notice, said};
use crate::northwind::{
    ANNOUNCEMENT, CARDS, Course, DASHBOARDS, INCIDENT, LEDGER, PAGE, PAYOUTS, REFUNDS, REPORTS, WEBHOOKS,
    WINDOW, at, cards, state, text, with_announcement, with_incident, with_postmortem, with_window,
};
use skerry_domain::incident::{Impact, Incident, IncidentStatus, Title};
use skerry_domain::notice::{NoticeSubject, OutageEdge};
use skerry_domain::state::{IncidentKey, Page, State};
use skerry_domain::status::Status;
use skerry_domain::subscriber::{Choices, Scope, Updates};
use skerry_domain::time::{DAY, HOUR, MINUTE};
use skerry_publish::messages::{self, Content, Links, MessageColour, MessagePage};
use skerry_publish::view::Place;
use skerry_sanitiser::Form;
use std::collections::BTreeSet;

fn told(state: &State, updates: &[i64]) -> Option<Content> {
    said(state, &notice(NoticeSubject::Incident(INCIDENT), at(15, 42), updates), at(15, 42))
}

#[test]
fn what_is_no_longer_published_is_not_said() {
    let page = || state("en", "Etc/UTC");
    let with = |change: &dyn Fn(&mut State)| {
        let mut state = with_window(with_incident(page(), 3), Course::Planned);
        change(&mut state);
        state
    };
    let window = notice(NoticeSubject::Maintenance(WINDOW), at(1, 0), &[1]);
    let sunday = at(2, 0) + 2 * DAY;
    let reminder = notice(NoticeSubject::Reminder(WINDOW), sunday - HOUR, &[]);
    let says = |state: &State| {
        let maintenance = said(state, &window, at(1, 0)).is_some();
        [told(state, &[3]).is_some(), maintenance, said(state, &reminder, sunday - HOUR).is_some()]
    };
    assert_eq!(says(&with(&|_| {})), [true; 3]);
    let edit = |change: fn(&mut Incident)| {
        with(&|state| change(state.incidents.get_mut(&INCIDENT).expect("it is there")))
    };
    let withdrawn = edit(|one| one.published_at = None);
    assert_eq!(says(&withdrawn), [false, true, true]);
    let deleted = edit(|one| one.updates = cards(2).updates);
    assert_eq!(says(&deleted), [false, true, true]);
    assert!(told(&deleted, &[2, 3]).is_some(), "what is left of it is said");
    let gone = with(&|state| drop(state.incidents.remove(&INCIDENT)));
    assert_eq!(says(&gone), [false, true, true]);
    let of_page =
        |change: fn(&mut Page)| with(&|state| change(state.pages.get_mut(&PAGE).expect("it is there")));
    assert_eq!(says(&of_page(|page| page.archived = true)), [false; 3]);
    assert_eq!(says(&of_page(|page| page.settings.public = false)), [false; 3]);
    let hidden = with(&|state| {
        for key in [REPORTS, DASHBOARDS] {
            state.components.get_mut(&key).expect("it is there").settings.public = false;
        }
    });
    assert_eq!(says(&hidden), [true, false, false]);
    let cancelled = with_window(page(), Course::Cancelled);
    assert_eq!(says(&cancelled), [false; 3], "nobody is told of a plan that does not hold");
    let begun = with_window(page(), Course::InProgress);
    assert!(said(&begun, &reminder, sunday + MINUTE).is_none());
    let postmortem = notice(NoticeSubject::Postmortem(INCIDENT), at(20, 0), &[]);
    assert!(said(&with_incident(page(), 4), &postmortem, at(20, 0)).is_none());
    assert!(said(&with_postmortem(page()), &postmortem, at(20, 0)).is_some());
    let announcement = notice(NoticeSubject::Announcement(ANNOUNCEMENT), at(10, 0), &[]);
    let mut ended = with_announcement(page());
    ended.announcements.get_mut(&ANNOUNCEMENT).expect("it is there").ended_at = Some(at(11, 0));
    assert!(said(&ended, &announcement, at(12, 0)).is_none());
    let mut secret = flurry(Status::MajorOutage, &FLAPPING_CHANGES);
    secret.subject = NoticeSubject::Status(LEDGER);
    assert!(said(&page(), &secret, at(16, 0)).is_none());
}

#[test]
fn nothing_private_is_in_any_message() {
    for (name, content) in all("en", "Etc/UTC") {
        let (mail, chat) = (content.mail(&links(), None), content.chat(&links()));
        let attached = mail.attachments.iter().map(|one| String::from_utf8_lossy(&one.content).into_owned());
        let attached: Vec<String> = attached.collect();
        let everything = format!(
            "{} {} {} {attached:?} {} {:?} {}",
            mail.subject,
            mail.text,
            mail.html,
            chat.text,
            chat.facts,
            content.short()
        );
        for private in ["Secret ledger", "original of", "person-of-the-team"] {
            assert!(!everything.contains(private), "{private} in {name}");
        }
        let printed = format!("{content:?} {mail:?} {chat:?} {:?}", links());
        for secret in ["3hT9xQm2", "8kWq41Zs", "Vn5cR7pd"] {
            assert!(!printed.contains(secret), "{secret} of {name}: {printed}");
        }
    }
}

#[test]
fn hostile_names_break_nothing() {
    let evil =
        "</title><script>alert(1)</script>\r\nBcc: x@example.com\r\n\r\n\u{202e}gnp.exe \u{2066}<!--link-->";
    let mut state = with_incident(state("en", "Etc/UTC"), 3);
    let long = "Donaudampfschifffahrt ".repeat(230);
    state.pages.get_mut(&PAGE).expect("it is there").settings.name = evil.to_owned();
    state.components.get_mut(&CARDS).expect("it is there").settings.name = evil.to_owned();
    for title in [evil, &long, "<!--foot-->", "\u{5e9}\u{5dc}\u{5d5}\u{5dd} 1 \u{202e}x"] {
        let incident = state.incidents.get_mut(&INCIDENT).expect("it is there");
        incident.title = Title::Written(text(title, Form::Plain));
        let content = told(&state, &[3]).expect("it is said");
        let mail = content.mail(&links(), Some(evil));
        assert!(
            mail.subject.chars().count() <= 160 && !mail.subject.contains(char::is_control),
            "{}",
            mail.subject
        );
        assert!(!mail.text.contains(['\r', '\u{202e}']), "{}", mail.text);
        let head = mail.text.split("\n\n").next().unwrap_or_default();
        assert!(head.ends_with("Refunds,\nPayouts.") || head.ends_with("Refunds, Payouts."), "{head}");
        for never in ["<script", "<!--"] {
            assert_eq!(mail.html.matches(never).count(), 0, "{never}: {}", mail.html);
        }
        assert_eq!(mail.html.matches("</title>").count(), 1);
        let chat = content.chat(&links());
        assert!(!format!("{}{}{}", chat.title, chat.page, chat.state).contains(char::is_control));
        let short = content.short();
        assert!(short.chars().count() <= 300 && short.ends_with("/incidents/incident0001"), "{short}");
    }
    let links = Links { manage: Some("https://x/\"><script>".to_owned()), ..Links::default() };
    let html = told(&state, &[3]).expect("it is said").mail(&links, None).html;
    assert!(!html.contains("\"><script>"), "{html}");
}

#[test]
fn the_state_follows_status_and_impact() {
    use IncidentStatus::{Identified, Investigating, Monitoring};
    let stated = |status, impact, change: Option<Status>| {
        let mut state = with_incident(state("en", "Etc/UTC"), 3);
        let incident = state.incidents.get_mut(&INCIDENT).expect("it is there");
        let mut updates = incident.updates.to_vec();
        updates[2].status = status;
        if let Some(to) = change {
            let all = [CARDS, REFUNDS, PAYOUTS];
            let mut changes = updates[2].components.clone();
            changes.extend(updates[0].components.clone());
            changes.retain(|one| all.contains(&one.component));
            changes.iter_mut().for_each(|one| one.to = to);
            updates[2].components = changes;
        }
        (incident.status, incident.impact, incident.updates) = (status, impact, updates.into());
        let chat = told(&state, &[3]).expect("it is said").chat(&links());
        (chat.state, chat.colour, chat.facts[1].0.clone())
    };
    let table = [
        (Investigating, Impact::Critical, None, "Major outage · Investigating", MessageColour::MajorOutage),
        (Identified, Impact::Major, None, "Partial outage · Identified", MessageColour::PartialOutage),
        (Identified, Impact::Minor, None, "Degraded performance · Identified", MessageColour::Degraded),
        (Identified, Impact::None, None, "Identified", MessageColour::Neutral),
        (Monitoring, Impact::Major, None, "Partial outage · Monitoring", MessageColour::PartialOutage),
    ];
    for (status, impact, change, state, colour) in table {
        assert_eq!(stated(status, impact, change), (state.to_owned(), colour, "Affects".to_owned()));
    }
    let recovered = stated(Monitoring, Impact::Critical, Some(Status::Operational));
    assert_eq!(recovered, ("Monitoring".to_owned(), MessageColour::Operational, "Affected".to_owned()));
}

#[test]
fn changes_of_a_status_are_one_change_or_interruptions() {
    let page = state("en", "Etc/UTC");
    let told = |other, minutes: &[i64]| {
        let content = said(&page, &flurry(other, minutes), at(16, 0)).expect("it is said");
        let (chat, mail) = (content.chat(&links()), content.mail(&links(), None));
        let head = mail.text.lines().take_while(|line| !line.is_empty());
        let facts = head.skip(2).collect::<Vec<_>>().join(" ");
        (mail.subject, chat.state, facts)
    };
    let (major, degraded) = (Status::MajorOutage, Status::DegradedPerformance);
    let table = [
        (
            major,
            &[2][..],
            "major outage",
            "Major outage",
            "Since 14:02 UTC, Fri 20 Nov. Before: operational.",
        ),
        (
            major,
            &[2, 3],
            "interruption",
            "1 short interruption",
            "Between 14:02 and 14:03 UTC, Fri 20 Nov, 1 min in all. It is operational now.",
        ),
        (
            degraded,
            &[2, 3, 4],
            "slowdowns",
            "2 short slowdowns",
            "Between 14:02 and 14:04 UTC, Fri 20 Nov, 1 min in all. Its performance is degraded now.",
        ),
        (
            major,
            &[2, 82, 90, 91],
            "interruptions",
            "2 interruptions",
            "Between 14:02 and 15:31 UTC, Fri 20 Nov, 1 h 21 min in all. It is operational now.",
        ),
        (Status::UnderMaintenance, &[2, 3], "operational", "Operational", "Since 14:03 UTC, Fri 20 Nov."),
    ];
    for (other, minutes, subject, state, facts) in table {
        let expected = (format!("Webhooks: {subject}"), state.to_owned(), facts.to_owned());
        assert_eq!(told(other, minutes), expected);
    }
}

#[test]
fn messages_of_one_incident_share_a_thread_and_its_first_subject() {
    let state = with_incident(state("en", "Etc/UTC"), 4);
    let [first, second] = [[1], [4]].map(|updates| told(&state, &updates).expect("it is said"));
    assert_eq!(first.thread(), second.thread());
    assert!(first.thread().is_some());
    assert_eq!(first.mail(&links(), None).subject, "Card payments declined");
    assert_eq!(second.mail(&links(), None).subject, "Re: Card payments declined");
    assert!(first.mail(&links(), None).text.contains("\nYou asked Northwind status for updates.\n"));
    let mut edge = notice(NoticeSubject::Incident(INCIDENT), at(15, 42), &[]);
    edge.edge = Some(OutageEdge::Start);
    let edge = said(&state, &edge, at(15, 42)).expect("it is said");
    assert_eq!(edge.thread(), first.thread());
}

#[test]
fn a_scope_is_described_in_the_words_of_the_page() {
    let mut state = with_window(with_incident(state("en", "Etc/UTC"), 3), Course::Planned);
    let place = Place::at(URL);
    state.derive_published();
    let page = MessagePage { state: &state, page: PAGE, place: &place, now: at(16, 15) };
    let of = |updates, components: &[_]| {
        let components = Some(components.iter().copied().collect::<BTreeSet<_>>());
        Scope::of_page(Choices { updates, components, ..Choices::default() })
    };
    let payments = [CARDS, REFUNDS, PAYOUTS];
    let table = [
        (Scope::of_page(Choices::default()), "all components, all updates", None),
        (
            of(Updates::Outages, &[CARDS, WEBHOOKS]),
            "Card payments, Webhooks, only outages",
            Some("Card payments, Webhooks"),
        ),
        (of(Updates::All, &payments), "Payments, all updates", Some("Payments")),
        (of(Updates::All, &[LEDGER]), "no component, all updates", Some("no component")),
        (
            Scope { incidents: [INCIDENT, IncidentKey(9)].into(), windows: [WINDOW].into(), page: None },
            "Card payments declined, Database upgrade for reports",
            Some("Card payments declined, Database upgrade for reports"),
        ),
    ];
    for (scope, described, followed) in table {
        assert_eq!(messages::described(page, &scope), described);
        assert_eq!(messages::followed(page, &scope).as_deref(), followed);
    }
    assert!(messages::monthly_report(page, (2026, 11)).is_none(), "it is not over");
    assert!(messages::monthly_report(page, (2024, 1)).is_none(), "there was no page");
}

#[test]
fn a_mail_to_one_of_many_is_cheap() {
    let contents = all("en", "Etc/UTC");
    let (_, content) = contents.iter().find(|(name, _)| *name == "update").expect("it is said");
    let took = |_| {
        let began = std::time::Instant::now();
        assert!(content.mail(&links(), Some("Payments")).html.len() > 1_000);
        began.elapsed()
    };
    // Without optimisations, many times more than in a release; the quickest, since the machine may be busy.
    let least = (0..100).map(took).min().expect("a hundred");
    assert!(least < std::time::Duration::from_millis(1), "{least:?}");
}

//! Incidents of the gallery, as operators write them.

use crate::sample::NOW;
use skerry_domain::incident::{Impact, IncidentStatus};
use skerry_domain::status::Status;
use skerry_domain::time::{DAY, MINUTE};
use skerry_publish::view::{
    AffectedView, ComponentView, IncidentText, IncidentUpdateView, IncidentView, Item, PageView,
    PostmortemView, StatusChangeView,
};
use skerry_sanitiser::{Form, PublicText, Replacement, Rules, Settings};

pub(crate) fn public(source: &str, form: Form) -> PublicText {
    let rules = Rules::new(&Settings::default()).expect("usable settings");
    rules.sanitise(source, form, &Replacement::default(), &[]).text.expect("nothing private remains")
}

/// An update that was shown `minutes` ago.
fn update(minutes: i64, status: IncidentStatus, body: &str) -> IncidentUpdateView {
    IncidentUpdateView {
        id: format!("update{minutes:06}"),
        status,
        body: Some(IncidentText::Written(public(body, Form::Markdown))),
        created_at: NOW - minutes * MINUTE,
        display_at: NOW - minutes * MINUTE,
        edited_at: None,
        components: Vec::new(),
    }
}

/// An incident that began with its last update and has the state of its first.
fn incident(title: &str, impact: Impact, updates: Vec<IncidentUpdateView>) -> IncidentView {
    let (newest, first) = (&updates[0], &updates[updates.len() - 1]);
    let hash = title.bytes().fold(7u64, |hash, byte| hash.wrapping_mul(31).wrapping_add(u64::from(byte)));
    IncidentView {
        id: format!("{:012}", hash % 1_000_000_000_000),
        title: IncidentText::Written(public(title, Form::Plain)),
        status: newest.status,
        impact,
        impact_override: None,
        created_at: first.created_at,
        updated_at: newest.created_at,
        started_at: first.display_at,
        monitoring_at: None,
        resolved_at: (newest.status == IncidentStatus::Resolved).then_some(newest.display_at),
        components: Vec::new(),
        updates,
        postmortem: None,
    }
}

/// The components of a page with the names of their groups.
pub(crate) fn components(view: &PageView) -> Vec<(&ComponentView, Option<&String>)> {
    let items = view.items.iter().flat_map(|item| match item {
        Item::Group(group) => {
            group.components().into_iter().map(|child| (child, Some(&group.name))).collect()
        }
        Item::Component(component) => vec![(component, None)],
    });
    items.collect()
}

/// Lets the update `place` set the status of a component of the page.
fn affects(view: &PageView, incident: &mut IncidentView, place: usize, name: &str, to: Status) {
    let found = components(view).into_iter().find(|(component, _)| component.name == name);
    let Some((component, group)) = found else { return };
    let (id, name) = (component.id.clone(), name.to_owned());
    let known = incident.components.iter_mut().find(|one| one.id == id);
    let from = known.as_ref().map_or(Status::Operational, |known| known.worst);
    match known {
        Some(known) => known.worst = known.worst.max(to),
        None => incident.components.push(AffectedView { id: id.clone(), name: name.clone(), worst: to }),
    }
    let group = group.cloned();
    incident.updates[place].components.push(StatusChangeView { id, name, group, from, to });
}

/// The two incidents of the page `fire`.
pub(crate) fn of_fire(view: &PageView) -> Vec<IncidentView> {
    let mut second = update(
        83,
        IncidentStatus::Investigating,
        "Bank transfers and direct debit are not affected. No customer has been charged twice.",
    );
    second.edited_at = Some(NOW - 25 * MINUTE);
    let updates = vec![
        update(
            34,
            IncidentStatus::Identified,
            "Our card processor refuses connections from one of our two data centres. We are moving all card \
             traffic to the other; about half has moved, and those payments go through.",
        ),
        second,
        update(129, IncidentStatus::Investigating, "We see card payments failing and are looking into it."),
    ];
    let mut cards = incident("Card payments declined", Impact::Critical, updates);
    affects(view, &mut cards, 2, "Card payments", Status::MajorOutage);
    affects(view, &mut cards, 0, "Refunds", Status::PartialOutage);
    affects(view, &mut cards, 0, "Payouts", Status::PartialOutage);
    let monitoring = update(
        17,
        IncidentStatus::Monitoring,
        "Deliveries arrive again, up to 6 minutes late. None was lost. We are watching the backlog shrink.",
    );
    let began =
        update(46, IncidentStatus::Investigating, "Webhooks are delivered late. We are looking into it.");
    let mut webhooks = incident("Webhook deliveries delayed", Impact::Minor, vec![monitoring, began]);
    affects(view, &mut webhooks, 1, "Webhooks", Status::DegradedPerformance);
    vec![webhooks, cards, timeouts(view)]
}

/// An incident of eight days ago with a postmortem.
fn timeouts(view: &PageView) -> IncidentView {
    let cards = components(view).into_iter().find(|(component, _)| component.name == "Card payments");
    let past = cards.map_or(&[][..], |(component, _)| &component.past);
    let eight_days = past.iter().filter(|one| (7 * DAY..9 * DAY).contains(&(NOW - one.from)));
    let began = { eight_days }.map(|one| one.from).min().map_or(8 * DAY, |from| NOW - from) / MINUTE;
    let text = "Card payments have gone through without error for an hour.";
    let updates = vec![
        update(began - 60, IncidentStatus::Resolved, text),
        update(
            began - 15,
            IncidentStatus::Identified,
            "A route of one network provider loses packets. We have left it.",
        ),
        update(began - 4, IncidentStatus::Investigating, "Some card payments from Europe time out."),
    ];
    let mut incident = incident("Timeouts from Europe", Impact::Major, updates);
    affects(view, &mut incident, 2, "Card payments", Status::PartialOutage);
    affects(view, &mut incident, 0, "Card payments", Status::Operational);
    incident.postmortem = Some(PostmortemView {
        text: public(
            "For 37 minutes some card payments timed out, because a provider had withdrawn a route that one of \
             our data centres still used.\n\n# What we change\n\n- Routes of providers are watched at both \
             ends.\n- Card traffic moves to the other data centre **by itself** within 2 minutes.\n",
            Form::Markdown,
        ),
        created_at: NOW - 5 * DAY,
        updated_at: NOW - 5 * DAY,
        published_at: NOW - 5 * DAY,
    });
    incident
}

/// An open incident of a page on which everything is operational, with many updates.
pub(crate) fn watched(view: &PageView) -> Vec<IncidentView> {
    let text = "Deliveries arrive on time again. We are watching.";
    let mut updates: Vec<_> = (1..7)
        .map(|number| update(number * 400, IncidentStatus::Identified, "About half is delivered."))
        .collect();
    updates.insert(0, update(90, IncidentStatus::Monitoring, text));
    let mut one = incident("Webhook deliveries delayed", Impact::Minor, updates);
    affects(view, &mut one, 6, "REST API", Status::DegradedPerformance);
    let unnamed = update(20, IncidentStatus::Investigating, "Some customers cannot reach us by telephone.");
    vec![incident("Telephone support is busy", Impact::None, vec![unnamed]), one]
}

/// Texts that try to break out, and long ones.
pub(crate) fn hostile(view: &PageView) -> Vec<IncidentView> {
    let evil =
        "\"><script>alert(1)</script> <img src=x onerror=alert(1)> [a](javascript:alert(2)) \u{202e}gnp.exe";
    let long = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft ".repeat(3);
    let list = format!("{evil}\n\n> quoted\n\n1. one\n2. two\n\n```\n{}\n```\n\n{long}", "x".repeat(150));
    let mut one = incident(evil, Impact::Critical, vec![update(30, IncidentStatus::Identified, &list)]);
    affects(view, &mut one, 0, "\"><script>alert(1)</script>", Status::MajorOutage);
    vec![
        one,
        incident(&long, Impact::Major, vec![update(40, IncidentStatus::Investigating, &long.repeat(20))]),
    ]
}

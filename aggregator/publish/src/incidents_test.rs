//! Which incidents, names and texts reach visitors.

use super::*;
use crate::api_v2;
use crate::build::{page_view, page_view_with_past};
use crate::html;
use crate::sample::{NOW, public_text};
use crate::texts::Language;
use crate::view::PageView;
use skerry_domain::automatic_text::ReasonClass;
use skerry_domain::incident::{FormerText, Impact, Postmortem};
use skerry_domain::layers::Layers;
use skerry_domain::state::{ComponentSettings, Group, GroupKey, IncidentKey, Origin, PageSettings};
use skerry_domain::status::Status;
use skerry_domain::text::Text;
use skerry_domain::time::{DAY, HOUR, MINUTE};
use skerry_sanitiser::Form;

pub(crate) const PAGE: PageKey = PageKey(1);
pub(crate) const CARDS: ComponentKey = ComponentKey(1);
pub(crate) const PRIVATE: ComponentKey = ComponentKey(2);
const ARCHIVED: ComponentKey = ComponentKey(3);

fn component(name: &str) -> Component {
    Component {
        page: PAGE,
        key: name.to_owned(),
        origin: Origin::File,
        id: format!("id-of-{name}"),
        created_at: NOW - 400 * DAY,
        archived: false,
        settings: ComponentSettings::named(name),
        links: Vec::new(),
        selected: Vec::new(),
        layers: Layers::default(),
        holds: Vec::new().into(),
        windows: Vec::new().into(),
        noticed: NOW,
        response: Vec::new().into(),
    }
}

/// A page in Berlin with a public component in a group, a private and an archived one.
pub(crate) fn state() -> State {
    let mut state = State::default();
    let settings = PageSettings {
        name: "Shop".to_owned(),
        time_zone: "Europe/Berlin".to_owned(),
        ..PageSettings::named("shop")
    };
    let group = GroupKey(1);
    let page = Page {
        key: "shop".to_owned(),
        origin: Origin::File,
        id: "page00000001".to_owned(),
        created_at: NOW - 400 * DAY,
        public_since: None,
        archived: false,
        settings,
        items: vec![PageItem::Group(group, [CARDS, PRIVATE, ARCHIVED].map(PageItem::Component).into())],
        preview: None,
    };
    state.pages.insert(PAGE, page);
    let payments = Group {
        page: PAGE,
        key: "payments".to_owned(),
        origin: Origin::File,
        id: "group0000001".to_owned(),
        created_at: NOW - 400 * DAY,
        name: "Payments".to_owned(),
        description: None,
        archived: false,
    };
    state.groups.insert(group, payments);
    state.components.insert(CARDS, component("Cards"));
    let mut private = component("Secret ledger");
    private.settings.public = false;
    state.components.insert(PRIVATE, private);
    state.components.insert(ARCHIVED, Component { archived: true, ..component("Old terminal") });
    state
}

pub(crate) fn written(text: &str, form: Form) -> Text {
    Text { written: format!("original of {text}"), public: public_text(text, form) }
}

fn update(number: i64, at: Timestamp, body: Body, components: Vec<StatusChange>) -> IncidentUpdate {
    IncidentUpdate {
        number,
        id: format!("update{number:06}"),
        status: IncidentStatus::Investigating,
        body: Some(body),
        created_at: at,
        display_at: at,
        edited_at: None,
        components,
        by: Some("person-of-the-team".to_owned()),
        former: vec![FormerText { to: at, written: "a former text".to_owned() }],
    }
}

fn major(component: ComponentKey) -> StatusChange {
    StatusChange { component, from: Status::Operational, to: Status::MajorOutage, set: true }
}

/// A published automatic incident that began at `started_at`.
fn automatic(started_at: Timestamp, components: Vec<StatusChange>) -> Incident {
    let text =
        AutomaticText { event: AutomaticEvent::Began, class: ReasonClass::Unreachable, since: started_at };
    Incident {
        id: format!("incident{:04}", started_at.0.rem_euclid(10_000)),
        page: PAGE,
        title: Title::Automatic,
        status: IncidentStatus::Investigating,
        impact: Impact::Critical,
        impact_override: None,
        automatic: true,
        touched: false,
        spreads: false,
        backfilled: false,
        created_at: started_at,
        published_at: Some(started_at),
        approved: true,
        started_at,
        identified_at: None,
        monitoring_at: None,
        resolved_at: None,
        updated_at: started_at,
        reminded_at: None,
        recovered_at: None,
        postmortem: None,
        problems: BTreeSet::new(),
        suggested: BTreeSet::new(),
        refused: BTreeSet::new(),
        updates: vec![update(1, started_at, Body::Automatic(text), components)].into(),
    }
}

fn with(incidents: Vec<Incident>) -> PageView {
    page_view(&state_with(incidents), PAGE, "https://shop.example.com", NOW).expect("a living page")
}

fn state_with(incidents: Vec<Incident>) -> State {
    let mut state = state();
    for (incident, key) in incidents.into_iter().zip(1..) {
        let key = IncidentKey(key);
        if incident.is_open() {
            state.open_incidents.insert(key);
        }
        state.incidents.insert(key, incident);
    }
    state.derive_published();
    state
}

fn resolved(mut incident: Incident, at: Timestamp) -> Incident {
    (incident.status, incident.resolved_at, incident.updated_at) = (IncidentStatus::Resolved, Some(at), at);
    incident
}

#[test]
fn an_automatic_incident_is_written_in_public_names_and_in_the_zone_of_the_page() {
    let view = with(vec![automatic(NOW - 133 * MINUTE, vec![major(CARDS)])]);
    let incident = &view.incidents[0];
    assert_eq!(incident.title.one_line(), "Major outage: Cards");
    let body = incident.updates[0].body.as_ref().map(IncidentText::plain);
    let expected =
        "A problem has affected Cards since 15:02 CET. Our checks get no answer. We are looking into it.";
    assert_eq!(body.as_deref(), Some(expected));
    assert_eq!(incident.updates[0].components[0].group.as_deref(), Some("Payments"));
}

#[test]
fn every_automatic_event_has_a_text_with_the_day_if_it_is_another_one() {
    let names = ["A".to_owned(), "B".to_owned(), "C".to_owned()];
    let state = state();
    let page = &state.pages.get(&PAGE).expect("made above");
    let zone = TimeZone::get("Europe/Berlin").expect("a bundled zone");
    let components = public_components(&state, page);
    let build = Build { components: &components, zone: &zone, texts: Language::English.texts() };
    let table = [
        (AutomaticEvent::Spread, "The problem has grown. We are looking into it."),
        (
            AutomaticEvent::Recurred,
            "The problem has been back since Thu 19 Nov, 15:15 CET. Our checks get errors. We are looking into it.",
        ),
        (
            AutomaticEvent::Recovered,
            "Our checks have found no problem since Thu 19 Nov, 15:15 CET. We keep watching.",
        ),
        (AutomaticEvent::Resolved, "The problem has not returned since Thu 19 Nov, 15:15 CET."),
    ];
    for (event, expected) in table {
        let text = AutomaticText { event, class: ReasonClass::Errors, since: NOW - 26 * HOUR };
        assert_eq!(build.automatic(&text, &[], NOW), expected);
    }
    let build = Build { texts: Language::German.texts(), ..build };
    let text =
        AutomaticText { event: AutomaticEvent::Began, class: ReasonClass::Errors, since: NOW - 26 * HOUR };
    assert_eq!(
        build.automatic(&text, &[], NOW),
        "Seit Do., 19. Nov., 15:15 Uhr MEZ besteht eine Störung bei unserem Dienst. Unsere Prüfungen erhalten \
         Fehler. Wir untersuchen die Ursache."
    );
    let words = Language::English.texts().incident;
    assert_eq!(words.spread(&names), "The problem now affects A, B and C, too. We are looking into it.");
    let recovered = "Our checks have found no problem with A, B and C since 05:40 UTC. We keep watching.";
    assert_eq!(words.recovered(&names, "05:40 UTC"), recovered);
    assert_eq!(words.title(Impact::Minor, &names), "Degraded performance: A, B, C");
    assert_eq!(words.title(Impact::None, &names[..0]), "Incident");
}

/// Every byte that visitors can get of a view.
pub(crate) fn everything(view: &PageView) -> String {
    let documents = api_v2::render(view).expect("plain values");
    let mut all: String = documents.iter().map(|(_, body)| String::from_utf8_lossy(body)).collect();
    all += &html::index(view).expect("a page renders").html;
    all += &html::history(view, None).expect("a page renders").html;
    for incident in &view.incidents {
        all += &html::incident(view, incident).expect("a page renders").html;
    }
    for maintenance in &view.maintenance {
        all += &html::maintenance(view, maintenance).expect("a page renders").html;
    }
    all
}

#[test]
fn drafts_and_private_components_and_former_texts_are_nowhere() {
    let mut draft = automatic(NOW - HOUR, vec![major(CARDS)]);
    draft.published_at = None;
    draft.title = Title::Written(written("A draft that nobody approved", Form::Plain));
    let mut elsewhere = automatic(NOW - HOUR, vec![major(CARDS)]);
    elsewhere.page = PageKey(2);
    elsewhere.title = Title::Written(written("Of another page", Form::Plain));
    let mut shown = automatic(NOW - 2 * HOUR, vec![major(CARDS), major(PRIVATE), major(ARCHIVED)]);
    let ended = NOW - HOUR;
    shown = resolved(shown, ended);
    let draft_text = written("A postmortem in the making", Form::Markdown);
    let (created_at, updated_at) = (NOW - 20 * MINUTE, NOW - 10 * MINUTE);
    shown.postmortem = Some(Postmortem { text: draft_text, created_at, updated_at, published_at: None });
    shown.updated_at = updated_at;
    let view = with(vec![draft, elsewhere, shown]);
    assert_eq!(view.incidents.len(), 1);
    let all = everything(&view);
    for private in [
        "draft that nobody",
        "Of another page",
        "Secret ledger",
        "Old terminal",
        "postmortem in the making",
        "original of",
        "person-of-the-team",
        "a former text",
    ] {
        assert!(!all.contains(private), "{private}: {all}");
    }
    assert!(all.contains("Major outage: Cards"), "{all}");
    assert!(view.updated_at < created_at, "work on a draft shows in no date: {:?}", view.updated_at);
}

#[test]
fn the_past_is_copied_only_if_it_is_wanted() {
    let one = |days: i64| resolved(automatic(NOW - days * DAY, vec![major(CARDS)]), NOW - days * DAY + HOUR);
    let mut old: Vec<_> = (0..80).map(|number| one(120 + number)).collect();
    let mut long = one(110);
    long.resolved_at = Some(NOW - 2 * DAY);
    old.push(long);
    old.push(automatic(NOW - 300 * DAY, vec![major(CARDS)]));
    let state = state_with(old);
    let view = page_view(&state, PAGE, "https://x", NOW).expect("a living page");
    assert_eq!(view.incidents.len(), 51, "the newest fifty, and the oldest, which is open");
    assert_eq!(view.incidents[0].started_at, NOW - 110 * DAY, "the latest start first");
    assert!(view.incidents[50].is_open());
    let whole = page_view_with_past(&state, PAGE, "https://x", NOW).expect("a living page");
    assert_eq!(whole.incidents.len(), 82);
}

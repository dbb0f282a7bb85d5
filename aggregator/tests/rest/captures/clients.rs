//! Clients as they are written: types without a default, closed enums, and the odd types that generated clients have.

use super::Filled;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

#[derive(Debug, Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Indicator {
    None,
    Minor,
    Major,
    Critical,
    Maintenance,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(rename_all = "snake_case")]
enum ComponentStatus {
    Operational,
    DegradedPerformance,
    PartialOutage,
    MajorOutage,
    UnderMaintenance,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(rename_all = "snake_case")]
enum IncidentStatus {
    Investigating,
    Identified,
    Monitoring,
    Resolved,
    Postmortem,
    Scheduled,
    InProgress,
    Verifying,
    Completed,
}

/// RFC 3339.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, PartialOrd)]
#[serde(try_from = "String")]
struct Instant(jiff::Timestamp);

impl TryFrom<String> for Instant {
    type Error = jiff::Error;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse().map(Self)
    }
}

#[derive(Deserialize)]
struct Status {
    indicator: Indicator,
    description: String,
}

#[derive(Deserialize)]
struct Component {
    id: String,
    status: ComponentStatus,
    position: i32,
    group: bool,
    components: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct Update {
    status: IncidentStatus,
    body: String,
    affected_components: Option<Vec<Affected>>,
}

#[derive(Deserialize)]
struct Affected {
    code: String,
    old_status: ComponentStatus,
    new_status: ComponentStatus,
}

#[derive(Deserialize)]
struct Incident {
    status: IncidentStatus,
    impact: Indicator,
    created_at: Instant,
    resolved_at: Option<Instant>,
    incident_updates: Vec<Update>,
    components: Vec<Component>,
}

#[derive(Deserialize)]
struct Summary {
    status: Status,
    components: Vec<Component>,
    incidents: Vec<Incident>,
    scheduled_maintenances: Vec<Incident>,
}

/// The incident of a client that is generated from the description of the Manage API.
#[derive(Deserialize)]
struct ManagedIncident {
    status: IncidentStatus,
    impact: Indicator,
    impact_override: Option<Indicator>,
    /// Named like a time, described as a boolean.
    postmortem_published_at: Option<bool>,
    postmortem_body: Option<String>,
    scheduled_for: Option<Instant>,
    reminder_intervals: Option<String>,
    metadata: serde_json::Map<String, Value>,
    incident_updates: Vec<Update>,
}

/// Described as texts, decoded as a list and a number.
#[derive(Deserialize)]
struct ManagedGroup {
    components: Option<Vec<String>>,
    position: Option<i32>,
}

#[derive(Deserialize)]
struct Uptime {
    uptime_percentage: Option<f32>,
    major_outage: Option<i32>,
    partial_outage: Option<i32>,
    warnings: Option<Vec<String>>,
}

fn decode<T: DeserializeOwned>(what: &str, value: &Value) -> T {
    T::deserialize(value).unwrap_or_else(|error| panic!("{what}: {error} in {value}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn strict_clients_decode_the_public_documents() {
    let filled = Filled::new().await;
    let documents = filled.published().await;
    let document = |path: &str| {
        let (_, document) = documents.iter().find(|(known, _)| known == path).expect("published");
        document
    };
    let summary: Summary = decode("summary", document("summary.json"));
    assert_eq!(
        summary.status.indicator,
        Indicator::Major,
        "one of two is down: {}",
        summary.status.description
    );
    let group = summary.components.iter().find(|one| one.group).expect("a group");
    assert_eq!((group.components.as_ref(), group.position), (Some(&vec![filled.cards.clone()]), 2));
    let cards = summary.components.iter().find(|one| one.id == filled.cards).expect("a component");
    assert_eq!((&cards.status, cards.position), (&ComponentStatus::MajorOutage, 1), "among its siblings");
    let open = &summary.incidents[0];
    assert_eq!((&open.status, &open.impact), (&IncidentStatus::Investigating, &Indicator::Critical));
    assert_eq!((open.components.len(), open.resolved_at), (1, None));
    let affected = open.incident_updates[0].affected_components.as_ref().expect("it names one");
    assert_eq!((&affected[0].code, &affected[0].new_status), (&filled.cards, &ComponentStatus::MajorOutage));
    assert_eq!(affected[0].old_status, ComponentStatus::Operational);
    for planned in &summary.scheduled_maintenances {
        assert_eq!(planned.impact, Indicator::Maintenance);
    }
    let all: Vec<Incident> = decode("incidents", &document("incidents.json")["incidents"]);
    let over = &all[1];
    assert_eq!((&over.status, over.resolved_at > Some(over.created_at)), (&IncidentStatus::Postmortem, true));
    assert_eq!(over.incident_updates[0].body, "A queue was full.");
    filled.fixture.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn generated_clients_decode_the_manage_api() {
    let filled = Filled::new().await;
    let resolved = format!("/incidents/{}", filled.resolved);
    let incident: ManagedIncident = decode("incident", &filled.read(&resolved).await.body);
    assert_eq!(incident.postmortem_published_at, Some(true));
    assert_eq!(incident.postmortem_body.as_deref(), Some("A queue was full."));
    assert_eq!((incident.status, incident.impact), (IncidentStatus::Resolved, Indicator::Minor));
    assert_eq!(
        (incident.metadata.len(), incident.impact_override, incident.reminder_intervals),
        (0, None, None)
    );
    let first = incident.incident_updates.last().expect("the first");
    assert_eq!((&first.status, first.body.as_str()), (&IncidentStatus::Investigating, "We look into it."));
    let unresolved: Vec<ManagedIncident> =
        decode("unresolved", &filled.read("/incidents/unresolved").await.body);
    assert_eq!((unresolved.len(), unresolved[0].postmortem_published_at), (1, None));
    let planned: Vec<ManagedIncident> = decode("upcoming", &filled.read("/incidents/upcoming").await.body);
    assert!(planned[0].scheduled_for.is_some());
    let groups: Vec<ManagedGroup> = decode("groups", &filled.read("/component-groups").await.body);
    assert_eq!(
        (groups[0].components.as_ref(), groups[0].position),
        (Some(&vec![filled.cards.clone()]), Some(2))
    );
    let uptime = filled.read(&format!("/components/{}/uptime", filled.cards)).await.body;
    let uptime: Uptime = decode("uptime", &uptime);
    assert!(uptime.uptime_percentage < Some(100.0) && uptime.major_outage.is_some());
    assert!(uptime.partial_outage == Some(0) && uptime.warnings.is_some_and(|all| !all.is_empty()));
    filled.fixture.stop();
}

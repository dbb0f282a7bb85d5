//! The payloads, byte for byte.

use super::*;

fn at(text: &str) -> Time {
    Time(text.parse().expect("a time"))
}

fn meta() -> Meta {
    Meta {
        unsubscribe: "https://status.example.com/unsubscribe/secret".to_owned(),
        documentation: "https://status.example.com/subscribe/webhook".to_owned(),
        generated_at: at("2026-12-01T00:00:00.4927Z"),
    }
}

fn page() -> Page {
    Page {
        id: "1k6wzpspjf99".to_owned(),
        status_indicator: "minor".to_owned(),
        status_description: "Partially Degraded Service".to_owned(),
    }
}

fn component() -> Component {
    Component {
        status: "degraded_performance".to_owned(),
        name: "API".to_owned(),
        created_at: at("2026-01-01T00:00:00Z"),
        updated_at: at("2026-11-30T23:59:59Z"),
        position: 1,
        description: None,
        showcase: false,
        id: "1kbgg1cp74tb".to_owned(),
        page_id: "1k6wzpspjf99".to_owned(),
        group_id: None,
    }
}

fn text(bytes: serde_json::Result<Bytes>) -> String {
    String::from_utf8(bytes.expect("plain values").to_vec()).expect("JSON is UTF-8")
}

/// The file as one line, as it is sent.
fn expected(file: &str) -> String {
    file.lines().map(str::trim_start).collect()
}

#[test]
fn a_component_update_is_that_of_statuspage() {
    let update = ComponentUpdate {
        id: "ckdysmnpzs2r".to_owned(),
        old_status: "operational".to_owned(),
        new_status: "degraded_performance".to_owned(),
        created_at: at("2026-11-30T23:59:59Z"),
    };
    let body = text(of_component(&meta(), &page(), &component(), &update));
    assert_eq!(body, expected(include_str!("component.json")));
}

fn incident() -> Incident {
    Incident {
        id: "lbkhbwn21v5q".to_owned(),
        name: "Virtual Circuits & \"routes\"".to_owned(),
        status: "identified".to_owned(),
        impact: "critical".to_owned(),
        impact_override: None,
        shortlink: "https://status.example.com/incidents/lbkhbwn21v5q".to_owned(),
        created_at: at("2026-11-30T23:00:00Z"),
        updated_at: at("2026-11-30T23:30:00Z"),
        monitoring_at: None,
        resolved_at: None,
        backfilled: false,
        postmortem: None,
        scheduled: None,
        incident_updates: vec![IncidentUpdate {
            id: "drfcwbnpxnr6".to_owned(),
            status: "identified".to_owned(),
            body: "A fix is being rolled out.\nNext update at 00:30 UTC.".to_owned(),
            created_at: at("2026-11-30T23:30:00Z"),
            updated_at: at("2026-11-30T23:30:00Z"),
            display_at: at("2026-11-30T23:30:00Z"),
            affected_components: vec![AffectedComponent {
                code: "1kbgg1cp74tb".to_owned(),
                name: "Edge - API".to_owned(),
                old_status: "operational".to_owned(),
                new_status: "degraded_performance".to_owned(),
            }],
        }],
        components: vec![component()],
    }
}

#[test]
fn an_incident_update_is_that_of_statuspage() {
    assert_eq!(text(of_incident(&meta(), &page(), &incident())), expected(include_str!("incident.json")));
}

#[test]
fn maintenance_and_postmortem_fill_their_members() {
    let mut incident = incident();
    incident.scheduled = Some(Scheduled {
        from: at("2026-12-02T00:00:00Z"),
        until: at("2026-12-02T02:00:00Z"),
        auto_transition: true,
        remind_prior: true,
        reminded_at: None,
    });
    incident.postmortem = Some(Postmortem {
        body: "Why".to_owned(),
        published_at: at("2026-12-03T00:00:00Z"),
        updated_at: at("2026-12-03T01:00:00Z"),
        notified_subscribers: true,
    });
    let body = text(of_incident(&meta(), &page(), &incident));
    for member in [
        r#""scheduled_auto_transition":true,"scheduled_for":"2026-12-02T00:00:00.000Z","scheduled_remind_prior":true,"#,
        r#""scheduled_reminded_at":null,"scheduled_until":"2026-12-02T02:00:00.000Z","#,
        r#""postmortem_body":"Why","postmortem_body_last_updated_at":"2026-12-03T01:00:00.000Z","postmortem_ignored":false,"#,
        r#""postmortem_notified_subscribers":true,"postmortem_notified_twitter":false,"#,
        r#""postmortem_published_at":"2026-12-03T00:00:00.000Z","#,
    ] {
        assert!(body.contains(member), "{member}\n{body}");
    }
}

#[test]
fn the_link_that_ends_a_subscription_is_not_shown() {
    let shown = format!("{:?}", meta());
    assert!(shown.starts_with("Meta { generated_at: ") && !shown.contains("secret"), "{shown}");
}

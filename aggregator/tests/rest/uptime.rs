//! Uptime over a time that a client asks for.

use crate::fixture::{Answer, Fixture};
use crate::pages::FILE;
use serde_json::{Value, json};
use skerry_domain::access::Role;

#[tokio::test(flavor = "multi_thread")]
async fn uptime_has_its_time_its_outages_and_its_incidents() {
    let fixture = Fixture::new(FILE).await;
    let page = fixture.page("Main").await;
    let components = format!("/v1/pages/{page}/components");
    let mail = fixture.named(&components, "Mail").await;
    let path = format!("{components}/{mail}/uptime");
    let quiet = fixture.get(&path).await;
    assert_eq!(quiet.status, 200, "{quiet:?}");
    assert!(
        quiet.text("range_start").contains("T00:00:00.000+0"),
        "midnight in the zone of the page: {quiet:?}"
    );
    assert_eq!((&quiet.body["id"], &quiet.body["name"]), (&json!(mail), &json!("Mail")));
    assert_eq!((&quiet.body["major_outage"], &quiet.body["related_events"]["id"]), (&json!(0), &Value::Null));
    let warning = quiet.body["warnings"][0].as_str().expect("it is young");
    assert!(warning.starts_with("there is no data from before 20"), "{quiet:?}");

    let incident =
        json!({ "incident": { "name": "Down", "components": { &mail: "major_outage" } } }).to_string();
    let opened =
        fixture.send(Role::Operator, "POST", &format!("/v1/pages/{page}/incidents"), "", &incident).await;
    assert_eq!(opened.status, 201, "{opened:?}");
    // The answer may be given in the very millisecond of the incident, when nothing of it has passed.
    let below_100 = |answer: &Answer| answer.body["uptime_percentage"].as_f64().expect("a figure") < 100.0;
    let down = fixture.once(&format!("{path}.json"), below_100).await;
    let id = &opened.body["id"];
    assert_eq!(down.body["related_events"], json!({ "id": id, "incidents": [{ "id": id }] }));
    let skipped = fixture.get(&format!("{path}?skip_related_events=true")).await;
    assert_eq!(skipped.body["related_events"], Value::Null);

    let groups = format!("/v1/pages/{page}/component-groups");
    let shop = fixture.named(&groups, "Shop").await;
    let group = fixture.get(&format!("{groups}/{shop}/uptime")).await;
    assert_eq!((group.status, &group.body["uptime_percentage"]), (200, &json!(100.0)), "{group:?}");
    let none = json!({ "component_id": null, "incidents": null, "components": [] });
    assert_eq!((&group.body["name"], &group.body["related_events"]), (&json!("Shop"), &none));

    for (query, said) in [
        ("start=yesterday", "neither a date nor a time"),
        ("end=2026-13-01", "neither a date nor a time"),
        ("start=2100-01-01", "start must be before end"),
        ("start=2026-03-01&end=2026-02-01", "start must be before end"),
        ("start=2020-01-01&end=2020-07-02", "longer than 6 months"),
        ("skip_related_events=perhaps", "true or false"),
    ] {
        let refused = fixture.get(&format!("{path}?{query}")).await;
        assert_eq!(refused.status, 422, "{query}: {refused:?}");
        assert!(refused.text("message").contains(said), "{query}: {refused:?}");
    }
    let past = fixture.get(&format!("{path}?start=2020-01-01&end=2020-07-01")).await;
    assert_eq!(
        (past.status, past.text("range_start"), past.text("range_end")),
        (200, "2020-01-01T00:00:00.000+02:00".to_owned(), "2020-07-02T00:00:00.000+03:00".to_owned()),
        "the day that is the end counts, too"
    );
    assert_eq!(past.body["uptime_percentage"], Value::Null);
    assert_eq!(past.body["warnings"], json!(["nothing was observed in this time"]));
    let hour = fixture.get(&format!("{path}?start=2020-01-01T10:00:00Z&end=2020-01-01T11:00:00Z")).await;
    assert_eq!(hour.text("range_end"), "2020-01-01T13:00:00.000+02:00");
    assert_eq!(fixture.get(&format!("{components}/nothing/uptime")).await.status, 404);
    fixture.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_has_the_incidents_of_its_components() {
    let fixture = Fixture::new(FILE).await;
    let page = format!("/v1/pages/{}", fixture.page("Main").await);
    let cards = fixture.named(&format!("{page}/components"), "Cards").await;
    let mut ids = Vec::new();
    for name in ["Slow", "Declined"] {
        let incident = json!({ "incident": { "name": name, "component_ids": [cards] } }).to_string();
        let opened = fixture.send(Role::Operator, "POST", &format!("{page}/incidents"), "", &incident).await;
        assert_eq!(opened.status, 201, "{opened:?}");
        ids.insert(0, json!({ "id": opened.body["id"] }));
    }
    let shop = fixture.named(&format!("{page}/component-groups"), "Shop").await;
    let path = format!("{page}/component-groups/{shop}/uptime");
    let events = json!({
        "component_id": cards, "incidents": ids[0],
        "components": [{ "component_id": cards, "incidents": ids }],
    });
    assert_eq!(fixture.get(&path).await.body["related_events"], events, "newest first");
    let skipped = fixture.get(&format!("{path}?skip_related_events=true")).await;
    assert_eq!((skipped.status, &skipped.body["related_events"]), (200, &Value::Null));
    fixture.stop();
}

//! The answers of `/v1` beside the members and types that Statuspage describes, its status codes and its errors.

use super::{Filled, MANAGE, captured, is};
use crate::fixture::Answer;
use serde_json::{Map, Value, json};
use skerry_domain::access::Role;

/// Collects what a client could not decode.
struct Comparison {
    types: Map<String, Value>,
    wrong: Vec<String>,
}

impl Comparison {
    fn object(&mut self, name: &str, at: &str, ours: &Value) {
        for (member, kind) in self.types[name].as_object().expect("an object").clone() {
            let (member, nullable) = match member.strip_suffix('?') {
                Some(member) => (member, true),
                None => (member.as_str(), false),
            };
            let at = format!("{at} {name}.{member}");
            match ours.get(member) {
                None => self.wrong.push(format!("{at} is missing")),
                Some(Value::Null) if nullable => {}
                Some(value) => self.value(&kind, &at, value),
            }
        }
    }

    fn value(&mut self, kind: &Value, at: &str, ours: &Value) {
        match kind {
            Value::Array(kinds) => match ours {
                Value::Array(elements) => {
                    for element in elements {
                        let kind = kinds.first().unwrap_or_else(|| panic!("{at}: nothing may be in it"));
                        self.value(kind, at, element);
                    }
                }
                other => self.wrong.push(format!("{at} is {other} instead of a list")),
            },
            Value::String(kind) if self.types.contains_key(kind) => self.object(kind, at, ours),
            Value::String(kind) if is(kind, ours) => {}
            kind => self.wrong.push(format!("{at} is {ours} instead of {kind}")),
        }
    }
}

fn one_of(answer: &Answer) -> Value {
    answer.body[0].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_have_every_member_that_clients_decode() {
    let filled = Filled::new().await;
    let mut comparison = Comparison { types: captured(MANAGE), wrong: Vec::new() };
    let shop = one_of(&filled.read("/component-groups").await)["id"].as_str().expect("an id").to_owned();
    let (mail, cards, resolved) = (&filled.mail, &filled.cards, &filled.resolved);
    for (path, name) in [
        (String::new(), "Page"),
        (format!("/components/{mail}"), "Component"),
        (format!("/components/{cards}"), "Component"),
        (format!("/components/{mail}/uptime"), "ComponentUptime"),
        (format!("/component-groups/{shop}"), "GroupComponent"),
        (format!("/component-groups/{shop}/uptime"), "ComponentGroupUptime"),
        (format!("/incidents/{resolved}"), "Incident"),
        (format!("/incidents/{resolved}/postmortem"), "Postmortem"),
    ] {
        comparison.object(name, &path, &filled.read(&path).await.body);
    }
    let template = json!({ "template": {
        "name": "Slow", "title": "T", "body": "B", "update_status": "identified", "component_ids": [mail],
    } });
    comparison.object(
        "IncidentTemplate",
        "POST",
        &filled.write("POST", "/incident_templates", &template, 201).await.body,
    );
    for (path, name, least) in [
        ("/incident_templates", "IncidentTemplate", 1),
        ("/components", "Component", 2),
        ("/component-groups", "GroupComponent", 1),
        ("/incidents", "Incident", 4),
        ("/incidents/unresolved", "Incident", 1),
        ("/incidents/scheduled", "Incident", 2),
        ("/incidents/upcoming", "Incident", 1),
        ("/incidents/active_maintenance", "Incident", 1),
    ] {
        let all = filled.read(path).await.body;
        let all = all.as_array().expect("a list");
        assert!(all.len() >= least, "{path}: {all:?}");
        all.iter().for_each(|one| comparison.object(name, path, one));
    }
    let pages = filled.fixture.get("/v1/pages").await.body;
    comparison.object("Page", "/v1/pages", &pages[0]);
    assert!(comparison.wrong.is_empty(), "{}", comparison.wrong.join("\n"));
    filled.fixture.stop();
}

/// Clients compare the code with the one that Statuspage answers, and some decode JSON whenever `Content-Type` names it.
#[tokio::test(flavor = "multi_thread")]
async fn the_status_codes_are_those_of_statuspage() {
    let filled = Filled::new().await;
    let component = json!({ "component": { "name": "Wallets" } });
    let component = filled.write("POST", "/components", &component, 201).await.text("id");
    let group = json!({ "component_group": { "name": "Purses", "components": [component] } });
    let group = filled.write("POST", "/component-groups", &group, 201).await.text("id");
    let incident = json!({ "incident": { "name": "Odd", "component_ids": [component] } });
    let incident = filled.write("POST", "/incidents", &incident, 201).await;
    let update = incident.body["incident_updates"][0]["id"].as_str().expect("an update").to_owned();
    let incident = incident.text("id");
    let renamed = json!({ "component": { "name": "Purse" } });
    for method in ["PATCH", "PUT"] {
        filled.write(method, &format!("/components/{component}"), &renamed, 200).await;
        let named = json!({ "component_group": { "name": method } });
        filled.write(method, &format!("/component-groups/{group}"), &named, 200).await;
        let named = json!({ "incident": { "name": method } });
        filled.write(method, &format!("/incidents/{incident}"), &named, 200).await;
        let edited = json!({ "incident_update": { "body": method } });
        let path = format!("/incidents/{incident}/incident_updates/{update}");
        filled.write(method, &path, &edited, 200).await;
    }
    let postmortem = format!("/incidents/{}/postmortem", filled.resolved);
    filled.write("PUT", &format!("{postmortem}/revert"), &json!({}), 200).await;
    for (path, status, has_body) in [
        (postmortem, 204, false),
        (format!("/incidents/{incident}"), 200, true),
        (format!("/component-groups/{group}"), 200, true),
        (format!("/components/{component}"), 204, false),
    ] {
        let deleted = filled.write("DELETE", &path, &Value::Null, status).await;
        let (typed, json) = (deleted.head.contains("\ncontent-type:"), deleted.body.is_object());
        assert_eq!((typed, json), (has_body, has_body), "{path}: {deleted:?}");
        assert!(!has_body || is("id", &deleted.body["id"]), "the object: {deleted:?}");
    }
    filled.fixture.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_are_json_and_422_has_a_list() {
    let filled = Filled::new().await;
    let Filled { fixture, page, mail, .. } = &filled;
    let components = format!("{page}/components");
    let none = "/v1/pages/000000000000/components".to_owned();
    let set = r#"{"component": {"status": "operational"}}"#;
    for (role, method, path, headers, body, status) in [
        (
            Role::Admin,
            "POST",
            components.clone(),
            "content-type: application/json\r\n",
            "{\"component\":",
            400,
        ),
        (Role::Viewer, "POST", components.clone(), "", "{}", 403),
        (Role::Viewer, "GET", none, "", "", 404),
        (Role::Admin, "DELETE", components.clone(), "", "", 405),
        (Role::Admin, "PATCH", format!("{components}/{mail}"), "if-match: \"0\"\r\n", set, 412),
        (Role::Admin, "POST", components.clone(), "", "{}", 422),
    ] {
        let refused = fixture.send(role, method, &path, headers, body).await;
        assert_eq!(refused.status, status, "{method} {path}: {refused:?}");
        assert!(refused.head.contains("\ncontent-type: application/json"), "{refused:?}");
        assert!(!refused.text("message").is_empty());
        let error = &refused.body["error"];
        let is_list = error.as_array().is_some_and(|all| all.iter().all(Value::is_string));
        assert_eq!((is_list, error.is_string()), (status == 422, status != 422), "{refused:?}");
    }
    let unknown =
        fixture.plain(&format!("GET {components} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")).await;
    assert_eq!((unknown.status, unknown.text("message").as_str()), (401, "Could not authenticate"));
    filled.fixture.stop();
}

//! What clients of Statuspage decode, beside what they get here. `public.json` has objects of real status pages and the
//! members of each document; `manage.json` has the members that Statuspage describes for its Manage API with the types
//! that its clients decode, where `?` follows a member that may be null, and a list has the type of its elements.

mod clients;
mod manage;
mod public;

use crate::fixture::{Answer, Fixture, after};
use crate::pages::FILE;
use regex::Regex;
use serde_json::{Map, Value, json};
use skerry_domain::access::Role;
use std::sync::LazyLock;

const PUBLIC: &str = include_str!("public.json");
const MANAGE: &str = include_str!("manage.json");

fn captured(text: &str) -> Map<String, Value> {
    serde_json::from_str(text).expect("a capture is an object")
}

static ID: LazyLock<Regex> = LazyLock::new(|| Regex::new("^[a-z0-9]{12}$").expect("a pattern"));
static DATE: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"^\d{4}-\d\d-\d\d$").expect("a pattern"));
/// RFC 3339 with milliseconds.
static TIME: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}(Z|[+-]\d\d:\d\d)$").expect("a pattern")
});

/// Whether a value has a type of `manage.json`.
fn is(kind: &str, value: &Value) -> bool {
    let text = value.as_str();
    match kind {
        "id" => text.is_some_and(|text| ID.is_match(text)),
        "time" => text.is_some_and(|text| TIME.is_match(text)),
        "date" => text.is_some_and(|text| DATE.is_match(text)),
        "text" => text.is_some(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "object" => value.is_object(),
        one_of => {
            let known = one_of.strip_prefix("one of ").unwrap_or_else(|| panic!("no type {one_of:?}"));
            text.is_some_and(|text| known.split(' ').any(|one| one == text))
        }
    }
}

/// A page with what every object needs: a group with a component, an open incident, one with a postmortem, maintenance in
/// progress and one to come.
struct Filled {
    fixture: Fixture,
    /// `/v1/pages/<id>`
    page: String,
    /// Ids.
    mail: String,
    cards: String,
    resolved: String,
}

impl Filled {
    async fn new() -> Self {
        let fixture = Fixture::new(FILE).await;
        let page = format!("/v1/pages/{}", fixture.page("Main").await);
        let components = format!("{page}/components");
        let (mail, cards) =
            (fixture.named(&components, "Mail").await, fixture.named(&components, "Cards").await);
        let filled = Self { fixture, page, mail, cards, resolved: String::new() };
        let resolved = filled.open("Slow mail", json!({ &filled.mail: "degraded_performance" })).await;
        let incident = format!("/incidents/{resolved}");
        let end =
            json!({ "incident": { "status": "resolved", "components": { &filled.mail: "operational" } } });
        filled.write("PATCH", &incident, &end, 200).await;
        let text = json!({ "postmortem": { "body_draft": "A queue was full." } });
        filled.write("PUT", &format!("{incident}/postmortem"), &text, 200).await;
        filled.write("PUT", &format!("{incident}/postmortem/publish"), &json!({}), 200).await;
        filled.open("Cards declined", json!({ &filled.cards: "major_outage" })).await;
        let after = |hours: i64| json!(after(hours).to_string());
        for (name, from, to) in [("Now", Value::Null, after(2)), ("Later", after(24), after(26))] {
            let planned = json!({ "incident": {
                "name": name, "body": "It is planned.", "component_ids": [&filled.mail],
                "status": if from.is_null() { "in_progress" } else { "scheduled" },
                "scheduled_for": from, "scheduled_until": to,
            } });
            filled.write("POST", "/incidents", &planned, 201).await;
        }
        filled.fixture.shows(&format!("{}/incidents/active_maintenance", filled.page), "Now").await;
        Self { resolved, ..filled }
    }

    /// Opens an incident and returns its id.
    async fn open(&self, name: &str, components: Value) -> String {
        let incident = json!({ "incident": {
            "name": name, "body": "We look into it.", "status": "investigating", "components": components,
        } });
        self.write("POST", "/incidents", &incident, 201).await.text("id")
    }

    /// Sends a request below the page, and expects a status code.
    async fn write(&self, method: &str, path: &str, body: &Value, status: u16) -> Answer {
        let path = format!("{}{path}", self.page);
        let answer = self.fixture.send(Role::Admin, method, &path, "", &body.to_string()).await;
        assert_eq!(answer.status, status, "{method} {path} {body}: {answer:?}");
        answer
    }

    async fn read(&self, path: &str) -> Answer {
        let path = format!("{}{path}", self.page);
        let answer = self.fixture.get(&path).await;
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        answer
    }

    /// The documents that visitors get, once they show everything.
    async fn published(&self) -> Vec<(String, Value)> {
        let documents = captured(PUBLIC)["documents"].as_object().expect("an object").clone();
        let mut all = Vec::new();
        for (path, _) in documents {
            // Each shows the last thing that was written, as soon as one of them does.
            self.fixture.shows("/status/main/api/v2/scheduled-maintenances/upcoming.json", "Later").await;
            let answer = self.fixture.get(&format!("/status/main/api/v2/{path}")).await;
            assert_eq!(answer.status, 200, "{path}: {answer:?}");
            all.push((path, answer.body));
        }
        all
    }
}

//! The public documents beside objects of real pages.

use super::{Filled, PUBLIC, captured, is};
use serde_json::{Map, Value};

/// The members that are null on some real page, whatever they are in the capture.
const NULL_AT_TIMES: &[&str] =
    &["description", "start_date", "group_id", "monitoring_at", "resolved_at", "custom_tweet", "tweet_id"];

/// Collects what a client of real pages could not decode.
struct Comparison {
    captures: Map<String, Value>,
    wrong: Vec<String>,
}

impl Comparison {
    /// Every member of the capture is there, with the same type.
    fn object(&mut self, capture: &str, at: &str, ours: &Value) {
        for (member, theirs) in self.captures[capture].as_object().expect("an object").clone() {
            match ours.get(&member) {
                None => self.wrong.push(format!("{at}: {member} is missing")),
                Some(value) if fits(&member, &theirs, value) => {}
                Some(value) => self.wrong.push(format!("{at}: {member} is {value} instead of {theirs}")),
            }
        }
    }

    fn component(&mut self, at: &str, ours: &Value) {
        self.object("component", at, ours);
        // Only a group has the list.
        if ours["group"] == true {
            self.object("group", at, ours);
        } else if ours.get("components").is_some() {
            self.wrong.push(format!("{at}: components of a component that is no group"));
        }
    }

    fn incident(&mut self, at: &str, ours: &Value) {
        self.object("incident", at, ours);
        if ours["impact"] == "maintenance" {
            self.object("maintenance", at, ours);
        } else if ours.get("scheduled_for").is_some() {
            self.wrong.push(format!("{at}: an incident with the times of a maintenance"));
        }
        let (updates, components) = (list(&ours["incident_updates"]), list(&ours["components"]));
        if updates.is_empty() || components.is_empty() {
            self.wrong.push(format!("{at}: neither its updates nor its components may be missing"));
        }
        let newest_first = |pair: &[Value]| pair[0]["display_at"].as_str() >= pair[1]["display_at"].as_str();
        if !updates.windows(2).all(newest_first) {
            self.wrong.push(format!("{at}: its updates are not newest first"));
        }
        for update in updates {
            self.object("incident_update", at, &update);
            match update.get("affected_components") {
                Some(Value::Null) => {}
                Some(Value::Array(affected)) if !affected.is_empty() => {
                    affected.iter().for_each(|one| self.object("affected_component", at, one));
                }
                other => self.wrong.push(format!("{at}: affected_components is {other:?}")),
            }
        }
        components.iter().for_each(|one| self.component(at, one));
    }
}

/// Null where the capture has a text only if real pages have null there, too; an id stays an id and a time a time.
fn fits(member: &str, theirs: &Value, ours: &Value) -> bool {
    if ours.is_null() {
        return theirs.is_null() || NULL_AT_TIMES.contains(&member);
    }
    match theirs {
        Value::Null => is("time", ours) || is("date", ours) || is("id", ours) || ours.is_string(),
        Value::String(_) if is("id", theirs) && (member.ends_with("id") || member == "code") => {
            is("id", ours)
        }
        Value::String(_) if is("time", theirs) => is("time", ours),
        Value::String(_) => ours.is_string(),
        Value::Bool(_) => ours.is_boolean(),
        Value::Number(_) => is("integer", ours),
        Value::Array(_) => list(ours).iter().all(|one| is("id", one)) && ours.is_array(),
        Value::Object(_) => ours.is_object(),
    }
}

fn list(value: &Value) -> Vec<Value> {
    value.as_array().cloned().unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn public_documents_have_what_captures_of_real_pages_have() {
    let filled = Filled::new().await;
    let documents = filled.published().await;
    let mut comparison = Comparison { captures: captured(PUBLIC), wrong: Vec::new() };
    let members = comparison.captures["documents"].clone();
    for (path, document) in &documents {
        for member in list(&members[path]) {
            let member = member.as_str().expect("a name");
            let value = document.get(member).unwrap_or_else(|| panic!("{path} has no {member}"));
            match member {
                "page" | "status" => comparison.object(member, path, value),
                "components" => list(value).iter().for_each(|one| comparison.component(path, one)),
                "incidents" | "scheduled_maintenances" => {
                    assert!(!list(value).is_empty(), "{path} is empty, so it shows nothing");
                    list(value).iter().for_each(|one| comparison.incident(path, one));
                }
                other => panic!("nothing is known of {other}"),
            }
        }
    }
    assert!(comparison.wrong.is_empty(), "{}", comparison.wrong.join("\n"));
    let named = |path: &str, list: &str| -> Vec<String> {
        let (_, document) = documents.iter().find(|(known, _)| known == path).expect("published");
        let names = document[list].as_array().expect("a list").iter();
        names.map(|one| one["name"].as_str().expect("a name").to_owned()).collect()
    };
    assert_eq!(named("summary.json", "incidents"), ["Cards declined"], "those that last");
    assert_eq!(named("summary.json", "scheduled_maintenances"), ["Later", "Now"], "those that are not over");
    assert_eq!(named("incidents.json", "incidents"), ["Cards declined", "Slow mail"]);
    assert_eq!(named("scheduled-maintenances/active.json", "scheduled_maintenances"), ["Now"]);
    let (_, incidents) = documents.iter().find(|(path, _)| path == "incidents.json").expect("published");
    let first = list(&incidents["incidents"][0]["incident_updates"]).pop().expect("the first update");
    let affected = &first["affected_components"][0];
    assert_eq!(
        (affected["name"].as_str(), affected["code"].as_str()),
        (Some("Shop - Cards"), Some(filled.cards.as_str())),
        "a component of a group is named with it"
    );
    filled.fixture.stop();
}

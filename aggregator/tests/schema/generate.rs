//! Generates JSON Schema (draft 7, which TOML editors support) from what the readers know.

use crate::reference::{self, row};
use crate::{path, text};
use serde_json::{Map, Value, json};
use skerry_protocol::check::{Kind, MAX_LABELS};
use skerry_protocol::strict::{Form, Scalar, Shape};
use std::collections::{BTreeMap, BTreeSet};

type Keys = BTreeMap<(String, String), Shape>;
type Reader = fn(&str) -> Keys;

/// A kind of configuration file.
pub(crate) struct Source {
    /// The schema's own file.
    pub(crate) file: &'static str,
    title: &'static str,
    every_key: &'static str,
    reader: Reader,
    /// What the reference calls the top.
    top: &'static str,
    /// The only keys of the top; empty: all.
    only: &'static [&'static str],
    /// Types of checks that are refused there.
    refused: &'static [&'static str],
}

/// Keys that are required unless the agent was enrolled, which a schema cannot know.
const AS_ENROLLED: [(&str, &str); 2] = [("agent", "location"), ("aggregator", "url")];

pub(crate) const SOURCES: [Source; 3] = [
    Source {
        file: "docs/schema/aggregator.json",
        title: "The configuration of skerry-aggregator",
        every_key: skerry_aggregator::config::EVERY_KEY,
        reader: skerry_aggregator::config::known_keys,
        top: "top",
        only: &[],
        refused: &["exec"],
    },
    Source {
        file: "docs/schema/agent.json",
        title: "The configuration of skerry-agent: agent.toml",
        every_key: skerry_agent::config::EVERY_KEY,
        reader: skerry_agent::config::known_keys,
        top: "top of agent.toml",
        only: &[],
        refused: &["heartbeat"],
    },
    Source {
        file: "docs/schema/checks.json",
        title: "Checks of skerry-agent: checks.d/*.toml",
        every_key: skerry_agent::config::EVERY_KEY,
        reader: skerry_agent::config::known_keys,
        top: "top of agent.toml",
        only: &["check"],
        refused: &["heartbeat"],
    },
];

/// Alternatives that the readers distinguish themselves and therefore do not record.
fn alternatives(section: &str, key: &str) -> Option<Value> {
    let strings = json!({ "type": "object", "additionalProperties": { "type": "string" } });
    let labels = json!({
        "type": "object",
        "maxProperties": MAX_LABELS,
        "propertyNames": { "pattern": "^[A-Za-z_][0-9A-Za-z_]*$", "maxLength": 100 },
        "additionalProperties": { "type": "string", "minLength": 1, "maxLength": 100 },
    });
    let code = json!({ "anyOf": [
        { "type": "integer", "minimum": 100, "maximum": 599 },
        { "type": "string", "pattern": "^[1-5][0-9]{2}( *- *[1-5][0-9]{2})?$" },
    ]});
    Some(match (section, key) {
        ("check", "headers" | "response_headers" | "environment")
        | ("purge.http", "headers")
        | ("receiver", "headers" | "header_files" | "settings" | "secret_files")
        | ("mail", "delivery_headers") => strings,
        ("check" | "route", "labels") => labels,
        ("route", "severities") => some_of(&["low", "medium", "high", "critical"]),
        ("route", "about") => some_of(&["problems", "drafts", "updates_due", "deliveries", "clock"]),
        ("route", "receivers") => json!({ "type": "array", "minItems": 1, "items": { "type": "string" } }),
        ("route", "repeat") => json!({ "anyOf": [
            { "const": 0 },
            { "type": "string", "pattern": "^[0-9]+(ms|s|m|h|d)$" },
        ]}),
        (section, "labels") if section.ends_with("component.checks") => {
            let mut labels = labels;
            labels["minProperties"] = json!(1);
            labels
        }
        ("check", "command") => json!({ "type": "array", "minItems": 1, "items": { "type": "string" } }),
        ("check", "status") => json!({ "anyOf": [code, { "type": "array", "minItems": 1, "items": code }] }),
        ("check", "quorum") => json!({ "anyOf": [
            { "enum": ["majority", "any", "all"] },
            { "type": "integer", "minimum": 1, "maximum": 1_000 },
        ]}),
        ("check.json", "equals") => json!({ "type": ["string", "number", "boolean"] }),
        ("check.json", "matches") => json!({ "type": "string" }),
        ("check", "expect") => json!({ "type": "string" }),
        ("check", "body_matches")
        | ("self_test", "references")
        | ("aggregator", "further_urls")
        | ("listen", "allowed_hosts" | "trusted_proxies")
        | ("page", "networks")
        | ("mail.bounces.provider", "kind" | "return_path" | "message_id" | "id" | "status" | "diagnostic")
        | ("mail.bounces.provider.event", "kinds") => {
            json!({ "type": "array", "items": { "type": "string" } })
        }
        ("listen", "serves") => json!({
            "type": "array", "minItems": 1, "items": { "enum": ["public", "agents", "hooks", "api", "admin"] },
        }),
        _ => return None,
    })
}

fn some_of(names: &[&str]) -> Value {
    json!({ "type": "array", "minItems": 1, "items": { "enum": names } })
}

impl Source {
    pub(crate) fn every_key(&self) -> &'static str {
        self.every_key
    }

    /// The keys that the reader looks up in `text`.
    fn keys(&self, text: &str) -> Keys {
        let mut keys = (self.reader)(text);
        for (section, key) in AS_ENROLLED {
            if let Some(shape) = keys.get_mut(&(section.to_owned(), key.to_owned())) {
                shape.required = false;
            }
        }
        keys
    }

    pub(crate) fn schema(&self) -> Value {
        let keys = self.keys(self.every_key);
        let mut schema = Map::new();
        schema.insert("$schema".to_owned(), json!("http://json-schema.org/draft-07/schema#"));
        schema.insert("title".to_owned(), json!(self.title));
        let mut top = self.section(&keys, "");
        let named = |name: &str| self.only.is_empty() || self.only.contains(&name);
        if let Some(properties) = top["properties"].as_object_mut() {
            properties.retain(|name, _| named(name));
        }
        schema.extend(top.as_object().cloned().unwrap_or_default());
        Value::Object(schema)
    }

    fn section(&self, keys: &Keys, section: &str) -> Value {
        let here: Vec<_> = keys.iter().filter(|((of, _), _)| of == section).collect();
        let mut properties = Map::new();
        for ((_, key), shape) in &here {
            properties.insert(key.clone(), self.value(keys, section, key, shape));
        }
        let mut object = json!({ "type": "object", "additionalProperties": false, "properties": properties });
        let types = self.types();
        if section == "check" {
            object["properties"]["type"]["enum"] = json!(types.keys().collect::<Vec<_>>());
            object["required"] = json!(["name", "type"]);
            object["allOf"] = types.into_iter().map(|(kind, asked)| self.of_type(&kind, &asked)).collect();
            return object;
        }
        let required = required(here.iter().map(|((_, key), shape)| (key, *shape)));
        if !required.is_empty() {
            object["required"] = json!(required);
        }
        object
    }

    fn value(&self, keys: &Keys, section: &str, key: &str, shape: &Shape) -> Value {
        let within = if section.is_empty() { key.to_owned() } else { format!("{section}.{key}") };
        let table = keys.keys().any(|(of, _)| *of == within);
        let mut value = match alternatives(section, key) {
            Some(value) => value,
            None if within.ends_with("component.checks") => links_or_labels(&self.section(keys, &within)),
            None if table && matches!(shape.form, Form::Tables | Form::List) => {
                json!({ "type": "array", "items": self.section(keys, &within) })
            }
            None if table => self.section(keys, &within),
            None => plain(shape),
        };
        if let Some(row) = row(self.top, section, key, "") {
            value["description"] = json!(row.meaning.replace('`', ""));
        }
        if let Some(default) = &shape.default {
            value["default"] = match default {
                Scalar::String(text) => json!(text),
                Scalar::Integer(number) => json!(number),
                Scalar::Float(number) => json!(number),
                Scalar::Boolean(value) => json!(value),
            };
        }
        value
    }

    /// The keys of a `[[check]]` of each type.
    pub(crate) fn types(&self) -> BTreeMap<String, Keys> {
        let alone = |chunk: &str| {
            let check: toml::Table = toml::from_str(chunk).ok()?;
            let kind = check.get("check")?.get(0)?.get("type")?.as_str()?.to_owned();
            Some((kind, self.keys(chunk)))
        };
        let chunks = self.every_key.split("\n[[").filter(|chunk| chunk.starts_with("check]]"));
        chunks.filter_map(|chunk| alone(&format!("[[{chunk}"))).collect()
    }

    fn of_type(&self, kind: &str, asked: &Keys) -> Value {
        let here: Vec<_> =
            asked.iter().filter(|((of, _), shape)| of == "check" && !shape.meaningless).collect();
        let names: BTreeSet<&String> = here.iter().map(|((_, key), _)| key).collect();
        json!({
            "if": { "properties": { "type": { "const": kind } }, "required": ["type"] },
            "then": {
                "propertyNames": { "enum": names },
                "required": required(here.iter().map(|((_, key), shape)| (key, *shape))),
            },
        })
    }
}

/// Checks of a component: a list of names and links, or labels. `all` has the keys of links and of labels.
fn links_or_labels(all: &Value) -> Value {
    let with = |key: &str| {
        let mut table = all.clone();
        if let Some(properties) = table["properties"].as_object_mut() {
            properties.retain(|name, _| name == key || name == "weight");
        }
        table["required"] = json!([key]);
        table
    };
    let links = json!({ "type": "array", "items": { "anyOf": [{ "type": "string" }, with("name")] } });
    json!({ "anyOf": [links, with("labels")] })
}

fn required<'a>(keys: impl Iterator<Item = (&'a String, &'a Shape)>) -> Vec<&'a String> {
    keys.filter(|(_, shape)| shape.required).map(|(key, _)| key).collect()
}

fn plain(shape: &Shape) -> Value {
    match &shape.form {
        Form::Any => json!({}),
        Form::String => match shape.longest {
            Some(longest) => json!({ "type": "string", "minLength": 1, "maxLength": longest }),
            None => json!({ "type": "string", "minLength": 1 }),
        },
        Form::Text => json!({ "type": "string" }),
        Form::Integer { low, high } => json!({ "type": "integer", "minimum": low, "maximum": high }),
        Form::Number => json!({ "type": "number" }),
        Form::Boolean => json!({ "type": "boolean" }),
        Form::Duration => json!({ "type": "string", "pattern": "^[0-9]+(ms|s|m|h|d)$" }),
        Form::Date => json!({ "type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$" }),
        Form::Choice(names) => json!({ "enum": names }),
        Form::Strings => json!({ "type": "array", "items": { "type": "string", "minLength": 1 } }),
        Form::List | Form::Tables => json!({ "type": "array" }),
        Form::Table => json!({ "type": "object" }),
    }
}

#[test]
fn every_key_toml_has_every_type_of_check() {
    for source in &SOURCES {
        let types: BTreeSet<String> = source.types().into_keys().collect();
        let here = Kind::NAMES.iter().filter(|name| !source.refused.contains(name));
        let names: BTreeSet<String> = here.map(ToString::to_string).collect();
        assert_eq!(types, names, "{}", source.file);
    }
}

/// An outdated schema is written to the build folder, from where it can be copied.
#[test]
fn the_schemas_match_the_readers() {
    let mut stale = Vec::new();
    for source in &SOURCES {
        let current = format!("{:#}\n", source.schema());
        if text(source.file) != current {
            let made = path("target").join(source.file);
            std::fs::create_dir_all(made.parent().expect("a folder")).expect("a folder");
            std::fs::write(&made, current).expect("written");
            stale.push(format!("cp target/{0} {0}", source.file));
        }
    }
    assert!(stale.is_empty(), "not current; read the difference, then\n{}", stale.join("\n"));
}

#[test]
fn the_reference_matches_the_readers() {
    let mut wrong = Vec::new();
    let mut look = |top: &str, kind: &str, section: &str, key: &str, shape: &Shape| {
        let place = format!("{section}.{key} {kind}");
        match row(top, section, key, kind) {
            Some(row) => {
                let differ = reference::differences(&row, shape);
                wrong.extend(differ.into_iter().map(|what| format!("{place}: {what}")));
            }
            None => wrong.push(format!("{place}: the reference has no row of four cells")),
        }
    };
    for source in &SOURCES {
        for ((section, key), shape) in source.keys(source.every_key) {
            // Types of checks have keys of the same name with different rules, so each type is compared separately.
            if section != "check" {
                look(source.top, "", &section, &key, &shape);
            }
        }
        for (kind, asked) in source.types() {
            for ((section, key), shape) in asked.iter().filter(|((section, _), _)| section == "check") {
                look(source.top, &kind, section, key, shape);
            }
        }
    }
    wrong.sort();
    wrong.dedup();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

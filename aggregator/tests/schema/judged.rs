//! The schemas accept and reject files as the readers do, so that an editor shows mistakes. The validator here knows only
//! the keywords of draft 7 that our schemas use: a complete one would add 30 crates and a feature of serde_json to every
//! build.

use crate::generate::SOURCES;
use crate::text;
use serde_json::{Value, json};

fn schema(file: &str) -> Value {
    SOURCES.iter().find(|source| source.file == file).expect("one of them").schema()
}

/// TOML as editors pass it to a schema: dates are strings.
fn value(toml: toml::Value) -> Value {
    match toml {
        toml::Value::String(text) => json!(text),
        toml::Value::Integer(number) => json!(number),
        toml::Value::Float(number) => json!(number),
        toml::Value::Boolean(value) => json!(value),
        toml::Value::Datetime(date) => json!(date.to_string()),
        toml::Value::Array(items) => items.into_iter().map(value).collect(),
        toml::Value::Table(table) => {
            Value::Object(table.into_iter().map(|(key, item)| (key, value(item))).collect())
        }
    }
}

/// Collects the violations of an instance.
fn against(schema: &Value, instance: &Value, place: &str, errors: &mut Vec<String>) {
    let mut must = |holds: bool, what: &str| {
        if !holds {
            errors.push(format!("{place}: {what}"));
        }
    };
    let number = |key: &str| schema[key].as_i64();
    for (word, value) in schema.as_object().expect("a schema is an object") {
        match word.as_str() {
            "$schema" | "title" | "description" | "default" | "then" | "additionalProperties" => {}
            "type" => {
                let names: Vec<&Value> =
                    value.as_array().map_or_else(|| vec![value], |names| names.iter().collect());
                must(names.iter().any(|name| is(instance, name)), &format!("not of type {value}"));
            }
            "enum" => {
                must(value.as_array().is_some_and(|all| all.contains(instance)), &format!("none of {value}"));
            }
            "const" => must(instance == value, &format!("not {value}")),
            "minimum" => must(instance.as_i64().is_none_or(|n| Some(n) >= number(word)), "too small"),
            "maximum" => must(instance.as_i64().is_none_or(|n| Some(n) <= number(word)), "too large"),
            "minLength" => must(instance.as_str() != Some(""), "empty"),
            "maxLength" => {
                let length = instance.as_str().and_then(|text| i64::try_from(text.chars().count()).ok());
                must(length.is_none_or(|length| Some(length) <= number(word)), "too long");
            }
            "minItems" => must(instance.as_array().is_none_or(|all| !all.is_empty()), "no elements"),
            "minProperties" => must(instance.as_object().is_none_or(|all| !all.is_empty()), "no keys"),
            "maxProperties" => {
                let most = value.as_u64().expect("a number") as usize;
                must(instance.as_object().is_none_or(|all| all.len() <= most), &format!("more than {most}"));
            }
            "pattern" => {
                let pattern = regex::Regex::new(value.as_str().expect("a pattern")).expect("a pattern");
                must(
                    instance.as_str().is_none_or(|text| pattern.is_match(text)),
                    &format!("not like {value}"),
                );
            }
            "required" => {
                let missing = value.as_array().into_iter().flatten().filter_map(Value::as_str);
                for name in missing.filter(|name| instance.get(name).is_none()) {
                    must(false, &format!("{name} is missing"));
                }
            }
            "propertyNames" => {
                for name in instance.as_object().into_iter().flatten().map(|(name, _)| name) {
                    must(passes(value, &json!(name)), &format!("{name} is no key of this type"));
                }
            }
            "properties" | "items" | "anyOf" | "allOf" | "if" => {}
            other => panic!("the schema uses {other}, which this judge does not know"),
        }
    }
    within(schema, instance, place, errors);
}

/// Applies the schemas inside a schema.
fn within(schema: &Value, instance: &Value, place: &str, errors: &mut Vec<String>) {
    for (name, value) in instance.as_object().into_iter().flatten() {
        let place = format!("{place}/{name}");
        match (schema["properties"].get(name), schema.get("additionalProperties")) {
            (Some(inner), _) => against(inner, value, &place, errors),
            (None, Some(Value::Bool(false))) => errors.push(format!("{place}: unknown")),
            (None, Some(inner)) => against(inner, value, &place, errors),
            (None, None) => {}
        }
    }
    if let Some(items) = schema.get("items") {
        for (index, item) in instance.as_array().into_iter().flatten().enumerate() {
            against(items, item, &format!("{place}/{index}"), errors);
        }
    }
    if let Some(any) = schema.get("anyOf").and_then(Value::as_array)
        && !any.iter().any(|one| passes(one, instance))
    {
        errors.push(format!("{place}: none of several forms"));
    }
    for one in schema.get("allOf").and_then(Value::as_array).into_iter().flatten() {
        against(one, instance, place, errors);
    }
    if let (Some(condition), Some(then)) = (schema.get("if"), schema.get("then"))
        && passes(condition, instance)
    {
        against(then, instance, place, errors);
    }
}

fn passes(schema: &Value, instance: &Value) -> bool {
    let mut errors = Vec::new();
    against(schema, instance, "", &mut errors);
    errors.is_empty()
}

fn is(instance: &Value, name: &Value) -> bool {
    match name.as_str() {
        Some("object") => instance.is_object(),
        Some("array") => instance.is_array(),
        Some("string") => instance.is_string(),
        Some("boolean") => instance.is_boolean(),
        Some("integer") => instance.is_i64(),
        Some("number") => instance.is_number(),
        _ => false,
    }
}

fn errors(schema: &Value, text: &str) -> Vec<String> {
    let table: toml::Table = toml::from_str(text).expect("TOML");
    let mut errors = Vec::new();
    against(schema, &value(toml::Value::Table(table)), "", &mut errors);
    errors
}

#[test]
fn valid_files_pass() {
    let aggregator = schema("docs/schema/aggregator.json");
    assert_eq!(errors(&aggregator, &text("config.toml")), Vec::<String>::new());
    let whole = "
        workspace = \"shop\"
        [[check]]
        name = \"web\"
        type = \"http\"
        url = \"https://example.com/\"
        status = [200, \"300-399\"]
        labels = { team = \"web\" }
        json = [{ path = \"$.status\", equals = true }]
        quorum = 2
        [[page]]
        key = \"main\"
        name = \"Main\"
        [[page.component]]
        key = \"web\"
        name = \"Web\"
        start_date = 2026-01-31
        checks = [\"web\", { name = \"other\", weight = \"minor\" }]";
    assert_eq!(errors(&aggregator, whole), Vec::<String>::new());
    let agent = "
        [agent]
        location = \"here\"
        [aggregator]
        url = \"https://skerry.example.com\"
        [self_test]
        references = [\"192.0.2.1:443\"]";
    assert_eq!(errors(&schema("docs/schema/agent.json"), agent), Vec::<String>::new());
    let checks = "[[check]]\nname = \"web\"\ntype = \"http\"\nurl = \"https://example.com/\"\n";
    assert_eq!(errors(&schema("docs/schema/checks.json"), checks), Vec::<String>::new());
}

#[test]
fn common_mistakes_are_violations() {
    let check = "[[check]]\nname = \"web\"\ntype = \"http\"\nurl = \"https://example.com/\"\n";
    let table = [
        ("an unknown key", "checks.json", format!("{check}intervall = \"30s\"\n")),
        ("a key that is missing", "checks.json", check.replace("url = \"https://example.com/\"\n", "")),
        ("an unknown type", "checks.json", check.replace("http\"\n", "htpp\"\n")),
        ("not a duration", "checks.json", format!("{check}interval = \"30 s\"\n")),
        ("a number that is too large", "checks.json", format!("{check}redirects = 21\n")),
        ("an unknown word", "checks.json", format!("{check}severity = \"worst\"\n")),
        ("a string for a number", "checks.json", format!("{check}fall = \"3\"\n")),
        ("an agent's section among checks", "checks.json", format!("{check}[agent]\nlocation = \"here\"\n")),
        ("the aggregator's key at an agent", "checks.json", format!("{check}quorum = \"all\"\n")),
        ("a type that agents refuse", "agent.json", check.replace("\"http\"", "\"heartbeat\"")),
        (
            "a shell line",
            "agent.json",
            "[[check]]\nname = \"a\"\ntype = \"exec\"\ncommand = \"/bin/a b\"\n".to_owned(),
        ),
        (
            "an unknown room",
            "aggregator.json",
            "[[listen]]\naddress = \"127.0.0.1:1\"\nserves = [\"all\"]\n".to_owned(),
        ),
        (
            "a key of runs for a heartbeat",
            "aggregator.json",
            "[[check]]\nname = \"a\"\ntype = \"heartbeat\"\nperiod = \"1d\"\nquorum = 2\n".to_owned(),
        ),
        ("a page without its key", "aggregator.json", "[[page]]\nname = \"Main\"\n".to_owned()),
    ];
    for (what, file, toml) in table {
        let errors = errors(&schema(&format!("docs/schema/{file}")), &toml);
        assert!(!errors.is_empty(), "{what} passes");
    }
}

#[test]
fn every_key_passes_except_for_missing_values() {
    for source in &SOURCES[..2] {
        for error in errors(&schema(source.file), source.every_key()) {
            assert!(error.contains("is missing"), "{}: {error}", source.file);
        }
    }
}

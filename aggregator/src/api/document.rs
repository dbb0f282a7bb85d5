//! The body and the query of a request: JSON, or a form in the nesting of Rails, such as `incident[name]=…`. Fields are
//! read leniently where clients differ (`"t"` is true), and strictly where a wrong value could be taken for another.

use super::refusal::Refusal;
use serde_json::{Map, Value};
use skerry_domain::time::Timestamp;
use skerry_protocol::strict::nearest;
use skerry_protocol::words::short_line;
use std::cell::RefCell;
use std::collections::BTreeSet;

/// The most unknown members that a refusal names, and the most characters of each.
const NAMED: usize = 10;
const LONGEST_NAME: usize = 60;

/// The members of a request.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Document(Map<String, Value>);

/// Nesting of forms; what is deeper is taken literally, and so is no member that anybody reads.
const DEPTH: usize = 5;

/// The most errors of a request that are listed.
const LISTED: usize = 10;

/// Reads a query.
///
/// # Errors
/// 400.
pub(super) fn query(text: &str) -> Result<Document, Refusal> {
    form(text.as_bytes()).map_err(|why| Refusal::new(400, format!("the query cannot be read: {why}")))
}

/// Reads a body. JSON may come without a `Content-Type`, and a request without a body with any.
///
/// # Errors
/// 400.
pub(super) fn body(content_type: Option<&str>, bytes: &[u8]) -> Result<Document, Refusal> {
    let text = bytes.trim_ascii();
    if text.is_empty() {
        return Ok(Document::default());
    }
    let declared = content_type.is_some_and(|kind| kind.to_ascii_lowercase().contains("json"));
    if declared || text.starts_with(b"{") {
        let wrong =
            |why: &dyn std::fmt::Display| Refusal::new(400, format!("the body is no JSON object: {why}"));
        return match serde_json::from_slice(text) {
            Ok(Value::Object(members)) => Ok(Document(members)),
            Ok(other) => Err(wrong(&format!("it is {}", kind_of(&other)))),
            Err(error) => Err(wrong(&error)),
        };
    }
    form(text).map_err(|why| Refusal::new(400, format!("the body is neither JSON nor a form: {why}")))
}

fn form(text: &[u8]) -> Result<Document, String> {
    let config = serde_qs::Config::new().max_depth(DEPTH).use_form_encoding(true);
    config.deserialize_bytes(text).map(Document).map_err(|error| error.to_string())
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

impl Document {
    /// All of it as JSON.
    pub(super) fn json(&self) -> Value {
        Value::Object(self.0.clone())
    }

    /// The members below `root`, or all of them if the request has no envelope.
    pub(super) fn within(&self, root: &'static str) -> Fields<'_> {
        let members = match self.0.get(root) {
            Some(Value::Object(members)) => members,
            _ => &self.0,
        };
        Fields { root: Some(root), ..Fields::of(members) }
    }

    /// All members.
    pub(super) fn fields(&self) -> Fields<'_> {
        Fields::of(&self.0)
    }
}

/// Reads members and collects what is wrong with them, so that a client learns everything at once.
pub(super) struct Fields<'a> {
    members: &'a Map<String, Value>,
    /// The name of their envelope.
    root: Option<&'static str>,
    /// The members that were asked for.
    asked: RefCell<BTreeSet<String>>,
    wrong: Vec<String>,
    /// How many further ones are wrong.
    more: usize,
}

impl<'a> Fields<'a> {
    fn of(members: &'a Map<String, Value>) -> Self {
        Self { members, root: None, asked: RefCell::default(), wrong: Vec::new(), more: 0 }
    }

    /// Refuses a change in which nothing was found that anybody asked for: a name that is misspelt must not pass for a
    /// change that was made. Beside known members others are left alone, as Statuspage does. `unused` are known, too.
    pub(super) fn must_change_something(&mut self, unused: &[&str]) {
        let asked = self.asked.borrow();
        let known = || asked.iter().map(String::as_str).chain(unused.iter().copied());
        if !self.wrong.is_empty() || self.members.keys().any(|name| known().any(|known| known == name)) {
            return;
        }
        let all = || asked.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
        let wrong = |name: &String| {
            let shown = short_line(name, LONGEST_NAME);
            if self.root.is_some_and(|root| root == name) {
                return format!(
                    "{name} is no object: send JSON such as {{\"{name}\": {{…}}}}, or a form such as {name}[…]=…"
                );
            }
            match nearest(&shown, known().chain(self.root)) {
                Some(near) => format!("there is no {shown:?} here: did you mean {near:?}?"),
                None => format!("there is no {shown:?} here; there are {}", all()),
            }
        };
        let mut refused: Vec<String> = self.members.keys().take(NAMED).map(wrong).collect();
        if refused.is_empty() {
            refused.push(format!("there is nothing to change: send one of {}", all()));
        }
        drop(asked);
        self.wrong.extend(refused);
    }

    /// Ends the reading.
    ///
    /// # Errors
    /// 422 with everything that was wrong, as far as it is listed.
    pub(super) fn finish(self) -> Result<(), Refusal> {
        let Self { mut wrong, more, .. } = self;
        if more > 0 {
            wrong.push(format!("and {more} more"));
        }
        if wrong.is_empty() { Ok(()) } else { Err(Refusal::all(422, wrong)) }
    }

    /// Refuses every member but these, which are those of our own interface: a name that is misspelt must not count as
    /// missing.
    pub(super) fn only(&mut self, known: &[&str]) {
        for name in self.members.keys().filter(|name| !known.contains(&name.as_str())) {
            self.refuse_with(|| format!("there is no {name:?} here; there are {}", known.join(", ")));
        }
    }

    /// Notes what is wrong, apart from the members themselves.
    pub(super) fn refuse(&mut self, message: impl Into<String>) {
        self.refuse_with(|| message.into());
    }

    fn refuse_with(&mut self, message: impl FnOnce() -> String) {
        if self.wrong.len() < LISTED { self.wrong.push(message()) } else { self.more += 1 }
    }

    /// A member, unless it is missing or null.
    pub(super) fn value(&self, name: &str) -> Option<&'a Value> {
        self.asked.borrow_mut().insert(name.to_owned());
        self.members.get(name).filter(|value| !value.is_null())
    }

    /// Whether the member is there, as null too.
    pub(super) fn has(&self, name: &str) -> bool {
        self.asked.borrow_mut().insert(name.to_owned());
        self.members.contains_key(name)
    }

    /// An object, whose members are read on their own.
    pub(super) fn object(&mut self, name: &str) -> Option<Fields<'a>> {
        let value = self.value(name)?;
        match value {
            Value::Object(members) => Some(Fields::of(members)),
            other => self.not(name, "an object", other),
        }
    }

    /// Text; a number counts as its digits.
    pub(super) fn text(&mut self, name: &str) -> Option<String> {
        match self.value(name)? {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            other => self.not(name, "text", other),
        }
    }

    /// Text that says something: blank text counts as missing.
    pub(super) fn words(&mut self, name: &str) -> Option<String> {
        self.text(name).filter(|text| !text.trim().is_empty())
    }

    /// `true`, `"true"`, `"t"`, `"1"`, and their opposites.
    pub(super) fn boolean(&mut self, name: &str) -> Option<bool> {
        let value = self.value(name)?;
        let written = match value {
            Value::Bool(value) => return Some(*value),
            Value::String(text) => text.to_ascii_lowercase(),
            other => other.to_string(),
        };
        match written.as_str() {
            "true" | "t" | "1" | "yes" => Some(true),
            "false" | "f" | "0" | "no" => Some(false),
            "" => None,
            _ => self.not(name, "true or false", value),
        }
    }

    /// A whole number that is not negative.
    pub(super) fn number(&mut self, name: &str) -> Option<u64> {
        let value = self.value(name)?;
        let number = match value {
            Value::Number(number) => number.as_u64(),
            Value::String(text) => text.parse().ok(),
            _ => None,
        };
        number.or_else(|| self.not(name, "a whole number", value))
    }

    /// A value that `read` knows; `known` lists all that are allowed.
    pub(super) fn choice<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(&str) -> Option<T>,
        known: &[&str],
    ) -> Option<T> {
        let text = self.words(name)?;
        let found = read(&text);
        if found.is_none() {
            self.refuse(format!("{name} {text:?} is not one of {}", known.join(", ")));
        }
        found
    }

    /// An instant by RFC 3339.
    pub(super) fn instant(&mut self, name: &str) -> Option<Timestamp> {
        let text = self.words(name)?;
        let at = text.parse::<jiff::Timestamp>().ok();
        if at.is_none() {
            self.refuse(if text.parse::<jiff::civil::DateTime>().is_ok() {
                format!("{name} {text:?} says no time zone: add Z, or such as +01:00")
            } else {
                format!("{name} {text:?} is no time: write it such as 2026-11-30T14:00:00Z")
            });
        }
        at.map(|at| Timestamp(at.as_millisecond()))
    }

    /// A list of texts; one text counts as a list of it.
    pub(super) fn list(&mut self, name: &str) -> Option<Vec<String>> {
        let text = |value: &Value| match value {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            // As a client read it.
            Value::Object(members) => members.get("id").and_then(Value::as_str).map(str::to_owned),
            _ => None,
        };
        let value = self.value(name)?;
        let list = match value {
            Value::Array(values) => values.iter().map(text).collect(),
            Value::String(_) => text(value).map(|text| vec![text]),
            _ => None,
        };
        list.or_else(|| self.not(name, "a list of texts", value))
    }

    /// An object of texts.
    pub(super) fn map(&mut self, name: &str) -> Option<Vec<(String, String)>> {
        let value = self.value(name)?;
        let pair = |(key, value): (&String, &Value)| Some((key.clone(), value.as_str()?.to_owned()));
        let map = value.as_object().and_then(|members| members.iter().map(pair).collect());
        map.or_else(|| self.not(name, "an object of texts", value))
    }

    fn not<T>(&mut self, name: &str, wanted: &str, found: &Value) -> Option<T> {
        self.refuse(format!("{name} is not {wanted} but {}", kind_of(found)));
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_and_forms_say_the_same() {
        let json = br#"{"incident": {"name": "Slow", "components": {"abc": "major_outage"}, "component_ids": ["abc"]}}"#;
        let form =
            b"incident[name]=Slow&incident[components][abc]=major_outage&incident[component_ids][]=abc";
        let of_json = body(None, json).expect("readable");
        for kind in [Some("application/x-www-form-urlencoded"), None] {
            assert_eq!(body(kind, form).expect("readable"), of_json, "{kind:?}");
        }
        assert_eq!(body(Some("application/json; charset=utf-8"), json).expect("readable"), of_json);
        let escaped = body(None, b"incident%5Bname%5D=Slow+down%21").expect("readable");
        assert_eq!(escaped.within("incident").text("name").as_deref(), Some("Slow down!"));
        assert_eq!(body(Some("application/json"), b" ").expect("no body"), Document::default());
        for (kind, wrong) in
            [(Some("application/json"), "[1]"), (None, "{"), (Some("application/json"), "name=1")]
        {
            assert_eq!(body(kind, wrong.as_bytes()).expect_err("unreadable").status, 400, "{wrong}");
        }
    }

    #[test]
    fn a_flood_of_errors_is_ten_and_their_number() {
        let document = body(None, b"{}").expect("readable");
        let mut fields = document.fields();
        (0..12_345).for_each(|number| fields.refuse(format!("no {number}")));
        let messages = fields.finish().expect_err("all are wrong").messages;
        assert_eq!((messages.len(), messages[10].as_str()), (11, "and 12335 more"));
    }

    #[test]
    fn everything_that_is_wrong_is_told_at_once() {
        let text = br#"{"a": [1], "b": "maybe", "c": "yesterday", "d": "red", "e": -1, "f": null, "g": "t"}"#;
        let document = body(None, text).expect("readable");
        let mut fields = document.fields();
        assert_eq!(fields.text("a"), None);
        assert_eq!(fields.boolean("b"), None);
        assert_eq!(fields.instant("c"), None);
        assert_eq!(fields.choice("d", |_| None::<()>, &["green", "blue"]), None);
        assert_eq!(fields.number("e"), None);
        assert_eq!(fields.text("f"), None, "null is nothing, and not wrong");
        assert_eq!(fields.boolean("g"), Some(true));
        let refusal = fields.finish().expect_err("five are wrong");
        assert_eq!((refusal.status, refusal.messages.len()), (422, 5), "{:?}", refusal.messages);
        assert!(refusal.messages[3].contains("green, blue"), "{:?}", refusal.messages);
    }
}

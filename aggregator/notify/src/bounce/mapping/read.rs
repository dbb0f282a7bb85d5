//! Reads a mapping, strictly: what an operator writes is no webhook.

use super::{ConfirmationRule, DeliveryForm, EventRule, Mapping, WITHIN};
use crate::bounce::Event;
use crate::mail::answer::Status;
use serde_json_path::JsonPath;
use skerry_protocol::strict::{Item, Refusal, Table, refuse};
use std::collections::BTreeMap;

const EXAMPLES: &str = "docs/mail.md shows a complete example.";

/// What a kind of events is, in words of the file.
const ACTIONS: [(&str, Option<Event>); 5] = [
    ("failed", Some(Event::Failed)),
    ("delayed", Some(Event::Delayed)),
    ("delivered", Some(Event::Delivered)),
    ("complaint", Some(Event::Complaint)),
    ("ignored", None),
];

impl Mapping {
    /// Reads the keys of a mapping, and refuses what is wrong with them; other keys of the table are the caller's.
    #[must_use]
    pub fn read(table: &Table<'_>) -> Option<Self> {
        let embedded = path(table, "embedded");
        let records = path(table, "records");
        let kind = paths(table, "kind");
        let deliveries = deliveries(table);
        let (status, diagnostic) = (paths(table, "status"), paths(table, "diagnostic"));
        let confirmation = table.table("confirmation").map(|table| confirmation(&table));
        let events = events(table);
        if kind.as_ref().is_some_and(Vec::is_empty) {
            let remedy = "Add kind = [\"$.event\"]: where the words stand that say what happened.";
            table.refuse("kind", "kind is missing", remedy);
        }
        if events.as_ref().is_some_and(BTreeMap::is_empty) {
            let remedy = format!("Add a table for each kind of events, with kinds and action. {EXAMPLES}");
            table.refuse("event", "[[event]] is missing", remedy);
        }
        if deliveries.as_ref().is_some_and(Vec::is_empty) {
            let remedy =
                "Add message_id = [\"$.message_id\"], return_path or id: where a text names the delivery.";
            table.refuse("message_id", "it does not say where the delivery stands", remedy);
        }
        Some(Self {
            confirmation: confirmation.map_or(Some(None), |rule| rule.map(Some))?,
            embedded: embedded?,
            records: records?.unwrap_or_default(),
            kind: kind?,
            deliveries: deliveries?,
            status: status?,
            diagnostic: diagnostic?,
            events: events?,
        })
    }
}

fn parsed(text: &str) -> Result<JsonPath, Refusal> {
    JsonPath::parse(text).or_else(|_| {
        refuse(
            format!("is not a valid JSON path (RFC 9535): \"{text}\""),
            "A path begins with $: write it such as \"$.event\" or '$[\"message-id\"]'.",
        )
    })
}

/// A path. The inner `None`: there is none.
fn path(table: &Table<'_>, key: &'static str) -> Option<Option<JsonPath>> {
    let read = table.string(key).convert(|text| parsed(&text)).optional();
    (read.is_some() || !table.has(key)).then_some(read)
}

/// A list of paths.
fn paths(table: &Table<'_>, key: &'static str) -> Option<Vec<JsonPath>> {
    let items = table.list(key);
    if items.is_none() && table.has(key) {
        return None;
    }
    let read = |item: &Item<'_>| match parsed(&item.string()?) {
        Ok(path) => Some(path),
        Err(refusal) => item.refuse(&refusal.wrong, &refusal.remedy),
    };
    let read: Vec<Option<JsonPath>> = items.unwrap_or_default().iter().map(read).collect();
    read.into_iter().collect()
}

fn deliveries(table: &Table<'_>) -> Option<Vec<(DeliveryForm, JsonPath)>> {
    // What [mail] delivery_headers says is certain; a provider may have replaced the others.
    let forms = [
        ("id", DeliveryForm::Id),
        ("return_path", DeliveryForm::ReturnPath),
        ("message_id", DeliveryForm::MessageId),
    ];
    let read = forms.map(|(key, form)| Some(paths(table, key)?.into_iter().map(move |path| (form, path))));
    Some(read.into_iter().collect::<Option<Vec<_>>>()?.into_iter().flatten().collect())
}

fn confirmation(table: &Table<'_>) -> Option<ConfirmationRule> {
    let one =
        |key: &'static str, example: &str| table.string(key).convert(|text| parsed(&text)).required(example);
    let (at, url) = (one("path", "path = \"$.Type\""), one("url", "url = \"$.SubscribeURL\""));
    let equals = table.string("equals").required("equals = \"SubscriptionConfirmation\"");
    let hosts = table.strings("hosts").iter().map(|host| host.to_ascii_lowercase()).collect::<Vec<_>>();
    if hosts.is_empty() {
        let remedy =
            "Add hosts = [\"amazonaws.com\"]: operators are told to open addresses below these alone.";
        table.refuse("hosts", "hosts is missing", remedy);
    }
    Some(ConfirmationRule { path: at?, equals: equals?, url: url?, hosts })
}

fn events(table: &Table<'_>) -> Option<BTreeMap<String, EventRule>> {
    let mut all = BTreeMap::new();
    let mut is_right = true;
    for table in table.tables("event", &[]) {
        let kinds = table.list("kinds");
        if !table.has("kinds") {
            table.refuse(
                "kinds",
                "kinds is missing",
                "Add kinds = [\"bounced\"], the words of the provider.",
            );
        }
        let rule = event(&table);
        is_right &= kinds.is_some() && rule.is_some();
        for item in kinds.unwrap_or_default() {
            let Some(name) = item.string() else {
                is_right = false;
                continue;
            };
            let kind = name.split(WITHIN).map(str::trim).collect::<Vec<_>>().join(WITHIN).to_lowercase();
            if all.contains_key(&kind) {
                is_right = false;
                item.refuse::<()>(
                    &format!("is \"{name}\", which an event has already"),
                    "Remove one of the two.",
                );
            }
            all.extend(rule.map(|rule| (kind, rule)));
        }
    }
    is_right.then_some(all)
}

fn event(table: &Table<'_>) -> Option<EventRule> {
    let event = table.choice("action", &ACTIONS).required("action = \"failed\"");
    let soft = table.boolean("soft").or(false);
    let status = table.string("status").convert(|text| status(&text));
    let status = status.optional();
    let has_failed = event == Some(Some(Event::Failed));
    if event.is_some() && !has_failed && (soft || table.has("status")) {
        let key = if soft { "soft" } else { "status" };
        table.refuse(key, format!("{key} has no effect without action = \"failed\""), "Remove it.");
        return None;
    }
    if status.is_none() && table.has("status") {
        return None;
    }
    Some(EventRule { event: event?, soft, status })
}

fn status(text: &str) -> Result<Status, Refusal> {
    match Status::at_start_of(text).filter(|status| status.to_string() == text && status.0 != 2) {
        Some(status) => Ok(status),
        None => refuse(
            format!("is no status of a failure (RFC 3463): \"{text}\""),
            "Write it such as \"5.1.1\", an address that does not exist, or \"5.0.0\".",
        ),
    }
}

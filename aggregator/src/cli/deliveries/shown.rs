//! Deliveries as tables and JSON.

use super::super::reading::{Reading, second};
use super::super::table::aligned;
use super::{Listed, of};
use anyhow::{Context, ensure};
use skerry_aggregator::config::Loaded;
use skerry_aggregator::control::lookup;
use skerry_aggregator::subscriptions::Intake;
use skerry_aggregator::subscriptions::deliveries::{Wanted, list as listed, object};
use skerry_aggregator::subscriptions::shown_address;
use skerry_domain::delivery::{Delivery, DeliveryState};
use skerry_domain::state::State;
use skerry_protocol::strict::one_of;
use skerry_store::Reader;
use std::fmt::Write as _;
use std::path::Path;

const HEADS: [&str; 8] = ["DELIVERY", "NOTICE", "OF", "SUBSCRIBER", "ADDRESS", "STATE", "TRIED", "UPDATED"];

fn database(loaded: &Loaded) -> anyhow::Result<&Path> {
    Ok(&loaded.configs.first().context("no configuration")?.store.path)
}

pub(super) fn list(
    reading: &Reading,
    loaded: &Loaded,
    workspace: Option<&str>,
    arguments: &Listed,
    json: bool,
) -> anyhow::Result<String> {
    let first = loaded.configs.first().context("no configuration")?;
    let states = reading.states(Some(workspace.unwrap_or(&first.workspace)))?;
    let state = states.first().context("no workspace")?;
    let path = database(loaded)?;
    let reader = Reader::open(path)?;
    let named = of(arguments.incident.as_ref(), arguments.maintenance.as_ref(), arguments.notice.as_ref());
    let notices =
        named.map(|named| lookup::notices(state, &named)).transpose().map_err(anyhow::Error::msg)?;
    let subscribers = match &arguments.to {
        Some(named) => {
            Some(lookup::subscribers(state, None, named, &Intake::of(path, (&first.subscribers).into())?))
        }
        None => None,
    };
    ensure!(subscribers.as_ref().is_none_or(|all| !all.is_empty()), "there is no such subscriber");
    let states = arguments.state.iter().map(|name| state_named(name)).collect::<anyhow::Result<_>>()?;
    let wanted = Wanted { notices, subscribers, states };
    let after = arguments.after.as_ref().map(|id| with_id(&reader, state, id)).transpose()?;
    let found = listed(&reader, state, &wanted, after.as_ref(), arguments.limit.max(1))?;
    if json {
        let all: Vec<_> = found.iter().map(|one| object(state, one, arguments.addresses)).collect();
        return Ok(serde_json::json!({ "deliveries": all }).to_string());
    }
    if found.is_empty() {
        return Ok("No deliveries.".to_owned());
    }
    let lines = found.iter().map(|one| line(state, one, arguments.addresses));
    let lines: Vec<_> = std::iter::once(HEADS.map(str::to_owned)).chain(lines).collect();
    Ok(aligned(&lines))
}

fn state_named(name: &str) -> anyhow::Result<DeliveryState> {
    let all = DeliveryState::ALL.iter().map(|one| one.name());
    DeliveryState::from_name(name)
        .with_context(|| format!("{name:?} is no state of a delivery: write {}", one_of(all)))
}

fn with_id(reader: &Reader, state: &State, id: &str) -> anyhow::Result<Delivery> {
    let found = reader.delivery_with_id(id)?.filter(|(workspace, _)| *workspace == state.workspace.key);
    let none = || format!("there is no delivery {id:?}: skerry-aggregator deliveries list shows them");
    Ok(found.with_context(none)?.1)
}

fn line(state: &State, one: &Delivery, whole: bool) -> [String; 8] {
    let notice = one.notice.and_then(|key| state.notices.get(&key));
    let subscriber = state.subscribers.get(&one.subscriber);
    let dash = || "-".to_owned();
    let address = subscriber.map(|one| shown_address(one, whole));
    [
        one.id.clone(),
        notice.map_or_else(dash, |notice| notice.id.clone()),
        notice.map_or_else(
            || one.message.name().to_owned(),
            |notice| notice.subject.parts().0.name().to_owned(),
        ),
        subscriber.map_or_else(|| "removed".to_owned(), |one| one.id.clone()),
        address.unwrap_or_else(dash),
        one.state.name().to_owned(),
        one.attempts.to_string(),
        second(one.updated_at),
    ]
}

pub(super) fn show(
    reading: &Reading,
    loaded: &Loaded,
    id: &str,
    whole: bool,
    json: bool,
) -> anyhow::Result<String> {
    let reader = Reader::open(database(loaded)?)?;
    let none = || format!("there is no delivery {id:?}: skerry-aggregator deliveries list shows them");
    let (workspace, one) = reader.delivery_with_id(id)?.with_context(none)?;
    let states = reading.states(None)?;
    let state = states.iter().find(|state| state.workspace.key == workspace).with_context(none)?;
    let shown = object(state, &one, whole);
    if json {
        return Ok(shown.to_string());
    }
    let mut out = format!("{}\n", one.id);
    let mut say = |what: &str, value: String| {
        // Writing to a string cannot fail.
        let _ = writeln!(out, "  {what:<10} {value}");
    };
    let text = |name: &str| shown[name].as_str().map(str::to_owned);
    say("state", one.state.name().to_owned());
    if let Some(notice) = text("notice") {
        say("notice", notice);
        let subject = &shown["subject"];
        let words = [subject["kind"].as_str(), subject["id"].as_str()].map(Option::unwrap_or_default);
        say("of", words.join(" ").trim().to_owned());
    } else {
        say("of", one.message.name().to_owned());
    }
    say("subscriber", text("subscriber").unwrap_or_else(|| "removed".to_owned()));
    for name in ["channel", "address"] {
        if let Some(value) = text(name) {
            say(name, value);
        }
    }
    say("tried", one.attempts.to_string());
    say("queued", second(one.queued_at));
    say("updated", second(one.updated_at));
    if let Some(next) = one.next_at {
        say("next", second(next));
    }
    if let Some(answer) = &one.answer {
        say("answer", answer.clone());
    }
    Ok(out.trim_end().to_owned())
}

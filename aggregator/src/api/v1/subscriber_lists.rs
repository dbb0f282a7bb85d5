//! Lists and counts of subscribers, and what is done to many at once.

use super::subscriber_object::object;
use super::subscribers::{ask_again, command, reactivate};
use crate::api::call::{Call, Plan, together};
use crate::api::document::Fields;
use crate::api::refusal::Refusal;
use crate::api::reply::Reply;
use crate::subscriptions::shown_address;
use serde_json::{Map, Value, json};
use skerry_domain::state::{PageKey, SubscriberKey};
use skerry_domain::step::{Answer, Command, SubscriberCommand};
use skerry_domain::subscriber::{Channel, Subscriber, SubscriberState};
use std::cmp::Reverse;

/// The default and greatest number that is answered at once, as Statuspage has it. As many are changed by one request.
const LIMIT: u64 = 100;

/// The kinds of Statuspage and ours.
const KINDS: [&str; 7] = ["email", "sms", "webhook", "integration_partner", "slack", "teams", "discord"];
const STATES: [&str; 4] = ["active", "unconfirmed", "quarantined", "all"];
const FIELDS: [&str; 4] = ["primary", "created_at", "quarantined_at", "relevance"];

type Row<'a> = (SubscriberKey, &'a Subscriber);

/// Which subscribers a request asks for.
struct Wanted {
    /// `Some(None)`: a kind that nobody is here.
    channel: Option<Option<Channel>>,
    /// `None`: in any.
    state: Option<SubscriberState>,
}

impl Wanted {
    /// Active ones of any kind, unless the fields say otherwise.
    fn of(fields: &mut Fields<'_>) -> Self {
        let kind = |name: &str| KINDS.contains(&name).then(|| Channel::from_name(name));
        let state = |name: &str| STATES.contains(&name).then(|| SubscriberState::from_name(name));
        Self {
            channel: fields.choice("type", kind, &KINDS),
            state: fields.choice("state", state, &STATES).unwrap_or(Some(SubscriberState::Active)),
        }
    }

    fn has(&self, one: &Subscriber) -> bool {
        self.channel.is_none_or(|channel| channel == Some(one.channel))
            && self.state.is_none_or(|state| state == one.state)
    }
}

fn of_page<'a>(call: &Call<'a>, page: PageKey) -> impl Iterator<Item = Row<'a>> + use<'a> {
    let state = call.state;
    let keys = state.subscribers_of(page, SubscriberKey(0));
    keys.filter_map(move |key| Some((key, state.subscribers.get(&key)?)))
}

/// `GET …/subscribers`: `page` counts from 0. A search finds addresses as the caller sees them.
pub(in crate::api) fn list(call: &Call<'_>) -> Result<Reply, Refusal> {
    let (page_key, page) = call.page()?;
    let mut query = call.query.fields();
    let wanted = Wanted::of(&mut query);
    let text = query.words("q").map(|text| text.trim().to_lowercase());
    let limit = query.number("limit").unwrap_or(LIMIT).clamp(1, LIMIT);
    let skipped = query.number("page").unwrap_or(0).saturating_mul(limit);
    let known = |name: &str| FIELDS.into_iter().find(|one| *one == name);
    let field = query.choice("sort_field", known, &FIELDS).unwrap_or(FIELDS[0]);
    let falling = |name: &str| ["asc", "desc"].contains(&name).then_some(name == "desc");
    let falls = query.choice("sort_direction", falling, &["asc", "desc"]).unwrap_or(false);
    query.finish()?;
    let sees = call.sees_addresses();
    let found = |one: &Subscriber| {
        text.as_ref().is_none_or(|text| shown_address(one, sees).to_lowercase().contains(text))
    };
    let all = of_page(call, page_key).filter(|(_, one)| wanted.has(one) && found(one));
    let mut rows: Vec<Row<'_>> = all.collect();
    match field {
        // An order is an answer, too.
        "primary" | "relevance" if sees => rows.sort_by(|a, b| a.1.address.cmp(&b.1.address)),
        "quarantined_at" => rows.sort_by_key(|(key, one)| (quarantined_at(one), *key)),
        _ => rows.sort_by_key(|(key, one)| (one.created_at, *key)),
    }
    if falls {
        rows.reverse();
    }
    let part = rows.into_iter().skip(usize::try_from(skipped).unwrap_or(usize::MAX)).take(limit as usize);
    Ok(Reply::ok(part.map(|(_, one)| object(call, page, one)).collect::<Vec<_>>()))
}

/// Those that are not quarantined come last.
fn quarantined_at(one: &Subscriber) -> Reverse<Option<Reverse<i64>>> {
    Reverse((one.state == SubscriberState::Quarantined).then_some(Reverse(one.updated_at.0)))
}

/// `GET …/subscribers/count`: by kind.
pub(in crate::api) fn count(call: &Call<'_>) -> Result<Reply, Refusal> {
    let (page, _) = call.page()?;
    let mut query = call.query.fields();
    let wanted = Wanted::of(&mut query);
    query.finish()?;
    let mut counts: Map<String, Value> = KINDS.iter().map(|kind| ((*kind).to_owned(), json!(0))).collect();
    for channel in Channel::ALL {
        let of = of_page(call, page).filter(|(_, one)| one.channel == *channel && wanted.has(one));
        counts.insert(channel.name().to_owned(), json!(of.count()));
    }
    Ok(Reply::ok(Value::Object(counts)))
}

/// `GET …/subscribers/histogram_by_state`: by kind and state.
pub(in crate::api) fn histogram(call: &Call<'_>) -> Result<Reply, Refusal> {
    let (page, _) = call.page()?;
    let rows: Vec<Row<'_>> = of_page(call, page).collect();
    let of_kind = |kind: &&str| {
        let channel = Channel::from_name(kind);
        let of_kind = || rows.iter().filter(|(_, one)| Some(one.channel) == channel);
        let mut counts: Map<String, Value> = Map::new();
        for state in SubscriberState::ALL {
            let count = of_kind().filter(|(_, one)| one.state == *state).count();
            counts.insert(state.name().to_owned(), json!(count));
        }
        counts.insert("total".to_owned(), json!(of_kind().count()));
        ((*kind).to_owned(), Value::Object(counts))
    };
    Ok(Reply::ok(Value::Object(KINDS.iter().map(of_kind).collect())))
}

/// `GET …/subscribers/unsubscribed`: who has left is erased, so there is nobody to list.
pub(in crate::api) fn unsubscribed(call: &Call<'_>) -> Result<Reply, Refusal> {
    call.page()?;
    Ok(Reply::ok(json!([])))
}

/// `POST …/subscribers/unsubscribe`.
pub(in crate::api) fn unsubscribe(call: &Call<'_>) -> Result<Plan, Refusal> {
    many(call, |_| true, |(key, _)| command(SubscriberCommand::Leave(key)))
}

/// `POST …/subscribers/reactivate`: those that are quarantined hear again.
pub(in crate::api) fn reactivate_many(call: &Call<'_>) -> Result<Plan, Refusal> {
    let quarantined = |one: &Subscriber| one.state == SubscriberState::Quarantined;
    many(call, quarantined, |(_, one)| reactivate(call, one))
}

/// `POST …/subscribers/resend_confirmation`: to those that are not confirmed.
pub(in crate::api) fn resend_many(call: &Call<'_>) -> Result<Plan, Refusal> {
    let unconfirmed = |one: &Subscriber| one.state == SubscriberState::Unconfirmed;
    many(call, unconfirmed, |(_, one)| ask_again(call, one))
}

/// What is answered once more to a request that was sent again.
pub(in crate::api) fn shown_many(_: &Call<'_>, _: &Answer) -> Result<Reply, Refusal> {
    Ok(Reply::created(json!({})))
}

/// Does something to those of the named subscribers for which it is meant. The answer says how many.
fn many<'a>(
    call: &Call<'a>,
    meant: impl Fn(&Subscriber) -> bool,
    act: impl Fn(Row<'a>) -> Command,
) -> Result<Plan, Refusal> {
    let (page, _) = call.page()?;
    let mut fields = call.body.fields();
    let named = fields.list("subscribers").unwrap_or_default();
    let named = named.iter().flat_map(|ids| ids.split(',')).map(str::trim);
    let named: Vec<&str> = named.filter(|id| !id.is_empty()).collect();
    let state = fields.has("state");
    let mut wanted = Wanted::of(&mut fields);
    wanted.state = wanted.state.filter(|_| state);
    let rows: Vec<Row<'a>> = if named == ["all"] {
        of_page(call, page)
            .filter(|(_, one)| wanted.has(one) && meant(one))
            .take(LIMIT as usize + 1)
            .collect()
    } else {
        by_id(call, page, &named, &mut fields)
            .into_iter()
            .filter(|(_, one)| wanted.has(one) && meant(one))
            .collect()
    };
    if named.is_empty() {
        fields.refuse("subscribers is missing: a list of ids, or \"all\"");
    }
    if rows.len() as u64 > LIMIT || named.len() as u64 > LIMIT {
        fields.refuse(format!("subscribers: one request is about {LIMIT} of them at most, as in Statuspage"));
    }
    fields.finish()?;
    let count = rows.len();
    let commands = rows.into_iter().map(act).collect();
    Ok(Plan::new(together(commands)).answered(Reply::created(json!({ "subscribers": count }))))
}

fn by_id<'a>(call: &Call<'a>, page: PageKey, ids: &[&str], fields: &mut Fields<'_>) -> Vec<Row<'a>> {
    let mut rows = Vec::new();
    for id in ids.iter().take(LIMIT as usize + 1) {
        let key = call.state.subscriber_with_id(id);
        let found = key.and_then(|key| Some((key, call.state.subscribers.get(&key)?)));
        match found.filter(|(_, one)| one.page == page) {
            Some(row) if rows.iter().any(|(key, _)| *key == row.0) => {}
            Some(row) => rows.push(row),
            // It may be an address.
            None => fields.refuse("subscribers: one of these ids is no subscriber of the page"),
        }
    }
    rows
}

//! What providers report of mails: in one form, or by their own webhooks.

use crate::api::call::{Call, Plan, together};
use crate::api::refusal::Refusal;
use crate::api::reply::Reply;
use crate::outbox::{PATIENCE, reported};
use serde_json::json;
use skerry_domain::step::Answer;
use skerry_notify::bounce::{BadWebhook, Event, Report, Webhook, read_form};
use skerry_protocol::words::short_line;
use skerry_store::WorkspaceDelivery;
use std::collections::BTreeSet;
use std::time::Instant;
use url::Url;

/// What cannot be read, for the log.
const WHAT: &str = "a delivery";
/// The most characters of an unknown name that a refusal repeats.
const SHOWN: usize = 40;

/// `POST /api/v1/bounces`: one report, or several as `reports`.
pub(in crate::api) fn report(call: &Call<'_>) -> Result<Plan, Refusal> {
    let form = call.body.json().to_string();
    let reports = read_form(form.as_bytes()).map_err(|why| Refusal::new(422, why.to_string()))?;
    plan(call, &reports)
}

/// `POST /api/v1/bounces/{provider}`: a webhook as the provider sends it.
pub(in crate::api) fn webhook(call: &Call<'_>) -> Result<Plan, Refusal> {
    let provider = call.parameter("provider");
    let mapping = call.mappings.of(provider).ok_or_else(|| unknown(call, provider))?;
    let webhook = mapping.webhook(call.text.as_bytes()).map_err(|why| {
        let status = if why == BadWebhook::TooMany { 422 } else { 400 };
        Refusal::new(status, why.to_string())
    })?;
    match webhook {
        Webhook::Reports(reports) => plan(call, &reports),
        Webhook::Confirmation(url) => Ok(confirmation(provider, url.as_ref())),
    }
}

pub(in crate::api) fn taken(_: &Call<'_>, _: &Answer) -> Result<Reply, Refusal> {
    Ok(Reply::ok(json!({})))
}

/// Takes reports in. Those of deliveries that nobody knows any more are ignored, so that a provider that repeats them is
/// content.
fn plan(call: &Call<'_>, reports: &[Report]) -> Result<Plan, Refusal> {
    let (mut commands, mut failed) = (Vec::new(), BTreeSet::new());
    let until = Instant::now() + PATIENCE;
    // The others change nothing.
    for report in reports.iter().filter(|one| matches!(one.event, Event::Failed | Event::Complaint)) {
        if report.event == Event::Failed && !failed.insert(&report.delivery) {
            continue;
        }
        let found = delivery(call, &report.delivery, until)?;
        let ours = found.filter(|(workspace, _)| *workspace == call.state.workspace.key);
        let digest = |channel, address: &_| call.intake.digest(channel, address);
        commands.extend(ours.and_then(|(_, delivery)| reported(call.state, delivery, report, digest)));
    }
    let reply = Reply::ok(json!({ "taken": commands.len() }));
    Ok(Plan::new(together(commands)).answered(reply))
}

/// The delivery with this id. A provider may report a mail before the outcome of its attempt is stored, which would replace what
/// is reported: that is waited for.
fn delivery(call: &Call<'_>, id: &str, until: Instant) -> Result<Option<WorkspaceDelivery>, Refusal> {
    let read = || call.stored(WHAT, |reader| reader.delivery_with_id(id));
    let Some((workspace, found)) = read()? else { return Ok(None) };
    call.under_way.wait((workspace, found.key), until.saturating_duration_since(Instant::now()));
    read()
}

/// Nothing is fetched that a request names: a person opens it.
fn confirmation(provider: &str, url: Option<&Url>) -> Plan {
    match url {
        Some(url) => {
            tracing::warn!(%provider, %url, "webhooks for bounces wait for a confirmation: open this URL once, and they begin");
        }
        None => {
            tracing::warn!(%provider, "webhooks for bounces wait for a confirmation, which names no URL of the provider: confirm them there");
        }
    }
    let confirm = "webhooks begin once an operator has opened the URL that the log of the aggregator names";
    Plan::new(together(Vec::new())).answered(Reply::ok(json!({ "taken": 0, "confirm": confirm })))
}

fn unknown(call: &Call<'_>, provider: &str) -> Refusal {
    let names: Vec<&str> = call.mappings.names().collect();
    let (provider, names) = (short_line(provider, SHOWN), names.join(", "));
    Refusal::new(
        404,
        format!(
            "there is no provider {provider:?} here; there are {names}, and [[mail.bounces.provider]] adds others"
        ),
    )
}

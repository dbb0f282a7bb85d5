//! What providers report of mails, in one form.

use crate::api::call::{Call, Plan, together};
use crate::api::refusal::Refusal;
use crate::api::reply::Reply;
use crate::outbox::reported;
use serde_json::json;
use skerry_domain::step::Answer;
use skerry_notify::bounce::read_form;

/// What cannot be read, for the log.
const WHAT: &str = "a delivery";

/// `POST /api/v1/bounces`: one report, or several as `reports`. Those of deliveries that nobody knows any more are ignored, so
/// that a provider that repeats them is content.
pub(in crate::api) fn report(call: &Call<'_>) -> Result<Plan, Refusal> {
    let form = call.body.json().to_string();
    let reports = read_form(form.as_bytes()).map_err(|why| Refusal::new(422, why.to_string()))?;
    let mut commands = Vec::new();
    for report in &reports {
        let found = call.stored(WHAT, |reader| reader.delivery_with_id(&report.delivery))?;
        let ours = found.filter(|(workspace, _)| *workspace == call.state.workspace.key);
        let digest = |channel, address: &_| call.intake.digest(channel, address);
        commands.extend(ours.and_then(|(_, delivery)| reported(call.state, delivery, report, digest)));
    }
    let reply = Reply::ok(json!({ "taken": commands.len() }));
    Ok(Plan::new(together(commands)).answered(reply))
}

pub(in crate::api) fn taken(_: &Call<'_>, _: &Answer) -> Result<Reply, Refusal> {
    Ok(Reply::ok(json!({})))
}

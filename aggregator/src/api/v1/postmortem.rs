//! Postmortems of resolved incidents.

use super::incidents::incident;
use super::objects::Writer;
use super::texts::Texts;
use crate::api::call::{Call, Plan};
use crate::api::refusal::Refusal;
use crate::api::reply::Reply;
use serde_json::{Value, json};
use skerry_domain::rows::Subject;
use skerry_domain::step::{Answer, Command, PostmortemChange};

/// `GET …/postmortem`.
pub(in crate::api) fn get(call: &Call<'_>) -> Result<Reply, Refusal> {
    let (key, incident) = incident(call)?;
    let (_, page) = call.page()?;
    let postmortem = incident.postmortem.as_ref().ok_or_else(Refusal::not_found)?;
    let writer = Writer::new(call, page);
    let (text, updated_at) = (postmortem.text.public.plain(), writer.at(postmortem.updated_at));
    let published = postmortem.published_at.is_some();
    let shown = |value: &str| if published { Value::from(value) } else { Value::Null };
    let body = json!({
        "preview_key": null,
        "body": shown(&text),
        "body_updated_at": shown(&updated_at),
        "body_draft": text,
        "body_draft_updated_at": updated_at,
        "published_at": postmortem.published_at.map(|at| writer.at(at)),
        "notify_subscribers": false,
        "notify_twitter": false,
        "custom_tweet": null,
        "created_at": writer.at(postmortem.created_at),
        "updated_at": updated_at,
    });
    Ok(Reply::ok(body).versioned(call.state.version(&Subject::Incident(key))))
}

/// `PUT …/postmortem`: writes its draft.
pub(in crate::api) fn write(call: &Call<'_>) -> Result<Plan, Refusal> {
    let mut fields = call.body.within("postmortem");
    let mut texts = Texts::of(call)?;
    let text = texts.body(&mut fields, &["body_draft", "body"]);
    fields.finish()?;
    let text = text.ok_or_else(|| Refusal::invalid("body_draft can't be blank"))?;
    Ok(plan(call, PostmortemChange::Write(text))?.noting(texts.removed()))
}

/// `PUT …/postmortem/publish`.
pub(in crate::api) fn publish(call: &Call<'_>) -> Result<Plan, Refusal> {
    plan(call, PostmortemChange::Publish)
}

/// `PUT …/postmortem/revert`: it is a draft again.
pub(in crate::api) fn revert(call: &Call<'_>) -> Result<Plan, Refusal> {
    plan(call, PostmortemChange::Revert)
}

/// `DELETE …/postmortem`: 204.
pub(in crate::api) fn delete(call: &Call<'_>) -> Result<Plan, Refusal> {
    plan(call, PostmortemChange::Delete)
}

fn plan(call: &Call<'_>, change: PostmortemChange) -> Result<Plan, Refusal> {
    let (incident, _) = incident(call)?;
    let command = Command::ChangePostmortem { incident, change: Box::new(change) };
    Ok(Plan::new(command).about(Subject::Incident(incident)))
}

pub(in crate::api) fn shown(call: &Call<'_>, _: &Answer) -> Result<Reply, Refusal> {
    get(call)
}

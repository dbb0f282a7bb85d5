//! Notices: what was said to subscribers of an incident or of maintenance, and how many it reached.

use super::deliveries::notices;
use super::list::Part;
use crate::api::call::{Call, together};
use crate::api::portions::Portions;
use crate::api::refusal::Refusal;
use crate::api::reply::Reply;
use crate::subscriptions::deliveries::{
    PORTION, RESENT, Wanted, list as listed, notice_object, resend as again,
};
use serde_json::{Value, json};
use skerry_domain::delivery::Delivery;
use skerry_domain::notice::Notice;
use skerry_domain::state::NoticeKey;
use skerry_domain::step::Command;

/// What cannot be read, for the log.
const WHAT: &str = "the deliveries of notices";

/// `GET /api/v1/notices`: those of an `incident` or a `maintenance`, or all, newest first.
pub(in crate::api) fn list(call: &Call<'_>) -> Result<Reply, Refusal> {
    let mut query = call.query.fields();
    let wanted = notices(call, &mut query);
    query.finish()?;
    let part = Part::of(call)?;
    let all = call.state.notices.iter().rev().map(|(key, one)| (*key, one));
    let is_wanted = |(key, _): &(NoticeKey, &Notice)| wanted.as_ref().is_none_or(|all| all.contains(key));
    let entries = part.entries(all, is_wanted, |(_, one)| one.id.as_str())?;
    let shown = call.stored(WHAT, |reader| {
        entries
            .iter()
            .map(|entry| notice_object(reader, call.state, *entry))
            .collect::<Result<Vec<Value>, _>>()
    })?;
    Ok(part.answer(&shown, Value::clone, |one| one["id"].clone()))
}

/// `GET /api/v1/notices/{notice}`.
pub(in crate::api) fn get(call: &Call<'_>) -> Result<Reply, Refusal> {
    let key = named(call)?;
    let entry = (key, &call.state.notices[&key]);
    Ok(Reply::ok(call.stored(WHAT, |reader| notice_object(reader, call.state, entry))?))
}

/// `POST /api/v1/notices/{notice}/resend`: to those alone whom it did not reach, and who did not refuse it.
pub(in crate::api) fn resend(call: &Call<'_>) -> Result<Box<dyn Portions>, Refusal> {
    let notices = Some(vec![named(call)?]);
    let wanted = Wanted { notices, subscribers: None, states: RESENT.to_vec() };
    Ok(Box::new(Resend { wanted, after: None, resent: 0, skipped: 0 }))
}

fn named(call: &Call<'_>) -> Result<NoticeKey, Refusal> {
    call.state.notice_with_id(call.parameter("notice")).ok_or_else(Refusal::not_found)
}

/// Sends again what failed, from the newest to the oldest: what fails again meanwhile is not met twice.
struct Resend {
    wanted: Wanted,
    after: Option<Delivery>,
    resent: usize,
    skipped: usize,
}

impl Portions for Resend {
    fn next(&mut self, call: &Call<'_>) -> Result<Option<Command>, Refusal> {
        loop {
            let after = self.after.as_ref();
            let read =
                call.stored(WHAT, |reader| listed(reader, call.state, &self.wanted, after, PORTION))?;
            let Some(last) = read.last().cloned() else { return Ok(None) };
            self.after = Some(last);
            let commands = again(call.state, &read, call.intake, call.now);
            self.resent += commands.len();
            self.skipped += read.len() - commands.len();
            if !commands.is_empty() {
                return Ok(Some(together(commands)));
            }
        }
    }

    fn reply(&self) -> Reply {
        // Who has left, or whose endpoint is quarantined, gets nothing.
        Reply::ok(json!({ "resent": self.resent, "skipped": self.skipped }))
    }
}

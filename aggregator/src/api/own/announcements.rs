//! Announcements: notices without an outage, on one or several pages.

use super::list::Part;
use crate::api::call::{Call, Plan};
use crate::api::document::Fields;
use crate::api::refusal::Refusal;
use crate::api::reply::Reply;
use crate::api::v1::texts::Texts;
use serde_json::{Value, json};
use skerry_domain::access::Role;
use skerry_domain::announcement::{Announcement, AnnouncementLevel};
use skerry_domain::rows::Subject;
use skerry_domain::state::{AnnouncementKey, Page, PageKey, State};
use skerry_domain::step::{AnnouncementChange, Answer, Command, NewAnnouncement};
use skerry_domain::text::Text;
use skerry_domain::time::Timestamp;

const MEMBERS: [&str; 7] = ["title", "body", "level", "from", "to", "page_ids", "tell_subscribers"];

/// `GET /api/v1/announcements`: those that are shown or planned, or all with `?state=all`.
pub(in crate::api) fn list(call: &Call<'_>) -> Result<Reply, Refusal> {
    let mut query = call.query.fields();
    let states = ["open", "all"];
    let state = query.choice("state", |name| states.into_iter().find(|one| *one == name), &states);
    query.finish()?;
    let all = state == Some("all");
    let announcements = call.state.announcements.values().rev();
    let wanted = |one: &&Announcement| all || one.is_open();
    Part::of(call)?.take(announcements, wanted, |one| &one.id, |one| object(call, one))
}

/// `GET /api/v1/announcements/{announcement}`.
pub(in crate::api) fn get(call: &Call<'_>) -> Result<Reply, Refusal> {
    let (key, one) = named(call)?;
    Ok(Reply::ok(object(call, one)).versioned(call.state.version(&Subject::Announcement(key))))
}

/// `POST /api/v1/announcements`: `title`, `body`, `level` (`information`), `from` (now), `to` (none), `page_ids`,
/// `tell_subscribers`.
pub(in crate::api) fn create(call: &Call<'_>) -> Result<Plan, Refusal> {
    let mut fields = call.body.fields();
    fields.only(&MEMBERS);
    let mut texts = Texts::of(call)?;
    for name in ["title", "body", "page_ids"] {
        if fields.value(name).is_none() {
            fields.refuse(format!("{name} is missing"));
        }
    }
    let (title, body) = (texts.title(&mut fields, "title"), texts.body(&mut fields, &["body"]));
    let (level, pages) = (level(&mut fields), pages(call, &mut fields));
    let (from, to) = (fields.instant("from").unwrap_or(call.now), fields.instant("to"));
    let tell_subscribers = fields.boolean("tell_subscribers").unwrap_or(false);
    fields.finish()?;
    let (Some(title), Some(body), Some(pages)) = (title, body, pages) else {
        return Err(Refusal::invalid("title, body and page_ids are required"));
    };
    let level = level.unwrap_or(AnnouncementLevel::Information);
    let new = NewAnnouncement { title, body, level, pages, from, to, tell_subscribers };
    Ok(Plan::new(Command::CreateAnnouncement(Box::new(new))).noting(texts.removed()))
}

pub(in crate::api) fn shown_new(call: &Call<'_>, answer: &Answer) -> Result<Reply, Refusal> {
    let Answer::Announcement(key) = answer else { return Err(Refusal::not_found()) };
    let one = call.state.announcements.get(key).ok_or_else(Refusal::not_found)?;
    Ok(Reply::created(object(call, one)).versioned(call.state.version(&Subject::Announcement(*key))))
}

/// `PATCH /api/v1/announcements/{announcement}`: what is missing stays; `to` may be null.
pub(in crate::api) fn change(call: &Call<'_>) -> Result<Plan, Refusal> {
    let (announcement, former) = named(call)?;
    let mut fields = call.body.fields();
    fields.only(&MEMBERS);
    let mut texts = Texts::of(call)?;
    // A client that sends back what it read changes nothing.
    let other = |text: Option<Text>, former: &Text| text.filter(|new| new.written != former.public.source());
    let to = fields.has("to").then(|| fields.instant("to"));
    let shown_on: Vec<PageKey> = living(call.state, former).map(|(key, _)| key).collect();
    let change = AnnouncementChange {
        title: other(texts.title(&mut fields, "title"), &former.title),
        body: other(texts.body(&mut fields, &["body"]), &former.body),
        level: level(&mut fields).filter(|level| *level != former.level),
        pages: pages(call, &mut fields).filter(|pages| *pages != shown_on),
        from: fields.instant("from").filter(|from| *from != former.from),
        to: to.filter(|to| *to != former.to),
        tell_subscribers: fields.boolean("tell_subscribers").filter(|tell| *tell != former.tell_subscribers),
    };
    fields.finish()?;
    let subject = Subject::Announcement(announcement);
    if change == AnnouncementChange::default() {
        return Ok(Plan::new(Command::Together(Vec::new())).about(subject));
    }
    let command = Command::ChangeAnnouncement { announcement, change: Box::new(change) };
    Ok(Plan::new(command).about(subject).noting(texts.removed()))
}

pub(in crate::api) fn shown(call: &Call<'_>, _: &Answer) -> Result<Reply, Refusal> {
    get(call)
}

/// `DELETE /api/v1/announcements/{announcement}`: ends it. One that did not appear yet is removed.
pub(in crate::api) fn end(call: &Call<'_>) -> Result<Plan, Refusal> {
    let (announcement, _) = named(call)?;
    let command = Command::DeleteAnnouncement { announcement };
    Ok(Plan::new(command).about(Subject::Announcement(announcement)))
}

/// What is left of it: its own page says when it was shown. 204: it is removed.
pub(in crate::api) fn shown_ended(call: &Call<'_>, _: &Answer) -> Result<Reply, Refusal> {
    get(call).or_else(|_| Ok(Reply::none()))
}

fn named<'a>(call: &Call<'a>) -> Result<(AnnouncementKey, &'a Announcement), Refusal> {
    let id = call.parameter("announcement");
    let key = call.state.announcement_with_id(id).ok_or_else(Refusal::not_found)?;
    Ok((key, &call.state.announcements[&key]))
}

fn level(fields: &mut Fields<'_>) -> Option<AnnouncementLevel> {
    let known = AnnouncementLevel::ALL.map(AnnouncementLevel::name);
    fields.choice("level", AnnouncementLevel::from_name, &known)
}

/// The pages of a request, sorted as an announcement keeps them.
fn pages(call: &Call<'_>, fields: &mut Fields<'_>) -> Option<Vec<PageKey>> {
    let mut keys = Vec::new();
    for id in fields.list("page_ids")? {
        let found = call.state.pages.iter().find(|(_, page)| page.id == id && !page.archived);
        match found {
            Some((key, _)) => keys.push(*key),
            None => fields.refuse(format!("page_ids: there is no page {id:?}")),
        }
    }
    keys.sort();
    keys.dedup();
    Some(keys)
}

/// Its pages that are not archived.
fn living<'a>(state: &'a State, one: &'a Announcement) -> impl Iterator<Item = (PageKey, &'a Page)> {
    let known = one.pages.iter().filter_map(move |key| Some((*key, state.pages.get(key)?)));
    known.filter(|(_, page)| !page.archived)
}

fn object(call: &Call<'_>, one: &Announcement) -> Value {
    let at = |at: Option<Timestamp>| at.map(|at| at.to_string());
    // What was removed from texts is for those who write them.
    let originals = call.caller.must_be(Role::Operator).is_ok();
    json!({
        "id": one.id,
        "title": one.title.public.source(),
        "body": one.body.public.source(),
        "written_title": originals.then_some(&one.title.written),
        "written_body": originals.then_some(&one.body.written),
        "level": one.level.name(),
        "state": match (one.is_open(), one.is_published()) {
            (true, false) => "planned",
            (true, true) => "shown",
            (false, _) => "ended",
        },
        "page_ids": living(call.state, one).map(|(_, page)| &page.id).collect::<Vec<_>>(),
        "from": one.from.to_string(),
        "to": at(one.to),
        "tell_subscribers": one.tell_subscribers,
        "created_at": one.created_at.to_string(),
        "updated_at": one.updated_at.to_string(),
        "edited_at": at(one.edited_at),
        "began_at": at(one.began_at),
        "ended_at": at(one.ended_at),
        "made_by": one.by,
    })
}

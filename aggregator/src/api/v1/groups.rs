//! Groups of components. Their description stands beside `component_group`, and clients that put it inside are
//! understood, too. Statuspage's groups do not nest: a group inside another is one of its own here, and `group_id` is ours.

use super::component_settings;
use super::objects::Writer;
use super::rows::{children, groups};
use super::texts::check_names;
use crate::api::call::{Call, Plan};
use crate::api::document::Fields;
use crate::api::refusal::Refusal;
use crate::api::reply::Reply;
use serde::Serialize;
use skerry_domain::rows::Subject;
use skerry_domain::state::{ComponentKey, Group, GroupKey, Origin, Page, PageKey};
use skerry_domain::step::{Answer, Command, GroupChange, MAX_MADE, NewGroup};

/// The default and greatest number of groups that are answered at once, as Statuspage has it.
const PER_PAGE: u64 = 100;

/// A group.
#[derive(Serialize)]
struct ComponentGroup {
    id: String,
    page_id: String,
    name: String,
    description: Option<String>,
    /// Ours: the group that it stands in.
    group_id: Option<String>,
    /// Ids of its own components, in order, without those of groups inside it.
    components: Vec<String>,
    /// From 1, among the rows of the page; a group inside another stands behind it.
    position: usize,
    created_at: String,
    updated_at: String,
}

/// `GET …/component-groups`.
pub(in crate::api) fn list(call: &Call<'_>) -> Result<Reply, Refusal> {
    let (_, page) = call.page()?;
    let mut query = call.query.fields();
    let per_page = query.number("per_page").unwrap_or(PER_PAGE).clamp(1, PER_PAGE);
    let skipped = (query.number("page").unwrap_or(1).max(1) - 1).saturating_mul(per_page);
    query.finish()?;
    let known = groups(page).filter_map(|(key, _)| Some((key, call.state.groups.get(&key)?)));
    let known = known.skip(usize::try_from(skipped).unwrap_or(usize::MAX)).take(per_page as usize);
    let writer = Writer::new(call, page);
    Ok(Reply::ok(known.map(|(key, group)| written(call, page, &writer, (key, group))).collect::<Vec<_>>()))
}

/// `GET …/component-groups/{group}`.
pub(in crate::api) fn get(call: &Call<'_>) -> Result<Reply, Refusal> {
    let (key, group) = call.group()?;
    let (_, page) = call.page()?;
    let version = call.state.version(&Subject::Group(key));
    Ok(Reply::ok(written(call, page, &Writer::new(call, page), (key, group))).versioned(version))
}

/// `POST …/component-groups`: its components move into it.
pub(in crate::api) fn create(call: &Call<'_>) -> Result<Plan, Refusal> {
    let (page, _) = call.page()?;
    let made = call.state.groups.values().filter(|one| one.page == page && !one.archived);
    call.must_leave_room("groups", made.count(), MAX_MADE)?;
    let mut fields = call.body.within("component_group");
    let name = fields.words("name");
    if name.is_none() {
        fields.refuse("Name can't be blank");
    }
    if fields.value("components").is_none() {
        fields.refuse("Components can't be blank");
    }
    let components = components(call, page, &mut fields)?;
    let group = component_settings::group(call, page, &mut fields).flatten();
    let description = description(call, &mut fields).flatten();
    let names = [("name", name.as_deref()), ("description", description.as_deref())];
    check_names(call, &mut fields, &names)?;
    fields.finish()?;
    let (name, components) = (name.unwrap_or_default(), components.unwrap_or_default());
    let new = NewGroup { page, group, name, description, components };
    Ok(Plan::new(Command::CreateGroup(Box::new(new))))
}

pub(in crate::api) fn shown_new(call: &Call<'_>, answer: &Answer) -> Result<Reply, Refusal> {
    let Answer::Group(key) = answer else { return Err(Refusal::not_found()) };
    let (_, page) = call.page()?;
    let group = call.state.groups.get(key).ok_or_else(Refusal::not_found)?;
    let version = call.state.version(&Subject::Group(*key));
    Ok(Reply::created(written(call, page, &Writer::new(call, page), (*key, group))).versioned(version))
}

/// `PATCH` and `PUT` of a group. Components that are not named any more stay on the page, groups inside it where they are.
pub(in crate::api) fn change(call: &Call<'_>) -> Result<Plan, Refusal> {
    let (key, group) = call.group()?;
    let (page_key, page) = call.page()?;
    let mut fields = call.body.within("component_group");
    if fields.has("name") && fields.words("name").is_none() {
        fields.refuse("Name can't be blank");
    }
    let present = children(page, key);
    let named = listed(call, page_key, &mut fields);
    let change = GroupChange {
        name: fields.words("name").filter(|new| *new != group.name),
        description: description(call, &mut fields).filter(|new| *new != group.description),
        group: component_settings::group(call, page_key, &mut fields)
            .filter(|new| *new != page.place_of_group(key).and_then(|row| row.group)),
        components: named.filter(|new| *new != present),
        position: None,
    };
    if group.origin == Origin::Runtime {
        let description = change.description.as_ref().and_then(Option::as_deref);
        let names = [("name", change.name.as_deref()), ("description", description)];
        check_names(call, &mut fields, &names)?;
    }
    if !call.body.fields().has("description") {
        fields.must_change_something(&[]);
    }
    fields.finish()?;
    let subject = Subject::Group(key);
    if change == GroupChange::default() {
        // A client that sends back what it read changes nothing.
        return Ok(Plan::new(Command::Together(Vec::new())).about(subject));
    }
    if group.origin == Origin::File {
        return Err(call.declared(page, Some(&group.key), &group.name));
    }
    refuse_declared(call, change.components.as_deref().unwrap_or_default())?;
    let command = Command::ChangeGroup { group: key, change: Box::new(change) };
    Ok(Plan::new(command).about(subject))
}

pub(in crate::api) fn shown(call: &Call<'_>, _: &Answer) -> Result<Reply, Refusal> {
    get(call)
}

/// `DELETE …/component-groups/{group}`: what stands in it stays on the page. Answered with the group.
pub(in crate::api) fn delete(call: &Call<'_>) -> Result<Plan, Refusal> {
    let (key, group) = call.group()?;
    let (_, page) = call.page()?;
    if group.origin == Origin::File {
        return Err(call.declared(page, Some(&group.key), &group.name));
    }
    Ok(Plan::new(Command::ArchiveGroup { group: key }).about(Subject::Group(key)))
}

pub(in crate::api) fn shown_deleted(call: &Call<'_>, _: &Answer) -> Result<Reply, Refusal> {
    let (page_key, page) = call.page()?;
    let id = call.parameter("group");
    let found = call.state.groups.iter().find(|(_, one)| one.id == id && one.page == page_key);
    let (key, group) = found.ok_or_else(Refusal::not_found)?;
    Ok(Reply::ok(written(call, page, &Writer::new(call, page), (*key, group))))
}

fn written(
    call: &Call<'_>,
    page: &Page,
    writer: &Writer<'_>,
    (key, group): (GroupKey, &Group),
) -> ComponentGroup {
    let components = children(page, key).into_iter().filter_map(|key| call.state.components.get(&key));
    let outer = page.place_of_group(key).and_then(|row| call.state.groups.get(&row.group?));
    ComponentGroup {
        id: group.id.clone(),
        page_id: page.id.clone(),
        name: group.name.clone(),
        description: group.description.clone(),
        group_id: outer.map(|outer| outer.id.clone()),
        components: components.map(|one| one.id.clone()).collect(),
        position: writer.position(key),
        created_at: writer.at(group.created_at),
        updated_at: writer.at(group.created_at),
    }
}

/// At the root of the request, or inside; `Some(None)`: null or blank, which removes it.
fn description(call: &Call<'_>, fields: &mut Fields<'_>) -> Option<Option<String>> {
    if fields.has("description") {
        return Some(fields.words("description"));
    }
    let mut root = call.body.fields();
    let said = root.has("description").then(|| root.words("description"));
    if root.finish().is_err() {
        fields.refuse("description is not text");
    }
    said
}

/// The components that a request names; those of a file are refused.
fn components(
    call: &Call<'_>,
    page: PageKey,
    fields: &mut Fields<'_>,
) -> Result<Option<Vec<ComponentKey>>, Refusal> {
    let named = listed(call, page, fields);
    refuse_declared(call, named.as_deref().unwrap_or_default())?;
    Ok(named)
}

fn listed(call: &Call<'_>, page: PageKey, fields: &mut Fields<'_>) -> Option<Vec<ComponentKey>> {
    let ids = fields.list("components")?.into_iter().map(|id| (id, ())).collect();
    Some(call.components_of(page, ids, fields).into_iter().map(|(key, ())| key).collect())
}

/// A component of the file stands where the file says.
fn refuse_declared(call: &Call<'_>, keys: &[ComponentKey]) -> Result<(), Refusal> {
    let known = keys.iter().filter_map(|key| call.state.components.get(key));
    match known
        .filter(|one| one.origin == Origin::File)
        .map(|one| component_settings::declared(call, one))
        .next()
    {
        Some(refusal) => Err(refusal),
        None => Ok(()),
    }
}

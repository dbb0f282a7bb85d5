//! Components that are made through REST, and their settings. What a file declares is refused with its place.

use super::components::named;
use super::objects::{Writer, statuses};
use super::texts::check_names;
use crate::api::call::{Call, Plan};
use crate::api::document::Fields;
use crate::api::refusal::Refusal;
use crate::api::reply::Reply;
use crate::desired::zone_of;
use jiff::civil::Date;
use skerry_domain::access::Role;
use skerry_domain::holds::Source;
use skerry_domain::labels::{Labels, Selector};
use skerry_domain::rows::Subject;
use skerry_domain::state::{Component, ComponentKey, ComponentSettings, GroupKey, Origin, PageKey, State};
use skerry_domain::status::Status;
use skerry_domain::step::{Answer, Command, ComponentChange, DesiredLink, MAX_MADE, NewComponent};
use skerry_domain::time::Timestamp;
use skerry_protocol::check::{MAX_LABELS, is_label_name, is_label_value};

/// Why a component has no named checks beside those that labels choose.
const NOT_BOTH: &str =
    "checks: check_labels chooses the checks of this component; set check_labels to null to name them";

/// The years in which a component may have begun.
const EARLIEST: i16 = 1970;
const LATEST: i16 = 2100;

/// `POST …/components`.
pub(in crate::api) fn create(call: &Call<'_>) -> Result<Plan, Refusal> {
    let (key, page) = call.page()?;
    let made = call.state.components.values().filter(|one| one.page == key && !one.archived);
    call.must_leave_room("components", made.count(), MAX_MADE)?;
    let mut fields = call.body.within("component");
    let name = fields.words("name");
    if name.is_none() && fields.value("name").is_none_or(serde_json::Value::is_string) {
        fields.refuse("Name can't be blank");
    }
    let status = fields.choice("status", Status::from_name, &statuses());
    let selector = selector(call, &mut fields, None).flatten();
    let settings = ComponentSettings {
        name: name.unwrap_or_default(),
        description: fields.words("description"),
        public: fields.boolean("public").unwrap_or(true),
        start_date: start_date(&mut fields).flatten(),
        response_time: fields.boolean("response_time").unwrap_or(false),
        showcase: fields.boolean("showcase").unwrap_or(true),
        only_show_if_degraded: fields.boolean("only_show_if_degraded").unwrap_or(false),
        selector,
    };
    let group = group(call, key, &mut fields).flatten();
    let links = links(call, &mut fields).unwrap_or_default();
    if settings.selector.is_some() && !links.is_empty() {
        fields.refuse(NOT_BOTH);
    }
    if settings.public {
        let (name, description) = (Some(settings.name.as_str()), settings.description.as_deref());
        check_names(call, &mut fields, &[("name", name), ("description", description)])?;
    }
    fields.finish()?;
    let held = status.map(|status| (Source::Rest, status));
    let new = Box::new(NewComponent { page: key, group, settings, links, held });
    let zone = zone_of(&page.settings.time_zone);
    Ok(Plan::new(Command::CreateComponent { new, zone }))
}

pub(in crate::api) fn shown_new(call: &Call<'_>, answer: &Answer) -> Result<Reply, Refusal> {
    let Answer::Component(key) = answer else { return Err(Refusal::not_found()) };
    let (_, page) = call.page()?;
    let component = call.state.components.get(key).ok_or_else(Refusal::not_found)?;
    let version = call.state.version(&Subject::Component(*key));
    Ok(Reply::created(Writer::new(call, page).component(*key, component)).versioned(version))
}

/// `DELETE …/components/{component}`: it is archived, and its history stays.
pub(in crate::api) fn delete(call: &Call<'_>) -> Result<Plan, Refusal> {
    let (key, component) = named(call)?;
    if component.origin == Origin::File {
        return Err(declared(call, component));
    }
    let plan = Plan::new(Command::ArchiveComponent { component: key });
    Ok(plan.about(Subject::Component(key)))
}

/// Refuses what must not be public in the settings of a component that visitors see, and did not see until now.
///
/// # Errors
/// The rules of the workspace cannot be used.
pub(super) fn check_change(
    call: &Call<'_>,
    component: &Component,
    change: &ComponentChange,
    fields: &mut Fields<'_>,
) -> Result<(), Refusal> {
    let now = &component.settings;
    if !change.public.unwrap_or(now.public) {
        return Ok(());
    }
    let appears = change.public.is_some();
    let name = change.name.as_ref().or(appears.then_some(&now.name));
    let description = change.description.as_ref().or(appears.then_some(&now.description));
    let description = description.and_then(Option::as_deref);
    check_names(call, fields, &[("name", name.map(String::as_str)), ("description", description)])
}

/// Reads the settings that a request changes: a client that sends back what it read changes nothing.
pub(super) fn read_change(
    call: &Call<'_>,
    (key, component): (ComponentKey, &Component),
    fields: &mut Fields<'_>,
) -> ComponentChange {
    let now = &component.settings;
    if fields.has("name") && fields.words("name").is_none() {
        fields.refuse("Name can't be blank");
    }
    let description = fields.has("description").then(|| fields.words("description"));
    let selector = selector(call, fields, now.selector.as_ref()).filter(|new| *new != now.selector);
    let is_named_anew = matches!(selector, Some(None));
    let links = links(call, fields).filter(|new| is_named_anew || !feeds(call.state, component, new));
    if links.is_some() && selector.as_ref().unwrap_or(&now.selector).is_some() {
        fields.refuse(NOT_BOTH);
    }
    ComponentChange {
        name: fields.words("name").filter(|new| *new != now.name),
        description: description.filter(|new| *new != now.description),
        public: fields.boolean("public").filter(|new| *new != now.public),
        start_date: start_date(fields).filter(|new| *new != now.start_date),
        response_time: fields.boolean("response_time").filter(|new| *new != now.response_time),
        showcase: fields.boolean("showcase").filter(|new| *new != now.showcase),
        only_show_if_degraded: fields
            .boolean("only_show_if_degraded")
            .filter(|new| *new != now.only_show_if_degraded),
        group: group(call, component.page, fields)
            .filter(|new| *new != stands_in(call.state, component, key)),
        position: None,
        links,
        selector,
    }
}

/// The command of a change of settings; `None`: nothing changes.
///
/// # Errors
/// 403 for an operator, who sets the status alone, and for what a file declares.
pub(super) fn change(
    call: &Call<'_>,
    (key, component): (ComponentKey, &Component),
    change: ComponentChange,
) -> Result<Option<Command>, Refusal> {
    if change == ComponentChange::default() {
        return Ok(None);
    }
    call.caller.must_be(Role::Admin)?;
    if component.origin == Origin::File {
        return Err(declared(call, component));
    }
    let (_, page) = call.page()?;
    let zone = zone_of(&page.settings.time_zone);
    Ok(Some(Command::ChangeComponent { component: key, change: Box::new(change), zone }))
}

/// Why a component of the file is not changed.
pub(super) fn declared(call: &Call<'_>, component: &Component) -> Refusal {
    match call.state.pages.get(&component.page) {
        Some(page) => call.declared(page, Some(&component.key), &component.settings.name),
        None => Refusal::not_found(),
    }
}

/// `Some(None)`: null or blank, which removes the date.
fn start_date(fields: &mut Fields<'_>) -> Option<Option<Date>> {
    if !fields.has("start_date") {
        return None;
    }
    let Some(written) = fields.words("start_date") else { return Some(None) };
    match written.parse::<Date>() {
        // Uptime is worked out from there on.
        Ok(date) if !(EARLIEST..=LATEST).contains(&date.year()) => {
            fields.refuse(format!("start_date {written:?} is not between the years {EARLIEST} and {LATEST}"));
            None
        }
        Ok(date) => Some(Some(date)),
        Err(_) => {
            fields.refuse(format!("start_date {written:?} is no date: write it such as 2026-11-30"));
            None
        }
    }
}

/// `Some(None)`: null or blank, which leads out of a group.
pub(super) fn group(call: &Call<'_>, page: PageKey, fields: &mut Fields<'_>) -> Option<Option<GroupKey>> {
    if !fields.has("group_id") {
        return None;
    }
    let Some(id) = fields.words("group_id") else { return Some(None) };
    let found = call.group_of(page, &id);
    if found.is_none() {
        fields.refuse(format!("group_id: this page has no group {id:?}"));
    }
    found.map(|(key, _)| Some(key))
}

/// Ours: `checks` names the checks that feed the component. They belong to the whole workspace.
fn links(call: &Call<'_>, fields: &mut Fields<'_>) -> Option<Vec<DesiredLink>> {
    let names = fields.list("checks")?;
    if !call.caller.token.pages.is_empty() {
        fields.refuse("checks: this token is limited to pages, and checks belong to none");
        return None;
    }
    for unknown in names.iter().filter(|name| !call.state.check_names.contains_key(*name)) {
        fields.refuse(format!("checks: there is no check {unknown:?}"));
    }
    Some(names.into_iter().map(|check| DesiredLink { check, minor: false }).collect())
}

/// Ours: `check_labels` chooses the checks that feed the component, and `check_weight` is what their outage counts; what
/// is missing stays. `Some(None)`: null or nothing in it, which chooses none.
fn selector(
    call: &Call<'_>,
    fields: &mut Fields<'_>,
    present: Option<&Selector>,
) -> Option<Option<Selector>> {
    let weight = |name: &str| match name {
        "major" => Some(false),
        "minor" => Some(true),
        _ => None,
    };
    let minor = fields.choice("check_weight", weight, &["major", "minor"]);
    let says = fields.has("check_labels");
    if !says && minor.is_none() {
        return None;
    }
    if !call.caller.token.pages.is_empty() {
        fields.refuse("check_labels: this token is limited to pages, and checks belong to none");
        return None;
    }
    let labels: Labels = match present {
        Some(present) if !says => present.labels().clone(),
        _ => fields.map("check_labels").unwrap_or_default().into_iter().collect(),
    };
    if labels.len() > MAX_LABELS {
        fields.refuse(format!("check_labels: at most {MAX_LABELS} are allowed"));
    }
    for (name, value) in &labels {
        if !is_label_name(name) || !is_label_value(value) {
            fields.refuse(format!(
                "check_labels: no check has {name:?}: {value:?}: names are letters, digits and underscores and begin \
                 with no digit, values are one line, and both have at most 100 characters"
            ));
        }
    }
    if labels.is_empty() && minor.is_some() {
        fields.refuse("check_weight: has no meaning without check_labels");
    }
    let minor = minor.unwrap_or_else(|| present.is_some_and(Selector::is_minor));
    Some(Selector::new(labels, minor))
}

fn feeds(state: &State, component: &Component, links: &[DesiredLink]) -> bool {
    let open = component.links.iter().filter(|link| link.to == Timestamp::FAR);
    let present: Vec<&str> = open.map(|link| state.checks[&link.check].name.as_str()).collect();
    present == links.iter().map(|link| link.check.as_str()).collect::<Vec<_>>()
}

fn stands_in(state: &State, component: &Component, key: ComponentKey) -> Option<GroupKey> {
    state.pages.get(&component.page)?.place_of(key)?.group
}

//! Pages: their settings. Those of a file are refused with its place.

use super::objects::Writer;
use super::texts::check_names;
use crate::api::call::{Call, Plan};
use crate::api::document::Fields;
use crate::api::refusal::Refusal;
use crate::api::reply::Reply;
use crate::config::values;
use crate::desired::zone_of;
use crate::hosts;
use serde::Serialize;
use skerry_domain::access::Role;
use skerry_domain::rows::Subject;
use skerry_domain::state::{Origin, Page as Row, PageKey, PageSettings};
use skerry_domain::step::{Answer, Command, PageChange};
use skerry_protocol::strict::Refusal as Wrong;

/// A page. What does not exist here is null.
#[derive(Serialize)]
struct Page {
    id: String,
    created_at: String,
    updated_at: String,
    name: String,
    page_description: Option<String>,
    headline: Option<String>,
    branding: &'static str,
    /// Its part of addresses.
    subdomain: String,
    domain: Option<String>,
    url: String,
    support_url: Option<String>,
    privacy_url: Option<String>,
    hidden_from_search: bool,
    allow_page_subscribers: bool,
    allow_incident_subscribers: bool,
    allow_email_subscribers: bool,
    allow_sms_subscribers: bool,
    allow_rss_atom_feeds: bool,
    allow_webhook_subscribers: bool,
    notifications_from_email: Option<String>,
    notifications_email_footer: Option<String>,
    activity_score: Option<f32>,
    twitter_username: Option<String>,
    /// A page that is not public is seen by nobody.
    viewers_must_be_team_members: bool,
    ip_restrictions: Option<String>,
    city: Option<String>,
    state: Option<String>,
    country: Option<String>,
    time_zone: String,
    css_body_background_color: Option<String>,
    css_font_color: Option<String>,
    css_light_font_color: Option<String>,
    css_greens: Option<String>,
    css_yellows: Option<String>,
    css_oranges: Option<String>,
    css_blues: Option<String>,
    css_reds: Option<String>,
    css_border_color: Option<String>,
    css_graph_color: Option<String>,
    css_link_color: Option<String>,
    css_no_data: Option<String>,
    favicon_logo: Option<String>,
    transactional_logo: Option<String>,
    hero_cover: Option<String>,
    email_logo: Option<String>,
    twitter_logo: Option<String>,
    /// Ours: visitors may see it.
    public: bool,
    /// Ours: it is in the directory of pages.
    listed: bool,
    /// Ours: BCP 47.
    language: String,
}

/// `GET /v1/pages`: those that the token may reach.
pub(in crate::api) fn list(call: &Call<'_>) -> Result<Reply, Refusal> {
    let pages = call.state.pages.values().filter(|page| !page.archived);
    let reached = pages.filter(|page| call.caller.token.reaches_page(&page.id));
    Ok(Reply::ok(reached.map(|page| written(call, page)).collect::<Vec<_>>()))
}

/// `GET /v1/pages/{page}`.
pub(in crate::api) fn get(call: &Call<'_>) -> Result<Reply, Refusal> {
    let (key, page) = call.page()?;
    Ok(Reply::ok(written(call, page)).versioned(call.state.version(&Subject::Page(key))))
}

/// `PATCH` and `PUT` of a page.
pub(in crate::api) fn change(call: &Call<'_>) -> Result<Plan, Refusal> {
    let (key, page) = call.page()?;
    let mut fields = call.body.within("page");
    let change = read(&page.settings, &mut fields);
    if page.origin == Origin::Runtime {
        check_names(call, &mut fields, &[("name", change.name.as_deref())])?;
    }
    fields.must_change_something(&[]);
    fields.finish()?;
    let subject = Subject::Page(key);
    if change == PageChange::default() {
        // A client that sends back what it read changes nothing.
        return Ok(Plan::new(Command::Together(Vec::new())).about(subject));
    }
    if page.origin == Origin::File {
        return Err(call.declared(page, None, &page.settings.name));
    }
    if change.domain.is_some() {
        call.caller.must_be(Role::Owner)?;
    }
    check_hosts(call, key, page, &change)?;
    let zone = zone_of(change.time_zone.as_ref().unwrap_or(&page.settings.time_zone));
    let command = Command::ChangePage { page: key, change: Box::new(change), zone };
    Ok(Plan::new(command).about(subject))
}

pub(in crate::api) fn shown(call: &Call<'_>, _: &Answer) -> Result<Reply, Refusal> {
    get(call)
}

/// The settings that differ from those of the page.
fn read(now: &PageSettings, fields: &mut Fields<'_>) -> PageChange {
    if fields.has("name") && fields.words("name").is_none() {
        fields.refuse("Name can't be blank");
    }
    let private = fields.boolean("viewers_must_be_team_members");
    let public = fields.boolean("public");
    if public.is_some() && public == private {
        fields.refuse("public contradicts viewers_must_be_team_members");
    }
    let public = public.or(private.map(|private| !private));
    let slug = |slug: &str| values::label(slug).and_then(|slug| values::unreserved_slug(&slug));
    let host = |host: &str| values::host_name(host, "status.example.com");
    PageChange {
        slug: value(fields, "subdomain", slug).filter(|new| *new != now.slug),
        name: fields.words("name").filter(|new| *new != now.name),
        public: public.filter(|new| *new != now.public),
        listed: fields.boolean("listed").filter(|new| *new != now.listed),
        domain: removable(fields, "domain", host).filter(|new| *new != now.domain),
        time_zone: value(fields, "time_zone", values::time_zone).filter(|new| *new != now.time_zone),
        support_url: removable(fields, "support_url", values::support_url)
            .filter(|new| *new != now.support_url),
        privacy_url: removable(fields, "privacy_url", values::web_url).filter(|new| *new != now.privacy_url),
        frame_ancestors: None,
        language: value(fields, "language", values::language).filter(|new| *new != now.language),
        rule: None,
        weights: None,
    }
}

/// A value as the file has it.
fn value(
    fields: &mut Fields<'_>,
    name: &str,
    read: impl FnOnce(&str) -> Result<String, Wrong>,
) -> Option<String> {
    let written = fields.words(name)?;
    read(&written).map_err(|Wrong { wrong, remedy }| fields.refuse(format!("{name} {wrong}. {remedy}"))).ok()
}

/// The same; `Some(None)`: null or blank, which removes it.
fn removable(
    fields: &mut Fields<'_>,
    name: &str,
    read: impl FnOnce(&str) -> Result<String, Wrong>,
) -> Option<Option<String>> {
    if !fields.has(name) {
        return None;
    }
    match fields.words(name) {
        Some(_) => value(fields, name, read).map(Some),
        None => Some(None),
    }
}

/// A host answers with one page.
fn check_hosts(call: &Call<'_>, key: PageKey, page: &Row, change: &PageChange) -> Result<(), Refusal> {
    let settings = PageSettings {
        slug: change.slug.clone().unwrap_or_else(|| page.settings.slug.clone()),
        domain: change.domain.clone().unwrap_or_else(|| page.settings.domain.clone()),
        ..page.settings.clone()
    };
    let own = Some((call.state.workspace.key, key));
    match hosts::taken(call.public, call.workspaces, own, &settings) {
        Some(host) => Err(Refusal::invalid(format!(
            "host {host:?} belongs to another page: choose another subdomain or domain"
        ))),
        None => Ok(()),
    }
}

fn written(call: &Call<'_>, page: &Row) -> Page {
    let writer = Writer::new(call, page);
    let settings = page.settings.clone();
    Page {
        id: page.id.clone(),
        created_at: writer.at(page.created_at),
        updated_at: writer.at(page.created_at),
        name: settings.name,
        page_description: None,
        headline: None,
        branding: "basic",
        subdomain: settings.slug,
        domain: settings.domain,
        url: call.addresses.url_of_page(&page.settings),
        support_url: settings.support_url,
        privacy_url: settings.privacy_url,
        hidden_from_search: false,
        allow_page_subscribers: false,
        allow_incident_subscribers: false,
        allow_email_subscribers: false,
        allow_sms_subscribers: false,
        allow_rss_atom_feeds: false,
        allow_webhook_subscribers: false,
        notifications_from_email: None,
        notifications_email_footer: None,
        activity_score: None,
        twitter_username: None,
        viewers_must_be_team_members: !settings.public,
        ip_restrictions: None,
        city: None,
        state: None,
        country: None,
        time_zone: settings.time_zone,
        css_body_background_color: None,
        css_font_color: None,
        css_light_font_color: None,
        css_greens: None,
        css_yellows: None,
        css_oranges: None,
        css_blues: None,
        css_reds: None,
        css_border_color: None,
        css_graph_color: None,
        css_link_color: None,
        css_no_data: None,
        favicon_logo: None,
        transactional_logo: None,
        hero_cover: None,
        email_logo: None,
        twitter_logo: None,
        public: settings.public,
        listed: settings.listed,
        language: settings.language,
    }
}

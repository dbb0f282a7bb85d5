//! The route table: for each path and method the role that it needs, the kind of resource, and what it does. What is not
//! in the table does not exist.

use super::call::{Call, Plan, Show};
use super::portions::Begin;
use super::refusal::Refusal;
use super::reply::Reply;
use super::{own, v1};
use matchit::Router;
use skerry_domain::access::{Resource, Role};
use skerry_domain::step::Answer;
use skerry_web::MAX_API_BODY_BYTES;
use std::collections::BTreeMap;

/// One method of one path.
pub(super) struct Route {
    pub(super) method: &'static str,
    /// With `{name}` for a parameter.
    pub(super) path: &'static str,
    /// The least role.
    pub(super) needs: Role,
    pub(super) resource: Resource,
    /// It lists the pages that the token may reach.
    pub(super) lists_pages: bool,
    pub(super) body: BodyKind,
    pub(super) action: Action,
}

/// How the body of a request is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BodyKind {
    /// As fields: JSON or a form.
    Fields,
    /// As a file of CSV.
    Csv,
    /// As JSON in a form of its own, whatever its media type: SNS says `text/plain`.
    Webhook,
}

impl BodyKind {
    /// The longest one, bytes. SendGrid gathers events up to 768 KiB.
    pub(super) fn longest(self) -> usize {
        match self {
            Self::Fields => MAX_API_BODY_BYTES,
            Self::Csv => 16 << 20,
            Self::Webhook => 1 << 20,
        }
    }
}

/// What a route does.
#[derive(Clone, Copy)]
pub(super) enum Action {
    /// Answers from a snapshot.
    Read(fn(&Call<'_>) -> Result<Reply, Refusal>),
    /// Makes a command, and answers once it is durable.
    Write(fn(&Call<'_>) -> Result<Plan, Refusal>, Show),
    /// Makes one command after the other.
    InPortions(Begin),
}

impl Route {
    /// The kinds of resources that it is about: an incident of Statuspage is an incident or maintenance here.
    pub(super) fn resources(&self) -> impl Iterator<Item = Resource> {
        let announced = self.resource == Resource::Incidents && self.path.starts_with("/v1/");
        std::iter::once(self.resource).chain(announced.then_some(Resource::Maintenance))
    }

    pub(super) fn is_write(&self) -> bool {
        matches!(self.action, Action::Write(..) | Action::InPortions(_))
    }
}

/// Whether a path is one to which providers post their webhooks.
pub(super) fn takes_webhooks(path: &str) -> bool {
    path.strip_prefix(BOUNCES).is_some_and(|rest| rest.len() > 1 && rest.starts_with('/'))
}

/// The parameters of a path, by name.
pub(super) type Parameters = Vec<(String, String)>;

/// A route with the parameters of a request.
pub(super) struct Matched {
    pub(super) route: &'static Route,
    pub(super) parameters: Parameters,
}

impl Matched {
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

const fn read(
    path: &'static str,
    resource: Resource,
    answer: fn(&Call<'_>) -> Result<Reply, Refusal>,
) -> Route {
    read_as(Role::Viewer, path, resource, answer)
}

const fn read_as(
    needs: Role,
    path: &'static str,
    resource: Resource,
    answer: fn(&Call<'_>) -> Result<Reply, Refusal>,
) -> Route {
    let action = Action::Read(answer);
    Route { method: "GET", path, needs, resource, lists_pages: false, body: BodyKind::Fields, action }
}

const fn write(
    method: &'static str,
    path: &'static str,
    (needs, resource): (Role, Resource),
    plan: fn(&Call<'_>) -> Result<Plan, Refusal>,
    show: Show,
) -> Route {
    let action = Action::Write(plan, show);
    Route { method, path, needs, resource, lists_pages: false, body: BodyKind::Fields, action }
}

const fn in_portions(path: &'static str, (needs, resource): (Role, Resource), begin: Begin) -> Route {
    let action = Action::InPortions(begin);
    Route { method: "POST", path, needs, resource, lists_pages: false, body: BodyKind::Fields, action }
}

/// Something that is done to many subscribers.
const fn many(path: &'static str, plan: fn(&Call<'_>) -> Result<Plan, Refusal>) -> Route {
    write("POST", path, CHANGE_SUBSCRIBERS, plan, v1::subscriber_lists::shown_many)
}

const PAGES: &str = "/v1/pages";
const PAGE: &str = "/v1/pages/{page}";
const PAGE_COMPONENTS: &str = "/v1/pages/{page}/components";
const PAGE_COMPONENT: &str = "/v1/pages/{page}/components/{component}";
const COMPONENT_UPTIME: &str = "/v1/pages/{page}/components/{component}/uptime";
const PAGE_GROUPS: &str = "/v1/pages/{page}/component-groups";
const PAGE_GROUP: &str = "/v1/pages/{page}/component-groups/{group}";
const GROUP_UPTIME: &str = "/v1/pages/{page}/component-groups/{group}/uptime";
const PAGE_INCIDENTS: &str = "/v1/pages/{page}/incidents";
const PAGE_INCIDENT: &str = "/v1/pages/{page}/incidents/{incident}";
const UPDATE: &str = "/v1/pages/{page}/incidents/{incident}/incident_updates/{update}";
const PAGE_TEMPLATES: &str = "/v1/pages/{page}/incident_templates";
const POSTMORTEM: &str = "/v1/pages/{page}/incidents/{incident}/postmortem";
const POSTMORTEM_PUBLISH: &str = "/v1/pages/{page}/incidents/{incident}/postmortem/publish";
const POSTMORTEM_REVERT: &str = "/v1/pages/{page}/incidents/{incident}/postmortem/revert";

const SUBSCRIBERS: &str = "/v1/pages/{page}/subscribers";
const SUBSCRIBERS_COUNT: &str = "/v1/pages/{page}/subscribers/count";
const SUBSCRIBERS_BY_STATE: &str = "/v1/pages/{page}/subscribers/histogram_by_state";
const UNSUBSCRIBED: &str = "/v1/pages/{page}/subscribers/unsubscribed";
const UNSUBSCRIBE: &str = "/v1/pages/{page}/subscribers/unsubscribe";
const REACTIVATE: &str = "/v1/pages/{page}/subscribers/reactivate";
const RESEND_MANY: &str = "/v1/pages/{page}/subscribers/resend_confirmation";
const SUBSCRIBER: &str = "/v1/pages/{page}/subscribers/{subscriber}";
const RESEND: &str = "/v1/pages/{page}/subscribers/{subscriber}/resend_confirmation";
const FOLLOWERS: &str = "/v1/pages/{page}/incidents/{incident}/subscribers";
const FOLLOWER: &str = "/v1/pages/{page}/incidents/{incident}/subscribers/{subscriber}";
const RESEND_FOLLOWER: &str =
    "/v1/pages/{page}/incidents/{incident}/subscribers/{subscriber}/resend_confirmation";

const PROBLEM: &str = "/api/v1/problems/{problem}";
const DRAFTS: &str = "/api/v1/pages/{page}/drafts";
const DRAFT: &str = "/api/v1/pages/{page}/drafts/{incident}";
const APPROVE: &str = "/api/v1/pages/{page}/drafts/{incident}/approve";
const OWN_INCIDENT: &str = "/api/v1/pages/{page}/incidents/{incident}";
const INCIDENT_PROBLEM: &str = "/api/v1/pages/{page}/incidents/{incident}/problems/{problem}";
const CORRECTIONS: &str = "/api/v1/pages/{page}/corrections";
const CORRECTION: &str = "/api/v1/pages/{page}/corrections/{correction}";
const HOLDS: &str = "/api/v1/pages/{page}/components/{component}/holds";
const HOLD: &str = "/api/v1/pages/{page}/components/{component}/holds/{source}";
const TEMPLATES: &str = "/api/v1/pages/{page}/templates";
const TEMPLATE: &str = "/api/v1/pages/{page}/templates/{template}";
const ANNOUNCEMENTS: &str = "/api/v1/announcements";
const ANNOUNCEMENT: &str = "/api/v1/announcements/{announcement}";
const SUBSCRIBERS_CSV: &str = "/api/v1/subscribers.csv";
const NOTICES: &str = "/api/v1/notices";
const NOTICE: &str = "/api/v1/notices/{notice}";
const NOTICE_RESEND: &str = "/api/v1/notices/{notice}/resend";
const BOUNCES: &str = "/api/v1/bounces";
const WEBHOOK: &str = "/api/v1/bounces/{provider}";
const DELIVERIES: &str = "/api/v1/deliveries";
const DELIVERY: &str = "/api/v1/deliveries/{delivery}";
const DELIVERY_RETRY: &str = "/api/v1/deliveries/{delivery}/retry";
const SETTINGS: &str = "/api/v1/settings";

/// Operators set statuses.
const SET_STATUS: (Role, Resource) = (Role::Operator, Resource::Components);
/// Admins change pages.
const CHANGE_PAGES: (Role, Resource) = (Role::Admin, Resource::Pages);
/// Admins make and change components and groups.
const CHANGE_COMPONENTS: (Role, Resource) = (Role::Admin, Resource::Components);
/// Operators write incidents and schedule maintenance.
const WRITE_INCIDENTS: (Role, Resource) = (Role::Operator, Resource::Incidents);
/// Operators write announcements.
const WRITE_ANNOUNCEMENTS: (Role, Resource) = (Role::Operator, Resource::Announcements);
/// Admins make and change templates.
const CHANGE_TEMPLATES: (Role, Resource) = (Role::Admin, Resource::Templates);
/// Admins subscribe others, and remove them.
const CHANGE_SUBSCRIBERS: (Role, Resource) = (Role::Admin, Resource::Subscribers);
/// Operators send again what failed.
const SEND_AGAIN: (Role, Resource) = (Role::Operator, Resource::Deliveries);
/// What a mail provider may do with its token.
const REPORT_BOUNCES: (Role, Resource) = (Role::Operator, Resource::Bounces);
/// The past is corrected by admins.
const CORRECT: (Role, Resource) = (Role::Admin, Resource::Corrections);

/// 204.
fn nothing(_: &Call<'_>, _: &Answer) -> Result<Reply, Refusal> {
    Ok(Reply::none())
}

/// Every route.
pub(super) const TABLE: &[Route] = &[
    Route { lists_pages: true, ..read(PAGES, Resource::Pages, v1::pages::list) },
    read(PAGE, Resource::Pages, v1::pages::get),
    write("PATCH", PAGE, CHANGE_PAGES, v1::pages::change, v1::pages::shown),
    write("PUT", PAGE, CHANGE_PAGES, v1::pages::change, v1::pages::shown),
    read(PAGE_COMPONENTS, Resource::Components, v1::components::list),
    write(
        "POST",
        PAGE_COMPONENTS,
        CHANGE_COMPONENTS,
        v1::component_settings::create,
        v1::component_settings::shown_new,
    ),
    read(PAGE_COMPONENT, Resource::Components, v1::components::get),
    write("PATCH", PAGE_COMPONENT, SET_STATUS, v1::components::change, v1::components::shown),
    write("PUT", PAGE_COMPONENT, SET_STATUS, v1::components::change, v1::components::shown),
    write("DELETE", PAGE_COMPONENT, CHANGE_COMPONENTS, v1::component_settings::delete, nothing),
    read(COMPONENT_UPTIME, Resource::Components, v1::uptime::component),
    read(PAGE_GROUPS, Resource::Components, v1::groups::list),
    write("POST", PAGE_GROUPS, CHANGE_COMPONENTS, v1::groups::create, v1::groups::shown_new),
    read(PAGE_GROUP, Resource::Components, v1::groups::get),
    write("PATCH", PAGE_GROUP, CHANGE_COMPONENTS, v1::groups::change, v1::groups::shown),
    write("PUT", PAGE_GROUP, CHANGE_COMPONENTS, v1::groups::change, v1::groups::shown),
    write("DELETE", PAGE_GROUP, CHANGE_COMPONENTS, v1::groups::delete, v1::groups::shown_deleted),
    read(GROUP_UPTIME, Resource::Components, v1::uptime::group),
    read(PAGE_INCIDENTS, Resource::Incidents, v1::lists::all),
    read("/v1/pages/{page}/incidents/unresolved", Resource::Incidents, v1::lists::unresolved),
    read("/v1/pages/{page}/incidents/scheduled", Resource::Incidents, v1::lists::scheduled),
    read("/v1/pages/{page}/incidents/upcoming", Resource::Incidents, v1::lists::upcoming),
    read("/v1/pages/{page}/incidents/active_maintenance", Resource::Incidents, v1::lists::active_maintenance),
    read(PAGE_INCIDENT, Resource::Incidents, v1::incidents::get),
    write("POST", PAGE_INCIDENTS, WRITE_INCIDENTS, v1::incidents::create, v1::incidents::shown_new),
    write("PATCH", PAGE_INCIDENT, WRITE_INCIDENTS, v1::incidents::change, v1::incidents::shown),
    write("PUT", PAGE_INCIDENT, WRITE_INCIDENTS, v1::incidents::change, v1::incidents::shown),
    write("DELETE", PAGE_INCIDENT, WRITE_INCIDENTS, v1::incidents::delete, v1::incidents::shown_deleted),
    write("PATCH", UPDATE, WRITE_INCIDENTS, v1::incidents::edit_update, v1::incidents::shown_update),
    write("PUT", UPDATE, WRITE_INCIDENTS, v1::incidents::edit_update, v1::incidents::shown_update),
    read(POSTMORTEM, Resource::Incidents, v1::postmortem::get),
    write("PUT", POSTMORTEM, WRITE_INCIDENTS, v1::postmortem::write, v1::postmortem::shown),
    write("DELETE", POSTMORTEM, WRITE_INCIDENTS, v1::postmortem::delete, nothing),
    write("PUT", POSTMORTEM_PUBLISH, WRITE_INCIDENTS, v1::postmortem::publish, v1::postmortem::shown),
    write("PUT", POSTMORTEM_REVERT, WRITE_INCIDENTS, v1::postmortem::revert, v1::postmortem::shown),
    read(PAGE_TEMPLATES, Resource::Templates, v1::templates::list),
    write("POST", PAGE_TEMPLATES, CHANGE_TEMPLATES, v1::templates::create, v1::templates::shown_new),
    read(SUBSCRIBERS, Resource::Subscribers, v1::subscriber_lists::list),
    write("POST", SUBSCRIBERS, CHANGE_SUBSCRIBERS, v1::subscribers::create, v1::subscribers::shown_new),
    read(SUBSCRIBERS_COUNT, Resource::Subscribers, v1::subscriber_lists::count),
    read(SUBSCRIBERS_BY_STATE, Resource::Subscribers, v1::subscriber_lists::histogram),
    read(UNSUBSCRIBED, Resource::Subscribers, v1::subscriber_lists::unsubscribed),
    many(UNSUBSCRIBE, v1::subscriber_lists::unsubscribe),
    many(REACTIVATE, v1::subscriber_lists::reactivate_many),
    many(RESEND_MANY, v1::subscriber_lists::resend_many),
    read(SUBSCRIBER, Resource::Subscribers, v1::subscribers::get),
    write("PATCH", SUBSCRIBER, CHANGE_SUBSCRIBERS, v1::subscribers::change, v1::subscribers::shown),
    write("DELETE", SUBSCRIBER, CHANGE_SUBSCRIBERS, v1::subscribers::delete, v1::subscribers::shown_deleted),
    write("POST", RESEND, CHANGE_SUBSCRIBERS, v1::subscribers::resend, v1::subscribers::shown_resent),
    read(FOLLOWERS, Resource::Subscribers, v1::incident_subscribers::list),
    write(
        "POST",
        FOLLOWERS,
        CHANGE_SUBSCRIBERS,
        v1::incident_subscribers::create,
        v1::subscribers::shown_new,
    ),
    read(FOLLOWER, Resource::Subscribers, v1::incident_subscribers::get),
    write(
        "DELETE",
        FOLLOWER,
        CHANGE_SUBSCRIBERS,
        v1::incident_subscribers::delete,
        v1::subscribers::shown_deleted,
    ),
    write(
        "POST",
        RESEND_FOLLOWER,
        CHANGE_SUBSCRIBERS,
        v1::incident_subscribers::resend,
        v1::subscribers::shown_resent,
    ),
    read("/api/v1/problems", Resource::Problems, own::problems::list),
    read(PROBLEM, Resource::Problems, own::problems::get),
    write(
        "PATCH",
        PROBLEM,
        (Role::Operator, Resource::Problems),
        own::problems::change,
        own::problems::shown,
    ),
    read(DRAFTS, Resource::Incidents, own::drafts::list),
    write("POST", DRAFTS, WRITE_INCIDENTS, own::drafts::create, own::drafts::shown_new),
    read(DRAFT, Resource::Incidents, own::incidents::get),
    write("PATCH", DRAFT, WRITE_INCIDENTS, own::drafts::change, own::drafts::shown),
    write("DELETE", DRAFT, WRITE_INCIDENTS, own::drafts::discard, nothing),
    write("POST", APPROVE, WRITE_INCIDENTS, own::drafts::approve, own::drafts::shown),
    read(OWN_INCIDENT, Resource::Incidents, own::incidents::get),
    write("PUT", INCIDENT_PROBLEM, WRITE_INCIDENTS, own::incidents::link, own::incidents::shown),
    write("DELETE", INCIDENT_PROBLEM, WRITE_INCIDENTS, own::incidents::unlink, own::incidents::shown),
    read_as(Role::Admin, CORRECTIONS, Resource::Corrections, own::corrections::list),
    write("POST", CORRECTIONS, CORRECT, own::corrections::create, own::corrections::shown_new),
    write("DELETE", CORRECTION, CORRECT, own::corrections::undo, own::corrections::shown),
    read(HOLDS, Resource::Components, own::holds::list),
    write("PUT", HOLD, SET_STATUS, own::holds::set, own::holds::shown),
    write("DELETE", HOLD, SET_STATUS, own::holds::release, own::holds::shown),
    read(TEMPLATES, Resource::Templates, own::templates::list),
    write("POST", TEMPLATES, CHANGE_TEMPLATES, own::templates::create, own::templates::shown_new),
    read(TEMPLATE, Resource::Templates, own::templates::get),
    write("PATCH", TEMPLATE, CHANGE_TEMPLATES, own::templates::change, own::templates::shown),
    write("DELETE", TEMPLATE, CHANGE_TEMPLATES, own::templates::delete, nothing),
    read(ANNOUNCEMENTS, Resource::Announcements, own::announcements::list),
    write(
        "POST",
        ANNOUNCEMENTS,
        WRITE_ANNOUNCEMENTS,
        own::announcements::create,
        own::announcements::shown_new,
    ),
    read(ANNOUNCEMENT, Resource::Announcements, own::announcements::get),
    write("PATCH", ANNOUNCEMENT, WRITE_ANNOUNCEMENTS, own::announcements::change, own::announcements::shown),
    write(
        "DELETE",
        ANNOUNCEMENT,
        WRITE_ANNOUNCEMENTS,
        own::announcements::end,
        own::announcements::shown_ended,
    ),
    read_as(Role::Admin, SUBSCRIBERS_CSV, Resource::Subscribers, own::subscribers::export),
    Route {
        body: BodyKind::Csv,
        ..in_portions(SUBSCRIBERS_CSV, CHANGE_SUBSCRIBERS, own::subscribers::import)
    },
    read(NOTICES, Resource::Deliveries, own::notices::list),
    read(NOTICE, Resource::Deliveries, own::notices::get),
    in_portions(NOTICE_RESEND, SEND_AGAIN, own::notices::resend),
    write("POST", BOUNCES, REPORT_BOUNCES, own::bounces::report, own::bounces::taken),
    Route {
        body: BodyKind::Webhook,
        ..write("POST", WEBHOOK, REPORT_BOUNCES, own::bounces::webhook, own::bounces::taken)
    },
    read(DELIVERIES, Resource::Deliveries, own::deliveries::list),
    read(DELIVERY, Resource::Deliveries, own::deliveries::get),
    write("POST", DELIVERY_RETRY, SEND_AGAIN, own::deliveries::retry, own::deliveries::shown),
    read(SETTINGS, Resource::Settings, own::settings::get),
    write("PATCH", SETTINGS, (Role::Admin, Resource::Settings), own::settings::change, own::settings::shown),
    read_as(Role::Admin, "/api/v1/audit", Resource::Audit, own::audit::list),
];

/// Finds routes.
pub(super) struct Routes {
    paths: Router<BTreeMap<&'static str, &'static Route>>,
}

impl Routes {
    /// All routes of [`TABLE`].
    pub(super) fn new() -> Self {
        let mut methods: BTreeMap<&'static str, BTreeMap<&'static str, &'static Route>> = BTreeMap::new();
        for route in TABLE {
            methods.entry(route.path).or_default().insert(route.method, route);
        }
        let mut paths = Router::new();
        for (path, methods) in methods {
            paths.insert(path, methods).expect("the paths of the table do not contradict each other");
        }
        Self { paths }
    }

    /// The route of a request. Every path may end in `.json`, as Statuspage's may. Ids are plain letters and digits, so a
    /// path with anything that would have to be decoded does not exist.
    ///
    /// # Errors
    /// 404, and 405 with the methods that the path has.
    pub(super) fn find(&self, method: &str, path: &str) -> Result<Matched, Refusal> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'_' | b'-' | b'.');
        let path = path.strip_suffix(".json").unwrap_or(path);
        let found = path.bytes().all(plain).then(|| self.paths.at(path).ok()).flatten();
        let found = found.ok_or_else(Refusal::not_found)?;
        let wanted = if method == "HEAD" { "GET" } else { method };
        let Some(route) = found.value.get(wanted) else {
            let allow: Vec<&str> = found.value.keys().copied().collect();
            let allow = allow.join(", ");
            let reason = format!("this path has no {method}; it has {allow}");
            return Err(Refusal { allow: Some(allow), ..Refusal::new(405, reason) });
        };
        let parameters = found.params.iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
        Ok(Matched { route, parameters: parameters.collect() })
    }
}

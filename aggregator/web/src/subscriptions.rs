//! Subscribing: the one part of a public page that depends on who asks. The forms themselves are outputs; what is sent with
//! them, and the pages behind the secret links in messages, are answered here, for nobody to keep. A page that is not public has
//! none of it but the link to leave, and the public side answers as for any address that does not exist.

use super::admission::{is_foreign, is_same_origin};
use super::headers::{method_not_allowed, uncached};
use super::proxies::TrustedProxies;
use super::public::{PublicSide, X_ROBOTS_TAG, host};
use super::{Limits, body};
use actix_web::http::header::{
    CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderMap, HeaderName,
    HeaderValue, LOCATION, REFERRER_POLICY,
};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpRequest, HttpResponse, web};
use async_trait::async_trait;
use skerry_publish::html::Document;
use skerry_publish::output::Publication;
use std::net::IpAddr;
use std::sync::Arc;

/// The longest form.
const MAX_FORM_BYTES: usize = 16 << 10;
/// The longest token or id in a path.
const MAX_NAME: usize = 64;
/// Fields of a form that are read.
const MAX_FIELDS: usize = 2_000;

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SubscriptionTarget {
    /// A form of the page is sent: `subscribe`.
    Subscribe,
    /// The form of one incident, by its id: `subscribe/incidents/<id>`.
    SubscribeToIncident(String),
    /// The form of one maintenance, by its id: `subscribe/maintenance/<id>`.
    SubscribeToMaintenance(String),
    /// Asks for the link by which a subscription is changed: `subscribe/link`.
    SendLink,
    /// The page of a subscription, by its token: `subscriptions/<token>`.
    Manage(String),
    /// `subscriptions/<token>/stop`
    Stop(String),
    /// What is kept of a subscription: `subscriptions/<token>/data`.
    Data(String),
    /// `subscriptions/<token>/confirm`
    Confirm(String),
    /// `unsubscribe/<token>`
    Unsubscribe(String),
}

impl SubscriptionTarget {
    /// What stands at a path below the root of a page.
    #[must_use]
    pub fn at(path: &str) -> Option<Self> {
        let parts: Vec<&str> = path.split('/').collect();
        let name = |name: &str| {
            let fits = !name.is_empty() && name.len() <= MAX_NAME;
            (fits && name.bytes().all(|one| one.is_ascii_alphanumeric())).then(|| name.to_owned())
        };
        match parts[..] {
            ["subscribe"] => Some(Self::Subscribe),
            ["subscribe", "link"] => Some(Self::SendLink),
            ["subscribe", "incidents", id] => name(id).map(Self::SubscribeToIncident),
            ["subscribe", "maintenance", id] => name(id).map(Self::SubscribeToMaintenance),
            ["subscriptions", token] => name(token).map(Self::Manage),
            ["subscriptions", token, "stop"] => name(token).map(Self::Stop),
            ["subscriptions", token, "data"] => name(token).map(Self::Data),
            ["subscriptions", token, "confirm"] => name(token).map(Self::Confirm),
            ["unsubscribe", token] => name(token).map(Self::Unsubscribe),
            _ => None,
        }
    }

    /// The slashes in its path.
    #[must_use]
    pub fn slashes(&self) -> usize {
        match self {
            Self::Subscribe => 0,
            Self::SendLink | Self::Manage(_) | Self::Unsubscribe(_) => 1,
            Self::SubscribeToIncident(_)
            | Self::SubscribeToMaintenance(_)
            | Self::Stop(_)
            | Self::Data(_)
            | Self::Confirm(_) => 2,
        }
    }

    /// Whether it is a form whose document is an output.
    fn is_form(&self) -> bool {
        matches!(
            self,
            Self::Subscribe | Self::SubscribeToIncident(_) | Self::SubscribeToMaintenance(_) | Self::SendLink
        )
    }
}

/// The fields of a form, in order.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Form(Vec<(String, String)>);

impl Form {
    /// Reads the body of a form.
    #[must_use]
    pub fn read(body: &[u8]) -> Self {
        let fields = url::form_urlencoded::parse(body).take(MAX_FIELDS);
        Self(fields.map(|(name, value)| (name.into_owned(), value.into_owned())).collect())
    }

    /// The value of a field; empty if it has none.
    #[must_use]
    pub fn value(&self, name: &str) -> &str {
        let found = self.0.iter().find(|(field, _)| field == name);
        found.map(|(_, value)| value.as_str()).unwrap_or_default()
    }

    /// All values of a field.
    pub fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(field, _)| field == name).map(|(_, value)| value.as_str())
    }
}

/// Says nothing of what was typed.
impl std::fmt::Debug for Form {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Form").field("fields", &self.0.len()).finish_non_exhaustive()
    }
}

/// A request about subscriptions of a public page.
#[derive(Clone, Debug)]
pub struct SubscriptionRequest {
    /// The page. `None`: none that is public stands there, and the link to leave is asked for.
    pub page: Option<Arc<Publication>>,
    /// What is asked for.
    pub target: SubscriptionTarget,
    /// The form that is sent; `None`: it only looks.
    pub form: Option<Form>,
    /// The client, if it is known.
    pub client: Option<IpAddr>,
    /// The query, without its question mark.
    pub query: String,
}

/// What a visitor gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SubscriptionAnswer {
    /// A document with its status code.
    Document(u16, Document),
    /// Goes on to a path, which is relative to the requested one.
    SeeOther(String),
    /// JSON, as a file.
    Data(String),
    /// It cannot be answered at the moment.
    Unavailable,
}

/// Answers requests about subscriptions.
#[async_trait]
pub trait Subscriptions: Send + Sync {
    /// Answers a request. A request that sends no form changes nothing. `None`: the page, or what is to be subscribed to, does
    /// not exist for visitors.
    async fn answer(&self, request: SubscriptionRequest) -> Option<SubscriptionAnswer>;

    /// What somebody gets whose form its own page seems not to have sent. `None`: as for [`Subscriptions::answer`].
    async fn refuse(
        &self,
        page: Option<Arc<Publication>>,
        target: SubscriptionTarget,
    ) -> Option<SubscriptionAnswer>;
}

/// What a request asks for, if it is about subscriptions of a public page, or by the link to leave one that was public. The
/// documents of forms are outputs.
pub(super) fn find(
    request: &HttpRequest,
    public: &PublicSide,
) -> Option<(Option<Arc<Publication>>, SubscriptionTarget)> {
    let path = request.uri().path();
    // Most requests are about something else.
    if !path.contains("subscri") {
        return None;
    }
    let found = public.page_of(&host(request), path).filter(|(page, _)| page.place.takes_subscribers);
    let found = found.and_then(|(page, below)| Some((page, SubscriptionTarget::at(below)?)));
    let Some((page, target)) = found else {
        let asks = [Method::GET, Method::HEAD, Method::POST].contains(request.method());
        return Some((None, link_to_leave(path).filter(|_| asks)?));
    };
    let looks = request.method() != Method::POST;
    (!(looks && target.is_form())).then_some((Some(page), target))
}

/// The target of the link to leave, which each message holds, below any page.
pub(super) fn link_to_leave(path: &str) -> Option<SubscriptionTarget> {
    let (above, token) = path.rsplit_once('/')?;
    let last = above.rsplit('/').next()?;
    let target = SubscriptionTarget::at(&format!("{last}/{token}"))?;
    matches!(target, SubscriptionTarget::Unsubscribe(_)).then_some(target)
}

/// Answers it.
pub(super) async fn answer(
    subscriptions: Arc<dyn Subscriptions>,
    (page, target): (Option<Arc<Publication>>, SubscriptionTarget),
    (request, proxies): (HttpRequest, Arc<TrustedProxies>),
    payload: web::Payload,
    (public, limits): (Arc<PublicSide>, Limits),
) -> HttpResponse {
    // As at any address where nothing is.
    let is_hidden_form = page.is_none() && request.method() == Method::POST;
    let nothing = || if is_hidden_form { method_not_allowed("GET, HEAD") } else { public.not_found() };
    let form = match *request.method() {
        Method::GET | Method::HEAD => None,
        Method::POST => {
            let body = match body::read(payload, MAX_FORM_BYTES, &limits, |_| Ok(())).await {
                Ok(body) => body,
                Err(refused) => return refused,
            };
            let url = page.as_ref().map_or("", |page| page.place.url.as_str());
            if !may_send(&request, url, &target, &body) {
                let refused = subscriptions.refuse(page, target).await;
                return refused.map_or_else(nothing, |refused| respond(refused, &public));
            }
            Some(Form::read(&body))
        }
        _ => return method_not_allowed("GET, HEAD, POST"),
    };
    let (client, query) = (proxies.client(&request), request.query_string().to_owned());
    let asked = SubscriptionRequest { page, target, form, client, query };
    match subscriptions.answer(asked).await {
        None => nothing(),
        Some(answer) => respond(answer, &public),
    }
}

/// Whether a form of the page at this URL may come from where it does. The page of a subscription tells nobody its address,
/// so that browsers may name no origin there; its token is proof. A provider of mail sends what RFC 8058 says, from anywhere.
fn may_send(request: &HttpRequest, url: &str, target: &SubscriptionTarget, body: &[u8]) -> bool {
    let (headers, host) = (request.headers(), host(request));
    match target {
        SubscriptionTarget::Unsubscribe(_) if is_one_click(body) => true,
        target if target.is_form() => is_same_origin(headers, url, &host),
        _ => !is_foreign(headers, url, &host),
    }
}

/// Whether this is the request of RFC 8058, whose body is a form of either kind.
fn is_one_click(body: &[u8]) -> bool {
    let text = String::from_utf8_lossy(body);
    text.contains("List-Unsubscribe") && text.contains("One-Click")
}

fn respond(answer: SubscriptionAnswer, public: &PublicSide) -> HttpResponse {
    private(match answer {
        SubscriptionAnswer::Document(code, document) => {
            let status = StatusCode::from_u16(code).unwrap_or(StatusCode::OK);
            let mut response = uncached(status, "text/html; charset=utf-8", document.html);
            insert(response.headers_mut(), CONTENT_SECURITY_POLICY, &document.policy);
            response
        }
        SubscriptionAnswer::SeeOther(path) => {
            let mut response = uncached(StatusCode::SEE_OTHER, "text/plain; charset=utf-8", "");
            let headers = response.headers_mut();
            headers.remove(CONTENT_TYPE);
            headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
            insert(headers, LOCATION, &path);
            response
        }
        SubscriptionAnswer::Data(json) => {
            let mut response = uncached(StatusCode::OK, "application/json; charset=utf-8", json);
            let name = "attachment; filename=\"subscription.json\"";
            response.headers_mut().insert(CONTENT_DISPOSITION, HeaderValue::from_static(name));
            response
        }
        SubscriptionAnswer::Unavailable => public.unavailable(),
    })
}

/// The response, which nobody lists, and whose address no link gives away.
fn private(mut response: HttpResponse) -> HttpResponse {
    let headers = response.headers_mut();
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(X_ROBOTS_TAG, HeaderValue::from_static("noindex"));
    response
}

fn insert(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use SubscriptionTarget::{
        Confirm, Data, Manage, SendLink, Stop, Subscribe, SubscribeToIncident, SubscribeToMaintenance,
        Unsubscribe,
    };

    #[test]
    fn paths_are_known_exactly() {
        let a = || "a1".to_owned();
        for (path, target) in [
            ("subscribe", Subscribe),
            ("subscribe/link", SendLink),
            ("subscribe/incidents/a1", SubscribeToIncident(a())),
            ("subscribe/maintenance/a1", SubscribeToMaintenance(a())),
            ("subscriptions/a1", Manage(a())),
            ("subscriptions/a1/stop", Stop(a())),
            ("subscriptions/a1/data", Data(a())),
            ("subscriptions/a1/confirm", Confirm(a())),
            ("unsubscribe/a1", Unsubscribe(a())),
        ] {
            assert_eq!(target.slashes(), path.matches('/').count(), "{path}");
            assert_eq!(SubscriptionTarget::at(path), Some(target), "{path}");
            assert_eq!(SubscriptionTarget::at(&format!("{path}/")), None, "{path}");
            assert_eq!(SubscriptionTarget::at(&format!("/{path}")), None, "{path}");
        }
        let long = format!("subscriptions/{}", "a".repeat(65));
        for path in [
            "",
            "subscribe/sent",
            "subscriptions",
            "subscriptions/",
            "subscriptions/a.b",
            "unsubscribe/a%20",
            &long,
        ] {
            assert_eq!(SubscriptionTarget::at(path), None, "{path}");
        }
    }

    #[test]
    fn a_form_is_read_and_never_printed() {
        let form = Form::read(b"channel=email&address=ann%40example.com&component=a&component=b+c&bad=%ff");
        assert_eq!((form.value("channel"), form.value("address")), ("email", "ann@example.com"));
        assert_eq!(form.values("component").collect::<Vec<_>>(), ["a", "b c"]);
        assert_eq!(form.value("none"), "");
        assert!(!format!("{form:?}").contains("ann"));
    }

    #[test]
    fn a_provider_of_mail_sends_either_kind_of_form() {
        let parts =
            "--x\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--x--\r\n";
        assert!(is_one_click(b"List-Unsubscribe=One-Click") && is_one_click(parts.as_bytes()));
        assert!(!is_one_click(b"") && !is_one_click(b"List-Unsubscribe=no"));
    }
}

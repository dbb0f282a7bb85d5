//! The REST API. A request is authenticated before its body is read; what it means is decided behind [`Api`].

use super::headers::uncached;
use super::problem::problem;
use super::{Limits, body};
use actix_web::http::StatusCode;
use actix_web::http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderName, HeaderValue, IF_MATCH};
use actix_web::{HttpRequest, HttpResponse, web};
use async_trait::async_trait;
use bytes::Bytes;
use std::net::IpAddr;
use std::sync::Arc;

/// The longest body, bytes. A text has at most 25,000 characters.
pub const MAX_API_BODY_BYTES: usize = 256 << 10;

/// The paths that belong to the API.
pub(super) const PATHS: [&str; 2] = ["/v1/{tail:.*}", "/api/v1/{tail:.*}"];

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// The head of a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ApiHead {
    /// As sent.
    pub method: String,
    /// As sent, with its escapes.
    pub path: String,
    /// As sent.
    pub query: String,
    /// `Authorization`.
    pub authorization: Option<String>,
    /// `Content-Type`.
    pub content_type: Option<String>,
    /// `If-Match`.
    pub if_match: Option<String>,
    /// `Idempotency-Key`.
    pub idempotency_key: Option<String>,
    /// Whose request it is, as the proxies say that the operator trusts.
    pub client: Option<IpAddr>,
}

/// The response to a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiReply {
    /// The status code.
    pub status: u16,
    /// The media type and the body; `None`: there is none, and no `Content-Type`.
    pub body: Option<(&'static str, Vec<u8>)>,
    /// Further headers.
    pub headers: Vec<(&'static str, String)>,
}

/// Answers requests.
pub trait Api: Send + Sync {
    /// Admits a request by its head.
    ///
    /// # Errors
    /// The response to send instead; the body is not read.
    fn admit(&self, head: ApiHead) -> Result<Box<dyn ApiCall>, ApiReply>;
}

/// A request that was admitted.
#[async_trait]
pub trait ApiCall: Send {
    /// The longest body that it takes, bytes.
    fn longest_body(&self) -> usize {
        MAX_API_BODY_BYTES
    }

    /// Answers that its body could not be read: 400, 408 or 413.
    fn unread(&self, status: u16) -> ApiReply;

    /// Its body is read, and it is about to be answered.
    ///
    /// # Errors
    /// Too many are being answered: the response to send instead.
    fn begin(&mut self) -> Result<(), ApiReply>;

    /// Answers it, on a thread that may wait. A change is durable when this returns.
    async fn answer(self: Box<Self>, body: Bytes) -> ApiReply;
}

/// Any path of the API.
pub(super) async fn call(
    api: Arc<dyn Api>,
    limits: Limits,
    (request, client): (HttpRequest, Option<IpAddr>),
    payload: web::Payload,
) -> HttpResponse {
    let mut admitted = match api.admit(head(&request, client)) {
        Ok(admitted) => admitted,
        Err(reply) => return response(reply),
    };
    let body = match body::read(payload, admitted.longest_body(), &limits, |_| Ok(())).await {
        Ok(body) => body,
        Err(refused) => return response(admitted.unread(refused.status().as_u16())),
    };
    if let Err(reply) = admitted.begin() {
        return response(reply);
    }
    // The thread of the listener has reports of agents and health checks to answer.
    let runtime = tokio::runtime::Handle::current();
    let answer = move || runtime.block_on(admitted.answer(body));
    match tokio::task::spawn_blocking(answer).await {
        Ok(reply) => response(reply),
        Err(_) => problem(StatusCode::INTERNAL_SERVER_ERROR, "a fault of the aggregator: see its log"),
    }
}

fn head(request: &HttpRequest, client: Option<IpAddr>) -> ApiHead {
    let header = |name: HeaderName| {
        // One that is not text must not count as missing, nor the second of two.
        let values = request.headers().get_all(name).map(|value| String::from_utf8_lossy(value.as_bytes()));
        values.map(std::borrow::Cow::into_owned).reduce(|all, one| format!("{all}, {one}"))
    };
    ApiHead {
        method: request.method().as_str().to_owned(),
        path: request.uri().path().to_owned(),
        query: request.query_string().to_owned(),
        authorization: header(AUTHORIZATION),
        content_type: header(CONTENT_TYPE),
        if_match: header(IF_MATCH),
        idempotency_key: header(IDEMPOTENCY_KEY),
        client,
    }
}

fn response(reply: ApiReply) -> HttpResponse {
    let status = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let has_body = reply.body.is_some();
    let (kind, body) = reply.body.unwrap_or_default();
    let mut response = uncached(status, kind, body);
    if !has_body {
        response.headers_mut().remove(CONTENT_TYPE);
    }
    for (name, value) in reply.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

//! The endpoints of agents. They authenticate before they read a byte of a body, limit how much they read, and hand
//! the bytes on without decoding them.

use super::headers::{method_not_allowed, uncached};
use super::problem::problem;
use super::{Limits, body};
use actix_web::http::header::{
    AUTHORIZATION, CONTENT_ENCODING, HeaderMap, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE,
};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpRequest, HttpResponse, web};
use async_trait::async_trait;
use bytes::Bytes;
use skerry_protocol::wire::{EnrolReply, EnrolRequest, MAX_BODY_BYTES, MAX_ENROL_BYTES, Reply};
use std::sync::Arc;

/// Accepts batches and enrolments.
#[async_trait]
pub trait Ingest: Send + Sync {
    /// Admits a delivery by the bearer token of its request. A delivery that is dropped releases what it reserved.
    ///
    /// # Errors
    /// The answer to send instead; the body is not read.
    async fn admit(&self, token: Option<&str>) -> Result<Box<dyn Delivery>, IngestAnswer>;

    /// Exchanges a one-time token for a credential. Returns once the exchange is durable.
    async fn enrol(&self, request: EnrolRequest) -> EnrolAnswer;
}

/// The delivery of one batch by an authenticated agent.
#[async_trait]
pub trait Delivery: Send {
    /// Reserves memory for `bytes` more of the body.
    ///
    /// # Errors
    /// The answer to send if there is none left; the rest of the body is not read.
    fn grow(&mut self, bytes: usize) -> Result<(), IngestAnswer>;

    /// Accepts one compressed body of at most [`MAX_BODY_BYTES`]. Returns once everything that the answer
    /// acknowledges is durable.
    async fn batch(self: Box<Self>, body: Bytes) -> IngestAnswer;
}

/// The outcome of a request to enrol.
#[derive(Clone, Debug, PartialEq)]
pub enum EnrolAnswer {
    /// 200 with the credential.
    Reply(EnrolReply),
    /// 401 with a message: no such token.
    Unknown(String),
    /// 403 with a message: the token was used or has expired.
    Spent(String),
    /// 503 with a message: a fault of the aggregator. The token may be sent again.
    Unavailable(String),
}

/// The outcome of a delivery.
#[derive(Clone, Debug, PartialEq)]
pub enum IngestAnswer {
    /// 200: the batch is committed.
    Reply(Reply),
    /// 401: the token is missing or unknown.
    Unauthorized,
    /// 403 with a message: the token is known, but may not do this.
    Forbidden(String),
    /// 400 with a message: the body is not a valid batch. Sending it again does not help.
    Malformed(String),
    /// 429: the agent exceeded a limit. It tries again try_again_response.
    Exceeded {
        /// Which limit, for the response's `detail`.
        why: String,
        /// Seconds.
        retry_after: u32,
    },
    /// 503 with a message: the batch cannot be dated. The agent sends it anew at once.
    Again(String),
    /// 503: the queue is full. The agent tries again try_again_response.
    Busy {
        /// Seconds.
        retry_after: u32,
    },
    /// 503 with a message: a fault of the aggregator. The batch may be sent again.
    Unavailable(String),
}

/// `Retry-After` in seconds after a fault of the aggregator.
const UNAVAILABLE_RETRY_AFTER: u32 = 5;
/// `Retry-After` in seconds for a batch that could not be dated.
const AGAIN_RETRY_AFTER: u32 = 1;

/// `POST /agent/v1/batch`.
pub(super) async fn batch(
    ingest: Arc<dyn Ingest>,
    limits: Limits,
    request: HttpRequest,
    payload: web::Payload,
) -> HttpResponse {
    if request.method() != Method::POST {
        return method_not_allowed("POST");
    }
    if !is_zstd(request.headers()) {
        return problem(StatusCode::UNSUPPORTED_MEDIA_TYPE, "a batch is sent with Content-Encoding: zstd");
    }
    let mut delivery = match ingest.admit(bearer(request.headers())).await {
        Ok(delivery) => delivery,
        Err(rejection) => return answer(rejection),
    };
    let grow = |bytes| delivery.grow(bytes).map_err(|rejection| Box::new(answer(rejection)));
    match body::read(payload, MAX_BODY_BYTES, &limits, grow).await {
        Ok(body) => answer(delivery.batch(body).await),
        Err(response) => response,
    }
}

/// `POST /agent/v1/enroll`.
pub(super) async fn enrol(
    ingest: Arc<dyn Ingest>,
    limits: Limits,
    request: HttpRequest,
    payload: web::Payload,
) -> HttpResponse {
    if request.method() != Method::POST {
        return method_not_allowed("POST");
    }
    let body = match body::read(payload, MAX_ENROL_BYTES, &limits, |_| Ok(())).await {
        Ok(body) => body,
        Err(response) => return response,
    };
    let Some(request) = EnrolRequest::from_bytes(&body) else {
        return problem(StatusCode::BAD_REQUEST, "this is not a request to enrol an agent");
    };
    match ingest.enrol(request).await {
        EnrolAnswer::Reply(reply) => uncached(StatusCode::OK, "application/x-protobuf", reply.to_bytes()),
        EnrolAnswer::Unknown(why) => {
            let mut response = problem(StatusCode::UNAUTHORIZED, &why);
            response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            response
        }
        EnrolAnswer::Spent(why) => problem(StatusCode::FORBIDDEN, &why),
        EnrolAnswer::Unavailable(why) => unavailable(UNAVAILABLE_RETRY_AFTER, &why),
    }
}

fn is_zstd(headers: &HeaderMap) -> bool {
    let mut encodings = headers.get_all(CONTENT_ENCODING);
    let first = encodings.next().is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"zstd"));
    first && encodings.next().is_none()
}

/// The token of `Authorization: Bearer …` (RFC 6750 §2.1).
pub(super) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    Some(token.trim()).filter(|token| scheme.eq_ignore_ascii_case("bearer") && !token.is_empty())
}

fn answer(answer: IngestAnswer) -> HttpResponse {
    match answer {
        IngestAnswer::Reply(reply) => uncached(StatusCode::OK, "application/x-protobuf", reply.to_bytes()),
        IngestAnswer::Unauthorized => {
            let mut response = problem(
                StatusCode::UNAUTHORIZED,
                "this aggregator does not know the agent's token, or it was revoked: let the agent enrol again with \
                 skerry-aggregator agent rotate",
            );
            response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            response
        }
        IngestAnswer::Forbidden(why) => problem(StatusCode::FORBIDDEN, &why),
        IngestAnswer::Malformed(why) => problem(StatusCode::BAD_REQUEST, &why),
        IngestAnswer::Exceeded { why, retry_after } => {
            try_again_response(StatusCode::TOO_MANY_REQUESTS, retry_after, &why)
        }
        IngestAnswer::Again(why) => unavailable(AGAIN_RETRY_AFTER, &why),
        IngestAnswer::Busy { retry_after } => {
            unavailable(retry_after, "the aggregator is overloaded; keep the batch and send it again")
        }
        IngestAnswer::Unavailable(why) => unavailable(UNAVAILABLE_RETRY_AFTER, &why),
    }
}

fn unavailable(seconds: u32, why: &str) -> HttpResponse {
    try_again_response(StatusCode::SERVICE_UNAVAILABLE, seconds, why)
}

fn try_again_response(status: StatusCode, seconds: u32, why: &str) -> HttpResponse {
    let mut response = problem(status, why);
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    response
}

//! Where agents deliver their batches. Bounds what is read, then hands the bytes on; knows nothing of
//! what is in them.

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

/// What takes batches.
#[async_trait]
pub trait Ingest: Send + Sync {
    /// Takes one compressed body of at most [`MAX_BODY_BYTES`]. `token` is what stood after `Bearer`.
    /// Returns only when everything the answer acknowledges is durable.
    async fn batch(&self, token: Option<&str>, body: Bytes) -> IngestAnswer;

    /// Exchanges a token of one use for a credential. Returns only when that is durable.
    async fn enrol(&self, request: EnrolRequest) -> EnrolAnswer;
}

/// What became of a request to enrol.
#[derive(Clone, Debug, PartialEq)]
pub enum EnrolAnswer {
    /// The credential: 200.
    Reply(EnrolReply),
    /// No such token, in words: 401.
    Unknown(String),
    /// The token is of no use any more, in words: 403.
    Spent(String),
    /// Our own fault, in words: 503. The token may be sent again.
    Unavailable(String),
}

/// What became of a batch.
#[derive(Clone, Debug, PartialEq)]
pub enum IngestAnswer {
    /// It is committed: 200.
    Reply(Reply),
    /// The token is missing or not known: 401.
    Unauthorized,
    /// The token is known and may not do this, in words: 403.
    Forbidden(String),
    /// The body is not a batch, in words: 400. Sending it again cannot help.
    Malformed(String),
    /// Too much is waiting: 503, to be tried again.
    Busy {
        /// Seconds.
        retry_after: u32,
    },
    /// Our own fault, in words: 503. The batch may be sent again.
    Unavailable(String),
}

/// Seconds after which a batch is sent again when our own fault kept us from taking it.
const UNAVAILABLE_RETRY_AFTER: u32 = 5;

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
    let body = match body::read(payload, MAX_BODY_BYTES, &limits).await {
        Ok(body) => body,
        Err(refusal) => return refusal,
    };
    answer(ingest.batch(bearer(request.headers()), body).await)
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
    let body = match body::read(payload, MAX_ENROL_BYTES, &limits).await {
        Ok(body) => body,
        Err(refusal) => return refusal,
    };
    let Some(request) = EnrolRequest::from_bytes(&body) else {
        return problem(StatusCode::BAD_REQUEST, "this is no request to enrol an agent");
    };
    match ingest.enrol(request).await {
        EnrolAnswer::Reply(reply) => uncached(StatusCode::OK, "application/x-protobuf", reply.to_bytes()),
        EnrolAnswer::Unknown(why) => {
            let mut response = problem(StatusCode::UNAUTHORIZED, &why);
            response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            response
        }
        EnrolAnswer::Spent(why) => problem(StatusCode::FORBIDDEN, &why),
        EnrolAnswer::Unavailable(why) => retry_later(UNAVAILABLE_RETRY_AFTER, &why),
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
                "this aggregator does not know the agent's token, or it was revoked: enrol the agent again with \
                 skerry-aggregator agent add",
            );
            response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            response
        }
        IngestAnswer::Forbidden(why) => problem(StatusCode::FORBIDDEN, &why),
        IngestAnswer::Malformed(why) => problem(StatusCode::BAD_REQUEST, &why),
        IngestAnswer::Busy { retry_after } => {
            retry_later(retry_after, "the aggregator has too much to do; keep the batch and send it again")
        }
        IngestAnswer::Unavailable(why) => retry_later(UNAVAILABLE_RETRY_AFTER, &why),
    }
}

fn retry_later(seconds: u32, why: &str) -> HttpResponse {
    let mut response = problem(StatusCode::SERVICE_UNAVAILABLE, why);
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    response
}

//! Where agents deliver their batches. Asks who it is before a byte of a body is read, bounds what is read, then
//! hands the bytes on; knows nothing of what is in them.

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
    /// Whether whoever has `token`, which stood after `Bearer`, may deliver now. A delivery that is dropped gives
    /// back what it took up.
    ///
    /// # Errors
    /// What is answered instead, with nothing of the body read.
    async fn admit(&self, token: Option<&str>) -> Result<Box<dyn Delivery>, IngestAnswer>;

    /// Exchanges a token of one use for a credential. Returns only when that is durable.
    async fn enrol(&self, request: EnrolRequest) -> EnrolAnswer;
}

/// One batch on its way, of an agent that has shown who it is.
#[async_trait]
pub trait Delivery: Send {
    /// Takes room for so many more bytes of the body.
    ///
    /// # Errors
    /// What is answered when there is none; the rest of the body is not read.
    fn grow(&mut self, bytes: usize) -> Result<(), IngestAnswer>;

    /// Takes one compressed body of at most [`MAX_BODY_BYTES`]. Returns only when everything the answer
    /// acknowledges is durable.
    async fn batch(self: Box<Self>, body: Bytes) -> IngestAnswer;
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
    /// This agent has used up what one may, in words: 429, to be tried again.
    Exceeded {
        /// What was too much.
        why: String,
        /// Seconds.
        retry_after: u32,
    },
    /// It tells too little as it is, in words: 503, to be sent anew at once.
    Again(String),
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
        Err(refusal) => return answer(refusal),
    };
    let grow = |bytes| delivery.grow(bytes).map_err(|refusal| Box::new(answer(refusal)));
    match body::read(payload, MAX_BODY_BYTES, &limits, grow).await {
        Ok(body) => answer(delivery.batch(body).await),
        Err(refusal) => refusal,
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
        Err(refusal) => return refusal,
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
                "this aggregator does not know the agent's token, or it was revoked: let the agent enrol again with \
                 skerry-aggregator agent rotate",
            );
            response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            response
        }
        IngestAnswer::Forbidden(why) => problem(StatusCode::FORBIDDEN, &why),
        IngestAnswer::Malformed(why) => problem(StatusCode::BAD_REQUEST, &why),
        IngestAnswer::Exceeded { why, retry_after } => {
            later(StatusCode::TOO_MANY_REQUESTS, retry_after, &why)
        }
        IngestAnswer::Again(why) => retry_later(AGAIN_RETRY_AFTER, &why),
        IngestAnswer::Busy { retry_after } => {
            retry_later(retry_after, "the aggregator is overloaded; keep the batch and send it again")
        }
        IngestAnswer::Unavailable(why) => retry_later(UNAVAILABLE_RETRY_AFTER, &why),
    }
}

fn retry_later(seconds: u32, why: &str) -> HttpResponse {
    later(StatusCode::SERVICE_UNAVAILABLE, seconds, why)
}

fn later(status: StatusCode, seconds: u32, why: &str) -> HttpResponse {
    let mut response = problem(status, why);
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    response
}

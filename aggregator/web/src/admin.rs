//! What operators and their tools ask: is it alive, is it ready, its metrics. Only on listeners that
//! serve `admin`.

use super::agents::bearer;
use super::headers::{method_not_allowed, uncached};
use actix_web::http::header::{ACCEPT, HeaderValue, WWW_AUTHENTICATE};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use skerry_host::exposition::in_form;

/// What the process knows about itself.
pub trait Operations: Send + Sync {
    /// Does a fresh observation reach the page from end to end? Must not block.
    fn ready(&self) -> Readiness;
    /// May one who shows `token` read the metrics?
    fn admits(&self, token: Option<&str>) -> Admission;
    /// All metrics, as `prometheus_client::encoding::text::encode` writes them. Must not block for long.
    fn metrics(&self) -> String;
}

/// Whether somebody may read what operators may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// Let in.
    Granted,
    /// Without a token, or with another.
    Refused,
    /// What the token is cannot be told at present.
    Unknown,
}

/// Whether the process does its work.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Readiness {
    /// Why it is not ready, each a plain sentence for operators; empty when it is.
    pub reasons: Vec<String>,
}

#[derive(Serialize)]
struct ReadyBody {
    ready: bool,
    reasons: Vec<String>,
}

fn reads(request: &HttpRequest) -> bool {
    request.method() == Method::GET || request.method() == Method::HEAD
}

/// `/healthz`: the process answers.
pub(super) fn healthz(request: &HttpRequest) -> HttpResponse {
    if !reads(request) {
        return method_not_allowed("GET, HEAD");
    }
    uncached(StatusCode::OK, "text/plain; charset=utf-8", "ok\n")
}

/// `/readyz`: 200, or 503 with the reasons.
pub(super) fn readyz(operations: &dyn Operations, request: &HttpRequest) -> HttpResponse {
    if !reads(request) {
        return method_not_allowed("GET, HEAD");
    }
    let Readiness { reasons } = operations.ready();
    let ready = reasons.is_empty();
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let body = serde_json::to_vec(&ReadyBody { ready, reasons }).unwrap_or_default();
    uncached(status, "application/json; charset=utf-8", body)
}

/// `/metrics`, in the form that `Accept` names.
pub(super) fn metrics(operations: &dyn Operations, request: &HttpRequest) -> HttpResponse {
    if !reads(request) {
        return method_not_allowed("GET, HEAD");
    }
    match operations.admits(bearer(request.headers())) {
        Admission::Granted => {}
        Admission::Refused => {
            let plain = "text/plain; charset=utf-8";
            let mut response = uncached(StatusCode::UNAUTHORIZED, plain, "metrics need a token\n");
            response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            return response;
        }
        Admission::Unknown => {
            let words = "the token file cannot be read: see the log\n";
            return uncached(StatusCode::SERVICE_UNAVAILABLE, "text/plain; charset=utf-8", words);
        }
    }
    let accepted = request.headers().get_all(ACCEPT).filter_map(|value| value.to_str().ok());
    let (kind, text) = in_form(accepted, operations.metrics());
    uncached(StatusCode::OK, kind, text)
}

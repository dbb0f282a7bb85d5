//! Liveness, readiness and metrics, for operators and their tools. Only listeners that serve `admin` have them.

use super::agents::bearer;
use super::headers::{method_not_allowed, uncached};
use actix_web::http::header::{ACCEPT, HeaderValue, WWW_AUTHENTICATE};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use skerry_host::exposition::in_form;

/// The process's report on itself.
pub trait Operations: Send + Sync {
    /// Whether fresh observations reach the pages. Must not block.
    fn ready(&self) -> Readiness;
    /// Whether a client with this bearer token may read the metrics.
    fn metrics_access(&self, token: Option<&str>) -> MetricsAccess;
    /// All metrics in the OpenMetrics text format of `prometheus_client`. Must not block for long.
    fn metrics(&self) -> String;
}

/// Whether a client may read the metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetricsAccess {
    /// The token is right, or none is configured.
    Granted,
    /// The token is missing or wrong.
    Denied,
    /// The configured token cannot be read at present.
    Unavailable,
}

/// Whether the process is ready.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Readiness {
    /// Why it is not ready, one plain sentence per reason; empty if it is ready.
    pub reasons: Vec<String>,
}

#[derive(Serialize)]
struct ReadyBody {
    ready: bool,
    reasons: Vec<String>,
}

fn is_read(request: &HttpRequest) -> bool {
    request.method() == Method::GET || request.method() == Method::HEAD
}

/// `/healthz`: the process answers.
pub(super) fn healthz(request: &HttpRequest) -> HttpResponse {
    if !is_read(request) {
        return method_not_allowed("GET, HEAD");
    }
    uncached(StatusCode::OK, "text/plain; charset=utf-8", "ok\n")
}

/// `/readyz`: 200, or 503 with the reasons.
pub(super) fn readyz(operations: &dyn Operations, request: &HttpRequest) -> HttpResponse {
    if !is_read(request) {
        return method_not_allowed("GET, HEAD");
    }
    let Readiness { reasons } = operations.ready();
    let ready = reasons.is_empty();
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let body = serde_json::to_vec(&ReadyBody { ready, reasons }).unwrap_or_default();
    uncached(status, "application/json; charset=utf-8", body)
}

/// `/metrics`, in the format that `Accept` asks for.
pub(super) fn metrics(operations: &dyn Operations, request: &HttpRequest) -> HttpResponse {
    if !is_read(request) {
        return method_not_allowed("GET, HEAD");
    }
    match operations.metrics_access(bearer(request.headers())) {
        MetricsAccess::Granted => {}
        MetricsAccess::Denied => {
            let plain = "text/plain; charset=utf-8";
            let mut response = uncached(StatusCode::UNAUTHORIZED, plain, "metrics need a token\n");
            response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            return response;
        }
        MetricsAccess::Unavailable => {
            let text = "the token file cannot be read: see the log\n";
            return uncached(StatusCode::SERVICE_UNAVAILABLE, "text/plain; charset=utf-8", text);
        }
    }
    let accepted = request.headers().get_all(ACCEPT).filter_map(|value| value.to_str().ok());
    let (kind, text) = in_form(accepted, operations.metrics());
    uncached(StatusCode::OK, kind, text)
}

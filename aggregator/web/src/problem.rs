//! Errors of the endpoints for machines, as problem details (RFC 9457). They are never cached.

use super::headers::uncached;
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use serde::Serialize;

/// The members of RFC 9457 §3.1 in use. The type is `about:blank`: the status code says what kind of problem it is.
#[derive(Serialize)]
struct Problem<'a> {
    r#type: &'static str,
    title: &'static str,
    status: u16,
    detail: &'a str,
}

/// An error response. `detail` is a plain sentence for the operator of the client.
pub(super) fn problem(status: StatusCode, detail: &str) -> HttpResponse {
    let title = status.canonical_reason().unwrap_or("Error");
    let problem = Problem { r#type: "about:blank", title, status: status.as_u16(), detail };
    let body = serde_json::to_vec(&problem).unwrap_or_default();
    uncached(status, "application/problem+json", body)
}

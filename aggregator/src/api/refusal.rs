//! Why a request is refused, and how each of the two interfaces writes that.

use super::routes::takes_webhooks;
use crate::engine::CommandError;
use serde_json::json;
use skerry_domain::step::{Rejected, RejectedKind};
use skerry_protocol::strict::Position;
use skerry_web::ApiReply;
use std::time::Duration;

/// A request that is refused. Nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    /// The status code.
    pub(super) status: u16,
    /// What is wrong, a sentence each.
    pub(super) messages: Vec<String>,
    /// When to try again, s.
    pub(super) retry_after: Option<u64>,
    /// The methods that the path has, if it does not have that of the request.
    pub(super) allow: Option<String>,
}

impl Refusal {
    pub(super) fn new(status: u16, message: impl Into<String>) -> Self {
        Self::all(status, vec![message.into()])
    }

    pub(super) fn all(status: u16, messages: Vec<String>) -> Self {
        Self { status, messages, retry_after: None, allow: None }
    }

    pub(super) fn not_found() -> Self {
        Self::new(404, "The requested resource could not be found.")
    }

    /// So many requests that this one has to wait.
    pub(super) fn too_many(wait: Duration) -> Self {
        let seconds = wait.as_secs() + 1;
        let reason = format!("too many requests: try again in {seconds} s");
        Self { retry_after: Some(seconds), ..Self::new(429, reason) }
    }

    /// The configuration file owns it.
    pub(super) fn declared(what: &str, place: Option<&Position>) -> Self {
        let place =
            place.map_or_else(|| "in the configuration file".to_owned(), |place| format!("at {place}"));
        Self::new(403, format!("{what} is declared {place}: change it there and reload"))
    }

    /// A field has a value that is not allowed.
    pub(super) fn invalid(message: impl Into<String>) -> Self {
        Self::new(422, message)
    }
}

impl From<Rejected> for Refusal {
    fn from(rejected: Rejected) -> Self {
        let status = match rejected.kind {
            RejectedKind::NotFound => 404,
            RejectedKind::Conflict if rejected.field == "expected" => 412,
            RejectedKind::Conflict => 409,
            // As Statuspage answers; its clients join the list of errors of a 422.
            RejectedKind::Invalid | RejectedKind::State => 422,
            RejectedKind::Forbidden => 403,
        };
        Self::new(status, rejected.reason)
    }
}

impl From<CommandError> for Refusal {
    fn from(error: CommandError) -> Self {
        match error {
            CommandError::Rejected(rejected) => rejected.into(),
            CommandError::Fault { request, .. } => {
                let reason = format!("a fault of the aggregator: its log tells of request {request}");
                Self::new(500, reason)
            }
            CommandError::Busy { retry_after } => {
                let retry_after = Some(u64::from(retry_after));
                Self { retry_after, ..Self::new(503, "the aggregator is overloaded: try again later") }
            }
            CommandError::Unwritable(_) => {
                let reason = "the database cannot be written now: nothing was changed; try again later";
                Self { retry_after: Some(5), ..Self::new(503, reason) }
            }
            CommandError::Stopping => {
                let reason = "the aggregator is stopping: nothing was changed; try again later";
                Self { retry_after: Some(5), ..Self::new(503, reason) }
            }
        }
    }
}

/// The form of errors: that of Statuspage, or problem details (RFC 9457).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    /// `/v1`: `error`, a list for 422 and a sentence otherwise, and `message`.
    Statuspage,
    /// `/api/v1`.
    ProblemDetails,
}

impl Dialect {
    pub(super) fn of(path: &str) -> Self {
        if path.starts_with("/v1/") { Self::Statuspage } else { Self::ProblemDetails }
    }

    pub(super) fn reply(self, refusal: Refusal) -> ApiReply {
        let Refusal { status, messages, retry_after, allow } = refusal;
        let message = messages.join("; ");
        let (kind, body) = match self {
            Self::Statuspage if status == 422 => {
                ("application/json; charset=utf-8", json!({ "error": messages, "message": message }))
            }
            Self::Statuspage => {
                ("application/json; charset=utf-8", json!({ "error": message, "message": message }))
            }
            Self::ProblemDetails => {
                let title = title(status);
                let problem = json!({
                    "type": "about:blank", "title": title, "status": status, "detail": message, "errors": messages,
                });
                ("application/problem+json", problem)
            }
        };
        let mut headers = Vec::new();
        headers.extend(retry_after.map(|seconds| ("retry-after", seconds.to_string())));
        headers.extend(allow.map(|methods| ("allow", methods)));
        if status == 401 {
            headers.push(("www-authenticate", "Bearer".to_owned()));
        }
        ApiReply { status, body: Some((kind, body.to_string().into_bytes())), headers }
    }
}

/// A reply at a path: where providers post their webhooks, a 401 says that a password is taken, too.
pub(super) fn challenging(path: &str, mut reply: ApiReply) -> ApiReply {
    let challenges = reply.headers.iter_mut().filter(|(name, _)| *name == "www-authenticate");
    for (_, value) in challenges.filter(|_| takes_webhooks(path)) {
        value.push_str(", Basic realm=\"Skerry\", charset=\"UTF-8\"");
    }
    reply
}

fn title(status: u16) -> &'static str {
    match status {
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        409 => "Conflict",
        412 => "Precondition Failed",
        413 => "Content Too Large",
        422 => "Unprocessable Content",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        503 => "Service Unavailable",
        _ => "Error",
    }
}

//! What is answered to a request that was carried out.

use serde::Serialize;
use serde_json::Value;
use skerry_domain::rows::Version;
use skerry_web::ApiReply;

/// An answer.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Reply {
    status: u16,
    body: Option<Value>,
    /// The version of the resource, which a later request may name in `If-Match`.
    version: Option<Version>,
}

impl Reply {
    /// 200 with a document.
    pub(super) fn ok(body: impl Serialize) -> Self {
        Self::with(200, body)
    }

    /// 201 with the resource that was made.
    pub(super) fn created(body: impl Serialize) -> Self {
        Self::with(201, body)
    }

    /// 204, without a body.
    pub(super) fn none() -> Self {
        Self { status: 204, body: None, version: None }
    }

    fn with(status: u16, body: impl Serialize) -> Self {
        let body = serde_json::to_value(body).unwrap_or_default();
        Self { status, body: Some(body), version: None }
    }

    /// The same with the version of the resource.
    pub(super) fn versioned(self, version: Option<Version>) -> Self {
        Self { version, ..self }
    }

    /// The same with what the author of a text should know, such as what was removed from it.
    pub(super) fn with_notes(mut self, notes: Vec<String>) -> Self {
        if let Some(Value::Object(members)) = &mut self.body
            && !notes.is_empty()
        {
            members.insert("notes".to_owned(), notes.into());
        }
        self
    }
}

impl From<Reply> for ApiReply {
    fn from(reply: Reply) -> Self {
        let body = reply.body.map(|body| ("application/json; charset=utf-8", body.to_string().into_bytes()));
        let etag = reply.version.map(|Version(version)| ("etag", format!("\"{version:016x}\"")));
        Self { status: reply.status, body, headers: etag.into_iter().collect() }
    }
}

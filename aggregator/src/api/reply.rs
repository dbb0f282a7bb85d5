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
    /// A file instead of a document, and its name.
    file: Option<(&'static str, String)>,
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
        Self { status: 204, body: None, file: None, version: None }
    }

    /// 200 with a file of CSV.
    pub(super) fn csv(name: &'static str, text: String) -> Self {
        Self { status: 200, body: None, file: Some((name, text)), version: None }
    }

    fn with(status: u16, body: impl Serialize) -> Self {
        let body = serde_json::to_value(body).unwrap_or_default();
        Self { status, body: Some(body), file: None, version: None }
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
        let mut headers = Vec::from_iter(etag);
        let Some((name, text)) = reply.file else { return Self { status: reply.status, body, headers } };
        headers.push(("content-disposition", format!("attachment; filename=\"{name}\"")));
        let body = Some(("text/csv; charset=utf-8; header=present", text.into_bytes()));
        Self { status: reply.status, body, headers }
    }
}

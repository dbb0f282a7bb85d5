//! The canonical form of an [`Http`] check.

use super::{Auth, Http, HttpVersion, JsonExpectation};
use crate::check::Scalar;
use crate::check::definition::Canonical;

pub(super) fn canonical(http: &Http, form: &mut Canonical) {
    form.field("url", &http.url);
    form.field("method", &http.method);
    for header in &http.headers {
        form.field("header_name", &header.name);
        form.field("header_value", header.value.as_bytes().escape_ascii());
    }
    form.optional("body", http.body.as_ref());
    match &http.auth {
        None => {}
        Some(Auth::Basic { user, .. }) => form.field("auth_basic", user),
        Some(Auth::Bearer { .. }) => form.field("auth_bearer", ""),
    }
    for range in &http.status {
        form.field("status", format_args!("{}-{}", range.from, range.to));
    }
    form.field("redirects", http.redirects);
    for text in &http.body_contains {
        form.field("body_contains", text);
    }
    for pattern in &http.body_matches {
        form.field("body_matches", pattern.0.as_str());
    }
    for assertion in &http.json {
        form.field("json_path", &assertion.path);
        expectation(form, &assertion.expect);
    }
    for (name, pattern) in &http.response_headers {
        form.field("response_header_name", name);
        form.field("response_header_matches", pattern.0.as_str());
    }
    form.optional("certificate_days", http.certificate_days);
    form.field("verify", http.verify);
    form.field("own_authority", http.ca_file.is_some());
    form.field("max_body", http.max_body);
    form.field(
        "http_version",
        match http.version {
            HttpVersion::Auto => "auto",
            HttpVersion::Http1 => "1.1",
            HttpVersion::Http2 => "2",
        },
    );
    form.field("ip_version", http.ip.name());
    form.field("reuse_connection", http.reuse_connection);
}

fn expectation(form: &mut Canonical, expect: &JsonExpectation) {
    match expect {
        JsonExpectation::Exists => form.field("json_exists", ""),
        JsonExpectation::Equals(Scalar::String(value)) => form.field("json_string", value),
        JsonExpectation::Equals(Scalar::Integer(value)) => form.field("json_integer", value),
        // The bits, because a decimal form depends on the compiler.
        JsonExpectation::Equals(Scalar::Float(value)) => form.field("json_float", value.to_bits()),
        JsonExpectation::Equals(Scalar::Boolean(value)) => form.field("json_boolean", value),
        JsonExpectation::Matches(pattern) => form.field("json_matches", pattern.0.as_str()),
    }
}

//! The canonical form of a definition, which its hash is taken from. It is told to the aggregator and
//! kept there, so it may change only with a new version at its head.

use std::fmt::{Display, Write as _};

use super::{Auth, Check, Http, HttpVersion, IpVersion, JsonExpectation, Kind, Scalar};

const VERSION: u32 = 1;

impl Check {
    /// Hash of what is measured and how: differing ones of one name are flagged to operators. Labels,
    /// severity, locations, and the paths of files on a host are not part of it.
    #[must_use]
    pub fn definition_hash(&self) -> [u8; 16] {
        let mut hash = [0; 16];
        hash.copy_from_slice(&blake3::hash(self.canonical().as_bytes()).as_bytes()[..16]);
        hash
    }

    /// One `name length:value` a line, so that no value can be taken for another field.
    fn canonical(&self) -> String {
        let mut form = Canonical(String::new());
        form.field("definition", VERSION);
        form.field("type", self.kind.name());
        form.field("interval_ms", self.interval.as_millis());
        form.field("timeout_ms", self.timeout.as_millis());
        form.field("retry_interval_ms", self.retry_interval.as_millis());
        form.field("fall", self.fall);
        form.field("rise", self.rise);
        form.optional("degraded_above_ms", self.degraded_above.map(|above| above.as_millis()));
        match &self.kind {
            Kind::Http(http) => form.http(http),
        }
        form.0
    }
}

struct Canonical(String);

impl Canonical {
    fn field(&mut self, name: &str, value: impl Display) {
        let value = value.to_string();
        // Writing to a string cannot fail.
        let _ = writeln!(self.0, "{name} {}:{value}", value.len());
    }

    fn optional(&mut self, name: &str, value: Option<impl Display>) {
        if let Some(value) = value {
            self.field(name, value);
        }
    }

    fn http(&mut self, http: &Http) {
        self.field("url", &http.url);
        self.field("method", &http.method);
        for (name, value) in &http.headers {
            self.field("header_name", name);
            self.field("header_value", value.as_bytes().escape_ascii());
        }
        self.optional("body", http.body.as_ref());
        match &http.auth {
            None => {}
            Some(Auth::Basic { user, .. }) => self.field("auth_basic", user),
            Some(Auth::Bearer { .. }) => self.field("auth_bearer", ""),
        }
        for range in &http.status {
            self.field("status", format_args!("{}-{}", range.from, range.to));
        }
        self.field("redirects", http.redirects);
        for text in &http.body_contains {
            self.field("body_contains", text);
        }
        for pattern in &http.body_matches {
            self.field("body_matches", pattern.0.as_str());
        }
        for assertion in &http.json {
            self.field("json_path", &assertion.path);
            self.expectation(&assertion.expect);
        }
        for (name, pattern) in &http.response_headers {
            self.field("response_header_name", name);
            self.field("response_header_matches", pattern.0.as_str());
        }
        self.optional("certificate_days", http.certificate_days);
        self.field("verify", http.verify);
        self.field("own_authority", http.ca_file.is_some());
        self.field("max_body", http.max_body);
        self.field(
            "http_version",
            match http.version {
                HttpVersion::Auto => "auto",
                HttpVersion::Http1 => "1.1",
                HttpVersion::Http2 => "2",
            },
        );
        self.field(
            "ip_version",
            match http.ip {
                IpVersion::Any => "any",
                IpVersion::V4 => "4",
                IpVersion::V6 => "6",
            },
        );
        self.field("reuse_connection", http.reuse_connection);
    }

    fn expectation(&mut self, expect: &JsonExpectation) {
        match expect {
            JsonExpectation::Exists => self.field("json_exists", ""),
            JsonExpectation::Equals(Scalar::String(value)) => self.field("json_string", value),
            JsonExpectation::Equals(Scalar::Integer(value)) => self.field("json_integer", value),
            // The bits: a decimal form is the compiler's choice.
            JsonExpectation::Equals(Scalar::Float(value)) => self.field("json_float", value.to_bits()),
            JsonExpectation::Equals(Scalar::Boolean(value)) => self.field("json_boolean", value),
            JsonExpectation::Matches(pattern) => self.field("json_matches", pattern.0.as_str()),
        }
    }
}

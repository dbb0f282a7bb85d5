//! A request and a response head, independent of the HTTP version.

use bytes::Bytes;
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use http_body_util::Full;

/// A request to be sent.
pub(in crate::probe) struct Request<'a> {
    pub(in crate::probe) method: Method,
    pub(in crate::probe) https: bool,
    /// `Host`, or `:authority`.
    pub(in crate::probe) authority: HeaderValue,
    pub(in crate::probe) path: PathAndQuery,
    /// Names as written, in sending order; neither `Host` nor `Content-Length`.
    pub(in crate::probe) fields: Vec<(&'a str, HeaderValue)>,
    pub(in crate::probe) body: Option<&'a [u8]>,
}

/// A response head.
pub(in crate::probe) struct Head {
    pub(in crate::probe) status: StatusCode,
    pub(in crate::probe) headers: HeaderMap,
}

impl Request<'_> {
    /// The length to announce: of the body, or 0 if the method usually has one.
    fn content_length(&self) -> Option<usize> {
        let expected = [Method::POST, Method::PUT, Method::PATCH].contains(&self.method);
        self.body.map(<[u8]>::len).or(expected.then_some(0))
    }

    /// Serializes for HTTP/1.1: `Host` first, names as written.
    pub(super) fn to_http1(&self) -> Vec<u8> {
        let length = self.content_length().map(|length| length.to_string());
        let body = self.body.unwrap_or_default();
        let fields: usize = self.fields.iter().map(|(name, value)| name.len() + value.len() + 4).sum();
        let line = self.method.as_str().len() + self.path.as_str().len() + self.authority.len();
        let mut bytes = Vec::with_capacity(line + fields + body.len() + 64);
        bytes.extend_from_slice(self.method.as_str().as_bytes());
        bytes.push(b' ');
        bytes.extend_from_slice(self.path.as_str().as_bytes());
        bytes.extend_from_slice(b" HTTP/1.1\r\n");
        field(&mut bytes, "Host", self.authority.as_bytes());
        for (name, value) in &self.fields {
            field(&mut bytes, name, value.as_bytes());
        }
        if let Some(length) = length {
            field(&mut bytes, "Content-Length", length.as_bytes());
        }
        bytes.extend_from_slice(b"\r\n");
        bytes.extend_from_slice(body);
        bytes
    }

    /// Converts to hyper's request for HTTP/2.
    pub(super) fn into_http2(self) -> Result<http::Request<Full<Bytes>>, http::Error> {
        let mut parts = http::uri::Parts::default();
        parts.scheme = Some(if self.https { Scheme::HTTPS } else { Scheme::HTTP });
        parts.authority = Some(Authority::try_from(self.authority.as_bytes())?);
        let length = self.content_length();
        parts.path_and_query = Some(self.path);
        let mut headers = HeaderMap::with_capacity(self.fields.len() + 1);
        for (name, value) in self.fields {
            headers.append(HeaderName::from_bytes(name.as_bytes())?, value);
        }
        if let Some(length) = length {
            headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
        }
        let mut request =
            http::Request::new(Full::new(Bytes::copy_from_slice(self.body.unwrap_or_default())));
        *request.method_mut() = self.method;
        *request.uri_mut() = Uri::from_parts(parts)?;
        *request.headers_mut() = headers;
        Ok(request)
    }
}

fn field(bytes: &mut Vec<u8>, name: &str, value: &[u8]) {
    bytes.extend_from_slice(name.as_bytes());
    bytes.extend_from_slice(b": ");
    bytes.extend_from_slice(value);
    bytes.extend_from_slice(b"\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(method: Method, body: Option<&[u8]>) -> Request<'_> {
        Request {
            method,
            https: false,
            authority: HeaderValue::from_static("example.test"),
            path: PathAndQuery::from_static("/a?b"),
            fields: vec![
                ("X-Second", HeaderValue::from_static("2")),
                ("SOAPAction", HeaderValue::from_static("x")),
                ("X-first", HeaderValue::from_static("1")),
            ],
            body,
        }
    }

    #[test]
    fn host_comes_first_and_names_stand_as_written() {
        let bytes = request(Method::GET, None).to_http1();
        assert_eq!(
            String::from_utf8_lossy(&bytes),
            "GET /a?b HTTP/1.1\r\nHost: example.test\r\nX-Second: 2\r\nSOAPAction: x\r\nX-first: 1\r\n\r\n"
        );
    }

    #[test]
    fn a_length_is_sent_where_a_body_is_or_is_expected() {
        for (method, body, length) in [
            (Method::GET, None, None),
            (Method::HEAD, None, None),
            (Method::DELETE, None, None),
            (Method::OPTIONS, None, None),
            (Method::POST, None, Some("0")),
            (Method::PUT, None, Some("0")),
            (Method::PATCH, None, Some("0")),
            (Method::PUT, Some(&b""[..]), Some("0")),
            (Method::DELETE, Some(&b"{}"[..]), Some("2")),
            (Method::POST, Some(&b"abc"[..]), Some("3")),
        ] {
            let text = String::from_utf8(request(method.clone(), body).to_http1()).expect("text");
            let sent = text.split("\r\n").find_map(|line| line.strip_prefix("Content-Length: "));
            assert_eq!(sent, length, "{method}");
            assert!(text.as_bytes().ends_with(body.unwrap_or_default()), "{method}");
            let request = request(method.clone(), body).into_http2().expect("can be sent");
            let sent = request.headers().get("content-length").map(|value| value.to_str().expect("text"));
            assert_eq!(sent, length, "{method} over HTTP/2");
        }
    }

    #[test]
    fn http2_sends_fields_in_their_order_too() {
        let request = request(Method::GET, None).into_http2().expect("can be sent");
        let names: Vec<&str> = request.headers().keys().map(HeaderName::as_str).collect();
        assert_eq!(names, ["x-second", "soapaction", "x-first"]);
        assert_eq!(request.uri(), "http://example.test/a?b");
    }
}

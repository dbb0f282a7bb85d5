//! Under which names operators' endpoints that need no token answer. A page that resolves its own name to this host
//! could read them in the browser of whoever looks at it (DNS rebinding).

use super::headers::uncached;
use super::public::host;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

/// The names of a listener, beside addresses and those of the loopback: lower case; one with a dot before it stands for
/// all names below it.
#[derive(Clone, Debug, Default)]
pub(super) struct Names(Arc<[String]>);

impl Names {
    pub(super) fn new(names: &[String]) -> Self {
        Self(names.into())
    }

    /// The response to a request under another name.
    pub(super) fn refuse(&self, request: &HttpRequest) -> Option<HttpResponse> {
        let asked = host(request);
        if self.include(&asked) {
            return None;
        }
        let text = format!(
            "nothing is shown under the name {asked:?}: ask by address, or add it to allowed_hosts of [[listen]]\n"
        );
        Some(uncached(StatusCode::MISDIRECTED_REQUEST, "text/plain; charset=utf-8", text))
    }

    /// A browser always names a host.
    fn include(&self, host: &str) -> bool {
        let bracketed = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        host.is_empty()
            || host.parse::<Ipv4Addr>().is_ok()
            || bracketed.is_some_and(|address| address.parse::<Ipv6Addr>().is_ok())
            || host == "localhost"
            || host.ends_with(".localhost")
            || self.0.iter().any(|name| match name.strip_prefix('.') {
                Some(_) => host.ends_with(name.as_str()),
                None => host == name,
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_configured_names_are_included() {
        let names = Names::new(&["metrics.example.com".to_owned(), ".status.example.com".to_owned()]);
        for host in [
            "",
            "127.0.0.1",
            "10.0.0.7",
            "[::1]",
            "[fe80::1]",
            "localhost",
            "a.localhost",
            "metrics.example.com",
            "shop.status.example.com",
        ] {
            assert!(names.include(host), "{host}");
        }
        for host in [
            "evil.example",
            "127.0.0.1.evil.example",
            "x.metrics.example.com",
            "status.example.com.evil.example",
            "[::1",
            "2130706433",
            "localhost.evil.example",
        ] {
            assert!(!names.include(host), "{host}");
        }
    }
}

//! The cookies of one run (RFC 6265, and what browsers add): a login gate that sets a cookie and redirects
//! expects it back. Pure.
//!
//! A jar lives as long as one run follows redirects. So it needs no expiry except deletion and no public
//! suffix list: no cookie of an earlier run can leak.

use std::net::IpAddr;

use http::{HeaderMap, HeaderValue, header};
use jiff::Timestamp;
use url::{Host, Url};

use expiry::is_past;

mod expiry;

/// Maximum length of name and value together, and of an attribute, bytes: as browsers limit them.
const MAX_COOKIE: usize = 4096;
const MAX_ATTRIBUTE: usize = 1024;
/// Maximum number of cookies per run; the oldest are dropped.
const MAX_COOKIES: usize = 180;

/// The cookies that servers have set.
#[derive(Debug, Default)]
pub(super) struct Jar(Vec<Cookie>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Cookie {
    name: String,
    value: Vec<u8>,
    domain: String,
    /// Sent to `domain` itself only, not to its subdomains.
    host_only: bool,
    path: String,
    secure: bool,
}

impl Jar {
    /// Applies the `Set-Cookie` headers of a response from `url`.
    pub(super) fn take(&mut self, url: &Url, headers: &HeaderMap, now: Timestamp) {
        for line in headers.get_all(header::SET_COOKIE) {
            let Some((cookie, keep)) = read(url, line.as_bytes(), now) else { continue };
            let same = |old: &Cookie| {
                (&old.name, &old.domain, &old.path) == (&cookie.name, &cookie.domain, &cookie.path)
            };
            match (self.0.iter().position(same), keep) {
                // A cookie that is set again keeps its position.
                (Some(at), true) => self.0[at] = cookie,
                (Some(at), false) => drop(self.0.remove(at)),
                (None, true) => self.0.push(cookie),
                (None, false) => {}
            }
            if self.0.len() > MAX_COOKIES {
                self.0.remove(0);
            }
        }
    }

    /// The `Cookie` header of a request for `url`, if any cookie matches.
    pub(super) fn header(&self, url: &Url) -> Option<HeaderValue> {
        if self.0.is_empty() {
            return None;
        }
        let host = url.host()?;
        let mut fitting: Vec<&Cookie> = self.0.iter().filter(|cookie| cookie.goes_to(url, &host)).collect();
        // Longer paths first, otherwise in the order of setting.
        fitting.sort_by_key(|cookie| std::cmp::Reverse(cookie.path.len()));
        let mut line = Vec::new();
        for cookie in fitting {
            if !line.is_empty() {
                line.extend_from_slice(b"; ");
            }
            if !cookie.name.is_empty() {
                line.extend_from_slice(cookie.name.as_bytes());
                line.push(b'=');
            }
            line.extend_from_slice(&cookie.value);
        }
        let mut value = HeaderValue::from_bytes(&line).ok().filter(|value| !value.is_empty())?;
        value.set_sensitive(true);
        Some(value)
    }
}

impl Cookie {
    fn goes_to(&self, url: &Url, host: &Host<&str>) -> bool {
        let there = match self.host_only {
            true => host.to_string() == self.domain,
            false => domain_matches(host, &self.domain),
        };
        there && path_matches(url.path(), &self.path) && (!self.secure || is_secure(url))
    }
}

/// Parses one `Set-Cookie`; the second value is false if it deletes the cookie. `None`: ignored.
fn read(url: &Url, line: &[u8], now: Timestamp) -> Option<(Cookie, bool)> {
    let mut parts = line.split(|byte| *byte == b';');
    let pair = parts.next().unwrap_or_default();
    let (name, value) = match pair.iter().position(|byte| *byte == b'=') {
        Some(equals) => (&pair[..equals], &pair[equals + 1..]),
        None => (&b""[..], pair),
    };
    let (name, value) = (name.trim_ascii(), value.trim_ascii());
    if name.len() + value.len() > MAX_COOKIE || (name.is_empty() && value.is_empty()) {
        return None;
    }
    let host = url.host()?;
    let mut cookie = Cookie {
        name: std::str::from_utf8(name).ok()?.to_owned(),
        value: value.to_vec(),
        domain: host.to_string(),
        host_only: true,
        path: default_path(url.path()).to_owned(),
        secure: false,
    };
    let (mut names_domain, mut expires, mut max_age) = (false, None, None);
    for part in parts {
        let equals = part.iter().position(|byte| *byte == b'=').unwrap_or(part.len());
        let name = part[..equals].trim_ascii();
        let value = part.get(equals + 1..).unwrap_or_default().trim_ascii();
        if value.len() > MAX_ATTRIBUTE {
            continue;
        }
        let value = String::from_utf8_lossy(value);
        match name.to_ascii_lowercase().as_slice() {
            b"domain" => match value.strip_prefix('.').unwrap_or(&value) {
                "" => {}
                domain => {
                    names_domain = true;
                    (cookie.domain, cookie.host_only) = domain_of(&host, domain)?;
                }
            },
            b"path" if value.starts_with('/') => cookie.path = value.into_owned(),
            b"path" => cookie.path = default_path(url.path()).to_owned(),
            b"secure" => cookie.secure = true,
            b"expires" => expires = is_past(&value, now).or(expires),
            b"max-age" => max_age = is_no_age(&value).or(max_age),
            _ => {}
        }
    }
    let secure = cookie.secure && is_secure(url);
    let kept = match cookie.name.to_ascii_lowercase() {
        name if name.starts_with("__host-") => secure && !names_domain && cookie.path == "/",
        name if name.starts_with("__secure-") => secure,
        _ => !cookie.secure || secure,
    };
    kept.then(|| (cookie, !max_age.or(expires).unwrap_or(false)))
}

/// Whether `Max-Age` deletes the cookie; `None` if it is not a number.
fn is_no_age(value: &str) -> Option<bool> {
    let digits = value.strip_prefix('-').unwrap_or(value);
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| value.starts_with('-') || digits.bytes().all(|byte| byte == b'0'))
}

/// The domain of `Domain`, and whether it is for that host alone; `None` if `host` may not set it.
fn domain_of(host: &Host<&str>, named: &str) -> Option<(String, bool)> {
    let named = Host::parse(named).ok()?.to_string();
    if host.to_string() == named {
        return Some((named, matches!(host, Host::Ipv4(_) | Host::Ipv6(_))));
    }
    // A name without a dot is a top-level domain.
    (named.contains('.') && domain_matches(host, &named)).then_some((named, false))
}

fn domain_matches(host: &Host<&str>, domain: &str) -> bool {
    match host {
        Host::Domain(name) => {
            name.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        }
        Host::Ipv4(_) | Host::Ipv6(_) => host.to_string() == domain,
    }
}

fn path_matches(asked: &str, path: &str) -> bool {
    asked
        .strip_prefix(path)
        .is_some_and(|rest| rest.is_empty() || path.ends_with('/') || rest.starts_with('/'))
}

fn default_path(path: &str) -> &str {
    match path.rfind('/') {
        None | Some(0) => "/",
        Some(end) => &path[..end],
    }
}

/// Where a `Secure` cookie may come from and go to: TLS, and as in browsers and curl the local host.
fn is_secure(url: &Url) -> bool {
    url.scheme() == "https"
        || match url.host() {
            Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
            Some(Host::Ipv4(address)) => IpAddr::V4(address).is_loopback(),
            Some(Host::Ipv6(address)) => IpAddr::V6(address).is_loopback(),
            None => false,
        }
}

#[cfg(test)]
#[path = "cookies_tests.rs"]
mod tests;

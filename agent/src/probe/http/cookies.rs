//! The cookies of one run (RFC 6265, and what browsers add to it): a gate that sets one and redirects lets only
//! those in who bring it back. Pure.
//!
//! A jar lives for as long as one run follows redirects, so it keeps no expiry but the one that deletes, and no
//! list of public suffixes: nothing of an earlier run could be told to anybody.

use std::net::IpAddr;

use http::{HeaderMap, HeaderValue, header};
use jiff::Timestamp;
use url::{Host, Url};

use expiry::is_past;

mod expiry;

/// Longest name and value together, and longest attribute, bytes: what browsers keep.
const MAX_COOKIE: usize = 4096;
const MAX_ATTRIBUTE: usize = 1024;
/// Most cookies of a run; the oldest go.
const MAX_COOKIES: usize = 180;

/// What servers asked to be brought back.
#[derive(Debug, Default)]
pub(super) struct Jar(Vec<Cookie>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Cookie {
    name: String,
    value: Vec<u8>,
    domain: String,
    /// For `domain` itself and none of its subdomains.
    host_only: bool,
    path: String,
    secure: bool,
}

impl Jar {
    /// Takes what an answer from `url` sets.
    pub(super) fn take(&mut self, url: &Url, headers: &HeaderMap, now: Timestamp) {
        for line in headers.get_all(header::SET_COOKIE) {
            let Some((cookie, keep)) = read(url, line.as_bytes(), now) else { continue };
            let same = |old: &Cookie| {
                (&old.name, &old.domain, &old.path) == (&cookie.name, &cookie.domain, &cookie.path)
            };
            match (self.0.iter().position(same), keep) {
                // One that is set anew keeps its place.
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

    /// The `Cookie` header of a request for `url`; none without a cookie for it.
    pub(super) fn header(&self, url: &Url) -> Option<HeaderValue> {
        if self.0.is_empty() {
            return None;
        }
        let host = url.host()?;
        let mut fitting: Vec<&Cookie> = self.0.iter().filter(|cookie| cookie.goes_to(url, &host)).collect();
        // Longer paths first, else in the order in which they were set.
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

/// One `Set-Cookie`, and whether it sets rather than deletes. None: to be left out.
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

/// Whether `Max-Age` deletes; none where it is no number.
fn is_no_age(value: &str) -> Option<bool> {
    let digits = value.strip_prefix('-').unwrap_or(value);
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| value.starts_with('-') || digits.bytes().all(|byte| byte == b'0'))
}

/// The domain that `Domain` names, and whether it is for that host alone; none where `host` may not name it.
fn domain_of(host: &Host<&str>, named: &str) -> Option<(String, bool)> {
    let named = Host::parse(named).ok()?.to_string();
    if host.to_string() == named {
        return Some((named, matches!(host, Host::Ipv4(_) | Host::Ipv6(_))));
    }
    // What has no dot is a top-level domain, which is nobody's.
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

/// Where a `Secure` cookie may come from and go to: TLS, and as in browsers and curl this host itself.
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

//! URLs and addresses: absolute http and https URLs, listening addresses.

use std::net::SocketAddr;

use url::{ParseError, Url};

use super::{Refusal, refuse};

/// Parses an absolute `http` or `https` URL; `remedy` shows an example.
///
/// # Errors
/// What is wrong; continues a sentence that starts with the key.
pub fn http_url(text: &str, remedy: &str) -> Result<Url, Refusal> {
    let scheme_missing = || refuse(format!("must begin with http:// or https://; it is \"{text}\""), remedy);
    match Url::parse(text) {
        Ok(url) if !matches!(url.scheme(), "http" | "https") => scheme_missing(),
        Ok(url) => Ok(url),
        Err(ParseError::RelativeUrlWithoutBase) => scheme_missing(),
        Err(error) => refuse(format!("is not a valid URL: {error}; it is \"{text}\""), remedy),
    }
}

/// Whether the host of `url` is this one: `localhost`, or an address of the loopback interface.
#[must_use]
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// Parses the IP address and port of a listener; `remedy` shows an example.
///
/// # Errors
/// What is wrong; continues a sentence that starts with the key.
pub fn socket_address(text: &str, remedy: &str) -> Result<SocketAddr, Refusal> {
    text.parse().or_else(|_| refuse(format!("must be an IP address and a port; it is \"{text}\""), remedy))
}

//! Where something answers: absolute http and https URLs, addresses of listeners.

use std::net::SocketAddr;

use url::{ParseError, Url};

use super::{Refusal, refuse};

/// Parses an absolute URL of scheme `http` or `https` with a host; `remedy` says what one looks like here.
///
/// # Errors
/// What is wrong with it, to go on from the key's name.
pub fn http_url(text: &str, remedy: &str) -> Result<Url, Refusal> {
    let scheme_missing = || refuse(format!("must begin with http:// or https://; it is \"{text}\""), remedy);
    match Url::parse(text) {
        Ok(url) if !matches!(url.scheme(), "http" | "https") => scheme_missing(),
        Ok(url) => Ok(url),
        Err(ParseError::RelativeUrlWithoutBase) => scheme_missing(),
        Err(error) => refuse(format!("is not a valid URL: {error}; it is \"{text}\""), remedy),
    }
}

/// Parses an IP address with a port, at which a listener is to be; `remedy` says what one looks like here.
///
/// # Errors
/// What is wrong with it, to go on from the key's name.
pub fn socket_address(text: &str, remedy: &str) -> Result<SocketAddr, Refusal> {
    text.parse().or_else(|_| refuse(format!("must be an IP address and a port; it is \"{text}\""), remedy))
}

//! Absolute http and https URLs.

use ::url::{ParseError, Url};

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
        Err(error) => refuse(format!("is no URL: {error}; it is \"{text}\""), remedy),
    }
}

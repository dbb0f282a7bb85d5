//! Mail addresses: which ones can be written to, in one form.

use super::message::{Unfit, line};
use lettre::Address;

/// Longest address (RFC 5321, 4.5.3.1, with the erratum 1690 of RFC 3696).
const LONGEST_ADDRESS: usize = 254;
const LONGEST_LOCAL_PART: usize = 64;

/// A mail address that somebody wrote, in the form in which addresses are compared: without blanks around it, its domain in
/// lower case and in ASCII. The part before the `@` stays as it is: only its own server knows whether its case matters.
///
/// # Errors
/// It is none that the public network could reach, such as one without a dot in its domain.
pub fn mail_address(text: &str) -> Result<String, Unfit> {
    let read = address("address", text.trim())?;
    if !read.domain().contains('.') {
        return Err(Unfit { field: "address", why: "names no domain with a dot" });
    }
    Ok(read.to_string())
}

/// An address with its domain in the form that every server takes.
pub(super) fn address(field: &'static str, text: &str) -> Result<Address, Unfit> {
    let text = line(field, text)?;
    let wrong = Unfit { field, why: "is not a mail address" };
    let (local, domain) = text.rsplit_once('@').ok_or(wrong)?;
    let domain = idna::domain_to_ascii(domain).map_err(|_| wrong)?;
    let fits = local.len() <= LONGEST_LOCAL_PART
        && local.len() + 1 + domain.len() <= LONGEST_ADDRESS
        && !local.contains(['<', '>', '"', '\\'])
        && !local.contains(char::is_whitespace);
    if fits { Address::new(local, domain).map_err(|_| wrong) } else { Err(wrong) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_taken_in_one_form() {
        for (text, expected) in [
            ("ada@example.com", "ada@example.com"),
            (" Ada.L+status@EXAMPLE.com ", "Ada.L+status@example.com"),
            ("ada@bücher.example", "ada@xn--bcher-kva.example"),
        ] {
            assert_eq!(mail_address(text).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_none_is_refused() {
        let long = format!("{}@example.com", "x".repeat(65));
        for text in [
            "",
            "ada",
            "@example.com",
            "ada@",
            "ada@localhost",
            "ada@example.com, bob@example.com",
            "Ada <ada@example.com>",
            "ada @example.com",
            "ada@exa mple.com",
            "ada@example.com\r\nBcc: bob@example.com",
            "ada@[127.0.0.1]",
            &long,
        ] {
            assert!(mail_address(text).is_err(), "{text:?}");
        }
    }
}

//! Mail addresses: which ones can be written to, in one form.

use super::message::{Unfit, line};
use lettre::Address;
use url::Host;

/// Longest address (RFC 5321, 4.5.3.1, with the erratum 1690 of RFC 3696).
const LONGEST_ADDRESS: usize = 254;
const LONGEST_LOCAL_PART: usize = 64;
/// What an address that people write may hold before its `@` beside letters and digits.
const OF_LOCAL_PART: &[u8] = b"!#$%&'*+-/=?^_`{|}~.";

/// A mail address that somebody wrote, in the form in which addresses are compared: without blanks around it, its domain in
/// lower case and in ASCII. The part before the `@` stays as it is: only its own server knows whether its case matters.
///
/// # Errors
/// It is none that the public network could reach, such as one without a dot in its domain.
pub fn mail_address(text: &str) -> Result<String, Unfit> {
    let text = text.trim();
    let wrong = Unfit { field: "address", why: "is not a mail address" };
    let (local, domain) = text.rsplit_once('@').ok_or(wrong)?;
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || OF_LOCAL_PART.contains(&byte);
    let dotted = local.starts_with('.') || local.ends_with('.') || local.contains("..");
    // The dot at the end of a name, and the escapes of URLs, belong to no mail address.
    let odd = domain.ends_with('.') || domain.contains(['%', '[', ':']);
    if local.is_empty() || dotted || odd || !local.bytes().all(allowed) {
        return Err(wrong);
    }
    let Ok(Host::Domain(name)) = Host::parse(domain) else { return Err(wrong) };
    let is_label = |label: &str| {
        let plain = label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        (1..=63).contains(&label.len()) && plain && !label.starts_with('-') && !label.ends_with('-')
    };
    if !name.contains('.') || !name.split('.').all(is_label) {
        return Err(wrong);
    }
    address("address", &format!("{local}@{name}")).map(|address| address.to_string())
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
            (" Ada.L+status@EXAMPLE.com\n", "Ada.L+status@example.com"),
            ("o'hara@bücher.example.org", "o'hara@xn--bcher-kva.example.org"),
            ("a@mail。example.com", "a@mail.example.com"),
        ] {
            assert_eq!(mail_address(text).as_deref(), Ok(expected), "{text:?}");
        }
    }

    #[test]
    fn what_is_none_is_refused() {
        let long = format!("{}@example.com", "x".repeat(65));
        let longer = format!("a@{}example.com", "label.".repeat(50));
        for text in [
            "",
            "ada",
            "@example.com",
            "ada@",
            "ada@localhost",
            "ada@127.0.0.1",
            "ada@[127.0.0.1]",
            "ada@example.com.",
            "ada@exa%6dple.com",
            "ada@exa mple.com",
            "ada@-example.com",
            "ada @example.com",
            ".ada@example.com",
            "a..da@example.com",
            "Ada <ada@example.com>",
            "ada@example.com, bob@example.com",
            "ada@example.com\r\nBcc: bob@example.com",
            "\"ada\"@example.com",
            "adä@example.com",
            &long,
            &longer,
        ] {
            assert!(mail_address(text).is_err(), "{text:?}");
        }
    }
}

//! The mail address that somebody enters.

use super::message;

/// Reads a mail address, into the form in which addresses are compared: without blanks around it, and with its domain as name
/// servers know it. `None`: no mail could be sent to it on the Internet.
#[must_use]
pub fn read_address(text: &str) -> Option<String> {
    let address = message::address("recipient", text.trim()).ok()?;
    // `idna` writes small letters. A name without a dot is that of a host nearby.
    let (local, domain) = (address.user(), address.domain());
    let is_public = domain.contains('.') && !domain.ends_with('.') && !domain.starts_with('[');
    is_public.then(|| format!("{local}@{domain}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_one_form() {
        for (text, expected) in [
            (" Ann.Lee+status@Example.COM\n", Some("Ann.Lee+status@example.com")),
            ("ann@bücher.example", Some("ann@xn--bcher-kva.example")),
            ("ann", None),
            ("", None),
            ("@example.com", None),
            ("ann@", None),
            ("ann@localhost", None),
            ("ann@example.com.", None),
            ("ann@[192.0.2.1]", None),
            ("ann lee@example.com", None),
            ("ann@example.com, bob@example.com", None),
            ("ann@example.com\r\nBcc: bob@example.com", None),
            ("<ann@example.com>", None),
        ] {
            assert_eq!(read_address(text).as_deref(), expected, "{text:?}");
        }
        assert_eq!(read_address(&format!("{}@example.com", "a".repeat(65))), None);
    }
}

//! Headers that name the delivery to a provider that reports neither the return path nor the `Message-ID` of a mail.

use super::verp::LONGEST_ID;

/// What stands for the delivery.
const PLACEHOLDER: &str = "{{delivery}}";
/// lettre takes no longer names.
const LONGEST_NAME: usize = 76;
/// A line of a mail has 998 octets at most (RFC 5322, 2.1.1).
const LONGEST_VALUE: usize = 800;

/// A header whose value holds `{{delivery}}`: `X-PM-Metadata-delivery: {{delivery}}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryHeader {
    name: String,
    value: String,
}

impl DeliveryHeader {
    /// A header of this name and value.
    ///
    /// # Errors
    /// What is wrong with it; continues a sentence that begins with the header.
    pub fn new(header: &str, text: &str) -> Result<Self, &'static str> {
        let header = Self { name: name(header)?.to_owned(), value: text.to_owned() };
        value(&header.of(&"x".repeat(LONGEST_ID)).1)?;
        if !text.contains(PLACEHOLDER) {
            return Err("must hold {{delivery}}, which stands for the id of the delivery");
        }
        Ok(header)
    }

    /// The name, and the value for a delivery.
    #[must_use]
    pub fn of(&self, delivery: &str) -> (String, String) {
        (self.name.clone(), self.value.replace(PLACEHOLDER, delivery))
    }
}

/// A name of a header that no standard knows, so that it replaces none of ours.
pub(super) fn name(name: &str) -> Result<&str, &'static str> {
    let fits = |one: u8| one.is_ascii_alphanumeric() || one == b'-' || one == b'_';
    let is_own = name.len() > 2 && name.get(..2).is_some_and(|start| start.eq_ignore_ascii_case("x-"));
    if is_own && name.len() <= LONGEST_NAME && name.bytes().all(fits) {
        Ok(name)
    } else {
        Err(
            "must have a name of letters, digits, hyphens and underscores that begins with X-, of at most 76 characters",
        )
    }
}

/// A value on one line.
pub(super) fn value(value: &str) -> Result<&str, &'static str> {
    let fits = |one: u8| one.is_ascii_graphic() || one == b' ';
    if (1..=LONGEST_VALUE).contains(&value.len()) && value.bytes().all(fits) && value.trim() == value {
        Ok(value)
    } else {
        Err("must have a value of at most 800 ASCII characters on one line")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_names_the_delivery() {
        for (name, value, expected) in [
            ("X-PM-Metadata-delivery", "{{delivery}}", "d1"),
            (
                "x-smtpapi",
                r#"{"unique_args":{"delivery":"{{delivery}}"}}"#,
                r#"{"unique_args":{"delivery":"d1"}}"#,
            ),
        ] {
            let header = DeliveryHeader::new(name, value).expect(name);
            assert_eq!(header.of("d1"), (name.to_owned(), expected.to_owned()));
        }
    }

    #[test]
    fn what_would_be_another_header_is_refused() {
        for (name, value, why) in [
            ("To", "{{delivery}}", "begins with X-"),
            ("X-", "{{delivery}}", "begins with X-"),
            ("X-A: b\r\nTo", "{{delivery}}", "begins with X-"),
            ("X-Ä", "{{delivery}}", "begins with X-"),
            ("X-A", "{{delivery}}\r\nTo: x", "on one line"),
            ("X-A", " {{delivery}}", "on one line"),
            ("X-A", "delivery", "must hold {{delivery}}"),
        ] {
            let refused = DeliveryHeader::new(name, value).expect_err(name);
            assert!(refused.contains(why), "{name}: {refused}");
        }
    }
}

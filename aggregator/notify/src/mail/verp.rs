//! Return paths that name the delivery (VERP), so that a bounce is matched without reading what it quotes.

/// What stands before the delivery.
const LOCAL: &str = "bounces";
/// A local part has at most 64 octets (RFC 5321, 4.5.3.1.1).
pub(super) const LONGEST_ID: usize = 64 - LOCAL.len() - 1;

/// The return paths below one domain: `bounces+<delivery>@<domain>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verp {
    domain: String,
}

impl Verp {
    /// Return paths below `domain`.
    #[must_use]
    pub fn new(domain: &str) -> Self {
        Self { domain: domain.to_ascii_lowercase() }
    }

    /// The return path of a delivery; `None` if its id is not one that fits into an address: 1 to 56 letters, digits,
    /// `-` and `_`.
    #[must_use]
    pub fn return_path(&self, delivery: &str) -> Option<String> {
        is_id(delivery).then(|| format!("{LOCAL}+{delivery}@{}", self.domain))
    }

    /// The delivery that an address of ours names. Angle brackets and blanks around it are not minded, nor is the case of
    /// all but the delivery.
    #[must_use]
    pub fn delivery<'a>(&self, address: &'a str) -> Option<&'a str> {
        let (delivery, domain) = of_return_path(address)?;
        domain.eq_ignore_ascii_case(&self.domain).then_some(delivery)
    }
}

/// The delivery that a return path names, below whatever domain, and that domain.
pub(crate) fn of_return_path(address: &str) -> Option<(&str, &str)> {
    let (local, domain) = without_brackets(address).rsplit_once('@')?;
    let (name, delivery) = local.split_once('+')?;
    (name.eq_ignore_ascii_case(LOCAL) && is_id(delivery)).then_some((delivery, domain))
}

/// The delivery that a `Message-ID` names: `<delivery@domain>`, with or without the brackets.
pub(crate) fn of_message_id(id: &str) -> Option<&str> {
    let (delivery, domain) = without_brackets(id).split_once('@')?;
    (is_id(delivery) && !domain.is_empty()).then_some(delivery)
}

fn without_brackets(text: &str) -> &str {
    let text = text.trim();
    text.strip_prefix('<').and_then(|rest| rest.strip_suffix('>')).unwrap_or(text)
}

/// Whether it can be the id of a delivery: 1 to 56 letters, digits, `-` and `_`.
pub(crate) fn is_id(id: &str) -> bool {
    let fits = |one: u8| one.is_ascii_alphanumeric() || one == b'-' || one == b'_';
    (1..=LONGEST_ID).contains(&id.len()) && id.bytes().all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_an_address_of_ours_names_a_delivery() {
        let verp = Verp::new("Status.Example.com");
        assert_eq!(verp.return_path("a1_-Z").as_deref(), Some("bounces+a1_-Z@status.example.com"));
        for named in [
            "bounces+a1@status.example.com",
            "<bounces+a1@status.example.com>",
            " Bounces+a1@STATUS.example.COM ",
        ] {
            assert_eq!(verp.delivery(named), Some("a1"), "{named}");
        }
        for other in [
            "",
            "<>",
            "bounces@status.example.com",
            "bounces+@status.example.com",
            "bounces+a b@status.example.com",
            "bounces+a+b@status.example.com",
            "bounces+a1@example.com",
            "bounces+a1@status.example.com.evil.example",
            "bounces+a1@evil@status.example.com",
            "updates+a1@status.example.com",
            "<bounces+a1@status.example.com",
        ] {
            assert_eq!(verp.delivery(other), None, "{other}");
        }
        for unfit in ["", "a@b", "a b", "a\r\nb", "a+b", "ä", &"x".repeat(57)] {
            assert_eq!(verp.return_path(unfit), None, "{unfit}");
        }
    }

    proptest! {
        #[test]
        fn a_return_path_names_the_delivery_that_it_was_made_of(id in "[A-Za-z0-9_-]{1,56}") {
            let verp = Verp::new("status.example.com");
            let path = verp.return_path(&id).expect("an id");
            prop_assert!(path.split('@').next().expect("a local part").len() <= 64);
            prop_assert_eq!(verp.delivery(&path), Some(id.as_str()));
        }
    }
}

//! The mappings that are known: those that come with the program, and an operator's own, which take their place.

use super::Mapping;
use skerry_protocol::strict::Document;
use std::collections::BTreeMap;

/// By the names of their providers, in the form in which an operator writes one.
const SHIPPED: [(&str, &str); 5] = [
    ("brevo", include_str!("shipped/brevo.toml")),
    ("mailgun", include_str!("shipped/mailgun.toml")),
    ("postmark", include_str!("shipped/postmark.toml")),
    ("sendgrid", include_str!("shipped/sendgrid.toml")),
    ("ses", include_str!("shipped/ses.toml")),
];

/// Mappings by the names of their providers.
#[derive(Clone, Debug, Default)]
pub struct Mappings(BTreeMap<String, Mapping>);

impl Mappings {
    /// Those that come with the program, and these.
    #[must_use]
    pub fn with(own: &[(String, Mapping)]) -> Self {
        let shipped = SHIPPED.iter().filter_map(|(name, text)| Some(((*name).to_owned(), read(name, text)?)));
        Self(shipped.chain(own.iter().cloned()).collect())
    }

    /// The mapping of a provider.
    #[must_use]
    pub fn of(&self, provider: &str) -> Option<&Mapping> {
        self.0.get(provider)
    }

    /// The names of the providers, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

/// `None`: never, as the test below shows; its provider would be unknown.
fn read(name: &str, text: &str) -> Option<Mapping> {
    let document = Document::parse(name, text).ok()?;
    let mapping = Mapping::read(&document.root());
    let (problems, _) = document.finish();
    mapping.filter(|_| problems.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mapping_is_right() {
        for (name, text) in SHIPPED {
            let document = Document::parse(name, text).unwrap_or_else(|problems| panic!("{problems}"));
            let mapping = Mapping::read(&document.root());
            assert_eq!((document.finish(), mapping.is_some()), ((Vec::new(), Vec::new()), true), "{name}");
        }
        assert_eq!(Mappings::with(&[]).names().count(), SHIPPED.len());
    }

    #[test]
    fn an_operators_own_takes_the_place_of_one() {
        let shipped = Mappings::with(&[]);
        let own = shipped.of("brevo").expect("it is there").clone();
        let all = Mappings::with(&[("ses".to_owned(), own.clone()), ("acme".to_owned(), own.clone())]);
        assert_eq!(
            all.names().collect::<Vec<_>>(),
            ["acme", "brevo", "mailgun", "postmark", "sendgrid", "ses"]
        );
        assert_eq!((all.of("ses"), all.of("acme")), (Some(&own), Some(&own)));
        assert_eq!(all.of("nobody"), None);
    }
}

//! What makes a subscriber of what somebody wrote: the key of the digests, and which URLs of webhooks are taken.

use super::LinkKey;
use super::address::{self, AddressFault, UrlRules};
use skerry_domain::state::PageKey;
use skerry_domain::step::NewSubscriber;
use skerry_domain::subscriber::{Channel, Consent, Scope, Sensitive};
use skerry_domain::time::Timestamp;
use skerry_notify::webhook::Secret;
use std::path::Path;

/// Reads addresses, and makes subscribers of them.
#[derive(Clone, Debug)]
pub struct Intake {
    key: LinkKey,
    rules: UrlRules,
}

impl Intake {
    /// With a key, for webhooks by these rules.
    #[must_use]
    pub fn new(key: LinkKey, rules: UrlRules) -> Self {
        Self { key, rules }
    }

    /// With the key beside `database`.
    ///
    /// # Errors
    /// The key cannot be read or kept.
    pub fn of(database: &Path, rules: UrlRules) -> anyhow::Result<Self> {
        Ok(Self::new(LinkKey::of(database)?, rules))
    }

    /// Reads an address of a channel.
    ///
    /// # Errors
    /// Why it is refused.
    pub fn address(&self, channel: Channel, text: &str) -> Result<Sensitive, AddressFault> {
        address::read(channel, text, &self.rules)
    }

    /// The digest of an address.
    #[must_use]
    pub fn digest(&self, channel: Channel, address: &Sensitive) -> [u8; 32] {
        self.key.digest(channel, address)
    }

    /// Somebody who asks for a subscription; a webhook gets a secret.
    #[must_use]
    pub fn subscriber(
        &self,
        page: PageKey,
        (channel, address): (Channel, Sensitive),
        scope: Scope,
        consent: Consent,
    ) -> NewSubscriber {
        let digest = self.digest(channel, &address);
        let secret = (channel == Channel::Webhook).then(|| Sensitive::new(&Secret::random().reveal()));
        let (consent_note, consented_at) = (None, None);
        NewSubscriber { page, channel, address, digest, secret, scope, consent, consent_note, consented_at }
    }

    /// The same with the consent that was given elsewhere: where and when, as somebody wrote it, and when it was confirmed.
    #[must_use]
    pub fn imported(
        &self,
        page: PageKey,
        to: (Channel, Sensitive),
        scope: Scope,
        (note, at): (String, Option<Timestamp>),
    ) -> NewSubscriber {
        let new = self.subscriber(page, to, scope, Consent::Import);
        NewSubscriber { consent_note: Some(note), consented_at: at, ..new }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_webhook_gets_a_secret_of_its_own_and_a_mailbox_none() {
        let intake = Intake::new(LinkKey::fixed([7; 32]), UrlRules::default());
        let made = |channel, text: &str| {
            let address = intake.address(channel, text).expect("an address");
            intake.subscriber(PageKey(1), (channel, address), Scope::default(), Consent::Api)
        };
        let (one, other) = (
            made(Channel::Webhook, "https://hooks.acme.com/x"),
            made(Channel::Webhook, "https://hooks.acme.com/x"),
        );
        assert!(one.secret.is_some() && one.secret != other.secret);
        assert_eq!(one.digest, other.digest);
        let (mail, same) = (made(Channel::Email, "ada@example.com"), made(Channel::Email, "ada@EXAMPLE.com"));
        assert_eq!((mail.secret, &mail.address, mail.digest), (None, &same.address, same.digest));
    }
}

//! Addresses as they are shown: enough for their owners to know them again, too little for anybody to use them.

use skerry_domain::subscriber::{Channel, Sensitive, Subscriber};

/// Characters of a path that are shown.
const SHOWN: usize = 4;

/// `an…@example.com`, or the host of a URL and the beginning of its path: `hooks.slack.com/serv…`.
#[must_use]
pub fn masked(channel: Channel, address: &Sensitive) -> String {
    match channel {
        Channel::Email => masked_mail(address.reveal()),
        Channel::Webhook | Channel::Slack | Channel::Teams | Channel::Discord => masked_url(address.reveal()),
    }
}

/// The address of a subscriber: `whole` for those who may see it, or masked.
#[must_use]
pub fn shown_address(one: &Subscriber, whole: bool) -> String {
    if whole { one.address.reveal().to_owned() } else { masked(one.channel, &one.address) }
}

/// Of a short name less than half is shown.
fn masked_mail(address: &str) -> String {
    let (local, domain) = address.rsplit_once('@').unwrap_or((address, ""));
    let shown = if local.chars().count() > 4 { 2 } else { 1 };
    let begin: String = local.chars().take(shown).collect();
    if domain.is_empty() { format!("{begin}…") } else { format!("{begin}…@{domain}") }
}

fn masked_url(address: &str) -> String {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    let (host, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    if path.len() <= 1 {
        return host.to_owned();
    }
    // Of a short path, which may be the secret, less than half is shown.
    let shown = SHOWN.min((path.chars().count() - 1) / 3);
    let begin: String = path.chars().skip(1).take_while(|one| *one != '?').take(shown).collect();
    format!("{host}/{begin}…")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_known_again_by_its_owner_alone() {
        for (channel, address, shown) in [
            (Channel::Email, "ann.lee@example.com", "an…@example.com"),
            (Channel::Email, "annie@example.com", "an…@example.com"),
            (Channel::Email, "ann@example.com", "a…@example.com"),
            (Channel::Email, "a@example.com", "a…@example.com"),
            (Channel::Email, "üöäüö@example.com", "üö…@example.com"),
            (Channel::Slack, "https://hooks.slack.com/services/T0/B0/secret", "hooks.slack.com/serv…"),
            (Channel::Webhook, "https://hooks.example.com:8443/a", "hooks.example.com:8443/…"),
            (Channel::Webhook, "https://hooks.example.com/", "hooks.example.com"),
            (Channel::Webhook, "https://hooks.example.com/?key=secret", "hooks.example.com/…"),
        ] {
            assert_eq!(masked(channel, &Sensitive::new(address)), shown);
        }
    }
}

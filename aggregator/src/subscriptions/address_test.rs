//! Addresses as people write them, and as they are kept and shown.

use super::*;

fn kept(channel: Channel, text: &str) -> Result<String, AddressFault> {
    read(channel, text, &UrlRules::default()).map(|address| address.reveal().to_owned())
}

#[test]
fn a_mail_address_has_one_form() {
    assert_eq!(kept(Channel::Email, " Ada@EXAMPLE.com\n").as_deref(), Ok("Ada@example.com"));
    assert_eq!(kept(Channel::Email, "ada@localhost"), Err(AddressFault::NoMailAddress));
}

#[test]
fn urls_are_those_of_their_channel() {
    let slack = "https://hooks.slack.com/services/T000/B000/xyzXYZ012";
    let hook = "https://Hooks.ACME.com:443/status#part";
    let discord = "https://discord.com/api/webhooks/123456/abc_DEF-1";
    assert_eq!(kept(Channel::Webhook, hook).as_deref(), Ok("https://hooks.acme.com/status"));
    assert_eq!(kept(Channel::Slack, slack).as_deref(), Ok(slack));
    assert_eq!(kept(Channel::Discord, slack), Err(AddressFault::Url(UrlFault::NotOfService)));
    for (text, fault) in [
        ("https://10.0.0.1/", UrlFault::NotPublic),
        ("http://hooks.acme.com/", UrlFault::NotHttps),
        ("https://user:secret@hooks.acme.com/", UrlFault::Credentials),
    ] {
        assert_eq!(kept(Channel::Webhook, text), Err(AddressFault::Url(fault)), "{text}");
    }
    for (text, channel) in [
        ("ada@example.com", Channel::Email),
        (slack, Channel::Slack),
        (discord, Channel::Discord),
        ("https://acme.webhook.office.com/webhookb2/x", Channel::Teams),
        (hook, Channel::Webhook),
    ] {
        assert_eq!(channel_of(text), channel, "{text}");
    }
}

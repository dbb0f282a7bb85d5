//! Addresses as people write them, and as they are kept and shown.

use super::*;

const PUBLIC: Reach = Reach::Public { also: Vec::new() };

fn kept(channel: Channel, text: &str) -> Result<String, AddressFault> {
    read(channel, text, &PUBLIC).map(|address| address.reveal().to_owned())
}

#[test]
fn one_mail_address_has_one_form() {
    for (written, expected) in [
        ("ada@example.com", "ada@example.com"),
        (" Ada.Lovelace+status@EXAMPLE.com\n", "Ada.Lovelace+status@example.com"),
        ("o'hara@bücher.example.org", "o'hara@xn--bcher-kva.example.org"),
        ("a@mail。example.com", "a@mail.example.com"),
    ] {
        assert_eq!(kept(Channel::Email, written).as_deref(), Ok(expected), "{written:?}");
    }
}

#[test]
fn what_is_no_mail_address_is_refused() {
    let long = format!("{}@example.com", "a".repeat(65));
    let longer = format!("a@{}example.com", "label.".repeat(50));
    for wrong in [
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
        "a da@example.com",
        ".ada@example.com",
        "a..da@example.com",
        "ada\r\nbcc: eve@example.com",
        "<ada@example.com>",
        "ada@example.com, eve@example.com",
        "\"ada\"@example.com",
        "adä@example.com",
    ] {
        assert_eq!(kept(Channel::Email, wrong), Err(AddressFault::NoMailAddress), "{wrong:?}");
    }
    for wrong in [&long, &longer] {
        assert_eq!(kept(Channel::Email, wrong), Err(AddressFault::TooLong), "{wrong:?}");
    }
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

#[test]
fn a_masked_address_shows_neither_mailbox_nor_secret() {
    for (channel, address, expected) in [
        (Channel::Email, "ada.lovelace@example.com", "a***@example.com"),
        (Channel::Email, "a@example.com", "a***@example.com"),
        (Channel::Slack, "https://hooks.slack.com/services/T0/B0/secret", "https://hooks.slack.com/***"),
        (Channel::Webhook, "https://hooks.acme.com:8443/secret?key=1", "https://hooks.acme.com/***"),
    ] {
        assert_eq!(masked(channel, &Sensitive::new(address)), expected);
    }
}

//! What people enter in forms: addresses, with the words for what is wrong, and their choices.

use super::address::{self, AddressFault, UrlRules};
use skerry_domain::state::{ComponentKey, PageKey, State};
use skerry_domain::subscriber::{Channel, Choices, Sensitive, Updates};
use skerry_notify::destination::UrlFault;
use skerry_publish::html::{Chosen, FormFault, SubscribeForm};
use skerry_publish::view::{Item, PageView};
use skerry_web::Form;
use std::collections::{BTreeMap, BTreeSet};

/// Reads an address of a channel, into the form in which addresses are compared.
///
/// # Errors
/// Why it is refused.
pub(super) fn read_address(channel: Channel, typed: &str, rules: &UrlRules) -> Result<Sensitive, FormFault> {
    address::read(channel, typed, rules).map_err(|why| match why {
        AddressFault::NoMailAddress => FormFault::NoMailAddress,
        AddressFault::Url(why) => fault(why),
    })
}

fn fault(fault: UrlFault) -> FormFault {
    match fault {
        UrlFault::NoUrl => FormFault::NoUrl,
        UrlFault::TooLong => FormFault::TooLong,
        UrlFault::OddCharacters => FormFault::OddCharacters,
        UrlFault::NotHttps => FormFault::NotHttps,
        UrlFault::Credentials => FormFault::Credentials,
        UrlFault::Port(port) => FormFault::Port(port),
        UrlFault::NotPublic => FormFault::NotPublic,
        UrlFault::NotOfService => FormFault::NotOfService,
        UrlFault::RetiredConnector => FormFault::RetiredConnector,
    }
}

/// The channel of a form; `None` for that of links.
pub(super) fn channel_of(form: SubscribeForm) -> Option<Channel> {
    match form {
        SubscribeForm::Email => Some(Channel::Email),
        SubscribeForm::Slack => Some(Channel::Slack),
        SubscribeForm::Teams => Some(Channel::Teams),
        SubscribeForm::Discord => Some(Channel::Discord),
        SubscribeForm::Webhook => Some(Channel::Webhook),
        SubscribeForm::Link => None,
    }
}

/// What somebody chose in a form of the page. A group stands for all that is in it now.
pub(super) fn chosen(form: &Form, view: &PageView) -> Chosen {
    let groups: BTreeSet<&str> = form.values("group").collect();
    let of_groups = view.items.iter().filter_map(|item| match item {
        Item::Group(group) if groups.contains(group.id.as_str()) => Some(group.components()),
        Item::Group(_) | Item::Component(_) => None,
    });
    let of_groups = of_groups.flatten().map(|one| one.id.clone());
    let shown: BTreeSet<&str> = view.components().map(|one| one.id.as_str()).collect();
    let single = form.values("component").filter(|id| shown.contains(id)).map(str::to_owned);
    Chosen {
        only_outages: form.value("updates") == Updates::Outages.name(),
        components: (form.value("which") == "some").then(|| single.chain(of_groups).collect()),
        status_changes: !form.value("status_changes").is_empty(),
        monthly: !form.value("monthly").is_empty(),
    }
}

/// The same as the domain has it.
pub(super) fn choices(chosen: &Chosen, state: &State, page: PageKey) -> Choices {
    let components = chosen.components.as_ref().map(|ids| {
        let of_page = state.components.iter().filter(|(_, one)| one.page == page);
        let keys: BTreeMap<&str, ComponentKey> = of_page.map(|(key, one)| (one.id.as_str(), *key)).collect();
        ids.iter().filter_map(|id| keys.get(id.as_str()).copied()).collect()
    });
    Choices {
        updates: if chosen.only_outages { Updates::Outages } else { Updates::All },
        components,
        status_changes: chosen.status_changes,
        monthly: chosen.monthly,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_as_its_channel_demands() {
        let slack = "https://hooks.slack.com/services/T000/B000/xyz";
        for (channel, typed, expected) in [
            (Channel::Email, " Ann@Example.COM ", Ok("Ann@example.com")),
            (Channel::Email, "ann", Err(FormFault::NoMailAddress)),
            (Channel::Webhook, "https://Hooks.Example.com", Ok("https://hooks.example.com/")),
            (Channel::Webhook, "http://hooks.example.com/", Err(FormFault::NotHttps)),
            (Channel::Webhook, "https://10.0.0.1/", Err(FormFault::NotPublic)),
            (Channel::Webhook, "https://hooks.example.com:22/", Err(FormFault::Port(22))),
            (Channel::Webhook, "", Err(FormFault::NoUrl)),
            (Channel::Slack, slack, Ok(slack)),
            (Channel::Discord, slack, Err(FormFault::NotOfService)),
            (Channel::Teams, "https://a.webhook.office.com/x", Err(FormFault::RetiredConnector)),
        ] {
            let read = read_address(channel, typed, &UrlRules::default());
            assert_eq!(read.as_ref().map(Sensitive::reveal), expected.as_ref().copied(), "{typed}");
        }
    }
}

//! Reads networks: of the proxies before a listener, and of those who may see a page.

use ipnet::IpNet;
use skerry_protocol::strict::{Item, Refusal, Table, refuse};
use skerry_web::{ClientFrom, TrustedProxies};
use std::net::IpAddr;

const CLIENT_FROM: [(&str, ClientFrom); 3] = [
    ("x-forwarded-for", ClientFrom::XForwardedFor),
    ("forwarded", ClientFrom::Forwarded),
    ("proxy-protocol", ClientFrom::ProxyProtocol),
];

/// The proxies that a listener trusts, and how they name the client.
pub(super) fn trusted_proxies(table: &Table<'_>) -> TrustedProxies {
    let networks = networks(table, "trusted_proxies");
    let client_from = table.choice("client_from", &CLIENT_FROM).or(ClientFrom::default());
    if table.has("client_from") && !table.has("trusted_proxies") {
        let remedy = "Add trusted_proxies = [\"10.0.0.0/8\"] with the networks of the proxies, or remove it.";
        table.refuse("client_from", "client_from has no effect without trusted_proxies", remedy);
    }
    TrustedProxies { networks, client_from }
}

/// A list of networks.
pub(super) fn networks(table: &Table<'_>, key: &'static str) -> Vec<IpNet> {
    let read = |item: &Item<'_>| match network(&item.string()?) {
        Ok(network) => Some(network),
        Err(refusal) => item.refuse(&refusal.wrong, &refusal.remedy),
    };
    table.list(key).unwrap_or_default().iter().filter_map(read).collect()
}

fn network(text: &str) -> Result<IpNet, Refusal> {
    let example = "Write it such as \"10.0.0.0/8\", \"192.0.2.7\" or \"2001:db8::/32\".";
    let parsed = text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from));
    let Some(network) = parsed else {
        return refuse(format!("is no network: \"{text}\""), example);
    };
    if network.prefix_len() == 0 {
        return refuse(format!("holds every address: \"{text}\""), example);
    }
    if network != network.trunc() {
        return refuse(
            format!("has bits behind its prefix: \"{text}\""),
            format!("Write \"{}\".", network.trunc()),
        );
    }
    Ok(network)
}

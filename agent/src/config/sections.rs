//! Sections about the agent's own health: `[self_test]`, which the aggregator's built-in agent has too, and
//! `[metrics]`.

use super::MetricsSection;
use crate::self_test::SelfTestSettings;
use skerry_protocol::strict::{Table, socket_address};
use std::net::SocketAddr;
use std::time::Duration;

/// Reads `[self_test]` below `root`, or returns the defaults.
#[must_use]
pub fn self_test(root: &Table<'_>) -> SelfTestSettings {
    let default = SelfTestSettings::default();
    let Some(table) = root.table("self_test") else { return default };
    let mut references = Vec::new();
    for item in table.list("references").unwrap_or_default() {
        let Some(text) = item.string() else { continue };
        match text.parse::<SocketAddr>() {
            Ok(address) if address.ip().is_loopback() || address.ip().is_unspecified() => {
                let wrong = format!("\"{text}\" is this host, which says nothing of its network");
                table.refuse("references", wrong, "Name an address beyond the gateway.");
            }
            Ok(address) if address.port() != 0 => references.push(address),
            _ => {
                let wrong = format!("references must be IP addresses with TCP ports; one is \"{text}\"");
                table.refuse(
                    "references",
                    wrong,
                    "Write such as \"1.1.1.1:443\" or \"[2606:4700::1111]:443\".",
                );
            }
        }
    }
    let (low, high) = (Duration::from_secs(1), Duration::from_secs(3_600));
    let interval = table.duration("interval").between(low, high).or(default.interval);
    SelfTestSettings { references, interval }
}

pub(super) fn metrics(root: &Table<'_>) -> Option<MetricsSection> {
    let table = root.table("metrics")?;
    let address = table
        .string("address")
        .convert(|text| socket_address(&text, "Write it such as \"127.0.0.1:9101\"."))
        .required("address = \"127.0.0.1:9101\"");
    let allowed = table.boolean("allow_other_hosts").or(false);
    let address = address?;
    if !allowed && !address.ip().is_loopback() {
        let wrong = format!("{address} can be reached by other hosts, and metrics tell names of checks");
        table.refuse("address", wrong, "Use 127.0.0.1, or say allow_other_hosts = true.");
    }
    Some(MetricsSection { address })
}

//! `deliveries …`: what subscribers were sent, and what became of it.

mod shown;

use super::reading::Reading;
use super::told::{ask, told};
use anyhow::bail;
use clap::{Args, Subcommand};
use skerry_aggregator::config::Loaded;
use skerry_aggregator::control::{DeliveryRequest, NoticesOf, Request};

#[derive(Args)]
pub(crate) struct Deliveries {
    /// The workspace it belongs to; by default that of the first configuration file
    #[arg(long, global = true)]
    workspace: Option<String>,
    #[command(subcommand)]
    what: DeliveryDo,
}

#[derive(Subcommand)]
pub(crate) enum DeliveryDo {
    /// Show deliveries, newest first; addresses are masked
    List(Listed),
    /// Show a delivery, with the last answer of its relay or endpoint
    Show {
        /// Its id
        id: String,
        /// Show the whole address
        #[arg(long)]
        addresses: bool,
    },
    /// Send again what failed, but not to those who refused it or have left
    Resend {
        /// A delivery that failed, or that waits for its next attempt
        #[arg(required_unless_present_any = ["incident", "maintenance", "notice"])]
        id: Option<String>,
        #[command(flatten)]
        of: Of,
    },
}

#[derive(Args)]
pub(crate) struct Of {
    /// What was said of this incident
    #[arg(long, value_name = "INCIDENT", conflicts_with_all = ["maintenance", "notice", "id"])]
    incident: Option<String>,
    /// What was said of this maintenance
    #[arg(long, value_name = "MAINTENANCE", conflicts_with_all = ["notice", "id"])]
    maintenance: Option<String>,
    /// One thing that was said
    #[arg(long, value_name = "NOTICE", conflicts_with = "id")]
    notice: Option<String>,
}

#[derive(Args)]
pub(crate) struct Listed {
    /// Of this incident
    #[arg(long, value_name = "INCIDENT", conflicts_with_all = ["maintenance", "notice"])]
    incident: Option<String>,
    /// Of this maintenance
    #[arg(long, value_name = "MAINTENANCE", conflicts_with = "notice")]
    maintenance: Option<String>,
    /// Of this notice
    #[arg(long, value_name = "NOTICE")]
    notice: Option<String>,
    /// To the subscriber with this id or address
    #[arg(long, value_name = "SUBSCRIBER")]
    to: Option<String>,
    /// In this state, such as queued, delivered or failed
    #[arg(long)]
    state: Option<String>,
    /// Show at most so many
    #[arg(long, default_value_t = 100)]
    limit: usize,
    /// Show those behind this delivery
    #[arg(long, value_name = "DELIVERY")]
    after: Option<String>,
    /// Show whole addresses
    #[arg(long)]
    addresses: bool,
}

fn of(incident: Option<&String>, maintenance: Option<&String>, notice: Option<&String>) -> Option<NoticesOf> {
    let incident = incident.cloned().map(NoticesOf::Incident);
    incident.or(maintenance.cloned().map(NoticesOf::Maintenance)).or(notice.cloned().map(NoticesOf::Notice))
}

/// Carries out the command. Returns its output, and what the operator is to know beside it.
pub(crate) fn deliveries(
    loaded: &Loaded,
    arguments: &Deliveries,
    json: bool,
) -> anyhow::Result<(String, Option<String>)> {
    let workspace = arguments.workspace.as_deref();
    match &arguments.what {
        DeliveryDo::List(listed) => {
            Ok((shown::list(&Reading::of(loaded)?, loaded, workspace, listed, json)?, None))
        }
        DeliveryDo::Show { id, addresses } => {
            Ok((shown::show(&Reading::of(loaded)?, loaded, id, *addresses, json)?, None))
        }
        DeliveryDo::Resend { id: Some(id), .. } => {
            let change = DeliveryRequest::Retry(id.clone());
            let done = ask(loaded, workspace, |workspace| Request::Delivery { workspace, change })?;
            Ok(told("delivery", Some(id.clone()), done, "Delivery {} is tried now.", json))
        }
        DeliveryDo::Resend { id: None, of: named } => {
            let named = of(named.incident.as_ref(), named.maintenance.as_ref(), named.notice.as_ref());
            match named {
                Some(named) => Ok((resend(loaded, workspace, &named, json)?, None)),
                None => bail!("name a delivery, or --incident, --maintenance or --notice"),
            }
        }
    }
}

fn resend(loaded: &Loaded, workspace: Option<&str>, named: &NoticesOf, json: bool) -> anyhow::Result<String> {
    let (mut after, mut resent, mut skipped) = (None, 0, 0);
    loop {
        let change = DeliveryRequest::Resend { of: named.clone(), after };
        let done = ask(loaded, workspace, |workspace| Request::Delivery { workspace, change })?;
        let number = |name: &str| done.numbers.get(name).copied().unwrap_or(0);
        resent += number("resent");
        skipped += number("skipped");
        after = done.next;
        if after.is_none() {
            break;
        }
    }
    if json {
        return Ok(serde_json::json!({ "resent": resent, "skipped": skipped }).to_string());
    }
    let left = "Left out, unsubscribed or quarantined";
    let skipped = if skipped > 0 { format!("\n{left}: {skipped}.") } else { String::new() };
    Ok(format!("Sent again: {resent}.{skipped}"))
}

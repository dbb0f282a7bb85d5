//! `subscribers …`: who hears of a page; subscribes, removes, exports and imports.

mod import;
mod shown;

pub(crate) use import::read_file;

use super::reading::Reading;
use super::told::{ask, told};
use anyhow::Context;
use clap::{Args, Subcommand};
use skerry_aggregator::config::Loaded;
use skerry_aggregator::control::{AddSubscriber, Address, Request, SubscriberRequest};
use std::path::PathBuf;

#[derive(Args)]
pub(crate) struct Subscribers {
    /// The workspace it belongs to; by default that of the first configuration file
    #[arg(long, global = true)]
    workspace: Option<String>,
    #[command(subcommand)]
    what: SubscriberDo,
}

#[derive(Subcommand)]
pub(crate) enum SubscriberDo {
    /// Show subscribers, newest first; their addresses are masked
    List {
        /// Only those of this page: its key, slug, id or name
        #[arg(long)]
        page: Option<String>,
        /// Only those in this state: unconfirmed, active or quarantined
        #[arg(long)]
        state: Option<String>,
        /// Show whole addresses
        #[arg(long)]
        addresses: bool,
    },
    /// Subscribe an address. It gets a link to confirm, unless you say where and when its owner consented
    Add(Added),
    /// Remove a subscriber: its address is erased
    Remove(Which),
    /// Send a subscriber the link to manage its subscription, or to confirm it; once a day
    Link(Which),
    /// Print the subscribers of a page as CSV, with their addresses
    Export {
        /// The page: its key, slug, id or name; by default the only one
        #[arg(long)]
        page: Option<String>,
    },
    /// Subscribe everybody of a CSV file, as `export` or Statuspage write it. Who is subscribed already stays as it is
    Import(Imported),
}

#[derive(Args)]
pub(crate) struct Which {
    /// Its id, or its address
    subscriber: String,
    /// Its page, where several pages have this address
    #[arg(long)]
    page: Option<String>,
}

#[derive(Args)]
pub(crate) struct Added {
    /// A mail address, or the URL of a webhook or of a channel of Slack, Teams or Discord
    address: String,
    /// The page: its key, slug, id or name; by default the only one
    #[arg(long)]
    page: Option<String>,
    /// email, webhook, slack, teams or discord; by default that of the address
    #[arg(long)]
    channel: Option<String>,
    /// A component to hear of instead of all; repeat for further ones
    #[arg(long = "component", value_name = "COMPONENT")]
    components: Vec<String>,
    /// Only the beginning and the end of outages
    #[arg(long)]
    outages: bool,
    /// Each change of a component's status, too
    #[arg(long)]
    status_changes: bool,
    /// The monthly report, too
    #[arg(long)]
    monthly: bool,
    /// Where and when its owner consented; it hears at once
    #[arg(long, value_name = "WHERE AND WHEN")]
    consent: Option<String>,
}

#[derive(Args)]
pub(crate) struct Imported {
    /// The file; - reads standard input
    file: PathBuf,
    /// The page: its key, slug, id or name; by default the only one
    #[arg(long)]
    page: Option<String>,
    /// Where and when consent was given, for lines that do not say it
    #[arg(long, value_name = "WHERE AND WHEN")]
    consent: Option<String>,
    /// Say what would be imported, and import nothing
    #[arg(long)]
    dry_run: bool,
    /// Import the lines that are right although others are wrong
    #[arg(long)]
    skip_bad: bool,
}

/// Carries out the command, with the text of the file that it imports. Returns its output, and what the operator is to know
/// beside it.
pub(crate) fn subscribers(
    loaded: &Loaded,
    arguments: &Subscribers,
    file: Option<&str>,
    json: bool,
) -> anyhow::Result<(String, Option<String>)> {
    let workspace = arguments.workspace.as_deref();
    let (page, change, output) = match &arguments.what {
        SubscriberDo::List { page, state, addresses } => {
            let which = (page.as_deref(), state.as_deref());
            return Ok((shown::list(&Reading::of(loaded)?, workspace, which, *addresses, json)?, None));
        }
        SubscriberDo::Export { page } => {
            return Ok((shown::export(&Reading::of(loaded)?, loaded, workspace, page.as_deref())?, None));
        }
        SubscriberDo::Import(imported) => {
            let text = file.context("no file was read")?;
            return import::import(loaded, workspace, (imported, text), json);
        }
        SubscriberDo::Add(new) => (&new.page, new.request(), "Subscriber {} is added."),
        SubscriberDo::Remove(which) => {
            let change = SubscriberRequest::Remove(Address(which.subscriber.clone()));
            (&which.page, change, "Subscriber {} is removed.")
        }
        SubscriberDo::Link(which) => {
            let change = SubscriberRequest::Link(Address(which.subscriber.clone()));
            (&which.page, change, "Subscriber {} is sent its link.")
        }
    };
    let page = page.clone();
    let done = ask(loaded, workspace, |workspace| Request::Subscriber { workspace, page, change })?;
    let is_link = matches!(arguments.what, SubscriberDo::Link(_));
    let output =
        if is_link && !done.notes.is_empty() { "Subscriber {} was sent its link already." } else { output };
    Ok(told("subscriber", None, done, output, json))
}

impl Added {
    fn request(&self) -> SubscriberRequest {
        SubscriberRequest::Add(Box::new(AddSubscriber {
            address: Address(self.address.clone()),
            channel: self.channel.clone(),
            components: self.components.clone(),
            outages: self.outages,
            status_changes: self.status_changes,
            monthly: self.monthly,
            consent: self.consent.clone(),
        }))
    }
}

/// The name of the workspace that a command is about.
fn workspace_of(loaded: &Loaded, workspace: Option<&str>) -> anyhow::Result<String> {
    let first = loaded.configs.first().context("no configuration")?;
    Ok(workspace.unwrap_or(&first.workspace).to_owned())
}

//! Requests about subscribers. Addresses travel in them, and show nowhere else.

use super::lookup;
use super::request::{Prepared, Told};
use crate::subscriptions::Intake;
use crate::subscriptions::address::channel_of;
use crate::subscriptions::import::{Counts, is_suppressed, lacking};
use crate::subscriptions::table::Line;
use serde::{Deserialize, Serialize};
use skerry_domain::state::{ComponentKey, PageKey, State, SubscriberKey};
use skerry_domain::step::{Command, NewSubscriber, SubscriberCommand};
use skerry_domain::subscriber::{Channel, Choices, Consent, Scope, Subscriber, SubscriberState, Updates};
use skerry_domain::time::Timestamp;
use skerry_domain::workspaces::Workspaces;
use skerry_protocol::strict::one_of;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// An address, or the id of a subscriber. `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Address(pub String);

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[hidden]")
    }
}

/// A change of the subscribers of a page by an admin.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SubscriberRequest {
    /// Subscribes somebody.
    Add(Box<AddSubscriber>),
    /// Removes the one with this id or address.
    Remove(Address),
    /// Sends the link to manage the subscription, or to confirm it, to the one with this id or address.
    Link(Address),
    /// Imports lines of a file that were compared with the page.
    Import(Vec<ImportLine>),
}

/// Somebody to subscribe.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AddSubscriber {
    /// The address.
    pub address: Address,
    /// Name of the channel; `None`: that of the address.
    pub channel: Option<String>,
    /// Names, keys or ids of components; empty: all.
    pub components: Vec<String>,
    /// Only the beginning and the end of outages.
    pub outages: bool,
    /// Each change of a component's status, too.
    pub status_changes: bool,
    /// The monthly report, too.
    pub monthly: bool,
    /// Where and when consent was given; `None`: its owner is asked to confirm.
    pub consent: Option<String>,
}

/// A line of a file, see [`Line`].
#[derive(Clone, Debug, Serialize, Deserialize)]
#[expect(missing_docs, reason = "described where lines are read")]
pub struct ImportLine {
    pub channel: String,
    pub address: Address,
    pub components: Vec<String>,
    pub updates: String,
    pub status_changes: bool,
    pub monthly: bool,
    pub confirmed_at: Option<i64>,
    pub consent_note: String,
}

impl From<&Line> for ImportLine {
    fn from(line: &Line) -> Self {
        Self {
            channel: line.channel.name().to_owned(),
            address: Address(line.address.reveal().to_owned()),
            components: line.components.clone(),
            updates: line.updates.name().to_owned(),
            status_changes: line.status_changes,
            monthly: line.monthly,
            confirmed_at: line.confirmed_at.map(|at| at.0),
            consent_note: line.consent_note.clone(),
        }
    }
}

impl ImportLine {
    fn line(self, intake: &Intake) -> Result<Line, String> {
        let other = "this file was read by another version: restart the aggregator with this version";
        let channel = Channel::from_name(&self.channel).ok_or(other)?;
        let address = intake.address(channel, &self.address.0);
        Ok(Line {
            number: 0,
            channel,
            address: address.map_err(|fault| format!("an address {fault}"))?,
            components: self.components,
            updates: Updates::from_name(&self.updates).ok_or(other)?,
            status_changes: self.status_changes,
            monthly: self.monthly,
            active: true,
            confirmed_at: self.confirmed_at.map(Timestamp),
            consent_note: self.consent_note,
        })
    }
}

/// What [`Counts`] are called in an answer.
const COUNTS: [&str; 3] = ["added", "known", "suppressed"];

/// Reads what an import did from the numbers of an answer.
#[must_use]
pub fn counts(numbers: &BTreeMap<String, u64>) -> Counts {
    let [added, known, suppressed] = COUNTS.map(|name| numbers.get(name).copied().unwrap_or(0));
    Counts { added, known, suppressed }
}

impl SubscriberRequest {
    /// Makes the command.
    ///
    /// # Errors
    /// Why it cannot be carried out, for an operator.
    pub(super) fn prepare(
        self,
        workspace: &str,
        workspaces: &Workspaces,
        page: Option<&str>,
        (intake, now): (&Intake, Timestamp),
    ) -> Result<Prepared, String> {
        let state = lookup::state(workspaces, workspace)?;
        match self {
            Self::Add(new) => {
                let page = lookup::page(state, page)?;
                let new = added(state, page, &new, (intake, now))?;
                Ok(prepared(state, SubscriberCommand::Ask(new), Told::NewSubscriber))
            }
            Self::Remove(named) => {
                let (key, one) = named_one(state, page, &named, intake)?;
                Ok(prepared(state, SubscriberCommand::Leave(key), Told::Subscriber(one.id.clone())))
            }
            Self::Link(named) => {
                let (key, one) = named_one(state, page, &named, intake)?;
                let told = Told::Link(key, one.asked_at);
                Ok(prepared(state, link(key, one, intake), told))
            }
            Self::Import(lines) => {
                let page = lookup::page(state, page)?;
                let lines = lines.into_iter().map(|line| line.line(intake)).collect::<Result<Vec<_>, _>>()?;
                let (new, done) = lacking(state, page, &lines, intake, now);
                let ask = |one| Command::Subscriber(Box::new(SubscriberCommand::Ask(one)));
                let command = Command::Together(new.into_iter().map(ask).collect());
                let counts = COUNTS.into_iter().zip([done.added, done.known, done.suppressed]);
                let numbers = counts.map(|(name, count)| (name.to_owned(), count)).collect();
                Ok(Prepared { numbers, ..Prepared::plain(workspace.to_owned(), command) })
            }
        }
    }
}

fn prepared(state: &State, command: SubscriberCommand, subject: Told) -> Prepared {
    Prepared::about(state, Command::Subscriber(Box::new(command)), subject, Vec::new())
}

fn added(
    state: &State,
    page: PageKey,
    new: &AddSubscriber,
    (intake, now): (&Intake, Timestamp),
) -> Result<NewSubscriber, String> {
    let known = || one_of(Channel::ALL.iter().map(|one| one.name()));
    let channel = match &new.channel {
        Some(name) => {
            Channel::from_name(name).ok_or_else(|| format!("there is no such channel: write {}", known()))?
        }
        None => channel_of(&new.address.0),
    };
    let address = intake.address(channel, &new.address.0).map_err(|fault| format!("this address {fault}"))?;
    let components = new.components.iter().map(|name| lookup::component(state, Some(page), name));
    let components = components.collect::<Result<BTreeSet<ComponentKey>, _>>()?;
    let scope = Scope::of_page(Choices {
        updates: if new.outages { Updates::Outages } else { Updates::All },
        components: (!components.is_empty()).then_some(components),
        status_changes: new.status_changes,
        monthly: new.monthly,
    });
    if is_suppressed(state, &intake.digest(channel, &address), now) {
        return Err(
            "this address refused messages or complained within the last 12 months: nothing is sent to it"
                .to_owned(),
        );
    }
    Ok(match &new.consent {
        Some(note) => intake.imported(page, (channel, address), scope, (note.clone(), None)),
        None => intake.subscriber(page, (channel, address), scope, Consent::Form),
    })
}

/// The link to confirm, or to manage what is confirmed.
fn link(key: SubscriberKey, one: &Subscriber, intake: &Intake) -> SubscriberCommand {
    if one.state == SubscriberState::Active {
        return SubscriberCommand::SendLink(key);
    }
    let to = (one.channel, one.address.clone());
    SubscriberCommand::Ask(intake.subscriber(one.page, to, one.scope.clone(), Consent::Form))
}

/// The subscriber with that id or address, of one page or of any.
fn named_one<'s>(
    state: &'s State,
    page: Option<&str>,
    named: &Address,
    intake: &Intake,
) -> Result<(SubscriberKey, &'s Subscriber), String> {
    let page = page.map(|page| lookup::page(state, Some(page))).transpose()?;
    let keys = lookup::subscribers(state, page, &named.0, intake);
    let found: Vec<_> =
        keys.into_iter().filter_map(|key| Some((key, state.subscribers.get(&key)?))).collect();
    match found[..] {
        [one] => Ok(one),
        [] => Err("there is no such subscriber: skerry-aggregator subscribers list shows them".to_owned()),
        _ => {
            let all: Vec<&str> = found.iter().map(|(_, one)| state.pages[&one.page].key.as_str()).collect();
            Err(format!("several pages have this address: say --page, one of {}", all.join(", ")))
        }
    }
}

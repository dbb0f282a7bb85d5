//! Requests about deliveries.

use super::lookup;
use super::request::Prepared;
use crate::subscriptions::Intake;
use crate::subscriptions::deliveries::{PORTION, RESENT, Wanted, again, list, may_be_tried, resend};
use serde::{Deserialize, Serialize};
use skerry_domain::delivery::Delivery;
use skerry_domain::state::State;
use skerry_domain::step::Command;
use skerry_domain::time::Timestamp;
use skerry_domain::workspaces::Workspaces;
use skerry_store::{Reader, StoreError};
use std::path::Path;

/// Whose deliveries are meant.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoticesOf {
    /// Of the incident with this id.
    Incident(String),
    /// Of the maintenance with this id.
    Maintenance(String),
    /// Of the notice with this id.
    Notice(String),
}

/// A change of deliveries by an operator.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryRequest {
    /// Sends a portion of what failed again.
    Resend {
        /// Whose.
        of: NoticesOf,
        /// The delivery that ended the portion before.
        after: Option<String>,
    },
    /// Tries the delivery with this id now.
    Retry(String),
}

impl DeliveryRequest {
    /// Makes the command.
    ///
    /// # Errors
    /// Why it cannot be carried out, for an operator.
    pub(super) fn prepare(
        self,
        workspace: &str,
        workspaces: &Workspaces,
        (database, intake, now): (&Path, &Intake, Timestamp),
    ) -> Result<Prepared, String> {
        let state = lookup::state(workspaces, workspace)?;
        let unreadable = |error: StoreError| format!("deliveries cannot be read: {error}");
        let reader = Reader::open(database).map_err(unreadable)?;
        let with_id = |id: &str| -> Result<Delivery, String> {
            let found = reader.delivery_with_id(id).map_err(unreadable)?;
            let found = found.filter(|(of, _)| *of == state.workspace.key).map(|(_, delivery)| delivery);
            found.ok_or_else(|| {
                format!("there is no delivery {id:?}: skerry-aggregator deliveries list shows them")
            })
        };
        match self {
            Self::Retry(id) => {
                let delivery = with_id(&id)?;
                may_be_tried(state, &delivery, now).map_err(|why| format!("delivery {id} {why}"))?;
                Ok(Prepared::plain(workspace.to_owned(), again(state, &delivery, intake, now)))
            }
            Self::Resend { of, after } => {
                let after = after.as_deref().map(with_id).transpose()?;
                let notices = Some(lookup::notices(state, &of)?);
                let wanted = Wanted { notices, subscribers: None, states: RESENT.to_vec() };
                let read = list(&reader, state, &wanted, after.as_ref(), PORTION).map_err(unreadable)?;
                Ok(resent(state, &read, intake, now))
            }
        }
    }
}

fn resent(state: &State, read: &[Delivery], intake: &Intake, now: Timestamp) -> Prepared {
    let commands = resend(state, read, intake, now);
    let (sent, left) = (commands.len() as u64, (read.len() - commands.len()) as u64);
    let numbers = [("resent".to_owned(), sent), ("skipped".to_owned(), left)].into();
    let next = read.last().map(|one| one.id.clone());
    let plain = Prepared::plain(state.workspace.name.clone(), Command::Together(commands));
    Prepared { numbers, next, ..plain }
}

//! What is reported of mails that were sent, by relays and providers.

use super::attempt::without_mailbox;
use super::{UnderWay, result};
use crate::engine::Engine;
use crate::subscriptions::LinkKey;
use skerry_domain::delivery::{Delivery, DeliveryState};
use skerry_domain::state::State;
use skerry_domain::step::{Attempted, Command};
use skerry_domain::subscriber::{Channel, Sensitive};
use skerry_notify::bounce::{Event, Report};
use skerry_store::{Reader, StoreError, WorkspaceDelivery};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How long a report waits for the outcome of the attempt that it is about.
pub(crate) const PATIENCE: Duration = Duration::from_secs(2);

/// Takes in what is reported of mails that were sent.
#[derive(Clone, Debug)]
pub struct BounceReports {
    engine: Engine,
    reader: Arc<Mutex<Reader>>,
    links: LinkKey,
    under_way: Arc<UnderWay>,
}

impl BounceReports {
    /// Opens a reader on the database at this path.
    ///
    /// # Errors
    /// It cannot be opened.
    pub fn open(
        database: &Path,
        (engine, links): (Engine, LinkKey),
        under_way: Arc<UnderWay>,
    ) -> Result<Self, StoreError> {
        Ok(Self { engine, reader: Arc::new(Mutex::new(Reader::open(database)?)), links, under_way })
    }

    /// Stores what the reports say. What names no delivery of ours, or says nothing new, is ignored.
    ///
    /// # Errors
    /// The store cannot be read or written now: the same reports may come again.
    pub async fn take(&self, reports: Vec<Report>) -> anyhow::Result<()> {
        // Delays and successes change nothing.
        let reports = reports.iter().filter(|one| matches!(one.event, Event::Failed | Event::Complaint));
        for report in reports {
            if let Some(one) = self.delivery(&report.delivery).await? {
                self.take_one(one, report).await?;
            }
        }
        Ok(())
    }

    /// The delivery with this id. A relay may report a mail before the outcome of its attempt is stored, which would replace
    /// what is reported: that is waited for.
    async fn delivery(&self, id: &str) -> anyhow::Result<Option<WorkspaceDelivery>> {
        let (reports, id) = (self.clone(), id.to_owned());
        let read = tokio::task::spawn_blocking(move || {
            let read = || reports.reader.lock().unwrap_or_else(PoisonError::into_inner).delivery_with_id(&id);
            let Some((workspace, found)) = read()? else { return Ok(None) };
            reports.under_way.wait((workspace, found.key), PATIENCE);
            read()
        });
        Ok(read.await??)
    }

    async fn take_one(
        &self,
        (workspace, delivery): WorkspaceDelivery,
        report: &Report,
    ) -> anyhow::Result<()> {
        let snapshot = self.engine.snapshot();
        let Some(state) = snapshot.workspaces.get(workspace) else { return Ok(()) };
        let digest = |channel, address: &Sensitive| self.links.digest(channel, address);
        if let Some(command) = reported(state, delivery, report, digest) {
            self.engine.command((workspace, command)).await?;
        }
        Ok(())
    }
}

/// The command that stores what is reported of a delivery; `digest` is that of an address. `None`: it says nothing new.
pub fn reported(
    state: &State,
    delivery: Delivery,
    report: &Report,
    digest: impl Fn(Channel, &Sensitive) -> [u8; 32],
) -> Option<Command> {
    let result = result::reported(report)?;
    let is_decided = matches!(delivery.state, DeliveryState::SoftBounced | DeliveryState::HardBounced);
    if delivery.channel != Channel::Email || (is_decided && report.event != Event::Complaint) {
        return None;
    }
    let subscriber = state.subscribers.get(&delivery.subscriber);
    let digest = subscriber.map_or([0; 32], |one| digest(one.channel, &one.address));
    let answer = report.answer().text;
    let answer =
        Some(subscriber.map_or(answer.clone(), |one| without_mailbox(&answer, (one.channel, &one.address))));
    Some(Command::Attempted(Box::new(Attempted { delivery, tried: false, result, answer, digest })))
}

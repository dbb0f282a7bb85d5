//! How fast each destination is written to. One that is slow, dead or limited holds up itself only.

use skerry_domain::subscriber::{Channel, Sensitive};
use skerry_notify::rate::{DestinationLimits, NotNow, Pace, Permit};
use std::sync::Arc;
use std::time::Duration;
use url::Url;

/// For a destination that is at work on as many requests as it takes.
const BUSY: Duration = Duration::from_millis(50);
/// A destination that asks for a pause gets no more than this for all of its messages.
const LONGEST_HOLD: Duration = Duration::from_secs(60);

/// The limits of all destinations.
#[derive(Clone, Debug)]
pub(super) struct Limits {
    webhook: Arc<DestinationLimits>,
    slack: Arc<DestinationLimits>,
    teams: Arc<DestinationLimits>,
    discord: Arc<DestinationLimits>,
}

impl Default for Limits {
    fn default() -> Self {
        let limits = |pace| Arc::new(DestinationLimits::new(pace));
        Self {
            webhook: limits(Pace::WEBHOOK),
            slack: limits(Pace::SLACK),
            teams: limits(Pace::TEAMS),
            discord: limits(Pace::DISCORD),
        }
    }
}

impl Limits {
    /// Asks to send one message. A mail needs no permit: relays are limited by the number of connections.
    ///
    /// # Errors
    /// How long to wait before asking again.
    pub(super) fn enter(&self, channel: Channel, address: &Sensitive) -> Result<Option<Permit>, Duration> {
        let Some((limits, destination)) = self.of(channel, address) else { return Ok(None) };
        match limits.enter(&destination) {
            Ok(permit) => Ok(Some(permit)),
            Err(NotNow::Busy) => Err(BUSY),
            Err(NotNow::In(pause)) => Err(pause),
        }
    }

    /// Sends nothing to a destination for as long as it asked.
    pub(super) fn hold(&self, channel: Channel, address: &Sensitive, pause: Duration) {
        if let Some((limits, destination)) = self.of(channel, address) {
            // Others have hooks there; the delivery itself waits for as long as it was asked to.
            limits.hold(&destination, pause.min(LONGEST_HOLD));
        }
    }

    /// A webhook is limited by its host, which may be that of many subscribers, and a hook of a chat by itself.
    fn of(&self, channel: Channel, address: &Sensitive) -> Option<(&Arc<DestinationLimits>, String)> {
        let itself = || address.reveal().to_owned();
        Some(match channel {
            Channel::Email => return None,
            Channel::Webhook => (&self.webhook, host(address.reveal())),
            Channel::Slack => (&self.slack, itself()),
            Channel::Teams => (&self.teams, itself()),
            Channel::Discord => (&self.discord, itself()),
        })
    }
}

fn host(url: &str) -> String {
    let url = Url::parse(url).ok();
    url.and_then(|url| Some(format!("{}:{}", url.host_str()?, url.port_or_known_default()?)))
        .unwrap_or_default()
}

//! The declared rows of subscribers, notices and deliveries, and of what the team was told. The migration that created a column describes its meaning.

use super::table::{Column, Columns, Record, Table, records};
use super::value::{Field, Kind, Lines, Misread, Value, integer, integers, names, text};
use crate::delivery::{DeliveryState, Message};
use crate::notice::{NoticeKind, OutageEdge};
use crate::problem::Severity;
use crate::state::{DeliveryKey, NoticeKey, PageKey, SubscriberKey, WorkspaceKey};
use crate::subscriber::{Channel, Consent, SubscriberState, Updates};
use crate::time::Timestamp;
use std::borrow::Cow;

records! {
    /// Who hears of a page.
    SubscriberRow in "subscriber", key 2 {
        workspace: WorkspaceKey,
        key: SubscriberKey,
        id: String,
        page: PageKey,
        channel: Channel,
        address: Hidden,
        secret: Option<Hidden>,
        former_secret: Option<Hidden>,
        former_until_ms: Option<Timestamp>,
        state: SubscriberState,
        updates: Option<Updates>,
        components: Option<Lines>,
        status_changes: bool,
        monthly: bool,
        incidents: Lines,
        windows: Lines,
        wants: bool,
        wanted_updates: Option<Updates>,
        wanted_components: Option<Lines>,
        wanted_status_changes: bool,
        wanted_monthly: bool,
        wanted_incidents: Option<Lines>,
        wanted_windows: Option<Lines>,
        consent: Consent,
        consent_note: Option<Hidden>,
        created_ms: Timestamp,
        asked_ms: Option<Timestamp>,
        managed_ms: Option<Timestamp>,
        link_version: u64,
        confirmed_ms: Option<Timestamp>,
        updated_ms: Timestamp,
        refused_days: Option<Lines>,
        full_days: Option<Lines>,
    }
    /// The digest of an address to which nothing is sent.
    SuppressedRow in "suppressed_address", key 2 {
        workspace: WorkspaceKey,
        digest: [u8; 32],
        at_ms: Timestamp,
    }
    /// One thing to be said.
    NoticeRow in "notice", key 2 {
        workspace: WorkspaceKey,
        key: NoticeKey,
        id: String,
        page: PageKey,
        kind: NoticeKind,
        subject: i64,
        updates: Lines,
        steps: Lines,
        components: Lines,
        edge: Option<OutageEdge>,
        at_ms: Timestamp,
        due_ms: Timestamp,
        joins: bool,
        through: SubscriberKey,
        early: Lines,
        deliveries: u64,
        done_ms: Option<Timestamp>,
    }
    /// One notice, or a message about a subscription, to one subscriber.
    DeliveryRow in "delivery", key 2 {
        workspace: WorkspaceKey,
        key: DeliveryKey,
        id: String,
        message: Message,
        notice: Option<NoticeKey>,
        subscriber: SubscriberKey,
        channel: Channel,
        priority: i64,
        state: DeliveryState,
        attempts: u64,
        queued_ms: Timestamp,
        next_ms: Option<Timestamp>,
        updated_ms: Timestamp,
        answer: Option<String>,
    }
    /// What a receiver of the team was last told of a condition.
    TeamNoticeRow in "team_notice", key 3 {
        workspace: WorkspaceKey,
        receiver: String,
        condition: String,
        severity: Severity,
        title: String,
        labels: Lines,
        since_ms: Timestamp,
        fired_ms: Timestamp,
        resolved_ms: Option<Timestamp>,
    }
}

/// Bytes of a text that is never shown: neither by `Debug` nor in the audit.
#[derive(Clone, PartialEq, Eq)]
pub struct Hidden(pub Vec<u8>);

impl std::fmt::Debug for Hidden {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[hidden]")
    }
}

impl Field for Hidden {
    const KIND: Kind = Kind::Bytes;

    fn value(&self) -> Value<'_> {
        self.0.value()
    }

    fn read(value: Value<'_>) -> Result<Self, Misread> {
        Field::read(value).map(Self)
    }
}

integers! {
    SubscriberKey: |one| one.0, SubscriberKey;
    NoticeKey: |one| one.0, NoticeKey;
    DeliveryKey: |one| one.0, DeliveryKey;
}

names! {
    Channel: |one| Cow::Borrowed(one.name()), Channel::from_name;
    SubscriberState: |one| Cow::Borrowed(one.name()), SubscriberState::from_name;
    Updates: |one| Cow::Borrowed(one.name()), Updates::from_name;
    Consent: |one| Cow::Borrowed(one.name()), Consent::from_name;
    NoticeKind: |one| Cow::Borrowed(one.name()), NoticeKind::from_name;
    OutageEdge: |one| Cow::Borrowed(one.name()), OutageEdge::from_name;
    Message: |one| Cow::Borrowed(one.name()), Message::from_name;
    DeliveryState: |one| Cow::Borrowed(one.name()), DeliveryState::from_name;
}

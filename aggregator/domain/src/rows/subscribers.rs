//! Subscribers as rows, and back. Addresses and secrets are bytes, which the audit leaves out.

use super::Write;
use super::holds::both;
use super::notices::{keys_of, lines_of};
use super::restore::Restore;
use super::table::Key;
use super::value::{Field, Lines, Misread, Value};
use super::{Hidden, SubscriberRow, SuppressedRow};
use crate::state::{ComponentKey, IncidentKey, State, SubscriberKey, WindowKey};
use crate::subscriber::{Choices, Scope, Sensitive, SigningSecret, Subscriber, Updates};
use std::collections::BTreeSet;

/// The columns of a scope. Without `updates` it hears of no page.
struct ScopeColumns {
    updates: Option<Updates>,
    components: Option<Lines>,
    status_changes: bool,
    monthly: bool,
    incidents: Lines,
    windows: Lines,
}

fn columns_of(scope: &Scope) -> ScopeColumns {
    let page = scope.page.as_ref();
    let components = page.and_then(|choices| choices.components.as_ref());
    ScopeColumns {
        updates: page.map(|choices| choices.updates),
        components: components.map(|all| lines_of(all.iter().map(|key| key.0))),
        status_changes: page.is_some_and(|choices| choices.status_changes),
        monthly: page.is_some_and(|choices| choices.monthly),
        incidents: lines_of(scope.incidents.iter().map(|key| key.0)),
        windows: lines_of(scope.windows.iter().map(|key| key.0)),
    }
}

fn scope_of(columns: &ScopeColumns) -> Scope {
    let components = columns.components.as_ref();
    let components = components.map(|lines| keys_of(lines).into_iter().map(ComponentKey).collect());
    let (status_changes, monthly) = (columns.status_changes, columns.monthly);
    Scope {
        page: columns.updates.map(|updates| Choices { updates, components, status_changes, monthly }),
        incidents: keys_of(&columns.incidents).into_iter().map(IncidentKey).collect(),
        windows: keys_of(&columns.windows).into_iter().map(WindowKey).collect(),
    }
}

/// The row of a subscriber; `None`: the state has none with that key.
pub(super) fn subscriber_row(state: &State, key: SubscriberKey) -> Option<SubscriberRow> {
    let one = state.subscribers.get(&key)?;
    let bytes = |text: &Sensitive| Hidden(text.reveal().as_bytes().to_vec());
    let scope = columns_of(&one.scope);
    let wanted = one.wanted.as_ref().map(columns_of);
    let former = one.secret.as_ref().and_then(|secret| secret.former.as_ref());
    Some(SubscriberRow {
        workspace: state.workspace.key,
        key,
        id: one.id.clone(),
        page: one.page,
        channel: one.channel,
        address: bytes(&one.address),
        secret: one.secret.as_ref().map(|secret| bytes(&secret.current)),
        former_secret: former.map(|(secret, _)| bytes(secret)),
        former_until_ms: former.map(|(_, until)| *until),
        state: one.state,
        updates: scope.updates,
        components: scope.components,
        status_changes: scope.status_changes,
        monthly: scope.monthly,
        incidents: scope.incidents,
        windows: scope.windows,
        wants: wanted.is_some(),
        wanted_updates: wanted.as_ref().and_then(|one| one.updates),
        wanted_components: wanted.as_ref().and_then(|one| one.components.clone()),
        wanted_status_changes: wanted.as_ref().is_some_and(|one| one.status_changes),
        wanted_monthly: wanted.as_ref().is_some_and(|one| one.monthly),
        wanted_incidents: wanted.as_ref().map(|one| one.incidents.clone()),
        wanted_windows: wanted.as_ref().map(|one| one.windows.clone()),
        consent: one.consent,
        consent_note: one.consent_note.as_ref().map(|note| Hidden(note.clone().into_bytes())),
        created_ms: one.created_at,
        asked_ms: one.asked_at,
        managed_ms: one.managed_at,
        link_version: one.link_version,
        confirmed_ms: one.confirmed_at,
        updated_ms: one.updated_at,
        refused_days: days_of(&one.refused_days),
        full_days: days_of(&one.full_days),
    })
}

fn days_of(days: &BTreeSet<i64>) -> Option<Lines> {
    Some(lines_of(days.iter().copied())).filter(|lines| !lines.0.is_empty())
}

fn read_days(lines: Option<Lines>) -> BTreeSet<i64> {
    lines.map(|lines| keys_of(&lines)).unwrap_or_default().into_iter().collect()
}

/// Writes the subscriber, or deletes its row if the state no longer has it.
pub(super) fn write_subscriber(state: &State, key: SubscriberKey, writes: &mut Vec<Write>) {
    writes.push(match subscriber_row(state, key) {
        Some(row) => Write::Put(row.into()),
        None => Write::Delete(Key::of::<SubscriberRow>(both(state.workspace.key, &key))),
    });
}

/// Writes the digest of an address to which nothing is sent, or deletes it.
pub(super) fn write_suppressed(state: &State, digest: [u8; 32], writes: &mut Vec<Write>) {
    let workspace = state.workspace.key;
    writes.push(match state.suppressed.get(&digest) {
        Some(at_ms) => Write::Put(SuppressedRow { workspace, digest, at_ms: *at_ms }.into()),
        None => {
            let values = [workspace.value(), digest.value()].map(Value::into_owned);
            Write::Delete(Key::of::<SuppressedRow>(values))
        }
    });
}

impl Restore for SubscriberRow {
    fn restore(self, state: &mut State) -> Result<(), Misread> {
        let text = |hidden: Hidden| {
            let read = String::from_utf8(hidden.0).map_err(|_| Misread::new("bytes that are no text"));
            read.map(|text| Sensitive::new(&text))
        };
        let former = self.former_secret.map(text).transpose()?.zip(self.former_until_ms);
        let secret = self.secret.map(text).transpose()?.map(|current| SigningSecret { current, former });
        let wanted = ScopeColumns {
            updates: self.wanted_updates,
            components: self.wanted_components,
            status_changes: self.wanted_status_changes,
            monthly: self.wanted_monthly,
            incidents: self.wanted_incidents.unwrap_or_default(),
            windows: self.wanted_windows.unwrap_or_default(),
        };
        let scope = ScopeColumns {
            updates: self.updates,
            components: self.components,
            status_changes: self.status_changes,
            monthly: self.monthly,
            incidents: self.incidents,
            windows: self.windows,
        };
        let subscriber = Subscriber {
            id: self.id,
            page: self.page,
            channel: self.channel,
            address: text(self.address)?,
            secret,
            state: self.state,
            scope: scope_of(&scope),
            wanted: self.wants.then(|| scope_of(&wanted)),
            consent: self.consent,
            consent_note: self.consent_note.map(text).transpose()?.map(|note| note.reveal().to_owned()),
            created_at: self.created_ms,
            asked_at: self.asked_ms,
            managed_at: self.managed_ms,
            link_version: self.link_version,
            confirmed_at: self.confirmed_ms,
            updated_at: self.updated_ms,
            refused_days: read_days(self.refused_days),
            full_days: read_days(self.full_days),
        };
        state.insert_subscriber(self.key, subscriber);
        Ok(())
    }
}

impl Restore for SuppressedRow {
    fn restore(self, state: &mut State) -> Result<(), Misread> {
        state.suppressed.insert(self.digest, self.at_ms);
        Ok(())
    }
}

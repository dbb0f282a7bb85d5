//! Links by which operators show a page before visitors see it.

use super::{Change, Changes, Rejected};
use crate::state::{PageKey, Preview, State};
use crate::time::{DAY, Timestamp};

/// The longest validity of a link, ms.
pub const LONGEST_PREVIEW: i64 = 90 * DAY;

/// A command about the link of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PreviewCommand {
    /// Makes the link, or makes the one that is valid last longer.
    Share {
        /// Which page.
        page: PageKey,
        /// Tells a new link from all others.
        nonce: [u8; 16],
        /// It is valid at least until then.
        until: Timestamp,
    },
    /// Ends the link.
    Revoke {
        /// Which page.
        page: PageKey,
    },
}

impl PreviewCommand {
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Share { .. } => "share_preview",
            Self::Revoke { .. } => "revoke_preview",
        }
    }
}

pub(super) fn run(
    state: &mut State,
    command: &PreviewCommand,
    now: Timestamp,
    changes: &mut Changes,
) -> Result<(), Rejected> {
    match *command {
        PreviewCommand::Share { page, nonce, until } => share(state, page, (nonce, until), now, changes),
        PreviewCommand::Revoke { page } => revoke(state, page, now, changes),
    }
}

fn share(
    state: &mut State,
    key: PageKey,
    (nonce, until): ([u8; 16], Timestamp),
    now: Timestamp,
    changes: &mut Changes,
) -> Result<(), Rejected> {
    if until <= now || until - now > LONGEST_PREVIEW {
        return Err(Rejected::invalid("expires", "a link to a preview is valid for 90 days at most"));
    }
    let page = state.pages.get_mut(&key).filter(|page| !page.archived).ok_or_else(no_page)?;
    if page.settings.public {
        let reason = format!("page {:?} is public: everybody sees it at its own address", page.key);
        return Err(Rejected::conflict("page", reason));
    }
    let next = match page.preview.filter(|preview| preview.until > now) {
        Some(former) => Preview { until: former.until.max(until), ..former },
        None => Preview { nonce, until },
    };
    if page.preview.replace(next) != Some(next) {
        changes.push(Change::PageSaved(key));
    }
    Ok(())
}

fn revoke(state: &mut State, key: PageKey, now: Timestamp, changes: &mut Changes) -> Result<(), Rejected> {
    let page = state.pages.get_mut(&key).ok_or_else(no_page)?;
    if page.preview.is_none_or(|preview| preview.until <= now) {
        let reason = format!("page {:?} has no link to a preview that is valid", page.key);
        return Err(Rejected::not_found("page", reason));
    }
    page.preview = None;
    changes.push(Change::PageSaved(key));
    Ok(())
}

fn no_page() -> Rejected {
    Rejected::not_found("page", "there is no such page")
}

//! Requests about pages: the link to the preview of one.

use super::lookup;
use super::request::Prepared;
use serde::{Deserialize, Serialize};
use skerry_domain::step::{Command, PreviewCommand};
use skerry_domain::time::Timestamp;
use skerry_domain::workspaces::Workspaces;
use skerry_host::random;

/// A change of a page.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PageRequest {
    /// Makes the link to its preview, or makes the one that is valid last longer.
    SharePreview {
        /// How long it is valid at least, ms.
        valid_ms: i64,
    },
    /// Ends the link to its preview.
    RevokePreview,
}

impl PageRequest {
    /// Makes the command for the page of that key, slug, id or name.
    ///
    /// # Errors
    /// There is no such page.
    pub(super) fn prepare(
        self,
        workspace: String,
        workspaces: &Workspaces,
        named: &str,
        now: Timestamp,
    ) -> Result<Prepared, String> {
        let state = lookup::state(workspaces, &workspace)?;
        let page = lookup::page(state, Some(named))?;
        let command = match self {
            Self::SharePreview { valid_ms } => {
                PreviewCommand::Share { page, nonce: random::bytes(), until: now + valid_ms }
            }
            Self::RevokePreview => PreviewCommand::Revoke { page },
        };
        Ok(Prepared::plain(workspace, Command::Preview(command)))
    }
}

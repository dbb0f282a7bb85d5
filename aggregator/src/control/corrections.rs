//! Requests about corrections of the past.

use super::lookup;
use super::request::{Prepared, Told, instant};
use serde::{Deserialize, Serialize};
use skerry_domain::step::{Command, NewCorrection};
use skerry_domain::time::Timestamp;
use skerry_domain::workspaces::Workspaces;

/// A correction of the past by a person.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CorrectionRequest {
    /// Makes one.
    Make {
        /// The page's key, slug, id or name; `None`: any page.
        page: Option<String>,
        /// The component's name, key or id.
        component: String,
        /// Its first instant, ms since 1970.
        from: i64,
        /// The first instant after it, ms since 1970; `None`: now.
        to: Option<i64>,
        /// What the component was.
        status: String,
        /// Why, for operators.
        reason: String,
    },
    /// Undoes one.
    Undo {
        /// Its id.
        correction: String,
    },
}

impl CorrectionRequest {
    /// Makes the command.
    ///
    /// # Errors
    /// Why it cannot be carried out, for an operator.
    pub(super) fn prepare(
        self,
        workspace: String,
        workspaces: &Workspaces,
        now: Timestamp,
    ) -> Result<Prepared, String> {
        let state = lookup::state(workspaces, &workspace)?;
        match self {
            Self::Make { page, component, from, to, status, reason } => {
                let page = page.map(|page| lookup::page(state, Some(&page))).transpose()?;
                let new = NewCorrection {
                    component: lookup::component(state, page, &component)?,
                    from: instant(from, now),
                    to: to.map_or(now, |to| instant(to, now)),
                    status: lookup::status(&status)?,
                    reason,
                };
                let prepared = Prepared::plain(workspace, Command::Correct(Box::new(new)));
                Ok(Prepared { subject: Some(Told::NewCorrection), ..prepared })
            }
            Self::Undo { correction } => {
                let key = lookup::correction(state, &correction)?;
                if let Some(undone) = &state.corrections[&key].undone {
                    return Err(format!("correction {correction} was undone at {}", undone.at));
                }
                let prepared = Prepared::plain(workspace, Command::UndoCorrection { correction: key });
                Ok(Prepared { subject: Some(Told::Correction(key)), ..prepared })
            }
        }
    }
}

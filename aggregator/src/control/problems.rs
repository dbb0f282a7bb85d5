//! Requests about problems.

use super::lookup;
use super::request::Prepared;
use serde::{Deserialize, Serialize};
use skerry_domain::step::{Command, ProblemChange};
use skerry_domain::workspaces::Workspaces;

/// The most characters of a note.
const LONGEST_NOTE: usize = 4_000;

/// A change of a problem by an operator.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProblemRequest {
    /// The operator knows of it.
    Acknowledge,
    /// A note for operators.
    Note(String),
    /// Another severity; `None`: that of the rule.
    Severity(Option<String>),
    /// Whether it is kept private.
    Private(bool),
}

impl ProblemRequest {
    /// Makes the command.
    ///
    /// # Errors
    /// Why it cannot be carried out, for an operator.
    pub(super) fn prepare(
        self,
        workspace: String,
        workspaces: &Workspaces,
        id: &str,
    ) -> Result<Prepared, String> {
        let problem = lookup::problem(lookup::state(workspaces, &workspace)?, id)?;
        let change = match self {
            Self::Acknowledge => ProblemChange::Acknowledge,
            Self::Note(note) => ProblemChange::Note(checked(&note)?),
            Self::Severity(severity) => {
                ProblemChange::SetSeverity(severity.map(|word| lookup::severity(&word)).transpose()?)
            }
            Self::Private(private) => ProblemChange::SetPrivate(private),
        };
        Ok(Prepared::plain(workspace, Command::ChangeProblem { problem, change }))
    }
}

fn checked(note: &str) -> Result<String, String> {
    let length = note.trim().chars().count();
    if length > LONGEST_NOTE {
        return Err(format!("the note is {length} characters long; at most {LONGEST_NOTE} are allowed"));
    }
    Ok(note.trim().to_owned())
}

//! Requests about tokens of the REST API. Only the hash of a secret travels.

use super::lookup;
use super::request::Prepared;
use serde::{Deserialize, Serialize};
use skerry_domain::access::{Resource, Role, Scope};
use skerry_domain::credentials::TokenHash;
use skerry_domain::state::State;
use skerry_domain::step::{Command, NewApiToken};
use skerry_domain::time::Timestamp;
use skerry_domain::workspaces::Workspaces;
use skerry_protocol::strict::one_of;

/// The longest name of a token.
const LONGEST_NAME: usize = 63;

/// A change of the tokens of a workspace.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenRequest {
    /// Makes one.
    Add {
        /// Its name.
        name: String,
        /// Hash of the secret.
        hash: TokenHash,
        /// Name of its role.
        role: String,
        /// What it may reach; empty: everything that its role may.
        scopes: Vec<String>,
        /// Keys, slugs, ids or names of the pages that it may reach; empty: all.
        pages: Vec<String>,
        /// How long it is valid, ms; `None`: until it is removed.
        valid_ms: Option<i64>,
    },
    /// Removes the one of this name.
    Remove {
        /// Its name.
        name: String,
    },
}

impl TokenRequest {
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
        let command = match self {
            Self::Remove { name } => Command::RemoveApiToken { name },
            Self::Add { name, hash, role, scopes, pages, valid_ms } => {
                let name = name.trim().to_owned();
                if name.is_empty() || name.chars().count() > LONGEST_NAME || name.contains(char::is_control) {
                    return Err(format!("a token has a name of at most {LONGEST_NAME} characters"));
                }
                Command::AddApiToken(Box::new(NewApiToken {
                    name,
                    hash,
                    role: self::role(&role)?,
                    scopes: scopes.iter().map(|scope| self::scope(scope)).collect::<Result<_, _>>()?,
                    pages: pages.iter().map(|page| page_id(state, page)).collect::<Result<_, _>>()?,
                    expires_at: valid_ms.map(|ms| now + ms),
                }))
            }
        };
        Ok(Prepared::plain(workspace, command))
    }
}

fn page_id(state: &State, named: &str) -> Result<String, String> {
    let key = lookup::page(state, Some(named))?;
    Ok(state.pages[&key].id.clone())
}

fn role(word: &str) -> Result<Role, String> {
    let all = Role::ALL.map(Role::name);
    Role::from_name(word).ok_or_else(|| format!("{word:?} is no role: write {}", one_of(all)))
}

fn scope(word: &str) -> Result<Scope, String> {
    let all = Resource::ALL.map(Resource::name);
    let none =
        || format!("{word:?} is no scope: write {}, with :read after it to change nothing", one_of(all));
    Scope::parse(word).ok_or_else(none)
}

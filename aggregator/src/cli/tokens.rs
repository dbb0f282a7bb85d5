//! `token …`: manages the tokens of the REST API.

use super::agents::of_workspace;
use super::reading::{Reading, milliseconds, second};
use super::table::aligned;
use anyhow::Context;
use clap::{Args, Subcommand};
use skerry_aggregator::api::TOKEN_PREFIX;
use skerry_aggregator::config::{Loaded, Role};
use skerry_aggregator::control::{Request, TokenRequest, carry_out};
use skerry_domain::access::{ApiToken, Scope};
use skerry_domain::credentials::token_hash;
use skerry_domain::state::State;
use skerry_domain::time::Timestamp;
use skerry_host::random;

const HEADS: [&str; 7] = ["NAME", "ID", "ROLE", "MAY REACH", "MADE", "EXPIRES", "LAST USED"];

#[derive(Args)]
pub(crate) struct Tokens {
    /// The workspace it belongs to; by default that of the first configuration file
    #[arg(long, global = true)]
    workspace: Option<String>,
    #[command(subcommand)]
    what: TokenDo,
}

#[derive(Subcommand)]
pub(crate) enum TokenDo {
    /// Make a token; it is shown once
    Add {
        /// What it is for, such as "deploy"
        name: String,
        /// What its holder may do: viewer (read), operator (incidents, maintenance, statuses), admin (pages, drafts, the
        /// past) or owner
        #[arg(long)]
        role: String,
        /// Limit it to kinds of resources, such as incidents or components:read; may be said several times
        #[arg(long)]
        scope: Vec<String>,
        /// Limit it to a page; may be said several times
        #[arg(long)]
        page: Vec<String>,
        /// How long it is valid, such as 90d; by default until it is removed
        #[arg(long, value_name = "DURATION")]
        expires: Option<String>,
    },
    /// Show all tokens, without their secrets; when each was last used is known to the hour
    List,
    /// Take a token away: it is refused from now on
    Remove {
        /// Its name
        name: String,
    },
}

/// Carries out the command. Returns its output and a note to the operator.
pub(crate) fn tokens(
    loaded: &Loaded,
    arguments: &Tokens,
    json: bool,
) -> anyhow::Result<(String, Option<String>)> {
    let config = of_workspace(loaded, arguments.workspace.as_deref())?;
    let process = loaded.configs.first().context("no configuration")?;
    let (path, workspace) = (&process.store.path, config.workspace.clone());
    match &arguments.what {
        TokenDo::Add { name, role, scope, page, expires } => {
            let secret = random::secret(TOKEN_PREFIX);
            let change = TokenRequest::Add {
                name: name.clone(),
                hash: token_hash(&secret),
                role: role.clone(),
                scopes: scope.clone(),
                pages: page.clone(),
                valid_ms: expires.as_deref().map(|text| milliseconds("--expires", text)).transpose()?,
            };
            carry_out(path, Request::Token { workspace, change })?;
            if json {
                return Ok((serde_json::json!({ "name": name, "token": secret }).to_string(), None));
            }
            let serves = |role| process.listeners.iter().find(move |one| one.serves.contains(&role));
            let listener = serves(Role::Api).or_else(|| serves(Role::Admin));
            let at = listener.map_or_else(
                || "No listener serves the API: add serves = [\"api\"] to one.".to_owned(),
                |listener| {
                    let scheme = if listener.tls.is_some() { "https" } else { "http" };
                    format!(
                        "Send it as Authorization: Bearer … to {scheme}://{}/v1 and /api/v1.",
                        listener.address
                    )
                },
            );
            Ok((secret, Some(format!("It is not shown again. {at}"))))
        }
        TokenDo::Remove { name } => {
            let change = TokenRequest::Remove { name: name.clone() };
            carry_out(path, Request::Token { workspace, change })?;
            Ok((format!("Token {name:?} is removed and no longer works."), None))
        }
        TokenDo::List => {
            let reading = Reading::of(loaded)?;
            let states = reading.states(Some(&workspace))?;
            Ok((list(&states, json), None))
        }
    }
}

fn list(states: &[&State], json: bool) -> String {
    let all: Vec<&ApiToken> = states.iter().flat_map(|state| state.api_tokens.values()).collect();
    if json {
        let rows = all.iter().map(|token| {
            serde_json::json!({
                "name": token.name,
                "id": token.id,
                "role": token.role.name(),
                "scopes": scopes(token),
                "pages": token.pages,
                "created_at": token.created_at.to_string(),
                "expires_at": (token.expires_at != Timestamp::FAR).then(|| token.expires_at.to_string()),
                "last_used_at": token.last_used_at.map(|at| at.to_string()),
            })
        });
        return serde_json::Value::from(rows.collect::<Vec<_>>()).to_string();
    }
    if all.is_empty() {
        return "No tokens yet: make one with skerry-aggregator token add NAME --role operator".to_owned();
    }
    let mut rows = vec![HEADS.map(str::to_owned)];
    rows.extend(all.iter().map(|token| row(token)));
    aligned(&rows)
}

fn row(token: &ApiToken) -> [String; 7] {
    let scopes = if token.scopes.is_empty() { "everything".to_owned() } else { scopes(token).join(", ") };
    let pages =
        if token.pages.is_empty() { String::new() } else { format!(" of {}", token.pages.join(", ")) };
    let expires =
        if token.expires_at == Timestamp::FAR { "never".to_owned() } else { second(token.expires_at) };
    [
        token.name.clone(),
        token.id.clone(),
        token.role.name().to_owned(),
        format!("{scopes}{pages}"),
        second(token.created_at),
        expires,
        token.last_used_at.map_or_else(|| "never".to_owned(), second),
    ]
}

fn scopes(token: &ApiToken) -> Vec<String> {
    token.scopes.iter().map(Scope::to_string).collect()
}

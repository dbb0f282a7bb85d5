//! Who calls: the token of a request, and whether it may use a route. What no rule allows is refused.

use super::refusal::Refusal;
use super::routes::{Matched, takes_webhooks};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use skerry_domain::access::{ApiToken, Resource, Role};
use skerry_domain::credentials::token_hash;
use skerry_domain::incident::Incident;
use skerry_domain::state::{ApiTokenKey, WorkspaceKey};
use skerry_domain::time::Timestamp;
use skerry_domain::workspaces::Workspaces;
use skerry_host::random;
use skerry_web::ApiHead;

/// The prefix of the tokens of the REST API.
pub const TOKEN_PREFIX: &str = "skt";

/// What stands before a token in a query.
const OF_QUERY: &str = "api_key=";

/// The holder of a valid token.
#[derive(Clone, Debug)]
pub(super) struct Caller {
    pub(super) workspace: WorkspaceKey,
    pub(super) key: ApiTokenKey,
    pub(super) token: ApiToken,
}

/// The caller of a request: by `Authorization: OAuth …` or `Bearer …`, in any case, or by `?api_key=…`, as Statuspage's
/// clients send it. A provider puts credentials into the URL of its webhooks: there the token is the password of any user.
///
/// # Errors
/// 401. It says the same of a token that is missing, wrong or removed; whoever holds one that has expired learns that.
pub(super) fn caller(head: &ApiHead, workspaces: &Workspaces, now: Timestamp) -> Result<Caller, Refusal> {
    let header = head.authorization.as_deref();
    let password = header.filter(|_| takes_webhooks(&head.path)).and_then(password);
    let sent = header.and_then(of_header).or(password.as_deref()).or_else(|| of_query(&head.query));
    let sent = sent.filter(|token| random::is_secret(TOKEN_PREFIX, token));
    let found = sent.and_then(|token| workspaces.api_token_of(&token_hash(token)));
    let (workspace, key, token) = found.ok_or_else(refused)?;
    if !token.is_valid(now) {
        return Err(Refusal::new(
            401,
            format!("Could not authenticate: this token expired at {}", token.expires_at),
        ));
    }
    Ok(Caller { workspace, key, token: token.clone() })
}

/// 401, without a reason.
pub(super) fn refused() -> Refusal {
    Refusal::new(401, "Could not authenticate")
}

fn of_header(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    let known = ["oauth", "bearer"].iter().any(|known| scheme.eq_ignore_ascii_case(known));
    Some(token.trim()).filter(|_| known)
}

/// The password of `Basic` (RFC 7617).
fn password(value: &str) -> Option<String> {
    let (scheme, credentials) = value.split_once(' ')?;
    let credentials = STANDARD.decode(credentials.trim()).ok()?;
    let credentials = String::from_utf8(credentials).ok().filter(|_| scheme.eq_ignore_ascii_case("basic"))?;
    credentials.split_once(':').map(|(_, password)| password.to_owned())
}

/// Whether a webhook comes without credentials: SNS sends them once it is asked for them, and that is no guess.
pub(super) fn waits_to_be_asked(head: &ApiHead) -> bool {
    takes_webhooks(&head.path) && head.authorization.is_none() && of_query(&head.query).is_none()
}

/// A token consists of letters, digits and an underscore, so it is never escaped.
fn of_query(query: &str) -> Option<&str> {
    query.split('&').find_map(|pair| pair.strip_prefix(OF_QUERY))
}

/// Whether a pair of a query holds the token.
pub(super) fn is_token(pair: &str) -> bool {
    pair.starts_with(OF_QUERY)
}

impl Caller {
    /// Whether the token may use a route: its role, its scopes, and the page if the path names one.
    ///
    /// # Errors
    /// 403; 404 for a page that it may not reach, as if there were none.
    pub(super) fn may(&self, matched: &Matched) -> Result<(), Refusal> {
        let route = matched.route;
        self.must_be(route.needs)?;
        // Which of its resources a request is about shows when it is read.
        if !route.resources().any(|one| self.token.reaches(one, route.is_write())) {
            self.must_reach(route.resource, route.is_write())?;
        }
        match matched.parameter("page") {
            Some(page) if !self.token.reaches_page(page) => Err(Refusal::not_found()),
            // What belongs to no page belongs to all of them.
            None if !self.token.pages.is_empty() && !route.lists_pages => {
                Err(Refusal::new(403, "this token is limited to pages, and this path belongs to none"))
            }
            _ => Ok(()),
        }
    }

    /// Whether the scopes of the token include a kind of resource.
    ///
    /// # Errors
    /// 403.
    pub(super) fn must_reach(&self, resource: Resource, write: bool) -> Result<(), Refusal> {
        if self.token.reaches(resource, write) {
            return Ok(());
        }
        let (change, resource) = (if write { "change" } else { "read" }, resource.name());
        let scope = if write { resource.to_owned() } else { format!("{resource}:read") };
        let has: Vec<String> = self.token.scopes.iter().map(ToString::to_string).collect();
        Err(Refusal::new(
            403,
            format!(
                "the scopes of this token do not let it {change} {resource}: that needs {scope}, and it has {}",
                has.join(", ")
            ),
        ))
    }

    /// Whether the token may delete an incident, or its draft. The problems of an automatic one become private with it:
    /// they lead to no incident on any page.
    ///
    /// # Errors
    /// 403.
    pub(super) fn may_delete(&self, incident: &Incident) -> Result<(), Refusal> {
        if !incident.automatic {
            return Ok(());
        }
        if !self.token.pages.is_empty() {
            let reason = "this token is limited to pages: deleting what a problem caused silences the problem for all of \
                          them. Resolve the incident instead";
            return Err(Refusal::new(403, reason));
        }
        self.must_reach(Resource::Problems, true)
    }

    /// Whether the token has at least a role.
    ///
    /// # Errors
    /// 403.
    pub(super) fn must_be(&self, role: Role) -> Result<(), Refusal> {
        if self.token.role < role {
            let has = self.token.role.name();
            let needs = role.name();
            return Err(Refusal::new(
                403,
                format!("this needs the role {needs}; this token has the role {has}"),
            ));
        }
        Ok(())
    }
}

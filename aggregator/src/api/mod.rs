//! The REST API: `/v1`, which is Statuspage's own, and `/api/v1` for what Statuspage does not have. A request is
//! authenticated and checked against the route table; a read looks at a snapshot, a write becomes a command of the
//! engine and is answered once it is durable.

mod authenticate;
mod call;
mod document;
mod own;
mod refusal;
mod reply;
mod routes;
#[cfg(test)]
mod routes_test;
mod v1;

use crate::config::{Provenance, Public};
use crate::engine::{Actor, Engine, Envelope, Snapshot};
use crate::publish::Addresses;
use arc_swap::ArcSwap;
use authenticate::Caller;
pub use authenticate::TOKEN_PREFIX;
use bytes::Bytes;
use call::{Call, Plan};
use document::Document;
use refusal::{Dialect, Refusal};
use reply::Reply;
use routes::{Matched, Routes};
use skerry_domain::access::Role;
use skerry_domain::rows::{Expected, Version};
use skerry_domain::state::{ApiTokenKey, State, WorkspaceKey};
use skerry_domain::step::{Command, Once};
use skerry_domain::time::Timestamp;
use skerry_domain::workspaces::Target;
use skerry_store::Reader;
use skerry_web::{Api, ApiCall, ApiHead, ApiReply, RateLimit};
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Requests without a valid token that a client may send, per minute.
const REFUSED_PER_MINUTE: NonZeroU32 = NonZeroU32::new(30).expect("not zero");

/// The longest `Idempotency-Key`, bytes.
const LONGEST_KEY: usize = 255;
const NO_VERSION: &str = "If-Match names no version: send the ETag of the resource as it was read";

/// Answers the requests of the REST API.
pub struct RestApi(Arc<Inner>);

struct Inner {
    engine: Engine,
    routes: Routes,
    addresses: Addresses,
    public: Public,
    /// Where the files declare what they own.
    provenance: Arc<ArcSwap<Provenance>>,
    /// For what is not in the state: the audit log.
    reader: Mutex<Reader>,
    of_token: RateLimit<(WorkspaceKey, ApiTokenKey)>,
    refused: RateLimit<Option<IpAddr>>,
}

impl RestApi {
    /// For the workspaces of an engine, whose store `reader` reads and whose files were declared at `provenance`. A token
    /// may send so many requests per minute.
    #[must_use]
    pub fn new(
        engine: Engine,
        reader: Reader,
        (addresses, public): (Addresses, Public),
        provenance: Arc<ArcSwap<Provenance>>,
        requests_per_minute: NonZeroU32,
    ) -> Self {
        Self(Arc::new(Inner {
            engine,
            routes: Routes::new(),
            addresses,
            public,
            provenance,
            reader: Mutex::new(reader),
            of_token: RateLimit::per_minute(requests_per_minute),
            refused: RateLimit::per_minute(REFUSED_PER_MINUTE),
        }))
    }
}

impl Api for RestApi {
    fn admit(&self, head: ApiHead) -> Result<Box<dyn ApiCall>, ApiReply> {
        let dialect = Dialect::of(&head.path);
        match self.0.admit(&head) {
            Ok((caller, matched)) => {
                Ok(Box::new(Admitted { inner: Arc::clone(&self.0), head, caller, matched, dialect }))
            }
            Err(refusal) => Err(dialect.reply(refusal)),
        }
    }
}

impl Inner {
    /// Whoever has no valid token learns nothing of the routes.
    fn admit(&self, head: &ApiHead) -> Result<(Caller, Matched), Refusal> {
        let (snapshot, now) = self.engine.present();
        let caller = authenticate::caller(head, &snapshot.workspaces, now);
        let caller = match caller {
            Ok(caller) => caller,
            Err(refusal) => {
                self.refused.check(&head.client).map_err(too_many)?;
                return Err(refusal);
            }
        };
        self.of_token.check(&(caller.workspace, caller.key)).map_err(too_many)?;
        let matched = self.routes.find(&head.method, &head.path)?;
        caller.may(&matched)?;
        Ok((caller, matched))
    }
}

fn too_many(wait: Duration) -> Refusal {
    let seconds = wait.as_secs() + 1;
    let reason = format!("too many requests: try again in {seconds} s");
    Refusal { retry_after: Some(seconds), ..Refusal::new(429, reason) }
}

/// A request that was admitted.
struct Admitted {
    inner: Arc<Inner>,
    head: ApiHead,
    caller: Caller,
    matched: Matched,
    dialect: Dialect,
}

#[async_trait::async_trait]
impl ApiCall for Admitted {
    async fn answer(self: Box<Self>, body: Bytes) -> ApiReply {
        match self.carry_out(&body).await {
            Ok(reply) => reply.into(),
            Err(refusal) => self.dialect.reply(refusal),
        }
    }
}

impl Admitted {
    async fn carry_out(&self, body: &[u8]) -> Result<Reply, Refusal> {
        let sent = Sent {
            query: document::query(&self.head.query)?,
            body: document::body(self.head.content_type.as_deref(), body)?,
            provenance: self.inner.provenance.load_full(),
        };
        let (snapshot, now) = self.inner.engine.present();
        let write = match self.matched.route.action {
            routes::Action::Read(answer) => return answer(&self.call(&snapshot, now, &sent)?),
            routes::Action::Write(write) => write,
        };
        let plan = write(&self.call(&snapshot, now, &sent)?)?;
        let (show, notes) = (plan.show, plan.notes.clone());
        let envelope = self.envelope(self.state(&snapshot)?, plan, body)?;
        drop(snapshot);
        let answer = self.inner.engine.command(envelope).await?;
        let (snapshot, now) = self.inner.engine.present();
        let reply = show(&self.call(&snapshot, now, &sent)?, &answer)?;
        Ok(reply.with_notes(notes))
    }

    /// The command with who sent it, from where, what they read before, and the key of the request.
    fn envelope(&self, state: &State, plan: Plan, body: &[u8]) -> Result<Envelope, Refusal> {
        let expected = match (&self.head.if_match, plan.subject) {
            (Some(tags), Some(subject)) if tags != "*" => {
                let version = version_of(tags).ok_or_else(|| Refusal::new(412, NO_VERSION))?;
                Some(Expected { subject, version: Some(version) })
            }
            (None, Some(subject)) if plan.unless_changed => {
                Some(Expected { version: state.version(&subject), subject })
            }
            _ => None,
        };
        let command = match &self.head.idempotency_key {
            Some(key) => self.once(key, plan.command, body)?,
            None => plan.command,
        };
        let actor = Actor::ApiToken { id: self.caller.token.id.clone() };
        let envelope = Envelope::by(actor, Target::Key(self.caller.workspace), command);
        Ok(envelope.sent_from(self.head.client).expecting(expected))
    }

    fn once(&self, key: &str, command: Command, body: &[u8]) -> Result<Command, Refusal> {
        if key.is_empty() || key.len() > LONGEST_KEY {
            let reason = format!("Idempotency-Key has 1 to {LONGEST_KEY} characters");
            return Err(Refusal::new(400, reason));
        }
        let ApiHead { method, path, query, .. } = &self.head;
        let mut digest = blake3::Hasher::new();
        for part in [method.as_bytes(), path.as_bytes(), query.as_bytes(), body] {
            digest.update(&(part.len() as u64).to_le_bytes()).update(part);
        }
        let request = (self.caller.key, key.to_owned());
        Ok(Command::Once(Box::new(Once { request, digest: *digest.finalize().as_bytes(), command })))
    }

    fn state<'s>(&self, snapshot: &'s Snapshot) -> Result<&'s State, Refusal> {
        snapshot.workspaces.get(self.caller.workspace).ok_or_else(Refusal::not_found)
    }

    fn call<'c>(
        &'c self,
        snapshot: &'c Snapshot,
        now: Timestamp,
        sent: &'c Sent,
    ) -> Result<Call<'c>, Refusal> {
        let Inner { addresses, public, reader, .. } = &*self.inner;
        let Sent { query, body, provenance } = sent;
        Ok(Call {
            state: self.state(snapshot)?,
            now,
            caller: &self.caller,
            parameters: &self.matched.parameters,
            query,
            body,
            addresses,
            workspaces: &snapshot.workspaces,
            public,
            provenance,
            reader,
        })
    }
}

/// What a request brings, beside its head, and the files that are in force.
struct Sent {
    query: Document,
    body: Document,
    provenance: Arc<Provenance>,
}

/// The roles that may use a route, for the documentation and the tests.
#[must_use]
pub fn routes() -> Vec<(&'static str, &'static str, Role)> {
    routes::TABLE.iter().map(|route| (route.method, route.path, route.needs)).collect()
}

/// The version in an entity tag, as answers have it.
fn version_of(tag: &str) -> Option<Version> {
    let tag = tag.trim().strip_prefix('"')?.strip_suffix('"')?;
    u64::from_str_radix(tag, 16).ok().map(Version)
}

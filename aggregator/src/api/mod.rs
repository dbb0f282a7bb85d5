//! The REST API: `/v1`, which is Statuspage's own, and `/api/v1` for what Statuspage does not have. A request is
//! authenticated and checked against the route table; a read looks at a snapshot, a write becomes a command of the
//! engine and is answered once it is durable.

mod authenticate;
mod call;
mod document;
mod in_progress;
mod own;
mod portions;
mod refusal;
mod refused_sign_ins;
mod reply;
mod routes;
#[cfg(test)]
mod routes_test;
mod uses;
mod v1;

use crate::config::{Provenance, Public};
use crate::engine::{Actor, CommandError, Engine, Envelope, Snapshot};
use crate::outbox::UnderWay;
use crate::publish::Addresses;
use crate::subscriptions::Intake;
use crate::texts::CompiledRules;
use arc_swap::ArcSwap;
use authenticate::Caller;
pub use authenticate::TOKEN_PREFIX;
use bytes::Bytes;
use call::{Call, Plan, Show};
use document::Document;
use in_progress::{Begun, InProgress};
use refusal::{Dialect, Refusal};
use refused_sign_ins::RefusedSignIns;
use reply::Reply;
use routes::{BodyKind, Matched, Routes};
use skerry_domain::access::Role;
use skerry_domain::credentials::TokenHash;
use skerry_domain::requests::RequestKey;
use skerry_domain::rows::{Expected, Version};
use skerry_domain::state::{ApiTokenKey, State, WorkspaceKey};
use skerry_domain::step::{Command, Once};
use skerry_domain::time::Timestamp;
use skerry_domain::workspaces::Target;
use skerry_notify::bounce::Mappings;
use skerry_store::Reader;
use skerry_web::{Api, ApiCall, ApiHead, ApiReply, RateLimit};
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex};
use uses::Uses;

/// Requests without a valid token that a client may send, per minute.
const REFUSED_PER_MINUTE: NonZeroU32 = NonZeroU32::new(30).expect("not zero");

/// The longest `Idempotency-Key`, bytes.
const LONGEST_KEY: usize = 255;

/// A request that may be sent again: its key, and a digest of what it asks for.
type Keyed = (RequestKey, TokenHash);

/// Answers the requests of the REST API.
pub struct RestApi(Arc<Inner>);

struct Inner {
    engine: Engine,
    routes: Routes,
    addresses: Addresses,
    public: Public,
    /// Where the files declare what they own.
    provenance: Arc<ArcSwap<Provenance>>,
    /// For what is not in the state: the audit log, and deliveries.
    reader: Mutex<Reader>,
    /// For addresses of subscribers.
    intake: Intake,
    /// For webhooks of mail providers.
    mappings: Mappings,
    under_way: Arc<UnderWay>,
    of_token: RateLimit<(WorkspaceKey, ApiTokenKey)>,
    refused: RateLimit<Option<IpAddr>>,
    uses: Uses,
    in_progress: Arc<InProgress>,
    rules: CompiledRules,
    sign_ins: RefusedSignIns,
}

impl RestApi {
    /// For the workspaces of an engine. `reader` reads its store, `intake` makes subscribers, `mappings` read webhooks of mail
    /// providers while deliveries are `under_way`. A token may send so many requests per minute.
    #[must_use]
    pub fn new(
        engine: Engine,
        (reader, intake): (Reader, Intake),
        (mappings, under_way): (Mappings, Arc<UnderWay>),
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
            intake,
            mappings,
            under_way,
            of_token: RateLimit::per_minute(requests_per_minute),
            refused: RateLimit::per_minute(REFUSED_PER_MINUTE),
            uses: Uses::default(),
            in_progress: Arc::new(InProgress::new()),
            rules: CompiledRules::default(),
            sign_ins: RefusedSignIns::default(),
        }))
    }
}

impl RestApi {
    /// How many requests had no valid token so far.
    #[must_use]
    pub fn refused_sign_ins(&self) -> Arc<AtomicU64> {
        self.0.sign_ins.refused()
    }
}

impl Api for RestApi {
    fn admit(&self, head: ApiHead) -> Result<Box<dyn ApiCall>, ApiReply> {
        let dialect = Dialect::of(&head.path);
        match self.0.admit(&head) {
            Ok((caller, matched)) => {
                let inner = Arc::clone(&self.0);
                Ok(Box::new(Admitted { inner, head, caller, matched, dialect, begun: None }))
            }
            Err(refusal) => Err(refusal::challenging(&head.path, dialect.reply(refusal))),
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
            Err(refusal) if authenticate::waits_to_be_asked(head) => return Err(refusal),
            Err(refusal) => {
                self.sign_ins.note(head.client.map(network));
                self.refused.check(&head.client.map(network)).map_err(Refusal::too_many)?;
                return Err(refusal);
            }
        };
        self.of_token.check(&(caller.workspace, caller.key)).map_err(Refusal::too_many)?;
        let matched = self.routes.find(&head.method, &head.path)?;
        caller.may(&matched)?;
        Ok((caller, matched))
    }
}

/// An IPv6 client has a whole /64 to itself.
pub(crate) fn network(client: IpAddr) -> IpAddr {
    match client {
        IpAddr::V4(_) => client,
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
    }
}

/// A request that was admitted.
struct Admitted {
    inner: Arc<Inner>,
    head: ApiHead,
    caller: Caller,
    matched: Matched,
    dialect: Dialect,
    /// Counts it while it is in progress.
    begun: Option<Begun>,
}

#[async_trait::async_trait]
impl ApiCall for Admitted {
    fn longest_body(&self) -> usize {
        self.matched.route.body.longest()
    }

    fn unread(&self, status: u16) -> ApiReply {
        let reason = match status {
            413 => format!("a body has at most {} bytes", self.longest_body()),
            408 => "the body came too slowly".to_owned(),
            _ => "the body did not arrive whole".to_owned(),
        };
        self.dialect.reply(Refusal::new(status, reason))
    }

    fn begin(&mut self) -> Result<(), ApiReply> {
        let begun = self.inner.in_progress.begin((self.caller.workspace, self.caller.key));
        self.begun = Some(begun.map_err(|refusal| self.dialect.reply(refusal))?);
        Ok(())
    }

    async fn answer(self: Box<Self>, body: Bytes) -> ApiReply {
        let engine = &self.inner.engine;
        self.inner.uses.note(engine, &self.caller, engine.now());
        match self.carry_out(&body).await {
            Ok(reply) => reply.into(),
            Err(refusal) => self.dialect.reply(refusal),
        }
    }
}

impl Admitted {
    async fn carry_out(&self, body: &[u8]) -> Result<Reply, Refusal> {
        if let routes::Action::InPortions(begin) = self.matched.route.action {
            return self.in_portions(begin, body).await;
        }
        let Write { sent, envelope, notes, reply, show } = match self.prepare(body)? {
            Prepared::Answered(reply) => return Ok(reply),
            Prepared::Write(write) => *write,
        };
        let answer = self.inner.engine.command(envelope).await.map_err(|error| self.refused(error))?;
        if let Some(reply) = reply {
            return Ok(reply.with_notes(notes));
        }
        let _turn = self.inner.in_progress.turn();
        let (snapshot, now) = self.inner.engine.present();
        let reply = show(&self.call(&snapshot, now, &sent)?, &answer)?;
        Ok(reply.with_notes(notes))
    }

    /// The answer of a read and of what was done before, or the command of a write.
    fn prepare(&self, body: &[u8]) -> Result<Prepared, Refusal> {
        let _turn = self.inner.in_progress.turn();
        let sent = self.sent(body)?;
        let (snapshot, now) = self.inner.engine.present();
        let (write, show) = match self.matched.route.action {
            routes::Action::Read(answer) => {
                return answer(&self.call(&snapshot, now, &sent)?).map(Prepared::Answered);
            }
            routes::Action::Write(write, show) => (write, show),
            // It has been carried out elsewhere.
            routes::Action::InPortions(_) => return Err(Refusal::not_found()),
        };
        let request = self.head.idempotency_key.as_deref().map(|key| self.request(key, body)).transpose()?;
        // What it asks for may no longer be possible, since it was done.
        if let Some((request, digest)) = &request
            && let Some(answered) = self.state(&snapshot)?.answered(request, now)
            && answered.digest == *digest
        {
            return show(&self.call(&snapshot, now, &sent)?, &answered.answer).map(Prepared::Answered);
        }
        let plan = write(&self.call(&snapshot, now, &sent)?)?;
        let (notes, reply) = (plan.notes.clone(), plan.reply.clone());
        let envelope = self.envelope(self.state(&snapshot)?, plan, request)?;
        Ok(Prepared::Write(Box::new(Write { sent, envelope, notes, reply, show })))
    }

    /// Reads what the request brings.
    fn sent(&self, body: &[u8]) -> Result<Sent, Refusal> {
        let query = document::query(&self.head.query)?;
        let provenance = self.inner.provenance.load_full();
        if self.matched.route.body == BodyKind::Fields {
            let body = document::body(self.head.content_type.as_deref(), body)?;
            return Ok(Sent { query, body, text: String::new(), provenance });
        }
        let text =
            std::str::from_utf8(body).map_err(|_| Refusal::new(400, "the body is not text in UTF-8"))?;
        Ok(Sent { query, body: Document::default(), text: text.to_owned(), provenance })
    }

    /// Whoever named no version had no precondition: somebody else was faster.
    fn refused(&self, error: CommandError) -> Refusal {
        let refusal = Refusal::from(error);
        let status = if refusal.status == 412 && self.head.if_match.is_none() { 409 } else { refusal.status };
        Refusal { status, ..refusal }
    }

    /// The command with who sent it, from where, what they read before, and the key of the request.
    fn envelope(&self, state: &State, plan: Plan, request: Option<Keyed>) -> Result<Envelope, Refusal> {
        let expected = match (&self.head.if_match, plan.subject) {
            (Some(tags), Some(subject)) if tags.trim() != "*" => {
                let version = named_version(tags, state.version(&subject)).ok_or_else(no_version)?;
                Some(Expected { subject, version: Some(version) })
            }
            (Some(_), Some(subject)) if state.version(&subject).is_none() => return Err(no_version()),
            (Some(_), None) => return Err(Refusal::new(400, "If-Match: what this changes has no version")),
            (_, Some(subject)) if plan.unless_changed => {
                Some(Expected { version: state.version(&subject), subject })
            }
            _ => None,
        };
        let command = match request {
            Some((request, digest)) => {
                Command::Once(Box::new(Once { request, digest, command: plan.command }))
            }
            None => plan.command,
        };
        let actor = Actor::ApiToken { id: self.caller.token.id.clone() };
        let envelope = Envelope::by(actor, Target::Key(self.caller.workspace), command);
        Ok(envelope.sent_from(self.head.client).expecting(expected))
    }

    /// The key of a request that may be sent again, and a digest of what it asks for.
    fn request(&self, key: &str, body: &[u8]) -> Result<Keyed, Refusal> {
        if key.is_empty() || key.len() > LONGEST_KEY || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
            let reason = format!("Idempotency-Key has 1 to {LONGEST_KEY} visible ASCII characters");
            return Err(Refusal::new(400, reason));
        }
        let ApiHead { method, path, query, .. } = &self.head;
        // A token may move from the query to a header, and no digest of it is kept.
        let query: Vec<&str> = query.split('&').filter(|pair| !authenticate::is_token(pair)).collect();
        let query = query.join("&");
        let mut digest = blake3::Hasher::new();
        for part in [method.as_bytes(), path.as_bytes(), query.as_bytes(), body] {
            digest.update(&(part.len() as u64).to_le_bytes()).update(part);
        }
        Ok(((self.caller.key, key.to_owned()), *digest.finalize().as_bytes()))
    }

    fn state<'s>(&self, snapshot: &'s Snapshot) -> Result<&'s State, Refusal> {
        let state = snapshot.workspaces.get(self.caller.workspace).ok_or_else(Refusal::not_found)?;
        // The token may have been removed while the body arrived.
        let held =
            state.api_tokens.get(&self.caller.key).is_some_and(|token| token.hash == self.caller.token.hash);
        if held { Ok(state) } else { Err(authenticate::refused()) }
    }

    fn call<'c>(
        &'c self,
        snapshot: &'c Snapshot,
        now: Timestamp,
        sent: &'c Sent,
    ) -> Result<Call<'c>, Refusal> {
        let Inner { addresses, public, reader, intake, mappings, under_way, rules, .. } = &*self.inner;
        let Sent { query, body, text, provenance } = sent;
        Ok(Call {
            state: self.state(snapshot)?,
            now,
            caller: &self.caller,
            parameters: &self.matched.parameters,
            writes: self.matched.route.is_write(),
            query,
            body,
            text,
            intake,
            mappings,
            under_way,
            addresses,
            workspaces: &snapshot.workspaces,
            public,
            provenance,
            reader,
            rules,
        })
    }
}

/// A request whose answer is known, or whose command is.
enum Prepared {
    Answered(Reply),
    Write(Box<Write>),
}

/// A write that is prepared.
struct Write {
    sent: Sent,
    envelope: Envelope,
    notes: Vec<String>,
    reply: Option<Reply>,
    show: Show,
}

/// What a request brings, beside its head, and the files that are in force.
struct Sent {
    query: Document,
    body: Document,
    /// The body, where it is not read as fields.
    text: String,
    provenance: Arc<Provenance>,
}

/// The roles that may use a route, for the documentation and the tests.
#[must_use]
pub fn routes() -> Vec<(&'static str, &'static str, Role)> {
    routes::TABLE.iter().map(|route| (route.method, route.path, route.needs)).collect()
}

/// The version that entity tags name: the present one, if one of them does.
fn named_version(tags: &str, present: Option<Version>) -> Option<Version> {
    let named = |tag: &str| {
        let tag = tag.trim().strip_prefix('"')?.strip_suffix('"')?;
        u64::from_str_radix(tag, 16).ok().map(Version)
    };
    let all: Vec<Version> = tags.split(',').filter_map(named).collect();
    all.iter().find(|version| Some(**version) == present).or(all.first()).copied()
}

fn no_version() -> Refusal {
    Refusal::new(412, "If-Match names no version: send the ETag of the resource as it was read")
}

//! Authenticates deliveries: those of the agents' listener by token; the built-in agent needs none.

mod budget;
mod token_cache;

use crate::engine::{CommandError, Engine};
use crate::ingest::{self, Names, Read, Rejection};
use async_trait::async_trait;
use budget::{Allowance, BodyPermit, Budgets};
use bytes::Bytes;
use skerry_agent::uplink::{Deliver, Delivery};
use skerry_domain::state::AgentKey;
use skerry_domain::step::Command;
use skerry_domain::time::MINUTE;
use skerry_host::log_limit::LogLimit;
use skerry_host::random;
use skerry_protocol::wire::{EnrolReply, EnrolRequest, PROTOCOL_VERSION};
use skerry_protocol::words::duration;
use skerry_store::{AgentIdentity, Redeemed, Standing, Store, StoreError, token_hash};
use skerry_web::{self as web, EnrolAnswer, Ingest, IngestAnswer};
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use token_cache::{TokenCache, TokenLookup};
use tokio::sync::OwnedSemaphorePermit;

/// Seconds after which there may be room for a body again.
const NO_ROOM_RETRY_AFTER: u32 = 2;
/// The answer while too many unknown tokens arrive.
const TOO_MANY_UNKNOWN: &str = "too many unknown tokens at present: try again later";

/// Takes batches from the agents' listener.
#[derive(Debug)]
pub struct AgentEndpoint {
    engine: Engine,
    aggregator_id: String,
    database: PathBuf,
    tokens: TokenCache,
    budgets: Budgets,
    /// Kept open for looking up tokens; opened anew after an error.
    rows: Arc<Mutex<Option<Store>>>,
    failures: Mutex<LogLimit>,
}

impl AgentEndpoint {
    /// An endpoint for agents whose tokens stand in `database`.
    #[must_use]
    pub fn new(engine: Engine, aggregator_id: String, database: PathBuf) -> Self {
        let (tokens, budgets) = (TokenCache::default(), Budgets::default());
        Self {
            engine,
            aggregator_id,
            database,
            tokens,
            budgets,
            rows: Arc::default(),
            failures: Mutex::default(),
        }
    }

    async fn owner(&self, token: &str) -> Result<Option<AgentIdentity>, String> {
        let hash = token_hash(token);
        match self.tokens.look_up(&hash, Instant::now()) {
            TokenLookup::Known(identity) => return Ok(Some(identity)),
            TokenLookup::Unknown => return Ok(None),
            TokenLookup::Later => return Err(TOO_MANY_UNKNOWN.to_owned()),
            TokenLookup::Ask => {}
        }
        let (database, rows, token) = (self.database.clone(), Arc::clone(&self.rows), token.to_owned());
        let find = move || {
            let mut rows = rows.lock().unwrap_or_else(PoisonError::into_inner);
            let store = match rows.take() {
                Some(store) => store,
                None => Store::beside(&database)?,
            };
            let found = store.agent_by_token(&token)?;
            *rows = Some(store);
            Ok(found)
        };
        let found = tokio::task::spawn_blocking(find).await.map_err(|error| error.to_string())?;
        let found = self.told_of_failure(found)?;
        // The engine has heard of it before: a live report does not wait for it twice.
        let news = found.as_ref().filter(|identity| self.tokens.former(&hash).as_ref() != Some(*identity));
        if let Some(identity) = news {
            let known = Command::KnowAgent {
                agent: identity.agent,
                workspace: identity.workspace,
                name: identity.name.clone(),
                location: identity.location.clone(),
            };
            self.engine.command(known).await.map_err(|error| match error {
                CommandError::Rejected(_) => {
                    "a workspace that was made beside this process: reload the configuration by SIGHUP"
                        .to_owned()
                }
                other => other.to_string(),
            })?;
            let permit = Command::Permit { agent: identity.agent, permit: identity.permit.clone() };
            self.engine.command(permit).await.map_err(|refused| refused.to_string())?;
        }
        self.tokens.remember(hash, found.clone(), Instant::now());
        Ok(found)
    }

    /// What came of looking up a token: operators hear where the database is at fault.
    fn told_of_failure<T>(&self, found: Result<T, StoreError>) -> Result<T, String> {
        let failed_at = if found.is_err() { self.engine.now().0 } else { 0 };
        self.engine.health().failed_look_up_at.store(failed_at, Ordering::Relaxed);
        found.map_err(|error| {
            let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some((requests, _)) = failures.count(0, Instant::now()) {
                tracing::error!(%error, requests, "tokens of agents cannot be looked up: they are told to come again; logged at most once a minute");
            }
            error.to_string()
        })
    }
}

#[async_trait]
impl Ingest for AgentEndpoint {
    async fn admit(&self, token: Option<&str>) -> Result<Box<dyn web::Delivery>, IngestAnswer> {
        let Some(token) = token else { return Err(IngestAnswer::Unauthorized) };
        let owner = match self.owner(token).await {
            Ok(Some(owner)) => owner,
            Ok(None) => return Err(IngestAnswer::Unauthorized),
            // Our own trouble is never said to be the agent's.
            Err(why) => return Err(IngestAnswer::Unavailable(why)),
        };
        if owner.standing == Standing::Disabled {
            return Err(IngestAnswer::Forbidden(format!(
                "agent {0:?} is disabled: let it in again with skerry-aggregator agent enable {0}, or stop it",
                owner.name
            )));
        }
        let allowance = self.budgets.of(owner.agent, Instant::now());
        let Some(place) = allowance.enter() else {
            let name = &owner.name;
            let why = format!("agent {name:?} has three batches on their way: send one at a time");
            return Err(IngestAnswer::Exceeded { why, retry_after: 1 });
        };
        Ok(Box::new(Admitted {
            engine: self.engine.clone(),
            aggregator_id: self.aggregator_id.clone(),
            agent: owner.agent,
            names: Names {
                name: owner.name,
                former: owner.former_name,
                locations: std::iter::once(owner.location).chain(owner.former_location).collect(),
                credential: credential(&token_hash(token)),
            },
            allowance,
            place,
            room: self.budgets.room(),
        }))
    }

    async fn enrol(&self, request: EnrolRequest) -> EnrolAnswer {
        if !self.tokens.may_ask(Instant::now()) {
            return EnrolAnswer::Unavailable(TOO_MANY_UNKNOWN.to_owned());
        }
        // A credential that another file remembers would be of no use.
        if self.engine.health().unwritable.load(Ordering::Relaxed) {
            return EnrolAnswer::Unavailable("the database cannot be written now".to_owned());
        }
        let (database, now) = (self.database.clone(), self.engine.now());
        let credential = random::secret("ska");
        let given = credential.clone();
        let redeem = move || Store::beside(&database)?.redeem(&request.secret, &given, now);
        let redeemed = match tokio::task::spawn_blocking(redeem).await {
            Ok(redeemed) => self.told_of_failure(redeemed),
            Err(error) => Err(error.to_string()),
        };
        let redeemed = match redeemed {
            Ok(redeemed) => redeemed,
            Err(why) => return EnrolAnswer::Unavailable(why),
        };
        let again = "Make a new one: skerry-aggregator agent rotate NAME, or agent add for an agent that is not listed";
        match redeemed {
            Redeemed::Enrolled(whose) => {
                tracing::info!(agent = %whose.name, workspace = %whose.workspace, "enrolled");
                EnrolAnswer::Reply(EnrolReply {
                    protocol: PROTOCOL_VERSION,
                    credential,
                    name: whose.name,
                    location: whose.location,
                    aggregator_id: self.aggregator_id.clone(),
                })
            }
            Redeemed::Unknown => EnrolAnswer::Unknown(format!(
                "this aggregator has made no such enrolment token, or a newer one replaced it. {again}"
            )),
            Redeemed::Used { name, at } => {
                let ago = duration(now - at);
                tracing::warn!(agent = %name, "an enrolment token was used a second time");
                EnrolAnswer::Spent(format!(
                    "this enrolment token for agent {name:?} was already used {ago} ago. If that was not you, run \
                     skerry-aggregator agent revoke {name} at once. {again}"
                ))
            }
            Redeemed::Expired { name } => EnrolAnswer::Spent(format!(
                "this enrolment token for agent {name:?} has expired: it lives 15 minutes. {again}"
            )),
        }
    }
}

/// One batch of an agent that may deliver.
struct Admitted {
    engine: Engine,
    aggregator_id: String,
    agent: AgentKey,
    names: Names,
    allowance: Arc<Allowance>,
    place: OwnedSemaphorePermit,
    room: BodyPermit,
}

#[async_trait]
impl web::Delivery for Admitted {
    fn grow(&mut self, bytes: usize) -> Result<(), IngestAnswer> {
        let has_room = self.room.grow(bytes);
        if has_room { Ok(()) } else { Err(IngestAnswer::Busy { retry_after: NO_ROOM_RETRY_AFTER }) }
    }

    async fn batch(self: Box<Self>, body: Bytes) -> IngestAnswer {
        let Self { engine, aggregator_id, agent, names, allowance, place, room } = *self;
        let mut read = match Read::from_body(&engine, agent, &names, body, Box::new(room)).await {
            Ok(read) => read,
            Err(rejection) => return answer(rejection),
        };
        if let Err(retry_after) = allowance.take(read.cost(), Instant::now()) {
            let why = format!(
                "agent {:?} exceeds its limit: 2,000 observations and 20 state changes a second in the long run. \
                 Nothing is lost: it keeps them and sends them later",
                names.name
            );
            return IngestAnswer::Exceeded { why, retry_after };
        }
        read.hold(Box::new(place));
        match read.commit(&engine, &aggregator_id, &names).await {
            Ok(reply) => IngestAnswer::Reply(reply),
            Err(rejection) => answer(rejection),
        }
    }
}

fn answer(rejection: Rejection) -> IngestAnswer {
    match rejection {
        Rejection::Malformed(why) => IngestAnswer::Malformed(why),
        early @ Rejection::TooEarly(_) => IngestAnswer::Unavailable(early.to_string()),
        other @ (Rejection::OtherAgent { .. } | Rejection::OtherLocation { .. }) => {
            IngestAnswer::Forbidden(other.to_string())
        }
        // The engine tells operators, at most once a minute.
        cloned @ (Rejection::Cloned(_) | Rejection::AnotherLives(_)) => {
            IngestAnswer::Forbidden(cloned.to_string())
        }
        Rejection::Replaced => IngestAnswer::Unauthorized,
        Rejection::Refused(CommandError::Busy { retry_after }) => IngestAnswer::Busy { retry_after },
        waited @ Rejection::Waited => IngestAnswer::Again(waited.to_string()),
        Rejection::Refused(other) => IngestAnswer::Unavailable(other.to_string()),
    }
}

/// What the engine tells one credential from another by; not 0, and nothing that opens a door.
fn credential(hash: &[u8; 32]) -> u64 {
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&hash[..8]);
    u64::from_le_bytes(bytes).max(1)
}

/// Takes batches from the built-in agent: the same bytes, the same ingest, no socket between.
#[derive(Debug)]
pub struct LocalDelivery {
    /// The engine.
    pub engine: Engine,
    /// Which aggregator this is.
    pub aggregator_id: String,
    /// The agent's row.
    pub agent: AgentKey,
    /// Its name.
    pub name: String,
}

impl LocalDelivery {
    /// As the built-in agent wants it.
    #[must_use]
    pub fn shared(self) -> Arc<dyn Deliver> {
        Arc::new(self)
    }
}

#[async_trait]
impl Deliver for LocalDelivery {
    async fn deliver(&self, body: Bytes) -> Delivery {
        let names = Names { name: self.name.clone(), former: None, locations: Vec::new(), credential: 0 };
        let taken = ingest::accept(&self.engine, &self.aggregator_id, self.agent, &names, body).await;
        match taken {
            Ok(mut reply) => {
                // Its own clock is ours: while nothing confirms that, this is no second opinion.
                if self.engine.clock_standing().unsure_ms > MINUTE {
                    reply.wall_now_ms = 0;
                }
                Delivery::Accepted(reply)
            }
            Err(Rejection::Refused(CommandError::Busy { retry_after })) => Delivery::Again {
                after: Some(Duration::from_secs(u64::from(retry_after))),
                why: "the aggregator is busy".to_owned(),
            },
            Err(again @ (Rejection::Waited | Rejection::Refused(_))) => {
                Delivery::Again { after: None, why: again.to_string() }
            }
            Err(other @ Rejection::Malformed(_)) => Delivery::Malformed(other.to_string()),
            Err(other) => Delivery::Unauthorized(other.to_string()),
        }
    }
}

//! Authenticates deliveries on the agents' listener by token; the built-in agent needs none.

mod budget;

use crate::engine::{CommandError, Engine};
use crate::ingest::{self, Names, Read, Rejection};
use async_trait::async_trait;
use budget::{Allowance, BodyPermit, Budgets};
use bytes::Bytes;
use skerry_agent::uplink::{Deliver, Delivery};
use skerry_domain::credentials::{Redeemed, Standing, token_hash};
use skerry_domain::state::WorkspaceAgent;
use skerry_domain::step::{Answer, Command};
use skerry_domain::time::MINUTE;
use skerry_host::random;
use skerry_protocol::wire::{EnrolReply, EnrolRequest, PROTOCOL_VERSION};
use skerry_protocol::words::duration;
use skerry_web::{self as web, EnrolAnswer, Ingest, IngestAnswer};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::OwnedSemaphorePermit;

/// When there may be room for a body again, s.
const NO_ROOM_RETRY_AFTER: u32 = 2;

/// Takes batches from the agents' listener.
#[derive(Debug)]
pub struct AgentEndpoint {
    engine: Engine,
    aggregator_id: String,
    budgets: Budgets,
}

impl AgentEndpoint {
    /// An endpoint for the agents whose credentials the engine knows.
    #[must_use]
    pub fn new(engine: Engine, aggregator_id: String) -> Self {
        Self { engine, aggregator_id, budgets: Budgets::default() }
    }
}

#[async_trait]
impl Ingest for AgentEndpoint {
    async fn admit(&self, token: Option<&str>) -> Result<Box<dyn web::Delivery>, IngestAnswer> {
        let Some(token) = token else { return Err(IngestAnswer::Unauthorized) };
        let (hash, snapshot) = (token_hash(token), self.engine.snapshot());
        let known = snapshot.workspaces.agent_of(&hash);
        let Some((key, agent)) = known else { return Err(IngestAnswer::Unauthorized) };
        let name = &agent.name;
        if agent.standing == Standing::Disabled {
            return Err(IngestAnswer::Forbidden(format!(
                "agent {name:?} is disabled: let it in again with skerry-aggregator agent enable {name}, or stop it"
            )));
        }
        let allowance = self.budgets.of(key, Instant::now());
        let Some(place) = allowance.enter() else {
            let why = format!("agent {name:?} has three batches on their way: send one at a time");
            return Err(IngestAnswer::Exceeded { why, retry_after: 1 });
        };
        Ok(Box::new(Admitted {
            engine: self.engine.clone(),
            aggregator_id: self.aggregator_id.clone(),
            agent: key,
            names: Names {
                name: name.clone(),
                former: agent.former_name.clone(),
                locations: std::iter::once(&agent.location).chain(&agent.moved_from).cloned().collect(),
                credential: credential(&hash),
            },
            allowance,
            place,
            room: self.budgets.room(),
        }))
    }

    async fn enrol(&self, request: EnrolRequest) -> EnrolAnswer {
        let token = token_hash(&request.secret);
        let given = random::secret("ska");
        // An unknown token must not cost the writer anything.
        let workspace = self.engine.snapshot().workspaces.workspace_of_enrolment(&token);
        let redeemed = if let Some(workspace) = workspace {
            let redeem = Command::Redeem { token, credential: token_hash(&given) };
            match self.engine.command((workspace, redeem)).await {
                Ok(Answer::Redeemed(redeemed)) => redeemed,
                Ok(other) => {
                    return EnrolAnswer::Unavailable(format!(
                        "the engine answered {other:?} to an enrolment"
                    ));
                }
                Err(error) => return EnrolAnswer::Unavailable(Rejection::from(error).to_string()),
            }
        } else {
            Redeemed::Unknown
        };
        let again = "Make a new one: skerry-aggregator agent rotate NAME, or agent add for an agent that is not listed";
        match redeemed {
            Redeemed::Enrolled { workspace, name, location } => {
                tracing::info!(agent = %name, %workspace, "enrolled");
                EnrolAnswer::Reply(EnrolReply {
                    protocol: PROTOCOL_VERSION,
                    credential: given,
                    name,
                    location,
                    aggregator_id: self.aggregator_id.clone(),
                })
            }
            Redeemed::Unknown => EnrolAnswer::Unknown(format!(
                "this aggregator has made no such enrolment token, or a newer one replaced it. {again}"
            )),
            Redeemed::Used { name, at } => {
                let ago = duration(self.engine.now() - at);
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

/// One batch of an admitted agent.
struct Admitted {
    engine: Engine,
    aggregator_id: String,
    agent: WorkspaceAgent,
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
        // The engine reports this to operators, at most once a minute.
        cloned @ (Rejection::Cloned(_) | Rejection::AnotherLives(_)) => {
            IngestAnswer::Forbidden(cloned.to_string())
        }
        Rejection::Replaced | Rejection::Dismissed => IngestAnswer::Unauthorized,
        Rejection::Refused(CommandError::Busy { retry_after }) => IngestAnswer::Busy { retry_after },
        waited @ Rejection::Waited => IngestAnswer::Again(waited.to_string()),
        Rejection::Refused(other) => IngestAnswer::Unavailable(other.to_string()),
    }
}

/// A number by which the engine distinguishes credentials: never 0, and useless for authentication.
fn credential(hash: &[u8; 32]) -> u64 {
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&hash[..8]);
    u64::from_le_bytes(bytes).max(1)
}

/// Takes batches from the built-in agent: the same bytes and the same ingest, without a socket.
#[derive(Debug)]
pub struct LocalDelivery {
    /// The engine.
    pub engine: Engine,
    /// Which aggregator this is.
    pub aggregator_id: String,
    /// The agent's row.
    pub agent: WorkspaceAgent,
    /// Its name.
    pub name: String,
}

impl LocalDelivery {
    /// In the form that the built-in agent needs.
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
                // The agent uses the clock of this host: while that is unconfirmed, the reply must not confirm it.
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

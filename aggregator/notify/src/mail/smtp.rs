//! Relays over SMTP. They are tried in order; sessions are kept for the next mail, but only those that ended a mail in
//! full: after a timeout nobody knows which answer comes next.

mod answers;
mod session;

use super::message::Message;
use super::{answer::without_addresses, own_fault};
use crate::outcome::{Answer, Class, Outcome};
use anyhow::ensure;
use lettre::transport::smtp::client::AsyncSmtpConnection;
use session::{Fault, Opener, hand_over, reset};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::{Instant, timeout};

/// For how long a relay may take to greet.
const GREETING: Duration = Duration::from_secs(15);

/// How the connection to a relay is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encryption {
    /// By `STARTTLS`, without which nothing is sent.
    StartTls,
    /// From the beginning.
    Tls,
    /// Not at all.
    None,
}

/// Which authorities vouch for a relay.
#[derive(Clone, Debug)]
pub enum Roots {
    /// Those of the host.
    System,
    /// These alone, in PEM.
    Pem(Vec<u8>),
}

/// A relay.
#[derive(Clone)]
pub struct Relay {
    /// Its name, which its certificate must bear, or its address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is encrypted.
    pub encryption: Encryption,
    /// Whether it may go without encryption to a host other than this one.
    pub plain_allowed: bool,
    /// Which authorities vouch for it.
    pub roots: Roots,
    /// User and password.
    pub credentials: Option<(String, String)>,
    /// The name by which we introduce ourselves.
    pub hello: String,
}

impl std::fmt::Debug for Relay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { host, port, encryption, .. } = self;
        f.debug_struct("Relay")
            .field("host", host)
            .field("port", port)
            .field("encryption", encryption)
            .finish()
    }
}

/// How long things may take, and how much is kept.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Until a connection to one address stands.
    pub connect: Duration,
    /// For the answer to a command, and for a handshake.
    pub command: Duration,
    /// Until the relay has taken the content: it may look for viruses meanwhile.
    pub content: Duration,
    /// After so long without a mail a session is not used again.
    pub idle: Duration,
    /// Sessions that wait for a mail, of each relay.
    pub idle_sessions: usize,
    /// Mails of one session.
    pub mails: u32,
    /// How long a relay that took nothing is tried last.
    pub rest: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self {
            connect: seconds(10),
            command: seconds(60),
            content: seconds(300),
            idle: seconds(20),
            idle_sessions: 20,
            mails: 100,
            rest: seconds(30),
        }
    }
}

/// Relays in order.
#[derive(Debug)]
pub struct Smtp {
    relays: Vec<Sessions>,
    limits: Limits,
}

/// The sessions of one relay.
struct Sessions {
    opener: Opener,
    idle: Mutex<Vec<Idle>>,
    rests_until: Mutex<Option<Instant>>,
}

struct Idle {
    session: AsyncSmtpConnection,
    since: Instant,
    mails: u32,
}

impl std::fmt::Debug for Sessions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.opener.fmt(f)
    }
}

impl Smtp {
    /// Relays in the order in which they are tried. It connects to none.
    ///
    /// # Errors
    /// There is none, or one of them cannot be used as it is given.
    pub fn new(relays: &[Relay], limits: Limits) -> anyhow::Result<Self> {
        ensure!(!relays.is_empty(), "there is no relay");
        let sessions = |relay: &Relay| {
            Ok(Sessions {
                opener: Opener::new(relay)?,
                idle: Mutex::default(),
                rests_until: Mutex::default(),
            })
        };
        Ok(Self { relays: relays.iter().map(sessions).collect::<anyhow::Result<_>>()?, limits })
    }

    /// Hands a mail to the first relay that takes mails.
    pub(super) async fn send(&self, message: &Message) -> Outcome {
        let mut first = None;
        let mut none_began = true;
        for relay in self.in_order() {
            match relay.send(message, &self.limits).await {
                Ok(words) => {
                    relay.works();
                    return Outcome::Accepted(Answer::new(Class::Success, &without_addresses(&words)));
                }
                Err(fault) if fault.is_of_relay() => {
                    relay.rests(&fault, &self.limits);
                    none_began &= fault.is_of_session();
                    first.get_or_insert_with(|| fault.outcome());
                }
                Err(fault) => return fault.outcome(),
            }
        }
        match first {
            Some(Outcome::Later { answer, .. }) if none_began => Outcome::NoRelay(answer),
            Some(outcome) => outcome,
            None => own_fault("there is no relay"),
        }
    }

    /// The place of each relay, and why it takes no mail.
    pub(super) async fn greetings(&self) -> Vec<(String, Option<Answer>)> {
        let mut all = Vec::new();
        for relay in &self.relays {
            let fault = match timeout(GREETING, relay.opener.greet(&self.limits)).await {
                Ok(Ok(mut session)) => {
                    // It ends with the connection in any case.
                    let _ = timeout(Duration::from_secs(1), session.quit()).await;
                    None
                }
                Ok(Err(fault)) => Some(fault.outcome().answer().clone()),
                Err(_) => Some(Answer::new(Class::Timeout, "no greeting in time")),
            };
            all.push((relay.opener.place(), fault));
        }
        all
    }

    /// Those that failed a moment ago come last, so that a dead one does not delay every mail.
    fn in_order(&self) -> impl Iterator<Item = &Sessions> {
        let now = Instant::now();
        let (rest, ready): (Vec<_>, Vec<_>) = self.relays.iter().partition(|relay| relay.is_resting(now));
        ready.into_iter().chain(rest)
    }

    /// Closes the sessions with the relays.
    pub(super) async fn close(&self) {
        for relay in &self.relays {
            let idle = std::mem::take(&mut *locked(&relay.idle));
            for mut one in idle {
                // It ends with the connection in any case.
                let _ = timeout(Duration::from_secs(1), one.session.quit()).await;
            }
        }
    }
}

impl Sessions {
    async fn send(&self, message: &Message, limits: &Limits) -> Result<String, Fault> {
        if let Some(kept) = self.kept(limits) {
            match self.send_in(kept, message, limits).await {
                // It ended while it waited, as the others will have; the mail was not begun.
                Err(fault) if fault.is_of_relay() => locked(&self.idle).clear(),
                done => return done,
            }
        }
        let session = self.opener.open(limits).await?;
        self.send_in(Idle { session, since: Instant::now(), mails: 0 }, message, limits).await
    }

    async fn send_in(&self, mut kept: Idle, message: &Message, limits: &Limits) -> Result<String, Fault> {
        let done = hand_over(&mut kept.session, message, limits).await;
        let goes_on = match &done {
            Ok(_) => true,
            Err(fault) => fault.leaves_session() && reset(&mut kept.session, limits).await,
        };
        kept.mails += 1;
        kept.since = Instant::now();
        let mut idle = locked(&self.idle);
        if goes_on && kept.mails < limits.mails && idle.len() < limits.idle_sessions {
            idle.push(kept);
        }
        done
    }

    /// A session that waits for a mail.
    fn kept(&self, limits: &Limits) -> Option<Idle> {
        let mut idle = locked(&self.idle);
        idle.retain(|one| one.since.elapsed() < limits.idle);
        idle.pop()
    }

    fn is_resting(&self, now: Instant) -> bool {
        locked(&self.rests_until).is_some_and(|until| now < until)
    }

    fn works(&self) {
        if locked(&self.rests_until).take().is_some() {
            tracing::info!(relay = self.opener.place(), "the mail relay takes mails again");
        }
    }

    fn rests(&self, fault: &Fault, limits: &Limits) {
        if locked(&self.rests_until).replace(Instant::now() + limits.rest).is_none() {
            let outcome = fault.outcome();
            tracing::warn!(
                relay = self.opener.place(),
                said = outcome.answer().text,
                "the mail relay takes no mail"
            );
        }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

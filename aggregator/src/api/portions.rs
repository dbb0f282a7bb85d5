//! Changes that are made in portions, so that the engine serves others in between.

use super::Admitted;
use super::call::Call;
use super::refusal::Refusal;
use super::reply::Reply;
use crate::engine::{Actor, Envelope};
use skerry_domain::step::Command;
use skerry_domain::workspaces::Target;

/// A change in portions. What was done before a failure stays done, so the same request again does what is left.
pub(super) trait Portions: Send {
    /// The command of the next portion; `None`: there is none left.
    ///
    /// # Errors
    /// Why it ends here.
    fn next(&mut self, call: &Call<'_>) -> Result<Option<Command>, Refusal>;

    /// The answer, once all is done.
    fn reply(&self) -> Reply;
}

/// How a change in portions begins.
pub(super) type Begin = fn(&Call<'_>) -> Result<Box<dyn Portions>, Refusal>;

impl Admitted {
    pub(super) async fn in_portions(&self, begin: Begin, body: &[u8]) -> Result<Reply, Refusal> {
        if self.head.idempotency_key.is_some() {
            let reason =
                "this is done in portions and takes no Idempotency-Key: sent again, it does what is left";
            return Err(Refusal::new(400, reason));
        }
        if self.head.if_match.is_some() {
            return Err(Refusal::new(400, "If-Match: what this changes has no version"));
        }
        let (sent, mut portions) = {
            let _turn = self.inner.in_progress.turn();
            let sent = self.sent(body)?;
            let (snapshot, now) = self.inner.engine.present();
            let portions = begin(&self.call(&snapshot, now, &sent)?)?;
            (sent, portions)
        };
        loop {
            let command = {
                let _turn = self.inner.in_progress.turn();
                let (snapshot, now) = self.inner.engine.present();
                portions.next(&self.call(&snapshot, now, &sent)?)?
            };
            let Some(command) = command else { return Ok(portions.reply()) };
            let actor = Actor::ApiToken { id: self.caller.token.id.clone() };
            let envelope = Envelope::by(actor, Target::Key(self.caller.workspace), command);
            let envelope = envelope.sent_from(self.head.client);
            self.inner.engine.command(envelope).await.map_err(Refusal::from)?;
        }
    }
}

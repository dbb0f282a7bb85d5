//! What a reply says about the spool's epoch: others deliver in the agent's name, or the spool is an old
//! copy.

use super::{Outgoing, Step, Uplink};
use skerry_protocol::wire;

impl Uplink {
    /// Logged when it starts, not with every reply.
    pub(super) fn note_contested(&mut self, contested: bool) {
        if contested && !self.contested {
            tracing::warn!(
                "another host delivers under this agent's name and is rejected: it is a copy of this agent, or the token was stolen. \
                 On the aggregator: skerry-aggregator agent list, and agent rotate {} for a new token",
                self.agent
            );
        }
        self.contested = contested;
    }

    /// Starts a new epoch with the waiting records if the aggregator has more of this epoch than was ever
    /// made here, or other records under its sequences.
    pub(super) fn refuse_old_copy(&mut self, outgoing: &Outgoing, reply: &wire::Reply) -> Option<Step> {
        let through = reply.acknowledged_through;
        let issued = outgoing.issued?;
        if through <= issued && !reply.old_copy {
            return None;
        }
        self.spool.start_new_epoch(outgoing.epoch, through);
        Some(self.retry(
            None,
            format!(
                "the spool was put back from an old copy: the aggregator has its records up to {through}, it made them up \
                 to {issued}. A new epoch begins with what waits"
            ),
        ))
    }
}

//! What a reply tells of the spool's epoch: others that deliver in the agent's name, and a spool that is an old copy.

use super::{Outgoing, Step, Uplink};
use skerry_protocol::wire;

impl Uplink {
    /// Said when it begins, not with every reply.
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

    /// The aggregator has more of this epoch than was ever made here, or other records under its sequences: what
    /// waits goes on in a new one, at once.
    pub(super) fn refuse_old_copy(&mut self, outgoing: &Outgoing, reply: &wire::Reply) -> Option<Step> {
        let through = reply.acknowledged_through;
        let issued = outgoing.issued?;
        if through <= issued && !reply.old_copy {
            return None;
        }
        self.spool.begin_anew(outgoing.epoch, through);
        Some(self.again(
            None,
            format!(
                "the spool was put back from an old copy: the aggregator has its records up to {through}, it made them up \
                 to {issued}. A new epoch begins with what waits"
            ),
        ))
    }
}

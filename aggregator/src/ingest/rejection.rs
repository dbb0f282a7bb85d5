//! Why a batch was rejected, as its agent logs it.

use crate::engine::CommandError;

/// Why a batch was rejected.
#[derive(Debug, thiserror::Error)]
pub enum Rejection {
    /// The batch will never be accepted as it is.
    #[error("{0}")]
    Malformed(String),
    /// The batch names another agent than its credential.
    #[error(
        "the batch is of agent {said:?}, but the token is of agent {is:?}: give each agent its own token"
    )]
    OtherAgent {
        /// The name or location in the batch.
        said: String,
        /// The name or location that belongs to the credential.
        is: String,
    },
    /// The batch names another location than the enrolled one.
    #[error(
        "agent {name:?} says that its location is {said:?}, and it is enrolled in {is:?}. Set location = {is:?} under \
         [agent] in its agent.toml and restart it, or run: skerry-aggregator agent move {name:?} {said:?}"
    )]
    OtherLocation {
        /// The agent.
        name: String,
        /// The name or location in the batch.
        said: String,
        /// The name or location that belongs to the credential.
        is: String,
    },
    /// Two agents use its credential.
    #[error(
        "two agents deliver as {0:?}: one is a copy of the other (a cloned machine or a copied spool), and \
         both are rejected. Stop one of them, give it an empty spool and a name of its own, and enrol it: \
         skerry-aggregator agent add. The other is taken again some minutes after"
    )]
    Cloned(String),
    /// Another spool delivers with its credential, and the batch gives no proof of that spool.
    #[error(
        "another agent delivers as {0:?} at this time, from another spool: this one is taken once that one was silent \
         for 7 minutes. If there is none that you know of, its token was stolen: skerry-aggregator agent rotate {0}. \
         If this is a copy of it (a cloned machine), give it a name of its own and enrol it: skerry-aggregator agent add"
    )]
    AnotherLives(String),
    /// The same while it is unknown whether the other spool is active.
    #[error(
        "the aggregator started a moment ago and knows {0:?} by another spool: this one is taken in some seconds, unless \
         that one is heard again"
    )]
    TooEarly(String),
    /// Its credential was replaced a moment ago.
    #[error("this token was replaced by a new one")]
    Replaced,
    /// It was disabled, revoked or removed since the batch arrived.
    #[error("this agent was disabled, revoked or removed")]
    Dismissed,
    /// The time of its arrival is unknown.
    #[error("the aggregator slept or was stopped while this batch waited for it: it has to be sent again")]
    Waited,
    /// The engine did not accept it.
    #[error(transparent)]
    Refused(CommandError),
}

impl From<CommandError> for Rejection {
    fn from(error: CommandError) -> Self {
        match error {
            CommandError::Rejected(rejected) => Self::Malformed(rejected.reason),
            // Messages of the database are for operators only.
            CommandError::Fault { request, .. } => {
                let what = "see there".to_owned();
                Self::Refused(CommandError::Fault { request, what })
            }
            CommandError::Unwritable(_) => {
                let what = "its log says why".to_owned();
                Self::Refused(CommandError::Unwritable(what))
            }
            other => Self::Refused(other),
        }
    }
}

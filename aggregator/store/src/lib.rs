//! What is kept, and how. `Store` is the writer's handle and `Reader` one for short reads; both name what can be done, and
//! each backend does it in a folder of its own. Rows come as values and leave as values.

mod credentials;
mod error;
mod reader;
mod sqlite;
mod store;

pub use error::StoreError;
pub use reader::Reader;
pub use sqlite::{
    AgentEntry, AgentIdentity, Enrolled, Fence, HeartbeatToken, LastBatch, MAX_CHART_HOURS, Redeemed, RollUp,
    Sqlite, Standing, StoredObservation, backup, is_served, token_hash,
};
pub use store::Store;

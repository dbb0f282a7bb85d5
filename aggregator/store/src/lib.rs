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
    AgentEntry, Fence, HeartbeatToken, LastBatch, MAX_CHART_HOURS, RollUp, Sqlite, StoredObservation, backup,
    is_served,
};
pub use store::Store;

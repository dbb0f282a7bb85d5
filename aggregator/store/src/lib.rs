//! Storage. `Store` is the writer's handle and `Reader` one for short reads; both name the operations, and each backend
//! implements them in a folder of its own. Rows are passed by value in both directions.

mod credentials;
mod error;
mod reader;
mod sqlite;
mod store;

pub use error::StoreError;
pub use reader::Reader;
pub use sqlite::{
    AgentEntry, DeliveriesOf, DuePosition, Fence, HeartbeatToken, LastBatch, ResponseSteps, RollUp, Sqlite,
    StoredObservation, Waiting, WorkspaceDelivery, backup, is_served,
};
pub use store::Store;

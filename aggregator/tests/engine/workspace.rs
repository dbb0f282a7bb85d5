//! The one workspace of these tests.

use skerry_domain::state::{State, WorkspaceKey};
use skerry_domain::step::Command;
use skerry_domain::time::Timestamp;
use skerry_domain::workspaces::{Target, Workspaces};
use skerry_store::Store;

/// Its key.
pub(crate) const WORKSPACE: WorkspaceKey = WorkspaceKey(1);

/// A command for it; the first one creates it.
pub(crate) fn named(command: Command) -> (Target, Command) {
    (Target::Name("default".to_owned()), command)
}

/// Its state.
pub(crate) fn state_of(workspaces: &Workspaces) -> &State {
    workspaces.get(WORKSPACE).expect("it was created")
}

/// Its state as the store has it.
pub(crate) fn load(store: &Store, ready_at: Timestamp) -> State {
    state_of(&store.load(ready_at).expect("loaded")).clone()
}

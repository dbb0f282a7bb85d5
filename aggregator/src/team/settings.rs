//! The receivers and routes in force; a reload of the files replaces them.

use crate::config::{Config, Receiver, Route};
use arc_swap::ArcSwap;
use std::sync::Arc;

/// The receivers and routes of all workspaces.
#[derive(Clone, Debug)]
pub struct TeamSettings(Arc<ArcSwap<Vec<WorkspaceTeam>>>);

/// The receivers and routes of a workspace.
#[derive(Clone, Debug)]
pub(super) struct WorkspaceTeam {
    /// Its name.
    pub(super) workspace: String,
    /// In the order of the file.
    pub(super) receivers: Vec<Arc<Receiver>>,
    /// In the order of the file.
    pub(super) routes: Vec<Route>,
}

impl TeamSettings {
    /// Those of the files, the first of which speaks for the process.
    #[must_use]
    pub fn of(configs: &[Config]) -> Self {
        Self(Arc::new(ArcSwap::from_pointee(all(configs))))
    }

    /// Replaces them by those of the files.
    pub fn replace(&self, configs: &[Config]) {
        self.0.store(Arc::new(all(configs)));
    }

    /// Those in force now.
    pub(super) fn present(&self) -> Arc<Vec<WorkspaceTeam>> {
        self.0.load_full()
    }
}

fn all(configs: &[Config]) -> Vec<WorkspaceTeam> {
    let team = |config: &Config| WorkspaceTeam {
        workspace: config.workspace.clone(),
        receivers: config.receivers.iter().cloned().map(Arc::new).collect(),
        routes: config.routes.clone(),
    };
    configs.iter().map(team).collect()
}

//! What follows the publications outside of this host: caches that are told what changed, and copies. Each is a task of its
//! own; the publisher waits for none of them.

use super::Publisher;
use super::export::Exporter;
use super::progress::Progress;
use super::purge::Purger;
use crate::config::{Export, Purge};
use crate::engine::Engine;
use arc_swap::ArcSwap;
use skerry_agent::delivery::client_of_host;
use skerry_publish::output::Site;
use std::collections::BTreeSet;
use std::sync::Arc;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// The caches and copies of a configuration.
#[derive(Debug)]
pub struct Edge {
    purgers: Vec<Purger>,
    exporters: Vec<Exporter>,
    stored: watch::Receiver<()>,
}

/// A name that none of the others has: of two caches on one host each has figures of its own.
fn distinct(names: &mut BTreeSet<String>, name: String) -> String {
    let numbered = (2..).map(|number| format!("{name} {number}"));
    let free = std::iter::once(name.clone()).chain(numbered).find(|name| !names.contains(name));
    let free = free.unwrap_or(name);
    names.insert(free.clone());
    free
}

/// How far they have come, in the order of the configuration.
#[derive(Clone, Debug, Default)]
pub struct EdgeStatus {
    /// Caches.
    pub purges: Vec<Arc<Progress>>,
    /// Copies.
    pub exports: Vec<Arc<Progress>>,
}

impl Edge {
    /// Has the publisher note what is for these caches and copies.
    ///
    /// # Errors
    /// The authorities of this host cannot be read.
    pub fn of(purges: &[Purge], exports: &[Export], publisher: &mut Publisher) -> anyhow::Result<Self> {
        let mut names = BTreeSet::new();
        let mut purgers = Vec::new();
        for purge in purges {
            let name = distinct(&mut names, Purger::name(purge));
            purgers.push(Purger::new(purge, name, client_of_host(0)?));
        }
        let exporters = exports.iter().map(Exporter::new).collect();
        publisher.purge_with(purgers.iter().map(|purger| Arc::clone(&purger.queue)).collect());
        Ok(Self { purgers, exporters, stored: publisher.stored() })
    }

    /// How far they have come.
    #[must_use]
    pub fn status(&self) -> EdgeStatus {
        EdgeStatus {
            purges: self.purgers.iter().map(|one| Arc::clone(&one.progress)).collect(),
            exports: self.exporters.iter().map(|one| Arc::clone(&one.progress)).collect(),
        }
    }

    /// Starts the tasks. Everything is published.
    pub fn start(self, engine: &Engine, site: &Arc<ArcSwap<Site>>) -> Vec<JoinHandle<()>> {
        let purging = self.purgers.into_iter().map(|one| tokio::spawn(one.run(engine.clone())));
        let stored = self.stored;
        let exporting = self
            .exporters
            .into_iter()
            .map(|one| tokio::spawn(one.run(engine.clone(), Arc::clone(site), stored.clone())));
        purging.chain(exporting).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn caches_on_one_host_are_told_apart() {
        let mut names = BTreeSet::new();
        let mut next = |name: &str| distinct(&mut names, name.to_owned());
        assert_eq!(
            ["http a", "http b", "http a", "http a"].map(&mut next),
            ["http a", "http b", "http a 2", "http a 3"]
        );
    }
}

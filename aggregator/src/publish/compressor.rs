//! The best compression, by a thread of its own. The publisher discards results whose output was replaced meanwhile.

use super::addresses::PageId;
use super::output::{Compression, Output, Publication};
use crossbeam_channel::{Receiver, Sender};
use std::sync::Arc;

/// Smaller outputs, in bytes, gain nothing.
const MIN_BYTES: usize = 1_024;

/// An output with the best compression.
pub(super) struct Compressed {
    pub(super) page: PageId,
    pub(super) path: String,
    /// The output that it may replace.
    pub(super) from: Arc<Output>,
    pub(super) output: Arc<Output>,
}

pub(super) struct Compressor {
    jobs: Sender<(PageId, String, Arc<Output>)>,
    done: Receiver<Compressed>,
}

impl Compressor {
    pub(super) fn start() -> Self {
        let (jobs, receiver) = crossbeam_channel::unbounded::<(PageId, String, Arc<Output>)>();
        let (results, done) = crossbeam_channel::unbounded();
        // Without the thread, pages only stay a little larger.
        let worker = std::thread::Builder::new().name("compressor".to_owned()).spawn(move || {
            for (page, path, from) in receiver {
                let output = from.compressed(Compression::Best);
                if results.send(Compressed { page, path, from, output }).is_err() {
                    return;
                }
            }
        });
        if let Err(error) = worker {
            tracing::warn!(%error, "the compression thread cannot be started: pages stay larger than necessary");
        }
        Self { jobs, done }
    }

    pub(super) fn submit(&self, page: PageId, publication: &Publication) {
        let large = publication.outputs.iter().filter(|(_, output)| output.identity.bytes.len() >= MIN_BYTES);
        for (path, output) in large.filter(|(_, output)| output.compression < Compression::Best) {
            let _ = self.jobs.send((page, path.clone(), Arc::clone(output)));
        }
    }

    pub(super) fn done(&self) -> Vec<Compressed> {
        self.done.try_iter().collect()
    }
}

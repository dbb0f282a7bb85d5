//! Compression at its best, one worker apart from everything that is in a hurry. What was superseded
//! meanwhile is thrown away by the publisher.

use super::output::{Compression, Output, Publication};
use crossbeam_channel::{Receiver, Sender};
use skerry_domain::state::WorkspacePage;
use std::sync::Arc;

/// Outputs below this many bytes gain nothing.
const WORTH: usize = 1_024;

/// An output with its smaller forms.
pub(super) struct Compressed {
    pub(super) page: WorkspacePage,
    pub(super) path: String,
    /// What it was made from: it may only take the place of this very one.
    pub(super) from: Arc<Output>,
    pub(super) output: Arc<Output>,
}

pub(super) struct Compressor {
    give: Sender<(WorkspacePage, String, Arc<Output>)>,
    done: Receiver<Compressed>,
}

impl Compressor {
    pub(super) fn start() -> Self {
        let (give, take) = crossbeam_channel::unbounded::<(WorkspacePage, String, Arc<Output>)>();
        let (tell, done) = crossbeam_channel::unbounded();
        // Without a thread pages merely stay a little larger.
        let worker = std::thread::Builder::new().name("compressor".to_owned()).spawn(move || {
            for (page, path, from) in take {
                let output = from.compressed(Compression::Best);
                if tell.send(Compressed { page, path, from, output }).is_err() {
                    return;
                }
            }
        });
        if let Err(error) = worker {
            tracing::warn!(%error, "no thread for compression: pages stay larger than they need be");
        }
        Self { give, done }
    }

    pub(super) fn give(&self, page: WorkspacePage, publication: &Publication) {
        let large = publication.outputs.iter().filter(|(_, output)| output.identity.bytes.len() >= WORTH);
        for (path, output) in large.filter(|(_, output)| output.compression < Compression::Best) {
            let _ = self.give.send((page, path.clone(), Arc::clone(output)));
        }
    }

    pub(super) fn done(&self) -> Vec<Compressed> {
        self.done.try_iter().collect()
    }
}

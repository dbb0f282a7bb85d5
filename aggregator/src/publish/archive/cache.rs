//! Renders pages of archives on request, each version once for all who wait for it, and keeps the latest as far as they fit.
//! Its threads are few and have the least claim to the processor, so that a crawler takes no time from live pages. The lock
//! is held for look-ups only, and the engine never takes it.

use super::super::output::Output;
use crossbeam_channel::{Receiver, Sender};
use skerry_domain::time::Timestamp;
use skerry_publish::archive::Archived;
use std::collections::{BTreeMap, HashMap};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::oneshot;

/// Bytes that are kept, of all encodings.
const KEPT_BYTES: usize = 4 * 1024 * 1024;
/// What an output takes beside its bodies, about.
const OVERHEAD_BYTES: usize = 1_024;
/// Pages that may wait to be rendered.
const WAITING: usize = 256;
/// How much the threads yield to all others.
const NICE: i32 = 10;

/// The generation of the page, and the path.
type Key = (u64, Arc<str>);
/// Renders a page.
type Render = Box<dyn FnOnce() -> anyhow::Result<Option<Arc<Output>>> + Send>;

/// A handle; clones share the cache. Its threads end with the last one.
#[derive(Clone)]
pub(in super::super) struct ArchiveCache {
    shared: Arc<Mutex<Shared>>,
    jobs: Sender<Job>,
    receiver: Receiver<Job>,
}

struct Job {
    key: Key,
    version: Timestamp,
    render: Render,
}

/// Who waits for a page; `None` is sent if it cannot be rendered.
type Waiting = oneshot::Sender<Option<Arc<Output>>>;

#[derive(Default)]
struct Shared {
    kept: HashMap<Key, Kept>,
    /// The keys in the order of their last use.
    used: BTreeMap<u64, Key>,
    uses: u64,
    bytes: usize,
    waiting: HashMap<(Key, Timestamp), Vec<Waiting>>,
}

struct Kept {
    version: Timestamp,
    output: Arc<Output>,
    used: u64,
}

impl ArchiveCache {
    /// A cache without threads yet.
    pub(in super::super) fn new() -> Self {
        let (jobs, receiver) = crossbeam_channel::unbounded();
        Self { shared: Arc::default(), jobs, receiver }
    }

    /// Starts the threads. Pages that cannot be rendered are counted.
    pub(in super::super) fn start(&self, failures: &Arc<AtomicU64>) -> std::io::Result<()> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        for number in 0..cores.div_ceil(4).min(4) {
            let (jobs, shared) = (self.receiver.clone(), Arc::clone(&self.shared));
            let failures = Arc::clone(failures);
            let thread = std::thread::Builder::new().name(format!("archive-{number}"));
            thread.spawn(move || {
                // On Linux, a thread has a priority of its own.
                let _ = rustix::process::nice(NICE);
                for job in jobs {
                    run(job, &shared, &failures);
                }
            })?;
        }
        Ok(())
    }

    /// The version of a page, kept, or rendered soon.
    pub(in super::super) fn get(
        &self,
        generation: u64,
        path: &str,
        version: Timestamp,
        render: impl FnOnce() -> anyhow::Result<Option<Arc<Output>>> + Send + 'static,
    ) -> Archived {
        let key: Key = (generation, path.into());
        let mut shared = lock(&self.shared);
        if let Some(output) = shared.take(&key, version) {
            return Archived::Ready(output);
        }
        let (sender, receiver) = oneshot::channel();
        let is_full = shared.waiting.len() >= WAITING;
        match shared.waiting.get_mut(&(key.clone(), version)) {
            Some(waiting) => waiting.push(sender),
            None if is_full => return Archived::Busy,
            None => {
                shared.waiting.insert((key.clone(), version), vec![sender]);
                drop(shared);
                // The cache has the other end, too, so this cannot fail.
                let _ = self.jobs.send(Job { key, version, render: Box::new(render) });
            }
        }
        Archived::Soon(Box::pin(async move { receiver.await.ok().flatten() }))
    }

    /// Drops the outputs of a page whose path and version `keep` does not accept.
    pub(in super::super) fn retain(&self, generation: u64, keep: impl Fn(&str, Timestamp) -> bool) {
        let mut shared = lock(&self.shared);
        let stale =
            shared.kept.iter().filter(|((of, path), kept)| *of == generation && !keep(path, kept.version));
        let stale: Vec<Key> = stale.map(|(key, _)| key.clone()).collect();
        stale.iter().for_each(|key| shared.drop_one(key));
    }

    /// The bytes that are kept.
    #[cfg(test)]
    pub(in super::super) fn bytes(&self) -> usize {
        lock(&self.shared).bytes
    }
}

impl Shared {
    /// The kept output of a version, which is now the last used.
    fn take(&mut self, key: &Key, version: Timestamp) -> Option<Arc<Output>> {
        self.uses += 1;
        let kept = self.kept.get_mut(key).filter(|kept| kept.version == version)?;
        self.used.remove(&std::mem::replace(&mut kept.used, self.uses));
        self.used.insert(self.uses, key.clone());
        Some(Arc::clone(&kept.output))
    }

    fn keep(&mut self, key: Key, version: Timestamp, output: Arc<Output>) {
        self.drop_one(&key);
        self.uses += 1;
        self.bytes += size(&output);
        self.used.insert(self.uses, key.clone());
        self.kept.insert(key, Kept { version, output, used: self.uses });
        while self.bytes > KEPT_BYTES
            && let Some((_, oldest)) = self.used.first_key_value()
        {
            let oldest = oldest.clone();
            self.drop_one(&oldest);
        }
    }

    fn drop_one(&mut self, key: &Key) {
        if let Some(kept) = self.kept.remove(key) {
            self.used.remove(&kept.used);
            self.bytes -= size(&kept.output);
        }
    }

    /// Whether nobody waits for a page any more. Then it is not rendered.
    fn nobody_waits(&mut self, key: &(Key, Timestamp)) -> bool {
        let waiting = self.waiting.get(key);
        let none = waiting.is_none_or(|waiting| waiting.iter().all(oneshot::Sender::is_closed));
        if none {
            self.waiting.remove(key);
        }
        none
    }
}

fn run(Job { key, version, render }: Job, shared: &Mutex<Shared>, failures: &AtomicU64) {
    let wanted = (key, version);
    if lock(shared).nobody_waits(&wanted) {
        return;
    }
    // Nothing outlives a panic but the count.
    let (rendered, failed) = match catch_unwind(AssertUnwindSafe(render)) {
        // Nothing, if the page is gone.
        Ok(Ok(rendered)) => (rendered, false),
        Ok(Err(error)) => {
            tracing::error!(%error, path = %wanted.0.1, "a page of the archive could not be rendered");
            (None, true)
        }
        Err(_) => {
            tracing::error!(path = %wanted.0.1, "rendering a page of the archive panicked: report this line");
            (None, true)
        }
    };
    let mut shared = lock(shared);
    let waiting = shared.waiting.remove(&wanted).unwrap_or_default();
    if let Some(output) = &rendered {
        shared.keep(wanted.0, version, Arc::clone(output));
    }
    drop(shared);
    if failed {
        failures.fetch_add(1, Ordering::Relaxed);
    }
    for one in waiting {
        let _ = one.send(rendered.clone());
    }
}

fn size(output: &Output) -> usize {
    let encoded = output.gzip.iter().chain(&output.brotli).map(|form| form.bytes.len());
    output.identity.bytes.len() + encoded.sum::<usize>() + OVERHEAD_BYTES
}

fn lock(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
#[path = "cache_test.rs"]
mod tests;

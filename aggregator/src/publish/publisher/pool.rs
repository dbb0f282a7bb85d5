//! The threads that build and render pages. A panic ends neither the thread nor the program.

use super::super::addresses::PageId;
use super::super::archive::{ArchiveCache, PageArchive};
use super::super::build::Extent;
use super::super::output::{Compression, Publication};
use super::super::outputs::{Figures, Scope, render};
use super::super::view::{PageView, Place};
use crate::engine::Snapshot;
use crossbeam_channel::{Receiver, Sender};
use skerry_domain::state::{PageKey, State};
use skerry_domain::time::Timestamp;
use skerry_publish::earlier;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Instant;

/// How much the threads yield to the writer and to answers, which take far less time than a page.
const NICE: i32 = 5;

/// Builds the view of a page for its place.
pub(super) type View = dyn Fn(&State, PageKey, &Place, Timestamp, Extent) -> Option<PageView> + Send + Sync;

/// The rendering of one page.
pub(super) struct Job {
    pub(super) page: PageId,
    /// Distinguishes a page from an earlier one with the same key that was removed.
    pub(super) generation: u64,
    pub(super) scope: Scope,
    pub(super) place: Place,
    pub(super) snapshot: Arc<Snapshot>,
    pub(super) now: Timestamp,
    pub(super) former: Arc<Publication>,
    pub(super) figures: Arc<Figures>,
    /// Where pages of what is over are rendered.
    pub(super) cache: ArchiveCache,
}

/// The result of a job.
pub(super) struct Done {
    pub(super) page: PageId,
    pub(super) generation: u64,
    pub(super) scope: Scope,
    pub(super) url: String,
    pub(super) started: Instant,
    pub(super) outcome: Outcome,
}

pub(super) enum Outcome {
    Rendered(Arc<Publication>, Arc<Figures>),
    /// The page does not exist any more.
    Gone,
    Failed,
}

pub(super) struct Pool {
    jobs: Sender<Job>,
    pub(super) done: Receiver<Done>,
    /// The threads' ends of both channels.
    worker_ends: (Receiver<Job>, Sender<Done>),
    pub(super) size: usize,
    pub(super) view: Arc<View>,
}

impl Pool {
    /// A pool without threads yet.
    pub(super) fn new(view: Arc<View>) -> Self {
        let (jobs, job_receiver) = crossbeam_channel::unbounded();
        let (done_sender, done) = crossbeam_channel::unbounded();
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self { jobs, done, worker_ends: (job_receiver, done_sender), size: cores.clamp(3, 8), view }
    }

    /// How many pages may be refreshed at once: two threads stay free for changes.
    pub(super) fn refresh_limit(&self) -> usize {
        self.size - 2
    }

    /// Starts the threads. They end when the pool is dropped.
    pub(super) fn start(&self) -> std::io::Result<()> {
        for number in 0..self.size {
            let ((jobs, done), view) = (self.worker_ends.clone(), Arc::clone(&self.view));
            let thread = std::thread::Builder::new().name(format!("render-{number}"));
            thread.spawn(move || {
                // On Linux, a thread has a priority of its own.
                let _ = rustix::process::nice(NICE);
                for job in jobs {
                    if done.send(run(job, &*view)).is_err() {
                        return;
                    }
                }
            })?;
        }
        Ok(())
    }

    pub(super) fn submit(&self, job: Job) {
        // The pool has the other end, too, so this cannot fail.
        let _ = self.jobs.send(job);
    }
}

fn run(job: Job, view: &View) -> Done {
    let started = Instant::now();
    // The job is immutable and the result is dropped: a panic leaves no inconsistent state.
    let caught = catch_unwind(AssertUnwindSafe(|| publication(&job, view)));
    let (workspace, key) = job.page.page;
    let state = || job.snapshot.workspaces.get(workspace);
    let page = || state().and_then(|state| state.pages.get(&key)).map_or("", |page| &page.settings.slug);
    let outcome = match caught {
        Ok(Ok(outcome)) => {
            tracing::debug!(page = page(), scope = ?job.scope, took = ?started.elapsed(), "rendered");
            outcome
        }
        Ok(Err(error)) => {
            tracing::error!(%error, page = page(), "a page could not be rendered; the former one stays and it is tried again");
            Outcome::Failed
        }
        Err(panic) => {
            let error = panic_message(&*panic);
            tracing::error!(%error, page = page(), "rendering a page panicked; the former one stays and it is tried again: report this line");
            Outcome::Failed
        }
    };
    let Job { page, generation, scope, place, .. } = job;
    Done { page, generation, scope, url: place.url, started, outcome }
}

fn panic_message(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message")
}

fn publication(job: &Job, view: &View) -> anyhow::Result<Outcome> {
    let all = job.scope.is_whole();
    let extent = match job.scope {
        Scope::All | Scope::Quarter => Extent::Kept,
        Scope::Changed(_) | Scope::Refresh => Extent::Days,
    };
    let (workspace, page) = job.page.page;
    let Some(state) = job.snapshot.workspaces.get(workspace) else { return Ok(Outcome::Gone) };
    let Some(mut view) = view(state, page, &job.place, job.now, extent) else { return Ok(Outcome::Gone) };
    let mut sums = Arc::clone(&job.former.sums);
    view.earlier = if let Scope::All = job.scope {
        let (earlier, summed) = earlier(state, page, &view, &sums);
        sums = Arc::new(summed);
        earlier.into()
    } else {
        Arc::clone(&job.former.earlier)
    };
    let rendered = render(&view, &job.scope, &job.former, &job.figures, Compression::Fast)?;
    let mut publication = job.former.with(rendered.outputs);
    if all {
        publication = publication.retaining(|path| rendered.paths.contains(path));
    }
    let archive = PageArchive {
        cache: job.cache.clone(),
        generation: job.generation,
        snapshot: Arc::clone(&job.snapshot),
        page: job.page.page,
        place: job.place.clone(),
        now: job.now,
        versions: rendered.versions.clone(),
    };
    if rendered.versions != publication.versions {
        archive.forget_former();
        publication.versions = rendered.versions;
    }
    publication.archive = Some(Arc::new(archive));
    (publication.earlier, publication.sums) = (rendered.earlier, sums);
    publication.status = Some(rendered.status);
    (publication.id, publication.copied) = (view.id, rendered.copied);
    publication.place = job.place.clone();
    publication.as_of = job.snapshot.at;
    Ok(Outcome::Rendered(Arc::new(publication), Arc::new(rendered.figures)))
}

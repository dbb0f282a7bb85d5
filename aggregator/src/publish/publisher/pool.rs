//! The threads that build and render pages. A page that panics ends neither its thread nor the program.

use super::super::output::{Compression, Publication};
use super::super::outputs::{Figures, Scope, render};
use super::super::view::PageView;
use crate::engine::Snapshot;
use crossbeam_channel::{Receiver, Sender};
use skerry_domain::state::{PageKey, State, WorkspacePage};
use skerry_domain::time::Timestamp;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Instant;

/// Makes the view of a page at its address; with all of its past where the last argument says so.
pub(super) type View = dyn Fn(&State, PageKey, &str, Timestamp, bool) -> Option<PageView> + Send + Sync;

/// One page to render.
pub(super) struct Job {
    pub(super) page: WorkspacePage,
    /// Tells one that was removed and came again from itself.
    pub(super) generation: u64,
    pub(super) scope: Scope,
    pub(super) url: String,
    pub(super) snapshot: Arc<Snapshot>,
    pub(super) now: Timestamp,
    pub(super) former: Arc<Publication>,
    pub(super) figures: Arc<Figures>,
}

/// What came of it.
pub(super) struct Done {
    pub(super) page: WorkspacePage,
    pub(super) generation: u64,
    pub(super) scope: Scope,
    pub(super) url: String,
    pub(super) begun: Instant,
    pub(super) outcome: Outcome,
}

pub(super) enum Outcome {
    Rendered(Arc<Publication>, Arc<Figures>),
    /// It is no page any more.
    Gone,
    Failed,
}

pub(super) struct Pool {
    jobs: Sender<Job>,
    pub(super) done: Receiver<Done>,
    /// The threads' ends of both channels.
    ends: (Receiver<Job>, Sender<Done>),
    pub(super) size: usize,
    pub(super) view: Arc<View>,
}

impl Pool {
    /// A pool without threads yet.
    pub(super) fn new(view: Arc<View>) -> Self {
        let (jobs, take) = crossbeam_channel::unbounded();
        let (give, done) = crossbeam_channel::unbounded();
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self { jobs, done, ends: (take, give), size: cores.clamp(3, 8), view }
    }

    /// How many pages may be refreshed at once: two threads stay free for changes.
    pub(super) fn refresh_limit(&self) -> usize {
        self.size - 2
    }

    /// Starts the threads. They end when the pool is dropped.
    pub(super) fn start(&self) -> std::io::Result<()> {
        for number in 0..self.size {
            let ((take, give), view) = (self.ends.clone(), Arc::clone(&self.view));
            let thread = std::thread::Builder::new().name(format!("render-{number}"));
            thread.spawn(move || {
                for job in take {
                    if give.send(run(job, &*view)).is_err() {
                        return;
                    }
                }
            })?;
        }
        Ok(())
    }

    pub(super) fn give(&self, job: Job) {
        // The pool holds the other end.
        let _ = self.jobs.send(job);
    }
}

fn run(job: Job, view: &View) -> Done {
    let begun = Instant::now();
    // The job is immutable and the result is dropped: a panic leaves nothing half done.
    let caught = catch_unwind(AssertUnwindSafe(|| publication(&job, view)));
    let state = || job.snapshot.workspaces.get(job.page.0);
    let page =
        || state().and_then(|state| state.pages.get(&job.page.1)).map_or("", |page| &page.settings.slug);
    let outcome = match caught {
        Ok(Ok(outcome)) => {
            tracing::debug!(page = page(), scope = ?job.scope, took = ?begun.elapsed(), "rendered");
            outcome
        }
        Ok(Err(error)) => {
            tracing::error!(%error, page = page(), "a page could not be rendered; the former one stays and it is tried again");
            Outcome::Failed
        }
        Err(panic) => {
            let error = words(&*panic);
            tracing::error!(%error, page = page(), "rendering a page panicked; the former one stays and it is tried again: report this line");
            Outcome::Failed
        }
    };
    let Job { page, generation, scope, url, .. } = job;
    Done { page, generation, scope, url, begun, outcome }
}

fn words(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message")
}

fn publication(job: &Job, view: &View) -> anyhow::Result<Outcome> {
    // Months that are over tell of more than is drawn.
    let all = matches!(job.scope, Scope::All);
    let (workspace, page) = job.page;
    let state = job.snapshot.workspaces.get(workspace);
    let Some(view) = state.and_then(|state| view(state, page, &job.url, job.now, all)) else {
        return Ok(Outcome::Gone);
    };
    let rendered = render(&view, &job.scope, &job.former, &job.figures, Compression::Fast)?;
    let mut publication = job.former.with(rendered.outputs);
    if all {
        publication = publication.retaining(|path| rendered.paths.contains(path));
    }
    Ok(Outcome::Rendered(Arc::new(publication), Arc::new(rendered.figures)))
}

//! Keeps a copy up to date with every publication. What fails is tried again, and holds up no publication.

use super::super::progress::Progress;
use super::super::retry::Retry;
use super::copy::Copy;
use super::directory::Directory;
use super::s3::Bucket;
use super::target::Target;
use crate::config::Export;
use crate::engine::Engine;
use anyhow::Context;
use arc_swap::ArcSwap;
use skerry_publish::output::Site;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// Between two passes, so that a burst of changes is written once.
const PAUSE: Duration = Duration::from_secs(1);

/// A copy that follows the publications.
#[derive(Debug)]
pub(in super::super) struct Exporter {
    export: Export,
    pub(in super::super) progress: Arc<Progress>,
}

impl Exporter {
    pub(in super::super) fn new(export: &Export) -> Self {
        let name = match export {
            Export::Directory(path) => path.display().to_string(),
            Export::S3(s3) => format!("s3://{}/{}", s3.bucket, s3.prefix),
        };
        Self { export: export.clone(), progress: Arc::new(Progress::new(name)) }
    }

    /// Runs until the publisher ends; `stored` notifies of each site that is stored.
    pub(in super::super) async fn run(
        self,
        engine: Engine,
        site: Arc<ArcSwap<Site>>,
        mut stored: watch::Receiver<()>,
    ) {
        let (mut retry, mut copy) = (Retry::default(), None);
        loop {
            stored.mark_unchanged();
            match self.pass(&mut copy, &site.load_full()).await {
                Ok(()) => {
                    if retry.succeeded() {
                        tracing::info!(copy = self.progress.name(), "the copy is up to date again");
                    }
                    self.progress.succeeded(engine.now());
                    if stored.changed().await.is_err() {
                        return;
                    }
                    tokio::time::sleep(PAUSE).await;
                }
                Err(error) => {
                    let wait = retry.after_failure();
                    self.progress.failed();
                    if retry.is_first() {
                        let error = format!("{error:#}");
                        tracing::warn!(
                            copy = self.progress.name(),
                            error,
                            "an export failed: it is tried again"
                        );
                    }
                    tokio::time::sleep(wait).await;
                }
            }
        }
    }

    async fn pass(&self, copy: &mut Option<Copy>, site: &Site) -> anyhow::Result<()> {
        let mut open = match copy.take() {
            Some(open) => open,
            None => Copy::open(self.target().await?, Arc::clone(&self.progress)).await?,
        };
        let (is_refused, brought) = (open.is_refused(), open.bring_up_to(site).await);
        // What is in the way may be gone the next time.
        *copy = Some(open).filter(|_| !is_refused);
        brought.map(drop)
    }

    async fn target(&self) -> anyhow::Result<Target> {
        match &self.export {
            Export::Directory(path) => {
                let path = path.clone();
                let opened = tokio::task::spawn_blocking(move || Directory::open(&path)).await;
                Ok(Target::Directory(Arc::new(opened.context("opening ended by itself")??)))
            }
            Export::S3(s3) => Ok(Target::S3(Bucket::open(s3)?)),
        }
    }
}

//! Tells caches in front which of their copies are old: the first change of a page at once, what follows within
//! [`queue::PAUSE`] together. It is tried until it succeeds, and holds up no publication. Operators name the addresses, which
//! may be private: redirects are not followed, no proxy is used, and of an answer only the status is looked at.

mod queue;
mod request;
mod stale;

use super::progress::Progress;
use super::retry::Retry;
use crate::config::Purge;
use crate::engine::Engine;
use anyhow::{Context, anyhow, ensure};
use queue::Stale;
use request::{Request, name, requests, token};
use reqwest::header::{HeaderName, HeaderValue};
use reqwest::{Client, Method};
use skerry_host::secret_files;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

pub(super) use queue::Queue;
pub(super) use stale::{page_key, stale_keys};

/// For one request.
const TIMEOUT: Duration = Duration::from_secs(10);

/// A cache, and what it is still to be told.
#[derive(Debug)]
pub(super) struct Purger {
    purge: Purge,
    pub(super) queue: Arc<Queue>,
    pub(super) progress: Arc<Progress>,
    client: Client,
}

impl Purger {
    /// What operators know a cache by.
    pub(super) fn name(purge: &Purge) -> String {
        name(purge)
    }

    pub(super) fn new(purge: &Purge, name: String, client: Client) -> Self {
        let progress = Arc::new(Progress::new(name));
        Self { purge: purge.clone(), queue: Arc::default(), progress, client }
    }

    /// Runs for ever.
    pub(super) async fn run(self, engine: Engine) {
        let mut retry = Retry::default();
        loop {
            let due = self.queue.take_due(Instant::now());
            self.progress.set_pending(self.queue.len() + due.values().map(BTreeSet::len).sum::<usize>());
            if due.is_empty() {
                self.wait().await;
                continue;
            }
            match self.send(&due).await {
                Ok(()) => {
                    if retry.succeeded() {
                        tracing::info!(cache = self.progress.name(), "purges succeed again");
                    }
                    self.progress.succeeded(engine.now());
                    self.progress.set_pending(self.queue.len());
                }
                Err(error) => {
                    let wait = retry.after_failure();
                    self.progress.failed();
                    self.queue.give_back(due);
                    if retry.is_first() {
                        tracing::warn!(
                            cache = self.progress.name(),
                            error = format!("{error:#}"),
                            "a purge failed: it is tried again, and until then the cache shows what it has for as long as its headers allow"
                        );
                    }
                    tokio::time::sleep(wait).await;
                }
            }
        }
    }

    async fn wait(&self) {
        let added = self.queue.added.notified();
        match self.queue.next_due(Instant::now()) {
            None => added.await,
            Some(at) => {
                let _ = tokio::time::timeout_at(at.into(), added).await;
            }
        }
    }

    async fn send(&self, stale: &Stale) -> anyhow::Result<()> {
        let keys: Vec<&str> = stale.values().flatten().map(String::as_str).collect();
        let token = token(&self.purge).map(|(name, before, file)| {
            let token = secret_files::token(file).with_context(|| format!("{}", file.display()))?;
            let mut value = HeaderValue::from_bytes(&[before.as_bytes(), &token].concat())
                .map_err(|_| anyhow!("{} holds no token", file.display()))?;
            value.set_sensitive(true);
            Ok::<_, anyhow::Error>((HeaderName::from_static(name), value))
        });
        let token = token.transpose()?;
        for request in requests(&self.purge, &keys) {
            self.send_one(request, token.clone()).await?;
        }
        Ok(())
    }

    async fn send_one(
        &self,
        request: Request,
        token: Option<(HeaderName, HeaderValue)>,
    ) -> anyhow::Result<()> {
        let method = Method::from_bytes(request.method.as_bytes())?;
        let mut sent = self.client.request(method, request.url).timeout(TIMEOUT).body(request.body);
        for (name, value) in &request.headers {
            sent = sent.header(name, value);
        }
        if let Some((name, value)) = token {
            sent = sent.header(name, value);
        }
        // The URL may hold a secret.
        let response = sent.send().await.map_err(reqwest::Error::without_url)?;
        let status = response.status();
        ensure!(status.is_success(), "it answered {status}");
        Ok(())
    }
}

#[cfg(test)]
mod tests;

//! `serve`: runs the aggregator until it is told to stop, and reloads the configuration on SIGHUP.

use skerry_aggregator::app::App;
use skerry_aggregator::config::{self, Loaded};
use skerry_aggregator::reload::{Reloaded, Reloader};
use skerry_host::service;
use skerry_host::signals::Signals;
use skerry_web as web;
use std::path::PathBuf;

/// Runs the aggregator. `paths` are read again on SIGHUP.
pub(crate) fn serve(loaded: &Loaded, paths: Vec<PathBuf>) -> anyhow::Result<()> {
    warn(loaded);
    // Before any other thread starts.
    let inherited = web::inherited();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let signals = Signals::hear()?;
        let app = App::start(&loaded.configs, inherited).await;
        let app = app.inspect_err(|error| service::failed(&format!("{error:#}")))?;
        for (address, listener) in app.addresses().iter().zip(&loaded.configs[0].listeners) {
            let serves = listener.serves.iter().map(|role| role.name()).collect::<Vec<_>>().join(", ");
            tracing::info!(%address, serves, "listening");
        }
        run(app, signals, paths).await
    })
}

/// Reports readiness, since every address is bound and every page rendered. Then handles signals until one asks to
/// stop.
async fn run(app: App, signals: Signals, paths: Vec<PathBuf>) -> anyhow::Result<()> {
    let Signals { mut hangup, mut stop } = signals;
    let (reloader, liveness) = (app.reloader(), app.liveness());
    let reloads = tokio::spawn(async move {
        while hangup.recv().await.is_some() {
            service::reloading(reload(&reloader, &paths)).await;
        }
    });
    let stopped = async move {
        stop.asked().await;
        service::stopping();
    };
    service::ready("Every address is bound, every page published");
    let ended = tokio::select! {
        ended = app.run(stopped) => ended,
        never = service::watch(async || liveness.turn().await) => match never {},
    };
    reloads.abort();
    tracing::info!("stopped");
    ended
}

fn warn(loaded: &Loaded) {
    for warning in &loaded.warnings {
        tracing::warn!("{warning}");
    }
}

/// Reloads the configuration; an invalid file changes nothing. Returns the outcome in one line.
async fn reload(reloader: &Reloader, paths: &[PathBuf]) -> String {
    let loaded = match config::load(paths) {
        Ok(loaded) => loaded,
        Err(problems) => return rejection(&format!("it is not valid:\n{problems}")),
    };
    warn(&loaded);
    match reloader.reload(&loaded.configs).await {
        Ok(reloaded) => report(reloaded),
        Err(error) => rejection(&format!("{error:#}")),
    }
}

/// Logs and returns what took effect and what did not.
fn report(Reloaded { waits, lacks }: Reloaded) -> String {
    if waits.is_empty() && lacks.is_none() {
        tracing::info!("configuration reloaded: all of it has taken effect");
        return "Configuration reloaded".to_owned();
    }
    let mut outcome = "Configuration reloaded".to_owned();
    if let Some(lacks) = lacks {
        tracing::error!("configuration reloaded, but {lacks}");
        outcome = format!("{outcome}, but {lacks}");
    }
    if !waits.is_empty() {
        let waits = waits.join(", ");
        tracing::warn!(
            "configuration reloaded: {waits} changed, which takes effect when the program is started again; \
             all else has taken effect"
        );
        outcome = format!("{outcome}; a restart is needed for {waits}");
    }
    outcome
}

fn rejection(why: &str) -> String {
    tracing::error!("configuration not reloaded, previous configuration kept: {why}");
    format!("Configuration not reloaded, previous configuration kept: {why}")
}

//! `run`: the agent until it is told to stop, with the configuration read again on SIGHUP.

use super::{Common, load};
use anyhow::Context;
use skerry_agent::config::{self, AgentConfig, UplinkSection};
use skerry_agent::delivery::{HttpDelivery, HttpDeliverySettings};
use skerry_agent::run::{Agent, AgentHandle, AgentSettings};
use skerry_agent::spool::Limits;
use std::process::ExitCode;
use std::sync::Arc;
use tokio::signal::unix::{SignalKind, signal};

pub(super) fn serve(common: &Common) -> anyhow::Result<ExitCode> {
    let loaded = load(common)?;
    for warning in &loaded.warnings {
        tracing::warn!("{warning}");
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime")?;
    let ended = runtime.block_on(until_stopped(common, loaded.config));
    // Probes that hang in a resolver must not hold up the end.
    runtime.shutdown_background();
    ended.map(|()| ExitCode::SUCCESS)
}

async fn until_stopped(common: &Common, config: AgentConfig) -> anyhow::Result<()> {
    let mut hangup = signal(SignalKind::hangup())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let delivery = HttpDelivery::new(&delivery_settings(&config.uplink))?;
    let checks = config.checks.len();
    let settings = AgentSettings {
        name: config.agent.name.clone(),
        location: config.agent.location.clone(),
        spool_path: config.agent.spool.clone(),
        spool_limits: Limits::default(),
        max_in_flight: config.agent.max_in_flight,
        self_test: config.self_test.clone(),
        checks: config.checks.clone(),
    };
    let agent = Agent::start(settings, Arc::new(delivery))?;
    tracing::info!(agent = %config.agent.name, checks, aggregator = %config.uplink.url, "started");
    loop {
        tokio::select! {
            _ = hangup.recv() => reload(common, &config, &agent).await,
            _ = terminate.recv() => break,
            _ = interrupt.recv() => break,
        }
    }
    tracing::info!("stopping");
    agent.stop().await;
    Ok(())
}

/// A bad file changes nothing and is told in full.
async fn reload(common: &Common, present: &AgentConfig, agent: &AgentHandle) {
    let loaded = match config::load(&common.config) {
        Ok(loaded) => loaded,
        Err(problems) => {
            for problem in problems.to_string().lines() {
                tracing::error!("{problem}");
            }
            tracing::error!("the new configuration is not usable; the agent goes on with the one it has");
            return;
        }
    };
    for warning in &loaded.warnings {
        tracing::warn!("{warning}");
    }
    let (old, new) = (&present.agent, &loaded.config.agent);
    let same_agent = (&old.name, &old.location, &old.spool, old.max_in_flight)
        == (&new.name, &new.location, &new.spool, new.max_in_flight);
    let (old, new) = (&present.uplink, &loaded.config.uplink);
    let same_uplink = (&old.url, &old.token_file, &old.ca_file, old.allow_plaintext)
        == (&new.url, &new.token_file, &new.ca_file, new.allow_plaintext);
    if !same_agent || !same_uplink || present.self_test != loaded.config.self_test {
        tracing::warn!(
            "[agent], [self_test] or [aggregator] has changed: that takes effect at the next start; checks are read now"
        );
    }
    let checks = loaded.config.checks.len();
    match agent.reload(loaded.config.checks).await {
        Ok(()) => tracing::info!(checks, "the configuration was read again"),
        Err(error) => tracing::error!("the configuration was not taken: {error:#}"),
    }
}

fn delivery_settings(uplink: &UplinkSection) -> HttpDeliverySettings {
    HttpDeliverySettings {
        url: uplink.url.clone(),
        token_file: uplink.token_file.clone(),
        ca_file: uplink.ca_file.clone(),
        allow_plaintext: uplink.allow_plaintext,
    }
}

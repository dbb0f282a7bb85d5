//! `run`: runs the agent until it is stopped; SIGHUP reloads the configuration.

use super::{Common, load, not_enrolled};
use anyhow::{Context, bail};
use skerry_agent::config::{self, AgentConfig, AgentSection, Loaded, UplinkSection};
use skerry_agent::delivery::{HttpDelivery, HttpDeliverySettings};
use skerry_agent::enrolment::Enrolment;
use skerry_agent::metrics;
use skerry_agent::run::{Agent, AgentHandle, AgentSettings};
use skerry_agent::spool::{Limits, SpoolStatus};
use skerry_host::service;
use skerry_host::signals::Signals;
use skerry_protocol::check::Check;
use skerry_protocol::words::count;
use std::pin::pin;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;

/// An agent is ready after its first observation, or after this time if no check is due so soon.
const READY_TIMEOUT: Duration = Duration::from_secs(10);

/// How often a waiting agent checks whether it has been enrolled.
const ENROLMENT_POLL: Duration = Duration::from_secs(2);

pub(super) fn serve(common: &Common) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime")?;
    let ended = runtime.block_on(async {
        let mut signals = Signals::hear()?;
        match wait_for_enrolment(common, &mut signals).await? {
            Some(loaded) => until_stopped(common, loaded, signals).await,
            None => Ok(()),
        }
    });
    // A probe that hangs in the resolver must not delay the exit.
    runtime.shutdown_background();
    if let Err(error) = &ended {
        service::failed(&format!("{error:#}"));
    }
    ended.map(|()| ExitCode::SUCCESS)
}

/// Loads the configuration. If nothing but the enrolment is missing, waits for it. `None`: stopped meanwhile.
async fn wait_for_enrolment(common: &Common, signals: &mut Signals) -> anyhow::Result<Option<Loaded>> {
    let Some(waiting) = config::awaiting_enrolment(&common.config) else {
        let loaded = load(common)?;
        refuse_former_place(&loaded.config.agent)?;
        return Ok(Some(loaded));
    };
    refuse_former_place(&waiting.config.agent)?;
    tracing::warn!("{}", not_enrolled());
    service::ready(&not_enrolled());
    let mut watching = pin!(service::watch(async || Some(not_enrolled())));
    loop {
        tokio::select! {
            () = tokio::time::sleep(ENROLMENT_POLL) => {}
            _ = signals.hangup.recv() => {}
            () = signals.stop.asked() => return Ok(None),
            never = &mut watching => match never {},
        }
        if let Ok(loaded) = config::load(&common.config) {
            return Ok(Some(loaded));
        }
    }
}

/// Refuses to leave behind a spool at the place where a relative path used to point: below the working
/// directory.
fn refuse_former_place(agent: &AgentSection) -> anyhow::Result<()> {
    let Some(written) = agent.spool_written.as_ref().filter(|_| !agent.spool.exists()) else { return Ok(()) };
    let Some(former) = skerry_host::files::former_place(&agent.spool, written) else { return Ok(()) };
    let (path, former) = (std::path::absolute(&agent.spool)?, former.display());
    bail!(
        "{}: there is no spool, but {former} is one. A relative spool is relative to the configuration file, and was \
         relative to the working directory before. Move the folder of {former} there, or set spool = \"{former}\"",
        path.display()
    )
}

async fn until_stopped(common: &Common, loaded: Loaded, signals: Signals) -> anyhow::Result<()> {
    for warning in &loaded.warnings {
        tracing::warn!("{warning}");
    }
    let config = loaded.config;
    let delivery = HttpDelivery::new(&delivery_settings(&config.uplink)?)?;
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
    let metrics = match &config.metrics {
        Some(section) => Some(metrics::bind(section.address).await?),
        None => None,
    };
    let agent = Agent::start(settings, Arc::new(delivery))?;
    let serving = metrics.map(|listener| tokio::spawn(metrics::serve(listener, agent.metrics())));
    tracing::info!(agent = %config.agent.name, checks, aggregator = %config.uplink.urls[0], "started");
    supervise(common, &config, &agent, signals).await;
    tracing::info!("stopping");
    service::stopping();
    if let Some(serving) = serving {
        serving.abort();
    }
    agent.stop().await;
    Ok(())
}

/// Reports to the service manager and handles signals until one asks to stop.
async fn supervise(common: &Common, config: &AgentConfig, agent: &AgentHandle, mut signals: Signals) {
    let mut first_look = pin!(timeout(READY_TIMEOUT, agent.first_observation()));
    let mut ready = false;
    let mut watching = pin!(service::watch(async || {
        agent.ping().await.ok()?;
        Some(status_line(agent))
    }));
    loop {
        tokio::select! {
            _ = &mut first_look, if !ready => {
                ready = true;
                service::ready(&status_line(agent));
            }
            _ = signals.hangup.recv() => service::reloading(reload(common, config, agent)).await,
            () = signals.stop.asked() => return,
            never = &mut watching => match never {},
        }
    }
}

/// A line of status for the service manager; problems come first.
fn status_line(agent: &AgentHandle) -> String {
    let status = agent.status();
    let SpoolStatus { depth, trouble, .. } = status.spool;
    let checks = count(status.states.len(), "check");
    if let Some(trouble) = trouble {
        return format!("The spool cannot be written: {trouble}. {checks} running, results held in memory");
    }
    if status.own_network_gone {
        return format!("This host's network is down: {checks} inconclusive");
    }
    match depth {
        0 => format!("{checks} running, all results delivered"),
        _ => format!("{checks} running, {} waiting for the aggregator", count(depth, "record")),
    }
}

/// Applies a new configuration and returns the outcome as one line. A file with errors changes nothing; all
/// errors are logged.
async fn reload(common: &Common, present: &AgentConfig, agent: &AgentHandle) -> String {
    let loaded = match config::load(&common.config) {
        Ok(loaded) => loaded,
        Err(problems) => {
            for problem in problems.to_string().lines() {
                tracing::error!("{problem}");
            }
            let outcome = "the new configuration is not valid: previous configuration kept";
            tracing::error!("{outcome}");
            return outcome.to_owned();
        }
    };
    for warning in &loaded.warnings {
        tracing::warn!("{warning}");
    }
    let new = loaded.config;
    let waits = settings_needing_restart(present, &new);
    // A new location takes effect at the next start; until then the checks of the present one run.
    let here = |check: &Check| check.runs_at(&present.agent.location);
    let checks: Vec<Check> = new.checks.into_iter().chain(new.elsewhere).filter(here).collect();
    let number = checks.len();
    agent.set_self_test(new.self_test);
    if let Err(error) = agent.reload(checks).await {
        tracing::error!("configuration not reloaded, previous configuration kept: {error:#}");
        return format!("configuration not reloaded, previous configuration kept: {error:#}");
    }
    if waits.is_empty() {
        tracing::info!(checks = number, "configuration reloaded: all of it has taken effect");
        return format!("configuration reloaded: {}", count(number, "check"));
    }
    let waits = waits.join(", ");
    tracing::warn!(
        checks = number,
        "configuration reloaded: {waits} changed, which takes effect when the agent is started again; all else \
         has taken effect"
    );
    format!("configuration reloaded: {}; a restart is needed for {waits}", count(number, "check"))
}

/// The settings that differ and take effect only at the next start.
fn settings_needing_restart(present: &AgentConfig, new: &AgentConfig) -> Vec<&'static str> {
    let (old, now) = (&present.agent, &new.agent);
    let changed = [
        ("[agent] name", old.name != now.name),
        ("[agent] location", old.location != now.location),
        ("[agent] spool", old.spool != now.spool),
        ("[agent] max_in_flight", old.max_in_flight != now.max_in_flight),
        ("[aggregator]", present.uplink != new.uplink),
        ("[metrics]", present.metrics != new.metrics),
    ];
    changed.into_iter().filter_map(|(what, differs)| differs.then_some(what)).collect()
}

fn delivery_settings(uplink: &UplinkSection) -> anyhow::Result<HttpDeliverySettings> {
    let enrolment = uplink.token_file.as_deref().map_or_else(|| Ok(Enrolment::default()), Enrolment::read)?;
    Ok(HttpDeliverySettings {
        urls: uplink.urls.clone(),
        token_file: uplink.token_file.clone(),
        ca_file: uplink.ca_file.clone(),
        fingerprint: uplink.fingerprint.or(enrolment.fingerprint),
        aggregator_id: enrolment.aggregator_id,
        allow_plaintext: uplink.allow_plaintext,
    })
}

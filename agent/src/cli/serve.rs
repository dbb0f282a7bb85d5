//! `run`: the agent until it is told to stop, with the configuration read again on SIGHUP.

use super::{Common, load, not_enrolled};
use anyhow::{Context, bail};
use skerry_agent::config::{self, AgentConfig, AgentSection, Loaded, UplinkSection};
use skerry_agent::delivery::{HttpDelivery, HttpDeliverySettings};
use skerry_agent::enrolment::Bond;
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

/// Ready is who has observed something; who has nothing to observe so soon is ready after this.
const FIRST_LOOK: Duration = Duration::from_secs(10);

/// Between two looks whether the agent has been enrolled.
const LOOK_AGAIN: Duration = Duration::from_secs(2);

pub(super) fn serve(common: &Common) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime")?;
    let ended = runtime.block_on(async {
        let mut signals = Signals::hear()?;
        match enrolled(common, &mut signals).await? {
            Some(loaded) => until_stopped(common, loaded, signals).await,
            None => Ok(()),
        }
    });
    // Probes that hang in a resolver must not hold up the end.
    runtime.shutdown_background();
    if let Err(error) = &ended {
        service::failed(&format!("{error:#}"));
    }
    ended.map(|()| ExitCode::SUCCESS)
}

/// The configuration. Where nothing is wrong with it but that the agent is not enrolled yet, waits until it is;
/// `None`: told to stop meanwhile.
async fn enrolled(common: &Common, signals: &mut Signals) -> anyhow::Result<Option<Loaded>> {
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
            () = tokio::time::sleep(LOOK_AGAIN) => {}
            _ = signals.hangup.recv() => {}
            () = signals.stop.asked() => return Ok(None),
            never = &mut watching => match never {},
        }
        if let Ok(loaded) = config::load(&common.config) {
            return Ok(Some(loaded));
        }
    }
}

/// A spool that lies where a relative path once led, below the working directory, is not left behind in silence.
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
    let serving = metrics.map(|listener| tokio::spawn(metrics::serve(listener, agent.figures())));
    tracing::info!(agent = %config.agent.name, checks, aggregator = %config.uplink.urls[0], "started");
    attend(common, &config, &agent, signals).await;
    tracing::info!("stopping");
    service::stopping();
    if let Some(serving) = serving {
        serving.abort();
    }
    agent.stop().await;
    Ok(())
}

/// Tells the service manager how the agent is, and obeys signals, until one says stop.
async fn attend(common: &Common, config: &AgentConfig, agent: &AgentHandle, mut signals: Signals) {
    let mut first_look = pin!(timeout(FIRST_LOOK, agent.first_observation()));
    let mut ready = false;
    let mut watching = pin!(service::watch(async || {
        agent.turn().await.ok()?;
        Some(line(agent))
    }));
    loop {
        tokio::select! {
            _ = &mut first_look, if !ready => {
                ready = true;
                service::ready(&line(agent));
            }
            _ = signals.hangup.recv() => service::reloading(reload(common, config, agent)).await,
            () = signals.stop.asked() => return,
            never = &mut watching => match never {},
        }
    }
}

/// How the agent is, for the service manager: what is wrong first.
fn line(agent: &AgentHandle) -> String {
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

/// A bad file changes nothing and is told in full. Gives the outcome in a line.
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
    let waits = waits(present, &new);
    // Until then it stands where it stood, and runs what that location runs.
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

/// What of the file takes effect when the agent is started again, where it says otherwise now.
fn waits(present: &AgentConfig, new: &AgentConfig) -> Vec<&'static str> {
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
    let bond = uplink.token_file.as_deref().map_or_else(|| Ok(Bond::default()), Bond::read)?;
    Ok(HttpDeliverySettings {
        urls: uplink.urls.clone(),
        token_file: uplink.token_file.clone(),
        ca_file: uplink.ca_file.clone(),
        fingerprint: uplink.fingerprint.or(bond.fingerprint),
        aggregator_id: bond.aggregator_id,
        allow_plaintext: uplink.allow_plaintext,
    })
}

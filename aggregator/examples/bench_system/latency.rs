//! How long an agent waits for its acknowledgement while 5,000 observations arrive each second.

use crate::fleet::{Agent, BOOTED, Fleet};
use anyhow::Context as _;
use bytes::Bytes;
use skerry_agent::delivery::{HttpDelivery, HttpDeliverySettings};
use skerry_agent::uplink::{Deliver as _, Delivery};
use skerry_aggregator::ingest::{Names, accept};
use skerry_aggregator::store::Store;
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

/// Agents that deliver once a second, and what each brings.
const AGENTS: usize = 100;
const CHECKS: usize = 100;
const RECORDS: usize = 50;

fn agents() -> Vec<Agent> {
    (0..AGENTS).map(|number| Agent::new(number, CHECKS)).collect()
}

fn body(agent: &mut Agent, second: usize) -> anyhow::Result<Bytes> {
    let now = BOOTED + second as u64 * 1_000;
    Ok(agent.batch(RECORDS, |one| now - (RECORDS - one) as u64 * 20, now)?.into())
}

/// Sends on time, whatever became of the batch before; prints what the agents waited.
async fn paced<F>(seconds: usize, label: &str, mut send: impl FnMut(usize, Bytes) -> F) -> anyhow::Result<()>
where
    F: Future<Output = anyhow::Result<()>> + Send + 'static,
{
    let mut agents = agents();
    let mut waits = tokio::task::JoinSet::new();
    let begun = tokio::time::Instant::now();
    for n in 0..AGENTS * seconds {
        let body = body(&mut agents[n % AGENTS], n / AGENTS)?;
        let due = begun + Duration::from_secs(1) * n as u32 / AGENTS as u32;
        tokio::time::sleep_until(due).await;
        let sent = send(n % AGENTS, body);
        waits.spawn(async move { sent.await.map(|()| due.elapsed()) });
    }
    let mut waited = Vec::new();
    while let Some(wait) = waits.join_next().await {
        waited.push(wait??);
    }
    waited.sort();
    let at = |hundredths: usize| waited[(waited.len() - 1) * hundredths / 100].as_secs_f64() * 1e3;
    let verdict = if at(99) < 250.0 { "reached" } else { "MISSED" };
    writeln!(
        std::io::stdout(),
        "| {label} | {} | {} | {:.2} | {:.2} | {:.2} | {verdict} |",
        RECORDS * AGENTS,
        waited.len(),
        at(50),
        at(99),
        at(100)
    )?;
    Ok(())
}

pub(crate) fn in_process(seconds: usize) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let folder = tempfile::tempdir_in(".")?;
    runtime.block_on(async {
        let fleet = Fleet::start(&folder.path().join("ours.db"), &agents(), AGENTS * CHECKS).await?;
        let (engine, keys) = (fleet.engine.clone(), fleet.keys.clone());
        paced(seconds, "engine", |agent, body| {
            let (engine, key) = (engine.clone(), keys[agent]);
            async move {
                let names = Names { name: format!("agent-{agent}"), former: None };
                accept(&engine, "bench", key, &names, &body).await?;
                Ok(())
            }
        })
        .await?;
        fleet.stop()
    })
}

/// Gives each agent of the fleet a token, one file each below `tokens`.
pub(crate) fn enrol(config: &Path, tokens: &Path) -> anyhow::Result<()> {
    let loaded =
        skerry_aggregator::config::load(&[config.to_owned()]).map_err(|wrong| anyhow::anyhow!("{wrong}"))?;
    let mut store = Store::open(&loaded.configs[0].store.path)?;
    for agent in agents() {
        let token = skerry_aggregator::random::secret("ska");
        store.enrol_agent("default", &agent.name, "here", &token)?;
        std::fs::write(tokens.join(&agent.name), token)?;
    }
    Ok(())
}

/// The same to a running aggregator, each agent over a connection of its own.
pub(crate) fn over_http(url: &str, tokens: &Path, seconds: usize) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let links = (0..AGENTS).map(|agent| {
        HttpDelivery::new(&HttpDeliverySettings {
            urls: vec![url.parse().context("an address")?],
            token_file: Some(tokens.join(format!("agent-{agent}"))),
            ca_file: None,
            fingerprint: None,
            aggregator_id: None,
            allow_plaintext: false,
        })
    });
    let links: Vec<_> = links.map(|link| link.map(std::sync::Arc::new)).collect::<anyhow::Result<_>>()?;
    let begun = Instant::now();
    runtime.block_on(paced(seconds, "HTTP", |agent, body| {
        let link = std::sync::Arc::clone(&links[agent]);
        async move {
            match link.deliver(body).await {
                Delivery::Accepted(_) => Ok(()),
                other => anyhow::bail!("after {:?}: {other:?}", begun.elapsed()),
            }
        }
    }))
}

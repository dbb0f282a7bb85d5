//! How long an agent waits for its acknowledgement while so many observations arrive each second, and while
//! others deliver their history.

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

/// Agents that deliver once a second.
const AGENTS: usize = 100;
/// Agents that come back with a history.
const LATE: usize = 20;
const CHECKS: usize = 100;
/// Records of a batch of history, as agents send it.
const HISTORY: usize = 5_000;

fn agents() -> Vec<Agent> {
    (0..AGENTS).map(|number| Agent::new(number, CHECKS)).collect()
}

fn late() -> impl Iterator<Item = Agent> {
    (AGENTS..AGENTS + LATE).map(|number| Agent::new(number, CHECKS))
}

fn body(agent: &mut Agent, records: usize, second: usize) -> anyhow::Result<Bytes> {
    let now = BOOTED + second as u64 * 1_000;
    Ok(agent.batch(records, |one| now - (records - one) as u64 * 1_000 / records as u64, now)?.into())
}

/// Sends on time, whatever became of the batch before; prints what the agents waited.
async fn paced<F>(
    seconds: usize,
    rate: usize,
    label: &str,
    mut send: impl FnMut(usize, Bytes) -> F,
) -> anyhow::Result<()>
where
    F: Future<Output = anyhow::Result<()>> + Send + 'static,
{
    let mut agents = agents();
    let mut waits = tokio::task::JoinSet::new();
    let begun = tokio::time::Instant::now();
    for n in 0..AGENTS * seconds {
        let body = body(&mut agents[n % AGENTS], rate / AGENTS, n / AGENTS)?;
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
        rate,
        waited.len(),
        at(50),
        at(99),
        at(100)
    )?;
    Ok(())
}

pub(crate) fn in_process(seconds: usize, rate: usize) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let folder = tempfile::tempdir_in(".")?;
    runtime.block_on(async {
        let fleet = Fleet::start(&folder.path().join("ours.db"), &agents(), AGENTS * CHECKS).await?;
        let (engine, keys) = (fleet.engine.clone(), fleet.keys.clone());
        paced(seconds, rate, "engine", |agent, body| {
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
    for agent in agents().into_iter().chain(late()) {
        let token = skerry_aggregator::random::secret("ska");
        store.enrol_agent("default", &agent.name, "here", &token)?;
        std::fs::write(tokens.join(&agent.name), token)?;
    }
    Ok(())
}

fn link(url: &str, tokens: &Path, agent: &str) -> anyhow::Result<HttpDelivery> {
    HttpDelivery::new(&HttpDeliverySettings {
        urls: vec![url.parse().context("an address")?],
        token_file: Some(tokens.join(agent)),
        ca_file: None,
        fingerprint: None,
        aggregator_id: None,
        allow_plaintext: false,
    })
}

/// The same to a running aggregator, each agent over a connection of its own, while late agents deliver
/// `history` observations each.
pub(crate) fn over_http(
    url: &str,
    tokens: &Path,
    seconds: usize,
    rate: usize,
    history: usize,
) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let names = (0..AGENTS).map(|agent| format!("agent-{agent}"));
    let links: Vec<_> =
        names.map(|name| link(url, tokens, &name).map(std::sync::Arc::new)).collect::<anyhow::Result<_>>()?;
    let begun = Instant::now();
    runtime.block_on(async {
        let mut draining = tokio::task::JoinSet::new();
        for agent in late().filter(|_| history > 0) {
            draining.spawn(drain(link(url, tokens, &agent.name)?, agent, history));
        }
        let label = if history > 0 { "HTTP, beside a drain" } else { "HTTP" };
        paced(seconds, rate, label, |agent, body| {
            let link = std::sync::Arc::clone(&links[agent]);
            async move {
                match link.deliver(body).await {
                    Delivery::Accepted(_) => Ok(()),
                    other => anyhow::bail!("after {:?}: {other:?}", begun.elapsed()),
                }
            }
        })
        .await?;
        let mut longest = Duration::ZERO;
        while let Some(drained) = draining.join_next().await {
            longest = longest.max(drained??);
        }
        if history > 0 {
            let rate = (LATE * history) as f64 / longest.as_secs_f64();
            writeln!(std::io::stdout(), "\n{} observations drained at {rate:.0}/s", LATE * history)?;
        }
        Ok(())
    })
}

/// One agent's history, batch after batch; an aggregator under pressure is waited for. Gives how long it took.
async fn drain(link: HttpDelivery, mut agent: Agent, history: usize) -> anyhow::Result<Duration> {
    let begun = Instant::now();
    for sent in (0..history).step_by(HISTORY) {
        let from = BOOTED - ((history - sent) * 10) as u64;
        let body: Bytes = agent.batch(HISTORY, |one| from + one as u64 * 10, BOOTED)?.into();
        loop {
            match link.deliver(body.clone()).await {
                Delivery::Accepted(_) => break,
                Delivery::Again { after, .. } => {
                    let again = tokio::time::Instant::now() + after.unwrap_or(Duration::from_secs(1));
                    tokio::time::sleep_until(again).await;
                }
                other => anyhow::bail!("{other:?}"),
            }
        }
    }
    Ok(begun.elapsed())
}

//! Measures how long an agent waits for its acknowledgement at a rate of observations, and while others deliver history.

use crate::fleet::{Agent, BOOTED, Fleet};
use anyhow::Context as _;
use bytes::Bytes;
use skerry_agent::delivery::{HttpDelivery, HttpDeliverySettings};
use skerry_agent::uplink::{Deliver as _, Delivery};
use skerry_aggregator::control::{Admission, AgentChange, Request, carry_out};
use skerry_aggregator::ingest::{Names, accept};
use skerry_domain::credentials::token_hash;
use skerry_store::Store;
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

/// Agents that deliver once a second.
const AGENTS: usize = 100;
/// Agents that reconnect with a history.
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

/// When a batch was due, and how long after that the acknowledgement arrived.
type AckDelay = (Duration, Duration);

/// Sends on schedule, whatever happened to the batch before.
async fn paced<F>(
    seconds: usize,
    rate: usize,
    mut send: impl FnMut(usize, Bytes) -> F,
) -> anyhow::Result<Vec<AckDelay>>
where
    F: Future<Output = anyhow::Result<()>> + Send + 'static,
{
    let mut agents = agents();
    let mut waits = tokio::task::JoinSet::new();
    let begun = tokio::time::Instant::now();
    for n in 0..AGENTS * seconds {
        let body = body(&mut agents[n % AGENTS], rate / AGENTS, n / AGENTS)?;
        let moment = Duration::from_secs(1) * n as u32 / AGENTS as u32;
        tokio::time::sleep_until(begun + moment).await;
        let sent = send(n % AGENTS, body);
        waits.spawn(async move { sent.await.map(|()| (moment, (begun + moment).elapsed())) });
    }
    let mut waited = Vec::new();
    while let Some(wait) = waits.join_next().await {
        waited.push(wait??);
    }
    Ok(waited)
}

/// Prints how long the agents waited.
fn row(label: &str, rate: usize, waited: impl Iterator<Item = AckDelay>) -> anyhow::Result<()> {
    let mut waited: Vec<Duration> = waited.map(|(_, waited)| waited).collect();
    waited.sort();
    let last = waited.len().checked_sub(1).context("no batch was sent")?;
    let at = |hundredths: usize| waited[last * hundredths / 100].as_secs_f64() * 1e3;
    let verdict = if at(99) < 250.0 { "reached" } else { "MISSED" };
    writeln!(
        std::io::stdout(),
        "| {label} | {rate} | {} | {:.2} | {:.2} | {:.2} | {verdict} |",
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
        let waited = paced(seconds, rate, |agent, body| {
            let (engine, key) = (engine.clone(), keys[agent]);
            async move {
                let names = Names {
                    name: format!("agent-{agent}"),
                    former: None,
                    locations: Vec::new(),
                    credential: 0,
                };
                accept(&engine, "bench", key, &names, body).await?;
                Ok(())
            }
        })
        .await?;
        row("engine", rate, waited.into_iter())?;
        fleet.stop()
    })
}

/// Gives each agent of the fleet a token, one file each below `tokens`.
pub(crate) fn enrol(config: &Path, tokens: &Path) -> anyhow::Result<()> {
    let loaded =
        skerry_aggregator::config::load(&[config.to_owned()]).map_err(|wrong| anyhow::anyhow!("{wrong}"))?;
    let database = &loaded.configs[0].store.path;
    drop(Store::open(database)?);
    for agent in agents().into_iter().chain(late()) {
        let token = skerry_host::random::secret("ska");
        let admission = Admission::Credential(token_hash(&token));
        let change = AgentChange::Add { location: "here".to_owned(), checks: Vec::new(), admission };
        let (workspace, agent) = ("default".to_owned(), agent.name.clone());
        carry_out(database, Request::ChangeAgent { workspace, agent: agent.clone(), change })?;
        std::fs::write(tokens.join(&agent), token)?;
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

/// The same with a running aggregator, each agent over a connection of its own, while late agents deliver `history`
/// observations each.
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
    let drain = Drain::start(url, tokens, history)?;
    let waited = runtime.block_on(paced(seconds, rate, |agent, body| {
        let link = std::sync::Arc::clone(&links[agent]);
        async move {
            match link.deliver(body).await {
                Delivery::Accepted(_) => Ok(()),
                other => anyhow::bail!("after {:?}: {other:?}", begun.elapsed()),
            }
        }
    }))?;
    let Some(drain) = drain else { return row("HTTP", rate, waited.into_iter()) };
    let took = drain.end()?;
    let while_it_lasts = |(moment, _): &AckDelay| *moment < took;
    row("HTTP, beside a drain, while it lasts", rate, waited.iter().copied().filter(while_it_lasts))?;
    row("HTTP, beside a drain, all", rate, waited.iter().copied())?;
    let drained = LATE * history;
    let rate = drained as f64 / took.as_secs_f64();
    writeln!(std::io::stdout(), "\n{drained} observations drained at {rate:.0}/s in {took:.1?}")?;
    Ok(())
}

/// Late agents deliver their history from a thread of their own, so that the others keep their schedule.
struct Drain(std::thread::JoinHandle<anyhow::Result<Duration>>);

impl Drain {
    /// Encodes `history` observations of each late agent, which agents do on their own hosts, and starts to deliver them.
    /// Returns `None` if there are none.
    fn start(url: &str, tokens: &Path, history: usize) -> anyhow::Result<Option<Self>> {
        if history == 0 {
            return Ok(None);
        }
        let mut all = Vec::new();
        for mut agent in late() {
            let link = link(url, tokens, &agent.name)?;
            let from = |sent: usize| BOOTED - ((history - sent) * 10) as u64;
            let batches = (0..history).step_by(HISTORY);
            let bodies = batches.map(|sent| agent.batch(HISTORY, |one| from(sent) + one as u64 * 10, BOOTED));
            all.push((link, bodies.map(|body| body.map(Bytes::from)).collect::<anyhow::Result<Vec<_>>>()?));
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        Ok(Some(Self(std::thread::spawn(move || {
            let begun = Instant::now();
            runtime.block_on(async {
                let mut draining = tokio::task::JoinSet::new();
                for (link, bodies) in all {
                    draining.spawn(async move { drain(&link, bodies).await });
                }
                while let Some(drained) = draining.join_next().await {
                    drained??;
                }
                Ok(begun.elapsed())
            })
        }))))
    }

    /// Returns how long the slowest of them took.
    fn end(self) -> anyhow::Result<Duration> {
        self.0.join().map_err(|_| anyhow::anyhow!("the late agents panicked"))?
    }
}

/// Delivers one agent's history, batch after batch; waits when the aggregator is busy.
async fn drain(link: &HttpDelivery, bodies: Vec<Bytes>) -> anyhow::Result<()> {
    for body in bodies {
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
    Ok(())
}

//! The whole program wired on one screen: store ─▶ engine ─▶ publisher ─▶ web, with the built-in agents
//! beside, and the order in which all of it stops.

use crate::api::RestApi;
use crate::bounces;
use crate::certificate;
use crate::config::{self, Config, Role};
use crate::control::{Control, socket_of};
use crate::dead_man_switch::DeadManSwitch;
use crate::engine::{Engine, Running};
use crate::heartbeats::HeartbeatEndpoint;
use crate::housekeeping::{Housekeeping, inspect};
use crate::ingest::authenticate::AgentEndpoint;
use crate::local::LocalAgents;
use crate::operations::{MetricsToken, ProgramStatus};
use crate::outbox::{BounceReports, Channels, Outbox, Parts, RunningOutbox, UnderWay};
use crate::publish::{Addresses, Edge, Publisher};
use crate::reload::{Reloader, configure};
use crate::sign_ins::{PageSignIns, SignInKey};
use crate::subscriptions::{Intake, LinkKey, SubscriptionEndpoint};
use crate::team::{RunningTeam, Team, TeamChannels, TeamSettings};
use crate::timekeeping;
use anyhow::Context;
use arc_swap::ArcSwap;
use skerry_host::service;
use skerry_notify::bounce::Mappings;
use skerry_publish::output::Site;
use skerry_publish::{html, shared};
use skerry_store::{Reader, Store};
use skerry_web::{
    BaseHosts, Bound, Endpoints, Limits, Listener, Operations as _, PublicSide, RestrictedSide, Serves,
    SignIns, Traffic, bind_or_take,
};
use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// A migration of many gigabytes and its backup may take so long before a service manager gives up on us.
const LONGEST_OPENING: Duration = Duration::from_secs(3_600);

/// A system that runs.
pub struct App {
    engine: Engine,
    /// The writer's thread and the publisher's; neither ends before it is told to.
    threads: [Running; 2],
    bound: Bound,
    endpoints: Endpoints,
    background: Vec<tokio::task::JoinHandle<()>>,
    /// Where commands of the command line arrive.
    control: Option<Control>,
    reloader: Reloader,
    liveness: Liveness,
    outbox: RunningOutbox,
    team: RunningTeam,
}

impl App {
    /// Starts everything but the answering of requests: addresses are bound, the state is loaded, pages
    /// are published, checks run. `configs` is not empty; the first speaks for the process. `inherited` are
    /// sockets that listen already, see [`bind_or_take`].
    ///
    /// # Errors
    /// What cannot be had, in words for an operator.
    pub async fn start(configs: &[Config], inherited: Vec<TcpListener>) -> anyhow::Result<Self> {
        let first = configs.first().context("no configuration")?;
        let bound = bind_or_take(&listeners(first, configs)?, inherited)?;
        let store = open_store(first.store.path.clone()).await?;
        let aggregator_id = store.aggregator_id()?;
        let database = store.path().to_owned();
        // The publisher empties it at every turn; nothing that visitors should see may be dropped.
        let (changed, changes) = crossbeam_channel::unbounded();
        let (engine, writer) = Engine::start(store, changed)?;
        configure(&engine, configs).await?;
        let mut agents = LocalAgents::new(engine.clone(), aggregator_id.clone(), database.clone());
        agents.follow(configs).await?;
        let reloader = Reloader::new(engine.clone(), agents, first, configs);

        let site = Arc::new(ArcSwap::from_pointee(Site::default()));
        let shared = shared(engine.now());
        let (key, link_key) = (SignInKey::of(&database)?, LinkKey::of(&database)?);
        let addresses = Addresses::of(first, configs).signing_with(key.clone());
        let reloader = reloader.replacing(addresses.options.clone());
        let passwords = addresses.options.passwords();
        let reader = Reader::open(&database)?;
        let intake = Intake::of(&database, (&first.subscribers).into())?;
        let public = (addresses.clone(), first.public.clone());
        let requests = first.requests_per_minute;
        let own = first.mail.as_ref().map(|mail| mail.bounces.providers.as_slice()).unwrap_or_default();
        let under_way = Arc::<UnderWay>::default();
        let bounces = (Mappings::with(own), Arc::clone(&under_way));
        let api = RestApi::new(
            engine.clone(),
            (reader, intake.clone()),
            bounces,
            public,
            reloader.provenance(),
            requests,
        );
        let mut publisher =
            Publisher::new(engine.clone(), changes, Arc::clone(&site), addresses.clone(), shared);
        let edge = Edge::of(&first.purges, &first.exports, &mut publisher)?;
        let (published, turned, failures) = (publisher.published(), publisher.turned(), publisher.failures());
        let restricted_site = publisher.restricted_site();
        let publishing = tokio::task::spawn_blocking(move || publisher.start()).await??;

        let channels = Arc::new(Channels::of(first.mail.as_ref(), &first.subscribers)?);
        let team_settings = TeamSettings::of(configs);
        let reloader = reloader.telling(team_settings.clone());
        let team_channels = TeamChannels::new(Arc::clone(&channels))?;
        let team = Team::new(engine.clone(), team_settings, team_channels, first.public.base_url.clone());
        let parts = Parts {
            engine: engine.clone(),
            channels,
            addresses: addresses.clone(),
            published,
            links: link_key.clone(),
            under_way: Arc::clone(&under_way),
        };
        let outbox = Outbox::open(&database, parts)?;
        let team = team.watching(outbox.figures());
        let bounce_reports =
            BounceReports::open(&database, (engine.clone(), link_key.clone()), Arc::clone(&under_way))?;
        let sign_ins: Arc<dyn SignIns> = Arc::new(PageSignIns::new(engine.clone(), key, passwords.clone()));
        let dead_man_switch = first.dead_man_switch.as_ref().map(DeadManSwitch::new).transpose()?;
        let traffic = Traffic::default();
        let token = MetricsToken::of(first.metrics_token_file.clone());
        let watched_token = token.watch();
        let program_status =
            ProgramStatus::new(engine.clone(), Arc::clone(&site), failures, traffic.clone(), token)
                .counting(api.refused_sign_ins())
                .following(edge.status())
                .sending(outbox.figures())
                .telling(team.figures())
                .calling(dead_man_switch.as_ref().map(DeadManSwitch::calls));
        let program_status = Arc::new(program_status);
        let retention = i64::try_from(first.store.raw_retention.as_millis()).unwrap_or(i64::MAX);
        let housekeeping = Housekeeping::new(&database, engine.clone(), retention)?;
        let heartbeat_endpoint = HeartbeatEndpoint::new(engine.clone());
        let mut background = vec![
            keep_house(housekeeping),
            timekeeping::follow(engine.clone()),
            inspect_daily(database.clone()),
            passwords.watch(),
        ];
        background.extend(watched_token);
        background.extend(edge.start(&engine, &site));
        if let Some(mail) = &first.mail {
            background.extend(bounces::take_in(mail, &bounce_reports).await?);
        }
        background.extend(dead_man_switch.map(|switch| call(switch, &program_status)));
        // Pages are served all the same where the folder takes no socket.
        let control = Control::listen(engine.clone(), &database, intake).inspect_err(|error| {
            let path = socket_of(&database);
            tracing::error!(%error, path = %path.display(), "commands cannot reach this aggregator: its socket cannot be made");
        });
        let subscriptions =
            SubscriptionEndpoint::new(engine.clone(), link_key).with_rules((&first.subscribers).into());
        let subscriptions = subscriptions.testing(outbox.tester()).reading(Reader::open(&database)?);
        let base = BaseHosts {
            domain: first.public.base_domain.clone(),
            host: first.public.base_url.host_str().map(str::to_owned),
        };
        let liveness =
            Liveness { engine: engine.clone(), turned, program_status: Arc::clone(&program_status) };
        let endpoints = Endpoints {
            public: Arc::new(PublicSide::new(site, html::not_found(), traffic).below(base)),
            subscriptions: Some(Arc::new(subscriptions)),
            restricted: Some(RestrictedSide { site: restricted_site, sign_ins }),
            ingest: Arc::new(AgentEndpoint::new(engine.clone(), aggregator_id)),
            heartbeats: Some(Arc::new(heartbeat_endpoint)),
            api: Some(Arc::new(api)),
            operations: program_status,
        };
        let (threads, outbox, team) = ([writer, publishing], outbox.start(), team.start());
        let control = control.ok();
        Ok(Self { engine, threads, bound, endpoints, background, control, reloader, liveness, outbox, team })
    }

    /// The addresses bound, in the order of the configuration.
    #[must_use]
    pub fn addresses(&self) -> Vec<std::net::SocketAddr> {
        self.bound.addresses()
    }

    /// The engine, for those who command it from within the process.
    #[must_use]
    pub fn engine(&self) -> Engine {
        self.engine.clone()
    }

    /// A handle that takes new configurations while requests are answered.
    #[must_use]
    pub fn reloader(&self) -> Reloader {
        self.reloader.clone()
    }

    /// A handle that proves that the program makes progress.
    #[must_use]
    pub fn liveness(&self) -> Liveness {
        self.liveness.clone()
    }

    /// Answers requests until `shutdown`, then stops in the order in which data walks: agents first, so
    /// that what they saw is taken, the writer last. Takes at most a few seconds.
    ///
    /// # Errors
    /// When a listener ends by itself.
    pub async fn run(self, shutdown: impl Future<Output = ()>) -> anyhow::Result<()> {
        let threads = self.threads;
        let shutdown = async {
            tokio::select! {
                () = shutdown => {}
                () = one_ended(&threads) => tracing::error!("a thread has ended by itself: stopping"),
            }
        };
        let answered = self.bound.run(&self.endpoints, Limits::default(), shutdown).await;
        let broken = threads.iter().any(Running::is_finished);
        self.reloader.stop_agents().await;
        tokio::join!(self.team.stop(), self.outbox.stop());
        for task in self.background {
            task.abort();
        }
        if let Some(control) = self.control {
            control.stop().await;
        }
        self.engine.stop();
        let joined = tokio::task::spawn_blocking(move || threads.map(Running::join));
        let _ = joined.await;
        anyhow::ensure!(
            !broken,
            "a part of the program ended by itself; what was acknowledged is stored. Start it again, and report what the log says"
        );
        Ok(answered?)
    }
}

/// Proves that the writer and the publisher make progress.
#[derive(Clone)]
pub struct Liveness {
    engine: Engine,
    turned: tokio::sync::watch::Receiver<()>,
    program_status: Arc<ProgramStatus>,
}

impl Liveness {
    /// Sends a question through the writer, past its commit, and then waits for the publisher to turn; for ever
    /// while one of them is stuck. A commit that a full disk refuses ends like any other, so that does count as
    /// turning: starting again would not mend it. Gives a line on how the program is, `None` when it has ended.
    pub async fn turn(&self) -> Option<String> {
        let mut turned = self.turned.clone();
        self.engine.turn().await.ok()?;
        turned.mark_unchanged();
        turned.changed().await.ok()?;
        Some(self.program_status.line())
    }
}

/// Opens and migrates; the service manager is asked for patience meanwhile.
async fn open_store(path: PathBuf) -> anyhow::Result<Store> {
    let opening = tokio::task::spawn_blocking(move || Store::open_to_serve(&path));
    let status = "Opening the database; a migration and its backup take a while";
    Ok(service::starting(status, LONGEST_OPENING, opening).await??)
}

/// Resolves once one of the threads is gone: without it the page would be frozen.
fn call(switch: DeadManSwitch, status: &Arc<ProgramStatus>) -> tokio::task::JoinHandle<()> {
    let status = Arc::clone(status);
    tokio::spawn(switch.run(move || status.ready().reasons.is_empty()))
}

async fn one_ended(threads: &[Running]) {
    let mut second = tokio::time::interval(Duration::from_secs(1));
    while !threads.iter().any(Running::is_finished) {
        second.tick().await;
    }
}

fn listeners(config: &Config, all: &[Config]) -> anyhow::Result<Vec<Listener>> {
    // Names that the files give: those of pages are nobody else's.
    let below = config.public.base_domain.as_ref().map(|base| format!(".{base}"));
    let base = config.public.base_url.host_str().map(str::to_owned);
    let domains = all.iter().flat_map(|one| &one.pages).filter_map(|page| page.domain.clone());
    let names: Vec<String> = base.into_iter().chain(below).chain(domains).collect();
    // Files of former versions do not name it: there it answers beside the admin side.
    let api_is_named = config.listeners.iter().any(|one| one.serves.contains(&Role::Api));
    let one = |listener: &config::Listener| {
        let tls = certificate::of_listener(listener, &config.store.path)?;
        let serves = Serves {
            public: listener.serves.contains(&Role::Public),
            agents: listener.serves.contains(&Role::Agents),
            hooks: listener.serves.contains(&Role::Hooks),
            api: listener.serves.contains(&if api_is_named { Role::Api } else { Role::Admin }),
            admin: listener.serves.contains(&Role::Admin),
        };
        let names = listener.allowed_hosts.iter().chain(&names).cloned().collect();
        let proxies = listener.proxies.clone();
        Ok(Listener { address: listener.address, serves, tls, names, proxies })
    };
    config.listeners.iter().map(one).collect()
}

/// Now and once a day, in a thread that nobody waits for: a stop does not wait for gigabytes to be read.
fn inspect_daily(database: PathBuf) -> tokio::task::JoinHandle<()> {
    tokio::spawn(async move {
        let mut daily = tokio::time::interval(Duration::from_secs(86_400));
        loop {
            daily.tick().await;
            let database = database.clone();
            let inspector = std::thread::Builder::new().name("inspector".to_owned());
            if let Err(error) = inspector.spawn(move || inspect(&database)) {
                tracing::warn!(%error, "no thread to check the database: trying again tomorrow");
            }
        }
    })
}

fn keep_house(mut housekeeping: Housekeeping) -> tokio::task::JoinHandle<()> {
    tokio::spawn(async move {
        let mut often = tokio::time::interval(Duration::from_secs(20));
        loop {
            often.tick().await;
            let runtime = tokio::runtime::Handle::current();
            let turn = tokio::task::spawn_blocking(move || {
                let turned = housekeeping.turn(&runtime);
                (housekeeping, turned)
            });
            match turn.await {
                Ok((kept, turned)) => {
                    housekeeping = kept;
                    if let Err(error) = turned {
                        tracing::warn!(%error, "roll-ups and pruning failed, trying again");
                    }
                }
                Err(error) => {
                    tracing::error!(%error, "roll-ups and pruning ended until the next start");
                    return;
                }
            }
        }
    })
}

#[cfg(test)]
#[path = "app_tests.rs"]
mod tests;

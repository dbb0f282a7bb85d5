//! Reload of configuration files: they take effect together or not at all, and settings that need a restart are named.

use crate::config::{Config, Export, Listener, MailSettings, Provenance, Public, Purge, SubscriberSettings};
use crate::desired::{desired, incident_rules, judge_reporters, sanitiser, templates};
use crate::engine::{Actor, Engine, Envelope};
use crate::heartbeats;
use crate::hosts;
use crate::local::LocalAgents;
use crate::publish::PageOptions;
use crate::team::TeamSettings;
use arc_swap::ArcSwap;
use skerry_domain::step::Command;
use skerry_domain::workspaces::Target;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use url::Url;

/// Takes new configurations while the program runs.
#[derive(Clone)]
pub struct Reloader {
    engine: Engine,
    agents: Arc<tokio::sync::Mutex<LocalAgents>>,
    restart_only: RestartOnly,
    provenance: Arc<ArcSwap<Provenance>>,
    options: PageOptions,
    team: Option<TeamSettings>,
}

/// Settings of the first file that take effect only at the next start.
#[derive(Clone)]
struct RestartOnly {
    listeners: Vec<Listener>,
    public: Public,
    store: PathBuf,
    raw_retention: Duration,
    metrics_token_file: Option<PathBuf>,
    requests_per_minute: NonZeroU32,
    exports: Vec<Export>,
    purges: Vec<Purge>,
    dead_man_switch: Option<Url>,
    mail: Option<MailSettings>,
    subscribers: SubscriberSettings,
}

/// The result of a reload; everything that is not named here has taken effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reloaded {
    /// Parts of the first file that take effect at the next start.
    pub waits: Vec<&'static str>,
    /// Why a built-in agent does not run, if one does not.
    pub lacks: Option<String>,
}

impl RestartOnly {
    fn of(first: &Config) -> Self {
        Self {
            listeners: first.listeners.clone(),
            public: first.public.clone(),
            store: first.store.path.clone(),
            raw_retention: first.store.raw_retention,
            metrics_token_file: first.metrics_token_file.clone(),
            requests_per_minute: first.requests_per_minute,
            exports: first.exports.clone(),
            purges: first.purges.clone(),
            dead_man_switch: first.dead_man_switch.clone(),
            mail: first.mail.clone(),
            subscribers: first.subscribers.clone(),
        }
    }

    /// The settings that differ in the file now.
    fn waits(&self, first: &Config) -> Vec<&'static str> {
        let now = Self::of(first);
        let changed = [
            ("[[listen]]", self.listeners != now.listeners),
            ("[public] base_url", self.public.base_url != now.public.base_url),
            ("[public] base_domain", self.public.base_domain != now.public.base_domain),
            ("[admin] metrics_token_file", self.metrics_token_file != now.metrics_token_file),
            ("[api] requests_per_minute", self.requests_per_minute != now.requests_per_minute),
            ("[[export]]", self.exports != now.exports),
            ("[[purge]]", self.purges != now.purges),
            ("[dead_man_switch] url", self.dead_man_switch != now.dead_man_switch),
            ("[mail]", self.mail != now.mail),
            ("[subscribers]", self.subscribers != now.subscribers),
            ("[store] path", self.store != now.store),
            ("[store] raw_retention", self.raw_retention != now.raw_retention),
        ];
        changed.into_iter().filter_map(|(what, differs)| differs.then_some(what)).collect()
    }
}

impl Reloader {
    /// A reloader for the program that was started with these files; `first` is the first of them.
    pub(crate) fn new(engine: Engine, agents: LocalAgents, first: &Config, configs: &[Config]) -> Self {
        let agents = Arc::new(tokio::sync::Mutex::new(agents));
        let provenance = Arc::new(ArcSwap::from_pointee(Provenance::of(configs)));
        Self {
            engine,
            agents,
            restart_only: RestartOnly::of(first),
            provenance,
            options: PageOptions::default(),
            team: None,
        }
    }

    /// The same, which replaces these options of pages.
    pub(crate) fn replacing(self, options: PageOptions) -> Self {
        Self { options, ..self }
    }

    /// The same, which replaces these receivers and routes.
    pub(crate) fn telling(self, team: TeamSettings) -> Self {
        Self { team: Some(team), ..self }
    }

    /// Where the files in force declare what they own; a reload replaces it.
    #[must_use]
    pub fn provenance(&self) -> Arc<ArcSwap<Provenance>> {
        Arc::clone(&self.provenance)
    }

    /// Applies the files to the engine, and then to the built-in agents. A check whose definition did not change
    /// continues.
    ///
    /// # Errors
    /// The engine rejects the files; the previous configuration stays in force.
    pub async fn reload(&self, configs: &[Config]) -> anyhow::Result<Reloaded> {
        configure(&self.engine, configs).await?;
        // A page that is not for everybody any more is private in between.
        let (options, named) = (self.options.clone(), configs.to_vec());
        tokio::task::spawn_blocking(move || options.replace(&named)).await?;
        if let Some(team) = &self.team {
            team.replace(configs);
        }
        self.provenance.store(Arc::new(Provenance::of(configs)));
        let followed = self.agents.lock().await.follow(configs).await;
        Ok(Reloaded {
            waits: configs.first().map(|first| self.restart_only.waits(first)).unwrap_or_default(),
            lacks: followed.err().map(|error| format!("{error:#}")),
        })
    }

    pub(crate) async fn stop_agents(&self) {
        self.agents.lock().await.stop().await;
    }
}

/// Applies all files in one transaction.
pub(crate) async fn configure(engine: &Engine, configs: &[Config]) -> anyhow::Result<()> {
    hosts::check_files(configs, &engine.snapshot().workspaces)?;
    let mut commands = Vec::new();
    for config in configs {
        let configure = Command::Configure(Box::new(desired(config)));
        // The rules of incidents come first: what the rest changes is judged by them.
        let all = vec![
            incident_rules(config),
            sanitiser(config),
            configure,
            templates(config),
            heartbeats::declared(config),
            judge_reporters(config),
        ];
        commands.push((Target::Name(config.workspace.clone()), Command::Together(all)));
    }
    let names = configs.iter().map(|config| config.workspace.clone()).collect();
    commands.push((Target::All, Command::KeepWorkspaces(names)));
    engine.command(Envelope::together(Actor::File, commands)).await?;
    Ok(())
}

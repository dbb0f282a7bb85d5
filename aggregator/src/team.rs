//! Tells the team of conditions: problems, drafts, updates that are due, failing deliveries, wrong clocks. What holds is
//! looked at every few seconds and compared with what each receiver was told, which is stored: after a restart nothing is
//! said twice and nothing is lost. One task sends to each receiver, so that none delays another.

mod channels;
mod conditions;
mod decide;
mod figures;
mod message;
mod receivers;
mod sender;
mod settings;
mod test;

pub use channels::TeamChannels;
pub use figures::TeamFigures;
pub use settings::TeamSettings;
pub use test::{Tested, test};

use crate::config::Receiver;
use crate::engine::Engine;
use crate::outbox::OutboxFigures;
use conditions::{Condition, Quarantined, Seen, Skewed, conditions, skew_id, skewed};
use decide::{Hearing, left_over, messages};
use message::Context;
use receivers::{Key, Receivers};
use sender::{Job, Sender, Sent};
use settings::WorkspaceTeam;
use skerry_domain::state::State;
use skerry_domain::step::TeamTold;
use skerry_domain::team::Told;
use skerry_domain::time::{MINUTE, Timestamp};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::{Id, JoinError, JoinHandle, JoinSet};
use url::Url;

/// How often it is looked at what holds.
const LOOK: Duration = Duration::from_secs(2);
/// How long what is under way may take when the program stops.
const LAST: Duration = Duration::from_secs(4);
/// How often quarantined endpoints are counted, ms: that looks at all subscribers.
const COUNTED_AFTER: i64 = MINUTE;

/// Tells the team until it is stopped.
#[derive(Debug)]
pub struct Team {
    sender: Arc<Sender>,
    settings: TeamSettings,
    /// What it counts of mails to subscribers.
    outbox: Arc<OutboxFigures>,
    /// Where to look.
    link: Url,
    receivers: Receivers,
    under_way: HashMap<Id, Key>,
    /// Since when the clock is unsure.
    unsure_since: Option<Timestamp>,
    /// Endpoints that were quarantined lately, by workspace, and when they were counted.
    quarantined: HashMap<String, (Timestamp, Option<Quarantined>)>,
    /// Agents whose clocks are wrong, by workspace.
    skewed: HashMap<String, Skewed>,
}

/// Stops telling the team.
#[derive(Debug)]
pub struct RunningTeam {
    stop: watch::Sender<()>,
    task: JoinHandle<()>,
}

impl RunningTeam {
    /// Begins no message any more and waits a few seconds for those that are under way.
    pub async fn stop(self) {
        drop(self.stop);
        // It ends by itself, and a panic was logged.
        let _ = self.task.await;
    }
}

impl Team {
    /// `link` is where operators look.
    #[must_use]
    pub fn new(engine: Engine, settings: TeamSettings, channels: TeamChannels, link: Url) -> Self {
        Self {
            sender: Arc::new(Sender::new(engine, channels)),
            settings,
            outbox: Arc::default(),
            link,
            receivers: Receivers::default(),
            under_way: HashMap::new(),
            unsure_since: None,
            quarantined: HashMap::new(),
            skewed: HashMap::new(),
        }
    }

    /// Tells of mails that cannot be sent, too.
    #[must_use]
    pub fn watching(self, outbox: Arc<OutboxFigures>) -> Self {
        Self { outbox, ..self }
    }

    /// What it counts, and goes on counting.
    #[must_use]
    pub fn figures(&self) -> Arc<TeamFigures> {
        self.sender.figures()
    }

    /// Begins to tell.
    #[must_use]
    pub fn start(self) -> RunningTeam {
        let (stop, stopped) = watch::channel(());
        RunningTeam { stop, task: tokio::spawn(self.run(stopped)) }
    }

    async fn run(mut self, mut stopped: watch::Receiver<()>) {
        let mut tasks: JoinSet<Sent> = JoinSet::new();
        let mut look = tokio::time::interval(LOOK);
        look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = look.tick() => self.look(&mut tasks).await,
                Some(ended) = tasks.join_next_with_id(), if !tasks.is_empty() => self.ended(ended),
                _ = stopped.changed() => break,
            }
        }
        let rest = async { while tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(LAST, rest).await.is_err() {
            tracing::info!("notices to the team that were under way are repeated after the next start");
        }
    }

    fn ended(&mut self, ended: Result<(Id, Sent), JoinError>) {
        let (id, sent) = match ended {
            Ok((id, sent)) => (id, Some(sent)),
            Err(error) => {
                tracing::error!(%error, "a notice to the team failed by a fault of this program");
                (error.id(), None)
            }
        };
        let now = self.sender.engine().now();
        if let Some(key) = self.under_way.remove(&id) {
            self.receivers.ended(&key, sent, now);
        }
    }

    /// Begins what the receivers have to hear.
    async fn look(&mut self, tasks: &mut JoinSet<Sent>) {
        let settings = self.settings.present();
        self.receivers.follow(&settings);
        let (snapshot, now) = self.sender.engine().present();
        let clock = self.sender.engine().clock_standing().words();
        self.unsure_since = clock.as_ref().map(|_| self.unsure_since.unwrap_or(now));
        let mail = self.outbox.mail_failure();
        for (position, team) in settings.iter().enumerate() {
            let Some(state) = snapshot.workspaces.named(&team.workspace) else { continue };
            let quarantined = self.quarantined(team, state, now);
            // The first file speaks for the process.
            let clock = clock.as_deref().zip(self.unsure_since).filter(|_| position == 0);
            let mail = mail.as_ref().filter(|_| position == 0);
            let failing = &self.outbox.failing(state.workspace.key, now);
            let skewed = self.skewed(state, now);
            let holding =
                conditions(&Seen { state, now, quarantined, clock, mail, failing, skewed: &skewed });
            self.skewed.insert(team.workspace.clone(), skewed);
            for receiver in &team.receivers {
                self.begin(tasks, (team, state, receiver), &holding, now);
            }
            self.end_left_over(team, state, &holding).await;
        }
    }

    fn begin(
        &mut self,
        tasks: &mut JoinSet<Sent>,
        (team, state, receiver): (&WorkspaceTeam, &State, &Arc<Receiver>),
        holding: &[Condition],
        now: Timestamp,
    ) {
        let key = (team.workspace.clone(), receiver.name.clone());
        if self.under_way.values().any(|one| *one == key) {
            return;
        }
        let Some(pace) = self.receivers.ready(&key, now) else { return };
        let routes = team.routes.iter().filter(|route| route.receivers.contains(&receiver.name)).collect();
        let told = state.told_to(&receiver.name).collect();
        let hearing = Hearing { taking: receiver.kind.taking(), routes, told };
        let messages = messages(holding, &hearing, pace, now);
        if messages.is_empty() {
            return;
        }
        let context = Context { name: name_of(state), link: self.link.clone(), now };
        let job = Job { workspace: state.workspace.key, receiver: Arc::clone(receiver), messages, context };
        let task = tasks.spawn(Arc::clone(&self.sender).send(job));
        self.under_way.insert(task.id(), key);
    }

    /// What receivers that the file no longer has were told ends with the conditions.
    async fn end_left_over(&self, team: &WorkspaceTeam, state: &State, holding: &[Condition]) {
        let mut gone: BTreeMap<&str, Vec<(&str, &Told)>> = BTreeMap::new();
        for ((receiver, condition), told) in state.told.iter() {
            if told.is_firing() && team.receivers.iter().all(|one| one.name != *receiver) {
                gone.entry(receiver).or_default().push((condition, told));
            }
        }
        for (receiver, told) in gone {
            let told = left_over(holding, told.into_iter());
            if !told.is_empty() {
                let told = TeamTold { receiver: receiver.to_owned(), told };
                self.sender.note(state.workspace.key, told).await;
            }
        }
    }

    /// Agents whose clocks are wrong, since it was first seen or, after a restart, since the team was told.
    fn skewed(&self, state: &State, now: Timestamp) -> Skewed {
        let known = self.skewed.get(&state.workspace.name);
        let told = |key| {
            let id = skew_id(state, key);
            let of_it =
                state.told.iter().filter(|((_, condition), told)| *condition == id && told.is_firing());
            of_it.map(|(_, told)| told.since).min()
        };
        let since =
            |key| known.and_then(|known| known.get(&key).copied()).or_else(|| told(key)).unwrap_or(now);
        skewed(state, now).into_iter().map(|key| (key, since(key))).collect()
    }

    fn quarantined(&mut self, team: &WorkspaceTeam, state: &State, now: Timestamp) -> Option<Quarantined> {
        let counted = self.quarantined.get(&team.workspace).filter(|(at, _)| now - *at < COUNTED_AFTER);
        if let Some((_, quarantined)) = counted {
            return *quarantined;
        }
        let quarantined = Quarantined::of(state, now);
        self.quarantined.insert(team.workspace.clone(), (now, quarantined));
        quarantined
    }
}

/// The name of the only page of a workspace, or that of the workspace.
fn name_of(state: &State) -> String {
    let mut pages = state.pages.values().filter(|page| !page.archived);
    match (pages.next(), pages.next()) {
        (Some(page), None) => page.settings.name.clone(),
        _ => state.workspace.name.clone(),
    }
}

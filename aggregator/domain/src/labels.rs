//! Which checks feed a component that chooses them by their labels.
//!
//! Whoever gives a check its labels decides what a page shows, so the labels of an agent count only for checks for which
//! the agent counts itself. The labels of a check that the aggregator runs are those of its own file alone. Where new
//! reporters need permission, an agent's labels need it too, and those of an agent that is limited to checks always do: a limit
//! says what it may report, not which pages that reaches. What feeds a component already goes on doing so.

use super::agent::Agent;
use super::agent_check::AgentCheck;
use super::state::{AgentKey, Check, CheckKey, Component, ComponentKey, Link, State, TrackKey};
use super::time::{DAY, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

pub use skerry_protocol::check::Labels;

/// How many checks an agent's labels may bring to a component, those that left it within a day included.
pub const MAX_CHOSEN: usize = 1_000;

/// The labels that a check must have to feed a component: all of them, as with `matchLabels` of Kubernetes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selector {
    labels: Labels,
    minor: bool,
}

impl Selector {
    /// `minor`: the outage of a check only degrades the component. `None`: without labels it would choose every check.
    #[must_use]
    pub fn new(labels: Labels, minor: bool) -> Option<Self> {
        (!labels.is_empty()).then_some(Self { labels, minor })
    }

    /// The labels; never empty.
    #[must_use]
    pub fn labels(&self) -> &Labels {
        &self.labels
    }

    /// The outage of a check only degrades the component.
    #[must_use]
    pub fn is_minor(&self) -> bool {
        self.minor
    }

    /// Whether a check with these labels is chosen.
    #[must_use]
    pub fn chooses(&self, labels: &Labels) -> bool {
        self.labels.iter().all(|(name, value)| labels.get(name) == Some(value))
    }
}

/// The checks that a component chooses.
#[derive(Debug, Default)]
pub(crate) struct Chosen {
    pub(crate) checks: BTreeSet<CheckKey>,
    /// Agents whose labels choose more than [`MAX_CHOSEN`].
    pub(crate) beyond: BTreeSet<AgentKey>,
}

impl State {
    /// The agents whose labels of a check count: those of the aggregator itself if it runs the check, else those that
    /// operators let.
    pub fn labelling<'a>(&'a self, check: &'a Check) -> impl Iterator<Item = &'a AgentCheck> {
        let ours = self.built_in_runs(check);
        self.declared(check).filter(move |one| self.may_label(one, check, ours))
    }

    /// Whether an agent's labels of a check wait until an operator allows them.
    #[must_use]
    pub fn labels_wait(&self, one: &AgentCheck) -> bool {
        let check = &self.checks[&one.check];
        let is_labelled = one.is_declared() && !one.labels.is_empty();
        let is_trusted = || self.built_in_runs(check) || self.is_trusted(&self.agents[&one.agent], check);
        let feeds = || {
            check.components.iter().filter_map(|key| self.components.get(key)).any(|component| {
                let chooses =
                    component.settings.selector.as_ref().is_some_and(|all| all.chooses(&one.labels));
                chooses && feeding(component).any(|check| check == one.check)
            })
        };
        is_labelled && !is_trusted() && !feeds()
    }

    /// The labels of a check, each with the values that agents give it.
    #[must_use]
    pub fn labels_of(&self, check: CheckKey) -> BTreeMap<&str, BTreeSet<&str>> {
        let mut labels: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        let check = self.checks.get(&check);
        for (name, value) in
            check.into_iter().flat_map(|check| self.labelling(check)).flat_map(|one| &one.labels)
        {
            labels.entry(name).or_default().insert(value);
        }
        labels
    }

    /// Whether agents whose labels count give a check different ones.
    #[must_use]
    pub fn labels_differ(&self, check: CheckKey) -> bool {
        let Some(check) = self.checks.get(&check) else { return false };
        let mut all = self.labelling(check).map(|one| &one.labels);
        let first = all.next();
        all.any(|other| Some(other) != first)
    }

    /// Sets an agent's labels of a check; returns whether they are new.
    pub(crate) fn set_labels(&mut self, track: TrackKey, labels: &Labels) -> bool {
        if self.tracks.get(&track).is_none_or(|one| one.labels == *labels) {
            return false;
        }
        self.tracks.get_mut(&track).expect("looked up above").labels.clone_from(labels);
        true
    }

    /// The checks that each of these components chooses now.
    pub(crate) fn chosen(&self, components: &[ComponentKey], now: Timestamp) -> Vec<Chosen> {
        let choosing = components.iter().filter_map(|key| self.components.get(key));
        let choosing: Vec<(Option<&Selector>, BTreeSet<CheckKey>)> =
            choosing.map(|one| (one.settings.selector.as_ref(), feeding(one).collect())).collect();
        let mut all: Vec<BTreeMap<CheckKey, Vec<AgentKey>>> = vec![BTreeMap::new(); choosing.len()];
        for (key, check) in self.checks.iter() {
            let ours = self.built_in_runs(check);
            for one in self.declared(check).filter(|one| !one.labels.is_empty()) {
                let may = self.may_label(one, check, ours);
                for ((selector, feeding), fitting) in choosing.iter().zip(&mut all) {
                    let counts = may || !ours && feeding.contains(key);
                    if counts && selector.is_some_and(|selector| selector.chooses(&one.labels)) {
                        fitting.entry(*key).or_default().push(one.agent);
                    }
                }
            }
        }
        let components = components.iter().map(|key| &self.components[key]);
        components.zip(&all).map(|(component, fitting)| self.within_limit(component, fitting, now)).collect()
    }

    /// Those of the checks that fit which an agent may bring: those that feed the component stay, and others join as long
    /// as an agent has brought fewer than [`MAX_CHOSEN`].
    fn within_limit(
        &self,
        component: &Component,
        fitting: &BTreeMap<CheckKey, Vec<AgentKey>>,
        now: Timestamp,
    ) -> Chosen {
        let feeding: BTreeSet<CheckKey> = feeding(component).collect();
        let mut brought = self.left_lately(component, fitting, now);
        let (stay, join): (Vec<_>, Vec<_>) = fitting.iter().partition(|(check, _)| feeding.contains(check));
        let mut chosen = Chosen::default();
        for (check, agents) in &stay {
            agents.iter().for_each(|agent| *brought.entry(*agent).or_default() += 1);
            chosen.checks.insert(**check);
        }
        for (check, agents) in join {
            if agents.iter().all(|agent| brought.get(agent).is_some_and(|count| *count >= MAX_CHOSEN)) {
                chosen.beyond.extend(agents);
                continue;
            }
            agents.iter().for_each(|agent| *brought.entry(*agent).or_default() += 1);
            chosen.checks.insert(*check);
        }
        chosen
    }

    /// How many checks of each agent left a component within a day, or leave it now, each as often as it left.
    fn left_lately(
        &self,
        component: &Component,
        fitting: &BTreeMap<CheckKey, Vec<AgentKey>>,
        now: Timestamp,
    ) -> BTreeMap<AgentKey, usize> {
        let mut left = BTreeMap::new();
        let leaves = |link: &&Link| match link.to {
            Timestamp::FAR => !fitting.contains_key(&link.check),
            to => now - to < DAY,
        };
        for link in component.links.iter().filter(leaves) {
            let tracks = self.checks.get(&link.check).into_iter().flat_map(|check| &check.tracks);
            for one in tracks.filter_map(|track| self.tracks.get(track)) {
                *left.entry(one.agent).or_default() += 1;
            }
        }
        left
    }

    fn declared<'a>(&'a self, check: &'a Check) -> impl Iterator<Item = &'a AgentCheck> {
        check.tracks.iter().filter_map(|track| self.tracks.get(track)).filter(|one| one.is_declared())
    }

    /// Whether the aggregator runs the check itself.
    fn built_in_runs(&self, check: &Check) -> bool {
        self.declared(check).any(|one| self.agents[&one.agent].is_built_in())
    }

    fn may_label(&self, one: &AgentCheck, check: &Check, ours: bool) -> bool {
        let agent = &self.agents[&one.agent];
        if ours { agent.is_built_in() } else { self.is_trusted(agent, check) }
    }

    fn is_trusted(&self, agent: &Agent, check: &Check) -> bool {
        let permit = &agent.permit;
        let is_free = permit.checks.is_none() && !self.workspace.asks;
        agent.is_built_in() || is_free || permit.allows(&check.name)
    }
}

/// The checks that feed a component now.
fn feeding(component: &Component) -> impl Iterator<Item = CheckKey> {
    component.links.iter().filter(|link| link.to == Timestamp::FAR).map(|link| link.check)
}

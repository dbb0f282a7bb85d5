//! Checks that depend on others: while one of them, a parent, is down, what fails behind it opens no problem of its own.
//! The parents of parents count, too. Only problems wait: verdicts, intervals and components are what they are.

use super::agent_check::AgentCheck;
use super::state::{CheckKey, State, TrackKey};
use super::step::reporters_of;
use super::time::Timestamp;
use super::track::HardState;
use super::verdict::{self, Verdict};
use crate::problem::{Level, ProblemSubject};
use std::collections::BTreeSet;

impl State {
    /// The names of the checks that a check depends on directly: those that each agent declares that counts for it, so
    /// that no single agent silences what others report.
    #[must_use]
    pub fn parents_of(&self, check: CheckKey) -> BTreeSet<&str> {
        let tracks = self.checks.get(&check).into_iter().flat_map(|check| &check.tracks);
        let counting = tracks.filter_map(|track| self.tracks.get(track)).filter(|one| one.is_declared());
        let declared = counting.map(|one| one.depends_on.iter().map(String::as_str).collect::<BTreeSet<_>>());
        declared.reduce(|one, other| one.intersection(&other).copied().collect()).unwrap_or_default()
    }

    /// The check that is down and whose outage explains a failure of this one; `None`: nothing explains it. A check that
    /// is seen no more after it was down is taken to be down; so is one that is up again, until this check was seen to
    /// fail after its recovery.
    #[must_use]
    pub fn explained_by(&self, check: CheckKey) -> Option<CheckKey> {
        let ancestors = self.ancestors_of(check);
        if ancestors.is_empty() {
            return None;
        }
        let failed = self.last_failure_of(check);
        ancestors.into_iter().find(|parent| self.is_down(*parent) || self.was_down_at(*parent, failed))
    }

    /// Whether other checks explain a failure of the past from its beginning to its end. Each of them was seen with the
    /// precision of its interval.
    pub(crate) fn was_explained(&self, check: CheckKey, from: Timestamp, until: Timestamp) -> bool {
        let own = self.longest_interval_of(check);
        let mut outages: Vec<(Timestamp, Timestamp)> = Vec::new();
        for parent in self.ancestors_of(check) {
            let before = self.longest_interval_of(parent);
            let (reporters, quorums) = reporters_of(self, parent);
            let timeline = verdict::timeline(&reporters, quorums, from - own);
            let down = timeline.iter().filter(|one| one.value.verdict == Verdict::Down);
            let late = |to: Timestamp| if to == Timestamp::FAR { to } else { to + own };
            outages.extend(down.map(|one| (one.from - before, late(one.to))));
        }
        outages.sort_unstable();
        let reached =
            outages.into_iter().fold(from, |at, (begins, ends)| if begins <= at { at.max(ends) } else { at });
        reached >= until
    }

    /// All checks that depend on one of these, through others, too; these themselves only if they are among them.
    pub(crate) fn dependents_of(&self, checks: impl IntoIterator<Item = CheckKey>) -> BTreeSet<CheckKey> {
        let (mut found, mut next) = (BTreeSet::new(), checks.into_iter().collect::<Vec<_>>());
        while let Some(check) = next.pop() {
            let Some(name) = self.checks.get(&check).map(|check| &check.name) else { continue };
            let of_name = (name.clone(), TrackKey(i64::MIN))..=(name.clone(), TrackKey(i64::MAX));
            let tracks = self.dependents.range(of_name).filter_map(|(_, track)| self.tracks.get(track));
            next.extend(tracks.map(|one| one.check).filter(|child| found.insert(*child)));
        }
        found
    }

    /// Sets what an agent says that a check depends on; returns whether that is new.
    pub(crate) fn set_parents(&mut self, key: TrackKey, parents: &[String]) -> bool {
        let Some(one) = self.tracks.get(&key).filter(|one| one.depends_on != parents) else { return false };
        for former in &one.depends_on {
            self.dependents.remove(&(former.clone(), key));
        }
        self.dependents.extend(parents.iter().map(|parent| (parent.clone(), key)));
        self.tracks.get_mut(&key).expect("looked up above").depends_on = parents.to_vec();
        true
    }

    /// The known checks that a check depends on, through others, too. Those that depend on it in turn are left out:
    /// files that are read apart may contradict each other, and then neither silences the other.
    fn ancestors_of(&self, check: CheckKey) -> BTreeSet<CheckKey> {
        let mut all = self.all_above(check);
        all.retain(|parent| *parent != check && !self.all_above(*parent).contains(&check));
        all
    }

    fn all_above(&self, check: CheckKey) -> BTreeSet<CheckKey> {
        let (mut found, mut next) = (BTreeSet::new(), vec![check]);
        while let Some(check) = next.pop() {
            let parents = self.parents_of(check);
            let known = parents.into_iter().filter_map(|name| self.check_names.get(name).copied());
            next.extend(known.filter(|parent| found.insert(*parent)));
        }
        found
    }

    /// Whether it is down, or was when it was last seen and has a problem since.
    fn is_down(&self, check: CheckKey) -> bool {
        match self.verdict_of(check) {
            Verdict::Down => true,
            Verdict::Unknown => {
                let open = self.open_problem(ProblemSubject::Check(check));
                open.is_some_and(|key| self.problems[&key].level == Level::Down)
            }
            Verdict::Up | Verdict::Degraded => false,
        }
    }

    /// Whether a check that is seen not to be down was down at `at` or later.
    fn was_down_at(&self, check: CheckKey, at: Timestamp) -> bool {
        let Some(kept) = self.verdicts.get(&check) else { return false };
        let seen = matches!(kept.evaluation.verdict, Verdict::Up | Verdict::Degraded);
        let Some(since) = kept.since.filter(|since| seen && *since > at) else { return false };
        let (reporters, quorums) = reporters_of(self, check);
        let timeline = verdict::timeline(&reporters, quorums, at);
        timeline.iter().take_while(|one| one.from < since).any(|one| one.value.verdict == Verdict::Down)
    }

    /// When a check was last seen to be degraded or down. That a job did not call is seen all the time.
    fn last_failure_of(&self, check: CheckKey) -> Timestamp {
        if self.heartbeats.contains_key(&check) {
            return self.clock;
        }
        let tracks = self.checks.get(&check).into_iter().flat_map(|check| &check.tracks);
        let counting = tracks.filter_map(|track| self.tracks.get(track)).filter(|one| one.is_declared());
        let since = || self.verdicts.get(&check).and_then(|kept| kept.since);
        counting.filter_map(last_failure).max().or_else(since).unwrap_or(self.clock)
    }

    fn longest_interval_of(&self, check: CheckKey) -> i64 {
        let tracks = self.checks.get(&check).into_iter().flat_map(|check| &check.tracks);
        tracks.filter_map(|track| self.tracks.get(track)).map(|one| one.interval_ms).max().unwrap_or(0)
    }
}

fn last_failure(one: &AgentCheck) -> Option<Timestamp> {
    let live = one.live.filter(|live| matches!(live.span.state, HardState::Degraded | HardState::Down));
    one.outcomes.down.max(one.outcomes.degraded).max(live.map(|live| live.span.last))
}

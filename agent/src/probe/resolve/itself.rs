//! Is it the resolver, or the name? A resolver that answers no other question either is this host's own
//! trouble. What others are asked for must be fetched anew: a resolver whose way to the world is gone goes on
//! answering from its cache, so a label that nobody has asked for stands in front of each.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use hickory_resolver::proto::rr::{Name, RecordType};
use tokio::sync::Mutex as Turns;
use tokio::time::{Instant, timeout};

use super::servers::{self, Silences};
use super::settings::Settings;

/// All questions of one test have this long.
const ANSWER: Duration = Duration::from_secs(3);
/// Each server has this long before the next one is asked too.
const PATIENCE: Duration = Duration::from_millis(800);
/// A resolver that answers again may repeat for so long what it kept of its failure (BIND's `servfail-ttl` is
/// 30 s at most, Unbound's 5 s).
const KEPT_FAILURE: Duration = Duration::from_secs(30);
/// What a test found this long ago says nothing of the time since.
const OF_LATE: Duration = Duration::from_secs(60);
/// So many zones of other checks are asked for.
const MOST_ASKED: usize = 4;
/// So many are remembered.
const MOST_KNOWN: usize = 64;
/// Names below these are answered by an own resolver, and say nothing of its way to the world, or the other
/// way round.
const PRIVATE: [&str; 12] = [
    "corp",
    "example",
    "home",
    "internal",
    "intranet",
    "invalid",
    "lan",
    "local",
    "localdomain",
    "localhost",
    "private",
    "test",
];

/// Tests of the resolver, shared by all lookups that failed meanwhile.
#[derive(Debug, Default)]
pub(super) struct Itself {
    /// Zones that were answered, and when.
    known: Mutex<HashMap<String, Instant>>,
    /// By the top-level domain of what failed.
    tests: Mutex<HashMap<String, Arc<Turns<Test>>>>,
}

#[derive(Debug, Default)]
struct Test {
    ended: Option<Instant>,
    /// The zones that were answered.
    answered: Vec<String>,
    /// It did not answer until then, or later.
    failing: Option<Instant>,
}

impl Itself {
    /// The resolver knew this name.
    pub(super) fn note(&self, name: &Name) {
        let Some(zone) = zone_of(&text(name)) else { return };
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(zone, Instant::now());
        if known.len() > MOST_KNOWN
            && let Some(oldest) = known.iter().min_by_key(|(_, at)| **at).map(|(zone, _)| zone.clone())
        {
            known.remove(&oldest);
        }
    }

    /// Whether it was the resolver that failed a run which began at `started` and could not look up `name`.
    pub(super) async fn failed(
        &self,
        settings: &Settings,
        silences: &Silences,
        name: &str,
        started: Instant,
    ) -> bool {
        let asked = Instant::now();
        let name = name.trim_end_matches('.').to_ascii_lowercase();
        let top = name.rsplit('.').next().unwrap_or_default().to_owned();
        let test = Arc::clone(
            self.tests.lock().unwrap_or_else(PoisonError::into_inner).entry(top.clone()).or_default(),
        );
        let mut test = test.lock().await;
        if test.ended.is_none_or(|ended| ended < asked) {
            let of_late = test.ended.is_some_and(|ended| asked.duration_since(ended) < OF_LATE);
            let was_failing = of_late && test.answered.is_empty();
            test.answered = answered(settings, silences, self.questions(&top)).await;
            let now = Instant::now();
            test.ended = Some(now);
            // Where it is found to answer again, it did not until some moment since the test before.
            if was_failing || test.answered.is_empty() {
                test.failing = Some(now);
            }
            match (was_failing, test.answered.is_empty()) {
                (false, true) => tracing::warn!(
                    "this host's own resolver does not answer; failed look-ups are inconclusive until it does"
                ),
                (true, false) => tracing::info!("this host's own resolver answers again"),
                _ => {}
            }
        }
        let speaks_for_it = test.answered.iter().any(|zone| !shares_a_zone(&name, zone));
        !speaks_for_it || test.failing.is_some_and(|until| until + KEPT_FAILURE >= started)
    }

    /// The zones that are asked for where a name below `top` failed: itself, and those of other names of the
    /// same world that were answered of late.
    fn questions(&self, top: &str) -> Vec<String> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let mut others: Vec<(&String, &Instant)> =
            known.iter().filter(|(zone, _)| is_private(zone) == is_private(top) && *zone != top).collect();
        others.sort_by_key(|(_, at)| std::cmp::Reverse(**at));
        let others = others.into_iter().map(|(zone, _)| zone.clone());
        // Two of one registered domain say the same.
        let mut chosen = vec![top.to_owned()];
        for zone in others {
            if chosen.len() <= MOST_ASKED && !chosen.iter().any(|other| shares_a_zone(&zone, other)) {
                chosen.push(zone);
            }
        }
        chosen
    }
}

/// Which of these zones are answered for; with the first answer the others have little time left.
async fn answered(settings: &Settings, silences: &Silences, zones: Vec<String>) -> Vec<String> {
    let mut asked: FuturesUnordered<_> = zones
        .into_iter()
        .filter_map(|zone| Some((Name::from_ascii(format!("{}.{zone}.", fresh_label()?)).ok()?, zone)))
        .map(|(name, zone)| async move {
            let answer = servers::ask(settings, silences, &name, RecordType::A, PATIENCE).await;
            answer.is_ok().then_some(zone)
        })
        .collect();
    let mut answered = Vec::new();
    let deadline = Instant::now() + ANSWER;
    while let Ok(Some(answer)) =
        timeout(deadline.saturating_duration_since(Instant::now()), asked.next()).await
    {
        answered.extend(answer);
    }
    answered
}

/// A label that is in no cache, and that says who asks.
fn fresh_label() -> Option<String> {
    Some(format!("skerry-self-test-{:08x}", getrandom::u32().ok()?))
}

fn text(name: &Name) -> String {
    name.to_ascii().trim_end_matches('.').to_ascii_lowercase()
}

/// What a name stands in, as far as can be told from it.
fn zone_of(name: &str) -> Option<String> {
    name.split_once('.').map(|(_, zone)| zone.to_owned())
}

fn is_private(name: &str) -> bool {
    let top = name.rsplit('.').next().unwrap_or_default();
    PRIVATE.contains(&top) || name == "home.arpa" || name.ends_with(".home.arpa")
}

/// The servers of `zone` may be those that fail for `name`: they end in the same two labels.
fn shares_a_zone(name: &str, zone: &str) -> bool {
    let last_two = |text: &str| {
        let mut labels = text.rsplit('.');
        Some((labels.next()?.to_owned(), labels.next()?.to_owned()))
    };
    last_two(zone).is_some_and(|zone| last_two(name) == Some(zone))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_names_of_the_same_world_are_asked_for_once_each() {
        let itself = Itself::default();
        for name in ["www.shop.org.", "a.shop.org.", "other.net.", "db.lan.", "single.", "web.corp.test."] {
            itself.note(&Name::from_ascii(name).expect("a name"));
        }
        let mut public = itself.questions("com");
        public.sort();
        assert_eq!(public, ["com", "net", "shop.org"]);
        let mut private = itself.questions("internal");
        private.sort();
        assert_eq!(private, ["corp.test", "internal", "lan"]);
    }

    #[test]
    fn who_fails_does_not_speak_for_itself() {
        for (name, zone, shares) in [
            ("www.shop.org", "shop.org", true),
            ("shop.org", "cdn.shop.org", true),
            ("www.shop.org", "org", false),
            ("www.shop.org", "other.org", false),
            ("db", "lan", false),
        ] {
            assert_eq!(shares_a_zone(name, zone), shares, "{name} {zone}");
        }
    }

    #[test]
    fn what_is_known_is_bounded() {
        let itself = Itself::default();
        for number in 0..200 {
            itself.note(&Name::from_ascii(format!("www.shop{number}.org.")).expect("a name"));
        }
        assert_eq!(itself.known.lock().expect("nobody else has it").len(), MOST_KNOWN);
        assert!(itself.questions("org").len() <= MOST_ASKED + 1);
    }
}

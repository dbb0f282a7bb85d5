//! Decides whether the resolver or the name is at fault: a resolver that answers no other query either is
//! this host's own problem. A resolver without upstream keeps answering from its cache, so each query gets a
//! unique label that no cache contains.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use hickory_resolver::proto::rr::{Name, RecordType};
use tokio::sync::Mutex as Turns;
use tokio::time::{Instant, timeout};

use super::servers::{self, SilentServers};
use super::settings::Settings;

/// Time limit of a test.
const ANSWER: Duration = Duration::from_secs(3);
/// Time per server before the next one is asked, too.
const SERVER_TIMEOUT: Duration = Duration::from_millis(800);
/// How long a recovered resolver may repeat a cached failure (BIND's `servfail-ttl` is at most 30 s,
/// Unbound's 5 s).
const KEPT_FAILURE: Duration = Duration::from_secs(30);
/// A test result that is older says nothing about the present.
const RECENT: Duration = Duration::from_secs(60);
/// Maximum number of zones of other checks asked per test.
const MAX_ZONES_ASKED: usize = 4;
/// Maximum number of zones remembered.
const MAX_ZONES_KNOWN: usize = 64;
/// A private resolver may answer for names below these, so they say nothing about its upstream, and vice
/// versa.
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
pub(super) struct ResolverTest {
    /// Zones that resolved, and when.
    known: Mutex<HashMap<String, Instant>>,
    /// By the top-level domain of the failed name.
    tests: Mutex<HashMap<String, Arc<Turns<Test>>>>,
}

#[derive(Debug, Default)]
struct Test {
    ended: Option<Instant>,
    /// The zones that resolved.
    answered: Vec<String>,
    /// When the resolver was last known to fail.
    failing: Option<Instant>,
}

impl ResolverTest {
    /// Records that the resolver knew this name.
    pub(super) fn note(&self, name: &Name) {
        let Some(zone) = zone_of(&text(name)) else { return };
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(zone, Instant::now());
        if known.len() > MAX_ZONES_KNOWN
            && let Some(oldest) = known.iter().min_by_key(|(_, at)| **at).map(|(zone, _)| zone.clone())
        {
            known.remove(&oldest);
        }
    }

    /// Whether the resolver was at fault in a run that started at `started` and could not resolve `name`.
    pub(super) async fn failed(
        &self,
        settings: &Settings,
        silent_servers: &SilentServers,
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
            let of_late = test.ended.is_some_and(|ended| asked.duration_since(ended) < RECENT);
            let was_failing = of_late && test.answered.is_empty();
            test.answered = answered(settings, silent_servers, self.questions(&top)).await;
            let now = Instant::now();
            test.ended = Some(now);
            // If it answers again now, it failed until some moment since the previous test.
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

    /// The zones to ask for when a name below `top` failed: `top` itself, and zones below it that resolved
    /// recently for other names.
    fn questions(&self, top: &str) -> Vec<String> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let mut others: Vec<(&String, &Instant)> =
            known.iter().filter(|(zone, _)| is_private(zone) == is_private(top) && *zone != top).collect();
        others.sort_by_key(|(_, at)| std::cmp::Reverse(**at));
        let others = others.into_iter().map(|(zone, _)| zone.clone());
        // Two names of one registered domain test the same servers.
        let mut chosen = vec![top.to_owned()];
        for zone in others {
            if chosen.len() <= MAX_ZONES_ASKED && !chosen.iter().any(|other| shares_a_zone(&zone, other)) {
                chosen.push(zone);
            }
        }
        chosen
    }
}

/// Which of these zones resolve; after the first answer the others have little time left.
async fn answered(settings: &Settings, silent_servers: &SilentServers, zones: Vec<String>) -> Vec<String> {
    let mut asked: FuturesUnordered<_> = zones
        .into_iter()
        .filter_map(|zone| Some((Name::from_ascii(format!("{}.{zone}.", fresh_label()?)).ok()?, zone)))
        .map(|(name, zone)| async move {
            let answer = servers::ask(settings, silent_servers, &name, RecordType::A, SERVER_TIMEOUT).await;
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

/// A label that is in no cache and names its sender.
fn fresh_label() -> Option<String> {
    Some(format!("skerry-self-test-{:08x}", getrandom::u32().ok()?))
}

fn text(name: &Name) -> String {
    name.to_ascii().trim_end_matches('.').to_ascii_lowercase()
}

/// The parent zone of a name, as far as the name shows it.
fn zone_of(name: &str) -> Option<String> {
    name.split_once('.').map(|(_, zone)| zone.to_owned())
}

fn is_private(name: &str) -> bool {
    let top = name.rsplit('.').next().unwrap_or_default();
    PRIVATE.contains(&top) || name == "home.arpa" || name.ends_with(".home.arpa")
}

/// The servers of `zone` may be those that fail for `name`: both end in the same two labels.
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
        let resolver_test = ResolverTest::default();
        for name in ["www.shop.org.", "a.shop.org.", "other.net.", "db.lan.", "single.", "web.corp.test."] {
            resolver_test.note(&Name::from_ascii(name).expect("a name"));
        }
        let mut public = resolver_test.questions("com");
        public.sort();
        assert_eq!(public, ["com", "net", "shop.org"]);
        let mut private = resolver_test.questions("internal");
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
        let resolver_test = ResolverTest::default();
        for number in 0..200 {
            resolver_test.note(&Name::from_ascii(format!("www.shop{number}.org.")).expect("a name"));
        }
        assert_eq!(resolver_test.known.lock().expect("nobody else has it").len(), MAX_ZONES_KNOWN);
        assert!(resolver_test.questions("org").len() <= MAX_ZONES_ASKED + 1);
    }
}

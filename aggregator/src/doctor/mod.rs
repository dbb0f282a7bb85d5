//! `doctor` of the aggregator: findings, each problem with its remedy. It checks from outside, as visitors and agents do,
//! changes nothing and shows no secret.

mod deliveries;
mod edge;
mod followers;
mod mail;

use crate::certificate::{files_of, fingerprint};
use crate::clock::{self, Standing};
use crate::config::{self, Config, Listener, Loaded, Role};
use bytes::Bytes;
use skerry_agent::delivery::fetch::{FetchError, Fetched, Fetcher};
use skerry_agent::doctor::examine_certificate;
use skerry_domain::time::{MINUTE, SECOND};
use skerry_host::doctor::{Finding, disk, kept_clock, not_there_yet, ping, private, resolves};
use skerry_host::files::former_place;
use skerry_host::secret_files;
use skerry_protocol::strict::{Problem, Unusable};
use skerry_protocol::wire::BATCH_PATH;
use skerry_protocol::words::count;
use skerry_store::{AgentEntry, Reader, StoreError, is_served};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use url::Url;

/// A skew of all agents above this, in ms, suggests that this host's clock is wrong.
const MAX_SKEW: i64 = 2 * SECOND;
/// The aggregator's time may differ this much from the wall clock, in ms.
const MAX_CLOCK_DIFFERENCE: i64 = 10 * SECOND;
/// Only agents that delivered within this time, in ms, count for the clock.
const RECENT: i64 = 10 * MINUTE;
const RESTART: &str = "Restart the aggregator; its log says what it listens on";
/// Free bytes below which there is a problem, whatever the database's size.
const MIN_FREE: u64 = 64 << 20;

/// Examines everything that an aggregator with these configuration files needs.
pub async fn examine(paths: &[PathBuf]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let configs = match config::load(paths) {
        Ok(Loaded { configs, warnings }) => {
            findings.extend(warnings.iter().map(warning));
            let pages: usize = configs.iter().map(|config| config.pages.len()).sum();
            findings.push(Finding::ok(
                "configuration",
                format!("{}, {}", count(paths.len(), "file"), count(pages, "page")),
            ));
            configs
        }
        Err(Unusable { problems, warnings }) => {
            let remedy = "Correct the file; skerry-aggregator check-config says all of it again";
            let wrong = problems.0.iter();
            findings.extend(wrong.map(|one| Finding::problem("configuration", one.to_string(), remedy)));
            findings.extend(warnings.iter().map(warning));
            return findings;
        }
    };
    let Some(process) = configs.first() else { return findings };
    findings.extend(paths.iter().filter_map(|path| private("permissions", path, 0o022)));
    let pings = |config: &Config| config.local_checks().any(|check| check.kind.name() == "ping");
    findings.push(ping(configs.iter().any(pings)));
    findings.push(kept_clock().await);
    let (store, has_mail) = (process.store.clone(), process.mail.is_some());
    let stored = tokio::task::spawn_blocking(move || examine_store(&store, has_mail)).await;
    findings.extend(stored.unwrap_or_default());
    findings.extend(resolves(std::iter::once(&process.public.base_url)).await);
    if let Some(settings) = &process.mail {
        findings.extend(mail::examine_transport(settings).await);
    }
    if !is_served(&process.store.path) {
        let says = "no aggregator serves from this database: its listeners and pages were not asked";
        findings.push(Finding::problem(
            "listener",
            says,
            "Start it, and see its log where it ends by itself",
        ));
        return findings;
    }
    for listener in &process.listeners {
        findings.extend(examine_listener(listener, process).await);
    }
    if let Some(settings) = &process.mail {
        findings.extend(mail::examine_bounces(&settings.bounces).await);
    }
    findings.extend(edge::examine(&configs).await);
    findings
}

fn warning(problem: &Problem) -> Finding {
    Finding::warning("configuration", problem.to_string(), "skerry-aggregator check-config shows it, too")
}

/// Examines disk, permissions and integrity, compares this host's clock with the agents' clocks, and looks at what is sent to
/// subscribers; `has_mail`: mails can be sent.
fn examine_store(store: &config::Store, has_mail: bool) -> Vec<Finding> {
    let path = &*store.path;
    let size = path.metadata().map_or(0, |database| database.len());
    // The backup before a migration needs the same space again.
    let mut findings = vec![disk("disk", path, (MIN_FREE, MIN_FREE.max(size) * 2))];
    if !path.exists() {
        findings.push(examine_absence(store));
        return findings;
    }
    findings.extend(private("permissions", path, 0o077));
    let remedy = "Do what it says; skerry-aggregator restore FILE puts a backup back";
    let store = match Reader::open(path).and_then(|store| store.check_all().map(|()| store)) {
        Ok(store) => store,
        Err(error @ StoreError::Older { .. }) => {
            findings.push(Finding::warning("database", error.to_string(), "Restart the aggregator"));
            return findings;
        }
        Err(error) => {
            findings.push(Finding::problem("database", error.to_string(), remedy));
            return findings;
        }
    };
    findings.push(Finding::ok("database", format!("{} is sound, {} MiB", path.display(), size >> 20)));
    findings.extend(store.time().ok().and_then(|ours| judge_wall(clock::wall() - ours)));
    match store.agents() {
        Ok(agents) => findings.extend(store.time().ok().and_then(|now| judge_clock(&agents, now))),
        Err(error) => findings.push(Finding::problem("database", error.to_string(), remedy)),
    }
    match deliveries::examine(&store, has_mail) {
        Ok(seen) => findings.extend(seen),
        Err(error) => findings.push(Finding::problem("database", error.to_string(), remedy)),
    }
    findings
}

/// There is no database yet, or none at the configured path.
fn examine_absence(store: &config::Store) -> Finding {
    let former = store.written.as_ref().and_then(|written| former_place(&store.path, written));
    if let Some(former) = former {
        let path = store.path.clone();
        let error = StoreError::Elsewhere { path, former };
        return Finding::problem("database", error.to_string(), "Do what it says, then start the aggregator");
    }
    not_there_yet("database", &store.path, "it is made when the aggregator starts")
}

/// Judges the difference of the wall clock from the aggregator's time, which does not follow an unconfirmed step.
fn judge_wall(difference: i64) -> Option<Finding> {
    let apart = Some(difference).filter(|apart| apart.abs() > MAX_CLOCK_DIFFERENCE);
    let words = Standing { sure: true, unsure_ms: 0, apart }.words()?;
    Some(Finding::problem(
        "clock",
        words,
        "timedatectl set-ntp true, or chrony; then look again in a few minutes",
    ))
}

/// If the clocks of all recent agents differ in the same direction, this host's clock is probably wrong.
fn judge_clock(agents: &[AgentEntry], now: skerry_domain::time::Timestamp) -> Option<Finding> {
    let recent = agents.iter().filter_map(|agent| agent.last.as_ref()).filter(|last| now - last.at < RECENT);
    let skews: Vec<i64> = recent.map(|last| last.skew).collect();
    let least = skews.iter().map(|skew| skew.abs()).min()?;
    let same_direction = skews.iter().all(|skew| *skew > 0) || skews.iter().all(|skew| *skew < 0);
    if skews.len() < 2 || least <= MAX_SKEW || !same_direction {
        let agents = count(skews.len(), "agent");
        let says = format!("no sign that this host's clock is wrong ({agents} delivered recently)");
        return Some(Finding::ok("clock", says));
    }
    let direction = if skews[0] > 0 { "behind" } else { "ahead of" };
    Some(Finding::warning(
        "clock",
        format!("this host's clock is {direction} those of all agents, by {} s and more", least / SECOND),
        "Set it by NTP (timedatectl set-ntp true, or chrony)",
    ))
}

/// Requests from a listener what it serves.
async fn examine_listener(listener: &Listener, process: &Config) -> Vec<Finding> {
    let (address, database) = (listener.address, &process.store.path);
    if address.port() == 0 {
        let says = format!("{address}: any free port, which is not known here");
        return vec![Finding::ok("listener", says)];
    }
    let files = files_of(listener, database);
    let pin = match files.as_ref().map(|files| fingerprint(&files.certificate)).transpose() {
        Ok(pin) => pin,
        Err(error) => {
            let remedy = "Correct tls under that [[listen]], or put the file back and restart the aggregator";
            return vec![Finding::problem("certificate", format!("{address}: {error:#}"), remedy)];
        }
    };
    let scheme = if pin.is_some() { "https" } else { "http" };
    let base = format!("{scheme}://{}/", from_here(address));
    let asked = async {
        let base = Url::parse(&base).map_err(|error| FetchError::Unreachable(error.to_string()))?;
        let fetcher =
            Fetcher::new(None, pin).map_err(|error| FetchError::Unreachable(format!("{error:#}")))?;
        ask((listener, process.metrics_token_file.as_deref()), &fetcher, &base).await
    };
    asked.await.unwrap_or_else(|fetch_error| {
        vec![judge_fetch_error(
            &address.to_string(),
            files.as_ref().map(|files| &*files.certificate),
            fetch_error,
        )]
    })
}

/// Where this host reaches its own listener.
fn from_here(address: SocketAddr) -> SocketAddr {
    let host = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(host, address.port())
}

/// The finding for a listener that did not answer; `certificate` is the file that it should use.
fn judge_fetch_error(address: &str, certificate: Option<&Path>, fetch_error: FetchError) -> Finding {
    match (fetch_error, certificate) {
        (FetchError::Untrusted(untrusted), Some(file)) if untrusted.pin_mismatch => Finding::problem(
            "certificate",
            format!("{address} shows another certificate than the one in {}", file.display()),
            "Restart the aggregator, which reads its certificates when it starts; where that was done, another \
             program listens there",
        ),
        (FetchError::Untrusted(untrusted), _) => Finding::problem("listener", untrusted.wrong, RESTART),
        (FetchError::Unreachable(why), _) => {
            Finding::problem("listener", format!("{address} cannot be reached: {why}"), RESTART)
        }
    }
}

async fn ask(
    (listener, metrics_token): (&Listener, Option<&Path>),
    fetcher: &Fetcher,
    base: &Url,
) -> Result<Vec<Finding>, FetchError> {
    let address = listener.address;
    let at = |path: &str| base.join(path).map_err(|error| FetchError::Unreachable(error.to_string()));
    let serves = |role| listener.serves.contains(&role);
    let mut findings = Vec::new();
    let mut seen = fetcher.get(&at("/")?, &[]).await?;
    let other = |what: &str| {
        let says = format!("{address}: something else answers there, which does not know {what}");
        Finding::problem(
            "listener",
            says,
            "Stop the other program, or choose another address under [[listen]]",
        )
    };
    if serves(Role::Admin) {
        seen = fetcher.get(&at("/readyz")?, &[]).await?;
        findings.extend(judge_readiness(&seen).unwrap_or_else(|| vec![other("/readyz")]));
        let token = metrics_token.and_then(|file| secret_files::token(file).ok());
        let bearer = token.map(|token| format!("Bearer {}", String::from_utf8_lossy(&token)));
        let fields: Vec<_> = bearer.iter().map(|bearer| ("authorization", bearer.as_str())).collect();
        findings.extend(followers::judge(&fetcher.get(&at("/metrics")?, &fields).await?));
    }
    if serves(Role::Agents) {
        seen = fetcher.post(&at(BATCH_PATH)?, &[("content-encoding", "zstd")], Bytes::new()).await?;
        if seen.status != 401 {
            findings.push(other(BATCH_PATH));
        }
    }
    if findings.is_empty() {
        findings.push(Finding::ok("listener", format!("{address} answers")));
    }
    let own = listener.tls.is_none();
    findings.extend(seen.certificate.map(|shown| examine_certificate(&address.to_string(), shown, own)));
    Ok(findings)
}

/// Returns `None` if the response is not from an aggregator.
fn judge_readiness(fetched: &Fetched) -> Option<Vec<Finding>> {
    let body: serde_json::Value = serde_json::from_slice(&fetched.body).ok()?;
    let reasons = body["reasons"].as_array()?.iter().filter_map(|reason| reason.as_str());
    let remedy = "Look at skerry-aggregator agent list and the log";
    Some(reasons.map(|reason| Finding::problem("readiness", reason, remedy)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use skerry_domain::credentials::Standing;
    use skerry_domain::time::Timestamp;
    use skerry_host::doctor::Level;
    use skerry_store::LastBatch;

    fn agent(at: Timestamp, skew: i64) -> AgentEntry {
        let last = LastBatch {
            at,
            skew,
            version: String::new(),
            depth: 0,
            oldest_ms: 0,
            set_aside: 0,
            lateness_ms: 0,
            own_network_gone: false,
        };
        AgentEntry {
            workspace: "default".into(),
            name: "web".into(),
            location: "fra".into(),
            standing: Standing::Active,
            credential: true,
            token_until: None,
            cloned_at: None,
            last: Some(last),
            lost_records: 0,
            losses: 0,
            last_loss: None,
            limit: None,
            conflicts: Vec::new(),
            held: Vec::new(),
            joined: Vec::new(),
            silent: Vec::new(),
            excluded: Vec::new(),
        }
    }

    #[test]
    fn the_hosts_clock_is_doubted_if_all_agents_differ_in_the_same_direction() {
        let now = Timestamp(100 * MINUTE);
        let judge = |skews: &[i64]| {
            let agents: Vec<_> = skews.iter().map(|skew| agent(now, *skew)).collect();
            judge_clock(&agents, now)
        };
        assert_eq!(judge(&[]), None);
        assert_eq!(judge(&[90_000]).expect("said").level, Level::Ok, "one may be wrong itself");
        assert_eq!(judge(&[90_000, 100]).expect("said").level, Level::Ok);
        assert_eq!(judge(&[90_000, -90_000]).expect("said").level, Level::Ok);
        let behind = judge(&[90_000, 91_000]).expect("said");
        assert!(behind.level == Level::Warning && behind.says.contains("behind"), "{}", behind.says);
        assert!(
            judge(&[-9_000, -8_000]).expect("said").says.contains("ahead of those of all agents, by 8 s")
        );
        let silent = [agent(now - RECENT, 90_000), agent(now - RECENT, 90_000)];
        assert_eq!(judge_clock(&silent, now), None, "they delivered too long ago");
    }

    #[test]
    fn the_reasons_of_an_unready_aggregator_are_reported() {
        let fetched = |body: &'static str| {
            let (headers, body) = (Default::default(), Bytes::from_static(body.as_bytes()));
            Fetched { status: 503, headers, body, certificate: None }
        };
        assert_eq!(judge_readiness(&fetched("<html>")), None, "somebody else");
        assert_eq!(judge_readiness(&fetched("{\"ready\":true,\"reasons\":[]}")), Some(Vec::new()));
        let said =
            judge_readiness(&fetched("{\"ready\":false,\"reasons\":[\"No fresh one.\"]}")).expect("ours");
        assert!(said[0].level == Level::Problem && said[0].says == "No fresh one.");
    }

    #[test]
    fn a_damaged_database_is_a_problem_and_a_missing_one_is_not() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("skerry.db");
        let store = config::Store {
            path: path.clone(),
            written: None,
            raw_retention: std::time::Duration::from_secs(3_600),
        };
        let of = |topic: &str| {
            let findings = examine_store(&store, true).into_iter();
            findings.filter(|finding| finding.topic == topic).collect::<Vec<_>>()
        };
        assert!(of("database")[0].level == Level::Ok && !path.exists());
        drop(skerry_store::Store::open(&path).expect("made"));
        assert!(of("database")[0].says.contains("is sound"));
        assert!(of("permissions").is_empty());
        std::fs::write(&path, "nonsense ".repeat(1_000)).expect("written");
        let damaged = of("database").remove(0);
        assert!(damaged.level == Level::Problem && damaged.says.contains("damaged"), "{}", damaged.says);
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o644)).expect("changed");
        assert!(of("permissions")[0].says.contains("can be read"));
    }
}

//! `doctor` of the agent: what is well and what is not, each finding with its remedy.

mod aggregator;

pub use aggregator::examine_certificate;

use crate::clock::Clock;
use crate::config::{self, AgentConfig};
use crate::enrolment::HOW_TO_ENROL;
use crate::self_test::{SelfTest, is_on_this_host};
use crate::spool::{self, Limits, inspect};
use skerry_host::doctor::{Finding, disk, kept_clock, not_there_yet, ping, private, resolves};
use skerry_protocol::check::{Check, IpVersion, Kind};
use skerry_protocol::strict::{Problem, Unusable};
use skerry_protocol::words::count;
use std::net::SocketAddr;
use std::path::Path;

/// Looks at everything that the agent with the configuration at `path` needs.
pub async fn examine(path: &Path) -> Vec<Finding> {
    let mut findings = Vec::new();
    let Some((config, enrolled)) = read(path, &mut findings) else { return findings };
    findings.extend(private("permissions", path, 0o022));
    findings.push(ping(config.checks.iter().any(|check| check.kind.name() == "ping")));
    findings.push(kept_clock().await);
    findings.push(match SelfTest::new(config.self_test.clone()).test().await {
        None => Finding::ok("network", "this host's network is up"),
        Some(fault) => Finding::problem(
            "network",
            format!("this host's network is down: {}", fault.description()),
            "Repair the network; until then checks of other hosts are inconclusive",
        ),
    });
    findings.extend(references(&config.checks, &config.self_test.references));
    if enrolled {
        findings.extend(resolves(config.uplink.urls.iter()).await);
        findings.extend(aggregator::examine(&config.uplink).await);
    }
    findings.extend(spool(&config));
    findings
}

/// Whether references cover the address families that checks use. A target with both families falls back to
/// the other one; one that is checked over IPv6 alone fails with our own IPv6.
fn references(checks: &[Check], references: &[SocketAddr]) -> Option<Finding> {
    if !checks.iter().any(|check| !is_on_this_host(check)) {
        return None;
    }
    if references.is_empty() {
        return Some(Finding::warning(
            "network",
            "no reference target is named: an outage beyond the gateway is taken for one of every target",
            "Name some that have nothing to do with what is watched, such as references = [\"1.1.1.1:443\", \
             \"9.9.9.9:53\"] under [self_test]; over IPv6 too where checks use it",
        ));
    }
    let lacks = |family: IpVersion| !references.iter().any(|one| one.is_ipv6() == (family == IpVersion::V6));
    let (family, example) = [(IpVersion::V6, "[2606:4700:4700::1111]:443"), (IpVersion::V4, "1.1.1.1:443")]
        .into_iter()
        .find(|(family, _)| lacks(*family) && checks.iter().any(|check| asks_only(check, *family)))?;
    let asking = checks.iter().filter(|check| asks_only(check, family)).map(|check| check.name.as_str());
    let (family, asking) = (family.name(), asking.collect::<Vec<_>>().join(", "));
    Some(Finding::warning(
        "network",
        format!(
            "no reference target is named over IPv{family}, which alone these checks use: {asking}. An IPv{family} \
             outage beyond the gateway is taken for one of their targets"
        ),
        format!("Add one that has nothing to do with what is watched, such as \"{example}\", to references"),
    ))
}

/// Whether the check targets another host over this address family alone.
fn asks_only(check: &Check, family: IpVersion) -> bool {
    let by_address = match check.kind.target() {
        Some(url::Host::Ipv4(_)) => IpVersion::V4,
        Some(url::Host::Ipv6(_)) => IpVersion::V6,
        _ => match &check.kind {
            Kind::Http(http) => http.ip,
            Kind::Ping(ping) => ping.ip,
            Kind::Tcp(tcp) => tcp.ip,
            Kind::Tls(tls) => tls.ip,
            Kind::Dns(dns) => dns.ip,
            Kind::Exec(_) | Kind::Heartbeat(_) => IpVersion::Any,
        },
    };
    !is_on_this_host(check) && by_address == family
}

fn doubtful(doubt: &Problem) -> Finding {
    Finding::warning("configuration", doubt.to_string(), "skerry-agent check-config shows it too")
}

/// Reads the configuration and whether the agent is enrolled; until then its name and address are
/// placeholders. `None`: it is unusable; `findings` says why.
fn read(path: &Path, findings: &mut Vec<Finding>) -> Option<(AgentConfig, bool)> {
    let loaded = config::load(path).map(|loaded| (loaded, true));
    let waits = |problems| config::awaiting_enrolment(path).map(|loaded| (loaded, false)).ok_or(problems);
    let (loaded, enrolled) = match loaded.or_else(waits) {
        Ok(read) => read,
        Err(Unusable { problems, warnings }) => {
            let remedy = "Correct the file; skerry-agent check-config says all of it again";
            let wrong = problems.0.iter();
            findings.extend(wrong.map(|one| Finding::problem("configuration", one.to_string(), remedy)));
            findings.extend(warnings.iter().map(doubtful));
            return None;
        }
    };
    findings.extend(loaded.warnings.iter().map(doubtful));
    let says = format!("{}: {}", path.display(), count(loaded.config.checks.len(), "check"));
    findings.push(Finding::ok("configuration", says));
    if !enrolled {
        let says = "this agent is not enrolled yet and runs no checks until then";
        findings.push(Finding::problem("enrolment", says, HOW_TO_ENROL));
    }
    Some((loaded.config, enrolled))
}

/// The spool: its disk, its permissions and its integrity.
fn spool(config: &AgentConfig) -> Vec<Finding> {
    let path = &config.agent.spool;
    let limits = Limits::default();
    let needed = (limits.reserve_bytes, limits.reserve_bytes + limits.max_bytes);
    let mut findings = vec![disk("disk", path, needed)];
    if !path.exists() {
        findings.push(not_there_yet("spool", path, "the agent makes it when it starts"));
        return findings;
    }
    findings.extend(private("permissions", path, 0o077));
    let remedy = "The agent sets a damaged spool aside when it starts, keeps what can be read and reports the loss: \
                  restart it, and look at the disk";
    let peeked = spool::check(path).and_then(|()| Clock::open().and_then(|clock| inspect(path, clock)));
    findings.push(match peeked {
        Ok(peek) => {
            let waiting = match peek.status.depth {
                0 => "nothing waits in it".to_owned(),
                depth => {
                    let seconds = peek.status.oldest_ms / 1_000;
                    format!("waiting: {}, the oldest for {seconds} s", count(depth, "record"))
                }
            };
            Finding::ok("spool", format!("{} is sound; {waiting}", path.display()))
        }
        Err(error) => Finding::problem("spool", format!("{error:#}"), remedy),
    });
    findings
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;

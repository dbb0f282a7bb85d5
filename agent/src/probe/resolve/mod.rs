//! Resolves names as this host does: `/etc/hosts`, `localhost`, then the system's name servers with the
//! search domains of `/etc/resolv.conf`.
//!
//! Nothing is cached and no two lookups share a query, so every run measures a real lookup and sees a changed
//! record at once. Changed files are read within [`REREAD`].

mod resolver_test;
mod servers;
mod settings;

use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use arc_swap::ArcSwap;
use hickory_resolver::proto::op::{Message, ResponseCode};
use hickory_resolver::proto::rr::{Name, RData, RecordType};
use skerry_protocol::check::IpVersion;
use skerry_protocol::wire::Reason;
use tokio::time::timeout;
use url::Host;

use super::fault::Fault;
use super::run::{Run, Stage, add};
use resolver_test::ResolverTest;
use servers::{Failure, SilentServers};
use settings::{Settings, addresses_in};

/// Maximum number of addresses tried per name.
pub(super) const MAX_ADDRESSES: usize = 16;
/// Minimum time between checks of the system's files.
const REREAD: Duration = Duration::from_secs(5);
/// How long to wait for the addresses of the other family (the resolution delay of RFC 8305).
const OTHER_FAMILY: Duration = Duration::from_millis(250);
/// Maximum length of an alias chain.
const MAX_CHAIN: usize = 16;
const FILES: [&str; 2] = ["/etc/resolv.conf", "/etc/hosts"];

/// The resolver that all probes share.
pub(super) struct Resolver {
    system: ArcSwap<System>,
    seen: Mutex<Seen>,
    silent_servers: SilentServers,
    resolver_test: ResolverTest,
}

/// The content of the files.
struct System {
    settings: Settings,
    hosts: String,
}

struct Seen {
    at: Instant,
    modified: [Option<SystemTime>; 2],
}

/// The result of a lookup.
enum Answer {
    /// Never empty.
    Addresses(Vec<IpAddr>),
    /// The name exists and has no address.
    NoAddress,
    NoSuchName,
}

impl Resolver {
    pub(super) fn from_system() -> Self {
        let modified = modified();
        Self {
            system: ArcSwap::from_pointee(System::read()),
            seen: Mutex::new(Seen { at: Instant::now(), modified }),
            silent_servers: SilentServers::default(),
            resolver_test: ResolverTest::default(),
        }
    }

    /// Addresses of `host`, a name or an address. Looking up a name is a phase of `run`.
    pub(super) async fn host(
        &self,
        host: &Host<impl AsRef<str>>,
        ip: IpVersion,
        run: &mut Run,
    ) -> Result<Vec<IpAddr>, Fault> {
        let literal = match host {
            Host::Ipv4(address) => IpAddr::V4(*address),
            Host::Ipv6(address) => IpAddr::V6(*address),
            Host::Domain(name) => {
                run.stage = Stage::DNS;
                let start = tokio::time::Instant::now();
                let addresses = self.addresses(name.as_ref(), ip, run).await?;
                add(&mut run.phases.dns_us, start.elapsed());
                return Ok(addresses);
            }
        };
        if is_of(literal, ip) {
            return Ok(vec![literal]);
        }
        let detail = format!("{literal} is not of the IP version the check asks for");
        Err(Fault::down(Reason::DnsNotFound, detail))
    }

    /// Addresses of `name` in the resolver's order, one to [`MAX_ADDRESSES`].
    async fn addresses(&self, name: &str, ip: IpVersion, run: &mut Run) -> Result<Vec<IpAddr>, Fault> {
        self.reread_when_changed();
        let system = self.system.load_full();
        let mut addresses = addresses_in(&system.hosts, name, ip);
        if addresses.is_empty() {
            addresses = self.look_up(&system.settings, name, ip, run).await?;
        }
        run.asked.unresolved = None;
        addresses.truncate(MAX_ADDRESSES);
        Ok(addresses)
    }

    /// Queries each candidate for `name` until one has an address.
    async fn look_up(
        &self,
        settings: &Settings,
        name: &str,
        ip: IpVersion,
        run: &mut Run,
    ) -> Result<Vec<IpAddr>, Fault> {
        let (mut settled, mut is_there, mut failure) = (false, false, None);
        for candidate in settings.candidates(name) {
            if failure.is_none() {
                run.asked.unresolved = Some(candidate.name.to_ascii());
            }
            // All servers get their turn before the time of the run is over.
            let server_timeout = run.left() / (settings.servers.len() as u32 + 1);
            let server_timeout = server_timeout.min(settings.timeout);
            match self.of_families(settings, &candidate.name, ip, server_timeout).await {
                Ok(Answer::Addresses(addresses)) => {
                    self.resolver_test.note(&candidate.name);
                    return Ok(addresses);
                }
                Ok(answer) => {
                    settled |= candidate.settles;
                    is_there |= matches!(answer, Answer::NoAddress);
                }
                Err(Failure::Own(fault)) => return Err(fault),
                // A server that does not answer now will not answer for the next candidate either.
                Err(Failure::Silent) => {
                    failure.get_or_insert_with(|| "the resolver does not answer".to_owned());
                    break;
                }
                Err(Failure::Said(words)) => drop(failure.get_or_insert(words)),
            }
        }
        match failure.filter(|_| !settled) {
            Some(words) => Err(Fault::down(Reason::DnsFailed, format!("{name}: {words}"))),
            None if is_there => Err(Fault::down(Reason::DnsNotFound, format!("{name} has no address"))),
            None => Err(Fault::down(Reason::DnsNotFound, format!("{name} does not exist"))),
        }
    }

    /// Looks up `name` in the wanted families.
    async fn of_families(
        &self,
        settings: &Settings,
        name: &Name,
        ip: IpVersion,
        server_timeout: Duration,
    ) -> Result<Answer, Failure> {
        let ask = async |record| {
            let message = servers::ask(settings, &self.silent_servers, name, record, server_timeout).await?;
            Ok(read(&message, name, record))
        };
        let (mut four, mut six) = match ip {
            IpVersion::V4 => return ask(RecordType::A).await,
            IpVersion::V6 => return ask(RecordType::AAAA).await,
            IpVersion::Any => (pin!(ask(RecordType::A)), pin!(ask(RecordType::AAAA))),
        };
        let (four, six) = tokio::select! {
            four = &mut four => {
                let six = if has_addresses(&four) { timeout(OTHER_FAMILY, six).await.ok() } else { Some(six.await) };
                (Some(four), six)
            }
            six = &mut six => {
                let four = if has_addresses(&six) { timeout(OTHER_FAMILY, four).await.ok() } else { Some(four.await) };
                (four, Some(six))
            }
        };
        both(four, six)
    }

    /// Whether this host's own resolver was at fault in a run that started at `started` and could not resolve
    /// `name`: it answers no other query either, or did not until now.
    pub(super) async fn failed(&self, name: &str, started: tokio::time::Instant) -> bool {
        let system = self.system.load_full();
        self.resolver_test.failed(&system.settings, &self.silent_servers, name, started).await
    }

    /// The system's first name server of this IP version.
    pub(super) fn name_server(&self, ip: IpVersion) -> Option<SocketAddr> {
        self.reread_when_changed();
        let system = self.system.load();
        system.settings.servers.iter().find(|server| is_of(server.ip(), ip)).copied()
    }

    fn reread_when_changed(&self) {
        {
            let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
            if seen.at.elapsed() < REREAD {
                return;
            }
            seen.at = Instant::now();
            let now = modified();
            if now == seen.modified {
                return;
            }
            seen.modified = now;
        }
        self.system.store(Arc::new(System::read()));
    }
}

impl System {
    fn read() -> Self {
        let [settings, hosts] = FILES.map(|file| match std::fs::read(file) {
            Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            Err(error) => {
                tracing::warn!(%error, "{file} cannot be read and is taken for empty");
                String::new()
            }
        });
        let link = |name: &str| {
            let number = std::fs::read_to_string(Path::new("/sys/class/net").join(name).join("ifindex"));
            number.ok()?.trim().parse().ok()
        };
        Self { settings: Settings::parse(&settings, link), hosts }
    }
}

fn has_addresses(answer: &Result<Answer, Failure>) -> bool {
    matches!(answer, Ok(Answer::Addresses(_)))
}

/// Combines the results of both families; `None` is one that came too late.
fn both(
    four: Option<Result<Answer, Failure>>,
    six: Option<Result<Answer, Failure>>,
) -> Result<Answer, Failure> {
    let (mut addresses, mut failure, mut is_there) = (Vec::new(), None, false);
    for answer in [four, six].into_iter().flatten() {
        match answer {
            Ok(Answer::Addresses(found)) => addresses.extend(found),
            Ok(Answer::NoAddress) => is_there = true,
            Ok(Answer::NoSuchName) => {}
            Err(error) => drop(failure.get_or_insert(error)),
        }
    }
    match failure {
        _ if !addresses.is_empty() => Ok(Answer::Addresses(addresses)),
        Some(failure) => Err(failure),
        None if is_there => Ok(Answer::NoAddress),
        None => Ok(Answer::NoSuchName),
    }
}

/// The addresses at the end of the alias chain of `name`.
fn read(message: &Message, name: &Name, record: RecordType) -> Answer {
    let mut owner = name;
    for _ in 0..MAX_CHAIN {
        let alias = message.answers.iter().find_map(|wire| match &wire.data {
            RData::CNAME(target) if wire.name == *owner => Some(&target.0),
            _ => None,
        });
        let Some(target) = alias else { break };
        owner = target;
    }
    let mut addresses = Vec::new();
    for wire in message.answers.iter().filter(|wire| wire.name == *owner) {
        let address = match (&wire.data, record) {
            (RData::A(address), RecordType::A) => IpAddr::V4(address.0),
            (RData::AAAA(address), RecordType::AAAA) => IpAddr::V6(address.0),
            _ => continue,
        };
        if !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    match message.metadata.response_code {
        _ if !addresses.is_empty() => Answer::Addresses(addresses),
        ResponseCode::NXDomain => Answer::NoSuchName,
        _ => Answer::NoAddress,
    }
}

fn is_of(address: IpAddr, ip: IpVersion) -> bool {
    match ip {
        IpVersion::Any => true,
        IpVersion::V4 => address.is_ipv4(),
        IpVersion::V6 => address.is_ipv6(),
    }
}

fn modified() -> [Option<SystemTime>; 2] {
    FILES.map(|file| Path::new(file).metadata().and_then(|metadata| metadata.modified()).ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    #[tokio::test]
    async fn localhost_needs_no_name_server() {
        let resolver = Resolver::from_system();
        let mut run = Run::start(tokio::time::Instant::now() + Duration::from_secs(5));
        let any =
            resolver.addresses("localhost", IpVersion::Any, &mut run).await.expect("localhost resolves");
        assert!(!any.is_empty() && any.iter().all(IpAddr::is_loopback), "{any:?}");
        let v4 = resolver.addresses("localhost", IpVersion::V4, &mut run).await.expect("localhost resolves");
        assert_eq!(v4, [IpAddr::V4(Ipv4Addr::LOCALHOST)]);
    }
}

//! Names to addresses, by hickory: `/etc/hosts`, `localhost`, then the system's name servers.
//!
//! Nothing is cached, so that each run measures a true lookup and sees a changed record at once. Identical
//! queries in flight at the same moment are merged by hickory: two checks of one name that run at the very
//! same time share an answer, and its time. A change of `/etc/resolv.conf` or `/etc/hosts` is taken over
//! within [`REREAD`].

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use arc_swap::ArcSwap;
use hickory_resolver::TokioResolver;
use hickory_resolver::config::{LookupIpStrategy, NameServerConfig, ResolverConfig, ResolverOpts};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::net::{DnsError, NetError};
use hickory_resolver::proto::op::ResponseCode;
use skerry_protocol::check::IpVersion;
use skerry_protocol::wire::Reason;
use url::Host;

use super::fault::{Fault, is_own};
use super::run::{Doing, Run, add};

/// Most addresses of one name that are tried.
pub(super) const MAX_ADDRESSES: usize = 16;
/// How often the system's files are looked at, at most.
const REREAD: Duration = Duration::from_secs(5);
/// Most queries at once over one TCP connection to a name server.
const MAX_QUERIES: usize = 4096;
const FILES: [&str; 2] = ["/etc/resolv.conf", "/etc/hosts"];

/// The shared resolver.
pub(super) struct Resolver {
    current: ArcSwap<Strategies>,
    seen: Mutex<Seen>,
}

/// One resolver for each [`IpVersion`]: hickory fixes the families when it is built.
struct Strategies {
    /// The system's name servers, in its order.
    name_servers: Vec<SocketAddr>,
    any: TokioResolver,
    v4: TokioResolver,
    v6: TokioResolver,
}

struct Seen {
    at: Instant,
    modified: [Option<SystemTime>; 2],
}

impl Resolver {
    pub(super) fn from_system() -> anyhow::Result<Self> {
        let modified = modified();
        let strategies = Strategies::from_system()?;
        Ok(Self {
            current: ArcSwap::from_pointee(strategies),
            seen: Mutex::new(Seen { at: Instant::now(), modified }),
        })
    }

    /// Addresses of `name` in the resolver's order, one to [`MAX_ADDRESSES`] of them.
    pub(super) async fn addresses(&self, name: &str, ip: IpVersion) -> Result<Vec<IpAddr>, Fault> {
        self.reread_when_changed();
        let strategies = self.current.load_full();
        let resolver = match ip {
            IpVersion::Any => &strategies.any,
            IpVersion::V4 => &strategies.v4,
            IpVersion::V6 => &strategies.v6,
        };
        let answer = resolver.lookup_ip(name).await.map_err(|error| fault(name, &error))?;
        let mut addresses = Vec::with_capacity(2);
        for address in answer.iter() {
            if !addresses.contains(&address) {
                addresses.push(address);
            }
            if addresses.len() == MAX_ADDRESSES {
                break;
            }
        }
        if addresses.is_empty() {
            return Err(Fault::down(Reason::DnsNotFound, format!("{name} has no address")));
        }
        Ok(addresses)
    }

    /// Addresses of `host`, a name or an address already. Names are looked up as a phase of `run`.
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
                run.doing = Doing::DNS;
                let start = tokio::time::Instant::now();
                let addresses = self.addresses(name.as_ref(), ip).await?;
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

    /// The first name server of the system that is of this IP version.
    pub(super) fn name_server(&self, ip: IpVersion) -> Option<SocketAddr> {
        self.reread_when_changed();
        let strategies = self.current.load();
        strategies.name_servers.iter().find(|server| is_of(server.ip(), ip)).copied()
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
        match Strategies::from_system() {
            Ok(strategies) => self.current.store(Arc::new(strategies)),
            Err(error) => {
                tracing::warn!(%error, "the changed resolver settings cannot be used; the old ones stay");
            }
        }
    }
}

impl Strategies {
    fn from_system() -> anyhow::Result<Self> {
        let (config, options) = match hickory_resolver::system_conf::read_system_conf() {
            Ok(read) => read,
            // What resolv.conf(5) says of a missing file: the name server on this machine.
            Err(error) => {
                tracing::warn!(%error, "no usable /etc/resolv.conf: asking the name server on this machine");
                let local = NameServerConfig::udp_and_tcp(IpAddr::V4(Ipv4Addr::LOCALHOST));
                (ResolverConfig::from_name_servers(vec![local]), ResolverOpts::default())
            }
        };
        let name_servers = config.name_servers().iter();
        let name_servers = name_servers
            .filter_map(|server| Some(SocketAddr::new(server.ip, server.connections.first()?.port)))
            .collect();
        let build = |strategy: LookupIpStrategy| {
            let mut builder =
                TokioResolver::builder_with_config(config.clone(), TokioRuntimeProvider::default());
            let target = builder.options_mut();
            *target = options.clone();
            target.ip_strategy = strategy;
            target.cache_size = 0;
            target.max_active_requests = MAX_QUERIES;
            builder.build()
        };
        Ok(Self {
            name_servers,
            any: build(LookupIpStrategy::Ipv4AndIpv6)?,
            v4: build(LookupIpStrategy::Ipv4Only)?,
            v6: build(LookupIpStrategy::Ipv6Only)?,
        })
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

fn fault(name: &str, error: &NetError) -> Fault {
    match error {
        NetError::Dns(DnsError::NoRecordsFound(none)) => match none.response_code {
            ResponseCode::NXDomain => Fault::down(Reason::DnsNotFound, format!("{name} does not exist")),
            ResponseCode::NoError => Fault::down(Reason::DnsNotFound, format!("{name} has no address")),
            code => Fault::down(Reason::DnsFailed, format!("{name}: the resolver says {code}")),
        },
        NetError::Dns(error) => Fault::down(Reason::DnsFailed, format!("{name}: {error}")),
        NetError::Busy => Fault::own("too many queries at once for one name server"),
        error => match own_lack(error) {
            Some(own) => Fault::own(format!("this host cannot ask the resolver: {own}")),
            None => Fault::down(Reason::DnsFailed, format!("{name}: {error}")),
        },
    }
}

/// What we lacked to ask, if that is why there is no answer. hickory does not always hand on the error of
/// the socket it could not open, so one is opened to see.
fn own_lack(error: &NetError) -> Option<String> {
    if let NetError::Io(io) = error
        && is_own(io)
    {
        return Some(io.to_string());
    }
    let socket = std::net::UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0));
    socket.err().filter(is_own).map(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn localhost_needs_no_name_server() {
        let resolver = Resolver::from_system().expect("a resolver needs no network");
        let any = resolver.addresses("localhost", IpVersion::Any).await.expect("localhost resolves");
        assert!(any.iter().all(IpAddr::is_loopback), "{any:?}");
        let v4 = resolver.addresses("localhost", IpVersion::V4).await.expect("localhost resolves");
        assert_eq!(v4, [IpAddr::V4(Ipv4Addr::LOCALHOST)]);
    }
}

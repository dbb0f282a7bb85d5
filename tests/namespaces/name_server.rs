//! A `dns` check that names no server asks the system's first. Port 53 and `/etc/resolv.conf` belong to the
//! whole host, so the test runs its other half on a host of its own.

use std::collections::BTreeMap;
use std::process::Command;
use std::time::Duration;

use skerry_agent::probe::{Findings, Prober};
use skerry_protocol::check::{Check, Dns, DnsTransport, IpVersion, Kind, Rcode, Record, Severity};
use skerry_protocol::wire::{Outcome, Reason};
use skerry_tests::parts::dns_peer::{DnsManner, DnsPeer};
use tokio::time::Instant;

#[test]
fn without_a_server_the_systems_first_is_asked() {
    let folder = tempfile::tempdir().expect("a folder");
    let settings = folder.path().join("resolv.conf");
    std::fs::write(&settings, "nameserver 127.0.0.1\nnameserver 127.0.0.2\n").expect("written");
    let script = "ip link set lo up && mount --bind \"$0\" /etc/resolv.conf && exec \"$@\"";
    let said = Command::new("unshare")
        .args(["--net", "--mount", "sh", "-c", script])
        .arg(&settings)
        .arg(std::env::current_exe().expect("this program"))
        .args(["--ignored", "--exact", "--nocapture", "name_server::half_with_its_own_name_server"])
        .env("OWN_HOST", "yes")
        .output()
        .expect("runs");
    let said_out = String::from_utf8_lossy(&said.stdout);
    assert!(said.status.success(), "{said_out}{}", String::from_utf8_lossy(&said.stderr));
    assert!(said_out.contains("1 passed"), "{said_out}");
}

#[tokio::test]
#[ignore = "the half of another test that needs its own host"]
#[expect(clippy::disallowed_methods, reason = "what the other half tells this one")]
async fn half_with_its_own_name_server() {
    if std::env::var("OWN_HOST").is_err() {
        return;
    }
    let first = DnsPeer::start_at("127.0.0.1:53", DnsManner::Right).await;
    let second = DnsPeer::start_at("127.0.0.2:53", DnsManner::Right).await;
    let prober = Prober::new().expect("a prober");
    let observe = async |ip| {
        let check = check(ip);
        prober.observe(&check, Instant::now() + check.timeout).await
    };
    for ip in [IpVersion::Any, IpVersion::V4] {
        let seen = observe(ip).await;
        assert_eq!(seen.outcome, Outcome::Up, "{}", seen.detail);
        let Findings::Dns(dns) = seen.findings else { panic!("no answer") };
        assert_eq!(dns.server, first.address());
    }
    assert_eq!((first.seen().len(), second.seen().len()), (2, 0));
    let seen = observe(IpVersion::V6).await;
    assert_eq!((seen.outcome, seen.reason), (Outcome::Inconclusive, Reason::OwnResources));
    assert!(seen.detail.contains("no name server of the IP version"), "{}", seen.detail);
}

fn check(ip: IpVersion) -> Check {
    let dns = Dns {
        query: "www.example.test".to_owned(),
        record: Record::A,
        server: None,
        transport: DnsTransport::Udp,
        rcode: Rcode::NOERROR,
        answers: None,
        min_ttl: None,
        recursion: true,
        ip,
    };
    Check {
        name: "names".to_owned(),
        kind: Kind::Dns(Box::new(dns)),
        interval: Duration::from_secs(30),
        timeout: Duration::from_secs(5),
        retry_interval: Duration::from_secs(10),
        fall: 3,
        rise: 2,
        degraded_above: None,
        severity: Severity::High,
        labels: BTreeMap::new(),
        locations: Vec::new(),
    }
}

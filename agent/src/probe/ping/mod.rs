//! The `ping` check: a series of spaced ICMP echoes; measures loss and round trips. The latency is the mean
//! round trip. Packets do not wait for each other, and runs share their sockets.

mod echoes;
mod sockets;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use skerry_protocol::check::{Check, Ping};
use skerry_protocol::wire::{Outcome, Reason};
use tokio::time::{Instant, sleep_until, timeout_at};

use super::fault::Fault;
use super::resolve::Resolver;
use super::run::{Run, stood_still};
use super::{Findings, Observed};
use sockets::{NoEcho, Sockets};

/// Runs `ping` checks.
pub(super) struct PingProber {
    resolver: Arc<Resolver>,
    sockets: Sockets,
}

/// The packets of a run.
struct Series {
    /// In sending order; `None` is a lost packet.
    packets: Vec<Option<Duration>>,
    /// The known cause of a lost packet.
    why: Option<Fault>,
    /// When the last packet was given up at the latest.
    until: Instant,
}

impl PingProber {
    pub(super) fn new(resolver: Arc<Resolver>) -> anyhow::Result<Self> {
        Ok(Self { resolver, sockets: Sockets::new()? })
    }

    /// Why this process cannot send pings, with a remedy, in one sentence.
    pub(super) fn lack_of_permission(&self) -> Option<String> {
        self.sockets.lack_of_permission()
    }

    pub(super) async fn observe(&self, check: &Check, ping: &Ping, deadline: Instant) -> Observed {
        let mut run = Run::start(deadline);
        // The packets keep the deadline themselves: those that are back by then count.
        let ended = match timeout_at(deadline, self.resolver.host(&ping.host, ping.ip, &mut run)).await {
            Ok(Ok(addresses)) => Ok(self.run(ping, &addresses, deadline, &mut run).await),
            Ok(Err(fault)) => Ok(Err(fault)),
            Err(late) => Err(late),
        };
        run.finish(check, None, ended)
    }

    async fn run(
        &self,
        ping: &Ping,
        addresses: &[IpAddr],
        deadline: Instant,
        run: &mut Run,
    ) -> Result<(), Fault> {
        let series = self.reach(ping, addresses, deadline, run).await?;
        let echoes = echoes::sum_up(&series.packets);
        run.latency = echoes.round_trips.as_ref().map(|trips| trips.average);
        let judged = echoes::judge(ping, &echoes, series.why);
        let lost = echoes.received < echoes.sent;
        run.findings = Findings::Echoes(echoes);
        match stood_still(series.until).filter(|_| lost) {
            Some(own) => Err(own),
            None => judged,
        }
    }

    /// Pings the first address, or the first of the other family if this host has no route to it.
    async fn reach(
        &self,
        ping: &Ping,
        addresses: &[IpAddr],
        deadline: Instant,
        run: &mut Run,
    ) -> Result<Series, Fault> {
        let first = addresses.first().copied();
        let other = first
            .and_then(|first| addresses.iter().copied().find(|other| other.is_ipv4() != first.is_ipv4()));
        let mut fault = None;
        for address in first.into_iter().chain(other) {
            let ended = self.series(ping, address, deadline).await;
            match ended {
                Err(unsent) if unsent.reason == Reason::OwnNetwork => {
                    fault.get_or_insert(unsent);
                }
                ended => {
                    run.asked.addresses.push(address);
                    return ended;
                }
            }
        }
        Err(fault.unwrap_or_else(|| Fault::down(Reason::DnsNotFound, "no address to ask")))
    }

    /// Sends every packet at its time and collects the results. Fails if none could be sent.
    async fn series(&self, ping: &Ping, address: IpAddr, deadline: Instant) -> Result<Series, Fault> {
        let payload = vec![0; ping.size.into()];
        let count = ping.count as usize;
        let wait = ping.wait.unwrap_or(Ping::DEFAULT_WAIT);
        let mut due = Instant::now();
        let mut series = Series { packets: vec![None; count], why: None, until: due };
        let mut on_their_way = FuturesUnordered::new();
        let mut sent = 0;
        while sent < count || !on_their_way.is_empty() {
            if sent < count && Instant::now() >= due {
                let until = (Instant::now() + wait).min(deadline);
                let echo = self.sockets.echo(address, &payload, until);
                let number = sent;
                on_their_way.push(async move { (number, echo.await) });
                (sent, due, series.until) = (sent + 1, due + ping.spacing, until);
                continue;
            }
            tokio::select! {
                Some((number, back)) = on_their_way.next() => match back {
                    Ok(took) => series.packets[number] = Some(took),
                    Err(NoEcho::Silence) => {}
                    Err(NoEcho::Returned(fault)) => series.why = Some(fault),
                    Err(NoEcho::Unsent(fault)) => {
                        if number == 0 || fault.outcome == Outcome::Inconclusive {
                            return Err(fault);
                        }
                        series.why = Some(fault);
                    }
                },
                () = sleep_until(due), if sent < count => {}
            }
        }
        Ok(series)
    }
}

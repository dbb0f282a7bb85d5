//! The `tls` check: a full handshake, at once or after STARTTLS, and the certificates of the server.

pub(super) mod hostile;
mod starttls;

use std::sync::Arc;

pub(super) use starttls::StartTlsUpgrade;

use skerry_protocol::check::{self, Check};
use skerry_protocol::wire::Reason;
use tokio::time::Instant;

use super::fault::Fault;
use super::resolve::Resolver;
use super::run::{Run, Stage, add};
use super::tls::{Opened, Tls};
use super::{Findings, Observed, connect, tls};

const STARTTLS: Stage =
    Stage::Target(Reason::Timeout, "the server did not agree to begin TLS within the timeout");

/// Runs `tls` checks.
pub(super) struct TlsProber {
    resolver: Arc<Resolver>,
    tls: Arc<Tls>,
}

impl TlsProber {
    pub(super) fn new(resolver: Arc<Resolver>, tls: Arc<Tls>) -> Self {
        Self { resolver, tls }
    }

    pub(super) async fn observe(&self, check: &Check, asked: &check::Tls, deadline: Instant) -> Observed {
        let mut run = Run::start(deadline);
        let ended = tokio::time::timeout_at(deadline, self.run(asked, &mut run)).await;
        run.finish(check, self.tls.days_left(asked.handshake.certificate_days), ended)
    }

    async fn run(&self, asked: &check::Tls, run: &mut Run) -> Result<(), Fault> {
        let offer = self.tls.of_handshake(&asked.handshake, None).await?;
        let mut stream = connect::open(&self.resolver, &asked.host, asked.port, asked.ip, run).await?;
        let starttls =
            asked.starttls.map(|protocol| StartTlsUpgrade::new(protocol, asked.ehlo.as_deref(), &stream));
        if let Some(starttls) = &starttls {
            run.stage = STARTTLS;
            let start = Instant::now();
            starttls.negotiate(&mut stream).await?;
            add(&mut run.phases.first_byte_us, start.elapsed());
        }
        let name = &asked.handshake.server_name;
        let Opened { stream, certificate } =
            tls::begin_after(starttls.as_ref(), offer, name, stream, run).await?;
        run.end = Some(Instant::now());
        run.certificate = certificate;
        run.findings = Findings::Handshake(tls::seen(&stream));
        Ok(())
    }
}

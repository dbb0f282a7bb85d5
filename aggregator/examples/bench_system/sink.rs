//! An aggregator that acknowledges everything and stores nothing, behind the real listener.

use async_trait::async_trait;
use bytes::Bytes;
use skerry_protocol::wire;
use skerry_protocol::wire::EnrolRequest;
use skerry_publish::html;
use skerry_publish::output::Site;
use skerry_web as web;
use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

#[derive(Default)]
struct Sink {
    observations: Arc<AtomicU64>,
}

struct ToSink(Arc<AtomicU64>);

#[async_trait]
impl web::Delivery for ToSink {
    fn grow(&mut self, _bytes: usize) -> Result<(), web::IngestAnswer> {
        Ok(())
    }

    async fn batch(self: Box<Self>, body: Bytes) -> web::IngestAnswer {
        match wire::decode(&body) {
            Ok(batch) => {
                self.0.fetch_add(batch.records.len() as u64, Ordering::Relaxed);
                web::IngestAnswer::Reply(wire::Reply {
                    protocol: wire::PROTOCOL_VERSION,
                    acknowledged_through: batch.records.last().map_or(0, |last| last.sequence),
                    want_inventory: false,
                    aggregator_id: "sink".to_owned(),
                    wall_now_ms: batch.wall_now_ms,
                    ..wire::Reply::default()
                })
            }
            Err(error) => web::IngestAnswer::Malformed(error.to_string()),
        }
    }
}

#[async_trait]
impl web::Ingest for Sink {
    async fn admit(&self, _token: Option<&str>) -> Result<Box<dyn web::Delivery>, web::IngestAnswer> {
        Ok(Box::new(ToSink(Arc::clone(&self.observations))))
    }

    async fn enrol(&self, _request: EnrolRequest) -> web::EnrolAnswer {
        web::EnrolAnswer::Unknown("nobody enrols at a benchmark".to_owned())
    }
}

impl web::Operations for Sink {
    fn ready(&self) -> web::Readiness {
        web::Readiness::default()
    }

    fn metrics_access(&self, _token: Option<&str>) -> web::MetricsAccess {
        web::MetricsAccess::Granted
    }

    /// The number of observations received.
    fn metrics(&self) -> String {
        format!("observations {}\n# EOF\n", self.observations.load(Ordering::Relaxed))
    }
}

pub(crate) fn serve(address: &str) -> anyhow::Result<()> {
    let sink = Arc::new(Sink::default());
    let site = Arc::new(arc_swap::ArcSwap::from_pointee(Site::default()));
    let public = Arc::new(web::PublicSide::new(site, html::not_found(), web::Traffic::default()));
    let endpoints = web::Endpoints {
        public,
        ingest: sink.clone(),
        subscriptions: None,
        restricted: None,
        heartbeats: None,
        api: None,
        operations: sink,
    };
    let serves = web::Serves { agents: true, admin: true, ..web::Serves::default() };
    let bound = web::bind(&[web::Listener {
        address: address.parse()?,
        serves,
        tls: None,
        names: Vec::new(),
        proxies: web::TrustedProxies::default(),
    }])?;
    writeln!(std::io::stdout(), "{}", bound.addresses()[0])?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(bound.run(&endpoints, web::Limits::default(), std::future::pending()))?;
    Ok(())
}

//! The agent's own metrics for Prometheus, served at `/metrics` if the configuration asks for it. Never holds
//! a lock across an await and never delays a probe.

use crate::check_states::CheckStates;
use crate::self_test::SelfTest;
use crate::spool::Spool;
use anyhow::Context;
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{ACCEPT, ALLOW, CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::{ConstGauge, Gauge};
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};
use skerry_protocol::wire::Outcome;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::time::timeout;

/// Time limit of a request.
const READING: Duration = Duration::from_secs(10);
/// Maximum of concurrent requests; others wait.
const READERS: usize = 8;
/// Upper bounds of the probe duration buckets, s.
const DURATIONS: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0];

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct OutcomeLabel {
    outcome: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct CheckLabel {
    check: String,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct VersionLabel {
    version: &'static str,
}

/// Metrics recorded while probes run.
#[derive(Debug)]
pub(crate) struct ProbeMetrics {
    in_flight: AtomicUsize,
    probes: Family<OutcomeLabel, Histogram, fn() -> Histogram>,
}

impl Default for ProbeMetrics {
    fn default() -> Self {
        let probes = Family::new_with_constructor((|| Histogram::new(DURATIONS)) as fn() -> Histogram);
        Self { in_flight: AtomicUsize::new(0), probes }
    }
}

impl ProbeMetrics {
    /// Sets the number of running probes.
    pub(crate) fn in_flight(&self, probes: usize) {
        self.in_flight.store(probes, Ordering::Relaxed);
    }

    /// Records a finished probe.
    pub(crate) fn ran(&self, outcome: Outcome, took: Duration) {
        let label = OutcomeLabel { outcome: outcome.name() };
        self.probes.get_or_create(&label).observe(took.as_secs_f64());
    }
}

/// The metrics of a running agent.
#[derive(Clone, Debug)]
pub struct AgentMetrics {
    spool: Spool,
    states: Arc<CheckStates>,
    self_test: Arc<SelfTest>,
}

impl AgentMetrics {
    pub(crate) fn new(spool: Spool, states: Arc<CheckStates>, self_test: Arc<SelfTest>) -> Self {
        Self { spool, states, self_test }
    }

    /// All metrics as OpenMetrics.
    #[must_use]
    pub fn text(&self) -> String {
        let mut registry = Registry::with_prefix("skerry_agent");
        self.register_checks(&mut registry);
        self.register_spool(&mut registry);
        let probe_metrics = self.states.probe_metrics();
        let help = "How long probes took";
        registry.register_with_unit("probe", help, Unit::Seconds, probe_metrics.probes.clone());
        let in_flight = probe_metrics.in_flight.load(Ordering::Relaxed) as f64;
        registry.register("probes_in_flight", "Probes that run now", ConstGauge::new(in_flight));
        let late = self.states.lateness_ms() as f64 / 1e3;
        let help = "Greatest lateness of a start in the last minute";
        registry.register_with_unit("lateness", help, Unit::Seconds, ConstGauge::new(late));
        let gone = i64::from(self.self_test.network_is_gone());
        let help = "1 while this host's network is down: what fails is inconclusive";
        registry.register("own_network_gone", help, ConstGauge::new(gone));
        let version = Family::<VersionLabel, Gauge>::default();
        version.get_or_create(&VersionLabel { version: env!("CARGO_PKG_VERSION") }).set(1);
        registry.register("version", "1 for the version of this program", version);
        let mut text = String::new();
        // Writing to a String cannot fail.
        let _infallible = encode(&mut text, &registry);
        text
    }

    fn register_checks(&self, registry: &mut Registry) {
        let states = Family::<CheckLabel, Gauge>::default();
        let flapping = Family::<CheckLabel, Gauge>::default();
        for (name, seen) in self.states.read(0).1 {
            let label = CheckLabel { check: name.to_string() };
            states.get_or_create(&label).set(i64::from(seen.state as i32));
            flapping.get_or_create(&label).set(i64::from(seen.flapping));
        }
        let help = "Status of a check: 0 unknown, 1 up, 2 degraded, 3 down";
        registry.register("check_state", help, states);
        registry.register("check_flapping", "1 while a check is flapping", flapping);
    }

    fn register_spool(&self, registry: &mut Registry) {
        let status = self.spool.status();
        let numbers: [(&str, &str, u64); 6] = [
            ("spool_records", "Records that wait to be sent", status.depth),
            ("spool_size_bytes", "Bytes of the records that wait", status.bytes),
            ("spool_lost_records", "Records dropped from this spool", status.lost),
            ("spool_set_aside_records", "Records that the aggregator could not read", status.set_aside),
            ("acknowledged_sequence", "Everything up to here was acknowledged", status.acknowledged),
            (
                "spool_disk_failing",
                "1 while the spool cannot be written",
                u64::from(status.trouble.is_some()),
            ),
        ];
        for (name, help, number) in numbers {
            registry.register(name, help, ConstGauge::new(number as f64));
        }
        let age = status.oldest_ms as f64 / 1e3;
        let help = "Age of the oldest record that waits";
        registry.register_with_unit("spool_oldest_age", help, Unit::Seconds, ConstGauge::new(age));
        if let Some(at) = status.acknowledged_wall_ms {
            let help = "When the aggregator last acknowledged, in Unix time";
            let at = ConstGauge::new(at as f64 / 1e3);
            registry.register_with_unit("last_acknowledgement_timestamp", help, Unit::Seconds, at);
        }
    }
}

/// Binds the listener.
///
/// # Errors
/// The address cannot be bound.
pub async fn bind(address: SocketAddr) -> anyhow::Result<TcpListener> {
    let bound = TcpListener::bind(address).await;
    bound.with_context(|| format!("[metrics] address {address} cannot be listened at: choose another port"))
}

/// Serves until the task is dropped, one request per connection.
pub async fn serve(listener: TcpListener, metrics: AgentMetrics) {
    let readers = Arc::new(Semaphore::new(READERS));
    while let Ok(reader) = Arc::clone(&readers).acquire_owned().await {
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!(%error, "a request for metrics failed");
                tokio::time::sleep(Duration::from_secs(1)).await;
                continue;
            }
        };
        let metrics = metrics.clone();
        tokio::spawn(async move {
            let answering = service_fn(|request| {
                let answer = answer(&request, &metrics);
                async move { Ok::<_, Infallible>(answer) }
            });
            let mut connection = http1::Builder::new();
            let connection = connection.keep_alive(false).serve_connection(TokioIo::new(stream), answering);
            // A client that disconnects or sends garbage is no error of ours.
            let _ = timeout(READING, connection).await;
            drop(reader);
        });
    }
}

fn answer(request: &Request<Incoming>, metrics: &AgentMetrics) -> Response<Full<Bytes>> {
    let plain = |status, text: &'static str| {
        let mut response = Response::new(Full::from(text));
        *response.status_mut() = status;
        response
    };
    if request.uri().path() != "/metrics" {
        return plain(StatusCode::NOT_FOUND, "Metrics are at /metrics.\n");
    }
    if request.method() != Method::GET && request.method() != Method::HEAD {
        let mut refused = plain(StatusCode::METHOD_NOT_ALLOWED, "Use GET.\n");
        refused.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
        return refused;
    }
    let accepted = request.headers().get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let (kind, text) = skerry_host::exposition::in_form(accepted, metrics.text());
    let mut response = Response::new(Full::from(text));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}

//! Metrics of the caches and copies that follow the publications.

use crate::publish::{EdgeStatus, Progress};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct CacheLabels {
    cache: String,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct CopyLabels {
    copy: String,
}

/// The words of one kind.
struct Helps {
    prefix: &'static str,
    successes: &'static str,
    failures: &'static str,
    pending: &'static str,
}

const PURGE: Helps = Helps {
    prefix: "purge",
    successes: "Messages to caches about what changed",
    failures: "Messages to caches that failed: each is tried again, see the log",
    pending: "Keys that a cache is still to be told",
};
const EXPORT: Helps = Helps {
    prefix: "export",
    successes: "Times that a copy was brought up to date",
    failures: "Times that a copy could not be brought up to date: it is tried again, see the log",
    pending: "Files that are still to be written or removed",
};

pub(super) fn register(registry: &mut Registry, edge: &EdgeStatus) {
    family(registry, &PURGE, &edge.purges, |cache| CacheLabels { cache });
    family(registry, &EXPORT, &edge.exports, |copy| CopyLabels { copy });
}

fn family<L>(registry: &mut Registry, helps: &Helps, all: &[Arc<Progress>], labels: fn(String) -> L)
where
    L: EncodeLabelSet + Clone + std::hash::Hash + Eq + std::fmt::Debug + Send + Sync + 'static,
{
    if all.is_empty() {
        return;
    }
    let (successes, failures) = (Family::<L, Counter>::default(), Family::<L, Counter>::default());
    let pending = Family::<L, Gauge>::default();
    let last_success = Family::<L, Gauge<f64, AtomicU64>>::default();
    for one in all {
        let labels = labels(one.name().to_owned());
        successes.get_or_create(&labels).inc_by(one.successes());
        failures.get_or_create(&labels).inc_by(one.failures());
        pending.get_or_create(&labels).set(i64::try_from(one.pending()).unwrap_or(i64::MAX));
        if let Some(at) = one.last_success() {
            last_success.get_or_create(&labels).set(at.0 as f64 / 1e3);
        }
    }
    let Helps { prefix, .. } = helps;
    registry.register(format!("{prefix}_successes"), helps.successes, successes);
    registry.register(format!("{prefix}_failures"), helps.failures, failures);
    registry.register(format!("{prefix}_pending"), helps.pending, pending);
    let name = format!("{prefix}_last_success_timestamp");
    registry.register_with_unit(name, "When it last succeeded, since 1970", Unit::Seconds, last_success);
}

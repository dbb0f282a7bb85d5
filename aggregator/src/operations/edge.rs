//! Metrics of the caches and copies that follow the publications.

use crate::publish::{EdgeStatus, Progress};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};
use std::fmt::Debug;
use std::hash::Hash;
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

/// With how it went: `success` or `failure`.
#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct PurgeLabels {
    cache: String,
    result: &'static str,
}

/// The same of a copy.
#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct ExportLabels {
    copy: String,
    result: &'static str,
}

/// The words of one kind.
struct Helps {
    /// Of the counter.
    count: &'static str,
    /// Of the other metrics.
    prefix: &'static str,
    counted: &'static str,
    pending: &'static str,
}

const PURGE: Helps = Helps {
    count: "purges",
    prefix: "purge",
    counted: "Messages to caches about what changed, by result: one that failed is sent again, see the log",
    pending: "Keys that a cache is still to be told",
};
const EXPORT: Helps = Helps {
    count: "exports",
    prefix: "export",
    counted: "Attempts to bring a copy up to date, by result: one that failed is made again, see the log",
    pending: "Files that are still to be written or removed",
};

pub(super) fn register(registry: &mut Registry, edge: &EdgeStatus) {
    let of_cache = |cache, result| PurgeLabels { cache, result };
    family(registry, &PURGE, &edge.purges, (|cache| CacheLabels { cache }, of_cache));
    let of_copy = |copy, result| ExportLabels { copy, result };
    family(registry, &EXPORT, &edge.exports, (|copy| CopyLabels { copy }, of_copy));
}

/// Labels of a metric.
trait Labels: EncodeLabelSet + Clone + Hash + Eq + Debug + Send + Sync + 'static {}

impl<L: EncodeLabelSet + Clone + Hash + Eq + Debug + Send + Sync + 'static> Labels for L {}

/// Makes labels of a name, and of a name and a result.
type NamedBy<L, R> = (fn(String) -> L, fn(String, &'static str) -> R);

fn family<L: Labels, R: Labels>(
    registry: &mut Registry,
    helps: &Helps,
    all: &[Arc<Progress>],
    (labels, result_labels): NamedBy<L, R>,
) {
    if all.is_empty() {
        return;
    }
    let counted = Family::<R, Counter>::default();
    let pending = Family::<L, Gauge>::default();
    let last_success = Family::<L, Gauge<f64, AtomicU64>>::default();
    for one in all {
        for (result, times) in [("success", one.successes()), ("failure", one.failures())] {
            counted.get_or_create(&result_labels(one.name().to_owned(), result)).inc_by(times);
        }
        let labels = labels(one.name().to_owned());
        pending.get_or_create(&labels).set(i64::try_from(one.pending()).unwrap_or(i64::MAX));
        // 0 before the first one, so that an alert on it sees what never succeeded.
        last_success.get_or_create(&labels).set(one.last_success().map_or(0.0, |at| at.0 as f64 / 1e3));
    }
    let Helps { prefix, .. } = helps;
    registry.register(helps.count, helps.counted, counted);
    registry.register(format!("{prefix}_pending"), helps.pending, pending);
    let name = format!("{prefix}_last_success_timestamp");
    registry.register_with_unit(
        name,
        "When it last succeeded, since 1970; 0: never",
        Unit::Seconds,
        last_success,
    );
}

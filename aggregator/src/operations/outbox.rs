//! Metrics of what is sent to subscribers.

use crate::outbox::OutboxFigures;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};
use skerry_domain::subscriber::Channel;
use skerry_domain::time::Timestamp;
use std::sync::atomic::AtomicU64;

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct ChannelLabels {
    channel: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct AttemptLabels {
    channel: &'static str,
    class: &'static str,
}

pub(super) fn register(registry: &mut Registry, figures: &OutboxFigures, now: Timestamp) {
    let help = "Attempts to deliver, by channel and class of the answer; own: a fault of this aggregator, see the log";
    registry.register("delivery_attempts", help, attempts(figures));
    waiting(registry, figures, now);
}

fn attempts(figures: &OutboxFigures) -> Family<AttemptLabels, Counter> {
    let attempts = Family::<AttemptLabels, Counter>::default();
    for (channel, class, count) in figures.attempts() {
        attempts.get_or_create(&AttemptLabels { channel, class }).inc_by(count);
    }
    attempts
}

fn waiting(registry: &mut Registry, figures: &OutboxFigures, now: Timestamp) {
    let queued = Family::<ChannelLabels, Gauge>::default();
    let oldest = Family::<ChannelLabels, Gauge<f64, AtomicU64>>::default();
    let Some((counted_at, waiting)) = figures.waiting() else { return };
    for channel in Channel::ALL {
        let labels = ChannelLabels { channel: channel.name() };
        let waiting = waiting.iter().find(|one| one.channel == *channel);
        let count = waiting.map_or(0, |one| i64::try_from(one.count).unwrap_or(i64::MAX));
        queued.get_or_create(&labels).set(count);
        let age = waiting.map_or(0.0, |one| (now - one.oldest).max(0) as f64 / 1e3);
        oldest.get_or_create(&labels).set(age);
    }
    registry.register("deliveries_queued", "Deliveries that wait for their first or next attempt", queued);
    let help = "Age of the oldest delivery that waits; 0: none waits";
    registry.register_with_unit("deliveries_oldest_age", help, Unit::Seconds, oldest);
    let counted = Gauge::<f64, AtomicU64>::default();
    counted.set(counted_at.0 as f64 / 1e3);
    let help = "When the deliveries that wait were last counted, since 1970";
    registry.register_with_unit("deliveries_counted_timestamp", help, Unit::Seconds, counted);
}

//! Latencies of many observations in few bytes: histograms with two significant digits, which can be merged.

use super::StoreError;
use super::observation::Slotted;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::{Deserializer, Serializer, V2DeflateSerializer, V2Serializer};
use skerry_domain::response::Percentiles;
use skerry_protocol::wire::Outcome;
use std::fmt::Display;

/// The longest latency that is distinguished: ten minutes.
const MAX_US: u64 = 600_000_000;

/// The latency that counts, µs: that of an answer, not of a failure.
pub(super) fn latency_of(raw: &Slotted) -> Option<u32> {
    let answered = matches!(raw.outcome, Outcome::Up | Outcome::Degraded);
    raw.total_us.filter(|_| answered).map(|total_us| u32::try_from(total_us).unwrap_or(u32::MAX))
}

/// A histogram. It takes kilobytes of memory; packed it takes a few hundred bytes.
pub(super) struct Latencies(Histogram<u64>);

impl Latencies {
    pub(super) fn new() -> Self {
        let mut histogram = Histogram::new_with_max(MAX_US, 2).expect("the bounds are valid constants");
        histogram.auto(true);
        Self(histogram)
    }

    /// Adds a packed one.
    pub(super) fn add(&mut self, packed: &[u8]) -> Result<(), StoreError> {
        let one: Histogram<u64> = Deserializer::new().deserialize(&mut &*packed).map_err(wrong)?;
        self.0.add(&one).map_err(wrong)
    }

    pub(super) fn merge(&mut self, other: &Self) -> Result<(), StoreError> {
        self.0.add(&other.0).map_err(wrong)
    }

    /// `None`: there are none.
    pub(super) fn percentiles(&self) -> Option<Percentiles> {
        let at = |quantile| self.0.value_at_quantile(quantile);
        (!self.0.is_empty()).then(|| Percentiles { p50_us: at(0.5), p95_us: at(0.95) })
    }

    /// In a form that is quickly packed and read again.
    pub(super) fn packed(&self) -> Result<Vec<u8>, StoreError> {
        let mut packed = Vec::new();
        V2Serializer::new().serialize(&self.0, &mut packed).map_err(wrong)?;
        Ok(packed)
    }
}

/// Packs latencies in the form of the database, one track after the other.
pub(super) struct Packer {
    latencies: Latencies,
    serializer: V2DeflateSerializer,
}

impl Packer {
    pub(super) fn new() -> Self {
        Self { latencies: Latencies::new(), serializer: V2DeflateSerializer::new() }
    }

    /// Packs what one track measured, µs.
    pub(super) fn pack(&mut self, measured: &[u32]) -> Result<Vec<u8>, StoreError> {
        let Latencies(histogram) = &mut self.latencies;
        histogram.reset();
        for latency in measured {
            histogram.record(u64::from(*latency).clamp(1, MAX_US)).map_err(wrong)?;
        }
        let mut packed = Vec::new();
        self.serializer.serialize(histogram, &mut packed).map_err(wrong)?;
        Ok(packed)
    }
}

fn wrong(error: impl Display) -> StoreError {
    StoreError::Unexpected(format!("a histogram: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_knows_its_own_track_alone() {
        let mut packer = Packer::new();
        let mut packed = |latencies: &[u32]| packer.pack(latencies).expect("packed");
        let first = packed(&[900]);
        packed(&[5, 100_000_000, u32::MAX]);
        assert_eq!(packed(&[900]), first);
        let mut read = Latencies::new();
        read.add(&first).expect("unpacked");
        assert_eq!((read.0.len(), read.0.max()), (1, read.0.highest_equivalent(900)));
    }

    #[test]
    fn percentiles_of_what_was_merged_are_right_to_within_a_hundredth() {
        let mut packer = Packer::new();
        let mut merged = Latencies::new();
        assert_eq!(merged.percentiles(), None);
        // 1 to 10,000 ms, a hundred at a time.
        for part in 0..100 {
            let some: Vec<u32> = (1..=100).map(|index| 1_000 * (part * 100 + index)).collect();
            merged.add(&packer.pack(&some).expect("packed")).expect("unpacked");
        }
        let mut again = Latencies::new();
        again.add(&merged.packed().expect("packed")).expect("unpacked");
        again.merge(&Latencies::new()).expect("nothing");
        for one in [merged, again] {
            let Percentiles { p50_us, p95_us } = one.percentiles().expect("measured");
            assert!(
                p50_us.abs_diff(5_000_000) <= 50_000 && p95_us.abs_diff(9_500_000) <= 95_000,
                "{p50_us} {p95_us}"
            );
        }
    }

    #[test]
    fn what_is_no_histogram_is_refused() {
        assert!(matches!(Latencies::new().add(&[0]), Err(StoreError::Unexpected(_))));
    }
}

//! The `heartbeat` check: nothing is run; the aggregator waits to be called.

use std::time::Duration;

use url::Host;

use super::definition::Canonical;
use super::kind::Definition;
use crate::strict::Table;

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3_600);
const YEAR: Duration = Duration::from_secs(366 * 86_400);
/// Common keys that say how a check is run and judged; `severity` and `labels` hold here too.
const OF_RUNS: [&str; 7] =
    ["interval", "timeout", "retry_interval", "fall", "rise", "degraded_above", "locations"];

/// A `heartbeat` check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heartbeat {
    /// `period`: from one call to the next.
    pub period: Duration,
    /// `grace`: so much later is not late yet; also what a job that told its start may take. Default 1 h.
    pub grace: Duration,
}

impl Definition for Heartbeat {
    fn read(table: &Table<'_>) -> Option<Self> {
        for key in OF_RUNS {
            let remedy = "Remove it; period and grace say when a call is missed.";
            table.meaningless(key, "for a heartbeat, which nobody runs: one call decides", remedy);
        }
        let period = table.duration("period").between(SECOND, YEAR).required("period = \"1d\"");
        let grace = table.duration("grace").between(SECOND, YEAR).or(HOUR);
        Some(Self { period: period?, grace })
    }

    fn canonical(&self, form: &mut Canonical) {
        form.field("period_ms", self.period.as_millis());
        form.field("grace_ms", self.grace.as_millis());
    }

    fn target(&self) -> Option<Host<String>> {
        None
    }
}

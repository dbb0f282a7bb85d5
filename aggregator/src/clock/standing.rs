//! How far our clock can be relied on, and what an operator has to know of it.

use crate::domain::time::{DAY, HOUR, MINUTE, SECOND};

/// How far the clock can be relied on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Something confirmed our time: what is old may be deleted.
    pub sure: bool,
    /// The true time may be so much earlier, ms: no validity is printed beyond it.
    pub unsure_ms: i64,
    /// The wall clock less ours, ms, where it was set and is not believed.
    pub apart: Option<i64>,
}

impl Standing {
    /// What an operator has to know, in a sentence.
    #[must_use]
    pub fn words(&self) -> Option<String> {
        if let Some(apart) = self.apart {
            let way = if apart > 0 { "ahead of" } else { "behind" };
            return Some(format!(
                "This host's clock is {} {way} the time that went on since it was last right, and nothing confirms it: \
                 it is not followed, and nothing old is deleted. Have a time server keep it.",
                lasting(apart)
            ));
        }
        (self.unsure_ms > MINUTE).then(|| {
            format!(
                "Nothing confirms this host's clock, which may be ahead by {}: pages are not called valid on its word, \
                 and nothing old is deleted. Have a time server keep it.",
                lasting(self.unsure_ms)
            )
        })
    }
}

/// In the greatest unit that it fills.
fn lasting(ms: i64) -> String {
    let ms = ms.saturating_abs();
    let (number, unit) = match ms {
        _ if ms >= 2 * DAY => (ms / DAY, "days"),
        _ if ms >= 2 * HOUR => (ms / HOUR, "hours"),
        _ if ms >= 2 * MINUTE => (ms / MINUTE, "minutes"),
        _ => (ms / SECOND, "seconds"),
    };
    format!("{number} {unit}")
}

//! Past days and months, in English.

use super::{English, TEXTS};
use crate::texts::past::PastTexts;
use crate::view::CorrectionKind;
use skerry_protocol::words::count;

impl PastTexts for English {
    fn heading(&self) -> &'static str {
        "Past incidents"
    }

    fn quiet(&self) -> &'static str {
        "No downtime."
    }

    fn not_monitored(&self) -> &'static str {
        "Not monitored yet."
    }

    fn maintenance(&self) -> &'static str {
        "Maintenance"
    }

    fn maintenance_within(&self) -> &'static str {
        "maintenance"
    }

    fn partial_data(&self) -> &'static str {
        "Partial data"
    }

    fn partial_data_within(&self) -> &'static str {
        "partial data"
    }

    fn partial_data_means(&self) -> &'static str {
        "What we could see was operational."
    }

    fn more(&self, number: usize, listed: bool) -> [String; 3] {
        let and = if listed { "And " } else { "" };
        [format!("{and}{number} more in the "), ".".to_owned(), "history".to_owned()]
    }

    fn all(&self) -> &'static str {
        "Full history"
    }

    fn no_data_means(&self, components: usize) -> &'static str {
        if components == 1 {
            "Our own view was lost; this does not mean that it was down."
        } else {
            "Our own view was lost; this does not mean that they were down."
        }
    }

    fn times(&self, times: usize, sum: &str) -> String {
        format!("{times} times, {sum} in all")
    }

    fn each(&self, shortest: &str, longest: &str) -> String {
        format!("{shortest} to {longest} each")
    }

    fn so_far(&self, duration: &str, since: &str) -> String {
        format!("{duration} so far, since {since}.")
    }

    fn all_groups(&self) -> &'static str {
        "All groups"
    }

    fn all_months(&self) -> &'static str {
        "All months"
    }

    fn earlier(&self) -> &'static str {
        "Earlier months"
    }

    fn unannounced(&self) -> &'static str {
        "No incident was published."
    }

    fn so_far_until(&self, at: &str) -> String {
        format!("So far, until {at}.")
    }

    fn correction(&self, kind: CorrectionKind) -> &'static str {
        match kind {
            CorrectionKind::FalseAlarm => "false alarm",
            CorrectionKind::Planned => "planned maintenance",
            CorrectionKind::Was(status) => TEXTS.status.within(Some(status)),
        }
    }

    fn corrected_on(&self, day: &str, kind: CorrectionKind) -> String {
        format!("Corrected on {day}: {}.", self.correction(kind))
    }

    fn corrected(&self, kinds: &str, alone: bool) -> String {
        if alone { format!("Corrected: {kinds}") } else { format!(", corrected: {kinds}") }
    }

    fn held(&self, incidents: usize, maintenance: usize) -> String {
        let maintenance_is = if maintenance == 1 { "maintenance" } else { "maintenance window" };
        let held = [(incidents, "incident"), (maintenance, maintenance_is)];
        let held = held.into_iter().filter(|(number, _)| *number > 0);
        held.map(|(number, what)| count(number, what)).collect::<Vec<_>>().join(", ")
    }

    fn several(&self, number: usize, outages: bool, all_short: bool) -> String {
        let what = if outages { "interruption" } else { "slowdown" };
        count(number, &format!("{}{what}", if all_short { "short " } else { "" }))
    }

    fn in_all(&self, sum: &str) -> String {
        format!("{sum} in all")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_month_held_is_counted_in_english() {
        let table = [
            (0, 0, ""),
            (1, 1, "1 incident, 1 maintenance"),
            (3, 0, "3 incidents"),
            (0, 2, "2 maintenance windows"),
        ];
        for (incidents, maintenance, held) in table {
            assert_eq!(English.held(incidents, maintenance), held);
        }
    }
}

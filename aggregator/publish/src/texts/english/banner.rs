//! The sentence of the banner and the facts below it, in English.

use super::{English, TEXTS};
use crate::texts::banner::BannerTexts;

impl BannerTexts for English {
    fn empty(&self) -> &'static str {
        "Nothing to show yet"
    }

    fn empty_why(&self) -> &'static str {
        "Components will appear here once they are set up."
    }

    fn fine(&self) -> &'static str {
        "All systems operational"
    }

    fn fine_why(&self) -> &'static str {
        "No downtime and no maintenance in progress."
    }

    fn waiting(&self) -> &'static str {
        "Waiting for the first report"
    }

    fn waiting_why(&self) -> &'static str {
        "Monitoring has just started."
    }

    fn seen_fine(&self) -> &'static str {
        "All systems that we can see are operational"
    }

    fn maintenance(&self) -> &'static str {
        "Maintenance in progress: "
    }

    fn no_data_for(&self) -> &'static str {
        "No data for "
    }

    fn no_data_for_any(&self) -> &'static str {
        "No data for any component"
    }

    fn all(&self) -> &'static str {
        "all components"
    }

    fn since(&self) -> &'static str {
        "Since "
    }

    fn name_since(&self) -> &'static str {
        " since "
    }

    fn first_since(&self) -> &'static str {
        "The first since "
    }

    fn also(&self) -> &'static str {
        " Also affected: "
    }

    fn rest_fine(&self) -> &'static str {
        " Everything else is operational."
    }

    fn seen_rest_fine(&self) -> &'static str {
        " Everything else that we can see is operational."
    }

    fn all_seen_fine(&self) -> &'static str {
        " Everything that we can see is operational."
    }

    fn not_down(&self) -> &'static str {
        " This does not mean that they are down."
    }

    fn part_of(&self) -> &'static str {
        "No data for part of "
    }

    fn waiting_for(&self) -> &'static str {
        "We are waiting for the first report of "
    }

    fn not_seen(&self, all: bool, components: usize, later: bool) -> [String; 2] {
        let what = match (all, components) {
            (true, _) => "our systems",
            (false, 1) => "it",
            (false, _) => "them",
        };
        let end = if later { TEXTS.status.or_later() } else { "" };
        [format!("We have not been able to see {what} since "), format!("{end}.")]
    }

    fn brief_since(&self, time: &str, later: bool) -> String {
        format!(" since {time}{}", if later { TEXTS.status.or_later() } else { "" })
    }

    fn no_data(&self, components: usize, since: &str) -> String {
        format!("No data for {}{since}.", TEXTS.status.components(components))
    }

    fn part_since(&self, since: &str) -> String {
        format!("{}.", if since.is_empty() { " yet" } else { since })
    }
}

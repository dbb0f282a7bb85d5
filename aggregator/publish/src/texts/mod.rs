//! All texts of the public side, in English; files of other languages can replace them later. Names, figures and times
//! arrive formatted, and escaped where a text is markup. The texts of the scripts are in `assets/script/texts.mjs`.

use skerry_domain::status::Status;
use skerry_protocol::words::count;

/// The name of a status.
pub(crate) const fn status(status: Status) -> &'static str {
    match status {
        Status::Operational => "Operational",
        Status::DegradedPerformance => "Degraded performance",
        Status::PartialOutage => "Partial outage",
        Status::MajorOutage => "Major outage",
        Status::UnderMaintenance => "Under maintenance",
    }
}

pub(crate) const NO_DATA: &str = "No data";
pub(crate) const NOT_MONITORED: &str = "Not monitored yet";
pub(crate) const SET_BY_TEAM: &str = "Set by our team.";
pub(crate) const WAITING: &str = "Waiting for its first report";
pub(crate) const NO_UPTIME: &str = "No uptime yet";
pub(crate) const COMPONENTS: &str = "Components";
pub(crate) const UPTIME: &str = "Uptime";
pub(crate) const HISTORY: &str = "History";
pub(crate) const BREADCRUMB: &str = "Breadcrumb";
pub(crate) const OR_LATER: &str = " or later";

/// "2 components"
pub(crate) fn components(number: usize) -> String {
    count(number, "component")
}

/// The title of a document: "Major outage: Card payments – Shop".
pub(crate) fn title(subject: &str, page: &str) -> String {
    format!("{subject} – {page}")
}

/// Short labels of the key above the bars.
pub(crate) mod key {
    pub(crate) const DEGRADED: &str = "Degraded";
    pub(crate) const MAINTENANCE: &str = "Maintenance";
}

/// The frame of every page, and the pages without a status.
pub(crate) mod frame {
    pub(crate) const SKIP: &str = "Skip to current status";
    pub(crate) const HELP: &str = "Get help";
    pub(crate) const RSS: &str = "RSS";
    pub(crate) const CALENDAR: &str = "Calendar";
    pub(crate) const API: &str = "API";
    pub(crate) const DIRECTORY: &str = "Status pages";
    pub(crate) const NOT_FOUND: &str = "Page not found";
    pub(crate) const START: &str = "Go to the start page";
    pub(crate) const NOT_FOUND_WHY: &str = "There is nothing at this address, or it is not public.";

    /// The zone, and the weights of outages in percent.
    pub(crate) fn footer(zone: &str, major: u32, partial: u32) -> String {
        let share = |percent: u32| match percent {
            100 => "in full".to_owned(),
            0 => "not at all".to_owned(),
            other => format!("at {other}%"),
        };
        format!(
            "All times in {zone}. Uptime counts a major outage {} and a partial outage {}.",
            share(major),
            share(partial)
        )
    }
}

/// The age of a page.
pub(crate) mod age {
    pub(crate) const NOTHING_REPORTED: &str = "No checks have reported yet.";

    pub(crate) fn verified(at: &str) -> String {
        format!("Verified {at}.")
    }

    pub(crate) fn as_of(at: &str) -> String {
        format!("As of {at}.")
    }

    pub(crate) fn valid_until(words: &str, until: &str) -> String {
        format!("{words} Valid until {until}.")
    }
}

/// The sentence of the banner and the facts below it. Texts that end in a blank are followed by a name or a time.
pub(crate) mod banner {
    pub(crate) const EMPTY: &str = "Nothing to show yet";
    pub(crate) const EMPTY_WHY: &str = "Components will appear here once they are set up.";
    pub(crate) const FINE: &str = "All systems operational";
    pub(crate) const FINE_WHY: &str = "No downtime and no maintenance in progress.";
    pub(crate) const WAITING: &str = "Waiting for the first report";
    pub(crate) const WAITING_WHY: &str = "Monitoring has just started.";
    pub(crate) const SEEN_FINE: &str = "All systems that we can see are operational";
    pub(crate) const MAINTENANCE: &str = "Maintenance in progress: ";
    pub(crate) const NO_DATA_FOR: &str = "No data for ";
    pub(crate) const ALL: &str = "all components";
    pub(crate) const ANY: &str = "any component";
    pub(crate) const SINCE: &str = "Since ";
    pub(crate) const NAME_SINCE: &str = " since ";
    pub(crate) const FIRST_SINCE: &str = "The first since ";
    pub(crate) const ALSO: &str = " Also affected: ";
    pub(crate) const REST_FINE: &str = " Everything else is operational.";
    pub(crate) const SEEN_REST_FINE: &str = " Everything else that we can see is operational.";
    pub(crate) const ALL_SEEN_FINE: &str = " Everything that we can see is operational.";
    pub(crate) const NOT_DOWN: &str = " This does not mean that they are down.";
    pub(crate) const PART_OF: &str = "No data for part of ";
    pub(crate) const WAITING_FOR: &str = "We are waiting for the first report of ";

    /// For all components, for one or for several.
    pub(crate) fn not_seen_since(all: bool, components: usize) -> &'static str {
        match (all, components) {
            (true, _) => "We have not been able to see our systems since ",
            (false, 1) => "We have not been able to see it since ",
            (false, _) => "We have not been able to see them since ",
        }
    }

    /// "No data for 2 components since 14:40."
    pub(crate) fn no_data(components: usize, since: &str) -> String {
        format!("{NO_DATA_FOR}{}{since}.", super::components(components))
    }

    /// Follows [`PART_OF`] and the names.
    pub(crate) fn part_since(since: &str) -> String {
        format!("{}.", if since.is_empty() { " yet" } else { since })
    }
}

pub(crate) mod announcement;

pub(crate) mod row;
pub(crate) mod sign_in;

pub(crate) mod past;

pub(crate) mod component;

pub(crate) mod feed;

pub(crate) mod head;

pub(crate) mod incident;

pub(crate) mod maintenance;

pub(crate) mod uptime;

pub(crate) mod widget;

/// Badges, where a status is in lower case.
pub(crate) mod badge {
    use skerry_domain::status::Status;

    /// The label of the page's status.
    pub(crate) const STATUS: &str = "status";
    /// The label of a figure, and what stands in its place.
    pub(crate) const UPTIME: (&str, &str) = ("uptime 90 days", "not enough data");
    pub(crate) const RESPONSE: (&str, &str) = ("response", NO_DATA);
    pub(crate) const NO_DATA: &str = "no data";

    /// A status in a word or two.
    pub(crate) const fn status(status: Status) -> &'static str {
        match status {
            Status::Operational => "operational",
            Status::DegradedPerformance => "degraded",
            Status::PartialOutage => "partial outage",
            Status::MajorOutage => "major outage",
            Status::UnderMaintenance => "maintenance",
        }
    }

    /// "238 ms"
    pub(crate) fn milliseconds(milliseconds: u64) -> String {
        format!("{milliseconds} ms")
    }

    pub(crate) const EMPTY: &str = "nothing to show yet";
    pub(crate) const PARTIAL_DATA: &str = "operational, partial data";
    pub(crate) const WAITING: &str = "no data yet";
    pub(crate) const MAINTENANCE: &str = "operational, maintenance in progress";

    /// The only open incident that affects visitors.
    pub(crate) fn incident(impact: skerry_domain::incident::Impact) -> String {
        format!("{} incident", impact.name())
    }

    /// Several of them.
    pub(crate) fn incidents(open: usize) -> String {
        skerry_protocol::words::count(open, "open incident")
    }

    /// Open incidents while everything is operational.
    pub(crate) fn beside_incidents(open: usize) -> String {
        format!("operational, {}", incidents(open))
    }

    pub(crate) fn some(status: &str, some: usize, of: usize) -> String {
        format!("{status}: {some} of {of}")
    }

    pub(crate) fn no_data(some: usize, of: usize) -> String {
        format!("no data for {some} of {of}")
    }

    pub(crate) fn waiting(some: usize, of: usize) -> String {
        format!("no data yet for {some} of {of}")
    }

    pub(crate) fn no_data_since(since: &str) -> String {
        format!("no data since {since}")
    }
}

/// `status.description` of the API, for states that Statuspage does not have.
pub(crate) mod description {
    use super::components;

    pub(crate) fn no_data(number: usize) -> String {
        format!("No current data for {}", components(number))
    }

    pub(crate) fn partial_data(number: usize) -> String {
        format!("No current data for part of {}", components(number))
    }

    /// `None` for all components.
    pub(crate) fn waiting(number: Option<usize>) -> String {
        let first = super::banner::WAITING;
        number.map_or_else(|| first.to_owned(), |number| format!("{first} of {}", components(number)))
    }
}

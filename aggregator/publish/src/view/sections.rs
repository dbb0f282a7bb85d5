//! The sections of the index behind its components. The builder leaves them empty so far: no page can declare a grid yet,
//! and nothing observes services of others or metrics.

use super::ResponseWindow;
use skerry_domain::status::Status;
use skerry_domain::time::Timestamp;

/// The sections of the index behind its components; one without anything to show is not on the page.
#[derive(Clone, Debug, Default)]
pub struct SectionsView {
    /// Each a section of its own.
    pub grids: Vec<GridView>,
    /// "Depends on others".
    pub services: Vec<ServiceView>,
    /// "Metrics".
    pub metrics: Vec<MetricView>,
}

/// Components of the page by what they are and where.
#[derive(Clone, Debug)]
pub struct GridView {
    /// Its heading, such as "Regions".
    pub name: String,
    /// Across.
    pub places: Vec<String>,
    /// Down.
    pub rows: Vec<GridRowView>,
}

/// A row of a grid.
#[derive(Clone, Debug)]
pub struct GridRowView {
    /// What its components are, such as "Databases".
    pub name: String,
    /// The public id of the component at each of the places; `None`: there is none.
    pub components: Vec<Option<String>>,
}

/// A service of another company, as it reports itself. It counts in no figure and no status of the page.
#[derive(Clone, Debug)]
pub struct ServiceView {
    /// From the configuration.
    pub name: String,
    /// Its own status page.
    pub url: Option<String>,
    /// What it says of itself now; `None`: that is not known.
    pub status: Option<Status>,
    /// When it was last seen; `None`: never.
    pub seen_at: Option<Timestamp>,
}

/// Durations that are measured, such as those of searches.
#[derive(Clone, Debug)]
pub struct MetricView {
    /// From the configuration.
    pub name: String,
    /// The last 24 hours.
    pub window: ResponseWindow,
}

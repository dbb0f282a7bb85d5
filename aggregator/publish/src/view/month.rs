//! The months of a page.

use skerry_domain::uptime::Figure;

/// A month as `(year, month)`.
pub type Month = (i16, i8);

/// What a month held.
#[derive(Clone, Debug, PartialEq)]
pub struct MonthView {
    /// Which one.
    pub month: Month,
    /// The incidents that began in it.
    pub incidents: usize,
    /// The maintenance that began in it.
    pub maintenance: usize,
    /// The uptime of all components.
    pub figure: Figure,
}

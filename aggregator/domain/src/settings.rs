//! What files, REST and the admin side set of pages and components.

use super::branding::Branding;
use super::labels::Selector;
use super::uptime::{Rule, Weights};
use std::sync::Arc;

/// The settings of a page.
#[derive(Clone, Debug, PartialEq)]
pub struct PageSettings {
    /// Path segment and default sub-domain.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// Visible to everyone.
    pub public: bool,
    /// Listed in the index of pages.
    pub listed: bool,
    /// Also served at `/` on every host that belongs to no page. At most one page has this.
    pub root: bool,
    /// Its own host.
    pub domain: Option<String>,
    /// IANA name.
    pub time_zone: String,
    /// "Get help".
    pub support_url: Option<String>,
    /// The privacy policy, linked where visitors subscribe: http or https.
    pub privacy_url: Option<String>,
    /// Origins that may embed it in a frame.
    pub frame_ancestors: Vec<String>,
    /// BCP 47.
    pub language: String,
    /// Its look.
    pub branding: Arc<Branding>,
    /// Uptime rule.
    pub rule: Rule,
    /// Uptime weights.
    pub weights: Weights,
}

impl PageSettings {
    /// A page that is public and listed, with everything else as a file leaves it. It is called as its slug.
    #[must_use]
    pub fn named(slug: &str) -> Self {
        Self {
            slug: slug.to_owned(),
            name: slug.to_owned(),
            public: true,
            listed: true,
            root: false,
            domain: None,
            time_zone: "Etc/UTC".to_owned(),
            support_url: None,
            privacy_url: None,
            frame_ancestors: Vec::new(),
            language: "en".to_owned(),
            branding: Arc::default(),
            rule: Rule::Observed,
            weights: Weights::default(),
        }
    }
}

/// The settings of a component.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ComponentSettings {
    /// Its name.
    pub name: String,
    /// A sentence.
    pub description: Option<String>,
    /// Shown to visitors.
    pub public: bool,
    /// Nothing before this day counts.
    pub start_date: Option<jiff::civil::Date>,
    /// The chart is shown.
    pub response_time: bool,
    /// Uptime is shown.
    pub showcase: bool,
    /// Hidden while it is operational.
    pub only_show_if_degraded: bool,
    /// By which labels it chooses the checks that feed it. `None`: they are named, or there are none.
    pub selector: Option<Selector>,
}

impl ComponentSettings {
    /// A component with everything but its name as a file leaves it.
    #[must_use]
    pub fn named(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            description: None,
            public: true,
            start_date: None,
            response_time: false,
            showcase: true,
            only_show_if_degraded: false,
            selector: None,
        }
    }
}

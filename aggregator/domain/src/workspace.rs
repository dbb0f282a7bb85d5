//! A workspace itself: its name and its settings.

use super::incident::IncidentRules;
use super::keys::WorkspaceKey;
use super::origin::Origin;
use super::text::SanitiserSettings;

/// A tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Workspace {
    /// Its row key.
    pub key: WorkspaceKey,
    /// Its name.
    pub name: String,
    /// An agent that begins to report a check of others waits until an operator allows it.
    pub asks: bool,
    /// What happens to incidents by itself.
    pub incidents: IncidentRules,
    /// Who sets that.
    pub incidents_origin: Origin,
    /// What texts for the public must not contain.
    pub sanitiser: SanitiserSettings,
    /// Who sets that.
    pub sanitiser_origin: Origin,
    /// Whether it has a row; otherwise the first step writes it.
    pub stored: bool,
}

impl Workspace {
    /// A workspace that is not stored yet.
    #[must_use]
    pub fn new(key: WorkspaceKey, name: &str) -> Self {
        let (incidents, sanitiser) = (IncidentRules::default(), SanitiserSettings::default());
        Self {
            key,
            name: name.to_owned(),
            asks: false,
            incidents,
            incidents_origin: Origin::Runtime,
            sanitiser,
            sanitiser_origin: Origin::Runtime,
            stored: false,
        }
    }
}

/// The workspace of a configuration that names none.
impl Default for Workspace {
    fn default() -> Self {
        Self::new(WorkspaceKey(1), "default")
    }
}

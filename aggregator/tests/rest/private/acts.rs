//! What agents, operators and clients do.

use skerry_domain::track::HardState;

/// What somebody does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    /// An agent reports a check with its evidence.
    Report(HardState),
    /// An agent gets another name and another location.
    RenameAgent,
    /// An operator writes a note on a problem.
    Note,
    /// An operator makes a problem private, or not.
    Hide(bool),
    /// An incident that nobody published.
    Draft,
    /// An incident whose text names what is private, for the sanitiser to remove.
    Careless,
    /// An incident whose text is edited.
    Edit,
    /// An incident that is deleted.
    Delete,
    /// An incident with a postmortem that nobody published.
    Postmortem,
    /// An incident of a page that nobody sees.
    Elsewhere,
    /// Maintenance of a component that nobody sees.
    HiddenMaintenance,
    /// Maintenance that is announced much later.
    LaterMaintenance,
    /// An announcement that appears much later.
    LaterAnnouncement,
    /// An announcement on a page that nobody sees.
    HiddenAnnouncement,
    /// A template of incidents.
    Template,
    /// A token, and its first use.
    Token,
    /// A correction of the past, with the reason for operators.
    Correct,
    /// What the sanitiser removes.
    Sanitise,
    /// A private component, and one that is deleted.
    Components,
    /// The link to the preview of that page.
    Preview,
}

pub(super) const ACTS: [Act; 24] = [
    Act::Report(HardState::Unknown),
    Act::Report(HardState::Degraded),
    Act::Report(HardState::Down),
    Act::Note,
    Act::Hide(true),
    Act::Hide(false),
    Act::RenameAgent,
    Act::Report(HardState::Up),
    Act::Preview,
    Act::Draft,
    Act::Careless,
    Act::Edit,
    Act::Delete,
    Act::Postmortem,
    Act::Elsewhere,
    Act::HiddenMaintenance,
    Act::LaterMaintenance,
    Act::LaterAnnouncement,
    Act::HiddenAnnouncement,
    Act::Template,
    Act::Token,
    Act::Correct,
    Act::Sanitise,
    Act::Components,
];

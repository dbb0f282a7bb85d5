//! Commands of a workspace.

use super::{
    AgentChange, AnnouncementChange, Attempted, ComponentChange, Configure, DesiredHeartbeat, GroupChange,
    HeartbeatPing, IncidentChange, NewAnnouncement, NewApiToken, NewComponent, NewCorrection, NewGroup,
    NewIncident, NewSeries, NewWindow, Once, PageChange, PostmortemChange, PreviewCommand, ProblemChange,
    Report, SeriesChange, SubscriberCommand, TeamTold, TemplateCommand, WindowChange,
};
use crate::credentials::TokenHash;
use crate::holds::Source;
use crate::incident::IncidentRules;
use crate::maintenance::MaintenanceStatus;
use crate::state::{
    AgentKey, AnnouncementKey, ApiTokenKey, ComponentKey, CorrectionKey, GroupKey, IncidentKey, Origin,
    PageKey, PageSettings, ProblemKey, SeriesKey, TrackKey, WindowKey,
};
use crate::status::Status;
use crate::text::{SanitiserSettings, Text};
use crate::time::Timestamp;
use jiff::tz::TimeZone;

/// A command of a workspace.
#[derive(Clone, Debug)]
pub enum Command {
    /// A batch of an agent.
    Report(Box<Report>),
    /// Time has passed.
    Tick,
    /// The aggregator was unreachable until now: stopped, asleep, or unable to write.
    Away {
        /// The beginning of that time.
        from: Timestamp,
    },
    /// Runs these commands in order: all of them or none.
    Together(Vec<Command>),
    /// Runs a command once, however often its request is sent.
    Once(Box<Once>),
    /// Applies the configuration file.
    Configure(Box<Configure>),
    /// Replaces the heartbeats that the file declares.
    DeclareHeartbeats(Vec<DesiredHeartbeat>),
    /// A job has sent a ping.
    HeartbeatPing(Box<HeartbeatPing>),
    /// Names the workspaces of all configuration files; in another workspace all pages that a file declared are archived.
    KeepWorkspaces(Vec<String>),
    /// Ensures that the built-in agent exists; it needs no credential.
    AddAgent {
        /// Unique in the workspace.
        name: String,
        /// Failure domain.
        location: String,
    },
    /// A change of an agent by an operator.
    ChangeAgent {
        /// Its name.
        agent: String,
        /// The change.
        change: AgentChange,
    },
    /// An agent exchanges an enrolment token for a credential.
    Redeem {
        /// Hash of the token.
        token: TokenHash,
        /// Hash of the credential.
        credential: TokenHash,
    },
    /// Sets or removes the token of a heartbeat's address.
    SetHeartbeatToken {
        /// The check's name.
        check: String,
        /// Hash of the token; `None` removes the address.
        token: Option<TokenHash>,
    },
    /// Ends the declarations of an agent's checks.
    Dismiss {
        /// Which.
        agent: AgentKey,
    },
    /// Sets the configuration's rules for who may report the checks.
    JudgeReporters {
        /// An agent that joins other reporters waits for an operator's permission.
        asks: bool,
        /// Hash of the definition of each check that the file declares, except heartbeats.
        definitions: Vec<(String, Vec<u8>)>,
    },
    /// An operator chooses the agent whose definition of a check applies.
    ChooseDefinition {
        /// The check's name.
        check: String,
        /// The agent's name.
        agent: String,
    },
    /// Reduces the detail of old history.
    Fold {
        /// History that ended before this instant.
        before: Timestamp,
        /// The greatest number of tracks to fold.
        limit: usize,
        /// Only tracks after this one are looked at: the one that the last answer names, at first 0.
        after: TrackKey,
    },
    /// Sets a hold on a component and replaces the source's previous one. `operational` on a linked component only
    /// releases the previous hold, so that the automatic status applies.
    SetHold {
        /// Which.
        component: ComponentKey,
        /// The source.
        source: Source,
        /// The status.
        status: Status,
        /// The end. `None`: until released; through REST on a linked component after [`super::REST_HOLDS`].
        until: Option<Timestamp>,
    },
    /// Releases the hold of a source on a component.
    ReleaseHold {
        /// Which.
        component: ComponentKey,
        /// The source.
        source: Source,
    },
    /// A person plans maintenance.
    PlanWindow(Box<NewWindow>),
    /// A person plans maintenance that recurs.
    PlanSeries(Box<NewSeries>),
    /// A person changes a series and those of its occurrences that have not begun and that nobody changed.
    ChangeSeries {
        /// Which.
        series: SeriesKey,
        /// The change.
        change: Box<SeriesChange>,
    },
    /// Ends a series: occurrences that have not begun do not take place.
    EndSeries {
        /// Which.
        series: SeriesKey,
        /// Why, for visitors who know of one. `None`: an automatic text.
        body: Option<Box<Text>>,
    },
    /// Cancels a planned window. A running one ends now; one that has ended cannot be cancelled.
    CancelWindow {
        /// Which.
        window: WindowKey,
        /// Why, for visitors who know of it. `None`: an automatic text.
        body: Option<Box<Text>>,
    },
    /// Sets what happens to incidents by itself.
    SetIncidentRules {
        /// The rules. `None`: a file says nothing of them; they are left to people, and begin with the defaults.
        rules: Option<IncidentRules>,
        /// Who sets them. What a file sets, only the file changes.
        by: Origin,
    },
    /// Sets what texts for the public must not contain.
    SetSanitiser {
        /// The settings. `None`: as for the rules of incidents.
        settings: Option<Box<SanitiserSettings>>,
        /// Who sets them.
        by: Origin,
    },
    /// A change of a problem by an operator.
    ChangeProblem {
        /// Which.
        problem: ProblemKey,
        /// The change.
        change: ProblemChange,
    },
    /// A person opens an incident.
    OpenIncident(Box<NewIncident>),
    /// A person changes an incident or adds an update.
    UpdateIncident {
        /// Which.
        incident: IncidentKey,
        /// The change.
        change: Box<IncidentChange>,
    },
    /// A person publishes a draft.
    PublishIncident {
        /// Which.
        incident: IncidentKey,
    },
    /// A person edits an update.
    EditUpdate {
        /// Which incident.
        incident: IncidentKey,
        /// The id of the update.
        update: String,
        /// Its new text; `None`: it stays.
        body: Option<Box<Text>>,
        /// The new time that is shown; `None`: it stays.
        display_at: Option<Timestamp>,
    },
    /// A person adds a problem to an incident, or takes it out.
    LinkProblem {
        /// Which incident.
        incident: IncidentKey,
        /// Which problem.
        problem: ProblemKey,
        /// Whether it belongs to the incident.
        linked: bool,
    },
    /// A person changes the postmortem of an incident.
    ChangePostmortem {
        /// Which incident.
        incident: IncidentKey,
        /// The change.
        change: Box<PostmortemChange>,
    },
    /// A person deletes an incident.
    DeleteIncident {
        /// Which.
        incident: IncidentKey,
    },
    /// A person corrects the past of a component.
    Correct(Box<NewCorrection>),
    /// A person changes a planned window.
    ChangeWindow {
        /// Which.
        window: WindowKey,
        /// The change.
        change: Box<WindowChange>,
    },
    /// A person adds an entry to the timeline of a planned window, which is announced if it was not.
    UpdateWindow {
        /// Which.
        window: WindowKey,
        /// The state from here on: `in_progress` begins it early, `completed` ends it early. `None`: it stays.
        status: Option<MaintenanceStatus>,
        /// The text; without it a new state has an automatic one.
        body: Option<Box<Text>>,
        /// Its end, if this begins it early. `None`: it stays.
        to: Option<Timestamp>,
    },
    /// A person edits an entry of the timeline of a planned window.
    EditWindowUpdate {
        /// Which window.
        window: WindowKey,
        /// The id of the entry.
        update: String,
        /// Its new text; `None`: it stays.
        body: Option<Box<Text>>,
        /// The new time that is shown; `None`: it stays.
        display_at: Option<Timestamp>,
    },
    /// Makes a token of the REST API.
    AddApiToken(Box<NewApiToken>),
    /// A token of the REST API is used.
    NoteTokenUse(ApiTokenKey),
    /// Removes a token of the REST API; it is no longer accepted.
    RemoveApiToken {
        /// Its name.
        name: String,
    },
    /// A person undoes a correction.
    UndoCorrection {
        /// Which.
        correction: CorrectionKey,
    },
    /// Makes a page.
    CreatePage(Box<PageSettings>),
    /// Changes a page that was made at run time.
    ChangePage {
        /// Which.
        page: PageKey,
        /// The change.
        change: Box<PageChange>,
        /// The zone that its settings name afterwards.
        zone: TimeZone,
    },
    /// An operator makes or ends the link to the preview of a page.
    Preview(PreviewCommand),
    /// Archives a page that was made at run time.
    ArchivePage {
        /// Which.
        page: PageKey,
    },
    /// Makes a group.
    CreateGroup(Box<NewGroup>),
    /// Changes a group that was made at run time.
    ChangeGroup {
        /// Which.
        group: GroupKey,
        /// The change.
        change: Box<GroupChange>,
    },
    /// Archives a group that was made at run time; its components stay on the page.
    ArchiveGroup {
        /// Which.
        group: GroupKey,
    },
    /// Makes a component.
    CreateComponent {
        /// The component.
        new: Box<NewComponent>,
        /// The zone of its page.
        zone: TimeZone,
    },
    /// Changes a component that was made at run time.
    ChangeComponent {
        /// Which.
        component: ComponentKey,
        /// The change.
        change: Box<ComponentChange>,
        /// The zone of its page.
        zone: TimeZone,
    },
    /// Archives a component that was made at run time.
    ArchiveComponent {
        /// Which.
        component: ComponentKey,
    },
    /// A person makes an announcement.
    CreateAnnouncement(Box<NewAnnouncement>),
    /// A person changes an announcement.
    ChangeAnnouncement {
        /// Which.
        announcement: AnnouncementKey,
        /// The change.
        change: Box<AnnouncementChange>,
    },
    /// A person ends an announcement; one that did not appear yet is removed.
    DeleteAnnouncement {
        /// Which.
        announcement: AnnouncementKey,
    },
    /// The file or an admin declares, makes, changes or removes templates of incidents.
    Template(Box<TemplateCommand>),
    /// Somebody subscribes, confirms, chooses or leaves.
    Subscriber(Box<SubscriberCommand>),
    /// What became of a delivery.
    Attempted(Box<Attempted>),
    /// A receiver of the team has taken a message.
    TeamTold(Box<TeamTold>),
    /// Replaces the response-time chart of a component.
    SetResponse {
        /// Which.
        component: ComponentKey,
        /// Its windows, the shortest first.
        windows: Vec<crate::response::ResponseWindow>,
    },
}

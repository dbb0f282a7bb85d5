//! The declared rows of problems, and of what is announced, held and corrected. The migration that created a column
//! describes its meaning.

use super::table::{Column, Columns, Record, Table, records};
use super::value::{Field, Lines, Misread, SourceKind, Value};
use crate::announcement::AnnouncementLevel;
use crate::automatic_text::{AutomaticEvent, ReasonClass};
use crate::incident::{Impact, IncidentStatus};
use crate::maintenance::{MaintenanceStatus, WindowEvent};
use crate::problem::{Level, ProblemEventKind, Severity};
use crate::state::{
    AgentKey, AnnouncementKey, CheckKey, ComponentKey, CorrectionKey, HoldKey, IncidentKey, Origin, PageKey,
    ProblemKey, SeriesKey, TemplateKey, WindowKey, WorkspaceKey,
};
use crate::status::Status;
use crate::template::TemplateStatus;
use crate::time::Timestamp;
use jiff::civil::DateTime;
use skerry_protocol::wire::Reason;
use skerry_sanitiser::PublicText;

records! {
    /// A status that a source set on a component.
    HoldRow in "hold", key 2 {
        workspace: WorkspaceKey,
        key: HoldKey,
        component: ComponentKey,
        source: SourceKind,
        incident: Option<i64>,
        status: Status,
        from_ms: Timestamp,
        to_ms: Timestamp,
    }
    /// Planned windows that recur.
    SeriesRow in "maintenance_series", key 2 {
        workspace: WorkspaceKey,
        key: SeriesKey,
        id: String,
        page: Option<PageKey>,
        written_title: Option<String>,
        title: Option<PublicText>,
        written_body: Option<String>,
        body: Option<PublicText>,
        components: Option<Lines>,
        checks: Option<Lines>,
        length: i64,
        lead: i64,
        reminds: bool,
        rule: String,
        first: DateTime,
        time_zone: String,
        made: Option<DateTime>,
        created_ms: Timestamp,
        updated_ms: Timestamp,
        ended_ms: Option<Timestamp>,
    }
    /// A planned window.
    WindowRow in "planned_window", key 2 {
        workspace: WorkspaceKey,
        key: WindowKey,
        id: String,
        page: Option<PageKey>,
        written_title: Option<String>,
        title: Option<PublicText>,
        status: MaintenanceStatus,
        from_ms: Timestamp,
        to_ms: Timestamp,
        lead: i64,
        reminds: bool,
        created_ms: Timestamp,
        timed_ms: Timestamp,
        announced_ms: Option<Timestamp>,
        reminded_ms: Option<Timestamp>,
        started_ms: Option<Timestamp>,
        verifying_ms: Option<Timestamp>,
        completed_ms: Option<Timestamp>,
        cancelled_ms: Option<Timestamp>,
        updated_ms: Timestamp,
        revision: i64,
        series: Option<SeriesKey>,
        occurrence: Option<DateTime>,
        modified: bool,
    }
    /// A component of a planned window.
    WindowComponentRow in "planned_window_component", key 3 {
        workspace: WorkspaceKey,
        planned_window: WindowKey,
        component: ComponentKey,
    }
    /// A check whose problems a planned window holds back.
    WindowCheckRow in "planned_window_check", key 3 {
        workspace: WorkspaceKey,
        planned_window: WindowKey,
        check_name: String,
    }
    /// An entry of the timeline of a planned window.
    WindowUpdateRow in "planned_window_update", key 3 {
        workspace: WorkspaceKey,
        planned_window: WindowKey,
        number: i64,
        id: String,
        status: MaintenanceStatus,
        written: Option<String>,
        body: Option<PublicText>,
        event: Option<WindowEvent>,
        planned_from: Option<i64>,
        planned_to: Option<i64>,
        created_ms: Timestamp,
        display_ms: Timestamp,
        edited_ms: Option<Timestamp>,
        author: Option<String>,
    }
    /// What an entry of a planned window said before an edit.
    WindowTextRow in "planned_window_text", key 4 {
        workspace: WorkspaceKey,
        planned_window: WindowKey,
        number: i64,
        place: i64,
        replaced_ms: Timestamp,
        written: String,
    }
    /// A fault of a check, or the silence of an agent.
    ProblemRow in "problem", key 2 {
        workspace: WorkspaceKey,
        key: ProblemKey,
        id: String,
        check: Option<CheckKey>,
        agent: Option<AgentKey>,
        began_ms: Timestamp,
        opened_ms: Timestamp,
        ended_ms: Option<Timestamp>,
        level: Level,
        worst: Level,
        severity: Severity,
        severity_override: Option<Severity>,
        private: bool,
        late: bool,
        withdrawn: bool,
        flaps: u64,
        acknowledged_ms: Option<Timestamp>,
        acknowledged_by: Option<String>,
    }
    /// An entry in the history of a problem.
    ProblemEventRow in "problem_event", key 3 {
        workspace: WorkspaceKey,
        problem: ProblemKey,
        number: i64,
        at_ms: Timestamp,
        kind: ProblemEventKind,
        level: Level,
        reason: Reason,
        reporters: Lines,
        note: Option<String>,
        author: Option<String>,
    }
    /// An announcement on a page.
    IncidentRow in "incident", key 2 {
        workspace: WorkspaceKey,
        key: IncidentKey,
        id: String,
        page: PageKey,
        written_title: Option<String>,
        title: Option<PublicText>,
        status: IncidentStatus,
        impact: Impact,
        impact_override: Option<Impact>,
        automatic: bool,
        touched: bool,
        approved: bool,
        spreads: bool,
        backfilled: bool,
        created_ms: Timestamp,
        published_ms: Option<Timestamp>,
        started_ms: Timestamp,
        identified_ms: Option<Timestamp>,
        monitoring_ms: Option<Timestamp>,
        resolved_ms: Option<Timestamp>,
        updated_ms: Timestamp,
        reminded_ms: Option<Timestamp>,
        recovered_ms: Option<Timestamp>,
        written_postmortem: Option<String>,
        postmortem: Option<PublicText>,
        postmortem_created_ms: Option<Timestamp>,
        postmortem_updated_ms: Option<Timestamp>,
        postmortem_published_ms: Option<Timestamp>,
    }
    /// A problem that an incident announces, or may announce.
    IncidentProblemRow in "incident_problem", key 3 {
        workspace: WorkspaceKey,
        incident: IncidentKey,
        problem: ProblemKey,
        suggested: bool,
        refused: bool,
    }
    /// An entry of an incident's timeline.
    IncidentUpdateRow in "incident_update", key 3 {
        workspace: WorkspaceKey,
        incident: IncidentKey,
        number: i64,
        id: String,
        status: IncidentStatus,
        written: Option<String>,
        body: Option<PublicText>,
        event: Option<AutomaticEvent>,
        reason_class: Option<ReasonClass>,
        since_ms: Option<Timestamp>,
        created_ms: Timestamp,
        display_ms: Timestamp,
        edited_ms: Option<Timestamp>,
        author: Option<String>,
    }
    /// A component that an update names.
    IncidentComponentRow in "incident_component", key 4 {
        workspace: WorkspaceKey,
        incident: IncidentKey,
        number: i64,
        place: i64,
        component: ComponentKey,
        from_status: Status,
        to_status: Status,
        set: bool,
    }
    /// What an update said before an edit.
    FormerTextRow in "former_text", key 4 {
        workspace: WorkspaceKey,
        incident: IncidentKey,
        number: i64,
        place: i64,
        replaced_ms: Timestamp,
        written: String,
    }
    /// A notice on pages, without an outage.
    AnnouncementRow in "announcement", key 2 {
        workspace: WorkspaceKey,
        key: AnnouncementKey,
        id: String,
        written_title: String,
        title: PublicText,
        written: String,
        body: PublicText,
        level: AnnouncementLevel,
        shown_from: Timestamp,
        shown_to: Option<Timestamp>,
        tell_subscribers: bool,
        created_ms: Timestamp,
        updated_ms: Timestamp,
        edited_ms: Option<Timestamp>,
        began_ms: Option<Timestamp>,
        ended_ms: Option<Timestamp>,
        withdrawn: bool,
        author: Option<String>,
    }
    /// A page that shows an announcement.
    AnnouncementPageRow in "announcement_page", key 3 {
        workspace: WorkspaceKey,
        announcement: AnnouncementKey,
        page: PageKey,
    }
    /// A template of incidents.
    TemplateRow in "incident_template", key 2 {
        workspace: WorkspaceKey,
        key: TemplateKey,
        id: String,
        page: Option<PageKey>,
        origin: Origin,
        name: String,
        written_title: String,
        title: PublicText,
        written: String,
        body: PublicText,
        update_status: Option<TemplateStatus>,
        created_ms: Timestamp,
        updated_ms: Timestamp,
        author: Option<String>,
    }
    /// A component that a template names.
    TemplateComponentRow in "incident_template_component", key 3 {
        workspace: WorkspaceKey,
        incident_template: TemplateKey,
        component: ComponentKey,
    }
    /// A correction of the past of a component.
    CorrectionRow in "correction", key 2 {
        workspace: WorkspaceKey,
        key: CorrectionKey,
        id: String,
        component: ComponentKey,
        from_ms: Timestamp,
        to_ms: Timestamp,
        status: Status,
        reason: String,
        made_by: Option<String>,
        made_ms: Timestamp,
        undone_by: Option<String>,
        undone_ms: Option<Timestamp>,
    }
}

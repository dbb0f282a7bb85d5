//! The declared rows. The migration that created a column describes its meaning.

use super::items::Items;
use super::table::{Column, Columns, Record, Table, rows};
use super::value::{Bits, Field, Layer, Lines, Misread, Said, SourceKind, Value};
use crate::automatic_text::{AutomaticEvent, ReasonClass};
use crate::credentials::{Standing, TokenHash};
use crate::incident::{Impact, IncidentStatus};
use crate::maintenance::{MaintenanceStatus, WindowEvent};
use crate::problem::{Level, ProblemEventKind, Severity};
use crate::reporters::Held;
use crate::state::{
    AgentKey, CheckKey, ComponentKey, CorrectionKey, GroupKey, HoldKey, IncidentKey, PageKey, ProblemKey,
    TrackKey, WindowKey, WorkspaceKey,
};
use crate::status::Status;
use crate::time::Timestamp;
use crate::track::HardState;
use crate::uptime::Rule;
use crate::verdict::Quorum;
use skerry_protocol::wire::{Outcome, Reason};
use skerry_sanitiser::PublicText;

rows! {
    /// A tenant.
    Workspace(WorkspaceRow) in "workspace", key 1 {
        key: WorkspaceKey,
        name: String,
        ask_reporters: bool,
        draft_from: Option<Severity>,
        publish_from: Option<Severity>,
        resolve_after: i64,
        remind_after: i64,
        private_suffixes: Option<Lines>,
        secret_patterns: Option<Lines>,
    }
    /// The greatest key that was ever assigned in a table.
    Counter(CounterRow) in "counter", key 2 {
        workspace: WorkspaceKey,
        name: String,
        last: i64,
    }
    /// When the aggregator was unreachable.
    Blind(BlindRow) in "blind", key 2 {
        workspace: WorkspaceKey,
        from_ms: Timestamp,
        to_ms: Timestamp,
    }
    /// A process that runs checks.
    Agent(AgentRow) in "agent", key 2 {
        workspace: WorkspaceKey,
        key: AgentKey,
        name: String,
        location: String,
        token_hash: Option<TokenHash>,
        standing: Standing,
        former_name: Option<String>,
        cloned_ms: Option<Timestamp>,
        checks: Option<Lines>,
        moved_from: Option<String>,
    }
    /// A pattern of checks that an agent may join others in reporting.
    AgentAllow(AgentAllowRow) in "agent_allow", key 3 {
        workspace: WorkspaceKey,
        agent: AgentKey,
        check_name: String,
    }
    /// An enrolment token, valid once.
    Enrolment(EnrolmentRow) in "enrolment", key 2 {
        workspace: WorkspaceKey,
        token_hash: TokenHash,
        agent: AgentKey,
        until_ms: Timestamp,
        used_ms: Option<Timestamp>,
    }
    /// A former location of an agent.
    FormerLocation(FormerLocationRow) in "former_location", key 3 {
        workspace: WorkspaceKey,
        agent: AgentKey,
        to_ms: Timestamp,
        location: String,
    }
    /// One spool of an agent, with the agent's self report in the last batch of it.
    Epoch(EpochRow) in "agent_epoch", key 3 {
        workspace: WorkspaceKey,
        agent: AgentKey,
        epoch: [u8; 16],
        through: u64,
        offset_ms: i64,
        seen_ms: Timestamp,
        version: String,
        depth: u64,
        oldest_ms: u64,
        lost: u64,
        set_aside: u64,
        lateness_ms: u64,
        own_network_gone: bool,
        last_record: Bits,
    }
    /// A check.
    Check(CheckRow) in "check", key 2 {
        workspace: WorkspaceKey,
        key: CheckKey,
        name: String,
        quorum: Quorum,
        definition: Vec<u8>,
        file_definition: Option<Vec<u8>>,
    }
    /// The definition of a check that an operator chose.
    CheckDefinition(CheckDefinitionRow) in "check_definition", key 2 {
        workspace: WorkspaceKey,
        check_name: String,
        definition: Vec<u8>,
    }
    /// The address that a job pings.
    HeartbeatToken(HeartbeatTokenRow) in "heartbeat_token", key 2 {
        workspace: WorkspaceKey,
        check_name: String,
        token_hash: TokenHash,
    }
    /// A former quorum of a check.
    FormerQuorum(FormerQuorumRow) in "former_quorum", key 3 {
        workspace: WorkspaceKey,
        check: CheckKey,
        to_ms: Timestamp,
        quorum: Quorum,
    }
    /// A check as one agent observes it.
    Track(TrackRow) in "track", key 2, fixed 4 {
        workspace: WorkspaceKey,
        key: TrackKey,
        agent: AgentKey,
        check: CheckKey,
        interval_ms: i64,
        definition: Vec<u8>,
        silent: bool,
        gone: bool,
        state: Option<HardState>,
        from_ms: Option<Timestamp>,
        last_ms: Option<Timestamp>,
        held: Option<Held>,
        joined_ms: Option<Timestamp>,
        settled_ms: Option<Timestamp>,
        up_ms: Option<Timestamp>,
        degraded_ms: Option<Timestamp>,
        down_ms: Option<Timestamp>,
        run_ms: Option<Timestamp>,
        run_outcome: Option<Outcome>,
        run_reason: Option<Reason>,
        run_detail: Option<String>,
        run_us: Option<u64>,
        certificate_end: Option<Timestamp>,
        severity: Severity,
    }
    /// When an agent ran a check and counted for it.
    Declared(DeclaredRow) in "declared", key 3 {
        workspace: WorkspaceKey,
        track: TrackKey,
        from_ms: Timestamp,
        to_ms: Timestamp,
    }
    /// A closed span of one hard state; the newest span is part of the track.
    Span(SpanRow) in "span", key 3 {
        workspace: WorkspaceKey,
        track: TrackKey,
        from_ms: Timestamp,
        last_ms: Timestamp,
        state: HardState,
    }
    /// A day on which a check was not up at an agent, from folded spans.
    SpanDay(SpanDayRow) in "span_day", key 4 {
        workspace: WorkspaceKey,
        track: TrackKey,
        day_ms: Timestamp,
        state: HardState,
    }
    /// When an agent reported that a check flaps.
    Flap(FlapRow) in "flap", key 3 {
        workspace: WorkspaceKey,
        track: TrackKey,
        from_ms: Timestamp,
        to_ms: Timestamp,
    }
    /// A heartbeat.
    Heartbeat(HeartbeatRow) in "heartbeat", key 2 {
        workspace: WorkspaceKey,
        check: CheckKey,
        track: TrackKey,
        period_ms: i64,
        grace_ms: i64,
        heard_ms: Option<Timestamp>,
        started_ms: Option<Timestamp>,
        started_run: Option<String>,
        expected_since_ms: Option<Timestamp>,
        schedule: Option<String>,
        time_zone: Option<String>,
    }
    /// A status page.
    Page(PageRow) in "page", key 2 {
        workspace: WorkspaceKey,
        key: PageKey,
        file_key: String,
        id: String,
        created_ms: Timestamp,
        public_ms: Option<Timestamp>,
        archived: bool,
        slug: String,
        name: String,
        public: bool,
        listed: bool,
        root: bool,
        domain: Option<String>,
        time_zone: String,
        support_url: Option<String>,
        frame_ancestors: Lines,
        language: String,
        uptime_rule: Rule,
        partial_percent: u32,
        major_percent: u32,
        items: Items,
    }
    /// A group of components.
    Group(GroupRow) in "page_group", key 2 {
        workspace: WorkspaceKey,
        key: GroupKey,
        page: PageKey,
        file_key: String,
        id: String,
        created_ms: Timestamp,
        archived: bool,
        name: String,
        description: Option<String>,
    }
    /// A user-facing part of a page.
    Component(ComponentRow) in "component", key 2 {
        workspace: WorkspaceKey,
        key: ComponentKey,
        page: PageKey,
        file_key: String,
        id: String,
        created_ms: Timestamp,
        archived: bool,
        start_ms: Timestamp,
        name: String,
        description: Option<String>,
        public: bool,
        start_date: Option<jiff::civil::Date>,
        response_time: bool,
        showcase: bool,
        only_show_if_degraded: bool,
    }
    /// A check feeds a component for a time.
    Link(LinkRow) in "component_link", key 5 {
        workspace: WorkspaceKey,
        component: ComponentKey,
        check: CheckKey,
        minor: bool,
        from_ms: Timestamp,
        to_ms: Timestamp,
    }
    /// The status of a component in one layer for a time.
    Interval(IntervalRow) in "status_interval", key 4 {
        workspace: WorkspaceKey,
        component: ComponentKey,
        layer: Layer,
        from_ms: Timestamp,
        to_ms: Timestamp,
        status: Said,
    }
    /// A status that a source set on a component.
    Hold(HoldRow) in "hold", key 2 {
        workspace: WorkspaceKey,
        key: HoldKey,
        component: ComponentKey,
        source: SourceKind,
        incident: Option<i64>,
        status: Status,
        from_ms: Timestamp,
        to_ms: Timestamp,
    }
    /// A planned window.
    Window(WindowRow) in "planned_window", key 2 {
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
    }
    /// A component of a planned window.
    WindowComponent(WindowComponentRow) in "planned_window_component", key 3 {
        workspace: WorkspaceKey,
        planned_window: WindowKey,
        component: ComponentKey,
    }
    /// A check whose problems a planned window holds back.
    WindowCheck(WindowCheckRow) in "planned_window_check", key 3 {
        workspace: WorkspaceKey,
        planned_window: WindowKey,
        check_name: String,
    }
    /// An entry of the timeline of a planned window.
    WindowUpdate(WindowUpdateRow) in "planned_window_update", key 3 {
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
    WindowText(WindowTextRow) in "planned_window_text", key 4 {
        workspace: WorkspaceKey,
        planned_window: WindowKey,
        number: i64,
        place: i64,
        replaced_ms: Timestamp,
        written: String,
    }
    /// A fault of a check, or the silence of an agent.
    Problem(ProblemRow) in "problem", key 2 {
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
    ProblemEvent(ProblemEventRow) in "problem_event", key 3 {
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
    Incident(IncidentRow) in "incident", key 2 {
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
    IncidentProblem(IncidentProblemRow) in "incident_problem", key 3 {
        workspace: WorkspaceKey,
        incident: IncidentKey,
        problem: ProblemKey,
        suggested: bool,
    }
    /// An entry of an incident's timeline.
    IncidentUpdate(IncidentUpdateRow) in "incident_update", key 3 {
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
    IncidentComponent(IncidentComponentRow) in "incident_component", key 4 {
        workspace: WorkspaceKey,
        incident: IncidentKey,
        number: i64,
        place: i64,
        component: ComponentKey,
        from_status: Status,
        to_status: Status,
    }
    /// What an update said before an edit.
    FormerText(FormerTextRow) in "former_text", key 4 {
        workspace: WorkspaceKey,
        incident: IncidentKey,
        number: i64,
        place: i64,
        replaced_ms: Timestamp,
        written: String,
    }
    /// A correction of the past of a component.
    Correction(CorrectionRow) in "correction", key 2 {
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
    /// Records that never arrived or that an agent discarded.
    Loss(LossRow) in "loss", key 2 {
        workspace: WorkspaceKey,
        number: i64,
        agent: AgentKey,
        noted_ms: Timestamp,
        count: u64,
        why: String,
        from_ms: Option<Timestamp>,
        to_ms: Option<Timestamp>,
    }
    /// A hard transition, for operators.
    Transition(TransitionRow) in "hard_transition", key 2 {
        workspace: WorkspaceKey,
        number: i64,
        at_ms: Timestamp,
        track: TrackKey,
        since_ms: Timestamp,
        from_state: HardState,
        to_state: HardState,
        reason: String,
        detail: String,
    }
    /// A change of a setting: who, what and when.
    Audit(AuditRow) in "audit", key 2 {
        workspace: WorkspaceKey,
        number: i64,
        at_ms: Timestamp,
        actor: String,
        action: String,
        object: String,
        object_key: Option<i64>,
        before: Option<String>,
        after: Option<String>,
        source: Option<String>,
        request: Option<String>,
    }
}

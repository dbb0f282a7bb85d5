//! The declared rows. The migration that created a column describes its meaning.

use super::items::Items;
use super::table::{Column, Columns, Record, Table, records};
use super::value::{Bits, Field, Layer, Lines, Misread, Said, Value};
use crate::access::Role;
use crate::branding::{Color, GroupFolding, ImageFormat, ImagePurpose, Theme};
use crate::credentials::{Standing, TokenHash};
use crate::problem::Severity;
use crate::reporters::Held;
use crate::state::{
    AgentKey, ApiTokenKey, CheckKey, ComponentKey, GroupKey, Origin, PageKey, TrackKey, WorkspaceKey,
};
use crate::time::Timestamp;
use crate::track::HardState;
use crate::uptime::Rule;
use crate::verdict::Quorum;
use skerry_protocol::wire::{Outcome, Reason};
use skerry_sanitiser::PublicText;

records! {
    /// A tenant.
    WorkspaceRow in "workspace", key 1 {
        key: WorkspaceKey,
        name: String,
        ask_reporters: bool,
        draft_from: Option<Severity>,
        publish_from: Option<Severity>,
        resolve_after: i64,
        remind_after: i64,
        private_suffixes: Option<Lines>,
        secret_patterns: Option<Lines>,
        incidents_origin: Origin,
        sanitiser_origin: Origin,
    }
    /// The greatest key that was ever assigned in a table.
    CounterRow in "counter", key 2 {
        workspace: WorkspaceKey,
        name: String,
        last: i64,
    }
    /// When the aggregator was unreachable.
    BlindRow in "blind", key 2 {
        workspace: WorkspaceKey,
        from_ms: Timestamp,
        to_ms: Timestamp,
    }
    /// A process that runs checks.
    AgentRow in "agent", key 2 {
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
    AgentAllowRow in "agent_allow", key 3 {
        workspace: WorkspaceKey,
        agent: AgentKey,
        check_name: String,
    }
    /// An enrolment token, valid once.
    EnrolmentRow in "enrolment", key 2 {
        workspace: WorkspaceKey,
        token_hash: TokenHash,
        agent: AgentKey,
        until_ms: Timestamp,
        used_ms: Option<Timestamp>,
    }
    /// A former location of an agent.
    FormerLocationRow in "former_location", key 3 {
        workspace: WorkspaceKey,
        agent: AgentKey,
        to_ms: Timestamp,
        location: String,
    }
    /// One spool of an agent, with the agent's self report in the last batch of it.
    EpochRow in "agent_epoch", key 3 {
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
    CheckRow in "check", key 2 {
        workspace: WorkspaceKey,
        key: CheckKey,
        name: String,
        quorum: Quorum,
        definition: Vec<u8>,
        file_definition: Option<Vec<u8>>,
    }
    /// The definition of a check that an operator chose.
    CheckDefinitionRow in "check_definition", key 2 {
        workspace: WorkspaceKey,
        check_name: String,
        definition: Vec<u8>,
    }
    /// A token of the REST API.
    ApiTokenRow in "api_token", key 2 {
        workspace: WorkspaceKey,
        key: ApiTokenKey,
        id: String,
        name: String,
        token_hash: TokenHash,
        role: Role,
        scopes: Option<Lines>,
        pages: Option<Lines>,
        created_ms: Timestamp,
        expires_ms: Option<Timestamp>,
        used_ms: Option<Timestamp>,
    }
    /// The answer to a request that may be sent again.
    AnsweredRequestRow in "answered_request", key 3 {
        workspace: WorkspaceKey,
        token: ApiTokenKey,
        idempotency_key: String,
        digest: TokenHash,
        kind: String,
        subject: Option<i64>,
        at_ms: Timestamp,
    }
    /// The address that a job pings.
    HeartbeatTokenRow in "heartbeat_token", key 2 {
        workspace: WorkspaceKey,
        check_name: String,
        token_hash: TokenHash,
    }
    /// A former quorum of a check.
    FormerQuorumRow in "former_quorum", key 3 {
        workspace: WorkspaceKey,
        check: CheckKey,
        to_ms: Timestamp,
        quorum: Quorum,
    }
    /// A check as one agent observes it.
    TrackRow in "track", key 2, fixed 4 {
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
        transition_ms: Option<Timestamp>,
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
        depends_on: Option<Lines>,
        labels: Option<Lines>,
    }
    /// When an agent ran a check and counted for it.
    DeclaredRow in "declared", key 3 {
        workspace: WorkspaceKey,
        track: TrackKey,
        from_ms: Timestamp,
        to_ms: Timestamp,
    }
    /// A closed span of one hard state; the newest span is part of the track.
    SpanRow in "span", key 3 {
        workspace: WorkspaceKey,
        track: TrackKey,
        from_ms: Timestamp,
        last_ms: Timestamp,
        state: HardState,
    }
    /// A day on which a check was not up at an agent, from folded spans.
    SpanDayRow in "span_day", key 4 {
        workspace: WorkspaceKey,
        track: TrackKey,
        day_ms: Timestamp,
        state: HardState,
    }
    /// When an agent reported that a check flaps.
    FlapRow in "flap", key 3 {
        workspace: WorkspaceKey,
        track: TrackKey,
        from_ms: Timestamp,
        to_ms: Timestamp,
    }
    /// A heartbeat.
    HeartbeatRow in "heartbeat", key 2 {
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
    PageRow in "page", key 2 {
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
        privacy_url: Option<String>,
        frame_ancestors: Lines,
        language: String,
        uptime_rule: Rule,
        partial_percent: u32,
        major_percent: u32,
        items: Items,
        origin: Origin,
        preview_nonce: Option<[u8; 16]>,
        preview_until_ms: Option<Timestamp>,
    }
    /// The look of a page.
    PageBrandingRow in "page_branding", key 2 {
        workspace: WorkspaceKey,
        page: PageKey,
        color: Option<Color>,
        color_dark: Option<Color>,
        theme: Theme,
        groups: GroupFolding,
        compact: bool,
        affected_first: bool,
        written_header: Option<String>,
        header: Option<PublicText>,
        written_footer: Option<String>,
        footer: Option<PublicText>,
        links: Lines,
        css: Option<String>,
    }
    /// An image of a page.
    PageImageRow in "page_image", key 3 {
        workspace: WorkspaceKey,
        page: PageKey,
        purpose: ImagePurpose,
        format: ImageFormat,
        bytes: Vec<u8>,
    }
    /// A group of components.
    GroupRow in "page_group", key 2 {
        workspace: WorkspaceKey,
        key: GroupKey,
        page: PageKey,
        file_key: String,
        id: String,
        created_ms: Timestamp,
        archived: bool,
        name: String,
        description: Option<String>,
        origin: Origin,
    }
    /// A user-facing part of a page.
    ComponentRow in "component", key 2 {
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
        origin: Origin,
        selector: Option<Lines>,
        selector_minor: bool,
    }
    /// Labels choose the checks of a component for a time.
    SelectionRow in "component_selection", key 3 {
        workspace: WorkspaceKey,
        component: ComponentKey,
        from_ms: Timestamp,
        to_ms: Timestamp,
    }
    /// A check feeds a component for a time.
    LinkRow in "component_link", key 5 {
        workspace: WorkspaceKey,
        component: ComponentKey,
        check: CheckKey,
        minor: bool,
        from_ms: Timestamp,
        to_ms: Timestamp,
    }
    /// The status of a component in one layer for a time.
    IntervalRow in "status_interval", key 4 {
        workspace: WorkspaceKey,
        component: ComponentKey,
        layer: Layer,
        from_ms: Timestamp,
        to_ms: Timestamp,
        status: Said,
    }
    /// Intervals of the automatic layer that can no longer change.
    ChunkRow in "status_chunk", key 3 {
        workspace: WorkspaceKey,
        component: ComponentKey,
        from_ms: Timestamp,
        to_ms: Timestamp,
        intervals: Vec<u8>,
    }
    /// Records that never arrived or that an agent discarded.
    LossRow in "loss", key 2 {
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
    TransitionRow in "hard_transition", key 2 {
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
    AuditRow in "audit", key 2 {
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

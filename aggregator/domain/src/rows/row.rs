//! A row of any table. Tables that others refer to come first.

use super::announced::*;
use super::declared::*;
use super::table::{Record, Table, rows};
use super::told::*;
use super::value::Value;

rows! {
    /// A tenant.
    Workspace(WorkspaceRow),
    /// The greatest key that was ever assigned in a table.
    Counter(CounterRow),
    /// When the aggregator was unreachable.
    Blind(BlindRow),
    /// A process that runs checks.
    Agent(AgentRow),
    /// A pattern of checks that an agent may join others in reporting.
    AgentAllow(AgentAllowRow),
    /// An enrolment token, valid once.
    Enrolment(EnrolmentRow),
    /// A former location of an agent.
    FormerLocation(FormerLocationRow),
    /// One spool of an agent, with the agent's self report in the last batch of it.
    Epoch(EpochRow),
    /// A check.
    Check(CheckRow),
    /// The definition of a check that an operator chose.
    CheckDefinition(CheckDefinitionRow),
    /// The address that a job pings.
    HeartbeatToken(HeartbeatTokenRow),
    /// A former quorum of a check.
    FormerQuorum(FormerQuorumRow),
    /// A check as one agent observes it.
    Track(TrackRow),
    /// When an agent ran a check and counted for it.
    Declared(DeclaredRow),
    /// A closed span of one hard state; the newest span is part of the track.
    Span(SpanRow),
    /// A day on which a check was not up at an agent, from folded spans.
    SpanDay(SpanDayRow),
    /// When an agent reported that a check flaps.
    Flap(FlapRow),
    /// A heartbeat.
    Heartbeat(HeartbeatRow),
    /// A status page.
    Page(PageRow),
    /// The look of a page.
    PageBranding(PageBrandingRow),
    /// An image of a page.
    PageImage(PageImageRow),
    /// A group of components.
    Group(GroupRow),
    /// A user-facing part of a page.
    Component(ComponentRow),
    /// Labels choose the checks of a component for a time.
    Selection(SelectionRow),
    /// A check feeds a component for a time.
    Link(LinkRow),
    /// The status of a component in one layer for a time.
    Interval(IntervalRow),
    /// Intervals of the automatic layer that can no longer change.
    Chunk(ChunkRow),
    /// A status that a source set on a component.
    Hold(HoldRow),
    /// Planned windows that recur.
    Series(SeriesRow),
    /// A planned window.
    Window(WindowRow),
    /// A component of a planned window.
    WindowComponent(WindowComponentRow),
    /// A check whose problems a planned window holds back.
    WindowCheck(WindowCheckRow),
    /// An entry of the timeline of a planned window.
    WindowUpdate(WindowUpdateRow),
    /// What an entry of a planned window said before an edit.
    WindowText(WindowTextRow),
    /// A fault of a check, or the silence of an agent.
    Problem(ProblemRow),
    /// An entry in the history of a problem.
    ProblemEvent(ProblemEventRow),
    /// An announcement on a page.
    Incident(IncidentRow),
    /// A problem that an incident announces, or may announce.
    IncidentProblem(IncidentProblemRow),
    /// An entry of an incident's timeline.
    IncidentUpdate(IncidentUpdateRow),
    /// A component that an update names.
    IncidentComponent(IncidentComponentRow),
    /// What an update said before an edit.
    FormerText(FormerTextRow),
    /// A correction of the past of a component.
    Correction(CorrectionRow),
    /// A token of the REST API.
    ApiToken(ApiTokenRow),
    /// The answer to a request that may be sent again.
    AnsweredRequest(AnsweredRequestRow),
    /// A notice on pages, without an outage.
    Announcement(AnnouncementRow),
    /// A page that shows an announcement.
    AnnouncementPage(AnnouncementPageRow),
    /// A template of incidents.
    Template(TemplateRow),
    /// A component that a template of incidents names.
    TemplateComponent(TemplateComponentRow),
    /// Who hears of a page.
    Subscriber(SubscriberRow),
    /// The digest of an address to which nothing is sent.
    Suppressed(SuppressedRow),
    /// One thing to be said.
    Notice(NoticeRow),
    /// One notice, or a message about a subscription, to one subscriber.
    Delivery(DeliveryRow),
    /// What a receiver of the team was last told of a condition.
    TeamNotice(TeamNoticeRow),
    /// Records that never arrived or that an agent discarded.
    Loss(LossRow),
    /// A hard transition, for operators.
    Transition(TransitionRow),
    /// A change of a setting: who, what and when.
    Audit(AuditRow),
}

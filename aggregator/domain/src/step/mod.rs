//! `step(state, command, context)`: the only way to change the state of a workspace. Deterministic: the same state, command and
//! context give the same state and the same changes. A command is validated before it changes anything: a rejected
//! command leaves the state unchanged.

mod affected;
mod agents;
mod announcement;
mod answer;
mod automatic;
mod away;
mod change;
mod command;
mod command_name;
mod component;
mod configure;
mod context;
mod correction;
mod declare;
mod deliver;
mod existing;
mod expire;
mod faults;
mod fold;
mod forget;
mod heartbeat;
mod hold;
mod incident;
mod items;
mod limits;
mod linked;
mod maintenance;
mod notify;
mod once;
mod place;
mod postmortem;
mod preview;
mod problem;
mod received;
mod recompute;
mod recovery;
mod rejected;
mod report;
mod reported;
mod runtime;
mod runtime_component;
mod runtime_group;
mod selection;
mod series;
mod settings;
mod subscribe;
mod team;
mod template;
mod tick;
mod timeline;
mod token;
mod touched;
mod window;
mod window_change;

pub use affected::affected_by;
pub use agents::{Admission, AgentChange};
pub use announcement::{AnnouncementChange, MAX_OPEN_ANNOUNCEMENTS, NewAnnouncement};
pub use answer::Answer;
pub use change::{Change, RawObservation};
pub use command::Command;
pub use configure::{Configure, DesiredComponent, DesiredGroup, DesiredItem, DesiredLink, DesiredPage};
pub use context::{Context, Ids};
pub use correction::{MAX_CORRECTIONS, NewCorrection};
pub use deliver::Attempted;
pub(crate) use fold::Folded;
pub use fold::{KEPT, RULES_KEPT};
pub use heartbeat::{DesiredHeartbeat, HEARTBEAT_AGENT, HeartbeatPing, LOCATION, PingKind};
pub use hold::REST_HOLDS;
pub use incident::{IncidentChange, NewIncident};
pub use limits::{MAX_OPEN_INCIDENTS, MAX_UPDATES};
pub use once::Once;
pub use postmortem::PostmortemChange;
pub use preview::{LONGEST_PREVIEW, PreviewCommand};
pub use problem::ProblemChange;
pub use recompute::reporters_of;
pub use rejected::{Rejected, RejectedKind};
pub use reported::{DeclaredCheck, Observed, Proof, Record, RecordKind, Report, SnapshotState, When};
pub use runtime::{LONGEST_DESCRIPTION, LONGEST_NAME, MAX_MADE, PageChange};
pub use runtime_component::{ComponentChange, NewComponent};
pub use runtime_group::{GroupChange, NewGroup};
pub use series::{MAX_SERIES, NewSeries, SeriesChange};
pub use subscribe::{MAX_SUBSCRIBERS, NewSubscriber, SubscriberCommand};
pub use team::{TeamTold, ToldCondition};
pub use template::{DesiredTemplate, MAX_TEMPLATES, NewTemplate, TemplateChange, TemplateCommand};
pub use token::{MAX_API_TOKENS, NewApiToken};
use touched::Changes;
pub(crate) use touched::Touched;
pub use window::{MAX_LEAD, MAX_OPEN_WINDOWS, NewWindow};
pub use window_change::WindowChange;

use super::response::ResponseWindow;
use super::rows::{Author, Expected, Write, audit, make};
use super::schedule::Due;
use super::state::{ComponentKey, State};
use std::borrow::Borrow;

/// The outcome of one step.
#[derive(Clone, Debug, PartialEq)]
pub struct Stepped {
    /// The answer for the sender.
    pub answer: Answer,
    /// Events in order, for the log and the publisher.
    pub changes: Vec<Change>,
    /// Rows to write, by value.
    pub rows: Vec<Write>,
}

/// Applies one command. A time before the state's clock is raised to it: the clock never goes back.
///
/// # Errors
/// [`Rejected`]; then the state is unchanged.
pub fn step(state: &mut State, command: impl Borrow<Command>, context: Context) -> Result<Stepped, Rejected> {
    step_asked(state, command, context, Asked::default())
}

/// The origin of a command.
#[derive(Clone, Copy, Debug, Default)]
pub struct Asked<'a> {
    /// The author, for the audit of changed settings. `None`: the command is not audited.
    pub author: Option<&'a Author>,
    /// The version that the caller read before.
    pub expected: Option<&'a Expected>,
}

/// The same for a command with an author or an expected version.
///
/// # Errors
/// As [`step`]; also if the subject has changed since the caller read it.
pub fn step_asked(
    state: &mut State,
    command: impl Borrow<Command>,
    context: Context,
    asked: Asked<'_>,
) -> Result<Stepped, Rejected> {
    let (command, Asked { author, expected }) = (command.borrow(), asked);
    let now = context.now.max(state.clock);
    let context = Context { now, ids: context.ids.of(state.workspace.key) };
    if let Some(Expected { subject, version }) = expected
        && !once::is_repeated(state, command, context)
        && state.version(subject) != *version
    {
        let reason = format!("{subject} is no longer what it was when it was read: look at it again");
        return Err(Rejected::conflict("expected", reason));
    }
    let clock = state.clock;
    let former = (state.tracks.clone(), state.components.clone());
    let counters = state.workspace.stored.then_some(state.counters);
    let said_before = notify::Before::of(state);
    let before = author.map(|_| state.clone());
    let mut changes = Changes { author: author.map(|author| author.actor.clone()), ..Changes::default() };
    state.clock = now;
    let answer = apply(state, command, context, &mut changes);
    let answer = answer.inspect_err(|_| state.clock = clock)?;
    selection::follow(state, context, &mut changes);
    faults::follow(state, context, &mut changes);
    automatic::follow(state, context, &mut changes);
    notify::follow(state, &said_before, context, &mut changes);
    for page in &changes.touched.pages {
        state.reschedule(Due::Report(*page));
    }
    let Changes { events, mut touched, .. } = changes;
    state.place_published(&touched.incidents, &touched.windows);
    if !std::mem::replace(&mut state.workspace.stored, true) {
        touched.workspace();
    }
    let audited = author.zip(before).map(|(author, before)| audit(&before, state, &touched, author, now));
    let mut rows = make(state, &touched, &events, (counters, &former), now);
    rows.extend(audited.into_iter().flatten());
    Ok(Stepped { answer, changes: events, rows })
}

fn apply(
    state: &mut State,
    command: &Command,
    context: Context,
    changes: &mut Changes,
) -> Result<Answer, Rejected> {
    let now = context.now;
    match command {
        Command::Together(commands) => return together(state, commands, context, changes),
        Command::Once(once) => return once::once(state, once, context, changes),
        Command::Report(report) => return report::report(state, report, now, changes),
        Command::Away { from } => away::away(state, *from, now, changes),
        Command::Tick => tick::tick(state, context, changes),
        Command::Configure(desired) => configure::configure(state, (**desired).clone(), context, changes),
        Command::DeclareHeartbeats(heartbeats) => heartbeat::declare_all(state, heartbeats, now, changes),
        Command::HeartbeatPing(call) => heartbeat::ping(state, call, now, changes)?,
        Command::AddAgent { name, location } => {
            let key = configure::add_agent(state, name, location, now, changes);
            return Ok(Answer::Agent(key));
        }
        Command::ChangeAgent { agent, change } => {
            return agents::change(state, agent, change.clone(), now, changes);
        }
        Command::Redeem { token, credential } => {
            return agents::redeem(state, token, *credential, now, changes);
        }
        Command::SetHeartbeatToken { check, token } => {
            agents::set_heartbeat_token(state, check, *token, changes)?;
        }
        Command::JudgeReporters { asks, definitions } => {
            declare::judge_by_file(state, *asks, definitions, now, changes);
        }
        Command::ChooseDefinition { check, agent } => {
            let (check, definition) = agents::definition_of(state, check, agent)?;
            declare::choose(state, check, definition, now, changes);
        }
        Command::Dismiss { agent } => declare::dismiss(state, *agent, now, changes)?,
        Command::KeepWorkspaces(names) => configure::keep_workspaces(state, names, context, changes)?,
        Command::Fold { before, limit, after } => {
            return Ok(fold::fold(state, *before, (*limit, *after), context, changes));
        }
        Command::SetHold { component, source, status, until } => {
            hold::set(state, (*component, *source), (*status, *until), now, changes)?;
        }
        Command::ReleaseHold { component, source } => {
            hold::release(state, *component, *source, now, changes)?;
        }
        Command::PlanWindow(new) => {
            return window::plan(state, new, context, changes).map(Answer::Window);
        }
        Command::PlanSeries(new) => return series::plan(state, new, context, changes).map(Answer::Series),
        Command::ChangeSeries { series, change } => {
            series::change(state, *series, change, context, changes)?;
        }
        Command::EndSeries { series, body } => {
            series::end(state, *series, body.as_deref(), context, changes)?;
        }
        Command::CancelWindow { window, body } => {
            window::cancel(state, *window, body.as_deref(), context, changes)?;
        }
        Command::SetIncidentRules { rules, by } => {
            settings::set_incident_rules(state, *rules, *by, context, changes)?;
        }
        Command::SetSanitiser { settings, by } => {
            settings::set_sanitiser(state, settings.as_deref(), *by, changes)?;
        }
        Command::ChangeProblem { problem, change } => {
            problem::change(state, *problem, change, context, changes)?;
        }
        Command::OpenIncident(new) => {
            return incident::open(state, new, context, changes).map(Answer::Incident);
        }
        Command::UpdateIncident { incident, change } => {
            incident::update(state, *incident, change, context, changes)?;
        }
        Command::PublishIncident { incident } => incident::publish(state, *incident, context, changes)?,
        Command::EditUpdate { incident, update, body, display_at } => {
            let change = (body.as_deref(), *display_at);
            timeline::edit_update(state, (*incident, update), change, context, changes)?;
        }
        Command::LinkProblem { incident, problem, linked } => {
            linked::link(state, *incident, (*problem, *linked), context, changes)?;
        }
        Command::ChangePostmortem { incident, change } => {
            postmortem::change_postmortem(state, *incident, change, context, changes)?;
        }
        Command::DeleteIncident { incident } => incident::delete(state, *incident, context, changes)?,
        Command::Correct(new) => {
            return correction::correct(state, new, context, changes).map(Answer::Correction);
        }
        Command::ChangeWindow { window, change } => {
            window_change::change(state, *window, change, context, changes)?;
        }
        Command::UpdateWindow { window, status, body, to } => {
            let update = (*status, body.as_deref(), *to);
            window_change::update(state, *window, update, context, changes)?;
        }
        Command::EditWindowUpdate { window, update, body, display_at } => {
            let change = (body.as_deref(), *display_at);
            maintenance::edit_update(state, (*window, update), change, context, changes)?;
        }
        Command::AddApiToken(new) => {
            return token::add(state, new, context, changes).map(Answer::ApiToken);
        }
        Command::NoteTokenUse(token) => token::note_use(state, *token, now, changes),
        Command::RemoveApiToken { name } => token::remove(state, name, changes)?,
        Command::UndoCorrection { correction } => correction::undo(state, *correction, now, changes)?,
        Command::CreateAnnouncement(new) => {
            return announcement::create(state, new, context, changes).map(Answer::Announcement);
        }
        Command::ChangeAnnouncement { announcement, change } => {
            announcement::change(state, *announcement, change, context, changes)?;
        }
        Command::DeleteAnnouncement { announcement } => {
            announcement::end(state, *announcement, context, changes)?;
        }
        Command::CreatePage(settings) => {
            return runtime::create_page(state, settings, context, changes).map(Answer::Page);
        }
        Command::ChangePage { page, change, zone } => {
            runtime::change_page(state, *page, (change, zone), now, changes)?;
        }
        Command::Preview(command) => preview::run(state, command, now, changes)?,
        Command::ArchivePage { page } => runtime::archive_page(state, *page, changes)?,
        Command::CreateGroup(new) => {
            return runtime_group::create(state, new, context, changes).map(Answer::Group);
        }
        Command::ChangeGroup { group, change } => runtime_group::change(state, *group, change, changes)?,
        Command::ArchiveGroup { group } => runtime_group::archive(state, *group, changes)?,
        Command::CreateComponent { new, zone } => {
            let made = runtime_component::create(state, (new, zone), context, changes);
            return made.map(Answer::Component);
        }
        Command::ChangeComponent { component, change, zone } => {
            runtime_component::change(state, *component, (change, zone), now, changes)?;
        }
        Command::ArchiveComponent { component } => runtime_component::archive(state, *component, changes)?,
        Command::Template(command) => {
            let made = template::run(state, command, context, changes)?;
            return Ok(made.map_or(Answer::Done, Answer::Template));
        }
        Command::Subscriber(command) => {
            let made = subscribe::run(state, command, context, changes)?;
            return Ok(made.map_or(Answer::Done, Answer::Subscriber));
        }
        Command::Attempted(attempted) => deliver::attempted(state, attempted, context, changes),
        Command::TeamTold(told) => team::told(state, told, now, changes),
        Command::SetResponse { component, windows } => chart(state, *component, windows, changes)?,
    }
    Ok(Answer::Done)
}

/// All of them or none: a rejection reverts the commands before it.
fn together(
    state: &mut State,
    commands: &[Command],
    context: Context,
    changes: &mut Changes,
) -> Result<Answer, Rejected> {
    let before = state.clone();
    for command in commands {
        if let Err(rejected) = apply(state, command, context, changes) {
            *state = before;
            return Err(rejected);
        }
    }
    Ok(Answer::Done)
}

/// A chart that moves on is seen with the next refresh of its page; one that appears is rendered at once.
fn chart(
    state: &mut State,
    key: ComponentKey,
    windows: &[ResponseWindow],
    changes: &mut Changes,
) -> Result<(), Rejected> {
    let component = state.components.get(&key).ok_or_else(no_component)?;
    if *component.response == *windows {
        return Ok(());
    }
    let is_drawn = |windows: &[ResponseWindow]| windows.iter().any(|window| !window.points.is_empty());
    if is_drawn(&component.response) != is_drawn(windows) {
        changes.push(Change::ComponentChanged(key));
    }
    if let Some(component) = state.components.get_mut(&key) {
        component.response = windows.to_vec().into();
    }
    Ok(())
}

fn no_component() -> Rejected {
    Rejected::not_found("component", "there is no such component")
}

fn no_agent() -> Rejected {
    Rejected::not_found("agent", "this agent is not known here")
}

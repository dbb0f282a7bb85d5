//! What operators have to know of a workspace now. Pure: a snapshot and what else was seen are arguments.

use crate::config::About;
use crate::control::lookup::subject;
use crate::outbox::{Failing, MailFailure};
use skerry_domain::credentials::Standing;
use skerry_domain::incident::{Incident, Title};
use skerry_domain::problem::{Level, Problem, ProblemSubject, Severity};
use skerry_domain::state::{Agent, AgentKey, CheckKey, ProblemKey, State};
use skerry_domain::subscriber::{Channel, SubscriberState};
use skerry_domain::time::{DAY, MINUTE, SECOND, Timestamp};
use skerry_protocol::wire::Reason;
use skerry_protocol::words::{count, short_line};
use std::collections::{BTreeMap, BTreeSet};

/// How long the clock has to be unsure before the team hears of it, ms: a start confirms it within seconds.
const UNSURE_FOR: i64 = MINUTE;
/// For how long no relay has to begin a session before the team hears of it, ms: relays are restarted.
const MAIL_FAILS_FOR: i64 = 5 * MINUTE;
/// For how long nothing of a channel has to be taken before the team hears of it, ms: servers that greylist put off what is new to
/// them.
const NOTHING_TAKEN_FOR: i64 = 30 * MINUTE;
/// From how many subscribers: the fault of one or two is theirs.
const NOTHING_TAKEN_OF: usize = 3;
/// For how long the clock of an agent has to be wrong before the team hears of it, ms.
const SKEWED_FOR: i64 = 5 * MINUTE;
/// A clock that differs by more than this is wrong, ms.
const MOST_SKEW: i64 = 2 * SECOND;
/// The clock of an agent that has delivered nothing for longer is not known, ms.
const HEARD_WITHIN: i64 = 10 * MINUTE;
/// The greatest length of a title, in bytes.
const LONGEST_TITLE: usize = 200;

/// Labels of checks, each with all values that agents give it.
pub(super) type LabelValues = BTreeMap<String, BTreeSet<String>>;

/// Something that holds now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Condition {
    /// What it is about.
    pub(super) about: About,
    /// The same for as long as it holds: letters, digits and hyphens.
    pub(super) id: String,
    /// How urgent it is.
    pub(super) severity: Severity,
    /// Labels of its checks, for routes.
    pub(super) labels: LabelValues,
    /// By which Alertmanager knows it.
    pub(super) alert: BTreeMap<String, String>,
    /// In one line.
    pub(super) title: String,
    /// Plain lines, for operators.
    pub(super) text: String,
    /// When it began.
    pub(super) since: Timestamp,
    /// An operator has acknowledged it: it is not repeated.
    pub(super) acknowledged: bool,
}

/// What is seen of a workspace.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen<'a> {
    /// Its state.
    pub(super) state: &'a State,
    /// The present time.
    pub(super) now: Timestamp,
    /// Endpoints that were quarantined lately.
    pub(super) quarantined: Option<Quarantined>,
    /// What is wrong with the clock, and since when. `None`: nothing, or it concerns another workspace.
    pub(super) clock: Option<(&'a str, Timestamp)>,
    /// That no relay takes mails to subscribers. `None`: one does, or it concerns another workspace.
    pub(super) mail: Option<&'a MailFailure>,
    /// The channels of which nothing is taken any more.
    pub(super) failing: &'a BTreeMap<Channel, Failing>,
    /// Agents whose clocks are wrong, and since when.
    pub(super) skewed: &'a Skewed,
}

/// Agents whose clocks are wrong, and when that was first seen.
pub(super) type Skewed = BTreeMap<AgentKey, Timestamp>;

/// Agents that are heard of and whose clocks are wrong. None if the clocks of all of several differ in one direction: then the
/// clock of this host is wrong, which `doctor` says.
pub(super) fn skewed(state: &State, now: Timestamp) -> Vec<AgentKey> {
    let is_heard = |agent: &Agent| agent.last_seen.is_some_and(|at| now - at < HEARD_WITHIN);
    let heard = state.agents.iter().filter(|(_, one)| one.standing == Standing::Active && is_heard(one));
    let heard: Vec<(AgentKey, i64)> = heard.map(|(key, one)| (*key, one.skew)).collect();
    let all = |is: fn(i64) -> bool| heard.len() > 1 && heard.iter().all(|(_, skew)| is(*skew));
    if all(|skew| skew > MOST_SKEW) || all(|skew| skew < -MOST_SKEW) {
        return Vec::new();
    }
    heard.into_iter().filter(|(_, skew)| skew.abs() > MOST_SKEW).map(|(key, _)| key).collect()
}

/// Endpoints of subscribers that were quarantined within a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Quarantined {
    /// How many.
    pub(super) count: usize,
    /// When the first of them was.
    pub(super) since: Timestamp,
}

impl Quarantined {
    /// Those of a workspace. It looks at all subscribers.
    #[must_use]
    pub(super) fn of(state: &State, now: Timestamp) -> Option<Self> {
        let all = state.subscribers.values().filter(|one| one.state == SubscriberState::Quarantined);
        let lately = all.map(|one| one.updated_at).filter(|at| *at + DAY > now);
        lately.fold(None, |seen: Option<Self>, at| match seen {
            Some(seen) => Some(Self { count: seen.count + 1, since: seen.since.min(at) }),
            None => Some(Self { count: 1, since: at }),
        })
    }
}

/// All conditions that hold now.
#[must_use]
pub(super) fn conditions(seen: &Seen<'_>) -> Vec<Condition> {
    let state = seen.state;
    let mut all: Vec<Condition> = Vec::new();
    let problems = state.open_problems.values().filter_map(|key| state.problems.get(key));
    all.extend(problems.map(|problem| of_problem(state, problem)));
    let open = state.open_incidents.iter().filter_map(|key| state.incidents.get(key));
    all.extend(open.filter_map(|incident| of_incident(state, incident)));
    all.extend(of_mail(seen));
    all.extend(of_failing(seen));
    all.extend(of_bounces(seen));
    all.extend(of_quarantined(seen));
    all.extend(of_clock(seen));
    all.extend(of_skewed(seen));
    all
}

/// A condition without labels of checks.
fn plain(
    state: &State,
    about: About,
    (id, severity, since): (&str, Severity, Timestamp),
    (title, text): (&str, Vec<String>),
) -> Condition {
    let alert = [
        ("alertname", alert_name(about)),
        ("severity", severity.name()),
        ("workspace", state.workspace.name.as_str()),
        ("id", id),
    ];
    Condition {
        about,
        id: id.to_owned(),
        severity,
        labels: LabelValues::new(),
        alert: alert.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
        title: short_line(title, LONGEST_TITLE),
        text: text.join("\n"),
        since,
        acknowledged: false,
    }
}

fn alert_name(about: About) -> &'static str {
    match about {
        About::Problems => "SkerryProblem",
        About::Drafts => "SkerryDraft",
        About::UpdatesDue => "SkerryUpdateDue",
        About::Deliveries => "SkerryDeliveries",
        About::Clock => "SkerryClock",
    }
}

impl Condition {
    /// The same with labels of checks. Of several values Alertmanager sees the first.
    fn labelled(mut self, labels: LabelValues) -> Self {
        for (name, values) in &labels {
            if let (false, Some(value)) = (self.alert.contains_key(name), values.first()) {
                self.alert.insert(name.clone(), short_line(value, LONGEST_TITLE));
            }
        }
        self.labels = labels;
        self
    }

    fn with_alert_label(mut self, name: &str, value: &str) -> Self {
        self.alert.insert(name.to_owned(), short_line(value, LONGEST_TITLE));
        self
    }
}

fn labels_of(state: &State, checks: impl Iterator<Item = CheckKey>) -> LabelValues {
    let mut all = LabelValues::new();
    for (name, values) in checks.flat_map(|check| state.labels_of(check)) {
        all.entry(name.to_owned()).or_default().extend(values.into_iter().map(str::to_owned));
    }
    all
}

fn checks_of<'a>(
    state: &'a State,
    problems: impl Iterator<Item = &'a ProblemKey> + 'a,
) -> impl Iterator<Item = CheckKey> + 'a {
    problems.filter_map(|key| match state.problems.get(key)?.subject {
        ProblemSubject::Check(check) => Some(check),
        ProblemSubject::Agent(_) => None,
    })
}

fn of_problem(state: &State, problem: &Problem) -> Condition {
    let of = subject(state, problem);
    let title = match problem.level {
        Level::Down => format!("{of} is down"),
        Level::Degraded => format!("{of} is degraded"),
        Level::BelowQuorum => format!("{of} is down at fewer locations than its quorum"),
        Level::Silent => format!("{of} no longer reports"),
    };
    let severity = problem.severity();
    let mut text = vec![format!("Since {}, severity {}.", shown(problem.began), severity.name())];
    if problem.reason() != Reason::None {
        text.push(format!("Reason: {}.", problem.reason().name()));
    }
    let reporters = problem.events.iter().rev().map(|event| &event.reporters).find(|all| !all.is_empty());
    if let Some(reporters) = reporters {
        text.push(format!("Reported by {}.", reporters.join(", ")));
    }
    if problem.flaps > 0 {
        text.push(format!("It flaps: it has changed {} times.", problem.flaps));
    }
    text.push(format!("Problem {0}; to acknowledge it: skerry-aggregator problem ack {0}", problem.id));
    let id = format!("problem-{}", problem.id);
    let condition = plain(state, About::Problems, (&id, severity, problem.began), (&title, text));
    let condition = match problem.subject {
        ProblemSubject::Check(check) => {
            condition.with_alert_label("check", &of).labelled(labels_of(state, [check].into_iter()))
        }
        ProblemSubject::Agent(agent) => {
            let agent = state.agents.get(&agent);
            let name = agent.map_or("", |agent| agent.name.as_str());
            let location = agent.map_or("", |agent| agent.location.as_str());
            condition.with_alert_label("agent", name).with_alert_label("location", location)
        }
    };
    Condition { acknowledged: problem.acknowledged.is_some(), ..condition }
}

/// A draft, or a published incident whose owner is reminded of an update.
fn of_incident(state: &State, incident: &Incident) -> Option<Condition> {
    let page = state.pages.get(&incident.page);
    let page_name = page.map_or("", |page| page.settings.name.as_str());
    let (id, title) = (&incident.id, title(state, incident));
    let severities =
        incident.problems.iter().filter_map(|key| state.problems.get(key)).map(Problem::severity);
    let severity = severities.max().unwrap_or(Severity::Medium);
    let condition = if incident.is_published() {
        incident.reminded_at?;
        let due = incident.updated_at + state.workspace.incidents.remind_after;
        let text = vec![
            format!(
                "The incident {id} on {page_name} has had no update since {}.",
                shown(incident.updated_at)
            ),
            format!("To write one: skerry-aggregator incident update {id}"),
        ];
        let (about, key) = (About::UpdatesDue, format!("update-due-{id}"));
        plain(state, about, (&key, severity, due), (&format!("An update is due: {title}"), text))
    } else {
        let text = vec![
            format!(
                "The draft {id} for {page_name} was made at {}: visitors do not see it.",
                shown(incident.created_at)
            ),
            format!("To publish it: skerry-aggregator incident approve {id}"),
        ];
        let (about, key) = (About::Drafts, format!("draft-{id}"));
        let title = format!("A draft waits for approval: {title}");
        plain(state, about, (&key, severity, incident.created_at), (&title, text))
    };
    let checks = checks_of(state, incident.problems.iter());
    Some(condition.with_alert_label("page", page_name).labelled(labels_of(state, checks)))
}

/// The title of an incident, or the names of the components of which it is made.
fn title(state: &State, incident: &Incident) -> String {
    match &incident.title {
        Title::Written(text) => text.public.one_line(),
        Title::Automatic => {
            let components = incident.components();
            let names = components.iter().filter_map(|(key, _)| state.components.get(key));
            names.map(|one| one.settings.name.as_str()).collect::<Vec<_>>().join(", ")
        }
    }
}

/// No relay begins a session.
fn of_mail(seen: &Seen<'_>) -> Option<Condition> {
    let failure = seen.mail.filter(|one| seen.now - one.since >= MAIL_FAILS_FOR)?;
    let text = vec![
        format!("The last attempt: {}", failure.answer),
        "Mails wait and are tried again. `skerry-aggregator mail-check` says more.".to_owned(),
    ];
    let id = format!("{}-mail", seen.state.workspace.name);
    let title = "No relay takes mails to subscribers";
    Some(plain(seen.state, About::Deliveries, (&id, Severity::High, failure.since), (title, text)))
}

/// Nothing of a channel is taken any more. That no relay begins a session is said by itself.
fn of_failing<'a>(seen: &'a Seen<'_>) -> impl Iterator<Item = Condition> + 'a {
    let lasts = |one: &Failing| {
        seen.now - one.since >= NOTHING_TAKEN_FOR && one.subscribers.len() >= NOTHING_TAKEN_OF
    };
    let all = seen.failing.iter().filter(move |(channel, failing)| {
        lasts(failing) && (**channel != Channel::Email || seen.mail.is_none())
    });
    all.map(|(channel, failing)| {
        let what = match channel {
            Channel::Email => "mail",
            Channel::Webhook => "webhook",
            Channel::Slack => "message to Slack",
            Channel::Teams => "message to Microsoft Teams",
            Channel::Discord => "message to Discord",
        };
        let text = vec![
            format!(
                "None has been taken since then, whoever it was for. The last answer: {}",
                failing.answer
            ),
            "They are tried again. `skerry-aggregator deliveries list --state queued` shows them.".to_owned(),
        ];
        let id = format!("{}-failing-{}", seen.state.workspace.name, channel.name());
        let title = format!("No {what} to subscribers is taken");
        plain(seen.state, About::Deliveries, (&id, Severity::High, failing.since), (&title, text))
    })
}

/// So many mails bounced that no address is removed for it, in this hour or the one before.
fn of_bounces(seen: &Seen<'_>) -> Option<Condition> {
    let (since, bounces) = seen.state.bounces.many(seen.now)?;
    let text = vec![
        format!("{} of {} mails of an hour were refused.", bounces.refused, bounces.tried),
        "No address is removed for it: a relay or a block list may be the cause. `skerry-aggregator mail-check` says more."
            .to_owned(),
    ];
    let id = format!("{}-bounces", seen.state.workspace.name);
    Some(plain(
        seen.state,
        About::Deliveries,
        (&id, Severity::High, since),
        ("Mails to subscribers bounce", text),
    ))
}

fn of_quarantined(seen: &Seen<'_>) -> Option<Condition> {
    let Quarantined { count: number, since } = seen.quarantined?;
    let text = vec![format!(
        "{} took no message until the last attempt within the last day, and {} written to no more.",
        count(number, "endpoint"),
        if number == 1 { "is" } else { "are" }
    )];
    let id = format!("{}-quarantined", seen.state.workspace.name);
    let title = "Webhooks or chats of subscribers are quarantined";
    Some(plain(seen.state, About::Deliveries, (&id, Severity::Low, since), (title, text)))
}

fn of_clock(seen: &Seen<'_>) -> Option<Condition> {
    let (words, since) = seen.clock.filter(|(_, since)| seen.now - *since >= UNSURE_FOR)?;
    let id = format!("{}-clock", seen.state.workspace.name);
    let said = ("The clock of the aggregator is not confirmed", vec![words.to_owned()]);
    Some(plain(seen.state, About::Clock, (&id, Severity::Medium, since), said))
}

fn of_skewed<'a>(seen: &'a Seen<'_>) -> impl Iterator<Item = Condition> + 'a {
    // An unsure clock judges no other.
    let lasts = |since: Timestamp| seen.clock.is_none() && seen.now - since >= SKEWED_FOR;
    let lasting = seen.skewed.iter().filter(move |(_, since)| lasts(**since));
    lasting.filter_map(|(key, since)| {
        let agent = seen.state.agents.get(key)?;
        let seconds = agent.skew.abs() / SECOND;
        let direction = if agent.skew > 0 { "ahead" } else { "behind" };
        let text = vec![
            format!("It is {seconds} s {direction}. What it reports is placed by the aggregator's clock."),
            "Look at the time service of its host: `skerry-agent doctor` says more.".to_owned(),
        ];
        let id = skew_id(seen.state, *key);
        let title = format!("The clock of the agent {} is wrong", agent.name);
        let condition = plain(seen.state, About::Clock, (&id, Severity::Low, *since), (&title, text));
        Some(condition.with_alert_label("agent", &agent.name).with_alert_label("location", &agent.location))
    })
}

/// Names the condition that the clock of an agent is wrong.
pub(super) fn skew_id(state: &State, agent: AgentKey) -> String {
    format!("{}-skew-{}", state.workspace.name, agent.0)
}

/// `2026-12-01 08:00 UTC`
pub(super) fn shown(at: Timestamp) -> String {
    jiff::Timestamp::from_millisecond(at.0).unwrap_or_default().strftime("%Y-%m-%d %H:%M UTC").to_string()
}

#[cfg(test)]
#[path = "conditions_test.rs"]
mod tests;

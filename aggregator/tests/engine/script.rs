//! Random commands, decoded from bytes so that a failing sequence shrinks.

use crate::branding::look;
use crate::people::{declares, labels, parents};
use crate::reports::empty;
use skerry_domain::heartbeat::Expected;
use skerry_domain::holds::Source;
use skerry_domain::labels::Selector;
use skerry_domain::problem::Severity;
use skerry_domain::response::{Measured, ResponseWindow};
use skerry_domain::state::{AgentKey, ComponentKey, ComponentSettings, PageSettings, SelfReport, State};
use skerry_domain::status::Status;
use skerry_domain::step::{
    Admission, AgentChange, Answer, Command, Configure, Context, DeclaredCheck, DesiredComponent,
    DesiredGroup, DesiredHeartbeat, DesiredItem, DesiredLink, DesiredPage, HeartbeatPing, Ids, Observed,
    PingKind, Record, RecordKind, Report, SnapshotState, Stepped, When, step,
};
use skerry_domain::time::{DAY, HOUR, SECOND, Timestamp};
use skerry_domain::track::HardState;
use skerry_domain::verdict::Quorum;
use skerry_protocol::schedule::Schedule;
use skerry_protocol::wire::{Outcome, Phases, Reason};

/// The start of every sequence.
pub(crate) const START: Timestamp = Timestamp(1_790_000_000_000);
pub(crate) const CHECKS: [&str; 3] = ["a", "b", "c"];
/// Jobs that may be declared. An agent runs a check with the name of the last.
const JOBS: [&str; 3] = ["job", "other job", "c"];

/// A context at this time, with the same ids in every run.
pub(crate) fn at(now: Timestamp) -> Context {
    Context { now, ids: Ids::from_seed([1; 32]) }
}

/// Bytes, read as choices, followed by endless zeros.
pub(crate) struct Script<'a>(pub(crate) &'a [u8]);

impl Script<'_> {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A number below `choices`.
    pub(crate) fn below(&mut self, choices: u8) -> i64 {
        let [first, rest @ ..] = self.0 else { return 0 };
        self.0 = rest;
        i64::from(first % choices)
    }

    pub(crate) fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len() as u8) as usize]
    }

    /// Time between two commands, in ms.
    pub(crate) fn pause(&mut self) -> i64 {
        self.pick(&[0, 0, 1, 200, SECOND, 5 * SECOND, 9 * SECOND, 30 * SECOND, HOUR, 25 * HOUR, 9 * DAY])
    }

    /// An error of a clock.
    fn clock(&mut self) -> i64 {
        self.pick(&[
            0,
            0,
            -SECOND,
            SECOND,
            HOUR,
            -HOUR,
            DAY,
            -DAY,
            -START.0,
            i64::MIN,
            i64::MAX,
            i64::MAX / 2,
        ])
    }
}

/// The sequence of an agent.
pub(crate) struct Sender {
    pub(crate) agent: AgentKey,
    pub(crate) epoch: u8,
    pub(crate) sequence: u64,
}

/// The state, and what the agents remember.
pub(crate) struct World {
    pub(crate) state: State,
    pub(crate) now: Timestamp,
    pub(crate) senders: Vec<Sender>,
}

impl World {
    /// Two agents at two locations, and one page. Also returns the steps that created them.
    pub(crate) fn new() -> (Self, Vec<Stepped>) {
        let mut world = Self { state: State::default(), now: START, senders: Vec::new() };
        world.state.ready_at = START;
        let mut steps = Vec::new();
        for (name, location) in [("one", "here"), ("two", "there")] {
            let command = Command::AddAgent { name: name.to_owned(), location: location.to_owned() };
            let stepped = step(&mut world.state, command, at(START)).expect("taken");
            let Answer::Agent(agent) = stepped.answer else { panic!("{:?}", stepped.answer) };
            steps.push(stepped);
            world.senders.push(Sender { agent, epoch: 0, sequence: 0 });
        }
        let first = configure(&mut Script(&[]));
        let stepped = step(&mut world.state, Command::Configure(Box::new(first)), at(START));
        steps.push(stepped.expect("taken"));
        (world, steps)
    }

    /// The next command; its time may be earlier than the last.
    pub(crate) fn command(&mut self, script: &mut Script<'_>) -> Command {
        self.now = self.now + script.pause();
        let component = |script: &mut Script<'_>, state: &State| {
            let keys: Vec<_> = state.components.keys().copied().collect();
            keys.get(script.below(8) as usize).copied().unwrap_or(ComponentKey(-1))
        };
        match script.below(34) {
            33 => self.request(script),
            25..=28 => self.act(script),
            29..=32 => self.make(script),
            22 => self.change(script),
            23 => Command::Redeem {
                token: [script.below(3) as u8; 32],
                credential: [10 + script.below(3) as u8; 32],
            },
            24 => Command::SetHeartbeatToken {
                check: script.pick(&JOBS).to_owned(),
                token: script.pick(&[None, Some([1; 32]), Some([2; 32])]),
            },
            20 => self.unknown(script),
            21 => Command::Together(vec![self.command(script), self.command(script), self.command(script)]),
            16 => Command::DeclareHeartbeats(JOBS.iter().filter_map(|name| job(script, name)).collect()),
            17..=19 => Command::HeartbeatPing(Box::new(self.beat(script))),
            0..=8 => Command::Report(Box::new(self.report(script))),
            9 | 10 => Command::Tick,
            11 => Command::Away { from: self.now - script.pick(&[0, 7 * SECOND, HOUR, 30 * HOUR]) },
            12 => {
                let file = configure(script);
                Command::Configure(Box::new(self.take_over(script, file)))
            }
            13 => Command::SetHold {
                component: component(script, &self.state),
                source: source(script),
                status: script.pick(&Status::ALL),
                until: script.pick(&[None, Some(0), Some(1), Some(HOUR)]).map(|after| self.now + after),
            },
            14 => match script.below(6) {
                0 => {
                    Command::ReleaseHold { component: component(script, &self.state), source: source(script) }
                }
                _ => self.plan(script),
            },
            _ => Command::SetResponse {
                component: component(script, &self.state),
                windows: vec![ResponseWindow::exact(&[Measured { at: self.now, total_us: 1 }], HOUR)],
            },
        }
    }

    /// An operator changes an agent, but not its location and its limits: the slow reference judges the past by the present
    /// locations.
    fn change(&self, script: &mut Script<'_>) -> Command {
        let names = ["one", "two", "three", "four"];
        let agent = script.pick(&names).to_owned();
        let token = [script.below(3) as u8; 32];
        let change = match script.below(9) {
            0 => AgentChange::Add {
                location: "elsewhere".to_owned(),
                checks: Vec::new(),
                admission: Admission::Credential([20 + script.below(3) as u8; 32]),
            },
            1 => AgentChange::Rotate(Admission::Enrolment(token)),
            2 => AgentChange::Rotate(Admission::Credential([10 + script.below(3) as u8; 32])),
            3 => AgentChange::Rename(script.pick(&names).to_owned()),
            4 => AgentChange::Allow(script.pick(&CHECKS).to_owned()),
            5 => AgentChange::Disable,
            6 => AgentChange::Enable,
            7 => AgentChange::Revoke,
            _ => AgentChange::Remove,
        };
        Command::ChangeAgent { agent, change }
    }

    /// A command about something that does not exist.
    fn unknown(&self, script: &mut Script<'_>) -> Command {
        let key = AgentKey(-1);
        let agent = "nobody".to_owned();
        match script.below(4) {
            0 => Command::Report(Box::new(empty(key, self.now, 0))),
            1 => Command::ChangeAgent { agent, change: AgentChange::Revoke },
            2 => Command::Dismiss { agent: key },
            _ => Command::ChooseDefinition { check: "a".to_owned(), agent },
        }
    }

    fn beat(&self, script: &mut Script<'_>) -> HeartbeatPing {
        HeartbeatPing {
            check: script.pick(&["job", "job", "other job", "c", "nobody's"]).to_owned(),
            kind: script.pick(&[PingKind::Success, PingKind::Nothing, PingKind::Failure, PingKind::Start]),
            run: script.pick(&["", "ONE", "one", "two"]).to_owned(),
            took_ms: script.pick(&[None, Some(7)]),
            detail: "words".to_owned(),
        }
    }

    fn report(&mut self, script: &mut Script<'_>) -> Report {
        let received = self.now - script.pick(&[0, 0, 0, 3]);
        let sender = &mut self.senders[script.below(2) as usize];
        if script.below(12) == 11 {
            *sender = Sender { agent: sender.agent, epoch: sender.epoch.wrapping_add(1), sequence: 0 };
        }
        // Sometimes records are sent again, or some are missing.
        let mut sequence = match script.below(8) {
            6 => sender.sequence.saturating_sub(3),
            7 => sender.sequence + 5,
            _ => sender.sequence,
        };
        let boot_now = script.pick(&[10 * DAY, HOUR, 0, 40_000 * DAY]);
        let wall_now = Timestamp(received.0.saturating_add(script.clock()));
        let mut records = Vec::new();
        let mut ago = 100 * script.below(200);
        for _ in 0..script.below(6) {
            sequence += 1;
            let kind = record(script, boot_now, wall_now, &mut ago);
            records.push(Record { sequence, through: sequence, kind });
        }
        sender.sequence = sender.sequence.max(sequence);
        let snapshot = (0..script.below(3)).map(|_| snapshot(script)).collect();
        let inventory = (script.below(6) == 5).then(|| {
            let names = CHECKS.iter().filter(|_| script.below(4) < 3);
            let names: Vec<&str> = names.copied().collect();
            names.into_iter().map(|name| declares(script, name)).collect()
        });
        let checks = CHECKS.iter().map(ToString::to_string).collect();
        let (agent, epoch) = (sender.agent, [sender.epoch; 16]);
        let (process, self_report) = (Vec::new(), SelfReport::default());
        // Sometimes the agent was acknowledged more than is stored, or less.
        let acknowledged = script.pick(&[0, 0, 0, sequence, sequence + 9]);
        Report {
            agent,
            epoch,
            acknowledged,
            proof: Default::default(),
            process,
            self_report,
            received,
            boot_now,
            wall_now,
            own_network_gone: false,
            checks,
            records,
            snapshot,
            inventory,
        }
    }
}

fn source(script: &mut Script<'_>) -> Source {
    script.pick(&[Source::Person, Source::Rest, Source::Incident(1), Source::Incident(2)])
}

/// A job that a file may declare.
fn job(script: &mut Script<'_>, name: &str) -> Option<DesiredHeartbeat> {
    let expected = Expected {
        period: script.pick(&[5 * SECOND, HOUR, DAY]),
        schedule: None,
        grace: script.pick(&[SECOND, HOUR]),
    };
    let schedule =
        (script.below(3) == 2).then(|| Schedule::parse("30 2 * * *", "Europe/Berlin").expect("one"));
    let expected = Expected { schedule, ..expected };
    let definition = vec![script.below(2) as u8];
    (script.below(4) < 3).then(|| DesiredHeartbeat {
        check: name.to_owned(),
        definition,
        expected,
        severity: Severity::High,
        depends_on: parents(script),
        labels: labels(script),
    })
}

pub(crate) fn declared(name: &str, interval_ms: i64) -> DeclaredCheck {
    DeclaredCheck {
        name: name.to_owned(),
        definition: vec![1, 2, 3],
        interval_ms,
        severity: Severity::High,
        depends_on: Vec::new(),
        labels: Default::default(),
    }
}

const HARD: [HardState; 4] = [HardState::Up, HardState::Down, HardState::Degraded, HardState::Unknown];

fn record(script: &mut Script<'_>, boot_now: i64, wall_now: Timestamp, ago: &mut i64) -> RecordKind {
    if script.below(12) == 11 {
        let from = Some(wall_now - DAY);
        return RecordKind::Lost { count: 7, why: "a test".to_owned(), from, to: Some(wall_now) };
    }
    let step = script.pick(&[100, 1_000, 5_000, 60_000, -2_000]);
    let when = |script: &mut Script<'_>, ago: i64| match script.below(10) {
        8 => When::EarlierBoot(Timestamp(wall_now.0.saturating_sub(ago))),
        9 => When::EarlierBoot(Timestamp(script.clock())),
        _ => When::ThisBoot(boot_now.saturating_sub(ago)),
    };
    let outcome = script.pick(&[Outcome::Up, Outcome::Down, Outcome::Degraded, Outcome::Inconclusive]);
    let since = (script.below(3) == 2).then(|| when(script, *ago + 1_500));
    let first = Observed {
        check: script.below(3) as usize,
        when: when(script, *ago),
        outcome,
        reason: Reason::Timeout,
        detail: String::new(),
        total_us: 1_234,
        phases: Some(Phases::default()),
        hard: script.pick(&HARD),
        since,
        flapping: script.below(3) == 2,
    };
    *ago = (*ago - step).max(0);
    let (count, spread) = script.pick(&[(1, 0), (1, 0), (1, 0), (4, 3_000)]);
    RecordKind::Observed { first, count, spread }
}

fn snapshot(script: &mut Script<'_>) -> SnapshotState {
    SnapshotState {
        check: script.below(3) as usize,
        state: script.pick(&HARD),
        since_ago: script.pick(&[0, 1_000, 100_000, DAY]),
        evidence_ago: script.pick(&[Some(0), Some(900), None, Some(60_000)]),
        flapping: script.below(3) == 2,
        certificate_ends: script.pick(&[None, Some(Timestamp(0)), Some(Timestamp(1_900_000_000_000))]),
    }
}

/// A configuration. Quorums and zones stay the same, since the slow reference applies them to the past.
pub(crate) fn configure(script: &mut Script<'_>) -> Configure {
    let link = |check: &str, minor| DesiredLink { check: check.to_owned(), minor };
    let mut linked = vec![link("a", false)];
    if script.below(3) > 0 {
        linked.push(link("b", script.below(2) == 1));
    }
    if script.below(4) == 3 {
        linked.remove(0);
    }
    if script.below(3) == 2 {
        linked.push(link("job", false));
    }
    let mut items = vec![DesiredItem::Component(component("first", linked))];
    if script.below(4) < 3 {
        let mut rows =
            vec![DesiredItem::Component(component("second", vec![link("b", false), link("c", true)]))];
        // Sometimes on the page, sometimes inside the other.
        let inner = group("inner", vec![DesiredItem::Component(component("third", vec![link("b", false)]))]);
        match script.below(3) {
            0 => rows.insert(0, inner),
            1 => items.push(inner),
            _ => {}
        }
        items.push(group("group", rows));
    }
    items.push(DesiredItem::Component(component("by hand", Vec::new())));
    items.push(DesiredItem::Component(chosen(script, "chosen")));
    let page = DesiredPage {
        key: "page".to_owned(),
        settings: PageSettings { branding: look(script), ..page_settings() },
        zone: jiff::tz::TimeZone::UTC,
        items,
    };
    let checks = vec![("a".to_owned(), Quorum::Any), ("b".to_owned(), Quorum::All)];
    Configure { checks, pages: vec![page] }
}

fn group(key: &str, items: Vec<DesiredItem>) -> DesiredItem {
    DesiredItem::Group(DesiredGroup { key: key.to_owned(), name: key.to_owned(), description: None, items })
}

pub(crate) fn component(key: &str, links: Vec<DesiredLink>) -> DesiredComponent {
    DesiredComponent { key: key.to_owned(), settings: ComponentSettings::named(key), starts_at: None, links }
}

/// A component that chooses its checks by labels, unless these are none.
fn chosen(script: &mut Script<'_>, key: &str) -> DesiredComponent {
    let chosen = component(key, Vec::new());
    let selector = Selector::new(labels(script), script.below(4) == 3);
    DesiredComponent { settings: ComponentSettings { selector, ..chosen.settings.clone() }, ..chosen }
}

pub(crate) fn page_settings() -> PageSettings {
    PageSettings {
        name: "Page".to_owned(),
        listed: false,
        root: true,
        time_zone: "Europe/Berlin".to_owned(),
        ..PageSettings::named("page")
    }
}

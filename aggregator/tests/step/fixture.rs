//! A state and its store, to which tests apply commands.

use crate::reports::{empty, observed, record};
use skerry_domain::problem::Severity;
use skerry_domain::state::{AgentKey, ComponentKey, ComponentSettings, Counters, PageSettings, State};
use skerry_domain::status::Status;
use skerry_domain::step::{
    Answer, Change, Command, Configure, Context, DeclaredCheck, DesiredComponent, DesiredItem, DesiredLink,
    DesiredPage, Ids, Record, Report, SnapshotState, Stepped, When, step,
};
use skerry_domain::time::{DAY, SECOND, Timestamp};
use skerry_domain::track::HardState;
use skerry_domain::verdict::Quorum;
use skerry_store::Store;

pub(crate) const START: Timestamp = Timestamp(1_790_000_000_000);
/// Boot clock of the agents at [`START`], in ms.
pub(crate) const BOOTED: i64 = 30 * DAY;
pub(crate) const EPOCH: [u8; 16] = [7; 16];

/// A state with one page, one component linked to the check "web", and one agent that runs it every 10 s.
pub(crate) struct Fixture {
    pub(crate) state: State,
    pub(crate) store: Store,
    _folder: tempfile::TempDir,
    pub(crate) now: Timestamp,
    pub(crate) agent: AgentKey,
    pub(crate) sequence: u64,
}

pub(crate) fn configure(checks: &[(&str, Quorum)], components: &[(&str, &[&str])]) -> Configure {
    let component = |(key, links): &(&str, &[&str])| {
        DesiredItem::Component(DesiredComponent {
            key: (*key).to_owned(),
            settings: ComponentSettings::named(key),
            starts_at: None,
            links: links
                .iter()
                .map(|check| DesiredLink { check: (*check).to_owned(), minor: false })
                .collect(),
        })
    };
    let settings =
        PageSettings { name: "Demo".to_owned(), listed: false, root: true, ..PageSettings::named("demo") };
    Configure {
        checks: checks.iter().map(|(name, quorum)| ((*name).to_owned(), *quorum)).collect(),
        pages: vec![DesiredPage {
            key: "demo".to_owned(),
            settings,
            zone: jiff::tz::TimeZone::UTC,
            items: components.iter().map(component).collect(),
        }],
    }
}

impl Fixture {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(&folder.path().join("skerry.db")).expect("opens");
        let state = State { ready_at: START, ..State::default() };
        let (agent, sequence) = (AgentKey(0), 0);
        let mut fixture = Self { state, store, _folder: folder, now: START, agent, sequence };
        fixture.configure(&[("web", Quorum::Majority)], &[("site", &["web"])]);
        fixture.agent = fixture.enrol("a", "north");
        fixture.declare(fixture.agent, &["web"]);
        fixture
    }

    pub(crate) fn run(&mut self, command: Command) -> (Answer, Vec<Change>) {
        let stepped = self.step(command);
        (stepped.answer, stepped.changes)
    }

    pub(crate) fn step(&mut self, command: Command) -> Stepped {
        let context = Context { now: self.now, ids: Ids::from_seed([1; 32]) };
        let stepped = step(&mut self.state, command, context).expect("taken");
        self.store.commit(&stepped.rows).expect("commits");
        stepped
    }

    pub(crate) fn configure(
        &mut self,
        checks: &[(&str, Quorum)],
        components: &[(&str, &[&str])],
    ) -> Vec<Change> {
        self.run(Command::Configure(Box::new(configure(checks, components)))).1
    }

    pub(crate) fn enrol(&mut self, name: &str, location: &str) -> AgentKey {
        let (name, location) = (name.to_owned(), location.to_owned());
        match self.run(Command::AddAgent { name, location }).0 {
            Answer::Agent(key) => key,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn empty(&self, agent: AgentKey) -> Report {
        Report {
            epoch: EPOCH,
            checks: vec!["web".to_owned()],
            ..empty(agent, self.now, BOOTED + (self.now - START))
        }
    }

    pub(crate) fn send(&mut self, report: Report) -> (Answer, Vec<Change>) {
        self.run(Command::Report(Box::new(report)))
    }

    pub(crate) fn declare(&mut self, agent: AgentKey, names: &[&str]) {
        let declared = |name: &&str| DeclaredCheck {
            name: (*name).to_owned(),
            definition: vec![1; 16],
            interval_ms: 10 * SECOND,
            severity: Severity::High,
            depends_on: Vec::new(),
            labels: Default::default(),
        };
        let inventory = Some(names.iter().map(declared).collect());
        self.send(Report { inventory, ..self.empty(agent) });
    }

    pub(crate) fn record(&mut self, when: When, hard: HardState) -> Record {
        self.sequence += 1;
        record(self.sequence, observed(when, hard))
    }

    /// The agent reports this state now.
    pub(crate) fn see(&mut self, hard: HardState) -> Vec<Change> {
        let boot = BOOTED + (self.now - START);
        let record = self.record(When::ThisBoot(boot), hard);
        self.send(Report { records: vec![record], ..self.empty(self.agent) }).1
    }

    pub(crate) fn pass(&mut self, milliseconds: i64) -> Vec<Change> {
        let mut changes = Vec::new();
        let until = self.now + milliseconds;
        while self.now < until {
            self.now = (self.now + SECOND).min(until);
            changes.extend(self.run(Command::Tick).1);
        }
        changes
    }

    pub(crate) fn component(&self) -> ComponentKey {
        *self.state.components.keys().next().expect("there is one")
    }

    /// The status of the one component on the page, and whether it has no data.
    pub(crate) fn shown(&self) -> (Status, bool) {
        let page = *self.state.pages.keys().next().expect("there is one");
        let view =
            skerry_publish::build::page_view(&self.state, page, "http://x", self.now).expect("a living page");
        match &view.items[0] {
            skerry_publish::view::Item::Component(one) => (one.status, one.stale_since.is_some()),
            skerry_publish::view::Item::Group(_) => panic!("no group was asked for"),
        }
    }

    /// The bytes of the database once it is closed.
    pub(crate) fn closed(self) -> Vec<u8> {
        let path = self.store.path().to_owned();
        drop(self.store);
        std::fs::read(path).expect("readable")
    }

    /// The state as the store has it.
    pub(crate) fn load(&self, ready_at: Timestamp) -> State {
        let stored = self.store.load(ready_at).expect("loads");
        stored.get(self.state.workspace.key).expect("stored").clone()
    }

    /// Asserts that the stored state equals the state, apart from what a restart may forget.
    pub(crate) fn assert_stored(&self) {
        let mut stored = self.load(self.state.ready_at);
        let mut held = self.state.clone();
        for state in [&mut stored, &mut held] {
            state.clock = Timestamp(0);
            state.counters = Counters::default();
            // Derived from the rest at load.
            (state.schedule, state.verdicts) = Default::default();
            state.ticked_at = Timestamp(0);
            state.bounces = Default::default();
            state.agents.update_all(|_, agent| {
                (agent.skew, agent.inventory_known) = (0, false);
                agent.sessions = Default::default();
                agent.own_network_gone = false;
            });
            state.tracks.update_all(|_, agent_check| {
                (agent_check.live, agent_check.called_silent) = (None, false);
                agent_check.former_interval = None;
                agent_check.track.tentative = None;
            });
            state.components.update_all(|_, component| component.noticed = Timestamp(0));
        }
        assert_eq!(stored, held);
    }
}

pub(crate) fn live(hard: HardState) -> Vec<SnapshotState> {
    vec![SnapshotState {
        check: 0,
        state: hard,
        since_ago: SECOND,
        evidence_ago: Some(0),
        flapping: false,
        certificate_ends: None,
    }]
}

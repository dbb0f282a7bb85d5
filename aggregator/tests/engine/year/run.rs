//! Lets the program live through a year: agents with spools, an aggregator that is down at times and starts again from
//! its store, and people.

use super::people::{Act, People};
use super::script::{AGENTS, CHECKS, Random, Seen, Story, ZONES};
use crate::reports::{empty, observed, record};
use crate::script::{at, component, declared, page_settings};
use crate::workspace::load;
use skerry_domain::holds::Source;
use skerry_domain::incident::Title;
use skerry_domain::rows::Write;
use skerry_domain::state::{
    AgentKey, ComponentKey, PageKey, PageSettings, SeriesKey, State, TrackKey, WindowKey,
};
use skerry_domain::step::{
    Answer, Command, Configure, DesiredItem, DesiredLink, DesiredPage, NewCorrection, NewSeries, NewWindow,
    Observed, Record, Report, When, WindowChange, step,
};
use skerry_domain::time::{DAY, SECOND, Timestamp};
use skerry_domain::track::HardState;
use skerry_domain::verdict::Quorum;
use skerry_protocol::wire::Outcome;
use skerry_store::Store;

const BOOT: i64 = 30 * DAY;
/// Commands of one transaction.
const GROUP: usize = 64;

/// An agent: what it holds to be true, and what was not delivered yet.
struct Agent {
    key: AgentKey,
    sequence: u64,
    /// The hard state of each check, and the observations in a row that contradict it.
    hard: Vec<(Seen, Vec<Timestamp>)>,
    spool: Vec<Record>,
}

pub(crate) struct Year {
    pub(crate) story: Story,
    pub(crate) people: People,
    pub(crate) random: Random,
    pub(crate) state: State,
    pub(crate) now: Timestamp,
    pub(crate) pages: Vec<PageKey>,
    pub(crate) components: Vec<ComponentKey>,
    pub(crate) windows: Vec<WindowKey>,
    pub(crate) series: Vec<SeriesKey>,
    /// When the aggregator stopped last.
    stopped: Timestamp,
    store: Store,
    rows: Vec<Write>,
    steps: usize,
    agents: Vec<Agent>,
    _folder: tempfile::TempDir,
}

impl Year {
    pub(crate) fn new(story: Story, random: Random) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(&folder.path().join("skerry.db")).expect("a new database");
        let now = story.start;
        let mut year = Self {
            story,
            people: People::default(),
            random,
            state: State { ready_at: now, ..State::default() },
            now,
            pages: Vec::new(),
            components: Vec::new(),
            windows: Vec::new(),
            series: Vec::new(),
            stopped: now,
            store,
            rows: Vec::new(),
            steps: 0,
            agents: Vec::new(),
            _folder: folder,
        };
        for number in 0..AGENTS {
            let (name, location) = (format!("agent {number}"), format!("location {number}"));
            let Answer::Agent(key) = year.command(Command::AddAgent { name, location }) else {
                panic!("no agent")
            };
            let hard = vec![(Seen::Up, Vec::new()); CHECKS];
            year.agents.push(Agent { key, sequence: 0, hard, spool: Vec::new() });
        }
        year.command(Command::Configure(Box::new(configuration())));
        year.pages = year.state.pages.keys().copied().collect();
        year.components = year.state.components.keys().copied().collect();
        for agent in 0..AGENTS {
            let inventory = (0..CHECKS).map(|check| declared(&name(check), super::script::SLOT)).collect();
            let report = Report { inventory: Some(inventory), ..year.report(agent) };
            year.command(Command::Report(Box::new(report)));
        }
        year
    }

    /// Carries out a command now; what is due before it comes first.
    fn command(&mut self, command: Command) -> Answer {
        let told = format!("{command:?}");
        let stepped = step(&mut self.state, command, at(self.now));
        let stepped = stepped.unwrap_or_else(|rejected| panic!("{rejected:?} at {}: {told}", self.now));
        self.rows.extend(stepped.rows);
        self.steps += 1;
        if self.steps.is_multiple_of(GROUP) {
            self.commit();
        }
        stepped.answer
    }

    fn commit(&mut self) {
        self.store.commit(&std::mem::take(&mut self.rows)).expect("committed");
    }

    /// Time passes, and what is due happens in its time.
    pub(crate) fn pass(&mut self, until: Timestamp) {
        let mut ticks = 0;
        while let Some(due) = self.state.next_due().filter(|due| *due <= until) {
            self.now = self.now.max(due);
            self.command(Command::Tick);
            ticks += 1;
            assert!(ticks < 10_000, "something is due again and again at {}", self.now);
        }
        self.now = until;
    }

    /// Stops. Time does not pass for it any more.
    pub(crate) fn stop(&mut self, at: Timestamp) {
        self.pass(at);
        self.stopped = at;
    }

    /// Starts again from what is stored.
    pub(crate) fn restart(&mut self, back: Timestamp) {
        self.commit();
        self.state = load(&self.store, back);
        self.now = back;
        self.command(Command::Away { from: self.stopped });
        self.command(Command::Tick);
    }

    pub(crate) fn is_stored(&mut self) -> Result<(), String> {
        self.commit();
        crate::stored::same(&self.state, &load(&self.store, self.state.ready_at))
    }

    /// What is older than 95 days is kept in less detail.
    pub(crate) fn fold(&mut self) {
        self.command(Command::Fold { before: self.now - 95 * DAY, limit: 100, after: TrackKey(0) });
    }

    /// An agent runs all checks, and delivers if somebody listens.
    pub(crate) fn runs(&mut self, agent: usize, slot: i64, listens: bool) {
        let now = self.story.runs_at(agent, slot);
        for check in 0..CHECKS {
            let seen = self.story.seen[agent][check][slot as usize];
            if seen != Seen::Nothing {
                let observed = self.observe(agent, check, (now, seen));
                let agent = &mut self.agents[agent];
                agent.sequence += 1;
                agent.spool.push(record(agent.sequence, observed));
            }
        }
        let runs = self.story.seen[agent][0][slot as usize] != Seen::Nothing;
        if listens && runs {
            self.pass(now);
            let records = std::mem::take(&mut self.agents[agent].spool);
            let report = Report { records, ..self.report(agent) };
            self.command(Command::Report(Box::new(report)));
        }
    }

    fn observe(&mut self, agent: usize, check: usize, (now, seen): (Timestamp, Seen)) -> Observed {
        let boot = |at: Timestamp| When::ThisBoot(BOOT + (at - self.story.start));
        let (hard, run) = &mut self.agents[agent].hard[check];
        let mut since = None;
        if (seen == Seen::Up) == (*hard == Seen::Up) {
            run.clear();
        } else {
            run.push(now);
            if run.len() == 2 {
                (*hard, since) = (seen, Some(boot(run[0])));
                run.clear();
            }
        }
        let (state, outcome) = (hard_state(*hard), outcome(seen));
        Observed { check, outcome, since, ..observed(boot(now), state) }
    }

    fn report(&self, agent: usize) -> Report {
        let checks = (0..CHECKS).map(name).collect();
        Report { checks, ..empty(self.agents[agent].key, self.now, BOOT + (self.now - self.story.start)) }
    }

    /// A person does something.
    pub(crate) fn act(&mut self, now: Timestamp) {
        self.pass(now);
        let Some(act) = self.people.act(now, self.story.start, &mut self.random) else { return };
        let command = self.command_of(&act);
        match self.command(command) {
            Answer::Window(key) => self.windows.push(key),
            Answer::Series(key) => self.series.push(key),
            _ => {}
        }
    }

    fn command_of(&self, act: &Act) -> Command {
        use skerry_domain::maintenance::MaintenanceStatus::{Completed, InProgress};
        let over = |components: &[usize], from, to| {
            NewWindow::over(components.iter().map(|one| self.components[*one]).collect(), from, to)
        };
        let enters = |window: &usize, status| Command::UpdateWindow {
            window: self.windows[*window],
            status: Some(status),
            body: None,
            to: None,
        };
        match act {
            Act::Plan { components, from, to, lead } => {
                let new = NewWindow { lead: *lead, title: Title::Automatic, ..over(components, *from, *to) };
                Command::PlanWindow(Box::new(new))
            }
            Act::Retime { window, from, to } => {
                let change = WindowChange { from: *from, to: Some(*to), ..WindowChange::default() };
                Command::ChangeWindow { window: self.windows[*window], change: Box::new(change) }
            }
            Act::Cancel { window } => Command::CancelWindow { window: self.windows[*window], body: None },
            Act::Start { window } => enters(window, InProgress),
            Act::End { window } => enters(window, Completed),
            Act::Recur { series, from } => {
                let window = over(&series.components, *from, *from + series.length);
                let rule = format!("FREQ=DAILY;INTERVAL={}", series.every);
                Command::PlanSeries(Box::new(NewSeries { window, rule }))
            }
            Act::EndSeries { series } => Command::EndSeries { series: self.series[*series], body: None },
            Act::Hold(hold) => Command::SetHold {
                component: self.components[hold.component],
                source: Source::Person,
                status: hold.status,
                until: (hold.to < Timestamp::FAR).then_some(hold.to),
            },
            Act::Release { component } => {
                Command::ReleaseHold { component: self.components[*component], source: Source::Person }
            }
            Act::Correct(one) => Command::Correct(Box::new(NewCorrection {
                component: self.components[one.component],
                from: one.from,
                to: one.to,
                status: one.status,
                reason: "It was otherwise".to_owned(),
            })),
        }
    }
}

fn hard_state(seen: Seen) -> HardState {
    match seen {
        Seen::Up | Seen::Nothing => HardState::Up,
        Seen::Degraded => HardState::Degraded,
        Seen::Down => HardState::Down,
    }
}

fn outcome(seen: Seen) -> Outcome {
    match seen {
        Seen::Up | Seen::Nothing => Outcome::Up,
        Seen::Degraded => Outcome::Degraded,
        Seen::Down => Outcome::Down,
    }
}

/// The name of a check.
pub(crate) fn name(check: usize) -> String {
    format!("check {check}")
}

/// A page for each zone, with the components that the reference expects.
fn configuration() -> Configure {
    let page = |(place, zone): (usize, &&str)| {
        let of = |number: usize| {
            let checks = super::reference::Reference::checks(3 * place + number).into_iter();
            let links = checks.map(|(check, minor)| DesiredLink { check: name(check), minor });
            DesiredItem::Component(component(&format!("component {number}"), links.collect()))
        };
        let slug = format!("page{place}");
        let settings = PageSettings {
            slug: slug.clone(),
            time_zone: (*zone).to_owned(),
            root: place == 0,
            ..page_settings()
        };
        let zone = super::people::zone(place);
        DesiredPage { key: slug, settings, zone, items: (0..3).map(of).collect() }
    };
    let checks = (0..CHECKS).map(|check| (name(check), Quorum::Majority)).collect();
    Configure { checks, pages: ZONES.iter().enumerate().map(page).collect() }
}

/// When the last agent of a slot has delivered.
pub(crate) fn after(story: &Story, slot: i64) -> Timestamp {
    story.runs_at(AGENTS - 1, slot) + SECOND
}

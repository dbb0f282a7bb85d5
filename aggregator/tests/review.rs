//! What a hostile agent, a dying link, an old backup and an edited file must not do to the state or its rows.

#[path = "engine/reports.rs"]
mod reports;

use reports::{empty, observed, record};
use skerry_domain::state::{AgentKey, ComponentKey, ComponentSettings, Counters, PageSettings, State};
use skerry_domain::status::Status;
use skerry_domain::step::{
    Answer, Change, Command, Configure, Context, DeclaredCheck, DesiredComponent, DesiredItem, DesiredLink,
    DesiredPage, Ids, Proof, Record, RecordKind, Report, SnapshotState, When, step,
};
use skerry_domain::time::{DAY, HOUR, MINUTE, SECOND, Timestamp};
use skerry_domain::track::Hard;
use skerry_domain::uptime::{Rule, Weights};
use skerry_domain::verdict::Quorum;
use skerry_store::Store;

const START: Timestamp = Timestamp(1_790_000_000_000);
/// Boot clock of the agents at [`START`], ms.
const BOOTED: i64 = 30 * DAY;
const EPOCH: [u8; 16] = [7; 16];

/// A state with one page, one component on the check "web", and one agent that runs it every 10 s.
struct Desk {
    state: State,
    store: Store,
    _folder: tempfile::TempDir,
    now: Timestamp,
    agent: AgentKey,
    sequence: u64,
}

fn configure(checks: &[(&str, Quorum)], components: &[(&str, &[&str])]) -> Configure {
    let component = |(key, links): &(&str, &[&str])| {
        DesiredItem::Component(DesiredComponent {
            key: (*key).to_owned(),
            settings: ComponentSettings {
                name: (*key).to_owned(),
                description: None,
                public: true,
                start_date: None,
                response_time: false,
                showcase: true,
                only_show_if_degraded: false,
            },
            starts_at: None,
            links: links
                .iter()
                .map(|check| DesiredLink { check: (*check).to_owned(), minor: false })
                .collect(),
        })
    };
    let settings = PageSettings {
        slug: "demo".to_owned(),
        name: "Demo".to_owned(),
        public: true,
        listed: false,
        root: true,
        frame_ancestors: Vec::new(),
        domain: None,
        time_zone: "Etc/UTC".to_owned(),
        support_url: None,
        language: "en".to_owned(),
        rule: Rule::Observed,
        weights: Weights { partial_percent: 30, major_percent: 100 },
    };
    Configure {
        workspace: "default".to_owned(),
        checks: checks.iter().map(|(name, quorum)| ((*name).to_owned(), *quorum)).collect(),
        pages: vec![DesiredPage {
            key: "demo".to_owned(),
            settings,
            items: components.iter().map(component).collect(),
        }],
    }
}

impl Desk {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(&folder.path().join("skerry.db")).expect("opens");
        let state = State { ready_at: START, ..State::default() };
        let (agent, sequence) = (AgentKey(0), 0);
        let mut desk = Self { state, store, _folder: folder, now: START, agent, sequence };
        desk.configure(&[("web", Quorum::Majority)], &[("site", &["web"])]);
        desk.agent = desk.enrol("a", "north");
        desk.declare(desk.agent, &["web"]);
        desk
    }

    fn run(&mut self, command: Command) -> (Answer, Vec<Change>) {
        let context = Context { now: self.now, ids: Ids::from_seed([1; 32]) };
        let stepped = step(&mut self.state, command, context).expect("taken");
        self.store.commit(&self.state, &stepped.rows, &stepped.changes, self.now).expect("commits");
        (stepped.answer, stepped.changes)
    }

    fn configure(&mut self, checks: &[(&str, Quorum)], components: &[(&str, &[&str])]) -> Vec<Change> {
        self.run(Command::Configure(Box::new(configure(checks, components)))).1
    }

    fn enrol(&mut self, name: &str, location: &str) -> AgentKey {
        let (workspace, name, location) = ("default".to_owned(), name.to_owned(), location.to_owned());
        match self.run(Command::AddAgent { workspace, name, location }).0 {
            Answer::Agent(key) => key,
            other => panic!("{other:?}"),
        }
    }

    fn empty(&self, agent: AgentKey) -> Report {
        Report {
            epoch: EPOCH,
            checks: vec!["web".to_owned()],
            ..empty(agent, self.now, BOOTED + (self.now - START))
        }
    }

    fn send(&mut self, report: Report) -> (Answer, Vec<Change>) {
        self.run(Command::Report(Box::new(report)))
    }

    fn declare(&mut self, agent: AgentKey, names: &[&str]) {
        let declared = |name: &&str| DeclaredCheck {
            name: (*name).to_owned(),
            definition: vec![1; 16],
            interval_ms: 10 * SECOND,
        };
        let inventory = Some(names.iter().map(declared).collect());
        self.send(Report { inventory, ..self.empty(agent) });
    }

    fn record(&mut self, when: When, hard: Hard) -> Record {
        self.sequence += 1;
        record(self.sequence, observed(when, hard))
    }

    /// The agent saw this now.
    fn see(&mut self, hard: Hard) -> Vec<Change> {
        let boot = BOOTED + (self.now - START);
        let record = self.record(When::ThisBoot(boot), hard);
        self.send(Report { records: vec![record], ..self.empty(self.agent) }).1
    }

    fn pass(&mut self, milliseconds: i64) -> Vec<Change> {
        let mut changes = Vec::new();
        let until = self.now + milliseconds;
        while self.now < until {
            self.now = (self.now + SECOND).min(until);
            changes.extend(self.run(Command::Tick).1);
        }
        changes
    }

    fn component(&self) -> ComponentKey {
        *self.state.components.keys().next().expect("there is one")
    }

    /// What the page shows of the one component: its status, and whether nothing is seen of it.
    fn shown(&self) -> (Status, bool) {
        let page = *self.state.pages.keys().next().expect("there is one");
        let view =
            skerry_publish::build::page_view(&self.state, page, "http://x", self.now).expect("a living page");
        match &view.items[0] {
            skerry_publish::view::Item::Component(one) => (one.status, one.stale_since.is_some()),
            skerry_publish::view::Item::Group(_) => panic!("no group was asked for"),
        }
    }

    /// What the rows say is what the state says, apart from what a restart may forget.
    fn assert_stored(&self) {
        let mut stored = self.store.load(self.state.ready_at).expect("loads");
        let mut held = self.state.clone();
        for state in [&mut stored, &mut held] {
            state.clock = Timestamp(0);
            state.counters = Counters::default();
            state.agents.update_all(|_, agent| {
                (agent.skew, agent.inventory_known) = (0, false);
                agent.voices = Default::default();
                agent.own_network_gone = false;
            });
            state.tracks.update_all(|_, witnessed| {
                (witnessed.live, witnessed.called_silent) = (None, false);
                witnessed.former_interval = None;
                witnessed.track.unsure = None;
            });
            state.components.update_all(|_, component| component.expiry_seen = false);
        }
        assert_eq!(stored, held);
    }
}

fn live(hard: Hard) -> Vec<SnapshotState> {
    vec![SnapshotState {
        check: 0,
        state: hard,
        since_ago: SECOND,
        evidence_ago: Some(0),
        flapping: false,
        certificate_ends: None,
    }]
}

#[test]
fn a_snapshot_is_not_believed_for_ever_where_the_track_was_silent() {
    let mut desk = Desk::new();
    desk.see(Hard::Up);
    desk.pass(10 * MINUTE);
    assert_eq!(desk.shown(), (Status::Operational, true));
    let report = Report { snapshot: live(Hard::Up), ..desk.empty(desk.agent) };
    desk.send(report);
    assert_eq!(desk.shown(), (Status::Operational, false), "the link is back, history drains");
    let changes = desk.pass(2 * MINUTE);
    assert_eq!(desk.shown(), (Status::Operational, true), "the agent is gone again");
    assert!(changes.contains(&Change::Shown(desk.component())), "and the page hears of it");
    desk.assert_stored();
}

#[test]
fn a_folded_record_lies_in_no_future() {
    let mut desk = Desk::new();
    let boot = BOOTED;
    let first = observed(When::ThisBoot(boot), Hard::Up);
    let kind = RecordKind::Observed { first, count: 100_000, spread: 100 * 366 * DAY };
    let after = observed(When::ThisBoot(boot), Hard::Up);
    let records = vec![
        Record { sequence: 1, through: 1, kind },
        Record { sequence: 2, through: 2, kind: RecordKind::Observed { first: after, count: 1, spread: 0 } },
    ];
    let report = Report { records, ..desk.empty(desk.agent) };
    let (answer, _) = desk.send(report);
    assert!(matches!(answer, Answer::Acknowledged { through: 2, .. }), "{answer:?}");
    let track = &desk.state.tracks.values().next().expect("one").track;
    assert_eq!(track.last(), Some(desk.now));
    desk.pass(2 * MINUTE);
    assert_eq!(desk.shown(), (Status::Operational, true), "silence is noticed all the same");
}

#[test]
fn no_clock_of_an_agent_is_too_strange_to_be_placed() {
    let mut desk = Desk::new();
    let whens = [
        When::EarlierBoot(Timestamp(i64::MIN)),
        When::EarlierBoot(Timestamp(0)),
        When::ThisBoot(0),
        When::EarlierBoot(Timestamp::FAR),
        When::ThisBoot(i64::MAX),
    ];
    for wall in [i64::MIN, 0, i64::MAX] {
        let mut records: Vec<Record> = whens.iter().map(|when| desk.record(*when, Hard::Up)).collect();
        for record in &mut records {
            if let RecordKind::Observed { first, .. } = &mut record.kind {
                (first.since, first.total_us) = (Some(When::EarlierBoot(Timestamp(i64::MIN))), u64::MAX);
            }
        }
        let report = Report {
            records,
            wall_now: Timestamp(wall),
            boot_now: 100 * 366 * DAY,
            ..desk.empty(desk.agent)
        };
        desk.send(report);
        let last = desk.state.tracks.values().next().expect("one").track.last().expect("seen");
        assert!(last <= desk.now, "nothing lies in the future");
        desk.now = desk.now + SECOND;
    }
    desk.assert_stored();
}

#[test]
fn records_of_an_earlier_boot_are_placed_by_the_offset_known_of_it() {
    let mut desk = Desk::new();
    // Its wall clock is an hour ahead, as was seen before the host went down.
    desk.see(Hard::Up);
    desk.now = desk.now + 10 * SECOND;
    let ahead = Report { wall_now: desk.now + HOUR, ..desk.empty(desk.agent) };
    desk.send(ahead);
    desk.now = desk.now + 10 * SECOND;
    let seen_at = desk.now;
    // The host comes back after five minutes with its clock put right, and tells what it saw before.
    desk.now = desk.now + 5 * MINUTE;
    let record = desk.record(When::EarlierBoot(seen_at + HOUR), Hard::Up);
    let report = Report { records: vec![record], boot_now: MINUTE, ..desk.empty(desk.agent) };
    desk.send(report);
    let track = &desk.state.tracks.values().next().expect("one").track;
    assert_eq!(track.last(), Some(seen_at));
    desk.assert_stored();
}

#[test]
fn ten_thousand_observations_of_one_instant_are_all_kept_and_quickly() {
    let mut desk = Desk::new();
    // What this thread computes, however busy the machine is.
    let used = || rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime).tv_sec;
    let before = used();
    for _ in 0..2 {
        let records = (0..10_000).map(|_| desk.record(When::ThisBoot(BOOTED), Hard::Up)).collect();
        desk.send(Report { records, ..desk.empty(desk.agent) });
    }
    let mut kept = 0;
    desk.store.observations(START, START + HOUR, |_| kept += 1).expect("reads");
    assert_eq!(kept, 20_000);
    assert!(used() - before < 20, "{} s", used() - before);
}

#[test]
fn a_check_dropped_and_taken_up_in_one_instant_is_run() {
    let mut desk = Desk::new();
    desk.see(Hard::Up);
    desk.pass(5 * SECOND);
    desk.declare(desk.agent, &[]);
    assert_eq!(desk.shown(), (Status::Operational, true));
    desk.declare(desk.agent, &["web"]);
    assert_eq!(desk.shown(), (Status::Operational, false));
    desk.assert_stored();
}

#[test]
fn a_changed_quorum_and_a_moved_agent_count_from_now_on() {
    let mut desk = Desk::new();
    let other = desk.enrol("b", "south");
    desk.declare(other, &["web"]);
    let record = desk.record(When::ThisBoot(BOOTED), Hard::Up);
    let proof = Proof { former: Some(EPOCH), ..Proof::default() };
    desk.send(Report { records: vec![record], epoch: [8; 16], proof, ..desk.empty(other) });
    desk.see(Hard::Down);
    assert_eq!(desk.shown().0, Status::Operational, "one of two is no majority");
    desk.now = desk.now + SECOND;
    desk.configure(&[("web", Quorum::Any)], &[("site", &["web"])]);
    assert_eq!(desk.shown().0, Status::MajorOutage);
    desk.now = desk.now + SECOND;
    desk.enrol("b", "north");
    assert_eq!(desk.shown().0, Status::Operational, "agents of one location are down together or not at all");
    desk.assert_stored();
}

#[test]
fn a_component_whose_only_check_was_unlinked_is_what_people_say() {
    let mut desk = Desk::new();
    desk.see(Hard::Down);
    assert_eq!(desk.shown(), (Status::MajorOutage, false));
    desk.pass(SECOND);
    desk.configure(&[("web", Quorum::Majority)], &[("site", &[])]);
    assert_eq!(desk.shown(), (Status::Operational, false));
    let component = desk.component();
    for status in [Status::PartialOutage, Status::Operational] {
        desk.pass(SECOND);
        desk.run(Command::SetManual { component, status, until: None });
        assert_eq!(desk.shown(), (status, false));
    }
    desk.assert_stored();
}

#[test]
fn a_check_that_no_agent_runs_any_more_leaves_no_green_behind() {
    let mut desk = Desk::new();
    desk.see(Hard::Up);
    desk.pass(5 * SECOND);
    desk.declare(desk.agent, &["other"]);
    assert_eq!(desk.shown(), (Status::Operational, true), "said at once, the last status kept");
    desk.assert_stored();
}

#[test]
fn the_last_status_and_its_date_outlive_the_days_shown() {
    let mut desk = Desk::new();
    desk.see(Hard::Down);
    desk.pass(10 * SECOND);
    desk.see(Hard::Down);
    desk.pass(2 * MINUTE);
    assert_eq!(desk.shown(), (Status::MajorOutage, true));
    desk.now = desk.now + 200 * DAY;
    desk.run(Command::Tick);
    assert_eq!(desk.shown(), (Status::MajorOutage, true), "the last status is kept");
    let page = *desk.state.pages.keys().next().expect("one");
    let view = skerry_publish::build::page_view(&desk.state, page, "http://x", desk.now);
    assert!(view.expect("a page").updated_at < START + HOUR, "and its date does not move with the days");
}

#[test]
fn a_spool_put_back_from_an_old_copy_is_noticed_and_an_old_database_goes_on() {
    let mut desk = Desk::new();
    for _ in 0..5 {
        desk.see(Hard::Up);
        desk.pass(SECOND);
    }
    desk.sequence = 2;
    let changes = desk.see(Hard::Up);
    assert!(changes.contains(&Change::OldCopy { agent: desk.agent, newest: 3, through: 5 }), "{changes:?}");
    desk.sequence = 4;
    let replay = desk.see(Hard::Up);
    assert!(!replay.iter().any(|change| matches!(change, Change::OldCopy { .. })), "a lost reply is none");
    desk.sequence = 90_000;
    let ahead = desk.see(Hard::Down);
    assert!(ahead.iter().any(|change| matches!(change, Change::Gap { from: 6, to: 90_001, .. })));
    assert_eq!(desk.shown(), (Status::MajorOutage, false), "and the page goes on");
    desk.assert_stored();
}

#[test]
fn what_an_agent_was_told_is_held_and_is_not_is_noticed_also_while_it_has_nothing_to_send() {
    let mut desk = Desk::new();
    desk.see(Hard::Up);
    let forgotten = |changes: &[Change]| {
        let stretch = |change: &Change| match change {
            Change::Gap { from, to, acknowledged: true, .. } => Some((*from, *to)),
            _ => None,
        };
        changes.iter().filter_map(stretch).collect::<Vec<_>>()
    };
    // It was told no more than what is held: all is well.
    let told = Report { acknowledged: 1, ..desk.empty(desk.agent) };
    assert_eq!(forgotten(&desk.send(told).1), []);
    // It was told of 40, of which one stands here.
    let told = Report { acknowledged: 40, ..desk.empty(desk.agent) };
    let (answer, changes) = desk.send(told.clone());
    assert_eq!(forgotten(&changes), [(2, 41)]);
    assert!(matches!(answer, Answer::Acknowledged { through: 40, .. }), "{answer:?}");
    assert_eq!(forgotten(&desk.send(told).1), [], "once");
    // What it goes on with is no gap; and what it sends is never passed over for its own word.
    desk.sequence = 40;
    let next = desk.see(Hard::Up);
    assert!(!next.iter().any(|change| matches!(change, Change::Gap { .. })), "{next:?}");
    desk.assert_stored();
}

#[test]
fn a_manual_status_ends_within_a_second_of_its_end() {
    let mut desk = Desk::new();
    desk.see(Hard::Up);
    let component = desk.component();
    let until = Some(desk.now + 20 * SECOND);
    desk.run(Command::SetManual { component, status: Status::PartialOutage, until });
    desk.pass(19 * SECOND);
    assert_eq!(desk.shown().0, Status::PartialOutage);
    let changes = desk.pass(SECOND);
    assert_eq!(desk.shown().0, Status::Operational);
    assert!(changes.contains(&Change::Shown(component)));
    desk.assert_stored();
}

#[test]
fn pages_of_a_workspace_that_no_file_declares_are_archived_and_revived() {
    let mut desk = Desk::new();
    desk.run(Command::KeepWorkspaces(vec!["acme".to_owned()]));
    assert!(desk.state.pages.values().all(|page| page.archived));
    desk.assert_stored();
    desk.configure(&[("web", Quorum::Majority)], &[("site", &["web"])]);
    desk.run(Command::KeepWorkspaces(vec!["default".to_owned()]));
    assert!(desk.state.pages.values().all(|page| !page.archived));
    desk.assert_stored();
}

#[test]
fn a_location_that_declares_the_check_counts_before_it_was_heard_and_not_before_it_declared_it() {
    let mut desk = Desk::new();
    desk.see(Hard::Up);
    desk.pass(SECOND);
    desk.see(Hard::Down);
    assert_eq!(desk.shown(), (Status::MajorOutage, false));
    desk.pass(SECOND);
    let other = desk.enrol("b", "south");
    desk.declare(other, &["web"]);
    assert_eq!(desk.shown(), (Status::MajorOutage, true), "one of two says so, the other is not heard yet");
    let early = desk.now - HOUR;
    let record = desk.record(When::ThisBoot(BOOTED + (early - START)), Hard::Up);
    let proof = Proof { former: Some(EPOCH), ..Proof::default() };
    desk.send(Report { records: vec![record], epoch: [8; 16], proof, ..desk.empty(other) });
    let begun = desk.state.tracks.values().last().expect("two").declared[0].from;
    assert_eq!(begun, desk.now, "what it saw before it joined changes nobody's past");
    desk.assert_stored();
}

#[test]
fn a_late_observation_rolls_its_hour_up_again_unless_the_raw_ones_are_gone() {
    let mut desk = Desk::new();
    desk.see(Hard::Up);
    desk.now = desk.now + 2 * HOUR;
    let track = *desk.state.tracks.keys().next().expect("one");
    let before = START - DAY;
    let median = |desk: &Desk| desk.store.response_hours(&[track], before).expect("reads")[0].p50_us;
    let roll_up = |desk: &mut Desk, kept_from| {
        let rolled = desk.store.next_roll_up(desk.now).expect("reads").expect("an hour needs it");
        desk.store.keep_roll_up(rolled, kept_from).expect("kept");
    };
    roll_up(&mut desk, before);
    let first = median(&desk);
    let late = |desk: &mut Desk, count: i64| {
        for n in 1..=count {
            let mut record = desk.record(When::ThisBoot(BOOTED + n), Hard::Up);
            if let RecordKind::Observed { first, .. } = &mut record.kind {
                first.total_us = 50_000;
            }
            desk.send(Report { records: vec![record], ..desk.empty(desk.agent) });
        }
    };
    late(&mut desk, 1);
    desk.store.prune_observations(START + 1, 10).expect("prunes");
    roll_up(&mut desk, START + HOUR);
    assert_eq!(median(&desk), first, "what is left of an hour does not take the place of the whole");
    late(&mut desk, 3);
    roll_up(&mut desk, before);
    assert!(median(&desk) > 40_000);
    assert!(desk.store.next_roll_up(desk.now).expect("reads").is_none());
}

#[test]
fn names_without_end_are_refused_and_leave_nothing_behind() {
    let mut desk = Desk::new();
    desk.see(Hard::Up);
    let before = desk.state.tracks.len();
    let checks = (0..50_000).map(|n| format!("check {n}")).collect();
    let report = Report { checks, ..desk.empty(desk.agent) };
    let context = Context { now: desk.now, ids: Ids::from_seed([1; 32]) };
    let rejected = step(&mut desk.state, Command::Report(Box::new(report)), context);
    assert!(matches!(&rejected, Err(why) if why.field == "checks"), "{rejected:?}");
    assert_eq!(desk.state.tracks.len(), before);
    desk.see(Hard::Up);
    desk.assert_stored();
}

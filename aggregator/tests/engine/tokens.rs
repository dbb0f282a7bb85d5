//! What the holder of an agent's token can change: not the reports of others, nothing that is not its own, and not the
//! past.

use crate::reports::{empty, observed, record};
use crate::script::{START, World, at, declared};
use skerry_domain::clone_detection::Refusal;
use skerry_domain::component::Automatic;
use skerry_domain::heartbeat::Expected;
use skerry_domain::interval::Interval;
use skerry_domain::problem::Severity;
use skerry_domain::reporters::{Held, definition};
use skerry_domain::status::Status;
use skerry_domain::step::{
    AgentChange, Answer, Change, Command, DeclaredCheck, DesiredHeartbeat, Observed, RecordKind, Report,
    When, step,
};
use skerry_domain::time::{DAY, HOUR, MINUTE, SECOND, Timestamp};
use skerry_domain::track::HardState;
use skerry_domain::verdict::Quorum;

const BOOT: i64 = 400 * DAY;

/// One batch of an agent about one check with a definition of one byte: (age in ms, hard state) per record, oldest
/// first.
pub(crate) struct Says<'a> {
    who: usize,
    check: &'a str,
    definition: u8,
    epoch: u8,
    first: u64,
    seen: &'a [(i64, HardState)],
}

impl Says<'_> {
    pub(crate) fn report(&self, world: &World) -> Report {
        let one = |(sequence, (ago, hard)): (u64, &(i64, HardState))| {
            let when = When::ThisBoot(BOOT - ago);
            let first = Observed { total_us: sequence * 7, since: Some(when), ..observed(when, *hard) };
            record(sequence, first)
        };
        let definition = vec![self.definition];
        Report {
            epoch: [self.epoch; 16],
            process: vec![self.who as u8 + 1],
            checks: vec![self.check.to_owned()],
            records: (self.first..).zip(self.seen).map(one).collect(),
            inventory: Some(vec![DeclaredCheck { definition, ..declared(self.check, 1_000) }]),
            ..empty(world.senders[self.who].agent, world.now, BOOT)
        }
    }

    fn take(&self, world: &mut World) -> (Answer, Vec<Change>) {
        take(world, self.report(world))
    }
}

pub(crate) fn take(world: &mut World, report: Report) -> (Answer, Vec<Change>) {
    let stepped = step(&mut world.state, Command::Report(Box::new(report)), at(world.now)).expect("taken");
    (stepped.answer, stepped.changes)
}

pub(crate) fn says(who: usize, definition: u8, first: u64, seen: &[(i64, HardState)]) -> Says<'_> {
    Says { who, check: "a", definition, epoch: who as u8 + 1, first, seen }
}

pub(crate) fn change(agent: &str, change: AgentChange) -> Command {
    Command::ChangeAgent { agent: agent.to_owned(), change }
}

pub(crate) fn obey(world: &mut World, command: Command) -> Vec<Change> {
    step(&mut world.state, command, at(world.now)).expect("taken").changes
}

/// A world in which check "a" has the quorum "majority".
fn world() -> World {
    let (mut world, _) = World::new();
    let check = world.state.check_names.iter().find(|(name, _)| *name == "a").map(|(_, key)| *key);
    world.state.checks.get_mut(&check.expect("the file links it")).expect("it is there").quorum =
        Quorum::Majority;
    world.now = START + DAY;
    world
}

/// The state of the first component, which is linked to "a".
fn now(world: &World) -> Automatic {
    let first = world.state.components.values().next().expect("the first component");
    first.layers.automatic.last().expect("it is never empty").value
}

fn layer(world: &World) -> Vec<Interval<Automatic>> {
    world.state.components.values().next().expect("the first component").layers.automatic.iter().collect()
}

fn held(world: &World, who: usize) -> Option<Held> {
    let agent = world.senders[who].agent;
    world.state.tracks.values().find(|one| one.agent == agent).expect("it was reported").held
}

const DOWN: Automatic = Automatic::Known(Status::MajorOutage);
const UP: Automatic = Automatic::Known(Status::Operational);

/// In a former version, one "up" with another definition ended an outage.
#[test]
fn a_report_with_another_definition_is_no_evidence() {
    let mut world = world();
    says(0, 1, 1, &[(0, HardState::Down)]).take(&mut world);
    assert_eq!(now(&world), DOWN);
    let (_, changes) = says(1, 2, 1, &[(0, HardState::Up)]).take(&mut world);
    assert_eq!((now(&world), held(&world, 1)), (DOWN, Some(Held::Definition)));
    let agent = world.senders[1].agent;
    assert!(changes.iter().any(|one| matches!(one, Change::Joined { agent: who, .. } if *who == agent)));
    let told = |one: &Change| matches!(one, Change::NotCounted { agent: who, why: Held::Definition, .. } if *who == agent);
    assert!(changes.iter().any(told), "{changes:?}");
    assert!(!changes.iter().any(|one| matches!(one, Change::Raw(_))), "nor for its response times");
    // Another name for the same target is no evidence, either.
    world.now = world.now + SECOND;
    says(0, 1, 2, &[(0, HardState::Down)]).take(&mut world);
    let (_, changes) = says(1, 1, 2, &[(0, HardState::Up)]).take(&mut world);
    assert_eq!((now(&world), held(&world, 1)), (UP, None), "a quorum of two locations is two");
    assert!(changes.iter().any(|one| matches!(one, Change::CountsAgain { .. })), "{changes:?}");
}

#[test]
fn the_first_definition_applies_until_the_file_or_an_operator_sets_another() {
    let mut world = world();
    says(0, 1, 1, &[(0, HardState::Up)]).take(&mut world);
    says(1, 2, 1, &[(0, HardState::Down)]).take(&mut world);
    assert_eq!(now(&world), UP);
    let (check, agent) = ("a".to_owned(), "two".to_owned());
    obey(&mut world, Command::ChooseDefinition { check, agent });
    assert_eq!((held(&world, 0), held(&world, 1), now(&world)), (Some(Held::Definition), None, DOWN));
    let judged = |definitions: &[(&str, u8)]| Command::JudgeReporters {
        asks: false,
        definitions: definitions.iter().map(|(name, hash)| ((*name).to_owned(), vec![*hash])).collect(),
    };
    world.now = world.now + SECOND;
    obey(&mut world, judged(&[("a", 1)]));
    assert_eq!((held(&world, 0), held(&world, 1), now(&world)), (None, Some(Held::Definition), UP));
    // No agent runs the file's definition: agents that agree with each other count, and the conflict is reported.
    obey(&mut world, judged(&[("a", 3)]));
    assert_eq!((held(&world, 0), held(&world, 1)), (Some(Held::Definition), None));
    obey(&mut world, judged(&[]));
    assert_eq!(held(&world, 1), None);
}

#[test]
fn a_changed_definition_counts_once_no_agent_has_the_former() {
    let mut world = world();
    says(0, 1, 1, &[(0, HardState::Up)]).take(&mut world);
    says(0, 2, 2, &[(0, HardState::Down)]).take(&mut world);
    assert_eq!((now(&world), held(&world, 0)), (DOWN, None));
    // Rolled out to two agents: the definition changes with the second one.
    says(1, 2, 1, &[(0, HardState::Down)]).take(&mut world);
    says(0, 3, 3, &[(0, HardState::Up)]).take(&mut world);
    assert_eq!((now(&world), held(&world, 0), held(&world, 1)), (DOWN, Some(Held::Definition), None));
    says(1, 3, 2, &[(0, HardState::Up)]).take(&mut world);
    assert_eq!((now(&world), held(&world, 0), held(&world, 1)), (UP, None, None));
}

/// Locations with different intervals for one check, and an agent that does not report its assertions.
#[test]
fn agents_with_the_same_assertions_count_whatever_their_intervals() {
    let mut world = world();
    let told = |whole: u8, asserts: u8| definition(vec![whole; 16], &[asserts; 16]);
    let mut say = |who: usize, first: u64, of: Vec<u8>| {
        let mut report = says(who, 0, first, &[(0, HardState::Up)]).report(&world);
        report.inventory = Some(vec![DeclaredCheck { definition: of, ..declared("a", 1_000) }]);
        take(&mut world, report);
        [0, 1].map(|who| {
            let agent = world.senders[who].agent;
            world.state.tracks.values().find(|one| one.agent == agent).map(|one| one.held)
        })
    };
    let counts = Some(None);
    let held = Some(Some(Held::Definition));
    // Both agents are of a former version: definitions are compared as a whole.
    assert_eq!(say(0, 1, vec![1; 16]), [counts, None]);
    assert_eq!(say(1, 1, vec![2; 16]), [counts, held]);
    // First one agent reports its assertions, then both do.
    assert_eq!(say(0, 2, told(1, 9)), [counts, held]);
    assert_eq!(say(1, 2, told(2, 9)), [counts, counts]);
    assert_eq!(say(1, 3, told(2, 8)), [counts, held]);
    assert_eq!(say(1, 4, vec![1; 16]), [counts, counts]);
    assert_eq!(say(0, 3, told(3, 9)), [counts, counts], "the definition that held is of both");
}

#[test]
fn new_reporters_wait_with_ask_and_tokens_limit_the_checks() {
    let mut world = world();
    says(0, 1, 1, &[(0, HardState::Down)]).take(&mut world);
    let asks = Command::JudgeReporters { asks: true, definitions: Vec::new() };
    obey(&mut world, asks);
    assert_eq!(held(&world, 0), None, "who counted goes on");
    says(1, 1, 1, &[(0, HardState::Up)]).take(&mut world);
    assert_eq!((now(&world), held(&world, 1)), (DOWN, Some(Held::Asks)));
    obey(&mut world, change("two", AgentChange::Allow("a".to_owned())));
    assert_eq!((now(&world), held(&world, 1)), (UP, None));
    obey(&mut world, change("two", AgentChange::Limit(vec!["b*".to_owned()])));
    assert_eq!((now(&world), held(&world, 1)), (DOWN, Some(Held::Limited)));
    // Everybody may report a new name.
    says(1, 1, 2, &[]).take(&mut world);
    let fresh = Says { check: "b-1", ..says(1, 1, 2, &[(0, HardState::Up)]) };
    fresh.take(&mut world);
    let key = world.state.check_names.iter().find(|(name, _)| *name == "b-1").expect("made").1;
    assert_eq!(world.state.tracks[&world.state.checks[key].tracks[0]].held, None);
}

#[test]
fn an_agent_that_joins_counts_from_then_on() {
    let mut world = world();
    let outage = dense(0);
    says(0, 1, 1, &outage).take(&mut world);
    says(0, 1, 41, &[(0, HardState::Down)]).take(&mut world);
    let before = layer(&world);
    assert_eq!(before.iter().filter(|one| one.value == DOWN).count(), 2, "{before:?}");
    world.now = world.now + SECOND;
    let well: Vec<(i64, HardState)> = dense(0).iter().map(|(ago, _)| (*ago, HardState::Up)).collect();
    says(1, 1, 1, &well).take(&mut world);
    says(0, 1, 42, &[(0, HardState::Down)]).take(&mut world);
    let after = layer(&world);
    assert_eq!(after[..before.len() - 1], before[..before.len() - 1], "the past is what it was");
    let last = after.last().expect("it is never empty");
    assert_eq!((last.from, last.value), (world.now, UP), "it counts from now on");
}

/// Observations every ten seconds, oldest first: up, an outage from 300 to 200 s before now, up; all `ago` ms earlier.
fn dense(ago: i64) -> Vec<(i64, HardState)> {
    let hard = |n: i64| if (10..20).contains(&n) { HardState::Down } else { HardState::Up };
    (0..40).map(|n| (ago + (40 - n) * 10 * SECOND, hard(n))).collect()
}

#[test]
fn a_heartbeat_accepts_no_report() {
    let mut world = world();
    let agents_first = Says { check: "job", ..says(1, 1, 1, &[(0, HardState::Up)]) };
    agents_first.take(&mut world);
    assert_eq!(held(&world, 1), None);
    let heartbeat = DesiredHeartbeat {
        check: "job".to_owned(),
        definition: vec![1],
        expected: Expected { period: MINUTE, schedule: None, grace: SECOND },
        severity: Severity::High,
        depends_on: Vec::new(),
        labels: Default::default(),
    };
    let command = Command::DeclareHeartbeats(vec![heartbeat]);
    obey(&mut world, command);
    assert_eq!(held(&world, 1), Some(Held::Heartbeat));
    let (_, changes) = Says { first: 2, ..agents_first }.take(&mut world);
    assert!(
        !changes.iter().any(|one| matches!(one, Change::Raw(_) | Change::Transition { .. })),
        "{changes:?}"
    );
    let none = Command::DeclareHeartbeats(Vec::new());
    obey(&mut world, none);
    assert_eq!(held(&world, 1), None, "the name is free again");
}

#[test]
fn earlier_reports_stand_whatever_later_spools_or_batches_claim() {
    let mut world = world();
    world.now = START + 20 * DAY;
    let began = world.now;
    says(0, 1, 1, &dense(0)).take(&mut world);
    let before = layer(&world);
    assert_eq!(before.iter().filter(|one| one.value == DOWN).count(), 1, "{before:?}");
    // The same again from an unknown spool, after the former one became silent.
    world.now = world.now + HOUR;
    for (epoch, turned) in [(8, false), (9, true)] {
        world.now = world.now + 10 * MINUTE;
        let again = dense(world.now - began).into_iter().take(39);
        let seen: Vec<(i64, HardState)> =
            again.map(|(ago, hard)| (ago, if turned { HardState::Down } else { hard })).collect();
        let (answer, changes) = Says { epoch, ..says(0, 1, 1, &seen) }.take(&mut world);
        assert!(matches!(answer, Answer::Acknowledged { .. }), "{answer:?}");
        assert!(!changes.iter().any(|one| matches!(one, Change::Raw(_))), "{changes:?}");
    }
    // A transition now that claims to have begun long ago, and one from fifty years ago.
    let mut report =
        Says { epoch: 9, ..says(0, 1, 40, &[(0, HardState::Up), (0, HardState::Down)]) }.report(&world);
    let RecordKind::Observed { first, .. } = &mut report.records[1].kind else { panic!("observed") };
    first.since = Some(When::EarlierBoot(Timestamp(0)));
    take(&mut world, report);
    let mut ancient = Says { epoch: 9, ..says(0, 1, 42, &[(0, HardState::Down)]) }.report(&world);
    let RecordKind::Observed { first, .. } = &mut ancient.records[0].kind else { panic!("observed") };
    first.when = When::EarlierBoot(Timestamp(0));
    let (_, changes) = take(&mut world, ancient);
    assert!(changes.iter().any(|one| matches!(one, Change::Lost { count: 1, .. })), "{changes:?}");
    let after = layer(&world);
    let told = before.len() - 1;
    assert_eq!(after[..told], before[..told], "what it told of the past stands");
    let last = after.last().expect("it is never empty");
    assert_eq!((last.from, last.value), (world.now, DOWN), "{after:?}");
}

#[test]
fn a_stolen_token_with_a_new_spool_for_each_batch_is_never_accepted() {
    let mut world = world();
    let (mut taken, mut told) = (0, 0);
    for second in 0..450_u64 {
        world.now = START + DAY + second as i64 * SECOND;
        let (answer, _) = says(0, 1, second + 1, &[(0, HardState::Down)]).take(&mut world);
        let contested = matches!(answer, Answer::Acknowledged { contested: true, .. });
        assert_eq!(contested, second > 0, "the agent hears of it: {answer:?}");
        let mut stolen = says(0, 1, 1, &[(0, HardState::Up)]).report(&world);
        stolen.epoch = [0; 16];
        stolen.epoch[..8].copy_from_slice(&(second + 1_000).to_be_bytes());
        stolen.process = stolen.epoch.to_vec();
        let (answer, changes) = take(&mut world, stolen);
        taken += usize::from(answer != Answer::Cloned(Refusal::AnotherLives));
        told += changes.iter().filter(|one| matches!(one, Change::CloneRefused { tell: true, .. })).count();
    }
    assert_eq!((taken, now(&world)), (0, DOWN));
    assert_eq!(told, 8, "operators hear of it once a minute");
    let agent = &world.state.agents[&world.senders[0].agent];
    assert_eq!(agent.epochs.len(), 1);
}

#[test]
fn closed_spools_are_forgotten() {
    let mut world = world();
    let mut forgotten = 0;
    for epoch in 1..=40 {
        world.now = world.now + 10 * MINUTE;
        let (answer, changes) = Says { epoch, ..says(0, 1, 1, &[(0, HardState::Up)]) }.take(&mut world);
        assert!(matches!(answer, Answer::Acknowledged { .. }), "{answer:?}");
        forgotten += changes.iter().filter(|one| matches!(one, Change::EpochsForgotten { .. })).count();
    }
    let agent = &world.state.agents[&world.senders[0].agent];
    assert_eq!((agent.epochs.len(), forgotten), (8, 32));
}

#[test]
fn a_restored_spool_is_told_so_and_none_of_its_records_are_skipped() {
    let mut world = world();
    let seen = |count: usize| vec![(0, HardState::Up); count];
    says(0, 1, 1, &seen(10)).take(&mut world);
    // The reply was lost: the agent sends the same and more.
    let (answer, _) = says(0, 1, 6, &seen(7)).take(&mut world);
    assert!(matches!(answer, Answer::Acknowledged { through: 12, old_copy: false, .. }), "{answer:?}");
    // A copy that ended at 8 has recorded other observations since, fewer or more.
    for last in [10, 12, 20] {
        let mut report = says(0, 1, 9, &seen(last - 8)).report(&world);
        for record in &mut report.records {
            let RecordKind::Observed { first, .. } = &mut record.kind else { panic!("observed") };
            first.total_us += 1;
        }
        let (answer, changes) = take(&mut world, report);
        assert!(
            matches!(answer, Answer::Acknowledged { through: 12, old_copy: true, .. }),
            "{last}: {answer:?}"
        );
        assert!(changes.iter().any(|one| matches!(one, Change::OldCopy { .. })), "{changes:?}");
    }
    let mut anew = Says { epoch: 7, ..says(0, 1, 1, &seen(12)) }.report(&world);
    anew.proof.former = Some([1; 16]);
    let (answer, changes) = take(&mut world, anew);
    assert!(matches!(answer, Answer::Acknowledged { through: 12, .. }), "at once: {answer:?}");
    assert!(
        changes.iter().any(|one| matches!(one, Change::SpoolReplaced { through: 12, .. })),
        "{changes:?}"
    );
}

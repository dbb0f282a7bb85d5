//! Heartbeats: what calls and their absence make true, minute by minute.

mod declarations;

use skerry_domain::heartbeat::Expected;
use skerry_domain::problem::Severity;
use skerry_domain::state::State;
use skerry_domain::step::{
    Answer, Change, Command, Context, DesiredHeartbeat, HeartbeatPing, Ids, PingKind, RejectedKind, step,
};
use skerry_domain::time::{MINUTE, Timestamp};
use skerry_domain::track::HardState;
use skerry_protocol::schedule::Schedule;
use skerry_protocol::wire::Reason;

const START: Timestamp = Timestamp(1_790_000_000_000);

/// Minutes.
pub(crate) const PERIOD: i64 = 10;
/// Minutes.
pub(crate) const GRACE: i64 = 2;

/// A job that calls every ten minutes, with two minutes of grace; time is in minutes.
pub(crate) struct Job {
    state: State,
    changes: Vec<Change>,
    /// The minute of the last step.
    looked: i64,
}

impl Job {
    pub(crate) fn new() -> Self {
        let state = State { ready_at: START, ..State::default() };
        let mut job = Self { state, changes: Vec::new(), looked: 0 };
        job.declare(0, &["job"]);
        job
    }

    fn step(&mut self, minute: i64, command: Command) -> Result<Answer, RejectedKind> {
        self.looked = minute;
        let context = Context { now: START + minute * MINUTE, ids: Ids::from_seed([1; 32]) };
        let stepped = step(&mut self.state, command, context).map_err(|rejected| rejected.kind)?;
        self.changes.extend(stepped.changes);
        Ok(stepped.answer)
    }

    fn declare(&mut self, minute: i64, names: &[&str]) {
        self.declare_as(minute, names, PERIOD, GRACE);
    }

    /// The file now expects this of the job, in minutes.
    pub(crate) fn expect(&mut self, minute: i64, period: i64, grace: i64) {
        self.declare_as(minute, &["job"], period, grace);
    }

    fn declare_as(&mut self, minute: i64, names: &[&str], period: i64, grace: i64) {
        let expected = Expected { period: period * MINUTE, schedule: None, grace: grace * MINUTE };
        self.declare_what(minute, names, &expected);
    }

    fn declare_what(&mut self, minute: i64, names: &[&str], expected: &Expected) {
        let one = |name: &&str| DesiredHeartbeat {
            check: (*name).to_owned(),
            definition: vec![1],
            expected: expected.clone(),
            severity: Severity::High,
            depends_on: Vec::new(),
            labels: Default::default(),
        };
        let heartbeats = names.iter().map(one).collect();
        let answer = self.step(minute, Command::DeclareHeartbeats(heartbeats));
        assert_eq!(answer, Ok(Answer::Done));
    }

    pub(crate) fn call(&mut self, minute: i64, kind: PingKind, run: &str) -> Answer {
        self.try_call(minute, kind, run).expect("taken")
    }

    pub(crate) fn try_call(
        &mut self,
        minute: i64,
        kind: PingKind,
        run: &str,
    ) -> Result<Answer, RejectedKind> {
        let (check, run, detail) = ("job".to_owned(), run.to_owned(), "words".to_owned());
        let call = HeartbeatPing { check, kind, run, took_ms: None, detail };
        self.step(minute, Command::HeartbeatPing(Box::new(call)))
    }

    /// Time passes, a tick a minute.
    pub(crate) fn pass(&mut self, from: i64, to: i64) {
        for minute in from..=to {
            self.step(minute, Command::Tick).expect("taken");
        }
    }

    /// We were away and are back.
    pub(crate) fn away_until(&mut self, minute: i64) {
        let from = START + self.looked * MINUTE;
        self.step(minute, Command::Away { from }).expect("taken");
        self.pass(minute, minute);
    }

    /// What is held to have been true at one minute.
    pub(crate) fn held(&self, minute: i64) -> Option<HardState> {
        let track = &self.state.tracks.values().next()?.track;
        let at = START + minute * MINUTE;
        let span = track.spans.iter().rfind(|span| span.from <= at)?;
        let goes_on = track.spans.last() == Some(span) && !track.silent;
        (at < span.end() || goes_on).then_some(span.state)
    }

    /// What is held to have been true: `up 0-12, down 12-20`; gaps are what nobody knows.
    pub(crate) fn past(&self) -> String {
        let Some(track) = self.state.tracks.values().next() else { return String::new() };
        let minute = |at: Timestamp| (at - START) / MINUTE;
        let spans = track.track.spans.iter();
        let words: Vec<String> = spans
            .map(|span| format!("{} {}-{}", span.state.name(), minute(span.from), minute(span.last)))
            .collect();
        let now = if track.track.silent { "nobody knows" } else { "goes on" };
        format!("{}, {now}", words.join(", "))
    }

    fn reasons(&self) -> Vec<(HardState, Reason)> {
        let told = self.changes.iter().filter_map(|change| match change {
            Change::Transition { to, reason, .. } => Some((*to, *reason)),
            _ => None,
        });
        told.collect()
    }

    /// Durations of the runs that ended, s; `None` where nobody knows when it began.
    fn took(&self) -> Vec<Option<u64>> {
        let raw = self.changes.iter().filter_map(|change| match change {
            Change::Raw(raw) => Some(raw.total_us.map(|total| total / 1_000_000)),
            _ => None,
        });
        raw.collect()
    }
}

#[test]
fn before_the_first_call_nothing_is_known_and_nothing_is_missed() {
    let mut job = Job::new();
    job.pass(1, 100);
    assert_eq!((job.past().as_str(), job.reasons().len()), (", goes on", 0));
}

#[test]
fn a_call_in_time_is_up_and_one_that_is_missed_is_down_from_when_it_was_due() {
    let mut job = Job::new();
    job.call(0, PingKind::Success, "");
    job.pass(1, 11);
    job.call(11, PingKind::Success, "");
    job.pass(12, 23);
    assert_eq!(job.past(), "up 0-11, goes on");
    job.pass(24, 30);
    assert_eq!(job.past(), "up 0-23, down 23-24, goes on");
    assert_eq!(job.reasons(), [(HardState::Up, Reason::None), (HardState::Down, Reason::HeartbeatMissed)]);
    // A late call ends the outage at once; the next one is due from it.
    job.call(31, PingKind::Success, "");
    job.pass(32, 43);
    assert_eq!(job.past(), "up 0-23, down 23-31, up 31-31, goes on");
    job.pass(44, 44);
    assert_eq!(job.reasons().len(), 4);
}

#[test]
fn a_failure_is_down_at_once_and_the_next_success_ends_it() {
    let mut job = Job::new();
    job.call(0, PingKind::Success, "");
    job.call(5, PingKind::Failure, "");
    assert_eq!(job.past(), "up 0-5, down 5-5, goes on");
    job.call(8, PingKind::Success, "");
    assert_eq!(job.past(), "up 0-5, down 5-8, up 8-8, goes on");
    let expected = [
        (HardState::Up, Reason::None),
        (HardState::Down, Reason::ReportedFailure),
        (HardState::Up, Reason::None),
    ];
    assert_eq!(job.reasons(), expected);
}

#[test]
fn a_start_without_its_end_is_down_after_the_grace() {
    let mut job = Job::new();
    job.call(0, PingKind::Success, "");
    job.call(3, PingKind::Start, "");
    job.pass(4, 5);
    assert_eq!(job.past(), "up 0-0, goes on");
    job.pass(6, 6);
    assert_eq!(job.past(), "up 0-5, down 5-6, goes on");
    // Its very first word may be a start.
    let mut first = Job::new();
    first.call(0, PingKind::Start, "");
    first.pass(1, 3);
    assert_eq!(first.past(), "down 2-3, goes on");
}

#[test]
fn from_start_to_end_is_the_latency_of_that_run_alone() {
    let mut job = Job::new();
    job.call(0, PingKind::Start, "");
    job.call(1, PingKind::Success, "");
    job.call(2, PingKind::Success, "");
    job.call(10, PingKind::Start, "a");
    job.call(11, PingKind::Success, "b");
    job.call(12, PingKind::Failure, "a");
    job.pass(13, 24);
    job.call(25, PingKind::Start, "");
    job.call(25, PingKind::Success, "");
    job.pass(26, 38);
    assert_eq!(job.took(), [Some(60), None, None, Some(120), Some(0), None]);
}

#[test]
fn our_own_absence_is_not_a_missed_call() {
    // Away from 5 to 9: the call was expected at 10, two minutes early at most.
    let mut job = Job::new();
    job.call(0, PingKind::Success, "");
    job.pass(1, 5);
    job.away_until(9);
    job.pass(10, 12);
    assert_eq!(job.past(), "up 0-0, goes on");
    // Past 12 nobody can say: it may have called while we were away.
    job.pass(13, 22);
    assert_eq!((job.past().as_str(), job.reasons().len()), ("up 0-12, nobody knows", 1));
    // A call ends that, and what nobody knew stays so.
    let mut called = Job { state: job.state.clone(), changes: Vec::new(), looked: 22 };
    called.call(22, PingKind::Success, "");
    assert_eq!(called.past(), "up 0-12, up 22-22, goes on");
    // Without one the next is missed once it had all of its time.
    job.pass(23, 23);
    assert_eq!(job.past(), "up 0-12, down 23-23, goes on");
    assert_eq!(job.reasons()[1], (HardState::Down, Reason::HeartbeatMissed));
    // An outage that was known before we were away goes on.
    job.away_until(60);
    job.pass(61, 61);
    assert_eq!(job.past(), "up 0-12, down 23-23, goes on");
}

#[test]
fn an_absence_in_which_the_call_was_not_expected_excuses_nothing() {
    let mut job = Job::new();
    job.call(0, PingKind::Success, "");
    job.away_until(8);
    job.pass(9, 12);
    assert_eq!(job.past(), "up 0-0, goes on");
    job.pass(13, 13);
    assert_eq!(job.past(), "up 0-12, down 12-13, goes on");
    // Nor does one after its time was over.
    let mut job = Job::new();
    job.call(0, PingKind::Success, "");
    job.pass(1, 12);
    job.away_until(30);
    assert_eq!(job.past(), "up 0-12, down 12-30, goes on");
}

/// A daily job, and a host that is frozen for ten minutes each night, at another hour or at its own.
#[test]
fn a_nightly_freeze_hides_no_job_that_never_came() {
    let day = 1_440;
    let mut job = Job::new();
    job.expect(0, day, 60);
    job.call(0, PingKind::Success, "");
    for night in 1..=3 {
        let freeze = night * day - 120;
        job.pass(freeze - 1, freeze);
        job.away_until(freeze + 10);
        job.pass(night * day + 59, night * day + 61);
    }
    assert_eq!(job.past(), format!("up 0-{}, down {0}-{}, goes on", day + 60, day + 61));
    let mut job = Job::new();
    job.expect(0, day, 60);
    job.call(0, PingKind::Success, "");
    job.pass(day - 5, day - 5);
    job.away_until(day + 5);
    job.pass(day + 61, 2 * day + 65);
    assert_eq!(job.past(), format!("up 0-{}, nobody knows", day + 60));
    job.pass(2 * day + 66, 2 * day + 66);
    assert_eq!(job.reasons().last(), Some(&(HardState::Down, Reason::HeartbeatMissed)));
}

#[test]
fn a_run_whose_end_may_have_come_while_we_were_away_hangs_for_nobody() {
    let mut job = Job::new();
    job.expect(0, 60, 10);
    job.call(0, PingKind::Success, "");
    job.pass(1, 60);
    job.call(60, PingKind::Start, "A1");
    job.away_until(64);
    job.pass(65, 130);
    assert_eq!(job.past(), "up 0-70, nobody knows");
    job.call(131, PingKind::Success, "a1");
    assert_eq!(job.took().last(), Some(&Some(71 * 60)), "a run has one name, however it is written");
}

/// 03:00 in Berlin, an hour of grace: 25 h apart where summer time ends, and no miss; 24 h would be one.
#[test]
fn a_schedule_is_right_where_clocks_change() {
    // 24 October 2026, 01:00 UTC is 03:00 in Berlin.
    let first = (1_792_803_600_000 - START.0) / MINUTE;
    let expected = |zone: &str| {
        let schedule = Some(Schedule::parse("0 3 * * *", zone).expect("a schedule"));
        Expected { period: 0, schedule, grace: 30 * MINUTE }
    };
    for (zone, missed) in [("Europe/Berlin", false), ("Etc/GMT-2", true)] {
        let mut job = Job::new();
        job.declare_what(0, &["job"], &expected(zone));
        job.call(first + 4, PingKind::Success, "");
        // The next one is 40 seconds early by our clock.
        job.pass(first + 5, first + 1_440 + 60);
        job.call(first + 1_440 + 60, PingKind::Success, "");
        assert_eq!(job.reasons().contains(&(HardState::Down, Reason::HeartbeatMissed)), missed, "{zone}");
        if missed {
            continue;
        }
        // It counts for the hour that it was near, and the next is due a day after that.
        let next = first + 1_440 + 60 + 1_440;
        job.pass(next - 60, next + 30);
        assert!(job.past().ends_with("goes on") && !job.past().contains("down"), "{}", job.past());
        job.pass(next + 31, next + 31);
        assert!(job.past().contains(&format!("down {}-", next + 30)), "{}", job.past());
    }
}

#[test]
fn what_a_job_only_logs_changes_nothing() {
    let mut job = Job::new();
    job.call(0, PingKind::Success, "");
    job.changes.clear();
    let before = job.state.heartbeats.clone();
    assert_eq!(job.call(5, PingKind::Nothing, ""), Answer::Done);
    assert_eq!((job.state.heartbeats.clone(), job.changes.len()), (before, 0));
}

#[test]
fn a_run_that_hangs_is_outlived_by_the_success_of_another() {
    let mut job = Job::new();
    job.call(0, PingKind::Start, "a");
    job.pass(1, 3);
    job.call(5, PingKind::Success, "b");
    job.pass(6, 17);
    assert_eq!(job.past(), "down 2-5, up 5-5, goes on");
    // One that is under way in its time goes on.
    job.call(17, PingKind::Start, "a");
    job.call(18, PingKind::Success, "b");
    job.pass(19, 20);
    assert_eq!(job.past(), "down 2-5, up 5-19, down 19-20, goes on");
}

/// A quiet job is no old news: that nothing is late is known at every tick, and nothing is written for it.
#[test]
fn evidence_is_as_fresh_as_the_last_tick_and_costs_no_row() {
    let mut job = Job::new();
    job.call(0, PingKind::Success, "");
    job.changes.clear();
    job.pass(1, 9);
    let track = job.state.tracks.values().next().expect("a track");
    assert_eq!(job.state.evidence(track), Some(START + 9 * MINUTE));
    assert_eq!(job.changes, []);
}

/// The end of another run, told after the absence, must not make it forgotten: the run may have told its own in it.
#[test]
fn an_absence_within_a_run_that_is_under_way_excuses_its_end() {
    let mut job = Job::new();
    job.expect(0, PERIOD, 3);
    job.call(0, PingKind::Start, "b");
    job.away_until(1);
    job.call(1, PingKind::Success, "");
    job.pass(2, 3);
    job.away_until(4);
    assert_eq!((job.held(2), job.held(3)), (Some(HardState::Up), None), "{}", job.past());
}

//! Our own absence is nobody's silence: after it no minority decides, until the others had a day to deliver.

use crate::fixture::{BOOTED, Fixture, START};
use skerry_domain::layers::effective;
use skerry_domain::problem::{Level, Severity};
use skerry_domain::state::AgentKey;
use skerry_domain::status::Status;
use skerry_domain::step::{Change, Command, Report, When};
use skerry_domain::time::{DAY, HOUR, MINUTE, SECOND};
use skerry_domain::track::HardState;
use skerry_domain::uptime::tally;
use skerry_domain::verdict::{Quorum, Verdict};

impl Fixture {
    /// Three agents at three locations run the check; two decide.
    fn three(&mut self) -> [AgentKey; 3] {
        self.configure(&[("web", Quorum::Number(2))], &[("site", &["web"])]);
        let agents = [self.agent, self.enrol("b", "south"), self.enrol("c", "west")];
        for agent in agents {
            self.declare(agent, &["web"]);
            self.agent_sees(agent, HardState::Up);
        }
        agents
    }

    fn agent_sees(&mut self, agent: AgentKey, hard: HardState) -> Vec<Change> {
        self.agent = agent;
        self.see(hard)
    }

    /// The aggregator stops, and starts again from what is stored.
    fn away_for(&mut self, milliseconds: i64) {
        self.assert_stored();
        let from = self.now;
        self.now = self.now + milliseconds;
        self.state = self.load(self.now);
        self.run(Command::Away { from });
        self.run(Command::Tick);
        self.assert_stored();
    }

    fn verdict(&self) -> Verdict {
        self.state.verdict_of(self.state.check_names["web"])
    }

    /// How severe every open problem of the check is.
    fn faults(&self) -> Vec<(Level, Severity)> {
        let open =
            self.state.problems.values().filter(|one| one.ended.is_none() && one.level != Level::Silent);
        open.map(|one| (one.level, one.severity())).collect()
    }
}

#[test]
fn the_first_that_delivers_after_an_absence_decides_nothing_alone() {
    let mut fixture = Fixture::new();
    let [one, other, _] = fixture.three();
    fixture.away_for(25 * HOUR);
    assert_eq!(fixture.shown(), (Status::Operational, true), "nobody was seen for a day");
    fixture.agent_sees(one, HardState::Down);
    assert_eq!(fixture.verdict(), Verdict::Unknown, "it is one of three");
    assert!(
        fixture.faults().iter().all(|(_, severity)| *severity == Severity::Low),
        "{:?}",
        fixture.faults()
    );
    assert!(fixture.state.incidents.is_empty());
    assert_eq!(fixture.shown(), (Status::Operational, true), "the last status is kept");
    fixture.pass(5 * SECOND);
    fixture.agent_sees(other, HardState::Down);
    assert_eq!(fixture.verdict(), Verdict::Down);
    assert_eq!(fixture.faults(), [(Level::Down, Severity::High)]);
    assert_eq!((fixture.shown(), fixture.state.incidents.len()), ((Status::MajorOutage, false), 1));
    fixture.assert_stored();
}

#[test]
fn who_does_not_return_in_a_day_leaves_as_before() {
    let mut fixture = Fixture::new();
    let [one, ..] = fixture.three();
    fixture.configure(&[("web", Quorum::Majority)], &[("site", &["web"])]);
    fixture.away_for(25 * HOUR);
    let back = fixture.now;
    let mut left = Vec::new();
    while fixture.now < back + DAY {
        fixture.agent_sees(one, HardState::Down);
        assert_ne!(fixture.verdict(), Verdict::Down, "{} ms after we were back", fixture.now - back);
        fixture.now = fixture.now + 20 * MINUTE;
        left.extend(fixture.run(Command::Tick).1.into_iter().filter_map(|change| match change {
            Change::Excluded { agent, .. } => Some((agent, fixture.now)),
            _ => None,
        }));
    }
    assert_eq!(left, [], "they had a day, and not a moment less");
    fixture.now = fixture.now + 1;
    let told = fixture.run(Command::Tick).1;
    let told = told.iter().filter(|change| matches!(change, Change::Excluded { .. })).count();
    assert_eq!(told, 2, "operators are told of each");
    fixture.agent_sees(one, HardState::Down);
    assert_eq!(fixture.verdict(), Verdict::Down, "it counts alone");
    fixture.assert_stored();
    fixture.away_for(30 * HOUR);
    fixture.agent_sees(one, HardState::Down);
    assert_eq!(fixture.verdict(), Verdict::Down, "who left does not count again before it reports");
    fixture.assert_stored();
}

#[test]
fn absences_add_up_and_short_ones_count_as_time_to_deliver() {
    let mut fixture = Fixture::new();
    let [one, ..] = fixture.three();
    let excluded = |fixture: &Fixture| {
        let check = fixture.state.check_names["web"];
        let tracks = fixture.state.checks[&check].tracks.iter().map(|track| &fixture.state.tracks[track]);
        tracks.filter(|one| one.excluded).count()
    };
    for _ in 0..3 {
        fixture.away_for(20 * HOUR);
        fixture.now = fixture.now + 7 * HOUR;
        fixture.agent_sees(one, HardState::Down);
        fixture.run(Command::Tick);
        assert_eq!(excluded(&fixture), 0);
    }
    fixture.away_for(MINUTE);
    fixture.now = fixture.now + 3 * HOUR;
    fixture.run(Command::Tick);
    assert_eq!(excluded(&fixture), 2, "24 hours in all");
    fixture.assert_stored();
}

/// History that agents deliver after our absence is judged as if we had been there.
#[test]
fn what_others_deliver_later_decides_the_past() {
    let mut fixture = Fixture::new();
    let agents = fixture.three();
    let stopped = fixture.now;
    fixture.away_for(30 * HOUR);
    for agent in agents {
        let mut records = Vec::new();
        for ago in (0..30 * 60 * 2).rev().map(|n| n * 30 * SECOND) {
            let hard = if (5 * HOUR..6 * HOUR).contains(&ago) { HardState::Down } else { HardState::Up };
            let when = When::ThisBoot(BOOTED + (fixture.now - START) - ago);
            records.push(fixture.record(when, hard));
        }
        fixture.send(Report { records, ..fixture.empty(agent) });
    }
    assert_eq!((fixture.verdict(), fixture.shown()), (Verdict::Up, (Status::Operational, false)));
    let layers = &fixture.state.components[&fixture.component()].layers;
    let tally = tally(&effective(layers, stopped, fixture.now), stopped, fixture.now);
    assert_eq!((tally.major, tally.no_data), (HOUR, 0), "{tally:?}");
    fixture.assert_stored();
}

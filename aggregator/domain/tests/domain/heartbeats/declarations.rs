//! A heartbeat that the file declares otherwise, no longer, or again.

use super::{Job, START};
use skerry_domain::step::{Answer, Command, PingKind, RejectedKind};
use skerry_domain::time::MINUTE;
use skerry_domain::track::HardState;
use skerry_protocol::wire::Reason;

#[test]
fn what_the_file_no_longer_declares_is_not_called_and_not_missed() {
    let mut job = Job::new();
    job.call(0, PingKind::Success, "");
    job.declare(1, &[]);
    assert_eq!(job.try_call(2, PingKind::Success, ""), Err(RejectedKind::NotFound));
    job.pass(3, 60);
    assert_eq!(job.reasons(), [(HardState::Up, Reason::None)]);
    job.declare(61, &["job"]);
    assert_eq!(job.call(62, PingKind::Success, ""), Answer::Done);
}

/// As when a check is commented out and in again: what was heard before is not forgotten, and a call that may have
/// come meanwhile is held against nobody.
#[test]
fn one_that_is_declared_again_is_due_as_before() {
    let mut job = Job::new();
    job.call(0, PingKind::Success, "");
    job.declare(1, &[]);
    job.declare(3, &["job"]);
    job.pass(3, 12);
    assert_eq!(job.past(), "up 0-0, goes on");
    job.pass(13, 13);
    assert_eq!(job.past(), "up 0-12, down 12-13, goes on");
    let mut job = Job::new();
    job.call(0, PingKind::Success, "");
    job.declare(7, &[]);
    job.declare(9, &["job"]);
    job.pass(9, 22);
    assert_eq!(job.past(), "up 0-12, nobody knows");
    job.pass(23, 23);
    assert_eq!(job.past(), "up 0-12, down 23-23, goes on");
}

/// A job that called 8 minutes ago is not late because it is now to call every 3: it has those from now on.
#[test]
fn a_period_that_is_shortened_counts_from_the_change_and_judges_no_past() {
    let mut job = Job::new();
    job.call(0, PingKind::Success, "");
    job.pass(1, 8);
    job.expect(8, 3, 1);
    job.pass(8, 12);
    assert_eq!(job.past(), "up 0-0, goes on");
    job.pass(13, 13);
    assert_eq!(job.past(), "up 0-12, down 12-13, goes on");
    // From the next call on it counts from that.
    job.call(14, PingKind::Success, "");
    job.pass(15, 18);
    assert_eq!(job.past(), "up 0-12, down 12-14, up 14-14, goes on");
    job.pass(19, 19);
    assert_eq!(job.past(), "up 0-12, down 12-14, up 14-18, down 18-19, goes on");
}

#[test]
fn a_grace_that_is_shortened_lets_the_run_under_way_have_it_from_the_change() {
    let mut job = Job::new();
    job.expect(0, 60, 30);
    job.call(0, PingKind::Success, "");
    job.call(1, PingKind::Start, "a");
    job.pass(2, 20);
    job.expect(20, 60, 5);
    // It does not hang yet: the success of another leaves it under way.
    job.call(25, PingKind::Success, "b");
    job.pass(25, 25);
    assert_eq!(job.past(), "up 0-25, goes on");
    job.pass(26, 26);
    assert_eq!(job.past(), "up 0-25, down 25-26, goes on");
}

#[test]
fn what_was_missed_before_a_change_stays_missed() {
    let mut job = Job::new();
    job.call(0, PingKind::Success, "");
    job.pass(1, 11);
    // Nobody looked since 11: by what was expected until 20 it was due at 12.
    job.expect(20, 60, 30);
    assert_eq!(job.past(), "up 0-12, down 12-20, goes on");
    job.call(21, PingKind::Success, "");
    job.pass(22, 111);
    assert_eq!(job.past(), "up 0-12, down 12-21, up 21-21, goes on");
    job.pass(112, 112);
    assert_eq!(job.reasons().len(), 4);
}

/// As when the file is changed and the process started again: past 12 it may have called while we were away.
#[test]
fn a_change_while_we_were_away_makes_nothing_known() {
    let mut job = Job::new();
    job.call(0, PingKind::Success, "");
    job.pass(1, 5);
    let from = START + 5 * MINUTE;
    job.step(20, Command::Away { from }).expect("taken");
    job.expect(20, 60, 30);
    assert_eq!(job.past(), "up 0-12, nobody knows");
}

/// Commented out, and in again with a shorter period: what it was due by before is not known any more.
#[test]
fn one_that_is_declared_again_with_a_shorter_period_judges_no_past() {
    let mut job = Job::new();
    job.call(0, PingKind::Success, "");
    job.pass(1, 8);
    job.declare(8, &[]);
    job.expect(9, 3, 1);
    job.pass(9, 13);
    assert_eq!(job.past(), "up 0-9, nobody knows");
    job.pass(14, 14);
    assert_eq!(job.past(), "up 0-9, down 14-14, goes on");
}

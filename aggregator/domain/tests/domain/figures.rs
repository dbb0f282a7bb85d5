//! Uptime figures as tables: Statuspage's rule, ours, and the mean of a group.

use skerry_domain::time::{DAY, HOUR, MINUTE, SECOND};
use skerry_domain::uptime::{Rule, Tally, Weights, figure, group};

/// Golden numbers of Statuspage's rule: floor2(100 · (1 − (M + 0.3 · P) / (D · 86,400))).
#[test]
fn statuspage_figures() {
    // (major seconds, partial seconds, days, hundredths of a percent)
    let table = [
        (0, 0, 90, 10_000),
        (1, 0, 90, 9_999),
        (0, 1, 90, 9_999),
        (777, 0, 90, 9_999),
        (778, 0, 90, 9_998),
        (777, 2, 90, 9_999),
        (777, 3, 90, 9_998),
        (7_945, 0, 90, 9_989),
        (0, 7_945, 90, 9_996),
        (3_600, 7_200, 31, 9_978),
        (86_400, 0, 90, 9_888),
        (0, 86_400, 90, 9_966),
        (86_400, 0, 1, 0),
        (90_000, 0, 1, 0),
        (3_600, 0, 12, 9_965),
    ];
    for (major, partial, days, expected) in table {
        let tally =
            Tally { major: major * SECOND, partial: partial * SECOND, operational: 1, ..Tally::default() };
        let shown = figure(&tally, Rule::Statuspage, Weights::default(), days).hundredths;
        assert_eq!(shown, Some(expected), "{major} s, {partial} s in {days} days");
    }
    let unseen = Tally { no_data: DAY, ..Tally::default() };
    assert_eq!(figure(&unseen, Rule::Statuspage, Weights::default(), 90).hundredths, Some(10_000));
    assert_eq!(figure(&unseen, Rule::Statuspage, Weights::default(), 0).hundredths, None, "not begun");
}

#[test]
fn observed_figures_leave_out_what_was_not_seen() {
    let tally = Tally {
        operational: 80 * HOUR,
        degraded: 9 * HOUR,
        partial: 5 * HOUR,
        major: 5 * HOUR + 59 * MINUTE,
        maintenance: 500 * HOUR,
        no_data: 11 * HOUR,
        unwatched: 900 * HOUR,
        unseen: 0,
    };
    let shown = figure(&tally, Rule::Observed, Weights::default(), 0);
    // 1 − (5 h 59 min + 0.3 · 5 h) / 99 h 59 min; 99 h 59 min of 110 h 59 min were seen.
    assert_eq!((shown.hundredths, shown.coverage, shown.enough), (Some(9_251), 9_008, true));
    let one = Tally { operational: 90 * DAY - 1, major: 1, ..Tally::default() };
    assert_eq!(figure(&one, Rule::Observed, Weights::default(), 0).hundredths, Some(9_999));
    let blind = Tally { operational: 89, no_data: 11, ..Tally::default() };
    let shown = figure(&blind, Rule::Observed, Weights::default(), 0);
    assert_eq!((shown.hundredths, shown.coverage, shown.enough), (Some(10_000), 8_900, false));
    let partly = Tally { operational: 100, unseen: 11, ..Tally::default() };
    let shown = figure(&partly, Rule::Observed, Weights::default(), 0);
    assert_eq!((shown.hundredths, shown.coverage, shown.enough), (Some(10_000), 8_900, false));
    let nothing = figure(&Tally::default(), Rule::Observed, Weights::default(), 0);
    assert_eq!((nothing.hundredths, nothing.enough), (None, false));
}

/// By either rule the truncated mean of what the children are before they are truncated.
#[test]
fn a_group_shows_the_truncated_mean_of_untruncated_values() {
    // Seconds of major outage of each child in 90 whole days, what they show, and what the group does.
    let table: [(&[i64], &[u32], u32); 7] = [
        (&[7_853, 7_698], &[9_989, 9_990], 9_990),
        (&[0, 0, 1], &[10_000, 10_000, 9_999], 9_999),
        (&[777_600, 0], &[9_000, 10_000], 9_500),
        (&[777, 778], &[9_999, 9_998], 9_999),
        (&[1_555, 0], &[9_998, 10_000], 9_999),
        (&[1_556, 0], &[9_997, 10_000], 9_998),
        (&[8_000_000, 0], &[0, 10_000], 5_000),
    ];
    for (losses, shown, mean) in table {
        let children: Vec<_> = losses
            .iter()
            .map(|seconds| {
                let tally = Tally { major: seconds * SECOND, ..Tally::default() };
                figure(&tally, Rule::Statuspage, Weights::default(), 90)
            })
            .collect();
        let hundredths: Vec<_> = children.iter().filter_map(|child| child.hundredths).collect();
        assert_eq!(hundredths, shown, "{losses:?}");
        assert_eq!(group(&children).hundredths, Some(mean), "{losses:?}");
    }
    assert_eq!(group(&[]).hundredths, None);
    // Thirds are no decimal fraction, and together they are whole hundredths all the same.
    let thirds = [1, 2, 3].map(|thirds| {
        let tally = Tally { operational: 3 - thirds, major: thirds, ..Tally::default() };
        figure(&tally, Rule::Observed, Weights::default(), 0)
    });
    assert_eq!(group(&thirds).hundredths, Some(3_333));
    assert_eq!(group(&thirds[..2]).hundredths, Some(5_000));
    let unseen = figure(&Tally::default(), Rule::Observed, Weights::default(), 0);
    let shown = group(&[thirds[0], unseen]);
    assert_eq!((shown.hundredths, shown.tally.operational), (Some(6_666), 1), "it has no value to count");
}

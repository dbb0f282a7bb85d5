//! When a delivery that was not taken is tried again, and when it is given up. Pure: chance is an argument.

use std::time::Duration;

const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(86_400);

/// The pauses before the second to the tenth attempt of a webhook, as Standard Webhooks recommends.
const WEBHOOK: [Duration; 9] = [
    Duration::from_secs(5),
    Duration::from_secs(5 * 60),
    Duration::from_secs(30 * 60),
    Duration::from_secs(2 * 3_600),
    Duration::from_secs(5 * 3_600),
    Duration::from_secs(10 * 3_600),
    Duration::from_secs(14 * 3_600),
    Duration::from_secs(20 * 3_600),
    Duration::from_secs(24 * 3_600),
];

/// The pauses before the second and following attempts of a mail; the last one repeats. A relay that greylists takes it
/// after minutes; RFC 5321 asks for half an hour at least after that, and for four days at least in all.
const MAIL: [Duration; 4] =
    [Duration::from_secs(5 * 60), Duration::from_secs(30 * 60), HOUR, Duration::from_secs(2 * 3_600)];
/// For so long a mail is tried.
const MAIL_FOR: Duration = Duration::from_secs(4 * 86_400);

/// The pauses before the second and following attempts of a notice to the team; the last one repeats. What is said is worked
/// out again for each attempt, and there is none once the condition has ended.
const TEAM: [Duration; 5] = [
    Duration::from_secs(5),
    Duration::from_secs(30),
    Duration::from_secs(60),
    Duration::from_secs(2 * 60),
    Duration::from_secs(5 * 60),
];

/// The longest that another side may make us wait.
pub const LONGEST_AFTER: Duration = DAY;

/// The schedule of a kind of delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Schedule {
    /// Mail: for four days.
    Mail,
    /// Webhooks and chats of subscribers: ten attempts in a little more than three days.
    Webhook,
    /// Notices to the team, by whatever channel: as long as there is something to say.
    Team,
}

/// What follows a failed attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Another attempt, so long after this one.
    After(Duration),
    /// No other: a mail has failed, an endpoint is quarantined.
    GiveUp,
}

impl Schedule {
    /// What follows the failed attempt with this number, from 1, so long after the first one began. `asked` is what the other
    /// side asked to wait, which counts if it is longer, up to [`LONGEST_AFTER`]. `chance`, from 0 to 1, spreads attempts over
    /// a fifth of the pause, so that a server that comes back is not met by all at once.
    #[must_use]
    pub fn next(self, attempt: usize, since_first: Duration, asked: Option<Duration>, chance: f64) -> Next {
        let before = attempt.saturating_sub(1);
        let pause = match self {
            Self::Webhook => WEBHOOK.get(before).copied(),
            Self::Team => TEAM.get(before).or(TEAM.last()).copied(),
            Self::Mail => {
                MAIL.get(before).or(MAIL.last()).copied().filter(|pause| since_first + *pause <= MAIL_FOR)
            }
        };
        let Some(pause) = pause else { return Next::GiveUp };
        let asked = asked.unwrap_or_default().min(LONGEST_AFTER);
        Next::After(pause.max(asked) + pause.mul_f64(chance.clamp(0.0, 1.0) / 5.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);
    const MINUTE: Duration = Duration::from_secs(60);

    /// All attempts if each fails at once: when each begins, after the first one.
    fn attempts(schedule: Schedule, chance: f64) -> Vec<Duration> {
        let mut at = vec![Duration::ZERO];
        while let Next::After(pause) = schedule.next(at.len(), at[at.len() - 1], None, chance) {
            at.push(at[at.len() - 1] + pause);
            assert!(at.len() < 1_000, "it never ends");
        }
        at
    }

    #[test]
    fn a_webhook_is_tried_ten_times_as_the_standard_says() {
        let pauses: Vec<_> =
            attempts(Schedule::Webhook, 0.0).windows(2).map(|pair| pair[1] - pair[0]).collect();
        let expected = [
            5 * SECOND,
            5 * MINUTE,
            30 * MINUTE,
            2 * HOUR,
            5 * HOUR,
            10 * HOUR,
            14 * HOUR,
            20 * HOUR,
            24 * HOUR,
        ];
        assert_eq!(pauses, expected);
    }

    #[test]
    fn a_mail_is_tried_after_five_minutes_and_then_for_four_days() {
        for chance in [0.0, 0.5, 1.0] {
            let at = attempts(Schedule::Mail, chance);
            let pauses: Vec<_> = at.windows(2).map(|pair| pair[1] - pair[0]).collect();
            assert!((5 * MINUTE..=6 * MINUTE).contains(&pauses[0]), "{pauses:?}");
            assert!(pauses[1..].iter().all(|pause| *pause >= 30 * MINUTE), "{pauses:?}");
            let last = at[at.len() - 1];
            assert!(last <= MAIL_FOR + HOUR && last + 3 * HOUR > MAIL_FOR, "{last:?}");
        }
    }

    #[test]
    fn a_notice_to_the_team_is_never_given_up() {
        let pause = |attempt| Schedule::Team.next(attempt, 400 * DAY, None, 0.0);
        for (attempt, seconds) in [(1, 5), (2, 30), (4, 120), (5, 300), (1_000, 300)] {
            assert_eq!(pause(attempt), Next::After(seconds * SECOND), "{attempt}");
        }
    }

    #[test]
    fn chance_only_delays_and_by_a_fifth_at_most() {
        for schedule in [Schedule::Mail, Schedule::Webhook, Schedule::Team] {
            for attempt in 1..=9 {
                let next = |chance| match schedule.next(attempt, Duration::ZERO, None, chance) {
                    Next::After(pause) => pause,
                    Next::GiveUp => panic!("attempt {attempt} is followed by another"),
                };
                let (least, most) = (next(0.0), next(1.0));
                assert!(
                    least < next(0.5) && next(0.5) < most && most <= least.mul_f64(1.2),
                    "{least:?} {most:?}"
                );
                assert_eq!((next(-1.0), next(7.0)), (least, most), "chance is bounded");
            }
        }
    }

    #[test]
    fn what_the_other_side_asks_counts_if_it_is_longer() {
        let after = |asked| Schedule::Webhook.next(2, Duration::ZERO, Some(asked), 0.0);
        for (asked, expected) in [
            (Duration::ZERO, 5 * MINUTE),
            (MINUTE, 5 * MINUTE),
            (HOUR, HOUR),
            (365 * DAY, DAY),
            (Duration::MAX, DAY),
        ] {
            assert_eq!(after(asked), Next::After(expected), "{asked:?}");
        }
        assert_eq!(Schedule::Webhook.next(10, Duration::ZERO, Some(HOUR), 0.0), Next::GiveUp);
    }
}

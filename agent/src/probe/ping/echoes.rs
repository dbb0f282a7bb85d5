//! Evaluates the packets of a run: loss, round trips, jitter, and the check's limits.

use std::time::Duration;

use skerry_protocol::check::Ping;
use skerry_protocol::wire::{Outcome, Reason};
use skerry_protocol::words::milliseconds;

use crate::probe::fault::Fault;
use crate::probe::{Echoes, RoundTrips};

/// Summarizes `packets` in sending order; `None` is a lost packet.
pub(super) fn sum_up(packets: &[Option<Duration>]) -> Echoes {
    let back: Vec<Duration> = packets.iter().flatten().copied().collect();
    let (sent, received) = (packets.len() as u32, back.len() as u32);
    let round_trips = match (back.iter().min(), back.iter().max()) {
        (Some(min), Some(max)) => Some(RoundTrips {
            min: *min,
            average: back.iter().sum::<Duration>() / received,
            max: *max,
            jitter: jitter(&back),
        }),
        _ => None,
    };
    Echoes { sent, received, round_trips }
}

/// Mean difference between successive round trips.
fn jitter(back: &[Duration]) -> Option<Duration> {
    let pairs = back.len().checked_sub(1).filter(|pairs| *pairs > 0)?;
    let differences: Duration = back.windows(2).map(|pair| pair[0].abs_diff(pair[1])).sum();
    Some(differences / pairs as u32)
}

/// Checks `echoes` against the limits of `ping`. `why` is the known cause of a lost packet.
pub(super) fn judge(ping: &Ping, echoes: &Echoes, why: Option<Fault>) -> Result<(), Fault> {
    let Some(round_trips) = &echoes.round_trips else {
        let silence = || Fault::down(Reason::NoReply, format!("none of {} packets came back", echoes.sent));
        return Err(why.unwrap_or_else(silence));
    };
    let lost = echoes.sent - echoes.received;
    let limits = [(Some(ping.down_loss), "down_loss", Outcome::Down)].into_iter().chain([(
        ping.degraded_loss,
        "degraded_loss",
        Outcome::Degraded,
    )]);
    for (limit, key, outcome) in limits {
        if let Some(limit) = limit.filter(|limit| lost * 100 >= u32::from(*limit) * echoes.sent) {
            let detail = format!("{lost} of {} packets lost; {key} is {limit}", echoes.sent);
            return Err(Fault { outcome, reason: Reason::PacketsLost, detail });
        }
    }
    match (ping.max_jitter, round_trips.jitter) {
        (Some(limit), Some(jitter)) if jitter > limit => {
            let jitter = milliseconds(u64::try_from(jitter.as_micros()).unwrap_or(u64::MAX), 1);
            let limit = limit.as_millis();
            let words = format!("round trips differ by {jitter}, more than {limit} ms");
            Err(Fault::degraded(Reason::JitterTooHigh, words))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use skerry_protocol::check::IpVersion;

    fn ping() -> Ping {
        Ping {
            host: url::Host::Domain("example.test".to_owned()),
            ip: IpVersion::Any,
            count: 4,
            spacing: Duration::from_millis(200),
            wait: None,
            size: 56,
            degraded_loss: None,
            down_loss: 100,
            max_jitter: None,
        }
    }

    /// Round trips in milliseconds; 0 is a lost packet.
    fn echoes(ms: &[u64]) -> Echoes {
        let packets: Vec<_> = ms.iter().map(|ms| (*ms > 0).then(|| Duration::from_millis(*ms))).collect();
        sum_up(&packets)
    }

    fn said(ping: &Ping, ms: &[u64]) -> (Outcome, Reason) {
        match judge(ping, &echoes(ms), None) {
            Ok(()) => (Outcome::Up, Reason::None),
            Err(fault) => (fault.outcome, fault.reason),
        }
    }

    #[test]
    fn packets_are_summed_up() {
        let ms = Duration::from_millis;
        let some = echoes(&[10, 0, 14, 30]);
        assert_eq!((some.sent, some.received), (4, 3));
        let trips = some.round_trips.expect("some came back");
        assert_eq!((trips.min, trips.average, trips.max), (ms(10), ms(18), ms(30)));
        assert_eq!(trips.jitter, Some(ms(10)), "the mean of 4 and 16");
        assert_eq!(echoes(&[0, 7]).round_trips.expect("one").jitter, None);
        assert_eq!(echoes(&[5, 5, 5]).round_trips.expect("all").jitter, Some(ms(0)));
        assert_eq!(echoes(&[0, 0]), Echoes { sent: 2, received: 0, round_trips: None });
    }

    #[test]
    fn limits_hold_from_their_own_figure_on() {
        let lossy = Ping { degraded_loss: Some(25), down_loss: 50, ..ping() };
        let down = (Outcome::Down, Reason::PacketsLost);
        let table: [(&Ping, &[u64], _); 8] = [
            (&lossy, &[1, 1, 1, 1], (Outcome::Up, Reason::None)),
            (&lossy, &[1, 1, 0, 1], (Outcome::Degraded, Reason::PacketsLost)),
            (&lossy, &[1, 0, 0, 1], down),
            (&lossy, &[1, 0, 0, 0], down),
            (&lossy, &[0, 0, 0, 0], (Outcome::Down, Reason::NoReply)),
            (&ping(), &[0, 0, 0, 1], (Outcome::Up, Reason::None)),
            (&Ping { degraded_loss: Some(34), ..ping() }, &[1, 1, 0], (Outcome::Up, Reason::None)),
            (
                &Ping { degraded_loss: Some(33), ..ping() },
                &[1, 1, 0],
                (Outcome::Degraded, Reason::PacketsLost),
            ),
        ];
        for (ping, ms, expected) in table {
            assert_eq!(said(ping, ms), expected, "{ms:?}");
        }
        let steady = Ping { max_jitter: Some(Duration::from_millis(10)), ..ping() };
        assert_eq!(said(&steady, &[20, 30, 20]), (Outcome::Up, Reason::None));
        assert_eq!(said(&steady, &[20, 31, 20]), (Outcome::Degraded, Reason::JitterTooHigh));
        assert_eq!(said(&steady, &[20, 0, 0]), (Outcome::Up, Reason::None), "nothing to differ from");
    }

    #[test]
    fn total_loss_has_the_reason_that_is_known() {
        let why = Fault::down(Reason::Unreachable, "192.0.2.1 sent the packet back");
        let fault = judge(&ping(), &echoes(&[0, 0]), Some(why.clone())).expect_err("all are lost");
        assert_eq!(fault, why);
        assert_eq!(judge(&ping(), &echoes(&[0, 3]), Some(why)), Ok(()));
    }
}

//! What is sent to subscribers, as the database tells: what waits for long, what fails, and who hears nothing.

use skerry_domain::delivery::DeliveryState;
use skerry_domain::state::State;
use skerry_domain::subscriber::{Channel, SubscriberState};
use skerry_domain::time::{HOUR, MINUTE, Timestamp};
use skerry_host::doctor::Finding;
use skerry_protocol::words::{count, duration};
use skerry_store::{Reader, StoreError, Waiting};
use std::collections::BTreeMap;

const TOPIC: &str = "deliveries";
/// A delivery that waits for longer, ms, is told.
const LONG: i64 = 15 * MINUTE;
/// So many failures within an hour are told, if they are more than one in [`FEW_OF`] deliveries.
const FEW: u64 = 5;
const FEW_OF: u64 = 20;
const FAILED: [DeliveryState; 3] =
    [DeliveryState::Failed, DeliveryState::SoftBounced, DeliveryState::HardBounced];

/// Examines the deliveries of all workspaces; `has_mail`: mails can be sent.
pub(super) fn examine(store: &Reader, has_mail: bool) -> Result<Vec<Finding>, StoreError> {
    let now = store.time()?;
    let mut findings = judge_waiting(&store.waiting_deliveries()?, now);
    findings.extend(judge_failed(&store.delivery_counts_since(now - HOUR)?));
    if !has_mail {
        findings.extend(store.load(now)?.iter().flat_map(|(_, state)| judge_unheard(state)));
    }
    Ok(findings)
}

fn judge_waiting(waiting: &[Waiting], now: Timestamp) -> Vec<Finding> {
    let long: Vec<&Waiting> = waiting.iter().filter(|one| now - one.oldest > LONG).collect();
    if long.is_empty() {
        return vec![Finding::ok(TOPIC, format!("none waits for more than {}", duration(LONG)))];
    }
    let told = |one: &&Waiting| {
        let (channel, age) = (one.channel.name(), duration(now - one.oldest));
        let waits = if one.count == 1 { "waits" } else { "wait" };
        let says = format!("{} by {channel} {waits}, the oldest for {age}", deliveries(one.count));
        let remedy = "skerry-aggregator deliveries list --state queued shows them, deliveries show ID the last answer; \
                      while a mail relay takes nothing, the aggregator's log says why";
        Finding::warning(TOPIC, says, remedy)
    };
    long.iter().map(told).collect()
}

fn judge_failed(counts: &[(DeliveryState, u64)]) -> Option<Finding> {
    let of = |wanted: &[DeliveryState]| -> u64 {
        counts.iter().filter(|(state, _)| wanted.contains(state)).map(|(_, number)| number).sum()
    };
    let (failed, delivered) = (of(&FAILED), of(&[DeliveryState::Delivered]));
    let tried = failed + delivered;
    let is_much = failed * FEW_OF > tried && (failed >= FEW || delivered == 0);
    if failed == 0 || !is_much {
        return None;
    }
    let each = FAILED.iter().map(|state| (state.name(), of(&[*state])));
    let each: Vec<String> =
        each.filter(|(_, number)| *number > 0).map(|(name, number)| format!("{number} {name}")).collect();
    let says = format!("of {} within the last hour {failed} failed: {}", deliveries(tried), each.join(", "));
    let remedy = "skerry-aggregator deliveries list --state with one of these shows them, deliveries show ID the last \
                  answer; where many servers refuse mails, look for the relay's address in block lists, and run mail-check";
    Some(Finding::warning(TOPIC, says, remedy))
}

/// Pages whose subscribers want mails, though none can be sent.
fn judge_unheard(state: &State) -> Vec<Finding> {
    let mut by_page = BTreeMap::new();
    let wants = state
        .subscribers
        .values()
        .filter(|one| one.channel == Channel::Email && one.state == SubscriberState::Active);
    for one in wants {
        *by_page.entry(one.page).or_insert(0_u64) += 1;
    }
    let told = by_page.into_iter().filter_map(|(page, number)| {
        let page = state.pages.get(&page).filter(|page| !page.archived)?;
        let hear = if number == 1 { "hears" } else { "hear" };
        let says = format!(
            "{} by mail of page {:?} {hear} nothing: the configuration has no [mail]",
            count(number, "subscriber"),
            page.settings.name
        );
        Some(Finding::problem(TOPIC, says, "Add [mail] with address and [[mail.relay]], see docs/mail.md"))
    });
    told.collect()
}

fn deliveries(number: u64) -> String {
    if number == 1 { "1 delivery".to_owned() } else { format!("{number} deliveries") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use skerry_host::doctor::Level;

    const NOW: Timestamp = Timestamp(1_790_000_000_000);

    #[test]
    fn what_waits_for_long_is_told_by_channel() {
        let waiting = |channel, number, age| Waiting { channel, count: number, oldest: NOW - age };
        let says = |all: &[Waiting]| -> Vec<(Level, String)> {
            judge_waiting(all, NOW).into_iter().map(|one| (one.level, one.says)).collect()
        };
        let well = [(Level::Ok, "none waits for more than 15 min".to_owned())];
        assert_eq!(says(&[]), well);
        assert_eq!(says(&[waiting(Channel::Email, 900, LONG)]), well);
        let all = [waiting(Channel::Email, 900, 3 * HOUR), waiting(Channel::Slack, 1, LONG + MINUTE)];
        let expected = [
            "900 deliveries by email wait, the oldest for 3 h",
            "1 delivery by slack waits, the oldest for 16 min",
        ];
        assert_eq!(says(&all), expected.map(|one| (Level::Warning, one.to_owned())));
    }

    #[test]
    fn failures_are_told_if_they_are_not_few() {
        let says = |failed, soft, hard, delivered| {
            let counts = [
                (DeliveryState::Failed, failed),
                (DeliveryState::SoftBounced, soft),
                (DeliveryState::HardBounced, hard),
                (DeliveryState::Delivered, delivered),
                (DeliveryState::Queued, 1_000),
            ];
            judge_failed(&counts).map(|one| one.says)
        };
        assert_eq!(says(0, 0, 0, 0), None);
        assert_eq!(says(0, 0, 4, 1), None, "addresses end");
        assert_eq!(says(1, 2, 2, 95), None, "one in twenty");
        let told = "of 99 deliveries within the last hour 5 failed: 1 failed, 4 hard_bounced".to_owned();
        assert_eq!(says(1, 0, 4, 94), Some(told));
        let told = "of 1 delivery within the last hour 1 failed: 1 soft_bounced".to_owned();
        assert_eq!(says(0, 1, 0, 0), Some(told), "nothing arrives");
    }
}

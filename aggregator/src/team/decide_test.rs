//! What a receiver hears, look by look.

use super::*;
use crate::config::About;
use skerry_domain::time::HOUR;
use std::slice::from_ref;

const NOW: Timestamp = Timestamp(1_790_000_000_000);

fn condition(id: &str, severity: Severity) -> Condition {
    Condition {
        about: About::Problems,
        id: id.to_owned(),
        severity,
        labels: [("team".to_owned(), ["web".to_owned()].into())].into(),
        alert: [("id", id), ("severity", severity.name())]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
        title: format!("{id} is down"),
        text: "Since then.".to_owned(),
        since: NOW,
        acknowledged: false,
    }
}

fn route(repeat: Option<Duration>) -> Route {
    Route {
        receivers: vec!["on-call".to_owned()],
        severities: Vec::new(),
        labels: Default::default(),
        about: Vec::new(),
        repeat,
    }
}

/// A receiver that takes everything, and what it was told.
struct Receiver {
    taking: Taking,
    routes: Vec<Route>,
    told: BTreeMap<String, Told>,
    pace: Pace,
}

impl Receiver {
    fn new(taking: Taking) -> Self {
        let routes = vec![route(Some(Duration::from_secs(4 * 3_600)))];
        Self { taking, routes, told: BTreeMap::new(), pace: Pace::default() }
    }

    fn messages(&mut self, conditions: &[Condition], at: i64) -> Vec<Message> {
        let told = self.told.iter().map(|(id, told)| (id.as_str(), told)).collect();
        let hearing = Hearing { taking: self.taking, routes: self.routes.iter().collect(), told };
        messages(conditions, &hearing, &mut self.pace, NOW + at)
    }

    /// Looks, takes what there is, and shows it: `+id` holds, `-id` has ended, a word for each message.
    fn look(&mut self, conditions: &[Condition], at: i64) -> String {
        let messages = self.messages(conditions, at);
        for one in messages.iter().flat_map(|message| &message.told) {
            let former = self.told.get(&one.condition).map(|told| told.fired_at);
            let told = Told {
                severity: one.severity,
                title: one.title.clone(),
                labels: one.labels.clone(),
                since: one.since,
                fired_at: if one.firing { NOW + at } else { former.expect("it was told before") },
                resolved_at: (!one.firing).then_some(NOW + at),
            };
            self.told.insert(one.condition.clone(), told);
        }
        if !messages.is_empty() {
            self.pace = Pace { gathered_since: None, taken_at: Some(NOW + at) };
        }
        let sign = |one: &Said| if one.state == NoticeState::Firing { "+" } else { "-" };
        let shown = messages.iter().map(|message| {
            message.said.iter().map(|one| format!("{}{}", sign(one), one.id)).collect::<String>()
        });
        shown.collect::<Vec<_>>().join(" ")
    }
}

#[test]
fn people_hear_of_a_burst_in_one_message() {
    let mut to = Receiver::new(Taking::Gathered);
    let (a, b, c) =
        (condition("a", Severity::Low), condition("b", Severity::High), condition("c", Severity::Low));
    assert_eq!(to.look(from_ref(&a), 0), "");
    assert_eq!(to.look(&[a.clone(), b.clone()], 20 * SECOND), "");
    assert_eq!(to.look(&[a.clone(), b.clone()], 30 * SECOND), "+b+a", "the most urgent first");
    assert_eq!(to.look(&[a.clone(), b.clone()], 32 * SECOND), "");
    // What begins while another ends is two messages, the end first.
    assert_eq!(to.look(&[a.clone(), c.clone()], MINUTE), "");
    assert_eq!(to.look(&[a.clone(), c.clone()], 90 * SECOND), "-b +c");
    // What ends before it was said is not said.
    assert_eq!(to.look(&[a.clone(), c.clone(), condition("d", Severity::Low)], 100 * SECOND), "");
    assert_eq!(to.look(&[a.clone(), c], 110 * SECOND), "");
    assert_eq!(to.look(&[], 200 * SECOND), "");
    assert_eq!(to.look(&[], 230 * SECOND), "-a-c");
    assert_eq!(to.look(&[], HOUR), "");
}

#[test]
fn a_pager_hears_of_each_condition_at_once() {
    let mut to = Receiver::new(Taking::Each);
    let all = [condition("a", Severity::High), condition("b", Severity::High)];
    assert_eq!(to.look(&all, 0), "+a +b");
    assert_eq!(to.look(&all[..1], 2 * SECOND), "-b");
    assert_eq!(to.look(&[], 4 * SECOND), "-a");
}

#[test]
fn what_nobody_acknowledged_is_said_again() {
    let mut to = Receiver::new(Taking::Each);
    let (a, known) =
        (condition("a", Severity::High), Condition { acknowledged: true, ..condition("a", Severity::High) });
    assert_eq!(to.look(from_ref(&a), 0), "+a");
    assert_eq!(to.look(from_ref(&a), 4 * HOUR - 1), "");
    assert_eq!(to.look(from_ref(&a), 4 * HOUR), "+a");
    assert_eq!(to.look(from_ref(&known), 8 * HOUR), "");
    assert_eq!(to.look(&[known], 80 * HOUR), "");
    assert_eq!(to.look(&[], 81 * HOUR), "-a", "its end is said all the same");
    // The shortest of the routes counts, and none at all says it once.
    let mut to = Receiver { routes: vec![route(None)], ..Receiver::new(Taking::Each) };
    assert_eq!(to.look(from_ref(&a), 0), "+a");
    assert_eq!(to.look(from_ref(&a), 400 * HOUR), "");
    to.routes.push(route(Some(Duration::from_secs(3_600))));
    assert_eq!(to.look(&[a], 400 * HOUR), "+a");
}

#[test]
fn what_flaps_is_said_every_five_minutes_at_most() {
    let mut to = Receiver::new(Taking::Each);
    let a = condition("a", Severity::High);
    assert_eq!(to.look(from_ref(&a), 0), "+a");
    assert_eq!(to.look(&[], 10 * SECOND), "-a");
    for second in 11..300 {
        let holds = if second % 2 == 0 { vec![a.clone()] } else { Vec::new() };
        assert_eq!(to.look(&holds, second * SECOND), "", "after {second} s");
    }
    assert_eq!(to.look(&[a], FLAP_PAUSE), "+a");
}

#[test]
fn what_becomes_more_urgent_is_said_at_once() {
    let mut to = Receiver::new(Taking::Each);
    assert_eq!(to.look(&[condition("a", Severity::Medium)], 0), "+a");
    assert_eq!(to.look(&[condition("a", Severity::Critical)], SECOND), "+a");
    assert_eq!(to.look(&[condition("a", Severity::Low)], 2 * SECOND), "");
    assert_eq!(to.look(&[condition("a", Severity::High)], 3 * SECOND), "", "it was said to be critical");
}

#[test]
fn alertmanager_hears_of_all_again_and_again() {
    let mut to = Receiver::new(Taking::Refreshed);
    let (a, b) = (condition("a", Severity::High), condition("b", Severity::High));
    assert_eq!(to.look(&[], 0), "", "there is nothing to say");
    assert_eq!(to.look(from_ref(&a), 0), "+a");
    assert_eq!(to.look(from_ref(&a), 59 * SECOND), "");
    let again = to.messages(from_ref(&a), MINUTE);
    assert_eq!((again[0].said.len(), again[0].told.len()), (1, 0), "nothing new is stored");
    assert_eq!(to.look(&[a.clone(), b.clone()], MINUTE), "+a+b");
    assert_eq!(to.look(from_ref(&b), 61 * SECOND), "+b-a");
    assert_eq!(to.look(from_ref(&b), 62 * SECOND), "");
    // It hears of flapping, since it groups by itself; another severity is another alert.
    assert_eq!(to.look(&[a, b], 63 * SECOND), "+a+b");
    assert_eq!(to.look(&[condition("b", Severity::Low)], 64 * SECOND), "+b-a");
}

#[test]
fn a_route_chooses_by_severity_labels_and_subject() {
    let label = |value: &str| [("team".to_owned(), value.to_owned())].into();
    let all = route(None);
    for (route, expected) in [
        (all.clone(), true),
        (Route { severities: vec![Severity::Critical, Severity::High], ..all.clone() }, true),
        (Route { severities: vec![Severity::Low], ..all.clone() }, false),
        (Route { labels: label("web"), ..all.clone() }, true),
        (Route { labels: label("db"), ..all.clone() }, false),
        (Route { about: vec![About::Problems, About::Clock], ..all.clone() }, true),
        (Route { about: vec![About::Drafts], ..all }, false),
    ] {
        assert_eq!(fits(&route, &condition("a", Severity::High)), expected, "{route:?}");
    }
}

/// Its end is still said by whom it was said, and what is no longer routed has not ended.
#[test]
fn what_is_routed_elsewhere_ends_where_it_was_said() {
    let mut to = Receiver::new(Taking::Each);
    let a = condition("a", Severity::High);
    assert_eq!(to.look(from_ref(&a), 0), "+a");
    to.routes[0].severities = vec![Severity::Critical];
    assert_eq!(to.look(from_ref(&a), 9 * HOUR), "");
    assert_eq!(to.look(&[], 10 * HOUR), "-a");
    let told: Vec<_> = to.told.iter().map(|(id, told)| (id.as_str(), told)).collect();
    assert!(left_over(&[], told.into_iter()).is_empty(), "it has ended already");
    assert_eq!(to.look(&[Condition { severity: Severity::Critical, ..a.clone() }], 11 * HOUR), "+a");
    let told = || to.told.iter().map(|(id, told)| (id.as_str(), told));
    assert!(left_over(&[a], told()).is_empty(), "it holds");
    let over = left_over(&[], told());
    assert_eq!((over.len(), over[0].firing), (1, false));
}

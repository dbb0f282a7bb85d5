//! Compares what people were offered with what they should hear.

use super::history::{Item, Said};
use super::month::Month;
use super::people::{Habit, Person};
use super::post::Offered;
use skerry_domain::state::DeliveryKey;
use skerry_domain::subscriber::Channel;
use skerry_domain::time::{HOUR, MINUTE, SECOND};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// What follows the first update within so long may be one message with it.
const JOINS: i64 = MINUTE + SECOND;
/// Messages of a status that does not rest: changes that are said one by one, a first digest, and one after the rest.
const RESTLESS: i64 = 7;
/// There is another digest after so long.
const DIGEST: i64 = 6 * HOUR;

/// A server that knows no sender yet takes the second attempt, which comes within so long.
const PUT_OFF: i64 = 10 * MINUTE;

type Messages = BTreeMap<DeliveryKey, Offered>;

/// What somebody should have heard.
struct Expected {
    must: BTreeSet<Item>,
    /// More that may have been in the same messages, or come before it left.
    may: BTreeSet<Item>,
    /// Changes of a status that something else says, which it hears: they are no message of their own.
    beside: BTreeSet<Item>,
}

pub(super) fn compare(month: &Month) {
    let (mut wrong, nothing) = (Vec::new(), Messages::new());
    let mut heard = 0;
    for (number, person) in month.side.people.iter().enumerate() {
        let messages = month.side.post.offered.get(&number).unwrap_or(&nothing);
        let expected = expected(&month.history.said, person);
        heard += expected.must.len();
        let mut found = said(&expected, messages);
        found.extend(times(person, messages));
        found.extend(taken(month, person, messages));
        found.extend(bundled(month, person, messages));
        let links = month.side.post.links.get(&number).map_or(0, BTreeSet::len);
        if links != person.asked {
            found.push(format!("{links} links to confirm, asked {} times", person.asked));
        }
        wrong.extend(found.into_iter().map(|what| format!("{what}: {number}: {person:?}")));
    }
    wrong.extend(left(month));
    let many = wrong.len();
    wrong.truncate(8);
    if many > 0 {
        month.history.said.iter().for_each(|one| println!("{one:?}"));
    }
    assert!(wrong.is_empty(), "{many} are wrong, the first of them:\n{}", wrong.join("\n"));
    summary(month, heard);
}

fn expected(all: &[Said], person: &Person) -> Expected {
    let (mut must, mut may, mut beside) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    let mut subjects: HashMap<Subject, Vec<&Said>> = HashMap::new();
    for one in all.iter().filter(|one| one.page == person.page) {
        let (should_hear, must_hear) = person.should_hear(one);
        let is_beside = is_said_beside(all, one, person);
        if should_hear && is_beside {
            beside.insert(one.item);
        }
        if must_hear && !is_beside {
            must.insert(one.item);
        }
        if should_hear {
            may.insert(one.item);
            if let Some(subject) = subject(one.item) {
                subjects.entry(subject).or_default().push(one);
            }
        }
    }
    for one in all.iter().filter(|one| one.page == person.page && person.is_there(one.at)) {
        let with = subject(one.item).and_then(|subject| subjects.get(&subject));
        if with.is_some_and(|with| with.iter().any(|other| (other.at - one.at).abs() <= JOINS)) {
            may.insert(one.item);
        }
    }
    Expected { must, may, beside }
}

/// Whether an incident or maintenance says a change of a status at the same time. Webhooks are sent both.
fn is_said_beside(all: &[Said], one: &Said, person: &Person) -> bool {
    let says = |other: &Said| {
        let same = other.at == one.at && other.page == one.page;
        let states = one.states.iter().all(|state| other.states.contains(state));
        !matches!(other.item, Item::Status(..)) && same && states && person.should_hear(other).0
    };
    matches!(one.item, Item::Status(..)) && person.channel != Channel::Webhook && all.iter().any(says)
}

#[derive(PartialEq, Eq, Hash)]
enum Subject {
    Incident(usize),
    Maintenance(usize),
}

/// What is said of it may be said in one message.
fn subject(item: Item) -> Option<Subject> {
    match item {
        Item::Update(incident, _) => Some(Subject::Incident(incident)),
        Item::Maintenance(window, _) => Some(Subject::Maintenance(window)),
        _ => None,
    }
}

/// Everything once, and nothing else.
fn said(expected: &Expected, messages: &Messages) -> Vec<String> {
    let mut heard: BTreeMap<Item, Vec<i64>> = BTreeMap::new();
    for one in messages.values() {
        one.items.iter().for_each(|item| heard.entry(*item).or_default().push(one.first));
    }
    let missing = expected.must.iter().filter(|item| !heard.contains_key(item));
    let missing = missing.map(|item| format!("{item:?} is missing"));
    let twice = heard.iter().filter(|(_, at)| at.len() > 1);
    let twice = twice.map(|(item, at)| format!("{item:?} was heard at {at:?}"));
    let unasked = heard.iter().filter(|(item, _)| !expected.may.contains(item));
    let unasked = unasked.map(|(item, at)| format!("{item:?} was heard at {at:?} and not asked for"));
    let is_beside = |one: &&Offered| one.items.iter().all(|item| expected.beside.contains(item));
    let beside = messages.values().filter(is_beside);
    let beside = beside.map(|one| format!("{one:?} says what another message says"));
    missing.chain(twice).chain(unasked).chain(beside).collect()
}

/// Nothing after it left, and nothing while its endpoint was quarantined.
fn times(person: &Person, messages: &Messages) -> Vec<String> {
    let is_late = |one: &&Offered| {
        let after = person.gone.is_some_and(|gone| gone < one.last);
        after || person.quarantined.is_some_and(|(from, to)| from < one.first && one.first < to)
    };
    let late = messages.values().filter(is_late);
    late.map(|one| format!("{one:?} was offered to who was gone or quarantined")).collect()
}

/// A message is handed over once, and once more if the aggregator crashed before it knew of it.
fn taken(month: &Month, person: &Person, messages: &Messages) -> Vec<String> {
    let takes = matches!(person.habit, Habit::Takes | Habit::Greylists | Habit::Complains(_));
    let takes = takes && person.gone.is_none() && person.quarantined.is_none();
    let is_wrong = |(key, one): &(&DeliveryKey, &Offered)| {
        let most = if month.side.post.lost.contains(key) { 2 } else { 1 };
        one.taken > most || (takes && one.taken == 0 && !is_outdated(month, one))
    };
    let wrong = messages.iter().filter(is_wrong);
    wrong.map(|(_, one)| format!("{one:?} was taken {} times", one.taken)).collect()
}

/// A reminder that was put off is not sent any more once something else was said of its maintenance: that it moved, or began.
fn is_outdated(month: &Month, one: &Offered) -> bool {
    let is_said = |window: usize| {
        let of_it = month
            .history
            .said
            .iter()
            .filter(|said| matches!(said.item, Item::Maintenance(of, _) if of == window));
        of_it.into_iter().any(|said| one.first <= said.at && said.at <= one.first + PUT_OFF)
    };
    one.items.iter().all(|item| matches!(item, Item::Reminder(window) if is_said(*window)))
}

/// A burst is the first message and another; a status that never rests is said in digests. Whoever changes choices
/// meanwhile begins another message.
fn bundled(month: &Month, person: &Person, messages: &Messages) -> Vec<String> {
    let mut wrong = Vec::new();
    let closed = |from: i64, to: i64| {
        let of_page = month.closed.iter().filter(|(page, _)| *page == person.page);
        of_page.filter(|(_, at)| from <= *at && *at <= to).count() as i64
    };
    let times: HashMap<Item, i64> = month.history.said.iter().map(|one| (one.item, one.at)).collect();
    let count = |is_of: &dyn Fn(&Item) -> bool, from: i64, to: i64| {
        let is_in = |item: &Item| is_of(item) && times.get(item).is_some_and(|at| from <= *at && *at <= to);
        messages.values().filter(|one| one.items.iter().any(is_in)).count() as i64
    };
    for burst in &month.script.bursts {
        let (_, place) = month.side.keys.incident(burst.incident);
        let is_of = |item: &Item| matches!(item, Item::Update(incident, _) if *incident == place);
        let many = count(&is_of, burst.from, burst.to);
        if many > 2 + closed(burst.from, burst.to + MINUTE) {
            wrong.push(format!("{many} messages of the burst {burst:?}"));
        }
    }
    for (component, from, to) in &month.script.flaps {
        let is_of = |item: &Item| matches!(item, Item::Status(one, _) if one == component);
        let many = count(&is_of, *from, *to);
        if many > RESTLESS + (to - from) / DIGEST + closed(*from, to + DIGEST) {
            wrong.push(format!("{many} messages of a status that never rests, {component} from {from}"));
        }
    }
    wrong
}

/// Who left or was removed has no row, and everybody else who confirmed has one.
fn left(month: &Month) -> Vec<String> {
    let state = month.aggregator.state();
    let is_wrong = |one: &&Person| {
        let stays = one.gone.is_none() && one.hears_from.is_some();
        one.key.is_some_and(|key| state.subscribers.contains_key(&key) != stays)
    };
    let wrong = month.side.people.iter().filter(is_wrong);
    wrong.map(|one| format!("has a row although it is gone, or none although it is not: {one:?}")).collect()
}

fn summary(month: &Month, heard: usize) {
    let (people, post) = (&month.side.people, &month.side.post);
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for one in &month.history.said {
        *kinds.entry(kind(one.item)).or_default() += 1;
    }
    let messages: usize = post.offered.values().map(BTreeMap::len).sum();
    let attempts: usize = post.offered.values().flat_map(BTreeMap::values).map(|one| one.attempts).sum();
    let many = |is: &dyn Fn(&&Person) -> bool| people.iter().filter(is).count();
    println!(
        "{} said ({kinds:?}) to {} people ({} by mail): {heard} to hear, {messages} messages in {attempts} attempts; {} restarts, \
         {} answers lost; {} gone, {} of them as their side refused; {} quarantined, {} never confirmed, {} bad hours",
        month.history.said.len(),
        people.len(),
        many(&|one| one.channel == Channel::Email),
        month.restarts,
        post.lost.len(),
        many(&|one| one.gone.is_some()),
        many(&|one| one.gone.is_some() && matches!(one.habit, Habit::Vanishes(_) | Habit::Refuses(_))),
        many(&|one| one.quarantined.is_some()),
        many(&|one| one.hears_from.is_none()),
        post.bad_hours,
    );
    assert!(heard > 20 * people.len(), "only {heard} to hear");
}

fn kind(item: Item) -> &'static str {
    match item {
        Item::Update(..) => "update",
        Item::Outage(_) => "outage",
        Item::Postmortem(_) => "postmortem",
        Item::Maintenance(..) => "maintenance",
        Item::Reminder(_) => "reminder",
        Item::Announcement(_) => "announcement",
        Item::Status(..) => "status",
        Item::Report(_) => "report",
    }
}

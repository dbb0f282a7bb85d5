//! A month with hundreds of updates and subscribers of all kinds, over restarts and crashes of the aggregator. Who was offered
//! what is compared with what the list of acts and the list of people say by the product's description.

use super::super::attempt::{Attempt, Ready};
use super::acts::{Keys, World, said};
use super::compare;
use super::history::{COMPONENTS, History, Item, PAGES};
use super::people::{Crowd, Person};
use super::post::Post;
use super::random::{Random, seed};
use super::script::{Act, Script};
use super::sender::{Aggregator, Recipients};
use skerry_domain::delivery::{AttemptResult, Delivery};
use skerry_domain::notice::{Notice, NoticeSubject};
use skerry_domain::state::{NoticeKey, State, SubscriberKey};
use skerry_domain::step::SubscriberCommand;
use skerry_domain::subscriber::{Channel, Sensitive};
use skerry_domain::time::{DAY, HOUR, MINUTE, SECOND, Timestamp};
use skerry_notify::Outcome;
use skerry_notify::bounce::{Event, Report};
use skerry_publish::messages::Links;
use skerry_store::WorkspaceDelivery;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// 2026-09-21T13:33:20Z.
const START: i64 = 1_790_000_000_000;
/// 2026-10-01T12:00:00Z: the report of September is due.
const REPORT: i64 = 1_790_856_000_000;
/// Attempts that wait are made at these intervals, ms.
const GRID: i64 = 5 * MINUTE;

#[tokio::test]
async fn a_month_tells_everybody_what_they_asked_for_once() {
    month("month::a_month_tells", 120, 400).await;
}

#[tokio::test]
#[ignore = "long: a month with 300 updates and 2,000 subscribers"]
async fn a_whole_month_tells_everybody_what_they_asked_for_once() {
    month("month::a_whole_month", 300, 2_000).await;
}

/// How the aggregator stops the next time.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Stops {
    Never,
    /// Between two portions of deliveries.
    InPortions,
    /// After so many handed-over portions, before it stores what came of the next.
    Crashes(i64),
}

/// The side of the people.
pub(super) struct Side {
    pub(super) people: Vec<Person>,
    pub(super) post: Post,
    pub(super) keys: Keys,
    by_key: HashMap<SubscriberKey, usize>,
    stops: Stops,
    items: HashMap<NoticeKey, Arc<Vec<Item>>>,
    /// Of what notices the text was read, by which channels.
    read: HashSet<(NoticeKey, Channel)>,
}

pub(super) struct Month {
    pub(super) aggregator: Aggregator,
    pub(super) history: History,
    pub(super) side: Side,
    pub(super) script: Script,
    /// When notices that wait were closed, since a subscriber of the page changed its choices.
    pub(super) closed: Vec<(usize, i64)>,
    pub(super) restarts: usize,
    down: i64,
}

async fn month(test: &str, updates: i64, people: usize) {
    let mut month = Month::new(seed(test), updates, people).await;
    while let Some(at) = month.script.next() {
        let at = at.max(month.aggregator.now() + 1);
        month.advance(at).await;
        // What happened by itself in that millisecond was before.
        if month.history.said.last().is_some_and(|said| said.at == at) {
            month.aggregator.set_time(at + 1);
        }
        let now = month.aggregator.now();
        if let Some(act) = month.script.take(now) {
            month.carry_out(act).await;
        }
    }
    let end = month.script.end.max(month.aggregator.now()) + 3 * DAY;
    month.advance(end).await;
    compare::compare(&month);
}

impl Month {
    async fn new(seed: u64, updates: i64, many: usize) -> Self {
        let mut random = Random(seed);
        let end = START + 30 * DAY;
        let mut script = Script::new(Random(seed ^ 0xACE), START, end);
        script.tell(updates);
        let follows = script.follows.clone();
        let mut crowd = Crowd { random: &mut random, start: START, end };
        let mut people: Vec<Person> = (0..many).map(|number| crowd.person(number)).collect();
        for number in many..many + many / 10 {
            let (wish, page, from) = crowd.random.pick(&follows);
            let asks = from + crowd.random.below(HOUR);
            people.push(crowd.of(number, page, wish, asks));
        }
        let aggregator = Aggregator::new(START, PAGES, COMPONENTS).await;
        let (pages, components) = (aggregator.pages(), aggregator.components());
        let keys = Keys { pages, components, ..Keys::default() };
        let (by_key, items, read) = (HashMap::new(), HashMap::new(), HashSet::new());
        let (post, stops) = (Post::default(), Stops::Never);
        let side = Side { people, post, keys, by_key, stops, items, read };
        let (history, closed) = (History::new(REPORT), Vec::new());
        let mut month = Self { aggregator, history, side, script, closed, restarts: 0, down: 0 };
        month.schedule(&mut random);
        month.subscribe().await;
        month
    }

    /// When people come, change their minds and go, and when the aggregator stops.
    fn schedule(&mut self, random: &mut Random) {
        let (start, end) = (self.script.start, self.script.end);
        for (person, one) in self.side.people.iter().enumerate() {
            let asks = one.wishes[0].0;
            if asks > start {
                self.script.at(asks, Act::Join { person });
            }
            let Some(from) = one.hears_from else { continue };
            if one.by_form {
                self.script.at(from, Act::Confirm { person });
            }
            let is_page = matches!(one.wishes[0].1, super::people::Wish::Page { .. });
            let begin = (from + HOUR).min(end - 1);
            if random.percent(10) {
                self.script.at(random.between(begin, end), Act::Leave { person });
            }
            if is_page && random.percent(15) {
                let wish = Crowd { random: &mut *random, start, end }.wish(one.page);
                self.script.at(random.between(begin, end), Act::Choose { person, wish });
            }
        }
        for number in 0..14 {
            let at = random.between(start + HOUR, end);
            let down = random.between(SECOND, 30 * MINUTE);
            self.script.at(at, Act::Restart { down, crashes: number % 2 == 0 });
        }
        // While something is said, and within a burst.
        for burst in self.script.bursts.clone().iter().take(4) {
            self.script.at(burst.from + 25 * SECOND, Act::Restart { down: 2 * SECOND, crashes: false });
        }
    }

    /// Those who were there before.
    async fn subscribe(&mut self) {
        let early = |one: &Person| one.wishes[0].0 <= START;
        let early: Vec<usize> =
            (0..self.side.people.len()).filter(|one| early(&self.side.people[*one])).collect();
        for some in early.chunks(200) {
            let mut world = self.world();
            some.iter().for_each(|person| assert!(world.prepare(*person, START)));
            let asks: Vec<SubscriberCommand> = some.iter().map(|person| world.ask(*person)).collect();
            let answers = asks.into_iter().map(|ask| world.aggregator.subscriber(ask));
            let answers = futures_util::future::join_all(answers).await;
            some.iter().zip(&answers).for_each(|(person, answer)| world.joined(*person, answer));
        }
        self.learn_keys();
    }

    fn world(&mut self) -> World<'_> {
        let Side { people, keys, .. } = &mut self.side;
        World { aggregator: &mut self.aggregator, history: &mut self.history, people, keys }
    }

    fn learn_keys(&mut self) {
        let known = self.side.people.iter().enumerate();
        self.side.by_key = known.filter_map(|(number, one)| Some((one.key?, number))).collect();
    }

    async fn carry_out(&mut self, act: Act) {
        let now = self.aggregator.now();
        let page_of = |person: &usize| self.side.people[*person].page;
        match &act {
            Act::Restart { down, crashes } => {
                self.down = *down;
                if !crashes {
                    return self.restart().await;
                }
                let many = down % 3;
                self.side.stops = if down % 2 == 0 { Stops::InPortions } else { Stops::Crashes(many) };
                return;
            }
            Act::Choose { person, .. } => self.closed.push((page_of(person), now)),
            _ => {}
        }
        let joins = matches!(act, Act::Join { .. });
        self.world().carry_out(act).await;
        if joins {
            self.learn_keys();
        }
        self.settle().await;
    }

    /// Lets time pass until then.
    async fn advance(&mut self, to: i64) {
        loop {
            let now = self.aggregator.now();
            let (due, attempt) = self.aggregator.next();
            let attempt = attempt.map(|at| (at + GRID - 1).div_euclid(GRID) * GRID);
            let next = [due, attempt, self.history.next()].into_iter().flatten().min();
            let Some(next) = next.filter(|next| *next <= to) else { break };
            self.aggregator.set_time(next.max(now));
            self.settle().await;
        }
        self.aggregator.set_time(to.max(self.aggregator.now()));
        self.settle().await;
    }

    async fn settle(&mut self) {
        self.history.pass(self.aggregator.now());
        while self.aggregator.settle(&mut self.side).await {
            self.stop_and_start();
        }
        self.hear_complaints().await;
        let now = self.aggregator.now();
        for person in std::mem::take(&mut self.side.post.quarantined) {
            if person % 2 == 0 {
                self.script.at(now + DAY + HOUR, Act::Return { person });
                self.script.at(now + DAY + 2 * HOUR, Act::Confirm { person });
            }
        }
    }

    async fn restart(&mut self) {
        self.stop_and_start();
        self.settle().await;
    }

    fn stop_and_start(&mut self) {
        self.aggregator.stop();
        self.side.stops = Stops::Never;
        self.aggregator.set_time(self.aggregator.now() + self.down);
        self.aggregator.start();
        self.side.post.restart();
        self.restarts += 1;
        self.history.pass(self.aggregator.now());
    }

    /// Mail providers report that somebody calls a mail unwanted.
    async fn hear_complaints(&mut self) {
        let now = self.aggregator.now();
        let complaints = std::mem::take(&mut self.side.post.complaints);
        for (person, delivery) in complaints {
            let one = &mut self.side.people[person];
            if one.gone.is_some() {
                continue;
            }
            one.gone = Some(now);
            let report = Report::new(&delivery.id, Event::Complaint, None, "");
            let (_, delivery) = self.aggregator.delivery_with_id(&report.delivery);
            let digest = |channel, address: &Sensitive| self.aggregator.links.digest(channel, address);
            let command = super::super::reported(&self.aggregator.state(), delivery, &report, digest);
            self.aggregator.command(command.expect("it is news")).await;
        }
    }
}

impl Recipients for Side {
    fn take(&mut self, ready: &Ready<'_>, (_, delivery): &WorkspaceDelivery, now: Timestamp) -> Outcome {
        let number = self.by_key[&delivery.subscriber];
        let items = self.items_of(ready, delivery, now);
        self.post.offer((number, &mut self.people[number]), delivery, &items, now.0)
    }

    fn stops_in_portions(&mut self) -> bool {
        self.stops == Stops::InPortions
    }

    fn crashes(&mut self, attempts: &[Attempt]) -> bool {
        let Stops::Crashes(many) = &mut self.stops else { return false };
        // Whose fault it was is counted once, so nothing of that is lost.
        let harmless = |one: &Attempt| match one.attempted.result {
            AttemptResult::Delivered => true,
            AttemptResult::Later(_) => one.attempted.delivery.channel == Channel::Email,
            _ => false,
        };
        if !attempts.iter().all(harmless) {
            return false;
        }
        *many -= 1;
        let crashes = *many < 0;
        if crashes {
            self.post.lost.extend(attempts.iter().map(|one| one.attempted.delivery.key));
        }
        crashes
    }
}

impl Side {
    /// What a message says; the first by each channel is read.
    fn items_of(&mut self, ready: &Ready<'_>, delivery: &Delivery, now: Timestamp) -> Arc<Vec<Item>> {
        let Some(key) = delivery.notice else { return Arc::default() };
        let notice = &ready.state.notices[&key];
        let items = self.items.entry(key).or_insert_with(|| Arc::new(items(&self.keys, ready.state, notice)));
        let items = Arc::clone(items);
        if self.read.insert((key, delivery.channel)) {
            read(ready, delivery, &items, now);
        }
        items
    }
}

/// The things that a notice is about, by what they are in the history.
fn items(keys: &Keys, state: &State, notice: &Notice) -> Vec<Item> {
    fn place<T: PartialEq>(all: &[T], key: &T) -> usize {
        all.iter().position(|one| one == key).expect("people made it, and visitors hear of it")
    }
    let entry = |numbers: Vec<i64>, number: &i64| place(&numbers, number);
    match notice.subject {
        NoticeSubject::Incident(key) => {
            let incident = place(&keys.incidents, &key);
            let all: Vec<i64> = state.incidents[&key].updates.iter().map(|one| one.number).collect();
            let updates = notice.updates.iter().map(|one| Item::Update(incident, entry(all.clone(), one)));
            if notice.updates.is_empty() { vec![Item::Outage(incident)] } else { updates.collect() }
        }
        NoticeSubject::Maintenance(key) => {
            let window = place(&keys.windows, &key);
            let all: Vec<i64> = state.windows[&key].updates.iter().map(|one| one.number).collect();
            let entries = notice.updates.iter().map(|one| Item::Maintenance(window, entry(all.clone(), one)));
            entries.collect()
        }
        NoticeSubject::Postmortem(key) => vec![Item::Postmortem(place(&keys.incidents, &key))],
        NoticeSubject::Reminder(key) => vec![Item::Reminder(place(&keys.windows, &key))],
        NoticeSubject::Announcement(key) => vec![Item::Announcement(place(&keys.announcements, &key))],
        NoticeSubject::Status(key) => {
            let component = place(&keys.components, &key);
            notice.steps.iter().map(|step| Item::Status(component, step.at.0)).collect()
        }
        NoticeSubject::Report(_) => vec![Item::Report(place(&keys.pages, &notice.page))],
    }
}

/// Whether the message says what it is for, and nothing of what comes later.
fn read(ready: &Ready<'_>, delivery: &Delivery, items: &[Item], now: Timestamp) {
    let (content, links) = (&ready.rendered.content, Links::default());
    let text = match delivery.channel {
        Channel::Email => {
            let mail = content.mail(&links, None);
            assert!(!mail.html.is_empty());
            format!("{} {}", mail.subject, mail.text)
        }
        Channel::Webhook => {
            let payload = ready.rendered.payload.as_ref().expect("it is published");
            let body = payload.body(content, (delivery.message, &links), now).expect("it is written");
            String::from_utf8(body.to_vec()).expect("text")
        }
        Channel::Slack | Channel::Teams | Channel::Discord => {
            let chat = content.chat(&links);
            format!("{} {} {}", chat.title, chat.state, chat.text)
        }
    };
    let expected = match items.last().expect("it says something") {
        Item::Update(incident, update) => {
            let later = said(*incident, update + 1);
            assert!(delivery.channel == Channel::Webhook || !text.contains(&later), "{items:?}: {text}");
            said(*incident, *update)
        }
        Item::Outage(incident) => format!("Incident {incident}"),
        Item::Postmortem(incident) => format!("Postmortem of incident {incident}"),
        Item::Maintenance(window, _) | Item::Reminder(window) => format!("Maintenance {window}"),
        Item::Announcement(announcement) => format!("Announcement {announcement}"),
        Item::Status(component, _) => {
            format!("component-{}-{}", component / COMPONENTS, component % COMPONENTS)
        }
        Item::Report(_) => "September".to_owned(),
    };
    let is_report = matches!(items, [Item::Report(_)]) && delivery.channel == Channel::Webhook;
    assert!(
        is_report || text.contains(&expected),
        "{items:?} in a message by {:?}: {text}",
        delivery.channel
    );
}

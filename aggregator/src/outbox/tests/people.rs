//! Those who subscribe: what they chose and when, how their side answers, and what they should hear by the product's
//! description.

use super::history::{COMPONENTS, Item, PAGES, Said};
use super::random::Random;
use skerry_domain::state::SubscriberKey;
use skerry_domain::subscriber::Channel;
use skerry_domain::time::{DAY, HOUR, MINUTE};
use std::collections::BTreeSet;

/// What somebody wants to hear of.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Wish {
    Page {
        only_outages: bool,
        /// `None`: all.
        components: Option<BTreeSet<usize>>,
        statuses: bool,
        monthly: bool,
    },
    Incident(usize),
    Maintenance(usize),
}

/// How the other side answers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Habit {
    Takes,
    /// A mail server that takes a mail the second time only.
    Greylists,
    /// The mailbox does not exist any more.
    Vanishes(i64),
    /// The mail server refuses for a reason of its own.
    Refuses(i64),
    /// The mail server asks a block list.
    Blocks,
    /// The mailbox is full.
    IsFull,
    /// The owner of the mailbox complains of the first mail after a time.
    Complains(i64),
    /// The endpoint answers with errors, from a time on.
    Fails(i64),
    /// The endpoint wants no more, from a time on.
    IsGone(i64),
}

#[derive(Clone, Debug)]
pub(super) struct Person {
    pub(super) page: usize,
    pub(super) channel: Channel,
    pub(super) address: String,
    pub(super) habit: Habit,
    /// It asks by the form, or is imported.
    pub(super) by_form: bool,
    /// What it wants, each from a time on.
    pub(super) wishes: Vec<(i64, Wish)>,
    /// When it is confirmed; never for who does not open the link.
    pub(super) hears_from: Option<i64>,
    /// When it left, or was removed.
    pub(super) gone: Option<i64>,
    /// When its endpoint was quarantined, and until when.
    pub(super) quarantined: Option<(i64, i64)>,
    pub(super) key: Option<SubscriberKey>,
    /// How often it asked by the form.
    pub(super) asked: usize,
}

/// A notice waits for this long at most before it is said: digests of six hours, and an absence of the aggregator.
pub(super) const SETTLED: i64 = 7 * HOUR;

impl Person {
    fn wish_at(&self, at: i64) -> Option<&Wish> {
        self.wishes.iter().rev().find(|(from, _)| *from <= at).map(|(_, wish)| wish)
    }

    /// Whether it had a subscription then that was confirmed and not quarantined. Who is removed for how its side answers was
    /// there when that was said.
    pub(super) fn is_there(&self, at: i64) -> bool {
        let begun = self.hears_from.is_some_and(|from| from <= at);
        let quarantined = self.quarantined.is_some_and(|(from, to)| from < at && at < to);
        begun && self.gone.is_none_or(|gone| at <= gone) && !quarantined
    }

    /// Whether it stays for long enough to hear what was said then.
    fn stays(&self, at: i64) -> bool {
        let ends = self.gone.into_iter().chain(self.quarantined.map(|(from, _)| from));
        ends.filter(|end| *end >= at).all(|end| end > at + SETTLED)
    }

    /// Whether it should hear this by what it chose.
    fn asked_for(&self, said: &Said) -> bool {
        let Some(wish) = self.wish_at(said.at).filter(|_| said.page == self.page) else { return false };
        let Wish::Page { only_outages, components, statuses, monthly } = wish else {
            return match (wish, said.item) {
                (Wish::Incident(wanted), Item::Update(incident, _) | Item::Postmortem(incident)) => {
                    *wanted == incident
                }
                (Wish::Maintenance(wanted), Item::Maintenance(window, _) | Item::Reminder(window)) => {
                    *wanted == window
                }
                _ => false,
            };
        };
        let of_its = || components.as_ref().is_none_or(|all| !all.is_disjoint(&said.components));
        match said.item {
            Item::Report(_) => *monthly,
            Item::Announcement(_) => !only_outages,
            Item::Status(..) => of_its() && (*statuses || self.channel == Channel::Webhook),
            Item::Outage(_) => of_its() && *only_outages,
            Item::Update(..) => of_its() && (!only_outages || said.outage),
            Item::Postmortem(_) | Item::Maintenance(..) | Item::Reminder(_) => of_its() && !only_outages,
        }
    }

    /// Whether it should hear this, and whether it must.
    pub(super) fn should_hear(&self, said: &Said) -> (bool, bool) {
        let should = self.is_there(said.at) && self.asked_for(said);
        (should, should && self.stays(said.at))
    }
}

/// Makes people of all kinds, over `[start, end)`.
pub(super) struct Crowd<'a> {
    pub(super) random: &'a mut Random,
    pub(super) start: i64,
    pub(super) end: i64,
}

impl Crowd<'_> {
    /// Somebody who wants to hear of a page.
    pub(super) fn person(&mut self, number: usize) -> Person {
        let page = self.random.below(PAGES as i64) as usize;
        let wish = self.wish(page);
        // Most were there before the month.
        let from = if self.random.percent(70) { self.start } else { self.moment() };
        self.of(number, page, wish, from)
    }

    /// Somebody who wants this from a time on.
    pub(super) fn of(&mut self, number: usize, page: usize, wish: Wish, from: i64) -> Person {
        let random = &mut *self.random;
        let channel = match random.below(10) {
            0..=5 => Channel::Email,
            6 | 7 => Channel::Webhook,
            8 => random.pick(&[Channel::Slack, Channel::Teams]),
            _ => Channel::Discord,
        };
        let address = match channel {
            Channel::Email => format!("person-{number}@example.com"),
            _ => format!("https://host-{number}.example.com/hook"),
        };
        let by_form = from > self.start && random.percent(60);
        let asks = from;
        let confirms = match (by_form, random.below(10)) {
            (false, _) => Some(asks),
            (true, 0..=2) => None,
            (true, 3) => Some(asks + random.between(10 * HOUR, 23 * HOUR)),
            (true, _) => Some(asks + random.between(MINUTE, 2 * HOUR)),
        };
        let habit = self.habit(channel, asks);
        let (gone, quarantined, key, asked) = (None, None, None, 0);
        let (wishes, hears_from) = (vec![(asks, wish)], confirms);
        Person { page, channel, address, habit, by_form, wishes, hears_from, gone, quarantined, key, asked }
    }

    fn habit(&mut self, channel: Channel, from: i64) -> Habit {
        let at = self.random.between(from, self.end);
        match (channel, self.random.below(200)) {
            (Channel::Email, 0..=15) => Habit::Greylists,
            (Channel::Email, 16..=19) => Habit::Vanishes(at),
            (Channel::Email, 20 | 21) => Habit::Refuses(at),
            (Channel::Email, 22) => Habit::Blocks,
            (Channel::Email, 23) => Habit::IsFull,
            (Channel::Email, 24..=26) => Habit::Complains(at),
            (Channel::Email, _) => Habit::Takes,
            (_, 0..=7) => Habit::Fails(at),
            (_, 8..=11) => Habit::IsGone(at),
            _ => Habit::Takes,
        }
    }

    pub(super) fn wish(&mut self, page: usize) -> Wish {
        let random = &mut *self.random;
        let own = page * COMPONENTS;
        let components = match random.below(10) {
            0..=4 => None,
            // A group of three.
            5 | 6 => Some((own + 3..own + COMPONENTS).collect()),
            _ => {
                let many = random.between(1, 4);
                Some((0..many).map(|_| own + random.below(COMPONENTS as i64) as usize).collect())
            }
        };
        Wish::Page {
            only_outages: random.percent(30),
            components,
            statuses: random.percent(20),
            monthly: random.percent(25),
        }
    }

    /// A moment of the month that leaves a day at its end.
    pub(super) fn moment(&mut self) -> i64 {
        self.random.between(self.start + MINUTE, self.end - DAY)
    }
}

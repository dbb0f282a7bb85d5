//! What people do in a month: stories of incidents, maintenance, statuses and announcements, each at its times.

use super::history::{COMPONENTS, PAGES};
use super::people::Wish;
use super::random::Random;
use skerry_domain::incident::IncidentStatus;
use skerry_domain::status::Status;
use skerry_domain::time::{DAY, HOUR, MINUTE, SECOND};
use std::collections::{BTreeMap, BTreeSet};

/// Components that an update names, with the statuses that it sets.
pub(super) type Named = Vec<(usize, Option<Status>)>;

/// Something that somebody does. Incidents and maintenance are numbered as they are planned here.
#[derive(Clone, Debug)]
pub(super) enum Act {
    Open {
        incident: usize,
        page: usize,
        components: Named,
        is_draft: bool,
    },
    Update {
        incident: usize,
        components: Named,
        status: IncidentStatus,
        releases: bool,
    },
    Raise {
        incident: usize,
    },
    Publish {
        incident: usize,
    },
    Postmortem {
        incident: usize,
    },
    /// Visitors see it, and nobody hears of it.
    Edit {
        incident: usize,
    },
    /// An incident of the past.
    Backfill {
        page: usize,
    },
    Plan {
        window: usize,
        components: BTreeSet<usize>,
        times: (i64, i64),
        lead: i64,
        reminds: bool,
    },
    Reschedule {
        window: usize,
        times: (i64, i64),
    },
    Cancel {
        window: usize,
    },
    Note {
        window: usize,
        ends: bool,
    },
    Announce {
        pages: Vec<usize>,
        tells: bool,
    },
    Hold {
        component: usize,
        status: Status,
    },
    Join {
        person: usize,
    },
    Confirm {
        person: usize,
    },
    Leave {
        person: usize,
    },
    Choose {
        person: usize,
        wish: Wish,
    },
    /// Somebody whose endpoint was quarantined asks again.
    Return {
        person: usize,
    },
    Restart {
        down: i64,
        crashes: bool,
    },
}

/// Updates within a minute.
#[derive(Clone, Copy, Debug)]
pub(super) struct Burst {
    pub(super) incident: usize,
    pub(super) from: i64,
    pub(super) to: i64,
}

/// All acts of a month.
pub(super) struct Script {
    pub(super) random: Random,
    pub(super) start: i64,
    pub(super) end: i64,
    acts: BTreeMap<(i64, usize), Act>,
    numbered: usize,
    incidents: usize,
    windows: usize,
    /// When each incident and each maintenance can be followed, and by whom its page is.
    pub(super) follows: Vec<(Wish, usize, i64)>,
    pub(super) bursts: Vec<Burst>,
    /// Components whose status never rests, from when to when.
    pub(super) flaps: Vec<(usize, i64, i64)>,
}

const BAD: [Status; 3] = [Status::DegradedPerformance, Status::PartialOutage, Status::MajorOutage];

impl Script {
    pub(super) fn new(random: Random, start: i64, end: i64) -> Self {
        let (incidents, windows, acts) = (0, 0, BTreeMap::new());
        let (follows, bursts, flaps) = (Vec::new(), Vec::new(), Vec::new());
        Self { random, start, end, acts, numbered: 0, incidents, windows, follows, bursts, flaps }
    }

    /// Adds stories that say about so much.
    pub(super) fn tell(&mut self, updates: i64) {
        let mut said = 0;
        while said < updates {
            let at = self.random.between(self.start + HOUR, self.end - 3 * DAY);
            said += match self.random.below(20) {
                0..=8 => self.incident(at),
                9..=14 => self.maintenance(at),
                15 => self.flapping(at),
                16 | 17 => self.statuses(at),
                18 => self.announcement(at),
                _ => {
                    let page = self.page();
                    self.at(at, Act::Backfill { page });
                    0
                }
            };
        }
    }

    pub(super) fn at(&mut self, at: i64, act: Act) {
        // Nothing else happens in that millisecond.
        let odd = at / SECOND * SECOND + 137 + self.numbered as i64 % 701;
        self.acts.insert((odd.max(at), self.numbered), act);
        self.numbered += 1;
    }

    /// When the next act is.
    pub(super) fn next(&self) -> Option<i64> {
        self.acts.keys().next().map(|(at, _)| *at)
    }

    /// The next act, if its time has come.
    pub(super) fn take(&mut self, now: i64) -> Option<Act> {
        self.next().filter(|at| *at <= now)?;
        self.acts.pop_first().map(|(_, act)| act)
    }

    fn page(&mut self) -> usize {
        self.random.below(PAGES as i64) as usize
    }

    fn component(&mut self, page: usize) -> usize {
        page * COMPONENTS + self.random.below(COMPONENTS as i64) as usize
    }

    fn named(&mut self, page: usize) -> Named {
        let many = self.random.pick(&[0, 1, 1, 1, 2, 3]);
        let components: BTreeSet<usize> = (0..many).map(|_| self.component(page)).collect();
        let random = &mut self.random;
        components.into_iter().map(|one| (one, random.percent(85).then(|| random.pick(&BAD)))).collect()
    }

    /// An incident from its beginning to its end, and what follows.
    fn incident(&mut self, begin: i64) -> i64 {
        let (incident, page) = (self.incidents, self.page());
        self.incidents += 1;
        let (components, is_draft) = (self.named(page), self.random.percent(15));
        let mut all: BTreeSet<usize> = components.iter().map(|(one, _)| *one).collect();
        self.at(begin, Act::Open { incident, page, components, is_draft });
        let (mut at, mut said) = (begin, 2);
        if is_draft {
            at += self.random.between(2 * MINUTE, 20 * MINUTE);
            self.at(at, Act::Publish { incident });
        }
        self.follows.push((Wish::Incident(incident), page, at + 2 * MINUTE));
        if self.random.percent(35) {
            said += self.burst(incident, at, &mut all);
            at += MINUTE;
        }
        if self.random.percent(20) {
            at += self.random.between(3 * MINUTE, 30 * MINUTE);
            self.at(at, Act::Raise { incident });
        }
        for _ in 0..self.random.below(4) {
            at += self.random.between(30 * SECOND, 90 * MINUTE);
            let status = self.random.pick(&[IncidentStatus::Identified, IncidentStatus::Monitoring]);
            let components = if self.random.percent(30) { self.named(page) } else { Vec::new() };
            all.extend(components.iter().map(|(one, _)| *one));
            self.at(at, Act::Update { incident, components, status, releases: false });
            said += 1;
        }
        at += self.random.between(MINUTE, 6 * HOUR);
        said + self.end_of(incident, at, &all)
    }

    fn end_of(&mut self, incident: usize, mut at: i64, all: &BTreeSet<usize>) -> i64 {
        let mut said = 0;
        let releases = self.random.percent(25);
        let set = all.iter().filter(|_| !releases);
        let components = set.map(|one| (*one, Some(Status::Operational))).collect();
        self.at(at, Act::Update { incident, components, status: IncidentStatus::Resolved, releases });
        if self.random.percent(10) {
            at += self.random.between(2 * MINUTE, HOUR);
            let again = all.first().map(|one| (*one, Some(Status::MajorOutage))).into_iter().collect();
            let status = IncidentStatus::Investigating;
            self.at(at, Act::Update { incident, components: again, status, releases: false });
            at += self.random.between(2 * MINUTE, HOUR);
            let components = all.iter().map(|one| (*one, Some(Status::Operational))).collect();
            let status = IncidentStatus::Resolved;
            self.at(at, Act::Update { incident, components, status, releases: false });
            said += 2;
        }
        if self.random.percent(35) {
            at += self.random.between(HOUR, DAY);
            self.at(at, Act::Postmortem { incident });
            said += 1;
        }
        let edited = at + self.random.between(HOUR, DAY);
        self.at(edited, Act::Edit { incident });
        said
    }

    /// Several updates within a minute.
    fn burst(&mut self, incident: usize, begin: i64, all: &mut BTreeSet<usize>) -> i64 {
        let many = self.random.between(2, 5);
        for place in 1..=many {
            let components = if place == 2 {
                all.first().map(|one| (*one, Some(Status::MajorOutage))).into_iter().collect()
            } else {
                Vec::new()
            };
            let (at, status) = (begin + place * 11 * SECOND, IncidentStatus::Identified);
            self.at(at, Act::Update { incident, components, status, releases: false });
        }
        self.bursts.push(Burst { incident, from: begin, to: begin + MINUTE });
        many
    }

    fn maintenance(&mut self, begin: i64) -> i64 {
        let (window, page) = (self.windows, self.page());
        self.windows += 1;
        let many = self.random.between(1, 4);
        let components: BTreeSet<usize> = (0..many).map(|_| self.component(page)).collect();
        let lead = self.random.pick(&[0, HOUR, 3 * HOUR, DAY, 2 * DAY]);
        let from = begin + self.random.between(5 * MINUTE, 2 * DAY);
        let to = from + self.random.between(10 * MINUTE, 5 * HOUR);
        let (times, reminds) = ((from, to), self.random.percent(80));
        self.at(begin, Act::Plan { window, components, times, lead, reminds });
        self.follows.push((Wish::Maintenance(window), page, from - lead.min(from - begin) + MINUTE));
        match self.random.below(8) {
            0 | 1 => {
                let at = self.random.between(begin + SECOND, from - SECOND);
                self.at(at, Act::Cancel { window });
                2
            }
            2 => {
                let at = self.random.between(begin + SECOND, from - SECOND);
                let later = from + self.random.between(2 * HOUR, DAY);
                self.at(at, Act::Reschedule { window, times: (later, later + to - from) });
                5
            }
            3 => {
                let at = self.random.between(from + 2 * SECOND, to - 2 * SECOND);
                self.at(at, Act::Note { window, ends: true });
                4
            }
            4 => {
                let at = self.random.between(from + 2 * SECOND, to - 2 * SECOND);
                self.at(at, Act::Note { window, ends: false });
                5
            }
            5 => {
                let at = self.random.between(from + 2 * SECOND, to - 2 * SECOND);
                self.at(at, Act::Cancel { window });
                4
            }
            _ => 4,
        }
    }

    /// A status that never rests.
    fn flapping(&mut self, begin: i64) -> i64 {
        let page = self.page();
        let component = self.component(page);
        let mut at = begin;
        let many = self.random.between(5, 12);
        for round in 0..many {
            let status = if round % 2 == 0 { self.random.pick(&BAD) } else { Status::Operational };
            self.at(at, Act::Hold { component, status });
            at += self.random.between(20 * SECOND, 3 * MINUTE);
        }
        self.at(at, Act::Hold { component, status: Status::Operational });
        self.flaps.push((component, begin, at + SECOND));
        many
    }

    fn statuses(&mut self, begin: i64) -> i64 {
        let page = self.page();
        let (component, status) = (self.component(page), self.random.pick(&BAD));
        self.at(begin, Act::Hold { component, status });
        let over = begin + self.random.between(2 * MINUTE, 5 * HOUR);
        self.at(over, Act::Hold { component, status: Status::Operational });
        2
    }

    fn announcement(&mut self, begin: i64) -> i64 {
        let pages = self.random.pick(&[vec![0], vec![1], vec![0, 1]]);
        let tells = self.random.percent(70);
        self.at(begin, Act::Announce { pages, tells });
        1
    }
}

//! Announcements through the store: they appear and disappear at their times, once, whatever happens in between.

use crate::fixture::{Fixture, START};
use crate::maintenance::text;
use skerry_domain::announcement::{Announcement, AnnouncementLevel};
use skerry_domain::state::{AnnouncementKey, PageKey};
use skerry_domain::step::{
    AnnouncementChange, Answer, Change, Command, Context, Ids, NewAnnouncement, RejectedKind, step,
};
use skerry_domain::time::{DAY, HOUR, MINUTE, SECOND, Timestamp};

impl Fixture {
    fn announce(&mut self, from: Timestamp, to: Option<Timestamp>) -> (AnnouncementKey, Vec<Change>) {
        let new = self.new_announcement(from, to);
        match self.run(Command::CreateAnnouncement(Box::new(new))) {
            (Answer::Announcement(key), changes) => (key, changes),
            other => panic!("{other:?}"),
        }
    }

    fn new_announcement(&self, from: Timestamp, to: Option<Timestamp>) -> NewAnnouncement {
        NewAnnouncement {
            title: text("New addresses"),
            body: text("Both answer"),
            level: AnnouncementLevel::Information,
            pages: self.state.pages.keys().copied().collect(),
            from,
            to,
            tell_subscribers: true,
        }
    }

    fn word(&self, key: AnnouncementKey) -> (bool, bool) {
        let one: &Announcement = &self.state.announcements[&key];
        (one.is_published(), one.is_shown())
    }

    fn says(
        &mut self,
        key: AnnouncementKey,
        change: AnnouncementChange,
    ) -> Result<Vec<Change>, (RejectedKind, &'static str)> {
        let command = Command::ChangeAnnouncement { announcement: key, change: Box::new(change) };
        let context = Context { now: self.now, ids: Ids::from_seed([1; 32]) };
        let stepped = step(&mut self.state, command, context).map_err(|why| (why.kind, why.field))?;
        self.store.commit(&stepped.rows).expect("commits");
        Ok(stepped.changes)
    }
}

fn pages(changes: &[Change]) -> Vec<PageKey> {
    let of = |change: &Change| match change {
        Change::AnnouncementChanged(_, page) => Some(*page),
        _ => None,
    };
    changes.iter().filter_map(of).collect()
}

#[test]
fn one_whose_time_has_just_ended_is_not_ended_by_a_person() {
    let mut fixture = Fixture::new();
    let (key, _) = fixture.announce(fixture.now, Some(fixture.now + HOUR));
    fixture.now = fixture.now + HOUR;
    let (before, context) =
        (fixture.state.clone(), Context { now: fixture.now, ids: Ids::from_seed([1; 32]) });
    let command = Command::DeleteAnnouncement { announcement: key };
    step(&mut fixture.state, command, context).expect_err("it has ended");
    assert!(fixture.state == before, "a rejected command changes nothing");
}

#[test]
fn it_appears_and_disappears_at_its_times_without_a_person() {
    let mut fixture = Fixture::new();
    let (from, to) = (START + MINUTE, START + 3 * MINUTE);
    let (key, changes) = fixture.announce(from, Some(to));
    assert_eq!((fixture.word(key), pages(&changes)), ((false, false), vec![]), "nobody sees it yet");
    fixture.assert_stored();
    let page = PageKey(1);
    assert!(fixture.state.next_due().is_some_and(|due| due <= from), "it is scheduled");
    assert_eq!(pages(&fixture.pass(MINUTE)), [page]);
    assert_eq!((fixture.word(key), fixture.state.announcements[&key].began_at), ((true, true), Some(from)));
    fixture.assert_stored();
    assert_eq!(pages(&fixture.pass(MINUTE)), [], "once");
    assert_eq!(pages(&fixture.pass(MINUTE)), [page]);
    assert_eq!((fixture.word(key), fixture.state.announcements[&key].ended_at), ((true, false), Some(to)));
    fixture.assert_stored();
    fixture.now = to + 400 * DAY;
    assert_eq!(pages(&fixture.pass(SECOND)), [page], "its page goes, too");
    assert!(fixture.state.announcements.is_empty());
    fixture.assert_stored();
}

#[test]
fn what_fell_into_an_absence_happened_at_its_time() {
    let mut fixture = Fixture::new();
    let (from, to) = (START + HOUR, START + 2 * HOUR);
    let (key, _) = fixture.announce(from, Some(to));
    fixture.state = fixture.load(START + DAY);
    fixture.now = START + DAY;
    assert_eq!(pages(&fixture.pass(SECOND)), [PageKey(1)], "its page answers");
    let one = &fixture.state.announcements[&key];
    assert_eq!((one.began_at, one.ended_at, one.withdrawn), (Some(from), Some(to), false));
    fixture.assert_stored();
}

#[test]
fn it_is_ended_by_a_person_or_removed_before_it_appears() {
    let mut fixture = Fixture::new();
    let (planned, _) = fixture.announce(START + DAY, None);
    let (shown, changes) = fixture.announce(START - DAY, None);
    assert_eq!(pages(&changes), [PageKey(1)]);
    assert_eq!(fixture.state.announcements[&shown].from, START, "a past beginning is now");
    fixture.run(Command::DeleteAnnouncement { announcement: planned });
    assert!(!fixture.state.announcements.contains_key(&planned));
    fixture.pass(MINUTE);
    let (_, changes) = fixture.run(Command::DeleteAnnouncement { announcement: shown });
    assert_eq!(pages(&changes), [PageKey(1)]);
    assert_eq!(fixture.word(shown), (true, false));
    assert!(fixture.state.announcements[&shown].withdrawn);
    fixture.assert_stored();
    for announcement in [planned, shown] {
        let again = Command::DeleteAnnouncement { announcement };
        let context = Context { now: fixture.now, ids: Ids::from_seed([1; 32]) };
        assert!(step(&mut fixture.state, again, context).is_err());
    }
}

#[test]
fn changes_are_seen_on_all_pages_that_show_it() {
    let mut fixture = Fixture::new();
    let (key, _) = fixture.announce(START, None);
    fixture.pass(MINUTE);
    let body = Some(text("Only the new one answers"));
    let changes =
        fixture.says(key, AnnouncementChange { body: body.clone(), ..Default::default() }).expect("taken");
    assert_eq!(pages(&changes), [PageKey(1)]);
    assert_eq!(fixture.state.announcements[&key].edited_at, Some(fixture.now));
    let again = fixture.says(key, AnnouncementChange { body, ..Default::default() }).expect("taken");
    assert_eq!(pages(&again), [], "it says that already");
    let to = Some(Some(fixture.now + MINUTE));
    fixture.says(key, AnnouncementChange { to, ..Default::default() }).expect("taken");
    fixture.pass(MINUTE);
    assert_eq!(fixture.word(key), (true, false));
    let level = Some(AnnouncementLevel::Warning);
    fixture
        .says(key, AnnouncementChange { level, ..Default::default() })
        .expect("its page can still be corrected");
    fixture.assert_stored();
}

#[test]
fn what_contradicts_itself_is_refused() {
    use RejectedKind::{Invalid, NotFound, State};
    let mut fixture = Fixture::new();
    let (shown, _) = fixture.announce(START, None);
    let (ended, _) = fixture.announce(START, Some(START + SECOND));
    fixture.pass(MINUTE);
    let now = fixture.now;
    let table = [
        (shown, AnnouncementChange { from: Some(now), ..Default::default() }, (State, "from")),
        (shown, AnnouncementChange { to: Some(Some(START)), ..Default::default() }, (Invalid, "to")),
        (shown, AnnouncementChange { pages: Some(vec![]), ..Default::default() }, (Invalid, "pages")),
        (
            shown,
            AnnouncementChange { pages: Some(vec![PageKey(9)]), ..Default::default() },
            (NotFound, "pages"),
        ),
        (
            shown,
            AnnouncementChange { tell_subscribers: Some(false), ..Default::default() },
            (State, "tell_subscribers"),
        ),
        (ended, AnnouncementChange { to: Some(None), ..Default::default() }, (State, "announcement")),
        (AnnouncementKey(9), AnnouncementChange::default(), (NotFound, "announcement")),
    ];
    for (key, change, expected) in table {
        let words = format!("{change:?}");
        assert_eq!(fixture.says(key, change), Err(expected), "{words}");
    }
    for (from, to) in [(now + HOUR, now + HOUR), (now - HOUR, now)] {
        let new = Command::CreateAnnouncement(Box::new(fixture.new_announcement(from, Some(to))));
        let context = Context { now, ids: Ids::from_seed([1; 32]) };
        let refused = step(&mut fixture.state, new, context).map_err(|why| why.field);
        assert_eq!(refused.map(|stepped| stepped.answer), Err("to"));
    }
}

/// A clock that was ahead is set back by the store: what appeared under it appears again, unless a person ended it.
#[test]
fn what_began_under_a_clock_that_was_ahead_begins_again() {
    let mut fixture = Fixture::new();
    let (key, _) = fixture.announce(START + HOUR, Some(START + 2 * HOUR));
    fixture.now = START + 3 * HOUR;
    fixture.pass(SECOND);
    assert_eq!(fixture.word(key), (true, false));
    let one = fixture.state.announcements.get_mut(&key).expect("it is there");
    (one.began_at, one.ended_at) = (Some(START + SECOND), Some(START + SECOND));
    fixture.state.clock = START + SECOND;
    fixture.state.derive_schedule();
    fixture.now = START + MINUTE;
    fixture.pass(SECOND);
    assert_eq!(fixture.word(key), (false, false));
    fixture.now = START + HOUR;
    fixture.pass(SECOND);
    assert_eq!(fixture.word(key), (true, true));
}

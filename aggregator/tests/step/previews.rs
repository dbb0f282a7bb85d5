//! The link by which operators show a page before visitors see it.

use crate::fixture::Fixture;
use jiff::tz::TimeZone;
use skerry_domain::state::{PageKey, PageSettings, Preview};
use skerry_domain::step::{
    Answer, Change, Command, Context, Ids, LONGEST_PREVIEW, PageChange, PreviewCommand, Rejected,
    RejectedKind, step,
};
use skerry_domain::time::{DAY, HOUR};

/// A fixture with a page that nobody sees.
fn with_private_page() -> (Fixture, PageKey) {
    let mut fixture = Fixture::new();
    let settings = PageSettings { public: false, listed: false, ..PageSettings::named("secret") };
    let Answer::Page(page) = fixture.run(Command::CreatePage(Box::new(settings))).0 else {
        panic!("no page was made")
    };
    (fixture, page)
}

fn share(fixture: &Fixture, page: PageKey, nonce: u8, valid: i64) -> Command {
    Command::Preview(PreviewCommand::Share { page, nonce: [nonce; 16], until: fixture.now + valid })
}

fn rejected(fixture: &mut Fixture, command: Command) -> Rejected {
    let context = Context { now: fixture.now, ids: Ids::from_seed([1; 32]) };
    let before = fixture.state.clone();
    let rejected = step(&mut fixture.state, command, context).expect_err("rejected");
    assert_eq!(fixture.state, before);
    rejected
}

#[test]
fn a_link_lasts_longer_if_it_is_shared_again_and_a_new_one_is_another() {
    let (mut fixture, page) = with_private_page();
    let shared = fixture.run(share(&fixture, page, 1, DAY)).1;
    assert_eq!(shared, [Change::PageSaved(page)]);
    let first = Preview { nonce: [1; 16], until: fixture.now + DAY };
    assert_eq!(fixture.state.pages[&page].preview, Some(first));
    fixture.now = fixture.now + HOUR;
    assert_eq!(fixture.run(share(&fixture, page, 2, HOUR)).1, [], "nobody's link ends earlier");
    fixture.run(share(&fixture, page, 3, 2 * DAY));
    let longer = Preview { until: fixture.now + 2 * DAY, ..first };
    assert_eq!(fixture.state.pages[&page].preview, Some(longer));
    // It is stored.
    let loaded = fixture.store.load(fixture.now).expect("loads");
    let (_, stored) = loaded.iter().next().expect("one workspace");
    assert_eq!(stored.pages[&page].preview, Some(longer));
    // Once it has expired, a link is a new one.
    fixture.now = longer.until;
    fixture.run(share(&fixture, page, 4, DAY));
    assert_eq!(
        fixture.state.pages[&page].preview,
        Some(Preview { nonce: [4; 16], until: fixture.now + DAY })
    );
}

#[test]
fn a_revoked_link_never_works_again() {
    let (mut fixture, page) = with_private_page();
    let revoke = || Command::Preview(PreviewCommand::Revoke { page });
    assert_eq!(rejected(&mut fixture, revoke()).kind, RejectedKind::NotFound);
    fixture.run(share(&fixture, page, 1, DAY));
    assert_eq!(fixture.run(revoke()).1, [Change::PageSaved(page)]);
    assert_eq!(fixture.state.pages[&page].preview, None);
    fixture.run(share(&fixture, page, 2, DAY));
    assert_eq!(fixture.state.pages[&page].preview.map(|preview| preview.nonce), Some([2; 16]));
    fixture.now = fixture.now + DAY;
    assert_eq!(rejected(&mut fixture, revoke()).kind, RejectedKind::NotFound, "it has expired");
}

#[test]
fn a_preview_needs_a_page_that_is_not_public_and_an_end() {
    let (mut fixture, page) = with_private_page();
    for valid in [0, -DAY, LONGEST_PREVIEW + 1] {
        let command = share(&fixture, page, 1, valid);
        assert_eq!(rejected(&mut fixture, command).kind, RejectedKind::Invalid, "{valid}");
    }
    let command = share(&fixture, PageKey(99), 1, DAY);
    assert_eq!(rejected(&mut fixture, command).kind, RejectedKind::NotFound);
    fixture.run(share(&fixture, page, 1, LONGEST_PREVIEW));
    let change = Box::new(PageChange { public: Some(true), ..PageChange::default() });
    fixture.run(Command::ChangePage { page, change, zone: TimeZone::UTC });
    let command = share(&fixture, page, 2, DAY);
    assert_eq!(rejected(&mut fixture, command).kind, RejectedKind::Conflict, "everybody sees it");
    fixture.run(Command::ArchivePage { page });
    let command = share(&fixture, page, 2, DAY);
    assert_eq!(rejected(&mut fixture, command).kind, RejectedKind::NotFound);
}

//! What is refused of pages, groups and components that are made at run time.

use crate::fixture::Fixture;
use crate::runtime::{PAGE, change, create, file, group, page_settings, settings};
use jiff::tz::TimeZone;
use skerry_domain::holds::Source;
use skerry_domain::state::{Component, ComponentKey, GroupKey, PageKey, PageSettings};
use skerry_domain::status::Status;
use skerry_domain::step::{
    Command, ComponentChange, Context, DesiredLink, GroupChange, Ids, MAX_MADE, NewComponent, RejectedKind,
    step,
};
use skerry_domain::time::DAY;

/// The component that the file declares.
const SITE: ComponentKey = ComponentKey(1);

#[test]
fn what_a_file_declares_changes_nowhere_else_but_its_status_does() {
    let mut fixture = Fixture::new();
    fixture.run(file(&[("file group", &["child"])]));
    let made = fixture.group_made("made", &[]);
    let zone = TimeZone::UTC;
    let into = ComponentChange { group: Some(Some(made)), ..ComponentChange::default() };
    let table = [
        (Command::ChangePage { page: PAGE, change: Box::default(), zone: zone.clone() }, "page"),
        (Command::ArchivePage { page: PAGE }, "page"),
        (Command::ChangeGroup { group: GroupKey(1), change: Box::default() }, "group"),
        (Command::ArchiveGroup { group: GroupKey(1) }, "group"),
        (change(SITE, into), "component"),
        (Command::ArchiveComponent { component: SITE }, "component"),
        (group("takes", &[SITE]), "components"),
        (
            Command::ChangeGroup {
                group: made,
                change: Box::new(GroupChange { components: Some(vec![SITE]), ..GroupChange::default() }),
            },
            "components",
        ),
        (
            Command::ChangeGroup {
                group: made,
                change: Box::new(GroupChange { position: Some(2), ..GroupChange::default() }),
            },
            "position",
        ),
    ];
    for (command, field) in table {
        let refused = fixture.rejected(command.clone());
        assert_eq!((refused.kind, refused.field), (RejectedKind::Forbidden, field), "{command:?}");
        assert!(refused.reason.contains("the configuration file declares"), "{refused}");
    }
    let (source, status) = (Source::Rest, Status::MajorOutage);
    fixture.run(Command::SetHold { component: SITE, source, status, until: None });
    assert_eq!(fixture.shown().0, Status::MajorOutage);
}

#[test]
fn wrong_commands_name_the_field_and_change_nothing() {
    let mut fixture = Fixture::new();
    let cards = fixture.component_made("Cards", None);
    let made = fixture.group_made("Payments", &[]);
    let new = |edit: fn(&mut NewComponent)| {
        let mut new = NewComponent {
            page: PAGE,
            group: None,
            settings: settings("new"),
            links: Vec::new(),
            held: None,
        };
        edit(&mut new);
        Command::CreateComponent { new: Box::new(new), zone: TimeZone::UTC }
    };
    let page = |edit: fn(&mut PageSettings), fixture: &Fixture| {
        let mut settings = PageSettings { root: false, slug: "made".to_owned(), ..page_settings(fixture) };
        edit(&mut settings);
        Command::CreatePage(Box::new(settings))
    };
    let link = |check: &str| DesiredLink { check: check.to_owned(), minor: false };
    let linked = |links: Vec<DesiredLink>| {
        change(cards, ComponentChange { links: Some(links), ..ComponentChange::default() })
    };
    let renamed = |name: String| {
        let change = GroupChange { name: Some(name), ..GroupChange::default() };
        Command::ChangeGroup { group: made, change: Box::new(change) }
    };
    let described = |description: String| {
        let change = GroupChange { description: Some(Some(description)), ..GroupChange::default() };
        Command::ChangeGroup { group: made, change: Box::new(change) }
    };
    use RejectedKind::{Forbidden, Invalid, NotFound};
    let table = [
        (new(|new| new.page = PageKey(9)), NotFound, "page"),
        (new(|new| new.group = Some(GroupKey(9))), NotFound, "group"),
        (new(|new| new.settings.name = "  ".to_owned()), Invalid, "name"),
        (new(|new| new.settings.name = "two\nlines".to_owned()), Invalid, "name"),
        (new(|new| new.settings.description = Some("x".repeat(1_001))), Invalid, "description"),
        (linked(vec![link("nobody's")]), NotFound, "links"),
        (linked(vec![link("web"), link("web")]), Invalid, "links"),
        (renamed("x".repeat(101)), Invalid, "name"),
        (described("a\u{7}b".to_owned()), Invalid, "description"),
        (renamed("sdrac \u{202e}Cards".to_owned()), Invalid, "name"),
        (described("a\u{2028}b".to_owned()), Invalid, "description"),
        (group("made", &[ComponentKey(9)]), NotFound, "component"),
        (change(ComponentKey(9), ComponentChange::default()), NotFound, "component"),
        (
            change(cards, ComponentChange { position: Some(0), ..ComponentChange::default() }),
            Invalid,
            "position",
        ),
        (page(|page| page.slug = "Shop".to_owned(), &fixture), Invalid, "slug"),
        (page(|page| page.slug = "x".repeat(64), &fixture), Invalid, "slug"),
        (page(|page| page.root = true, &fixture), Forbidden, "root"),
        (page(|page| page.weights.major_percent = 20, &fixture), Invalid, "weights"),
    ];
    for (command, kind, field) in table {
        let refused = fixture.rejected(command.clone());
        assert_eq!((refused.kind, refused.field), (kind, field), "{command:?}: {refused}");
    }
    fixture.run(change(cards, ComponentChange { name: Some(" Cards  ".to_owned()), ..Default::default() }));
    assert_eq!(fixture.state.components[&cards].settings.name, "Cards");
    fixture.run(described(" ".to_owned()));
    assert_eq!(fixture.state.groups[&made].description, None);
}

#[test]
fn a_client_cannot_make_components_without_end() {
    let mut fixture = Fixture::new();
    let context = Context { now: fixture.now + DAY, ids: Ids::from_seed([1; 32]) };
    let template = {
        let key = fixture.component_made("Cards", None);
        fixture.state.components[&key].clone()
    };
    for number in 0..i64::try_from(MAX_MADE).expect("a number") {
        fixture.state.components.insert(ComponentKey(1_000 + number), template.clone());
    }
    let refused = step(&mut fixture.state, create("one more", None), context).expect_err("too many");
    assert_eq!((refused.kind, refused.field), (RejectedKind::State, "component"));
    // Those of a page that is archived do not count.
    let mut archived = fixture.state.pages[&PAGE].clone();
    archived.archived = true;
    fixture.state.pages.insert(PageKey(9), archived);
    let elsewhere = Component { page: PageKey(9), ..template };
    fixture.state.components.insert(ComponentKey(1_000), elsewhere.clone());
    fixture.state.components.insert(ComponentKey(1_001), elsewhere);
    step(&mut fixture.state, create("one more", None), context).expect("there is room");
}

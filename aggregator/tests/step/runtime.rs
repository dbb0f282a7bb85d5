//! Pages, groups and components that are made at run time, beside those of a file.

use crate::fixture::{Fixture, configure};
use jiff::tz::TimeZone;
use skerry_domain::holds::Source;
use skerry_domain::rows::Subject;
use skerry_domain::state::{
    ComponentKey, ComponentSettings, GroupKey, Origin, PageItem, PageKey, PageSettings,
};
use skerry_domain::status::Status;
use skerry_domain::step::{
    Answer, Command, ComponentChange, Configure, DesiredGroup, DesiredItem, DesiredLink, GroupChange,
    NewComponent, NewGroup, PageChange, RejectedKind,
};
use skerry_domain::time::{SECOND, Timestamp};
use skerry_domain::verdict::Quorum;

pub(crate) const PAGE: PageKey = PageKey(1);

pub(crate) fn settings(name: &str) -> ComponentSettings {
    ComponentSettings::named(name)
}

pub(crate) fn create(name: &str, group: Option<GroupKey>) -> Command {
    let new = NewComponent { page: PAGE, group, settings: settings(name), links: Vec::new(), held: None };
    Command::CreateComponent { new: Box::new(new), zone: TimeZone::UTC }
}

pub(crate) fn change(component: ComponentKey, change: ComponentChange) -> Command {
    Command::ChangeComponent { component, change: Box::new(change), zone: TimeZone::UTC }
}

pub(crate) fn group(name: &str, components: &[ComponentKey]) -> Command {
    let components = components.to_vec();
    Command::CreateGroup(Box::new(NewGroup {
        page: PAGE,
        group: None,
        name: name.to_owned(),
        description: None,
        components,
    }))
}

impl Fixture {
    pub(crate) fn component_made(&mut self, name: &str, group: Option<GroupKey>) -> ComponentKey {
        match self.run(create(name, group)).0 {
            Answer::Component(key) => key,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn group_made(&mut self, name: &str, components: &[ComponentKey]) -> GroupKey {
        match self.run(group(name, components)).0 {
            Answer::Group(key) => key,
            other => panic!("{other:?}"),
        }
    }

    /// The order of the page by names: `site; Payments: Cards, (Wallets: One, Two)`.
    pub(crate) fn order(&self) -> String {
        let rows: Vec<_> = self.state.pages[&PAGE].items.iter().map(|item| self.row(item)).collect();
        rows.join("; ")
    }

    fn row(&self, item: &PageItem) -> String {
        match item {
            PageItem::Component(key) => self.state.components[key].settings.name.clone(),
            PageItem::Group(key, rows) => {
                let inner = |item: &PageItem| match item {
                    PageItem::Component(_) => self.row(item),
                    PageItem::Group(..) => format!("({})", self.row(item)),
                };
                let rows: Vec<_> = rows.iter().map(inner).collect();
                format!("{}: {}", self.state.groups[key].name, rows.join(", "))
            }
        }
    }
}

/// The page of the fixture with these rows behind its own component: a name, or a group with names.
pub(crate) fn file(rows: &[(&str, &[&str])]) -> Command {
    let Configure { checks, mut pages } = configure(&[("web", Quorum::Majority)], &[("site", &["web"])]);
    let one = |key: &str| {
        let DesiredItem::Component(one) = configure(&[], &[(key, &[])]).pages.remove(0).items.remove(0)
        else {
            panic!("a component")
        };
        one
    };
    for (key, children) in rows {
        let row = match children {
            [] => DesiredItem::Component(one(key)),
            _ => DesiredItem::Group(DesiredGroup {
                key: (*key).to_owned(),
                name: (*key).to_owned(),
                description: None,
                items: children.iter().map(|child| DesiredItem::Component(one(child))).collect(),
            }),
        };
        pages[0].items.push(row);
    }
    Command::Configure(Box::new(Configure { checks, pages }))
}

#[test]
fn what_is_made_at_run_time_stands_behind_the_file_and_survives_its_reload() {
    let mut fixture = Fixture::new();
    fixture.run(file(&[("file group", &["child"])]));
    let of_file = GroupKey(1);
    let cards = fixture.component_made("Cards", None);
    let wallets = fixture.component_made("Wallets", None);
    fixture.component_made("In the file's group", Some(of_file));
    let payments = fixture.group_made("Payments", &[wallets, cards]);
    assert_eq!(fixture.order(), "site; file group: child, In the file's group; Payments: Wallets, Cards");
    fixture.assert_stored();

    fixture.run(file(&[("new", &[]), ("file group", &["child", "second child"])]));
    assert_eq!(
        fixture.order(),
        "site; new; file group: child, second child, In the file's group; Payments: Wallets, Cards"
    );
    fixture.run(file(&[]));
    assert_eq!(fixture.order(), "site; In the file's group; Payments: Wallets, Cards");
    assert!(fixture.state.components.values().all(|one| one.origin == Origin::File || !one.archived));
    fixture.assert_stored();

    // No file declares the workspace: only what files declared is archived.
    let other = PageSettings { slug: "made".to_owned(), root: false, ..page_settings(&fixture) };
    let Answer::Page(made) = fixture.run(Command::CreatePage(Box::new(other))).0 else { panic!("a page") };
    fixture.run(Command::KeepWorkspaces(Vec::new()));
    assert_eq!((fixture.state.pages[&PAGE].archived, fixture.state.pages[&made].archived), (true, false));
    fixture.run(file(&[]));
    assert_eq!(fixture.order(), "site; In the file's group; Payments: Wallets, Cards", "it is as it was");
    assert_eq!(fixture.state.groups[&payments].key, fixture.state.groups[&payments].id);
    fixture.assert_stored();
}

pub(crate) fn page_settings(fixture: &Fixture) -> PageSettings {
    fixture.state.pages[&PAGE].settings.clone()
}

#[test]
fn groups_are_filled_emptied_moved_and_dissolved_in_place() {
    let mut fixture = Fixture::new();
    let [a, b, c] = ["a", "b", "c"].map(|name| fixture.component_made(name, None));
    let first = fixture.group_made("first", &[b]);
    fixture.group_made("last", &[]);
    assert_eq!(fixture.order(), "site; a; c; first: b; last: ");
    let regroup = |components: Vec<ComponentKey>| Command::ChangeGroup {
        group: first,
        change: Box::new(GroupChange { components: Some(components), ..GroupChange::default() }),
    };
    fixture.run(regroup(vec![c, a, c]));
    assert_eq!(fixture.order(), "site; first: c, a; b; last: ", "what leaves a group stands behind it");
    let position = |position| Box::new(GroupChange { position: Some(position), ..GroupChange::default() });
    fixture.run(Command::ChangeGroup { group: first, change: position(9) });
    assert_eq!(fixture.order(), "site; b; last: ; first: c, a");
    fixture.run(Command::ChangeGroup { group: first, change: position(2) });
    assert_eq!(fixture.order(), "site; first: c, a; b; last: ");
    fixture.run(change(a, ComponentChange { position: Some(1), ..ComponentChange::default() }));
    assert_eq!(fixture.order(), "site; first: a, c; b; last: ");
    fixture.run(change(c, ComponentChange { group: Some(None), ..ComponentChange::default() }));
    assert_eq!(fixture.order(), "site; first: a; b; last: ; c");
    let moved = ComponentChange { group: Some(Some(first)), position: Some(1), ..ComponentChange::default() };
    fixture.run(change(b, moved));
    assert_eq!(fixture.order(), "site; first: b, a; last: ; c");
    fixture.run(Command::ArchiveComponent { component: a });
    fixture.run(Command::ArchiveGroup { group: first });
    assert_eq!(fixture.order(), "site; b; last: ; c");
    assert!(fixture.state.components[&a].archived && fixture.state.groups[&first].archived);
    fixture.assert_stored();
}

#[test]
fn a_file_that_declares_its_key_takes_over_what_was_made_at_run_time() {
    let mut fixture = Fixture::new();
    let cards = fixture.component_made("Cards", None);
    let (source, status) = (Source::Rest, Status::PartialOutage);
    fixture.run(Command::SetHold { component: cards, source, status, until: None });
    let before = fixture.state.components[&cards].clone();
    fixture.pass(5 * SECOND);
    fixture.run(file(&[(&before.key, &[])]));
    let after = fixture.state.components[&cards].clone();
    assert_eq!((after.origin, &after.id, after.created_at), (Origin::File, &before.id, before.created_at));
    assert_eq!(after.holds, before.holds, "its history stays");
    assert_eq!(after.settings.name, before.key, "its settings are those of the file");
    assert_eq!(fixture.state.components.len(), 2, "no second one");
    let refused = fixture.rejected(change(cards, ComponentChange::default()));
    assert_eq!((refused.kind, refused.field), (RejectedKind::Forbidden, "component"));
    fixture.run(file(&[]));
    assert!(fixture.state.components[&cards].archived, "it is the file's from now on");

    let wallets = fixture.component_made("Wallets", None);
    let payments = fixture.group_made("Payments", &[wallets]);
    let key = fixture.state.groups[&payments].key.clone();
    fixture.run(file(&[(&key, &["child"])]));
    assert_eq!(fixture.order(), format!("site; {key}: child, Wallets"), "its components stay in it");
    fixture.assert_stored();
}

#[test]
fn a_page_made_at_run_time_is_changed_and_its_components_begin_with_it() {
    let mut fixture = Fixture::new();
    let private =
        PageSettings { slug: "made".to_owned(), root: false, public: false, ..page_settings(&fixture) };
    let Answer::Page(page) = fixture.run(Command::CreatePage(Box::new(private))).0 else { panic!("a page") };
    let add = |start_date: Option<&str>| {
        let start_date = start_date.map(|date| date.parse().expect("a date"));
        let settings = ComponentSettings { start_date, ..settings("Shop") };
        let new = NewComponent { page, group: None, settings, links: Vec::new(), held: None };
        Command::CreateComponent { new: Box::new(new), zone: TimeZone::UTC }
    };
    fixture.run(add(None));
    fixture.run(add(Some("2027-01-02")));
    let starts = |fixture: &Fixture| {
        let of = fixture.state.components.values().filter(|one| one.page == page);
        of.map(|one| one.layers.start).collect::<Vec<_>>()
    };
    assert_eq!(starts(&fixture), [Timestamp::FAR; 2], "nobody sees them yet");
    fixture.pass(SECOND);
    let zone = TimeZone::get("Europe/Athens").expect("a zone");
    let change = PageChange {
        public: Some(true),
        time_zone: Some("Europe/Athens".to_owned()),
        name: Some("Other".to_owned()),
        ..PageChange::default()
    };
    let version = fixture.state.version(&Subject::Page(page));
    fixture.run(Command::ChangePage { page, change: Box::new(change), zone });
    assert_ne!(fixture.state.version(&Subject::Page(page)), version);
    let settings = &fixture.state.pages[&page].settings;
    assert_eq!((settings.name.as_str(), settings.slug.as_str()), ("Other", "made"));
    let midnight: jiff::Timestamp = "2027-01-02T00:00:00+02:00".parse().expect("an instant");
    assert_eq!(starts(&fixture), [fixture.now, Timestamp(midnight.as_millisecond())]);
    fixture.assert_stored();
    fixture.run(Command::ArchivePage { page });
    assert!(fixture.state.pages[&page].archived);
    let refused = fixture.rejected(add(None));
    assert_eq!((refused.kind, refused.field), (RejectedKind::NotFound, "page"));
    fixture.assert_stored();
}

/// The zone of the file's page moves the midnight from which what was made at run time counts.
#[test]
fn a_reload_with_another_zone_moves_start_dates() {
    let mut fixture = Fixture::new();
    let settings =
        ComponentSettings { start_date: Some("2027-01-02".parse().expect("a date")), ..settings("Shop") };
    let new = NewComponent { page: PAGE, group: None, settings, links: Vec::new(), held: None };
    fixture.run(Command::CreateComponent { new: Box::new(new), zone: TimeZone::UTC });
    let Command::Configure(mut desired) = file(&[]) else { panic!("a reload") };
    desired.pages[0].zone = TimeZone::get("America/New_York").expect("a zone");
    let before = fixture.state.components[&ComponentKey(2)].layers.start;
    fixture.run(Command::Configure(desired));
    assert_eq!(fixture.state.components[&ComponentKey(2)].layers.start, before + 5 * 3_600_000);
    fixture.assert_stored();
}

#[test]
fn links_of_what_is_made_at_run_time_do_not_rewrite_the_past() {
    let mut fixture = Fixture::new();
    fixture.see(skerry_domain::track::HardState::Down);
    let cards = fixture.component_made("Cards", None);
    assert!(!fixture.state.components[&cards].is_linked());
    let at = |fixture: &Fixture, at| fixture.state.components[&cards].layers.status_at(at);
    fixture.pass(10 * SECOND);
    let unlinked = fixture.now;
    let link = DesiredLink { check: "web".to_owned(), minor: false };
    fixture.run(change(cards, ComponentChange { links: Some(vec![link]), ..ComponentChange::default() }));
    assert_eq!(at(&fixture, fixture.now), Some(Status::MajorOutage));
    assert_eq!(at(&fixture, unlinked - SECOND), Some(Status::Operational), "it was not linked then");
    fixture.run(file(&[]));
    assert!(fixture.state.components[&cards].is_linked(), "a reload leaves its links alone");
    fixture.assert_stored();
}

//! Groups inside groups: of a file, made at run time, and both.

use crate::fixture::{Fixture, configure};
use crate::runtime::{PAGE, change, group};
use skerry_domain::rows::Subject;
use skerry_domain::state::{ComponentKey, GroupKey, Origin};
use skerry_domain::step::{
    Answer, Command, ComponentChange, Configure, DesiredComponent, DesiredGroup, DesiredItem, GroupChange,
    NewGroup, RejectedKind,
};
use skerry_domain::verdict::Quorum;

/// A row of a file.
enum Row<'a> {
    One(&'a str),
    Group(&'a str, Vec<Row<'a>>),
}
use Row::{Group, One};

fn component(key: &str) -> DesiredComponent {
    match configure(&[], &[(key, &[])]).pages.remove(0).items.remove(0) {
        DesiredItem::Component(one) => one,
        DesiredItem::Group(_) => panic!("a component"),
    }
}

fn item(row: Row<'_>) -> DesiredItem {
    match row {
        One(key) => DesiredItem::Component(component(key)),
        Group(key, rows) => DesiredItem::Group(DesiredGroup {
            key: key.to_owned(),
            name: key.to_owned(),
            description: None,
            items: rows.into_iter().map(item).collect(),
        }),
    }
}

/// The page of the fixture with these rows behind its own component.
fn file(rows: Vec<Row<'_>>) -> Command {
    let Configure { checks, mut pages } = configure(&[("web", Quorum::Majority)], &[("site", &["web"])]);
    pages[0].items.extend(rows.into_iter().map(item));
    Command::Configure(Box::new(Configure { checks, pages }))
}

/// `all` holds `cards` and, between them, the groups `north` and `south`.
fn nested() -> Command {
    file(vec![Group(
        "all",
        vec![
            One("first"),
            Group("north", vec![One("a"), One("b")]),
            One("second"),
            Group("south", vec![One("c")]),
        ],
    )])
}

impl Fixture {
    fn group_named(&self, name: &str) -> GroupKey {
        let found = self.state.groups.iter().find(|(_, one)| one.name == name);
        *found.unwrap_or_else(|| panic!("there is no group {name}")).0
    }

    fn inner_made(&mut self, name: &str, outer: GroupKey, components: &[ComponentKey]) -> GroupKey {
        match self.run(inner(name, outer, components)).0 {
            Answer::Group(key) => key,
            other => panic!("{other:?}"),
        }
    }

    fn regroup(&mut self, group: GroupKey, change: GroupChange) {
        self.run(Command::ChangeGroup { group, change: Box::new(change) });
    }
}

fn inner(name: &str, outer: GroupKey, components: &[ComponentKey]) -> Command {
    let Command::CreateGroup(new) = group(name, components) else { panic!("a group") };
    Command::CreateGroup(Box::new(NewGroup { group: Some(outer), ..*new }))
}

fn into(outer: Option<GroupKey>) -> GroupChange {
    GroupChange { group: Some(outer), ..GroupChange::default() }
}

#[test]
fn a_file_orders_components_and_groups_inside_a_group() {
    let mut fixture = Fixture::new();
    fixture.run(nested());
    assert_eq!(fixture.order(), "site; all: first, (north: a, b), second, (south: c)");
    fixture.assert_stored();
    let (north, c) = (fixture.group_named("north"), fixture.state.components.keys().last().copied());
    let id = fixture.state.groups[&north].id.clone();

    // Out of the group, away, and back again: what has a key stays the same.
    fixture.run(file(vec![Group("north", vec![Group("all", vec![One("a")])]), One("c")]));
    assert_eq!(fixture.order(), "site; north: (all: a); c");
    fixture.assert_stored();
    fixture.run(file(vec![Group("all", vec![One("first")])]));
    assert_eq!(fixture.order(), "site; all: first");
    assert!(
        fixture.state.groups[&north].archived && fixture.state.components[&c.expect("it is there")].archived
    );
    fixture.assert_stored();
    fixture.run(nested());
    assert_eq!(fixture.order(), "site; all: first, (north: a, b), second, (south: c)");
    assert!(!fixture.state.groups[&north].archived);
    assert_eq!((fixture.group_named("north"), &fixture.state.groups[&north].id), (north, &id));
    assert_eq!(fixture.state.groups.len(), 3);
    fixture.assert_stored();
}

#[test]
fn what_is_made_at_run_time_stands_in_groups_of_a_file_at_either_depth() {
    let mut fixture = Fixture::new();
    fixture.run(nested());
    let (all, north) = (fixture.group_named("all"), fixture.group_named("north"));
    let cards = fixture.component_made("Cards", Some(north));
    let wallets = fixture.component_made("Wallets", None);
    let made = fixture.inner_made("Made", all, &[wallets]);
    let order = "site; all: first, (north: a, b, Cards), second, (south: c), (Made: Wallets)";
    assert_eq!(fixture.order(), order);
    fixture.run(nested());
    assert_eq!(fixture.order(), order, "a reload leaves it alone");
    fixture.assert_stored();

    // Without the group that it stood in, it stands on the page itself; what was in it stays in it.
    fixture.run(file(vec![Group("north", vec![One("a")])]));
    assert_eq!(fixture.order(), "site; north: a, Cards; Made: Wallets");
    fixture.run(file(Vec::new()));
    assert_eq!(fixture.order(), "site; Cards; Made: Wallets");
    fixture.assert_stored();
    assert!(!fixture.state.groups[&made].archived && !fixture.state.components[&cards].archived);

    // A file that takes over the outer group and nests it leaves no third level.
    let outer = fixture.group_made("Outer", &[]);
    fixture.regroup(made, into(Some(outer)));
    assert_eq!(fixture.order(), "site; Cards; Outer: (Made: Wallets)");
    let key = fixture.state.groups[&outer].key.clone();
    fixture.run(file(vec![Group("all", vec![Group(&key, vec![One("a")])])]));
    assert_eq!(fixture.order(), format!("site; all: ({key}: a); Cards; Made: Wallets"));
    assert_eq!(fixture.state.groups[&outer].origin, Origin::File);
    fixture.assert_stored();
}

#[test]
fn groups_move_in_and_out_and_dissolve_where_they_stand() {
    let mut fixture = Fixture::new();
    let [a, b, c] = ["a", "b", "c"].map(|name| fixture.component_made(name, None));
    let outer = fixture.group_made("outer", &[a]);
    let part = fixture.inner_made("part", outer, &[b]);
    assert_eq!(fixture.order(), "site; c; outer: a, (part: b)");
    fixture.run(change(c, ComponentChange { group: Some(Some(outer)), ..ComponentChange::default() }));
    assert_eq!(fixture.order(), "site; outer: a, (part: b), c");
    fixture.assert_stored();

    let version = |fixture: &Fixture, key| fixture.state.version(&Subject::Group(key));
    let before = (version(&fixture, outer), version(&fixture, part));
    let components =
        |keys: &[ComponentKey]| GroupChange { components: Some(keys.to_vec()), ..GroupChange::default() };
    fixture.regroup(outer, components(&[c, a]));
    assert_eq!(fixture.order(), "site; outer: c, (part: b), a", "the group inside keeps its place");
    assert_ne!(version(&fixture, outer), before.0);
    assert_eq!(version(&fixture, part), before.1);
    fixture.regroup(outer, components(&[b]));
    assert_eq!(fixture.order(), "site; outer: b, (part: ); c; a", "b has left the group inside");
    fixture.regroup(part, components(&[a, b]));
    assert_eq!(fixture.order(), "site; outer: (part: a, b); c");
    fixture.regroup(part, components(&[a]));
    assert_eq!(fixture.order(), "site; outer: (part: a), b; c", "what leaves it stands behind it");
    fixture.regroup(part, GroupChange { position: Some(2), ..GroupChange::default() });
    assert_eq!(fixture.order(), "site; outer: b, (part: a); c");
    fixture.regroup(part, GroupChange { position: Some(2), ..into(None) });
    assert_eq!(fixture.order(), "site; part: a; outer: b; c");
    fixture.assert_stored();

    fixture.regroup(outer, into(Some(part)));
    assert_eq!(fixture.order(), "site; part: a, (outer: b); c");
    fixture.run(Command::ArchiveGroup { group: outer });
    assert_eq!(fixture.order(), "site; part: a, b; c");
    let inside = fixture.inner_made("inside", part, &[b]);
    fixture.run(Command::ArchiveGroup { group: part });
    assert_eq!(fixture.order(), "site; a; inside: b; c", "the group inside stays");
    fixture.run(Command::ArchiveComponent { component: b });
    assert_eq!(fixture.order(), "site; a; inside: ; c");
    assert!(!fixture.state.groups[&inside].archived);
    fixture.assert_stored();
}

#[test]
fn a_third_level_is_refused() {
    let mut fixture = Fixture::new();
    fixture.run(nested());
    let (all, north) = (fixture.group_named("all"), fixture.group_named("north"));
    let outer = fixture.group_made("outer", &[]);
    let part = fixture.inner_made("part", outer, &[]);
    let alone = fixture.group_made("alone", &[]);
    let moved = |group, to| Command::ChangeGroup { group, change: Box::new(into(Some(to))) };
    let table = [
        (inner("deep", north, &[]), "\"north\" stands in a group, and groups nest once"),
        (inner("deep", part, &[]), "\"part\" stands in a group, and groups nest once"),
        (moved(alone, part), "\"part\" stands in a group"),
        (moved(outer, all), "groups stand in this group, and groups nest once"),
        (moved(alone, alone), "a group cannot stand inside itself"),
    ];
    for (command, reason) in table {
        let refused = fixture.rejected(command.clone());
        assert_eq!((refused.kind, refused.field), (RejectedKind::Invalid, "group"), "{command:?}");
        assert!(refused.reason.contains(reason), "{refused}");
    }
    let refused = fixture.rejected(moved(alone, GroupKey(99)));
    assert_eq!((refused.kind, refused.field), (RejectedKind::NotFound, "group"));
    let of_file = fixture.rejected(moved(north, outer));
    assert_eq!((of_file.kind, of_file.field), (RejectedKind::Forbidden, "group"));
    let first = GroupChange { position: Some(1), ..into(Some(all)) };
    let refused = fixture.rejected(Command::ChangeGroup { group: alone, change: Box::new(first) });
    assert_eq!((refused.kind, refused.field), (RejectedKind::Forbidden, "position"), "the file's come first");
    assert_eq!(fixture.state.pages[&PAGE].items.len(), 4, "nothing changed");
}

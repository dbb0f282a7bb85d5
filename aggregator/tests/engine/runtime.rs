//! Random pages, groups and components that are made at run time, beside a file that is reloaded.

use crate::people::labels;
use crate::script::{CHECKS, Script, World, component, page_settings};
use jiff::tz::TimeZone;
use skerry_domain::holds::Source;
use skerry_domain::labels::Selector;
use skerry_domain::state::{
    ComponentKey, ComponentSettings, GroupKey, Origin, PageItem, PageKey, PageSettings, State,
};
use skerry_domain::status::Status;
use skerry_domain::step::{
    Command, ComponentChange, Configure, DesiredItem, DesiredLink, GroupChange, NewComponent, NewGroup,
    PageChange,
};
use std::collections::BTreeSet;

const NAMES: [&str; 3] = ["Shop", " padded ", ""];

impl World {
    /// What a client of REST does about pages.
    pub(crate) fn make(&self, script: &mut Script<'_>) -> Command {
        let page = PageKey(1 + script.below(3));
        let group = GroupKey(1 + script.below(4));
        let zone = TimeZone::UTC;
        match script.below(12) {
            0 => Command::CreatePage(Box::new(PageSettings {
                root: script.below(8) == 7,
                public: script.below(2) == 1,
                slug: script.pick(&["made", "other", "Wrong", "-"]).to_owned(),
                ..page_settings()
            })),
            1 => {
                let change = PageChange {
                    name: (script.below(2) == 1).then(|| script.pick(&NAMES).to_owned()),
                    public: script.pick(&[None, Some(true), Some(false)]),
                    ..PageChange::default()
                };
                Command::ChangePage { page, change: Box::new(change), zone }
            }
            2 => Command::ArchivePage { page },
            3 | 4 => Command::CreateGroup(Box::new(NewGroup {
                page,
                group: (script.below(3) == 2).then(|| GroupKey(1 + script.below(4))),
                name: script.pick(&NAMES).to_owned(),
                description: script.pick(&[None, Some("Our shop"), Some(" ")]).map(str::to_owned),
                components: self.several(script),
            })),
            5 => {
                let outer = GroupKey(1 + script.below(4));
                let change = GroupChange {
                    group: script.pick(&[None, None, Some(None), Some(Some(outer))]),
                    components: (script.below(2) == 1).then(|| self.several(script)),
                    position: script.pick(&[None, Some(0), Some(1), Some(3), Some(9)]),
                    ..GroupChange::default()
                };
                Command::ChangeGroup { group, change: Box::new(change) }
            }
            6 => Command::ArchiveGroup { group },
            7..=9 => {
                let new = NewComponent {
                    page: PageKey(1 + script.below(6) / 4),
                    group: (script.below(2) == 1).then_some(group),
                    settings: ComponentSettings {
                        start_date: script
                            .pick(&[None, Some("2026-09-01"), Some("2027-01-01")])
                            .map(|date| date.parse().expect("a date")),
                        selector: Selector::new(labels(script), false),
                        ..component("made", Vec::new()).settings
                    },
                    links: links(script),
                    held: script.pick(&[None, Some((Source::Rest, Status::PartialOutage))]),
                };
                Command::CreateComponent { new: Box::new(new), zone }
            }
            10 => {
                let change = ComponentChange {
                    name: (script.below(3) == 2).then(|| script.pick(&NAMES).to_owned()),
                    group: script.pick(&[None, Some(None), Some(Some(group))]),
                    position: script.pick(&[None, Some(1), Some(2), Some(9)]),
                    links: (script.below(2) == 1).then(|| links(script)),
                    selector: (script.below(3) == 2).then(|| Selector::new(labels(script), false)),
                    ..ComponentChange::default()
                };
                Command::ChangeComponent { component: self.any(script), change: Box::new(change), zone }
            }
            _ => Command::ArchiveComponent { component: self.any(script) },
        }
    }

    fn any(&self, script: &mut Script<'_>) -> ComponentKey {
        ComponentKey(self.state.counters.components - script.below(6))
    }

    fn several(&self, script: &mut Script<'_>) -> Vec<ComponentKey> {
        (0..script.below(3)).map(|_| self.any(script)).collect()
    }

    /// Sometimes the file declares what was made at run time.
    pub(crate) fn take_over(&self, script: &mut Script<'_>, mut configure: Configure) -> Configure {
        let made = self.state.components.get(&self.any(script)).filter(|_| script.below(4) == 3);
        let on_page = made.filter(|one| {
            one.origin == Origin::Runtime && self.state.pages[&one.page].key == configure.pages[0].key
        });
        if let Some(made) = on_page {
            configure.pages[0].items.push(DesiredItem::Component(component(&made.key, Vec::new())));
        }
        configure
    }
}

fn links(script: &mut Script<'_>) -> Vec<DesiredLink> {
    let link = |check: &str| DesiredLink { check: check.to_owned(), minor: false };
    (0..script.below(3)).map(|_| link(script.pick(&CHECKS))).collect()
}

fn is_made(state: &State, item: &PageItem) -> bool {
    match item {
        PageItem::Component(key) => state.components[key].origin == Origin::Runtime,
        PageItem::Group(key, _) => state.groups[key].origin == Origin::Runtime,
    }
}

/// Every row stands on its page once, those of the file first, nothing of the file stands below what was made at run
/// time, and groups nest once.
pub(crate) fn ordered(state: &State) -> Result<(), String> {
    let mut standing: BTreeSet<ComponentKey> = BTreeSet::new();
    let mut groups: BTreeSet<GroupKey> = BTreeSet::new();
    let is_made = |item: &PageItem| is_made(state, item);
    for (key, page) in state.pages.iter() {
        if !page.items.is_sorted_by_key(is_made) {
            return Err(format!("page {key:?} has rows of the file behind others: {:?}", page.items));
        }
        let nested = |group: GroupKey| page.place_of_group(group).is_some_and(|row| row.group.is_some());
        for row in page.placed() {
            let (fresh, of) = match row.item {
                PageItem::Component(one) => (standing.insert(*one), state.components[one].page),
                PageItem::Group(one, _) => (groups.insert(*one), state.groups[one].page),
            };
            if !fresh || of != *key {
                return Err(format!("{row:?} stands twice or on a foreign page"));
            }
            let PageItem::Group(group, rows) = row.item else { continue };
            let origin = state.groups[group].origin;
            if !rows.is_sorted_by_key(is_made) || origin == Origin::Runtime && !rows.iter().all(is_made) {
                return Err(format!("{group:?} of {origin:?} has {rows:?}"));
            }
            if row.group.is_some_and(nested) {
                return Err(format!("{group:?} stands two groups deep"));
            }
        }
    }
    // Rows of an archived page stay as they were.
    let lives = |page: &PageKey| !state.pages[page].archived;
    let lost =
        state.components.iter().find(|(key, one)| lives(&one.page) && one.archived == standing.contains(key));
    if let Some((key, one)) = lost {
        return Err(format!("{key:?} is archived: {}, and yet it stands or does not: {one:?}", one.archived));
    }
    let lost =
        state.groups.iter().find(|(key, one)| lives(&one.page) && one.archived == groups.contains(key));
    lost.map_or(Ok(()), |(key, one)| Err(format!("{key:?} stands or does not: {one:?}")))
}

/// What a reload leaves alone: what was made at run time, its settings and its order.
pub(crate) fn kept(before: &State, after: &State) -> Result<(), String> {
    for (key, page) in before.pages.iter().filter(|(_, one)| one.origin == Origin::Runtime) {
        let now = &after.pages[key];
        if now.origin == Origin::Runtime && now != page {
            return Err(format!("{page:?} became {now:?}"));
        }
    }
    for (key, one) in before.components.iter().filter(|(_, one)| one.origin == Origin::Runtime) {
        let now = &after.components[key];
        if (&now.id, now.created_at, &now.key) != (&one.id, one.created_at, &one.key) {
            return Err(format!("{one:?} is another: {now:?}"));
        }
        let same = (&now.settings, now.archived, &now.links) == (&one.settings, one.archived, &one.links);
        if now.origin == Origin::Runtime && !same {
            return Err(format!("{one:?} became {now:?}"));
        }
    }
    for (key, page) in before.pages.iter() {
        let (former, present) = (made_rows(after, &page.items), made_rows(after, &after.pages[key].items));
        let stays: Vec<_> = present.iter().filter(|row| former.contains(row)).collect();
        if stays != former.iter().collect::<Vec<_>>() {
            return Err(format!("the rows {former:?} of {key:?} became {present:?}"));
        }
    }
    Ok(())
}

/// The rows of a page itself that were made at run time, in order, without what stands in them.
fn made_rows(state: &State, items: &[PageItem]) -> Vec<PageItem> {
    let rows = items.iter().filter(|item| is_made(state, item));
    let alone = |item: &PageItem| match item {
        PageItem::Component(key) => PageItem::Component(*key),
        PageItem::Group(key, _) => PageItem::Group(*key, Vec::new()),
    };
    rows.map(alone).collect()
}

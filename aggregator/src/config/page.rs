//! Reads pages with their groups and components, in the order of the file, and lists them.

use skerry_domain::branding::Branding;
use skerry_domain::labels::Selector;
use skerry_protocol::check::read_labels;
use skerry_protocol::strict::{Entry, Item, Position, Table, refuse};
use skerry_publish::Language;

use super::{Component, Group, Link, Page, UptimeRule, audience, values};

/// The labels that choose the checks of a component.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelSelector {
    /// The labels and the weight.
    pub selector: Selector,
    /// The position in the file.
    pub declared_at: Position,
}

const DEFAULT_PARTIAL_PERCENT: u32 = 30;
const DEFAULT_MAJOR_PERCENT: u32 = 100;
/// Groups nest once.
const DEEPEST: usize = 2;

impl Page {
    /// All rows in the order of the file, each group before those inside it.
    #[must_use]
    pub fn rows(&self) -> Vec<&super::Item> {
        let mut all = Vec::new();
        collect(&self.items, &mut all);
        all
    }

    /// All groups, in the order of the file.
    pub fn groups(&self) -> impl Iterator<Item = &Group> {
        self.rows().into_iter().filter_map(|item| match item {
            super::Item::Group(group) => Some(group),
            super::Item::Component(_) => None,
        })
    }

    /// All components, in the order of the file.
    pub fn components(&self) -> impl Iterator<Item = &Component> {
        self.rows().into_iter().filter_map(|item| match item {
            super::Item::Group(_) => None,
            super::Item::Component(component) => Some(component),
        })
    }
}

fn collect<'a>(items: &'a [super::Item], all: &mut Vec<&'a super::Item>) {
    for item in items {
        all.push(item);
        if let super::Item::Group(group) = item {
            collect(&group.items, all);
        }
    }
}

pub(super) fn page(table: &Table<'_>, branding: Branding) -> Option<Page> {
    let key = name(table.string("key"), 63).required("key = \"main\"");
    let slug = name(table.string("slug"), 63).convert(|slug| values::unreserved_slug(&slug));
    let slug = if table.has("slug") { slug.optional() } else { default_slug(table, key.as_deref()) };
    let name = table.string("name").at_most(100).convert(values::visible_name).required("name = \"Example\"");
    let (public, audience) = audience::audience(table);
    let listed = table.boolean("listed").or(false);
    if listed && audience.is_some() {
        let wrong = "listed = true has no effect with an audience: the list shows public pages alone";
        table.warn("listed", wrong, "Remove it.");
    }
    let (uptime_rule, partial_percent, major_percent) = uptime_rule(table);
    Some(Page {
        public,
        audience,
        external_url: audience::external_url(table.string("address")).optional(),
        noindex: table.boolean("noindex").or(false),
        listed,
        root: false,
        time_zone: table
            .string("time_zone")
            .convert(|text| values::time_zone(&text))
            .or("Etc/UTC".to_owned()),
        domain: host(table.string("domain"), "status.example.com").optional(),
        support_url: table.string("support_url").convert(|text| values::support_url(&text)).optional(),
        privacy_url: table.string("privacy_url").convert(|text| values::web_url(&text)).optional(),
        frame_ancestors: table
            .list("frame_ancestors")
            .unwrap_or_default()
            .iter()
            .filter_map(frame_ancestor)
            .collect(),
        language: table
            .choice("language", &Language::ALL.map(|one| (one.tag(), one)))
            .or(Language::default())
            .tag()
            .to_owned(),
        branding,
        uptime_rule,
        partial_percent,
        major_percent,
        items: items(table, 0),
        declared_at: table.position(),
        key: key?,
        slug: slug?,
        name: name?,
    })
}

/// The key, unless it is reserved as a slug.
fn default_slug(table: &Table<'_>, key: Option<&str>) -> Option<String> {
    let key = key?;
    if values::is_reserved(key) {
        let wrong = format!("slug is missing, and the key \"{key}\" is reserved there");
        table.refuse("key", wrong, format!("Add a slug, such as slug = \"{key}-status\"."));
        return None;
    }
    Some(key.to_owned())
}

/// Lower-case letters, digits and hyphens between them, as URLs and host names allow.
pub(super) fn name(entry: Entry<'_, String>, max_length: usize) -> Entry<'_, String> {
    entry.at_most(max_length).convert(|name| values::label(&name))
}

/// A host name without scheme, port and path, in lower case.
pub(super) fn host<'t>(entry: Entry<'t, String>, example: &'static str) -> Entry<'t, String> {
    entry.convert(move |text| values::host_name(&text, example))
}

fn frame_ancestor(item: &Item<'_>) -> Option<String> {
    match values::frame_ancestor(&item.string()?) {
        Ok(source) => Some(source),
        Err(refusal) => item.refuse(&refusal.wrong, &refusal.remedy),
    }
}

fn uptime_rule(table: &Table<'_>) -> (UptimeRule, u32, u32) {
    let rules = [("observed", UptimeRule::Observed), ("statuspage", UptimeRule::Statuspage)];
    let rule = table.choice("uptime_rule", &rules).or(UptimeRule::Observed);
    let partial = percent(table.number("partial_weight")).or(DEFAULT_PARTIAL_PERCENT);
    let major = percent(table.number("major_weight")).or(DEFAULT_MAJOR_PERCENT);
    if rule == UptimeRule::Statuspage {
        for key in ["partial_weight", "major_weight"].into_iter().filter(|key| table.has(key)) {
            let wrong =
                format!("{key} has no effect with uptime_rule = \"statuspage\", whose weights are fixed");
            table.refuse(key, wrong, "Remove one of the two.");
        }
    } else if partial > major {
        let key = if table.has("partial_weight") { "partial_weight" } else { "major_weight" };
        let wrong = "partial_weight must not be above major_weight";
        table.refuse(key, wrong, "A partial outage cannot count more than a major one: swap or change them.");
    }
    (rule, partial, major)
}

fn percent(entry: Entry<'_, f64>) -> Entry<'_, u32> {
    entry.convert(|weight| {
        let percent = (weight * 100.0).round();
        let whole = (weight * 100.0 - percent).abs() < 1e-9;
        if (0.0..=100.0).contains(&percent) && whole {
            return Ok(percent as u32);
        }
        refuse(format!("must be from 0 to 1 with at most two decimals; it is {weight}"), "0.3 counts 30 %.")
    })
}

/// The rows of a page or of a group that stands in `depth` tables of a page.
fn items(table: &Table<'_>, depth: usize) -> Vec<super::Item> {
    let groups = groups(table, depth);
    let components = table.tables("component", &["key", "name"]);
    let groups = groups
        .iter()
        .filter_map(|table| Some((table.offset(), super::Item::Group(group(table, depth + 1)?))));
    let components = components
        .iter()
        .filter_map(|table| Some((table.offset(), super::Item::Component(component(table)?))));
    // TOML has two separate lists; the order over both is that of the text.
    let mut items: Vec<_> = groups.chain(components).collect();
    items.sort_by_key(|(offset, _)| *offset);
    items.into_iter().map(|(_, item)| item).collect()
}

/// The tables of groups; a group inside a group has none.
fn groups<'t>(table: &Table<'t>, depth: usize) -> Vec<Table<'t>> {
    if depth < DEEPEST {
        return table.tables("group", &["key", "name"]);
    }
    let wrong = "group: groups nest once, and this one stands in a group already";
    let remedy =
        "Move it up: [[page.group.group]] is a group inside a group, [[page.group]] one on the page.";
    table.misplaced("group", wrong, remedy);
    Vec::new()
}

fn group(table: &Table<'_>, depth: usize) -> Option<Group> {
    let key = name(table.string("key"), 63).required("key = \"website\"");
    let label =
        table.string("name").at_most(100).convert(values::visible_name).required("name = \"Website\"");
    let description = table.string("description").at_most(1_000).optional();
    let items = items(table, depth);
    Some(Group { key: key?, name: label?, description, items, declared_at: table.position() })
}

fn component(table: &Table<'_>) -> Option<Component> {
    let key = name(table.string("key"), 63).required("key = \"website\"");
    let label =
        table.string("name").at_most(100).convert(values::visible_name).required("name = \"Website\"");
    let (links, selector) = checks(table);
    let manual = table.boolean("manual").or(false);
    if manual && (!links.is_empty() || selector.is_some()) {
        let wrong = "people set its status (manual) or checks do, not both";
        table.refuse("manual", wrong, "Remove one of the two.");
    }
    Some(Component {
        description: table.string("description").at_most(1_000).optional(),
        public: table.boolean("public").or(true),
        links,
        selector,
        manual,
        start_date: start_date(table.date("start_date")).optional(),
        response_time: table.boolean("response_time").or(false),
        showcase: table.boolean("showcase").or(true),
        only_show_if_degraded: table.boolean("only_show_if_degraded").or(false),
        declared_at: table.position(),
        key: key?,
        name: label?,
    })
}

fn start_date(entry: Entry<'_, String>) -> Entry<'_, jiff::civil::Date> {
    entry.convert(|text| match text.parse() {
        Ok(date) => Ok(date),
        Err(_) => refuse(format!("is not a valid date: \"{text}\""), "Write it such as 2026-01-31."),
    })
}

/// Checks by name, or the labels that choose them.
fn checks(table: &Table<'_>) -> (Vec<Link>, Option<LabelSelector>) {
    match table.item("checks") {
        Some(item) if item.is_table() => (Vec::new(), selector(&item)),
        Some(item) if !item.is_list() => {
            item.refuse_type::<()>(
                "a list such as [\"website\"] or a table such as { labels = { team = \"web\" } }",
            );
            (Vec::new(), None)
        }
        _ => (links(table), None),
    }
}

fn selector(item: &Item<'_>) -> Option<LabelSelector> {
    const EXAMPLE: &str = "{ team = \"web\" }";
    let declared_at = item.position();
    let table = item.inline_table(&format!("{{ labels = {EXAMPLE} }}"))?;
    if table.has("name") && !table.has("labels") {
        table.leave_the_rest();
        let remedy = "Write checks = [{ name = \"website\" }].";
        table.refuse("name", "a check is named in a list; a table chooses checks by labels", remedy);
        return None;
    }
    let minor = weight(&table);
    let Some(labels) = table.item("labels") else {
        let remedy = format!("Add labels = {EXAMPLE}, or name checks in a list: checks = [\"website\"].");
        table.refuse("labels", "labels is missing", remedy);
        return None;
    };
    let written = labels.inline_table(EXAMPLE)?;
    let (empty, labels) = (written.entries().is_empty(), read_labels(&written));
    if empty {
        let remedy = format!("Name those that a check must have: labels = {EXAMPLE}.");
        table.refuse("labels", "labels is empty, so every check would be chosen", remedy);
    }
    Selector::new(labels, minor).map(|selector| LabelSelector { selector, declared_at })
}

fn links(table: &Table<'_>) -> Vec<Link> {
    let mut links: Vec<Link> = Vec::new();
    for item in table.list("checks").unwrap_or_default() {
        let Some(link) = link(&item) else { continue };
        if links.iter().any(|other| other.check == link.check) {
            let _: Option<()> = item.refuse(&format!("names check \"{}\" again", link.check), "Remove one.");
        }
        links.push(link);
    }
    links
}

fn link(item: &Item<'_>) -> Option<Link> {
    let declared_at = item.position();
    if item.as_str().is_some() {
        return Some(Link { check: item.string()?, minor: false, declared_at });
    }
    if !item.is_table() {
        return item.refuse_type("the name of a check, or { name = \"page\", weight = \"minor\" }");
    }
    let table = item.inline_table("{ name = \"page\", weight = \"minor\" }")?;
    if table.has("labels") {
        let remedy = "Write checks = { labels = { … } }.";
        table.misplaced("labels", "labels choose checks in a table, not in a list", remedy);
        table.leave_the_rest();
        return None;
    }
    let check = table.string("name").required("name = \"page\"");
    let minor = weight(&table);
    Some(Link { check: check?, minor, declared_at })
}

/// Whether an outage only degrades the component.
fn weight(table: &Table<'_>) -> bool {
    table.choice("weight", &[("major", false), ("minor", true)]).or(false)
}

//! Reads pages with their groups and components, in the order of the file.

use skerry_domain::branding::Branding;
use skerry_protocol::strict::{Entry, Item, Table, refuse};

use super::{Component, Group, Link, Page, UptimeRule, audience, values};

const DEFAULT_PARTIAL_PERCENT: u32 = 30;
const DEFAULT_MAJOR_PERCENT: u32 = 100;

pub(super) fn page(table: &Table<'_>, branding: Branding) -> Option<Page> {
    let key = name(table.string("key"), 63).required("key = \"main\"");
    let slug = name(table.string("slug"), 63).convert(|slug| values::unreserved_slug(&slug));
    let slug = if table.has("slug") { slug.optional() } else { default_slug(table, key.as_deref()) };
    let name = table.string("name").at_most(100).convert(values::visible_name).required("name = \"Example\"");
    let (public, audience) = audience::audience(table);
    let (uptime_rule, partial_percent, major_percent) = uptime_rule(table);
    Some(Page {
        public,
        audience,
        external_url: audience::external_url(table.string("address")).optional(),
        noindex: table.boolean("noindex").or(false),
        listed: table.boolean("listed").or(false),
        root: false,
        time_zone: table
            .string("time_zone")
            .convert(|text| values::time_zone(&text))
            .or("Etc/UTC".to_owned()),
        domain: host(table.string("domain"), "status.example.com").optional(),
        support_url: table.string("support_url").convert(|text| values::support_url(&text)).optional(),
        frame_ancestors: table
            .list("frame_ancestors")
            .unwrap_or_default()
            .iter()
            .filter_map(frame_ancestor)
            .collect(),
        language: table.string("language").convert(|text| values::language(&text)).or("en".to_owned()),
        branding,
        uptime_rule,
        partial_percent,
        major_percent,
        items: items(table),
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

fn items(table: &Table<'_>) -> Vec<super::Item> {
    let groups = table.tables("group", &["key", "name"]);
    let components = table.tables("component", &["key", "name"]);
    let groups = groups.iter().filter_map(|table| Some((table.offset(), super::Item::Group(group(table)?))));
    let components = components
        .iter()
        .filter_map(|table| Some((table.offset(), super::Item::Component(component(table)?))));
    // TOML has two separate lists; the order over both is that of the text.
    let mut items: Vec<_> = groups.chain(components).collect();
    items.sort_by_key(|(offset, _)| *offset);
    items.into_iter().map(|(_, item)| item).collect()
}

fn group(table: &Table<'_>) -> Option<Group> {
    let key = name(table.string("key"), 63).required("key = \"website\"");
    let label =
        table.string("name").at_most(100).convert(values::visible_name).required("name = \"Website\"");
    let description = table.string("description").at_most(1_000).optional();
    let components = table.tables("component", &["key", "name"]).iter().filter_map(component).collect();
    Some(Group { key: key?, name: label?, description, components, declared_at: table.position() })
}

fn component(table: &Table<'_>) -> Option<Component> {
    let key = name(table.string("key"), 63).required("key = \"website\"");
    let label =
        table.string("name").at_most(100).convert(values::visible_name).required("name = \"Website\"");
    let links = links(table);
    let manual = table.boolean("manual").or(false);
    if manual && !links.is_empty() {
        let wrong = "people set its status (manual) or checks do, not both";
        table.refuse("manual", wrong, "Remove one of the two.");
    }
    Some(Component {
        description: table.string("description").at_most(1_000).optional(),
        public: table.boolean("public").or(true),
        links,
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
    let check = table.string("name").required("name = \"page\"");
    let minor = table.choice("weight", &[("major", false), ("minor", true)]).or(false);
    Some(Link { check: check?, minor, declared_at })
}

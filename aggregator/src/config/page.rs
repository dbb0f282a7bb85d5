//! Reads pages with their groups and components, in the order of the file.

use skerry_protocol::strict::{Entry, Item, Table, nearest, refuse};
use url::Url;

use super::{Component, Group, Link, Page, UptimeRule};

const DEFAULT_PARTIAL_PERCENT: u32 = 30;
const DEFAULT_MAJOR_PERCENT: u32 = 100;

/// Slugs that are reserved, since they may be host names below a base domain.
const RESERVED_SLUGS: [&str; 12] = [
    "admin",
    "agent",
    "agents",
    "api",
    "assets",
    "cdn",
    "heartbeat",
    "hooks",
    "mail",
    "metrics",
    "static",
    "www",
];

pub(super) fn page(table: &Table<'_>) -> Option<Page> {
    let key = name(table.string("key"), 63).required("key = \"main\"");
    let slug = name(table.string("slug"), 63).convert(|slug| {
        if RESERVED_SLUGS.contains(&slug.as_str()) {
            return refuse(
                format!("\"{slug}\" is reserved"),
                format!("Choose another, such as \"{slug}-status\"."),
            );
        }
        Ok(slug)
    });
    let slug = if table.has("slug") { slug.optional() } else { default_slug(table, key.as_deref()) };
    let name = table.string("name").at_most(100).required("name = \"Example\"");
    let (uptime_rule, partial_percent, major_percent) = uptime_rule(table);
    Some(Page {
        public: table.boolean("public").or(false),
        listed: table.boolean("listed").or(false),
        root: false,
        time_zone: time_zone(table.string("time_zone")).or("Etc/UTC".to_owned()),
        domain: host(table.string("domain"), "status.example.com").optional(),
        support_url: support_url(table.string("support_url")).optional(),
        frame_ancestors: table
            .list("frame_ancestors")
            .unwrap_or_default()
            .iter()
            .filter_map(frame_ancestor)
            .collect(),
        language: language(table.string("language")).or("en".to_owned()),
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
    if RESERVED_SLUGS.contains(&key) {
        let wrong = format!("slug is missing, and the key \"{key}\" is reserved there");
        table.refuse("key", wrong, format!("Add a slug, such as slug = \"{key}-status\"."));
        return None;
    }
    Some(key.to_owned())
}

/// Lower-case letters, digits and single hyphens, as URLs and host names allow.
pub(super) fn name(entry: Entry<'_, String>, max_length: usize) -> Entry<'_, String> {
    entry.at_most(max_length).convert(|name| {
        let letters = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if name.chars().all(letters) && !name.starts_with('-') && !name.ends_with('-') {
            return Ok(name);
        }
        let corrected: String = name
            .to_lowercase()
            .chars()
            .map(|c| if letters(c) { c } else { '-' })
            .collect::<String>()
            .split('-')
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join("-");
        let remedy = if corrected.is_empty() {
            "Write it such as \"main\".".to_owned()
        } else {
            format!("Write \"{corrected}\".")
        };
        refuse(
            format!("may hold lower-case letters, digits and hyphens between them; it is \"{name}\""),
            remedy,
        )
    })
}

/// A host name without scheme, port and path, in lower case.
pub(super) fn host<'t>(entry: Entry<'t, String>, example: &'static str) -> Entry<'t, String> {
    entry.convert(move |text| {
        let remedy = |host: &str| format!("Write \"{host}\".");
        if text.contains("://") || text.contains('/') {
            let with_scheme = if text.contains("://") { text.clone() } else { format!("http://{text}") };
            let parsed = Url::parse(&with_scheme).ok();
            let found = parsed.as_ref().and_then(Url::host_str).unwrap_or(example);
            return refuse(format!("must be a host name, not a URL; it is \"{text}\""), remedy(found));
        }
        if let Some((host, _)) = text.split_once(':') {
            return refuse(format!("must be a host name without a port; it is \"{text}\""), remedy(host));
        }
        match url::Host::parse(&text) {
            Ok(url::Host::Domain(host)) if is_host_name(&host) => {
                Ok(host.trim_end_matches('.').to_lowercase())
            }
            Ok(url::Host::Ipv4(_) | url::Host::Ipv6(_)) => {
                refuse(format!("must be a host name, not an address; it is \"{text}\""), remedy(example))
            }
            Ok(url::Host::Domain(_)) | Err(_) => refuse(
                format!("is not a valid host name: \"{text}\""),
                format!("Use letters, digits, hyphens and dots, such as \"{example}\"."),
            ),
        }
    })
}

fn is_host_name(host: &str) -> bool {
    let labels = host.strip_suffix('.').unwrap_or(host).split('.');
    let letter = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
    host.len() <= 253
        && labels.into_iter().all(|label| {
            (1..=63).contains(&label.len())
                && label.bytes().all(letter)
                && !label.starts_with('-')
                && !label.ends_with('-')
        })
}

fn time_zone(entry: Entry<'_, String>) -> Entry<'_, String> {
    entry.convert(|text| {
        let database = jiff::tz::db();
        if let Ok(zone) = database.get(&text) {
            return Ok(zone.iana_name().unwrap_or(&text).to_owned());
        }
        let names: Vec<String> = database.available().map(|name| name.to_string()).collect();
        let remedy = match (has_offset(&text), nearest_zone(&text, &names)) {
            (true, _) => {
                "Name a place, such as \"Europe/Athens\", which knows daylight saving; names such as \"Etc/GMT-2\" have the \
                 sign turned: that is two hours ahead of UTC."
                    .to_owned()
            }
            (false, Some(near)) => format!("Did you mean \"{near}\"?"),
            (false, None) => "Use an IANA name such as \"Europe/Vienna\" or \"Etc/UTC\".".to_owned(),
        };
        refuse(format!("is not a known time zone: \"{text}\""), remedy)
    })
}

/// Whether the text has an offset from UTC with a sign, as in "GMT+2" or "+02:00". Names of zones have the opposite sign,
/// so none of them may be suggested.
fn has_offset(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.windows(2).any(|pair| matches!(pair[0], b'+' | b'-') && pair[1].is_ascii_digit())
        || text.contains('\u{2212}')
}

/// Compares the city first: people get the region wrong or leave it out.
fn nearest_zone<'a>(text: &str, names: &'a [String]) -> Option<&'a str> {
    let city_of = |name: &'a str| name.rsplit('/').next().unwrap_or(name);
    let wanted = text.rsplit('/').next().unwrap_or(text).replace(' ', "_");
    let city = nearest(&wanted, names.iter().map(|name| city_of(name)))?;
    let region = text.split('/').next().unwrap_or(text);
    let mut there = names.iter().map(String::as_str).filter(|name| city_of(name) == city).peekable();
    let first = there.peek().copied();
    there.find(|name| name.starts_with(region)).or(first)
}

/// A source of `frame-ancestors`: every site, this one, or an origin whose first label may be `*`.
fn frame_ancestor(item: &Item<'_>) -> Option<String> {
    let text = item.string()?;
    match text.as_str() {
        "*" => return Some(text),
        "self" | "'self'" => return Some("'self'".to_owned()),
        _ => {}
    }
    let parsed = Url::parse(&text.replacen("://*.", "://any.", 1)).ok();
    let origin = parsed.filter(|url| {
        let bare = matches!(url.path(), "" | "/") && url.query().is_none() && url.fragment().is_none();
        matches!(url.scheme(), "http" | "https")
            && bare
            && url.username().is_empty()
            && url.password().is_none()
            // A policy allows less than a URL: `;` begins the next directive, `,` the next header.
            && url.host_str().is_some_and(|host| {
                host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_*:[]".contains(&byte))
            })
    });
    match origin {
        Some(origin) => {
            let origin = origin.origin().ascii_serialization();
            let any = text.contains("://*.");
            Some(if any { origin.replacen("://any.", "://*.", 1) } else { origin })
        }
        None => item.refuse(
            &format!("must be \"*\", \"self\" or an origin; it is \"{text}\""),
            "Write scheme and host only, such as \"https://intranet.example.com\".",
        ),
    }
}

fn support_url(entry: Entry<'_, String>) -> Entry<'_, String> {
    entry.convert(|text| match Url::parse(&text) {
        Ok(url) if url.password().is_some() || !url.username().is_empty() => refuse(
            "holds credentials, and it is shown to everybody".to_owned(),
            "Write it without them, such as \"https://example.com/help\".",
        ),
        Ok(url) if matches!(url.scheme(), "http" | "https" | "mailto") => Ok(url.to_string()),
        _ => refuse(
            format!("must be an http, https or mailto address; it is \"{text}\""),
            "Write it such as \"https://example.com/help\" or \"mailto:help@example.com\".",
        ),
    })
}

fn language(entry: Entry<'_, String>) -> Entry<'_, String> {
    entry.convert(|text| {
        let part =
            |part: &str| (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric());
        let first = text.split('-').next().unwrap_or_default();
        let alphabetic = first.bytes().all(|b| b.is_ascii_alphabetic());
        if (2..=3).contains(&first.len()) && alphabetic && text.split('-').all(part) {
            return Ok(text);
        }
        refuse(
            format!("is not a valid language tag: \"{text}\""),
            "Write it such as \"en\" or \"de-AT\" (BCP 47).",
        )
    })
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
    let label = table.string("name").at_most(100).required("name = \"Website\"");
    let description = table.string("description").at_most(1_000).optional();
    let components = table.tables("component", &["key", "name"]).iter().filter_map(component).collect();
    Some(Group { key: key?, name: label?, description, components, declared_at: table.position() })
}

fn component(table: &Table<'_>) -> Option<Component> {
    let key = name(table.string("key"), 63).required("key = \"website\"");
    let label = table.string("name").at_most(100).required("name = \"Website\"");
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

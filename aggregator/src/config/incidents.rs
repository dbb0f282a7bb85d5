//! Reads what happens to incidents by itself, and what texts for the public must not contain.

use std::time::Duration;

use skerry_domain::text::SanitiserSettings;
use skerry_protocol::check::Severity;
use skerry_protocol::strict::{Item, Table};
use skerry_sanitiser::{Rules, SettingError, Settings};

use super::{Incidents, Sanitiser};
use crate::texts::settings;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(86_400);

/// What the file says without the section.
const DEFAULT: Incidents = Incidents {
    draft_from: Some(Severity::High),
    publish_from: None,
    resolve_after: Duration::from_secs(120),
    remind_after: Duration::from_secs(1_800),
};

pub(super) fn incidents(root: &Table<'_>) -> Incidents {
    let Some(table) = root.table("incidents") else { return DEFAULT };
    let choices = [
        ("low", Some(Severity::Low)),
        ("medium", Some(Severity::Medium)),
        ("high", Some(Severity::High)),
        ("critical", Some(Severity::Critical)),
        ("never", None),
    ];
    let draft_from = table.choice("draft_from", &choices).or(DEFAULT.draft_from);
    let publish_from = table.choice("publish_from", &choices).or(DEFAULT.publish_from);
    let is_drafted = |least| draft_from.is_some_and(|draft| draft <= least);
    if publish_from.is_some_and(|least| !is_drafted(least)) {
        let draft = draft_from.map_or("never", Severity::name);
        let wrong = format!("publish_from is below draft_from, which is \"{draft}\"");
        let remedy =
            "An incident is published only where one is made: raise publish_from, or lower draft_from.";
        table.refuse("publish_from", wrong, remedy);
    }
    Incidents {
        draft_from,
        publish_from,
        resolve_after: table.duration("resolve_after").between(SECOND, DAY).or(DEFAULT.resolve_after),
        remind_after: table.duration("remind_after").between(MINUTE, 30 * DAY).or(DEFAULT.remind_after),
    }
}

pub(super) fn sanitiser(root: &Table<'_>) -> Sanitiser {
    let Some(table) = root.table("sanitiser") else { return Sanitiser::default() };
    let private_suffixes = table.strings("private_suffixes");
    let secret_patterns = table.strings("secret_patterns");
    let own = SanitiserSettings {
        private_suffixes: Some(private_suffixes.clone()),
        secret_patterns: Some(secret_patterns.clone()),
    };
    for error in Rules::new(&settings(&own)).err().unwrap_or_default() {
        refuse(&table, &error);
    }
    Sanitiser { private_suffixes, secret_patterns }
}

/// Refuses the entry that is at fault. If an entry is no string, which is already reported, places are not known.
fn refuse(table: &Table<'_>, error: &SettingError) {
    let defaults = Settings::default();
    let (key, before) = match error.key {
        "private_suffixes" => ("private_suffixes", defaults.private_suffixes.len()),
        _ => ("secret_patterns", defaults.secret_patterns.len()),
    };
    let items = table.item(key).filter(Item::is_list).and_then(|item| item.list()).unwrap_or_default();
    if items.iter().any(|item| item.as_str().is_none_or(|text| text.trim() != text || text.is_empty())) {
        return;
    }
    // All patterns together may be too large; then no single entry is at fault.
    let Some(item) = error.index.checked_sub(before).and_then(|index| items.get(index)) else {
        table.refuse(key, format!("{key} is too long: {}", last_line(&error.wrong)), "Shorten it.");
        return;
    };
    let written = item.as_str().unwrap_or_default();
    if key == "private_suffixes" {
        item.refuse::<()>(
            &format!("is no ending of host names: \"{written}\""),
            "Write it such as \".internal\".",
        );
    } else if error.wrong.starts_with(&format!("{written} matches")) {
        item.refuse::<()>(
            &format!("matches where there is nothing: \"{written}\""),
            "Let it match at least one character.",
        );
    } else {
        item.refuse::<()>(
            &format!("is not a valid regular expression: {}", last_line(&error.wrong)),
            "See https://docs.rs/regex#syntax; in single quotes TOML leaves backslashes as they are.",
        );
    }
}

/// The last line of a message of the regex library says what is wrong.
fn last_line(message: &str) -> &str {
    message.lines().last().unwrap_or_default().trim_start_matches("error: ").trim_end_matches('.')
}

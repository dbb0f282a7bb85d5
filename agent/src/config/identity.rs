//! `[agent]` and `[aggregator]`: the agent's identity and its aggregator, from the file or from the
//! enrolment.

use std::path::PathBuf;

use skerry_protocol::strict::{Entry, Item, Refusal, Table, http_url, is_loopback, refuse};
use url::Url;

use crate::delivery::trust::{Fingerprint, read_fingerprint};
use crate::enrolment::Enrolment;

use super::{AgentSection, UplinkSection};
use skerry_host::files::{warn_about_file, warn_about_secret_file};

const DEFAULT_SPOOL: &str = "/var/lib/skerry-agent/spool.db";
const DEFAULT_MAX_IN_FLIGHT: u64 = 2_000;

/// Reads both sections. With a `url` in the file the file decides; without one, `assumed` or the enrolment
/// kept beside the token does.
pub(super) fn identity(
    root: &Table<'_>,
    assumed: Option<&Enrolment>,
) -> (Option<AgentSection>, Option<UplinkSection>) {
    let (agent_table, uplink_table) = (root.table("agent"), root.table("aggregator"));
    let spool = agent_table.as_ref().map(|table| table.path("spool").or(PathBuf::from(DEFAULT_SPOOL)));
    let spool = spool.unwrap_or_else(|| PathBuf::from(DEFAULT_SPOOL));
    let token_file = uplink_table.as_ref().and_then(|table| table.path("token_file").optional());
    let by_hand = uplink_table.as_ref().is_some_and(|table| table.has("url"));
    let kept_in = token_file.clone().unwrap_or_else(|| spool.with_file_name("token"));
    let enrolment = match assumed {
        _ if by_hand => Enrolment::default(),
        Some(enrolment) => enrolment.clone(),
        None => Enrolment::read(&kept_in).unwrap_or_else(|error| {
            root.refuse("aggregator", format!("{error:#}"), "Run skerry-agent enroll with a new token.");
            Enrolment::default()
        }),
    };
    let enrolled = (!by_hand && !enrolment.urls.is_empty()).then_some(&enrolment);
    let token_file = if enrolled.is_some() { Some(kept_in) } else { token_file };
    let written = agent_table.as_ref().and_then(|table| table.item("spool")?.as_str().map(PathBuf::from));
    let spool = (spool, written.filter(|path| path.is_relative()));
    let agent_section = agent(root, agent_table.as_ref(), spool, enrolled);
    (agent_section, uplink(root, uplink_table.as_ref(), token_file, enrolled))
}

fn agent(
    root: &Table<'_>,
    table: Option<&Table<'_>>,
    (spool, spool_written): (PathBuf, Option<PathBuf>),
    enrolled: Option<&Enrolment>,
) -> Option<AgentSection> {
    let (name, location) = match enrolled {
        Some(enrolment) => (enrolment.name.clone(), enrolment.location.clone()),
        None => (None, None),
    };
    let Some(table) = table else {
        if root.has("agent") {
            return None;
        }
        let (Some(name), Some(location)) = (name, location) else {
            root.refuse("agent", "[agent] is missing", "Add [agent] with location = \"local\" below it.");
            return None;
        };
        let max_in_flight = DEFAULT_MAX_IN_FLIGHT as usize;
        return Some(AgentSection { name, location, spool, spool_written, max_in_flight });
    };
    let name = match name {
        Some(name) => Some(table.string("name").at_most(100).or(name)),
        None if table.has("name") => table.string("name").at_most(100).optional(),
        None => host_name(table),
    };
    let entry = table.string("location").at_most(100).convert(|location| {
        if location == "aggregator" {
            return refuse(
                "\"aggregator\" is reserved for heartbeats",
                "Name the site or region of this host.",
            );
        }
        Ok(location)
    });
    let location = match location {
        Some(location) => Some(entry.or(location)),
        None => entry.required("location = \"frankfurt\", the site or region of this host"),
    };
    Some(AgentSection {
        spool,
        spool_written,
        max_in_flight: table.integer("max_in_flight", 1, 100_000).or(DEFAULT_MAX_IN_FLIGHT) as usize,
        name: name?,
        location: location?,
    })
}

fn host_name(table: &Table<'_>) -> Option<String> {
    // Read in any case, so that it counts as a known key.
    let _ = table.item("name");
    let node = rustix::system::uname().nodename().to_string_lossy().into_owned();
    if node.is_empty() {
        table.refuse("name", "name is missing, and this host has no name of its own", "Add name = \"…\".");
        return None;
    }
    Some(node)
}

fn uplink(
    root: &Table<'_>,
    table: Option<&Table<'_>>,
    token_file: Option<PathBuf>,
    enrolled: Option<&Enrolment>,
) -> Option<UplinkSection> {
    // The enrolment already allowed plain HTTP to this host.
    let kept = enrolled
        .map(|enrolment| enrolment.urls.iter().filter_map(|url| url.parse().ok()).collect::<Vec<Url>>());
    let kept_plain = kept.iter().flatten().any(|url| url.scheme() == "http");
    let Some(table) = table else {
        if root.has("aggregator") {
            return None;
        }
        let Some(urls) = kept else {
            let remedy = "Add [aggregator] with url = \"https://skerry.example.com\" below it.";
            root.refuse("aggregator", "[aggregator] is missing", remedy);
            return None;
        };
        let (ca_file, fingerprint) = (None, None);
        return Some(UplinkSection { urls, token_file, ca_file, fingerprint, allow_plaintext: kept_plain });
    };
    let entry = uplink_url(table.string("url"));
    let url = if kept.is_some() { None } else { entry.required("url = \"https://skerry.example.com\"") };
    let further: Option<Vec<Url>> =
        table.list("further_urls").unwrap_or_default().iter().map(further_url).collect();
    let ca_file = table.path("ca_file").optional();
    let remedy = "Put it into a file that only Skerry can read, and name that: token_file = \"/path\".";
    table.misplaced("token", "token is a secret, and secrets are never in this file", remedy);
    let fingerprint = fingerprint(table.string("fingerprint")).optional();
    let allow_plaintext = table.boolean("allow_plaintext").or(false);
    if let Some((wrong, remedy)) = token_file.as_deref().and_then(warn_about_secret_file) {
        table.warn("token_file", format!("token_file: {wrong}"), remedy);
    }
    if let Some((wrong, remedy)) = ca_file.as_deref().and_then(warn_about_file) {
        table.warn("ca_file", format!("ca_file: {wrong}"), remedy);
    }
    let mut urls = kept.unwrap_or_default();
    if let Some(url) = url {
        let trusts = [("ca_file", ca_file.is_some()), ("fingerprint", fingerprint.is_some())];
        refuse_contradictions(table, "url", &url, &trusts, allow_plaintext);
        urls.push(url);
    }
    for url in further? {
        refuse_contradictions(table, "further_urls", &url, &[], allow_plaintext);
        urls.push(url);
    }
    let allow_plaintext = allow_plaintext || kept_plain;
    (!urls.is_empty()).then_some(UplinkSection { urls, token_file, ca_file, fingerprint, allow_plaintext })
}

fn fingerprint(entry: Entry<'_, String>) -> Entry<'_, Fingerprint> {
    entry.convert(|text| match read_fingerprint(&text) {
        Some(fingerprint) => Ok(fingerprint),
        None => refuse(
            format!("must be sha256: and 64 hexadecimal digits; it is \"{text}\""),
            "Take it from openssl x509 -in certificate.pem -noout -fingerprint -sha256.",
        ),
    })
}

fn refuse_contradictions(
    table: &Table<'_>,
    key: &str,
    url: &Url,
    trusts: &[(&str, bool)],
    allow_plaintext: bool,
) {
    if url.scheme() == "https" {
        return;
    }
    for (trust, _) in trusts.iter().filter(|(_, said)| *said) {
        let remedy = format!("Use https in url, or remove {trust}.");
        table.refuse(trust, format!("{trust} has no effect for a plain http URL"), remedy);
    }
    if !allow_plaintext && !is_loopback(url) {
        let wrong = format!(
            "{key} is plain http to another host: the token and all observations could be read on the way"
        );
        table.refuse(key, wrong, "Use https, or say allow_plaintext = true if the network is yours alone.");
    }
}

fn uplink_url(entry: Entry<'_, String>) -> Entry<'_, Url> {
    entry.convert(|text| read_url(&text))
}

fn further_url(item: &Item<'_>) -> Option<Url> {
    match read_url(&item.string()?) {
        Ok(url) => Some(url),
        Err(refusal) => item.refuse(&refusal.wrong, &refusal.remedy),
    }
}

fn read_url(text: &str) -> Result<Url, Refusal> {
    let example = "Write scheme and host only, such as \"https://skerry.example.com\".";
    let url = http_url(text, example)?;
    if !url.username().is_empty() || url.password().is_some() {
        return refuse(
            "holds credentials, which are never in this file",
            "Use token_file = \"/path/to/token\".",
        );
    }
    if url.query().is_some() || url.fragment().is_some() {
        return refuse(format!("must have no query or fragment; it is \"{text}\""), example);
    }
    Ok(url)
}

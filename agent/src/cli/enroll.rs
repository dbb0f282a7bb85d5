//! `enroll TOKEN`: exchanges a single-use token for an agent's own credential.

use super::Common;
use anyhow::{Context, anyhow, ensure};
use skerry_agent::config::{self, AgentConfig};
use skerry_agent::delivery::enrol;
use skerry_agent::enrolment::{Enrolment, TokenFile};
use skerry_host::rights::lower_for;
use skerry_protocol::wire::JoinToken;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use url::Url;

pub(super) fn enroll(common: &Common, token: &str, allow_plaintext: bool) -> anyhow::Result<ExitCode> {
    let token = JoinToken::from_text(token).context(
        "the enrolment token is incomplete: copy the whole line that skerry-aggregator agent add printed",
    )?;
    let path = &common.config;
    // Everything that can fail here is checked before the token is spent.
    let leads_nowhere = !path.exists() && path.symlink_metadata().is_ok();
    ensure!(
        !leads_nowhere,
        "{} is a broken symbolic link: remove it, then run this again; the token was not used",
        path.display()
    );
    let existing = if path.exists() { Some(suited(path, &token)?) } else { None };
    let token_file = match &existing {
        Some((_, token_file)) => token_file.clone(),
        None => std::path::absolute(path)?.with_file_name("token"),
    };
    let uplink = existing.as_ref().map(|(config, _)| &config.uplink);
    let file = TokenFile::prepare(&token_file)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let ca_file = uplink.and_then(|uplink| uplink.ca_file.as_deref());
    let allowed = allow_plaintext || uplink.is_some_and(|uplink| uplink.allow_plaintext);
    let enrolled = runtime.block_on(enrol(&token, ca_file, allowed))?;
    let reply = enrolled.reply;
    let enrolment = Enrolment {
        name: Some(reply.name.clone()),
        location: Some(reply.location.clone()),
        urls: token.addresses.clone(),
        aggregator_id: Some(reply.aggregator_id.clone()),
        fingerprint: enrolled.pin,
    };
    file.save(&reply.credential, &enrolment)?;
    if existing.is_none() {
        let text = config_text(&token, &reply.name, &reply.location, &token_file, allow_plaintext)?;
        write_new(path, &text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    let mut out = io::stdout().lock();
    if common.json {
        let answer = serde_json::json!({
            "name": reply.name,
            "location": reply.location,
            "aggregator_id": reply.aggregator_id,
            "url": enrolled.url.as_str(),
            "token_file": token_file,
            "config": path,
            "pinned": enrolment.fingerprint.is_some(),
        });
        writeln!(out, "{answer}")?;
    } else {
        let by = if enrolment.fingerprint.is_some() { ", whose certificate is pinned" } else { "" };
        writeln!(out, "Enrolled as {} in {} at {}{by}.", reply.name, reply.location, enrolled.url)?;
        writeln!(out, "The token is in {}, the configuration in {}.", token_file.display(), path.display())?;
        writeln!(
            out,
            "A service that waits for enrolment starts checking within seconds; a running agent needs a restart."
        )?;
        writeln!(out, "Without a service: skerry-agent run --config {}", path.display())?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Writes with the rights of the folder's owner, who may have planted a link.
fn write_new(path: &Path, text: &str) -> io::Result<()> {
    let _rights = lower_for(path)?;
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).open(path)?;
    file.write_all(text.as_bytes())
}

/// Reads an existing configuration and its token path, and checks that they fit the token.
fn suited(path: &Path, token: &JoinToken) -> anyhow::Result<(AgentConfig, PathBuf)> {
    // The file may leave the agent's identity to the enrolment.
    let enrolment = Enrolment {
        name: Some(token.name.clone()),
        location: Some(token.location.clone()),
        urls: token.addresses.clone(),
        ..Enrolment::default()
    };
    let loaded = config::load_as(path, &enrolment);
    let config = loaded
        .map_err(|problems| anyhow!("the configuration is not valid; the token was not used:\n{problems}"))?;
    let config = config.config;
    let file = path.display();
    ensure!(
        config.agent.name == token.name,
        "the token is for agent {:?}, and {file} says {:?}. Set name = {:?} under [agent], then run this again: the \
         token was not used",
        token.name,
        config.agent.name,
        token.name
    );
    ensure!(
        config.agent.location == token.location,
        "the token is for an agent in {:?}, and {file} says location = {:?}. Set location = {:?} under [agent], then run \
         this again, or make a token for that location: the token is not used",
        token.location,
        config.agent.location,
        token.location
    );
    let addresses: Vec<Url> = token.addresses.iter().filter_map(|address| address.parse().ok()).collect();
    ensure!(
        config.uplink.urls.iter().any(|url| addresses.contains(url)),
        "the token is for {}, and {file} names {}. Set url = {:?} under [aggregator], then run this again: the token \
         was not used",
        token.addresses.join(", "),
        config.uplink.urls[0],
        token.addresses[0]
    );
    let token_file = config.uplink.token_file.clone().with_context(|| {
        format!(
            "{file} does not say where to keep the token. Add token_file = \"/etc/skerry/token\" under \
             [aggregator], then run this again: the token was not used"
        )
    })?;
    Ok((config, token_file))
}

/// The configuration for a host that has none.
fn config_text(
    token: &JoinToken,
    name: &str,
    location: &str,
    token_file: &Path,
    allow_plaintext: bool,
) -> anyhow::Result<String> {
    // A JSON string is a valid TOML string.
    let quoted = |text: &str| serde_json::to_string(text).context("cannot be quoted");
    let (url, further) = token.addresses.split_first().context("the token names no address")?;
    let mut text = format!(
        "[agent]\nname = {}\nlocation = {}\n\n[aggregator]\nurl = {}\n",
        quoted(name)?,
        quoted(location)?,
        quoted(url)?
    );
    if !further.is_empty() {
        let further: Vec<String> = further.iter().map(|url| quoted(url)).collect::<anyhow::Result<_>>()?;
        text.push_str(&format!("further_urls = [{}]\n", further.join(", ")));
    }
    text.push_str(&format!("token_file = {}\n", quoted(&token_file.to_string_lossy())?));
    if allow_plaintext {
        text.push_str("allow_plaintext = true\n");
    }
    text.push_str("\n# Add checks below, or in checks.d/*.toml beside this file.\n");
    Ok(text)
}

//! What people write for visitors enters here: it is sanitised by the rules of its workspace, and its author is told what
//! was removed, or what blocks it. Secrets are named to nobody.

use skerry_domain::state::{Agent, State, WorkspaceKey};
use skerry_domain::step::HEARTBEAT_AGENT;
use skerry_domain::text::{SanitiserSettings, Text};
use skerry_protocol::words::short_line;
use skerry_sanitiser::{
    Finding, Form, PublicText, Replacement, Rule, Rules, SettingError, Settings, html_blocks, says_nothing,
};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// The most characters of a title.
pub const LONGEST_TITLE: usize = 255;
/// The most characters of a text.
pub const LONGEST_TEXT: usize = 25_000;
/// The name of the built-in agent where the file gives it none: it says nothing of anybody's network.
pub(crate) const BUILT_IN_AGENT: &str = "local";
/// The most findings that are listed.
const LISTED: usize = 20;
/// The most characters of a finding that are shown.
const SHOWN: usize = 80;

/// The settings of a workspace without names: its own beside those that always hold, which come first.
#[must_use]
pub fn settings(own: &SanitiserSettings) -> Settings {
    let mut settings = Settings::default();
    settings.private_suffixes.extend(own.private_suffixes.iter().flatten().cloned());
    settings.secret_patterns.extend(own.secret_patterns.iter().flatten().cloned());
    settings
}

/// The rules for texts of a workspace. Names of agents and checks are private, unless they are plain words, or names of
/// pages, groups and components.
///
/// # Errors
/// Settings that cannot be used; the configuration refuses them.
pub fn rules(state: &State) -> Result<Rules, Vec<SettingError>> {
    Rules::new(&all_settings(state))
}

/// The settings that those rules are compiled from.
pub(crate) fn all_settings(state: &State) -> Settings {
    let mut settings = settings(&state.workspace.sanitiser);
    let is_private = |agent: &&Agent| agent.name != HEARTBEAT_AGENT && agent.name != BUILT_IN_AGENT;
    let agents = state.agents.values().filter(is_private).map(|agent| &agent.name);
    let names = agents.chain(state.checks.values().map(|check| &check.name));
    settings.private_names.extend(names.filter(|name| !is_plain_word(name)).cloned());
    let pages = state.pages.values().filter(|page| !page.archived);
    settings.public_names.extend(pages.map(|page| page.settings.name.clone()));
    let groups = state.groups.values().filter(|group| !group.archived);
    settings.public_names.extend(groups.map(|group| group.name.clone()));
    let components = state.components.values().filter(|one| !one.archived && one.settings.public);
    settings.public_names.extend(components.map(|one| one.settings.name.clone()));
    settings
}

/// The compiled rules of each workspace, for whoever asks often.
#[derive(Debug, Default)]
pub(crate) struct CompiledRules(Mutex<HashMap<WorkspaceKey, Arc<Rules>>>);

impl CompiledRules {
    /// The same as [`rules`]: compiled anew only if what they are compiled from has changed.
    pub(crate) fn of(&self, state: &State) -> Result<Arc<Rules>, String> {
        let settings = all_settings(state);
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&state.workspace.key).cloned();
        if let Some(rules) = known.filter(|rules| rules.version() == settings.version()) {
            return Ok(rules);
        }
        let rules = Arc::new(Rules::new(&settings).map_err(|errors| unusable(&errors))?);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(state.workspace.key, Arc::clone(&rules));
        Ok(rules)
    }
}

fn unusable(errors: &[SettingError]) -> String {
    let errors: Vec<String> = errors.iter().map(ToString::to_string).collect();
    format!("[sanitiser] of this workspace cannot be used: {}", errors.join("; "))
}

/// Whether a name may stand in any sentence, such as "page": then it says nothing of what is private.
pub(crate) fn is_plain_word(name: &str) -> bool {
    name.chars().all(char::is_alphabetic)
}

/// Turns what people write into texts for the public, and keeps what was removed from them, for the author.
#[derive(Debug)]
pub struct TextSanitiser {
    rules: Arc<Rules>,
    /// Whether its author must not learn which names are private.
    discreet: bool,
    replacement: Replacement,
    /// What its author leaves in, although the rules forbid it.
    released: Vec<String>,
    removed: Vec<String>,
    /// Whether a text had something of `released`.
    releases: bool,
}

impl TextSanitiser {
    /// For texts of a workspace.
    ///
    /// # Errors
    /// Its rules cannot be used.
    pub fn of(state: &State) -> Result<Self, String> {
        rules(state).map(Self::with).map_err(|errors| unusable(&errors))
    }

    /// For texts under these rules.
    #[must_use]
    pub fn with(rules: impl Into<Arc<Rules>>) -> Self {
        let (replacement, released, removed) = (Replacement::default(), Vec::new(), Vec::new());
        Self { rules: rules.into(), discreet: false, replacement, released, removed, releases: false }
    }

    /// The same for an author who must not learn which names are private.
    #[must_use]
    pub(crate) fn discreetly(self, discreet: bool) -> Self {
        Self { discreet, ..self }
    }

    /// What was found, as its author is told.
    fn named(&self, rule: &Rule, shown: &str) -> String {
        match rule {
            Rule::PrivateName if self.discreet => "a private name".to_owned(),
            _ => named(rule, shown),
        }
    }

    /// The same, and leaves in what `released` names as it stands in the texts, although the rules forbid it.
    ///
    /// # Errors
    /// As [`Self::of`].
    pub fn releasing(state: &State, released: &[String]) -> Result<Self, String> {
        Ok(Self { released: released.to_vec(), ..Self::of(state)? })
    }

    /// A title: one line of plain text.
    ///
    /// # Errors
    /// What is wrong with it, for its author.
    pub fn title(&mut self, written: &str) -> Result<Text, String> {
        let written = written.trim();
        if written.is_empty() {
            return Err("a title needs a text".to_owned());
        }
        if written.contains(['\n', '\r', '\t']) {
            return Err("a title is one line".to_owned());
        }
        self.text("title", written, Form::Plain, LONGEST_TITLE)
    }

    /// A text in Markdown.
    ///
    /// # Errors
    /// As [`Self::title`].
    pub fn markdown(&mut self, written: &str) -> Result<Text, String> {
        let written = written.trim();
        if written.is_empty() {
            return Err("the message is empty".to_owned());
        }
        self.text("message", written, Form::Markdown, LONGEST_TEXT)
    }

    /// A public name, or a sentence about it. Nothing is removed from it: what must not be public is refused.
    ///
    /// # Errors
    /// What it says that it must not.
    pub fn check_name(&self, written: &str) -> Result<(), String> {
        let written = written.trim();
        let outcome = self.rules.sanitise(written, Form::Plain, &self.replacement, &[]);
        let shown = |finding: &Finding| {
            self.named(&finding.rule, written.get(finding.at.clone()).unwrap_or_default())
        };
        let mut found: Vec<String> = outcome.findings.iter().map(shown).collect();
        if let Err(remainders) = outcome.text {
            let still = remainders.iter().map(|one| self.named(&one.rule, &one.shown));
            still.for_each(|one| {
                if !found.contains(&one) {
                    found.push(one);
                }
            });
        }
        if found.is_empty() {
            return Ok(());
        }
        Err(format!(
            "visitors would read what they must not: {}. Write it another way",
            limited(found).join("; ")
        ))
    }

    /// What was removed from all texts so far, and what was released, a line each.
    #[must_use]
    pub fn removed(self) -> Vec<String> {
        let mut lines = limited(self.removed);
        if !self.released.is_empty() && !self.releases {
            lines.push("nothing was released: name what was removed as it stands in the text".to_owned());
        }
        lines
    }

    /// What was removed from the texts since the last call.
    #[must_use]
    pub fn take_removed(&mut self) -> Vec<String> {
        limited(std::mem::take(&mut self.removed))
    }

    /// What `read` makes of a text, refused if something had to be removed from it.
    ///
    /// # Errors
    /// What is wrong with the text, for its author.
    pub(crate) fn refusing(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<Text, String>,
    ) -> Result<Text, String> {
        let read = read(self);
        let removed = self.take_removed();
        let text = read?;
        if removed.is_empty() {
            return Ok(text);
        }
        // `removed from the title: "10.0.0.7" (IPv4 address)`
        let found =
            removed.iter().map(|line| line.split_once(": ").map_or(line.as_str(), |(_, found)| found));
        Err(format!("must not be public: {}", found.collect::<Vec<_>>().join("; ")))
    }

    fn text(&mut self, what: &str, written: &str, form: Form, longest: usize) -> Result<Text, String> {
        if written.chars().any(|one| one.is_control() && !matches!(one, '\n' | '\r' | '\t')) {
            return Err(format!("the {what} contains control characters"));
        }
        let length = written.chars().count();
        if length > longest {
            return Err(format!("the {what} is {length} characters long; at most {longest} are allowed"));
        }
        let outcome = self.rules.sanitise(written, form, &self.replacement, &self.released);
        for finding in &outcome.findings {
            let shown = written.get(finding.at.clone()).unwrap_or_default();
            let becomes = if finding.replacement.is_some() { "removed from" } else { "left in" };
            self.releases |= finding.replacement.is_none();
            self.removed.push(format!("{becomes} the {what}: {}", self.named(&finding.rule, shown)));
        }
        let public = outcome.text.map_err(|remainders| {
            let still = remainders.iter().map(|one| self.named(&one.rule, &one.shown)).collect();
            format!(
                "nothing was changed: once it is formatted, the {what} shows what it must not: {}. Write it another way",
                limited(still).join("; ")
            )
        })?;
        if form == Form::Markdown {
            let lost = html_blocks(public.source());
            self.removed.extend(lost.iter().map(|block| {
                format!(
                    "removed from the {what}: {:?} (raw HTML is not shown)",
                    short_line(block.trim(), SHOWN)
                )
            }));
        }
        if says_nothing(&public.one_line()) {
            return Err(format!("nothing of the {what} would be shown"));
        }
        Ok(Text { written: written.to_owned(), public })
    }
}

/// What today's rules would not let pass in a text that passed former ones.
#[must_use]
pub fn review(rules: &Rules, text: &PublicText) -> Vec<String> {
    let found = rules.review(text, &Replacement::default(), &[]);
    limited(found.iter().map(|one| named(&one.rule, &one.shown)).collect())
}

/// `"10.0.0.7" (IPv4 address)`. A secret is not repeated.
fn named(rule: &Rule, shown: &str) -> String {
    match rule {
        Rule::SecretPattern(_) => "a secret (key, token or password)".to_owned(),
        Rule::PrivateKey | Rule::UrlPassword | Rule::UnfitCharacter => format!("a {rule}"),
        _ => format!("\"{}\" ({rule})", short_line(shown, SHOWN)),
    }
}

fn limited(mut lines: Vec<String>) -> Vec<String> {
    if lines.len() > LISTED {
        let more = lines.len() - LISTED;
        lines.truncate(LISTED);
        lines.push(format!("and {more} more"));
    }
    lines
}

#[cfg(test)]
#[path = "texts_test.rs"]
mod tests;

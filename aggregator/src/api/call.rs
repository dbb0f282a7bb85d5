//! A request as its route sees it, and what a write makes of it.

use super::authenticate::Caller;
use super::document::{Document, Fields};
use super::refusal::Refusal;
use super::reply::Reply;
use super::routes::Parameters;
use crate::config::{Provenance, Public};
use crate::outbox::UnderWay;
use crate::publish::Addresses;
use crate::subscriptions::Intake;
use crate::texts::CompiledRules;
use skerry_domain::access::{Resource, Role};
use skerry_domain::rows::Subject;
use skerry_domain::state::{Component, ComponentKey, Group, GroupKey, Page, PageKey, State};
use skerry_domain::step::{Answer, Command};
use skerry_domain::time::Timestamp;
use skerry_domain::workspaces::Workspaces;
use skerry_notify::bounce::Mappings;
use skerry_protocol::words::short_line;
use skerry_store::{Reader, StoreError};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

/// The most components that a request names: as many as a list of them has.
const MAX_NAMED: usize = 1_100;
/// The most characters of an unknown id that a refusal repeats.
const SHOWN: usize = 40;

/// A token that is limited to pages may use one part in so many of each limit of the workspace.
const SHARE: usize = 10;

/// A request, with the state that it is answered from.
#[derive(Clone, Copy)]
pub(super) struct Call<'a> {
    pub(super) state: &'a State,
    pub(super) now: Timestamp,
    pub(super) caller: &'a Caller,
    pub(super) parameters: &'a Parameters,
    /// Whether the request changes something.
    pub(super) writes: bool,
    pub(super) query: &'a Document,
    pub(super) body: &'a Document,
    pub(super) addresses: &'a Addresses,
    /// All workspaces, for what is unique over all of them.
    pub(super) workspaces: &'a Workspaces,
    /// The addresses for visitors.
    pub(super) public: &'a Public,
    /// Where the files declare what they own.
    pub(super) provenance: &'a Provenance,
    /// For what is not in the state: the audit log, and deliveries.
    pub(super) reader: &'a Mutex<Reader>,
    /// For addresses of subscribers.
    pub(super) intake: &'a Intake,
    /// For webhooks of mail providers.
    pub(super) mappings: &'a Mappings,
    /// The deliveries that are tried at present.
    pub(super) under_way: &'a UnderWay,
    /// The body, where it is not read as fields.
    pub(super) text: &'a str,
    /// The rules for texts.
    pub(super) rules: &'a CompiledRules,
}

/// How the outcome of a write is answered.
pub(super) type Show = fn(&Call<'_>, &Answer) -> Result<Reply, Refusal>;

/// What a request changes.
pub(super) struct Plan {
    pub(super) command: Command,
    /// What `If-Match` is about.
    pub(super) subject: Option<Subject>,
    /// Only if nobody changes the subject in between.
    pub(super) unless_changed: bool,
    /// What the author of a text should know.
    pub(super) notes: Vec<String>,
    /// The answer, where what it shows is gone once it is done.
    pub(super) reply: Option<Reply>,
}

impl Plan {
    pub(super) fn new(command: Command) -> Self {
        Self { command, subject: None, unless_changed: false, notes: Vec::new(), reply: None }
    }

    /// The same, about something that has a version.
    pub(super) fn about(self, subject: Subject) -> Self {
        Self { subject: Some(subject), ..self }
    }

    pub(super) fn noting(self, notes: Vec<String>) -> Self {
        Self { notes, ..self }
    }

    /// The same, answered so.
    pub(super) fn answered(self, reply: Reply) -> Self {
        Self { reply: Some(reply), ..self }
    }
}

/// Several commands as one; a single one stays what it is.
pub(super) fn together(mut commands: Vec<Command>) -> Command {
    if commands.len() == 1 { commands.remove(0) } else { Command::Together(commands) }
}

impl<'a> Call<'a> {
    /// Whether the token reaches a kind of resource that only the request itself shows.
    ///
    /// # Errors
    /// 403.
    pub(super) fn must_reach(&self, resource: Resource, write: bool) -> Result<(), Refusal> {
        self.caller.must_reach(resource, write)
    }

    /// Reads what is not in the state.
    ///
    /// # Errors
    /// 500, which names `what` could not be read.
    pub(super) fn stored<T>(
        &self,
        what: &str,
        read: impl FnOnce(&Reader) -> Result<T, StoreError>,
    ) -> Result<T, Refusal> {
        let reader = self.reader.lock().unwrap_or_else(PoisonError::into_inner);
        read(&reader).map_err(|error| {
            tracing::error!(%error, "{what} cannot be read");
            Refusal::new(500, format!("{what} cannot be read: see the log of the aggregator"))
        })
    }

    /// Whether the caller may see the addresses of subscribers.
    pub(super) fn sees_addresses(&self) -> bool {
        self.caller.must_be(Role::Admin).is_ok()
    }

    /// A parameter of the path.
    pub(super) fn parameter(&self, name: &str) -> &'a str {
        self.parameters.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value.as_str())
    }

    /// The page that the path names.
    ///
    /// # Errors
    /// 404.
    pub(super) fn page(&self) -> Result<(PageKey, &'a Page), Refusal> {
        let id = self.parameter("page");
        let mut pages = self.state.pages.iter();
        let found = pages.find(|(_, page)| page.id == id && !page.archived);
        found.map(|(key, page)| (*key, page)).ok_or_else(|| self.no_page(id))
    }

    /// Whoever may reach every page, and names one by what people call it, is told its id.
    fn no_page(&self, named: &str) -> Refusal {
        let mut pages = self.state.pages.values().filter(|page| !page.archived);
        let found = pages.find(|page| {
            let names = [&page.key, &page.settings.slug, &page.settings.name];
            names.iter().any(|name| name.as_str() == named)
        });
        match found.filter(|page| self.caller.token.reaches_page(&page.id)) {
            Some(page) => Refusal::new(
                404,
                format!(
                    "The requested resource could not be found: a page is named by its id, this one by {}; GET /v1/pages \
                     lists them",
                    page.id
                ),
            ),
            None => Refusal::not_found(),
        }
    }

    /// The group that the path names.
    ///
    /// # Errors
    /// 404.
    pub(super) fn group(&self) -> Result<(GroupKey, &'a Group), Refusal> {
        let (page, _) = self.page()?;
        self.group_of(page, self.parameter("group")).ok_or_else(Refusal::not_found)
    }

    /// The group of that id on a page.
    pub(super) fn group_of(&self, page: PageKey, id: &str) -> Option<(GroupKey, &'a Group)> {
        let mut all = self.state.groups.iter();
        let found = all.find(|(_, one)| one.id == id && one.page == page && !one.archived);
        found.map(|(key, one)| (*key, one))
    }

    /// Why settings that a file declares are not changed: those of a page, or of its row with that key.
    pub(super) fn declared(&self, page: &Page, row: Option<&str>, name: &str) -> Refusal {
        let workspace = &self.state.workspace.name;
        let at = match row {
            Some(key) => self.provenance.row(workspace, &page.key, key),
            None => self.provenance.page(workspace, &page.key),
        };
        let place = at.map_or_else(
            || "in the configuration file".to_owned(),
            |at| format!("in {}, line {}", at.file, at.line),
        );
        Refusal::new(403, format!("{name:?} is declared {place}: change it there and reload"))
    }

    /// The components of a page that a request names, with what it says of each; the same one counts once. Everything that
    /// is wrong is refused; nothing is looked up if there are too many.
    pub(super) fn components_of<T>(
        &self,
        page: PageKey,
        named: Vec<(String, T)>,
        fields: &mut Fields<'_>,
    ) -> Vec<(ComponentKey, T)> {
        if named.len() > MAX_NAMED {
            let number = named.len();
            fields.refuse(format!("{number} components are named; a request names at most {MAX_NAMED}"));
            return Vec::new();
        }
        let mut once = BTreeSet::new();
        let named: Vec<(String, T)> = named.into_iter().filter(|(id, _)| once.insert(id.clone())).collect();
        if named.is_empty() {
            return Vec::new();
        }
        let all = self.state.components.iter().filter(|(_, one)| one.page == page && !one.archived);
        let by_id: BTreeMap<&str, ComponentKey> = all.map(|(key, one)| (one.id.as_str(), *key)).collect();
        let mut found = Vec::with_capacity(named.len());
        for (id, said) in named.into_iter().filter(|(id, _)| !id.is_empty()) {
            match by_id.get(id.as_str()) {
                Some(key) => found.push((*key, said)),
                None => fields.refuse(format!("this page has no component {:?}", short_line(&id, SHOWN))),
            }
        }
        found
    }

    /// Whether a token that is limited to pages may make one more of what a page has so many of: the rest of the
    /// workspace has its share of what can be made.
    ///
    /// # Errors
    /// 422.
    pub(super) fn must_leave_room(&self, what: &str, made: usize, of_all: usize) -> Result<(), Refusal> {
        let most = of_all / SHARE;
        if self.caller.token.pages.is_empty() || made < most {
            return Ok(());
        }
        let reason = format!(
            "this page has {made} {what}, and a token that is limited to pages makes no more than {most} of them"
        );
        Err(Refusal::invalid(reason))
    }

    /// The component of that id on a page.
    pub(super) fn component_of(&self, page: PageKey, id: &str) -> Option<(ComponentKey, &'a Component)> {
        let mut all = self.state.components.iter();
        let found = all.find(|(_, one)| one.id == id && one.page == page && !one.archived);
        found.map(|(key, one)| (*key, one))
    }
}

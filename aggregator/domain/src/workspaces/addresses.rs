//! Slugs and hosts of pages are unique over all workspaces. Files are compared before they are applied; here what was
//! made at run time is compared with everything.

use super::{Target, Workspaces};
use crate::state::{Origin, Page};
use crate::step::{Command, Rejected};
use std::collections::BTreeMap;

/// Who gives a page another slug or host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum MovedBy {
    /// A command at run time.
    Command,
    /// The configuration files.
    Files,
}

/// Who may give a page another slug or host by these commands; `None`: nobody.
pub(super) fn moved_by(commands: &[(Target, Command)]) -> Option<MovedBy> {
    commands.iter().filter_map(|(_, command)| moves(command)).max()
}

fn moves(command: &Command) -> Option<MovedBy> {
    match command {
        Command::Configure(_) => Some(MovedBy::Files),
        Command::CreatePage(_) | Command::ChangePage { .. } => Some(MovedBy::Command),
        Command::Together(commands) => commands.iter().filter_map(moves).max(),
        Command::Once(once) => moves(&once.command),
        _ => None,
    }
}

/// Rejects a slug or host of a page made at run time that another page has, too.
pub(super) fn check(all: &Workspaces, by: MovedBy) -> Result<(), Rejected> {
    let pages = || all.iter().flat_map(|(_, state)| state.pages.values()).filter(|page| !page.archived);
    unique("slug", by, pages().map(|page| (page, page.settings.slug.as_str())))?;
    unique("domain", by, pages().filter_map(|page| Some((page, page.settings.domain.as_deref()?))))
}

fn unique<'a>(
    field: &'static str,
    by: MovedBy,
    named: impl Iterator<Item = (&'a Page, &'a str)>,
) -> Result<(), Rejected> {
    let mut first: BTreeMap<&str, &Page> = BTreeMap::new();
    for (page, name) in named {
        let Some(other) = first.insert(name, page) else { continue };
        let pair = [other, page];
        let Some(made) = pair.iter().find(|one| one.origin == Origin::Runtime) else { continue };
        let reason = match pair.iter().find(|one| one.origin == Origin::File) {
            // Whoever commands at run time learns nothing of other workspaces.
            Some(declared) if by == MovedBy::Files => format!(
                "page {:?} has the {field} {name:?} of page {}, which was made at run time: choose another, or write key = \
                 {:?} to take that page over",
                declared.key, made.id, made.id
            ),
            _ => format!("{field} {name:?} belongs to another page: choose another"),
        };
        return Err(Rejected::conflict(field, reason));
    }
    Ok(())
}

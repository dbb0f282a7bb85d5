//! Where the files declare what they own, so that whoever wants to change it elsewhere is told the place.

use std::collections::BTreeMap;

use skerry_protocol::strict::Position;

use super::{Config, Page};

/// The places of all declarations of all files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Provenance {
    workspaces: BTreeMap<String, Places>,
}

/// A section of a file whose settings belong to the workspace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Section {
    /// `[incidents]`.
    Incidents,
    /// `[sanitiser]`.
    Sanitiser,
}

/// The places of one file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Places {
    sections: BTreeMap<Section, Position>,
    pages: BTreeMap<String, PagePlaces>,
    /// By page, `None` for those of every page, and name.
    templates: BTreeMap<(Option<String>, String), Position>,
}

/// The places of a page; keys are unique over its groups and components.
#[derive(Clone, Debug, PartialEq, Eq)]
struct PagePlaces {
    at: Position,
    rows: BTreeMap<String, Position>,
}

impl Provenance {
    /// The places of all that these configurations declare.
    #[must_use]
    pub fn of(configs: &[Config]) -> Self {
        let places = |config: &Config| (config.workspace.clone(), Places::of(config));
        Self { workspaces: configs.iter().map(places).collect() }
    }

    /// Where a page is declared, by its workspace and key.
    #[must_use]
    pub fn page(&self, workspace: &str, page: &str) -> Option<&Position> {
        Some(&self.workspaces.get(workspace)?.pages.get(page)?.at)
    }

    /// Where a group or a component is declared, by its workspace, the key of its page and its own.
    #[must_use]
    pub fn row(&self, workspace: &str, page: &str, key: &str) -> Option<&Position> {
        self.workspaces.get(workspace)?.pages.get(page)?.rows.get(key)
    }

    /// Where a template of incidents is declared, by its workspace, the key of its page and its name.
    #[must_use]
    pub fn template(&self, workspace: &str, page: Option<&str>, name: &str) -> Option<&Position> {
        self.workspaces.get(workspace)?.templates.get(&(page.map(str::to_owned), name.to_owned()))
    }

    /// Where a section stands; `None` if the file leaves it out.
    #[must_use]
    pub fn section(&self, workspace: &str, section: Section) -> Option<&Position> {
        self.workspaces.get(workspace)?.sections.get(&section)
    }
}

impl Places {
    fn of(config: &Config) -> Self {
        let sections =
            [(Section::Incidents, &config.incidents_at), (Section::Sanitiser, &config.sanitiser_at)];
        let sections = sections.into_iter().filter_map(|(section, at)| Some((section, at.clone()?)));
        let pages = config.pages.iter().map(|page| (page.key.clone(), PagePlaces::of(page)));
        let templates = config.templates.iter();
        let templates = templates.map(|one| ((one.page.clone(), one.name.clone()), one.declared_at.clone()));
        Self { sections: sections.collect(), pages: pages.collect(), templates: templates.collect() }
    }
}

impl PagePlaces {
    fn of(page: &Page) -> Self {
        let groups = page.groups().map(|one| (one.key.clone(), one.declared_at.clone()));
        let components = page.components().map(|one| (one.key.clone(), one.declared_at.clone()));
        Self { at: page.declared_at.clone(), rows: groups.chain(components).collect() }
    }
}

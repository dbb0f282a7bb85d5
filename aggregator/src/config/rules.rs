//! What holds between declarations, over all files: names that must be one of a kind, and references.

use std::collections::{HashMap, HashSet};

use skerry_protocol::check::Kind;
use skerry_protocol::strict::{Position, Problem, Problems, nearest};

use super::{CheckEntry, Config, Item, Link, Page};

/// Problems found in single files. A warning that only follows from one of them is not shown.
pub(super) struct EarlierProblems {
    /// File and place of each problem.
    places: Vec<(String, String)>,
}

impl EarlierProblems {
    pub(super) fn of(problems: &Problems) -> Self {
        let place = |problem: &Problem| {
            let file = problem.position.as_ref().map_or(&problem.place, |position| &position.file);
            (file.clone(), problem.place.clone())
        };
        Self { places: problems.0.iter().map(place).collect() }
    }

    /// Something of `file` that is called so, or that stands within it.
    fn at(&self, file: &str, called: impl Fn(&str) -> bool) -> bool {
        self.places.iter().any(|(of, place)| of == file && called(place))
    }

    /// The check of that name, or one of which no name is known, or the top of the file.
    fn check(&self, file: &str, name: &str) -> bool {
        let named = format!("check \"{name}\"");
        self.at(file, |place| {
            place.is_empty() || place.starts_with(&named) || place.starts_with("check number")
        })
    }

    /// A page, in any file.
    fn pages(&self) -> bool {
        self.places
            .iter()
            .any(|(_, place)| !["check", "listen", "["].iter().any(|other| place.starts_with(other)))
    }
}

pub(super) fn hold(
    configs: &[Config],
    earlier: &EarlierProblems,
    problems: &mut Problems,
    warnings: &mut Vec<Problem>,
) {
    let mut workspaces = Unique::new("One workspace is one file: merge the two, or rename one workspace.");
    let mut slugs =
        Unique::new("A slug stands in addresses, so it is unique over all workspaces: rename one.");
    let mut hosts = Unique::new("One host shows one page: change domain or slug.");
    for config in configs {
        workspaces.claim(&config.workspace, "workspace", &config.declared_at, "", problems);
        for page in &config.pages {
            let place = place_of(page);
            slugs.claim(&page.slug, "slug", &page.declared_at, &place, problems);
            for host in hosts_of(config, page) {
                hosts.claim(&host, "host", &page.declared_at, &place, problems);
            }
        }
        unique_names(config, problems);
        references(config, earlier, warnings);
        unfed(config, earlier, warnings);
        whereabouts(config, earlier, warnings);
    }
    unseen(configs, earlier, warnings);
}

/// A page is private unless it says otherwise; where all are, that may be forgotten.
fn unseen(configs: &[Config], earlier: &EarlierProblems, warnings: &mut Vec<Problem>) {
    let pages = || configs.iter().flat_map(|config| &config.pages);
    let Some(first) = pages().next() else { return };
    if earlier.pages() || pages().any(|page| page.public) {
        return;
    }
    warnings.push(Problem {
        position: Some(first.declared_at.clone()),
        place: place_of(first),
        wrong: "no page is public, so visitors see none".to_owned(),
        remedy: "Add public = true to each page that visitors may see.".to_owned(),
    });
}

/// The root belongs to the page that the first file names, by default to the first public one: it does not
/// move because another page becomes public.
pub(super) fn give_root(
    configs: &mut [Config],
    named: Option<(String, Position)>,
    problems: &mut Problems,
    warnings: &mut Vec<Problem>,
) {
    match named {
        Some((key, at)) => {
            let Some(first) = configs.first_mut() else { return };
            let Some(page) = first.pages.iter_mut().find(|page| page.key == key) else {
                let near = nearest(&key, first.pages.iter().map(|page| page.key.as_str()));
                let remedy = near.map_or("Name the key of a [[page]] of this file.".to_owned(), |near| {
                    format!("Did you mean \"{near}\"?")
                });
                problems.add_at(&at, "[public]", format!("root: this file has no page \"{key}\""), remedy);
                return;
            };
            page.root = true;
            if !page.public {
                warnings.push(Problem {
                    position: Some(at),
                    place: "[public]".to_owned(),
                    wrong: format!("root: page \"{key}\" is not public, so nothing answers at the root"),
                    remedy: "Say public = true there, or name another page.".to_owned(),
                });
            }
        }
        None => give_root_to_the_first(configs, warnings),
    }
    keep_the_base_host(configs, problems);
}

fn give_root_to_the_first(configs: &mut [Config], warnings: &mut Vec<Problem>) {
    // While none is public the first of all would be.
    let prepared = !configs.iter().flat_map(|config| &config.pages).any(|page| page.public);
    let mut before = None;
    for page in configs.iter_mut().flat_map(|config| &mut config.pages) {
        if page.public || prepared {
            page.root = true;
            if let Some((place, declared_at)) = before {
                warnings.push(Problem {
                    position: Some(declared_at),
                    place,
                    wrong: format!("would replace page \"{}\" at the root when it becomes public", page.key),
                    remedy: format!("Name the page at the root: [public] root = \"{}\".", page.key),
                });
            }
            return;
        }
        before = before.or_else(|| Some((place_of(page), page.declared_at.clone())));
    }
}

/// What stands at the host of `base_url` is the root's page, and all others below it.
fn keep_the_base_host(configs: &[Config], problems: &mut Problems) {
    let Some(base) = configs.first().and_then(|config| config.public.base_url.host_str()) else { return };
    // A name with the dot of the root is the same name.
    let base = base.strip_suffix('.').unwrap_or(base);
    for config in configs {
        for page in config.pages.iter().filter(|page| !page.root) {
            if hosts_of(config, page).iter().any(|host| host == base) {
                let wrong = format!("its host \"{base}\" is that of base_url, which shows the root's page");
                let remedy = format!(
                    "Choose another domain or slug, or give it the root: [public] root = \"{}\".",
                    page.key
                );
                problems.add_at(&page.declared_at, place_of(page), wrong, remedy);
            }
        }
    }
}

/// Names that were taken, with the place of the first that took each.
struct Unique {
    taken: HashMap<String, Position>,
    remedy: &'static str,
}

impl Unique {
    fn new(remedy: &'static str) -> Self {
        Self { taken: HashMap::new(), remedy }
    }

    fn claim(&mut self, name: &str, kind: &str, at: &Position, place: &str, problems: &mut Problems) {
        match self.taken.get(name) {
            Some(first) => {
                let wrong = format!("{kind} \"{name}\" is already declared at {}:{}", first.file, first.line);
                problems.add_at(at, place, wrong, self.remedy);
            }
            None => {
                self.taken.insert(name.to_owned(), at.clone());
            }
        }
    }
}

fn unique_names(config: &Config, problems: &mut Problems) {
    let mut checks = Unique::new("Check names are unique in a workspace: rename or remove one.");
    for entry in &config.checks {
        checks.claim(&entry.check.name, "check", &entry.declared_at, "", problems);
    }
    let mut pages = Unique::new("Page keys are unique in a workspace: rename one.");
    for page in &config.pages {
        let place = place_of(page);
        pages.claim(&page.key, "page key", &page.declared_at, "", problems);
        let mut keys = Unique::new("Keys are unique in a page, over its groups and components: rename one.");
        for item in &page.items {
            if let Item::Group(group) = item {
                keys.claim(&group.key, "key", &group.declared_at, &place, problems);
            }
            let components = match item {
                Item::Group(group) => group.components.as_slice(),
                Item::Component(component) => std::slice::from_ref(component),
            };
            for component in components {
                keys.claim(&component.key, "key", &component.declared_at, &place, problems);
            }
        }
    }
}

/// The hosts that a page answers on by itself.
fn hosts_of(config: &Config, page: &Page) -> Vec<String> {
    let below_base = config.public.base_domain.as_ref().map(|base| format!("{}.{base}", page.slug));
    let own = page.domain.clone().filter(|own| below_base.as_ref() != Some(own));
    below_base.into_iter().chain(own).collect()
}

/// An agent may declare what no file here does: that is a doubt, not a mistake.
fn references(config: &Config, earlier: &EarlierProblems, warnings: &mut Vec<Problem>) {
    let file = &config.declared_at.file;
    let declared: HashSet<&str> = config.checks.iter().map(|entry| entry.check.name.as_str()).collect();
    // What is said of a name is the same wherever it is linked; `None`: nothing.
    let mut remedies: HashMap<&str, Option<String>> = HashMap::new();
    for page in &config.pages {
        for component in page.components() {
            for link in component.links.iter().filter(|link| !declared.contains(link.check.as_str())) {
                let meant = remedies.len() < MOST_MEANT;
                let remedy = remedies.entry(&link.check).or_insert_with(|| {
                    (!earlier.check(file, &link.check)).then(|| remedy_of(config, link, meant))
                });
                if let Some(remedy) = remedy {
                    let place = format!("{}: component \"{}\"", place_of(page), component.key);
                    warnings.push(unknown_check(place, link, remedy.clone()));
                }
            }
        }
    }
}

/// A component without checks is what people say it is; where the file does not say so, they may be forgotten.
fn unfed(config: &Config, earlier: &EarlierProblems, warnings: &mut Vec<Problem>) {
    if earlier.at(&config.declared_at.file, |earlier| earlier.contains("component \"")) {
        return;
    }
    for page in &config.pages {
        for component in page.components().filter(|one| one.links.is_empty() && !one.manual) {
            let place = format!("{}: component \"{}\"", place_of(page), component.key);
            warnings.push(Problem {
                position: Some(component.declared_at.clone()),
                place,
                wrong: "no check is linked to it, so it stays operational until somebody changes it"
                    .to_owned(),
                remedy: "Add checks = [\"…\"], or manual = true if people set its status.".to_owned(),
            });
        }
    }
}

/// Links to more unknown names than these are no slips of the pen: each would be compared with every name.
const MOST_MEANT: usize = 100;

fn remedy_of(config: &Config, link: &Link, compare: bool) -> String {
    let names = config.checks.iter().map(|entry| entry.check.name.as_str()).filter(|_| compare);
    let meant = nearest(&link.check, names).map(|near| format!("Did you mean \"{near}\"? "));
    format!(
        "{}If an agent declares it, all is well: the page says \"waiting for its first report\" until then.",
        meant.unwrap_or_default()
    )
}

fn unknown_check(place: String, link: &Link, remedy: String) -> Problem {
    Problem {
        position: Some(link.declared_at.clone()),
        place,
        wrong: format!("no file here declares check \"{}\"", link.check),
        remedy,
    }
}

/// Checks that nobody here would run.
fn whereabouts(config: &Config, earlier: &EarlierProblems, warnings: &mut Vec<Problem>) {
    let file = &config.declared_at.file;
    if earlier.at(file, |place| place.is_empty() || place.starts_with("[local_agent]")) {
        return;
    }
    for entry in &config.checks {
        if let Some((wrong, remedy)) = doubt_whereabouts(config, entry) {
            let place = format!("check \"{}\"", entry.check.name);
            warnings.push(Problem { position: Some(entry.declared_at.clone()), place, wrong, remedy });
        }
    }
}

fn doubt_whereabouts(config: &Config, entry: &CheckEntry) -> Option<(String, String)> {
    if let Kind::Heartbeat(_) = entry.check.kind {
        return None;
    }
    let Some(local) = &config.local_agent else {
        let remedy = "Add [local_agent], or declare the check in the configuration of an agent.";
        return Some(("no agent runs it: this workspace has no [local_agent]".to_owned(), remedy.to_owned()));
    };
    let locations = &entry.check.locations;
    let unknown = locations.iter().find(|location| **location != local.location)?;
    let meant = match nearest(unknown, [local.location.as_str()]) {
        Some(near) => format!("Did you mean \"{near}\"?"),
        None => format!("The built-in agent stands in \"{}\".", local.location),
    };
    let runs = if locations.contains(&local.location) { "" } else { ", so no agent here runs it" };
    Some((format!("locations names \"{unknown}\", where no agent is known{runs}"), meant))
}

fn place_of(page: &Page) -> String {
    format!("page \"{}\"", page.key)
}

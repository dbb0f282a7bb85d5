//! The rules over all files: unique names, and references.

use std::collections::{BTreeSet, HashMap, HashSet};

use skerry_protocol::check::{Kind, refuse_cycles, undeclared_parents};
use skerry_protocol::strict::{Position, Problem, Problems, nearest};

use super::{CheckEntry, Component, Config, Item, LabelSelector, Link, Page};

/// Problems found in single files. A warning that is only a consequence of one of them is not shown.
pub(super) struct EarlierProblems {
    /// The file and place of each problem.
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

    /// Whether `file` has a problem at a place that `is_meant` accepts.
    fn at(&self, file: &str, is_meant: impl Fn(&str) -> bool) -> bool {
        self.places.iter().any(|(of, place)| of == file && is_meant(place))
    }

    /// Whether the check of that name, a check without a name, or the top of the file has a problem.
    fn check(&self, file: &str, name: &str) -> bool {
        let named = format!("check \"{name}\"");
        self.at(file, |place| {
            place.is_empty() || place.starts_with(&named) || place.starts_with("check number")
        })
    }

    /// Whether a page has a problem, in any file.
    fn pages(&self) -> bool {
        self.places
            .iter()
            .any(|(_, place)| !["check", "listen", "["].iter().any(|other| place.starts_with(other)))
    }
}

pub(super) fn apply(
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
        workspaces.register(&config.workspace, "workspace", &config.declared_at, "", problems);
        for page in &config.pages {
            let place = place_of(page);
            slugs.register(&page.slug, "slug", &page.declared_at, &place, problems);
            for host in hosts_of(config, page) {
                hosts.register(&host, "host", &page.declared_at, &place, problems);
            }
        }
        check_unique_names(config, problems);
        judge_dependencies(config, earlier, problems, warnings);
        warn_about_unknown_checks(config, earlier, warnings);
        warn_about_missing_links(config, earlier, warnings);
        warn_about_unused_labels(config, earlier, warnings);
        warn_about_locations(config, earlier, warnings);
    }
    warn_about_private_pages(configs, earlier, warnings);
}

/// Warns if all pages are private, which is the default: `public` may have been forgotten.
fn warn_about_private_pages(configs: &[Config], earlier: &EarlierProblems, warnings: &mut Vec<Problem>) {
    let pages = || configs.iter().flat_map(|config| &config.pages);
    let Some(first) = pages().next() else { return };
    if earlier.pages() || pages().any(|page| page.public || page.audience.is_some()) {
        return;
    }
    warnings.push(Problem {
        position: Some(first.declared_at.clone()),
        place: place_of(first),
        wrong: "no page is public, so visitors see none".to_owned(),
        remedy: "Add public = true to each page that visitors may see.".to_owned(),
    });
}

/// Gives the root to the page that the first file names, or by default to the first public one. The root does not move
/// when another page becomes public.
pub(super) fn assign_root(
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
        None => assign_root_to_first(configs, warnings),
    }
    check_base_host(configs, problems);
}

fn assign_root_to_first(configs: &mut [Config], warnings: &mut Vec<Problem>) {
    // As long as no page is public, the first of all gets the root.
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

/// Rejects a host of `base_url` for another page than the root's, since all other pages are below that host.
fn check_base_host(configs: &[Config], problems: &mut Problems) {
    let Some(base) = configs.first().and_then(|config| config.public.base_url.host_str()) else { return };
    // A final dot does not make a name different.
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

/// Names in use, with the position of their first declaration.
struct Unique {
    declared_at: HashMap<String, Position>,
    remedy: &'static str,
}

impl Unique {
    fn new(remedy: &'static str) -> Self {
        Self { declared_at: HashMap::new(), remedy }
    }

    fn register(&mut self, name: &str, kind: &str, at: &Position, place: &str, problems: &mut Problems) {
        match self.declared_at.get(name) {
            Some(first) => {
                let wrong = format!("{kind} \"{name}\" is already declared at {}:{}", first.file, first.line);
                problems.add_at(at, place, wrong, self.remedy);
            }
            None => {
                self.declared_at.insert(name.to_owned(), at.clone());
            }
        }
    }
}

fn check_unique_names(config: &Config, problems: &mut Problems) {
    let mut checks = Unique::new("Check names are unique in a workspace: rename or remove one.");
    for entry in &config.checks {
        checks.register(&entry.check.name, "check", &entry.declared_at, "", problems);
    }
    let mut pages = Unique::new("Page keys are unique in a workspace: rename one.");
    for page in &config.pages {
        let place = place_of(page);
        pages.register(&page.key, "page key", &page.declared_at, "", problems);
        let mut keys = Unique::new("Keys are unique in a page, over its groups and components: rename one.");
        for row in page.rows() {
            let (key, declared_at) = match row {
                Item::Group(group) => (&group.key, &group.declared_at),
                Item::Component(component) => (&component.key, &component.declared_at),
            };
            keys.register(key, "key", declared_at, &place, problems);
        }
    }
}

/// Refuses checks that depend on themselves, and warns about parents that no file declares: an agent may.
fn judge_dependencies(
    config: &Config,
    earlier: &EarlierProblems,
    problems: &mut Problems,
    warnings: &mut Vec<Problem>,
) {
    let checks: Vec<_> = config.checks.iter().map(|entry| (&entry.check, &entry.declared_at)).collect();
    refuse_cycles(&checks, problems);
    for (check, position, parent, near) in undeclared_parents(&checks) {
        if earlier.check(&config.declared_at.file, parent) {
            continue;
        }
        let meant = near.map(|near| format!("Did you mean \"{near}\"? ")).unwrap_or_default();
        warnings.push(Problem {
            position: Some(position.clone()),
            place: format!("check \"{}\"", check.name),
            wrong: format!("depends_on: no file here declares check \"{parent}\""),
            remedy: format!("{meant}If an agent declares it, all is well."),
        });
    }
}

/// The hosts that belong to a page.
fn hosts_of(config: &Config, page: &Page) -> Vec<String> {
    config.public.hosts_of(&page.slug, page.domain.as_deref())
}

/// Warns about links to checks that no file declares. An agent may declare them, so they are no problem.
fn warn_about_unknown_checks(config: &Config, earlier: &EarlierProblems, warnings: &mut Vec<Problem>) {
    let file = &config.declared_at.file;
    let declared: HashSet<&str> = config.checks.iter().map(|entry| entry.check.name.as_str()).collect();
    // The remedy depends on the name only; `None` if there is no warning.
    let mut remedies: HashMap<&str, Option<String>> = HashMap::new();
    for page in &config.pages {
        for component in page.components() {
            for link in component.links.iter().filter(|link| !declared.contains(link.check.as_str())) {
                let meant = remedies.len() < MAX_COMPARED;
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

/// Warns about components without checks that are not declared as manual: the checks may have been forgotten.
fn warn_about_missing_links(config: &Config, earlier: &EarlierProblems, warnings: &mut Vec<Problem>) {
    if earlier.at(&config.declared_at.file, |earlier| earlier.contains("component \"")) {
        return;
    }
    for page in &config.pages {
        let unlinked = |one: &&Component| one.links.is_empty() && one.selector.is_none() && !one.manual;
        for component in page.components().filter(unlinked) {
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

/// Warns about labels that no check of this file has: checks of agents may have them, so they are no problem.
fn warn_about_unused_labels(config: &Config, earlier: &EarlierProblems, warnings: &mut Vec<Problem>) {
    if earlier.at(&config.declared_at.file, |place| place.is_empty() || place.starts_with("check")) {
        return;
    }
    let labels = || config.checks.iter().map(|entry| &entry.check.labels);
    for page in &config.pages {
        for component in page.components() {
            let Some(LabelSelector { selector, declared_at }) = &component.selector else { continue };
            if labels().any(|labels| selector.chooses(labels)) {
                continue;
            }
            let wanted: Vec<String> = selector.labels().iter().map(written).collect();
            let known: BTreeSet<String> = labels().flatten().map(written).collect();
            let meant = wanted.iter().filter(|one| !known.contains(*one));
            let meant = meant.filter_map(|one| nearest(one, known.iter().map(String::as_str))).next();
            let meant = meant.map(|near| format!("Did you mean {near}? ")).unwrap_or_default();
            warnings.push(Problem {
                position: Some(declared_at.clone()),
                place: format!("{}: component \"{}\"", place_of(page), component.key),
                wrong: format!("no check of this file has the labels {{ {} }}", wanted.join(", ")),
                remedy: format!(
                    "{meant}If a check of an agent has them, all is well: the page says \"waiting for its first \
                     report\" until then."
                ),
            });
        }
    }
}

/// A label as it is written in the file.
fn written((name, value): (&String, &String)) -> String {
    format!("{name} = \"{value}\"")
}

/// How many unknown names are compared with all known ones; more of them are not typing errors.
const MAX_COMPARED: usize = 100;

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

/// Warns about checks that no agent of this file would run.
fn warn_about_locations(config: &Config, earlier: &EarlierProblems, warnings: &mut Vec<Problem>) {
    let file = &config.declared_at.file;
    if earlier.at(file, |place| place.is_empty() || place.starts_with("[local_agent]")) {
        return;
    }
    for entry in &config.checks {
        if let Some((wrong, remedy)) = location_warning(config, entry) {
            let place = format!("check \"{}\"", entry.check.name);
            warnings.push(Problem { position: Some(entry.declared_at.clone()), place, wrong, remedy });
        }
    }
}

fn location_warning(config: &Config, entry: &CheckEntry) -> Option<(String, String)> {
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

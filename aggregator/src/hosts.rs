//! Slugs and hosts of pages that were made at run time: no other page answers there. The reader of the files compares
//! what these declare.

use crate::config::{Config, Public};
use anyhow::bail;
use skerry_domain::state::{Origin, Page, PageSettings, WorkspacePage};
use skerry_domain::workspaces::Workspaces;

/// Checks that no page of the files has the slug or a host of a page that was made at run time and stays.
///
/// # Errors
/// Both pages and a remedy.
pub fn check_files(configs: &[Config], workspaces: &Workspaces) -> anyhow::Result<()> {
    let Some(public) = configs.first().map(|config| &config.public) else { return Ok(()) };
    let stays = |workspace: &str, page: &Page| {
        let declared = configs.iter().filter(|config| config.workspace == workspace);
        page.origin == Origin::Runtime
            && !page.archived
            && !declared.flat_map(|config| &config.pages).any(|one| one.key == page.key)
    };
    let all = workspaces.iter().flat_map(|(_, state)| {
        let name = state.workspace.name.as_str();
        state.pages.values().filter(move |page| stays(name, page))
    });
    for made in all {
        let hosts = public.hosts_of(&made.settings.slug, made.settings.domain.as_deref());
        for page in configs.iter().flat_map(|config| &config.pages) {
            let own = public.hosts_of(&page.slug, page.domain.as_deref());
            let shared = match own.iter().find(|host| hosts.contains(host)) {
                _ if page.slug == made.settings.slug => format!("slug \"{}\"", page.slug),
                Some(host) => format!("host \"{host}\""),
                None => continue,
            };
            bail!(
                "{}: page \"{}\": its {shared} is that of page {}, which was made at run time. Choose another slug or domain, \
                 or write key = \"{}\" to take that page over.",
                page.declared_at,
                page.key,
                made.id,
                made.id
            );
        }
    }
    Ok(())
}

/// A host of these settings that belongs to another page or to the base URL. `page` is the page that has the settings;
/// `None`: it is not made yet.
#[must_use]
pub fn taken(
    public: &Public,
    workspaces: &Workspaces,
    page: Option<WorkspacePage>,
    settings: &PageSettings,
) -> Option<String> {
    let hosts = public.hosts_of(&settings.slug, settings.domain.as_deref());
    // A final dot does not make a name different.
    let base = public.base_url.host_str().map(|base| base.strip_suffix('.').unwrap_or(base));
    if let Some(host) = hosts.iter().find(|host| Some(host.as_str()) == base) {
        return Some(host.clone());
    }
    let others = workspaces.iter().flat_map(|(workspace, state)| {
        let pages = state.pages.iter().filter(|(_, one)| !one.archived);
        pages.filter(move |(key, _)| Some((workspace, **key)) != page).map(|(_, one)| &one.settings)
    });
    let mut theirs = others.flat_map(|other| public.hosts_of(&other.slug, other.domain.as_deref()));
    theirs.find(|host| hosts.contains(host))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::load;
    use skerry_domain::state::{PageKey, State, Workspace, WorkspaceKey};
    use skerry_domain::step::{Answer, Asked, Command, Context, Ids};
    use skerry_domain::time::Timestamp;
    use skerry_domain::workspaces::Target;

    fn settings(slug: &str, domain: Option<&str>) -> PageSettings {
        PageSettings { listed: false, domain: domain.map(str::to_owned), ..PageSettings::named(slug) }
    }

    fn file(domain: &str) -> Vec<Config> {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("aggregator.toml");
        let public = "[public]\nbase_url = \"https://status.example.com\"\nbase_domain = \"example.com\"\n";
        let page = "[[page]]\nkey = \"root\"\nname = \"Root\"\npublic = true\n[[page]]\nkey = \"main\"\nname = \"Main\"\n";
        std::fs::write(&path, format!("{public}{page}domain = \"{domain}\"\n")).expect("written");
        load(&[path]).map_err(|problems| problems.to_string()).expect("a right file").configs
    }

    #[test]
    fn a_host_belongs_to_one_page() {
        let configs = file("up.example.org");
        let public = &configs[0].public;
        let mut all = Workspaces::new([State::new(Workspace::default())], Timestamp(0));
        let context = Context { now: Timestamp(5), ids: Ids::from_seed([1; 32]) };
        let create = Command::CreatePage(Box::new(settings("made", Some("made.example.org"))));
        let target = Target::Name("default".to_owned());
        let made = all.step(&[(target, create)], context, Asked::default()).expect("taken").answer;
        let own = Some((WorkspaceKey(1), PageKey(1)));
        assert_eq!(made, Answer::Page(PageKey(1)));
        for (page, slug, domain, host) in [
            (None, "new", Some("made.example.org"), Some("made.example.org")),
            (None, "new", Some("made.example.com"), Some("made.example.com")),
            (None, "status", None, Some("status.example.com")),
            (None, "new", Some("status.example.com"), Some("status.example.com")),
            (None, "new", Some("new.example.com"), None),
            (own, "made", Some("made.example.org"), None),
        ] {
            let found = taken(public, &all, page, &settings(slug, domain));
            assert_eq!(found.as_deref(), host, "{slug} {domain:?}");
        }
        check_files(&configs, &all).expect("no host in common");
        let refused = check_files(&file("made.example.com"), &all).expect_err("the host of another page");
        assert!(refused.to_string().contains("aggregator.toml:8:"), "{refused}");
        assert!(refused.to_string().contains("its host \"made.example.com\" is that of page"), "{refused}");
    }
}

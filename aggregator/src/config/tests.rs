use std::fs;
use std::path::{Path, PathBuf};

use super::*;

fn fixtures() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/config/aggregator")
}

fn toml_files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a readable folder");
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    files.retain(|file| file.extension().is_some_and(|end| end == "toml"));
    files.sort();
    files
}

fn warnings_text(warnings: &[Problem]) -> String {
    warnings.iter().map(|warning| format!("warning: {warning}\n")).collect()
}

/// The output of `check-config`, with the base names of the files.
fn output(paths: &[PathBuf]) -> String {
    let lines = match load(paths) {
        Err(unusable) => format!("{unusable}\n{}", warnings_text(&unusable.warnings)),
        Ok(loaded) => warnings_text(&loaded.warnings),
    };
    let folder = paths[0].parent().expect("a folder").display().to_string();
    lines.replace(&format!("{folder}/"), "")
}

/// Each rule has an invalid file `<rule>.toml`, or a folder `<rule>/` with several, and the expected output `<rule>.txt`.
#[test]
fn every_bad_file_is_rejected_with_its_own_message() {
    let mut wrong = Vec::new();
    let mut rules = 0;
    for entry in fs::read_dir(fixtures()).expect("the fixtures") {
        let path = entry.expect("an entry").path();
        let paths = match path.extension() {
            None => toml_files(&path),
            Some(end) if end == "toml" => vec![path.clone()],
            Some(_) => continue,
        };
        rules += 1;
        let expected = fs::read_to_string(path.with_extension("txt")).unwrap_or_default();
        let printed = output(&paths);
        if printed.is_empty() || printed != expected {
            wrong.push(format!("{}\n--- expected\n{expected}--- printed\n{printed}", path.display()));
        }
    }
    assert!(rules > 90, "the fixtures were not found");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_example_is_valid() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../config.toml");
    let loaded = load(&[path]).map_err(|problems| problems.to_string()).expect("the example is right");
    assert_eq!(loaded.warnings, Vec::new());
    let config = &loaded.configs[0];
    assert_eq!(config.workspace, "default");
    assert_eq!(config.listeners.len(), 2);
    assert_eq!(config.local_checks().map(|check| check.name.as_str()).collect::<Vec<_>>(), ["page"]);
    assert!(config.pages[0].public);
    assert_eq!(config.pages[0].components().count(), 1);
}

#[test]
fn every_key_of_the_example_is_explained() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../config.toml");
    let text = fs::read_to_string(path).expect("the example");
    let silent: Vec<&str> = text
        .lines()
        .filter(|line| line.contains(" = ") && !line.starts_with('#') && !line.contains("  # "))
        .collect();
    assert_eq!(silent, [""; 0]);
}

#[test]
fn no_hint_for_a_time_zone_reverses_its_sign() {
    for wrong in [
        "GMT+2",
        "UTC+2",
        "utc-5",
        "+02:00",
        "UTC+02:00",
        "GMT-11",
        "Etc/GMT+20",
        "Etc/UTC+1",
        "UTC\u{2212}3",
    ] {
        let text = format!("[[page]]\nkey = \"a\"\nname = \"A\"\ntime_zone = \"{wrong}\"\n");
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.toml");
        fs::write(&path, text).expect("written");
        let output = load(&[path]).expect_err("no zone").to_string();
        assert!(!output.contains("Did you mean") && output.contains("Name a place"), "{wrong}: {output}");
    }
}

#[test]
fn a_short_interval_is_enough_for_every_type() {
    let types = [
        "type = \"http\"\nurl = \"https://example.com/\"",
        "type = \"ping\"\nhost = \"192.0.2.1\"",
        "type = \"dns\"\nquery = \"example.com\"",
        "type = \"tcp\"\nhost = \"192.0.2.1\"\nport = 1",
        "type = \"tls\"\nhost = \"192.0.2.1\"",
    ];
    for one in types {
        for (interval, timeout) in [("500ms", 500), ("5s", 5_000), ("10s", 10_000), ("1m", 10_000)] {
            let config = load_one(&format!(
                "[[check]]\nname = \"a\"\n{one}\ninterval = \"{interval}\"\n[local_agent]\n"
            ));
            assert_eq!(config.checks[0].check.timeout, Duration::from_millis(timeout), "{one}: {interval}");
        }
    }
}

/// Loads each text as a file, in this order.
fn load_texts(texts: &[&str]) -> Loaded {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |(index, text): (usize, &&str)| {
        let path = folder.path().join(format!("{index}.toml"));
        fs::write(&path, text).expect("a file");
        path
    };
    let paths: Vec<PathBuf> = texts.iter().enumerate().map(write).collect();
    load(&paths).map_err(|problems| problems.to_string()).expect("right files")
}

fn load_one(text: &str) -> Config {
    load_texts(&[text]).configs.remove(0)
}

#[test]
fn a_hash_that_takes_too_long_to_compare_with_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.toml");
    let page = "[[page]]\nkey = \"a\"\nname = \"A\"\naudience = \"password\"\npassword_file = \"hash\"\n";
    fs::write(&path, page).expect("written");
    let hash = |memory: u32| {
        let rest = "t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY";
        fs::write(folder.path().join("hash"), format!("$argon2id$v=19$m={memory},{rest}\n"))
            .expect("written");
        load(std::slice::from_ref(&path)).map(drop).map_err(|problems| problems.to_string())
    };
    assert_eq!(hash(65_536), Ok(()));
    let refused = hash(262_144).expect_err("too costly");
    let wrong = "a.toml:5:1: page \"a\": password_file is unfit: its hash takes more than 64 MiB, 4 passes or 4 lanes. \
                 Make it anew: argon2";
    assert!(refused.contains(wrong), "{refused}");
}

#[test]
fn an_empty_file_has_the_defaults_of_the_reference() {
    let config = load_one("");
    let served: Vec<_> = config.listeners.iter().map(|one| (one.address.to_string(), &one.serves)).collect();
    assert_eq!(served[0], ("127.0.0.1:8080".to_owned(), &vec![Role::Public]));
    assert_eq!(served[1], ("127.0.0.1:8081".to_owned(), &vec![Role::Agents, Role::Hooks, Role::Admin]));
    assert_eq!(config.public.base_url.as_str(), "http://127.0.0.1:8080/");
    assert_eq!(config.store.path, PathBuf::from("/var/lib/skerry/skerry.db"));
    assert_eq!(config.store.raw_retention, Duration::from_secs(7 * 86_400));
    assert_eq!((config.workspace.as_str(), config.local_agent), ("default", None));
}

#[test]
fn every_key_of_the_process_has_its_effect() {
    let config = load_one(
        "workspace = \"shop\"\n[[listen]]\naddress = \"[::]:443\"\nserves = [\"public\", \"admin\"]\n\
         tls = { certificate = \"/c.pem\", key = \"/k.pem\" }\n\
         [public]\nbase_url = \"https://status.example.com\"\nbase_domain = \"Example.COM\"\n\
         [store]\npath = \"s.db\"\nraw_retention = \"30d\"\n[local_agent]\nname = \"here\"\nlocation = \"eu\"\n\
         [local_agent.self_test]\nreferences = [\"192.0.2.1:53\"]\ninterval = \"5s\"\n",
    );
    assert_eq!(config.workspace, "shop");
    assert_eq!(config.listeners[0].address.port(), 443);
    assert_eq!(config.listeners[0].serves, [Role::Public, Role::Admin]);
    let tls = config.listeners[0].tls.clone().expect("tls");
    assert_eq!((tls.certificate, tls.key), (PathBuf::from("/c.pem"), PathBuf::from("/k.pem")));
    assert_eq!(config.public.base_url.as_str(), "https://status.example.com/");
    assert_eq!(config.public.base_domain.as_deref(), Some("example.com"));
    assert!(config.store.path.is_absolute() && config.store.path.ends_with("s.db"), "relative to its file");
    assert_eq!(config.store.written, Some(PathBuf::from("s.db")));
    assert_eq!(config.store.raw_retention, Duration::from_secs(30 * 86_400));
    let references = vec!["192.0.2.1:53".parse().expect("an address")];
    let self_test = SelfTestSettings { references, interval: Duration::from_secs(5) };
    assert_eq!(
        config.local_agent,
        Some(LocalAgent { name: "here".into(), location: "eu".into(), self_test })
    );
}

#[test]
fn every_key_of_a_page_has_its_effect() {
    let config = load_one(
        "[[page]]\nkey = \"main\"\nslug = \"shop\"\nname = \"Shop\"\npublic = true\nlisted = true\n\
         time_zone = \"europe/vienna\"\ndomain = \"Status.example.com\"\nsupport_url = \"mailto:a@example.com\"\n\
         language = \"de\"\npartial_weight = 0.25\nmajor_weight = 0.9\n\
         [[page.component]]\nkey = \"a\"\nname = \"A\"\ndescription = \"first\"\npublic = false\n\
         checks = [\"one\", { name = \"two\", weight = \"minor\" }, { name = \"three\" }]\n\
         start_date = 2026-01-31\nresponse_time = true\nshowcase = false\nonly_show_if_degraded = true\n",
    );
    let page = &config.pages[0];
    assert_eq!((page.key.as_str(), page.slug.as_str(), page.name.as_str()), ("main", "shop", "Shop"));
    assert!(page.public && page.listed);
    assert_eq!(page.time_zone, "Europe/Vienna");
    assert_eq!(page.domain.as_deref(), Some("status.example.com"));
    assert_eq!(page.support_url.as_deref(), Some("mailto:a@example.com"));
    assert_eq!(page.language, "de");
    assert_eq!((page.uptime_rule, page.partial_percent, page.major_percent), (UptimeRule::Observed, 25, 90));
    let component = page.components().next().expect("a component");
    assert_eq!(component.description.as_deref(), Some("first"));
    let links: Vec<_> = component.links.iter().map(|link| (link.check.as_str(), link.minor)).collect();
    assert_eq!(links, [("one", false), ("two", true), ("three", false)]);
    assert_eq!(component.start_date, Some(jiff::civil::date(2026, 1, 31)));
    assert!(!component.public && component.response_time && !component.showcase);
    assert!(component.only_show_if_degraded);
    assert_eq!(component.declared_at.line, 13);

    assert!(!component.manual);
    let manual = load_one(
        "[[page]]\nkey = \"main\"\nname = \"Main\"\n[[page.component]]\nkey = \"a\"\nname = \"A\"\nmanual = true\n",
    );
    assert!(manual.pages[0].components().all(|component| component.manual));

    let plain = load_one("[[page]]\nkey = \"main\"\nname = \"Main\"\nuptime_rule = \"statuspage\"\n");
    let page = &plain.pages[0];
    assert_eq!(
        (page.slug.as_str(), page.time_zone.as_str(), page.language.as_str()),
        ("main", "Etc/UTC", "en")
    );
    assert!(!page.public && !page.listed);
    assert_eq!(
        (page.uptime_rule, page.partial_percent, page.major_percent),
        (UptimeRule::Statuspage, 30, 100)
    );
}

#[test]
fn groups_and_components_keep_the_order_of_the_file() {
    let component =
        |section: &str, key: &str| format!("[[page.{section}]]\nkey = \"{key}\"\nname = \"{key}\"\n");
    let text = [
        "[[page]]\nkey = \"main\"\nname = \"Main\"\n".to_owned(),
        component("component", "first"),
        component("group", "second"),
        component("group.component", "inner"),
        component("component", "third"),
        component("group", "fourth"),
        component("group.component", "before"),
        component("group.group", "nested"),
        component("group.group.component", "deep"),
        component("group.component", "behind"),
    ];
    let config = load_one(&text.concat());
    let key = |item: &Item| match item {
        Item::Group(group) => group.key.clone(),
        Item::Component(component) => component.key.clone(),
    };
    let keys = |items: &[Item]| items.iter().map(key).collect::<Vec<_>>();
    let page = &config.pages[0];
    assert_eq!(keys(&page.items), ["first", "second", "third", "fourth"]);
    let Item::Group(fourth) = &page.items[3] else { panic!("a group") };
    assert_eq!(keys(&fourth.items), ["before", "nested", "behind"]);
    let components: Vec<_> = page.components().map(|one| one.key.as_str()).collect();
    assert_eq!(components, ["first", "inner", "third", "before", "deep", "behind"]);
    assert_eq!(page.groups().map(|one| one.key.as_str()).collect::<Vec<_>>(), ["second", "fourth", "nested"]);
}

#[test]
fn a_quorum_is_read_with_its_check() {
    let quorum = |key: &str| {
        let check = "[[check]]\nname = \"a\"\ntype = \"http\"\nurl = \"https://example.com/\"\n";
        load_one(&format!("{check}{key}")).checks[0].quorum
    };
    assert_eq!(quorum(""), Quorum::Majority);
    assert_eq!(quorum("quorum = \"any\""), Quorum::Any);
    assert_eq!(quorum("quorum = \"all\""), Quorum::All);
    assert_eq!(quorum("quorum = 2"), Quorum::Number(2));
}

#[test]
fn workspaces_share_only_the_settings_of_the_process() {
    let check = "[[check]]\nname = \"a\"\ntype = \"http\"\nurl = \"https://example.com/\"\n[local_agent]\n";
    let one = format!("workspace = \"one\"\n[store]\npath = \"x.db\"\n{check}");
    let loaded = load_texts(&[&one, &format!("workspace = \"two\"\n{check}")]);
    let names: Vec<_> = loaded.configs.iter().map(|config| config.workspace.as_str()).collect();
    assert_eq!(names, ["one", "two"]);
    assert_eq!(loaded.configs[1].store, loaded.configs[0].store);
    assert!(loaded.configs[1].store.path.ends_with("x.db"));
    assert!(loaded.warnings.is_empty(), "{:?}", loaded.warnings);
}

#[test]
fn the_reference_names_every_key() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/configuration.md");
    let reference = fs::read_to_string(path).expect("the reference");
    for (section, key) in known_keys(EVERY_KEY).into_keys() {
        let section = section.replace("page.group.group", "page.group");
        let heading = match section.replace("page.group.component", "page.component").as_str() {
            "" => "### `top`".to_owned(),
            section => format!("### `{section}`"),
        };
        let chapter = reference.split("\n#").find(|part| format!("#{part}").starts_with(&heading));
        let row = format!("\n| `{key}` |");
        assert!(chapter.is_some_and(|chapter| chapter.contains(&row)), "{heading} lacks {key}");
    }
    assert!(known_keys(EVERY_KEY).len() > 60, "the reader knows too few keys");
}

/// The keys of the pages that have the root.
fn root_of(loaded: &Loaded) -> Vec<&str> {
    let pages = loaded.configs.iter().flat_map(|config| &config.pages);
    pages.filter(|page| page.root).map(|page| page.key.as_str()).collect()
}

#[test]
fn the_root_belongs_to_the_named_page_or_to_the_first_public_one() {
    let page =
        |key: &str, public: bool| format!("[[page]]\nkey = \"{key}\"\nname = \"Page\"\npublic = {public}\n");
    let (a, b) = (page("a", true), page("b", true));
    assert_eq!(root_of(&load_texts(&[&format!("{a}{b}")])), ["a"]);
    assert_eq!(root_of(&load_texts(&[&format!("[public]\nroot = \"b\"\n{a}{b}")])), ["b"]);
    assert_eq!(root_of(&load_texts(&[&format!("{}{b}", page("a", false))])), ["b"]);
    let other = format!("workspace = \"other\"\n{b}");
    assert_eq!(root_of(&load_texts(&["", &other])), ["b"], "the first file has none");
    assert_eq!(root_of(&load_texts(&[&a, &other])), ["a"]);
    let prepared = "[public]\nbase_url = \"https://status.example.com\"\n[[page]]\nkey = \"a\"\nname = \"A\"\n\
                    domain = \"status.example.com\"\n";
    assert_eq!(root_of(&load_texts(&[prepared])), ["a"], "none is public yet");
}

#[test]
fn the_token_of_metrics_has_its_effect() {
    let config = load_one("[admin]\nmetrics_token_file = \"/etc/hostname\"\n");
    assert_eq!(config.metrics_token_file, Some(PathBuf::from("/etc/hostname")));
    assert_eq!(load_one("").metrics_token_file, None);
}

/// Whoever may not change it elsewhere is told where it stands.
#[test]
fn every_declaration_has_its_place() {
    let texts = [
        "workspace = \"one\"\n[sanitiser]\nprivate_suffixes = [\".corp\"]\n\n[[page]]\nkey = \"main\"\nname = \"Main\"\n\
         public = true\n[[page.component]]\nkey = \"mail\"\nname = \"Mail\"\nmanual = true\n[[page.group]]\nkey = \"shop\"\n\
         name = \"Shop\"\n[[page.group.component]]\nkey = \"cards\"\nname = \"Cards\"\nmanual = true\n",
        "workspace = \"two\"\n[[page]]\nkey = \"main\"\nslug = \"other\"\nname = \"Other\"\n[incidents]\n",
    ];
    let loaded = load_texts(&texts);
    let provenance = Provenance::of(&loaded.configs);
    let at = |position: Option<&Position>| position.map(|at| (at.file.ends_with("0.toml"), at.line));
    assert_eq!(at(provenance.page("one", "main")), Some((true, 5)));
    assert_eq!(at(provenance.page("two", "main")), Some((false, 2)));
    assert_eq!(at(provenance.row("one", "main", "mail")), Some((true, 9)));
    assert_eq!(at(provenance.row("one", "main", "shop")), Some((true, 13)));
    assert_eq!(at(provenance.row("one", "main", "cards")), Some((true, 16)));
    assert_eq!(at(provenance.section("one", Section::Sanitiser)), Some((true, 2)));
    assert_eq!(at(provenance.section("two", Section::Incidents)), Some((false, 6)));
    for nowhere in [
        provenance.page("three", "main"),
        provenance.page("one", "other"),
        provenance.row("two", "main", "mail"),
        provenance.section("one", Section::Incidents),
    ] {
        assert_eq!(nowhere, None);
    }
}

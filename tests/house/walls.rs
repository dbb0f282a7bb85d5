//! Which of our crates may depend on which, and that no manifest names an unused dependency.

use crate::sources::{Source, assert_none, members, names_crate, root, sources};

/// The folder of a member, and those of our crates that it may depend on.
const MAY_DEPEND_ON: &[(&str, &[&str])] = &[
    ("protocol", &[]),
    ("host", &["skerry-protocol"]),
    ("agent", &["skerry-protocol", "skerry-host"]),
    ("aggregator/domain", &["skerry-protocol", "skerry-sanitiser"]),
    ("aggregator/sanitiser", &["skerry-protocol"]),
    ("aggregator/store", &["skerry-protocol", "skerry-host", "skerry-domain"]),
    ("aggregator/notify", &["skerry-protocol", "skerry-host"]),
    ("aggregator/publish", &["skerry-protocol", "skerry-domain", "skerry-sanitiser"]),
    ("aggregator/web", &["skerry-protocol", "skerry-host", "skerry-publish"]),
];
/// Libraries that the domain may use beside the protocol: values without I/O.
const DOMAIN_LIBRARIES: [&str; 5] = ["blake3", "imbl", "jiff", "rrule", "unsigned-varint"];

/// A package whose crate has another name.
const CRATE_OF_PACKAGE: (&str, &str) = ("rustls-webpki", "webpki");

/// The dependencies of a member by their names in the manifest: of its programs, and of its tests only.
struct Dependencies {
    own: Vec<String>,
    of_tests: Vec<String>,
}

fn dependencies(member: &str) -> Dependencies {
    let path = root().join(member).join("Cargo.toml");
    let manifest = std::fs::read_to_string(path).expect("a manifest");
    let of = |section: &str| {
        let lines = manifest.lines().skip_while(|line| line.trim() != section).skip(1);
        let lines = lines.take_while(|line| !line.starts_with('['));
        let names =
            lines.filter(|line| !line.starts_with('#')).filter_map(|line| line.split(['.', ' ']).next());
        names.filter(|name| !name.is_empty()).map(str::to_owned).collect()
    };
    Dependencies { own: of("[dependencies]"), of_tests: of("[dev-dependencies]") }
}

#[test]
fn dependencies_lead_downward() {
    let mut wrong = Vec::new();
    for (member, may) in MAY_DEPEND_ON {
        for name in dependencies(member).own {
            let ours = name.starts_with("skerry-");
            let of_domain = *member == "aggregator/domain" && !DOMAIN_LIBRARIES.contains(&name.as_str());
            if (ours || of_domain) && !may.contains(&name.as_str()) {
                wrong.push(format!("{member} depends on {name}"));
            }
        }
    }
    assert_none(&wrong, "dependencies lead downward (MAY_DEPEND_ON)");
}

#[test]
fn every_dependency_is_used() {
    let sources = sources();
    let mut wrong = Vec::new();
    for member in members() {
        // Of `aggregator/` none below a crate of its own.
        let others: Vec<_> =
            members().into_iter().filter(|other| other.starts_with(&format!("{member}/"))).collect();
        let of_member: Vec<&Source> = sources
            .iter()
            .filter(|source| source.path.starts_with(&format!("{member}/")))
            .filter(|source| !others.iter().any(|other| source.path.starts_with(&format!("{other}/"))))
            .collect();
        let is_named = |name: &str, of_tests: bool| {
            let name = if name == CRATE_OF_PACKAGE.0 {
                CRATE_OF_PACKAGE.1.to_owned()
            } else {
                name.replace('-', "_")
            };
            let all = of_tests || member == "tests";
            of_member.iter().filter(|source| all || !source.is_test()).any(|source| {
                let program = source.text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
                let lines = if all { source.text.lines() } else { program.lines() };
                lines.map(str::trim).any(|line| !line.starts_with("//") && names_crate(line, &name))
            })
        };
        let Dependencies { own, of_tests } = dependencies(&member);
        let unused = own.iter().filter(|name| !is_named(name, false));
        wrong.extend(unused.map(|name| format!("{member}/Cargo.toml: {name} in [dependencies]")));
        let unused = of_tests.iter().filter(|name| !is_named(name, true));
        wrong.extend(unused.map(|name| format!("{member}/Cargo.toml: {name} in [dev-dependencies]")));
    }
    assert_none(&wrong, "a dependency that nothing names is removed");
}

#[test]
fn every_dependency_of_the_workspace_has_a_member() {
    let manifest = std::fs::read_to_string(root().join("Cargo.toml")).expect("the workspace's manifest");
    let lines = manifest.lines().skip_while(|line| *line != "[workspace.dependencies]").skip(1);
    let lines = lines.take_while(|line| !line.starts_with('['));
    let names = lines.filter_map(|line| line.split_once(" = ")).map(|(name, _)| name.to_owned());
    let used: Vec<String> = members()
        .iter()
        .map(|member| dependencies(member))
        .flat_map(|Dependencies { own, of_tests }| own.into_iter().chain(of_tests))
        .collect();
    let wrong: Vec<_> = names.filter(|name| !used.contains(name)).collect();
    assert_none(&wrong, "what no member depends on is removed from the workspace's manifest");
}

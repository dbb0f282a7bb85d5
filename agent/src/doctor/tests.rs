use super::*;
use skerry_host::doctor::{Level, all_well, json, plain};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use tempfile::TempDir;

const SECRET: &str = "ska_a-secret-that-nobody-may-see";

/// An agent whose aggregator is not running.
fn agent(folder: &TempDir, rest: &str) -> PathBuf {
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("written");
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).expect("changed");
        path
    };
    let token = file("token", SECRET);
    let text = format!(
        "[agent]\nname = \"probe\"\nlocation = \"here\"\nspool = \"{}\"\n\n[aggregator]\n\
         url = \"http://127.0.0.1:1\"\ntoken_file = \"{}\"\n{rest}",
        folder.path().join("spool.db").display(),
        token.display()
    );
    file("agent.toml", &text)
}

fn of<'a>(findings: &'a [Finding], topic: &str) -> Vec<&'a Finding> {
    findings.iter().filter(|finding| finding.topic == topic).collect()
}

#[tokio::test]
async fn an_agent_on_its_own_is_told_what_it_lacks_and_no_secret_is_said() {
    let folder = TempDir::new().expect("a folder");
    let findings = examine(&agent(&folder, "")).await;
    assert!(!all_well(&findings));
    let unreachable = of(&findings, "aggregator");
    assert_eq!(unreachable.len(), 1);
    assert!(unreachable[0].says.contains("cannot be reached"), "{}", unreachable[0].says);
    for topic in ["configuration", "ping", "disk", "spool"] {
        assert_eq!(of(&findings, topic)[0].level, Level::Ok, "{topic}: {findings:?}");
    }
    for text in [plain(&findings), json(&findings)] {
        assert!(!text.contains("secret-that"), "{text}");
    }
    let json: serde_json::Value = serde_json::from_str(&json(&findings)).expect("JSON");
    assert_eq!(json["ok"], false);
    assert!(plain(&findings).ends_with("1 problem, 0 warnings"), "{}", plain(&findings));
    for finding in &findings {
        assert_eq!(finding.remedy.is_some(), finding.level != Level::Ok, "{finding:?}");
    }
}

#[tokio::test]
async fn an_agent_that_is_yet_to_be_enrolled_is_told_how_and_all_else_is_looked_at() {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("agent.toml");
    // As installed by the package, except for the path of its state.
    let text = format!("[agent]\nspool = \"{}\"\n", folder.path().join("spool.db").display());
    let check = "[[check]]\nname = \"web\"\ntype = \"tcp\"\nhost = \"127.0.0.1\"\nport = 1\n";
    std::fs::write(&path, format!("{text}{check}")).expect("written");
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o666)).expect("changed");
    let findings = examine(&path).await;
    let enrolment = of(&findings, "enrolment");
    assert_eq!((enrolment.len(), enrolment[0].level), (1, Level::Problem), "{findings:?}");
    assert!(enrolment[0].says.contains("not enrolled yet"), "{}", enrolment[0].says);
    let remedy = enrolment[0].remedy.as_deref().expect("one");
    assert!(remedy.contains("skerry-aggregator agent add NAME"), "{remedy}");
    assert_eq!(of(&findings, "configuration")[0].level, Level::Ok, "{findings:?}");
    assert!(of(&findings, "permissions")[0].says.contains("changed by others"), "{findings:?}");
    for topic in ["ping", "time", "network", "disk", "spool"] {
        assert!(!of(&findings, topic).is_empty(), "{topic} is looked at: {findings:?}");
    }
    for topic in ["resolver", "aggregator", "token"] {
        assert!(of(&findings, topic).is_empty(), "there is nobody to be asked yet: {findings:?}");
    }
    // Other errors in the file are reported instead.
    std::fs::write(&path, "nonsense = 1").expect("written");
    assert!(of(&examine(&path).await, "enrolment").is_empty());
}

#[tokio::test]
async fn each_fault_of_files_is_found() {
    let folder = TempDir::new().expect("a folder");
    let path = agent(&folder, "");
    let mode = |name: &str, mode| {
        let file = folder.path().join(name);
        std::fs::set_permissions(file, PermissionsExt::from_mode(mode)).expect("changed");
    };
    mode("agent.toml", 0o666);
    let findings = examine(&path).await;
    assert!(of(&findings, "permissions")[0].says.contains("agent.toml"), "{findings:?}");
    mode("agent.toml", 0o600);

    mode("token", 0o604);
    let findings = examine(&path).await;
    assert!(of(&findings, "token")[0].says.contains("others can read"), "{findings:?}");
    mode("token", 0o600);
    std::fs::write(folder.path().join("token.aggregator"), "certificate = sha256:12").expect("written");
    let findings = examine(&path).await;
    assert!(of(&findings, "token")[0].says.contains("is damaged"), "{findings:?}");
    std::fs::remove_file(folder.path().join("token.aggregator")).expect("there");

    let spool = folder.path().join("spool.db");
    let clock = Clock::open().expect("a clock");
    let (open, _) = spool::Spool::open(&spool, Limits::default(), clock).expect("opens");
    open.close().await;
    assert_eq!(of(&examine(&path).await, "spool")[0].level, Level::Ok);
    mode("spool.db", 0o644);
    let findings = examine(&path).await;
    assert!(of(&findings, "permissions")[0].says.contains("spool.db"), "{findings:?}");
    mode("spool.db", 0o600);
    std::fs::write(&spool, "nonsense ".repeat(1_000)).expect("written");
    let findings = examine(&path).await;
    assert_eq!(of(&findings, "spool")[0].level, Level::Problem, "{findings:?}");

    std::fs::write(&path, "nonsense = 1").expect("written");
    let findings = examine(&path).await;
    assert!(findings.iter().all(|finding| finding.topic == "configuration"), "{findings:?}");
    assert!(findings.iter().any(|finding| finding.says.contains("nonsense")), "{findings:?}");
}

#[tokio::test]
async fn missing_references_are_told_for_each_family_that_a_check_uses_alone() {
    let folder = TempDir::new().expect("a folder");
    let none = "no reference target is named:";
    let six = "no reference target is named over IPv6, which alone these checks use: web.";
    let four = "no reference target is named over IPv4, which alone these checks use: web.";
    for (host, more, references, told) in [
        ("192.0.2.1", "", "", Some(none)),
        ("shop.example", "", "", Some(none)),
        // This host, and a target that can fall back to the other family.
        ("127.0.0.1", "", "", None),
        ("shop.example", "", "\"192.0.2.9:1\"", None),
        ("192.0.2.1", "", "\"192.0.2.9:1\"", None),
        ("2001:db8::1", "", "\"192.0.2.9:1\"", Some(six)),
        ("shop.example", "ip_version = \"6\"\n", "\"192.0.2.9:1\"", Some(six)),
        ("2001:db8::1", "", "\"[2001:db8::9]:1\"", None),
        ("192.0.2.1", "", "\"[2001:db8::9]:1\"", Some(four)),
        ("2001:db8::1", "", "\"192.0.2.9:1\", \"[2001:db8::9]:1\"", None),
    ] {
        let check = format!("[[check]]\nname = \"web\"\ntype = \"tcp\"\nhost = \"{host}\"\nport = 1\n{more}");
        let path = agent(&folder, &format!("[self_test]\nreferences = [{references}]\n\n{check}"));
        let loaded =
            config::load(&path).map_err(|unusable| unusable.to_string()).expect("a right file").config;
        let found = super::references(&loaded.checks, &loaded.self_test.references);
        let row = format!("{host} {more} {references}: {found:?}");
        assert_eq!(found.is_some(), told.is_some(), "{row}");
        let (Some(found), Some(told)) = (found, told) else { continue };
        assert!(
            found.level == Level::Warning && found.says.contains(told) && found.remedy.is_some(),
            "{row}"
        );
    }
    // The finding is part of the whole report.
    let elsewhere = "\n[[check]]\nname = \"web\"\ntype = \"tcp\"\nhost = \"192.0.2.1\"\nport = 1\n";
    let findings = examine(&agent(&folder, elsewhere)).await;
    assert!(of(&findings, "network").iter().any(|one| one.says.starts_with(none)), "{findings:?}");
}

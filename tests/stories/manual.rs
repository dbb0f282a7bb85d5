//! Man pages and completions, as packages install them.

use crate::process::run;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

fn written(program: &str, folder: &Path) -> BTreeMap<String, String> {
    let output = run(program, &["manual".as_ref(), folder.as_os_str()]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut files = BTreeMap::new();
    for part in ["man", "completions"] {
        for entry in std::fs::read_dir(folder.join(part)).expect("a folder") {
            let path = entry.expect("an entry").path();
            let text = std::fs::read_to_string(&path).expect("readable");
            files.insert(format!("{part}/{}", path.file_name().expect("named").to_string_lossy()), text);
        }
    }
    files
}

#[test]
fn every_subcommand_has_a_man_page_and_completion() {
    let folder = tempfile::tempdir().expect("a folder");
    let agent = written("skerry-agent", &folder.path().join("agent"));
    let aggregator = written("skerry-aggregator", &folder.path().join("aggregator"));
    let names = |program: &str, pages: &[&str]| -> Vec<String> {
        let completions = [format!("_{program}"), format!("{program}.bash"), format!("{program}.fish")];
        let completions = completions.iter().map(|name| format!("completions/{name}"));
        let pages = pages.iter().map(|page| format!("man/{program}{page}.1"));
        let mut all: Vec<String> = completions.chain(pages).collect();
        all.sort();
        all
    };
    let pages = ["", "-check-config", "-doctor", "-enroll", "-probe", "-run", "-status"];
    assert_eq!(agent.keys().cloned().collect::<Vec<_>>(), names("skerry-agent", &pages));
    let pages = [
        "",
        "-agent",
        "-agent-add",
        "-agent-allow",
        "-agent-disable",
        "-agent-enable",
        "-agent-limit",
        "-agent-list",
        "-agent-move",
        "-agent-remove",
        "-agent-rename",
        "-agent-revoke",
        "-agent-rotate",
        "-announcement",
        "-announcement-change",
        "-announcement-create",
        "-announcement-end",
        "-announcement-list",
        "-announcement-show",
        "-backup",
        "-check",
        "-check-config",
        "-check-define",
        "-check-list",
        "-component",
        "-component-list",
        "-component-release",
        "-component-set",
        "-correct",
        "-deliveries",
        "-deliveries-list",
        "-deliveries-resend",
        "-deliveries-show",
        "-doctor",
        "-export",
        "-heartbeat",
        "-heartbeat-add",
        "-heartbeat-list",
        "-heartbeat-remove",
        "-heartbeat-rotate",
        "-incident",
        "-incident-approve",
        "-incident-delete",
        "-incident-edit",
        "-incident-link",
        "-incident-list",
        "-incident-open",
        "-incident-postmortem",
        "-incident-resolve",
        "-incident-show",
        "-incident-update",
        "-mail-check",
        "-maintenance",
        "-maintenance-cancel",
        "-maintenance-change",
        "-maintenance-edit",
        "-maintenance-end",
        "-maintenance-extend",
        "-maintenance-list",
        "-maintenance-schedule",
        "-maintenance-show",
        "-maintenance-start",
        "-maintenance-update",
        "-maintenance-verify",
        "-outages",
        "-page",
        "-page-feeds",
        "-page-list",
        "-page-preview",
        "-probe",
        "-problem",
        "-problem-ack",
        "-problem-list",
        "-problem-note",
        "-problem-private",
        "-problem-public",
        "-problem-severity",
        "-problem-show",
        "-receiver",
        "-receiver-test",
        "-restore",
        "-serve",
        "-subscribers",
        "-subscribers-add",
        "-subscribers-export",
        "-subscribers-import",
        "-subscribers-link",
        "-subscribers-list",
        "-subscribers-remove",
        "-template",
        "-template-add",
        "-template-list",
        "-template-remove",
        "-template-show",
        "-token",
        "-token-add",
        "-token-list",
        "-token-remove",
    ];
    assert_eq!(aggregator.keys().cloned().collect::<Vec<_>>(), names("skerry-aggregator", &pages));
    for (name, text) in agent.iter().chain(&aggregator) {
        assert!(!text.contains("manual"), "{name} offers what is hidden");
    }
    for (files, program) in [(&agent, "skerry-agent"), (&aggregator, "skerry-aggregator")] {
        let page = &files[&format!("man/{program}.1")];
        assert!(page.contains("Exit codes:") && page.contains("check\\-config"), "{page}");
        let bash = &files[&format!("completions/{program}.bash")];
        assert!(bash.contains("check-config") && bash.contains("--log-level"), "{bash}");
    }
    for program in ["agent", "aggregator"] {
        let script = folder.path().join(format!("{program}/completions/skerry-{program}.bash"));
        assert!(Command::new("bash").arg("-n").arg(script).status().expect("bash").success(), "{program}");
    }
}

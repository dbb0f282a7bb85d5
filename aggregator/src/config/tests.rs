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

/// What `check-config` would say, with files called by their base names.
fn said(paths: &[PathBuf]) -> String {
    let lines = match load(paths) {
        Err(problems) => format!("{problems}\n"),
        Ok(loaded) => loaded.warnings.iter().map(|warning| format!("warning: {warning}\n")).collect(),
    };
    let folder = paths[0].parent().expect("a folder").display().to_string();
    lines.replace(&format!("{folder}/"), "")
}

/// A rule is a bad file `<rule>.toml`, or a folder `<rule>/` of several; `<rule>.txt` is what is said of it.
#[test]
fn every_bad_file_is_refused_in_its_own_words() {
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
        let said = said(&paths);
        if said.is_empty() || said != expected {
            wrong.push(format!("{}\n--- expected\n{expected}--- said\n{said}", path.display()));
        }
    }
    assert!(rules > 90, "the fixtures were not found");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_example_runs_as_it_is() {
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

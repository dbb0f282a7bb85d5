use std::path::PathBuf;

use super::*;

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

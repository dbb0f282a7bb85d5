//! `export DIR`.

use super::agents::store_at;
use anyhow::Context;
use skerry_aggregator::config::Loaded;
use skerry_aggregator::publish::Addresses;
use skerry_aggregator::publish::export::{self, Exported};
use skerry_host::rights::lower_for;
use skerry_protocol::words::count;
use std::path::Path;

/// Writes all public pages to `directory` and returns the output.
pub(crate) fn export(loaded: &Loaded, directory: &Path, json: bool) -> anyhow::Result<String> {
    let process = loaded.configs.first().context("no configuration")?;
    let site = {
        let _rights = lower_for(&process.store.path)?;
        export::site_of(&store_at(&process.store.path)?, Addresses::of(process, &loaded.configs))?
    };
    let exported = {
        let _rights = lower_for(directory)?;
        export::export(&site, directory)?
    };
    let Exported { files, written, removed } = exported;
    let pages = site.by_slug.len();
    if json {
        let answer = serde_json::json!({
            "directory": directory.to_string_lossy(),
            "pages": pages, "files": files, "written": written, "removed": removed,
        });
        return Ok(answer.to_string());
    }
    let (pages, files) = (count(pages, "page"), count(files, "file"));
    Ok(format!("{}: {pages}, {files}; {written} written, {removed} removed.", directory.display()))
}

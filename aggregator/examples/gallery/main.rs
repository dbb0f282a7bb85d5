//! Writes sample pages in every state to a directory, as a static site:
//! `cargo run -p skerry-aggregator --example gallery -- DIRECTORY`.

mod announcements;
mod incidents;
mod maintenance;
mod sample;
mod states;

use anyhow::Context as _;
use skerry_publish::html;
use skerry_publish::view::{Item, PageView};
use std::path::Path;

fn main() -> anyhow::Result<()> {
    let root = std::env::args().nth(1).context("usage: gallery DIRECTORY")?;
    for (name, view) in states::all() {
        write_site(&Path::new(&root).join(name), &view)?;
    }
    write(&Path::new(&root).join("not-found.html"), html::not_found().as_bytes())
}

fn write_site(root: &Path, view: &PageView) -> anyhow::Result<()> {
    write(&root.join("index.html"), html::index(view)?.as_bytes())?;
    write(&root.join("history.html"), html::history(view, None)?.as_bytes())?;
    write(&root.join("uptime.html"), html::uptime(view)?.as_bytes())?;
    for (year, month) in html::months(view) {
        let path = format!("history/{year:04}-{month:02}.html");
        write(&root.join(path), html::history(view, Some((year, month)))?.as_bytes())?;
    }
    let components = view.items.iter().flat_map(|item| match item {
        Item::Group(group) => group.children.as_slice(),
        Item::Component(component) => std::slice::from_ref(component),
    });
    for component in components {
        let page = html::component(view, &component.id).context("a component of the view has a page")?;
        write(&root.join(format!("components/{}.html", component.id)), page.as_bytes())?;
    }
    for incident in &view.incidents {
        let page = html::incident(view, incident)?;
        write(&root.join(format!("incidents/{}.html", incident.id)), page.as_bytes())?;
    }
    for maintenance in &view.maintenance {
        let page = html::maintenance(view, maintenance)?;
        write(&root.join(format!("maintenance/{}.html", maintenance.id)), page.as_bytes())?;
    }
    for announcement in &view.announcements {
        let page = html::announcement(view, announcement)?;
        write(&root.join(format!("announcements/{}.html", announcement.id)), page.as_bytes())?;
    }
    for asset in html::assets() {
        write(&root.join(&asset.path), asset.bytes)?;
    }
    write(&root.join("policy.txt"), html::content_security_policy().as_bytes())
}

fn write(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::write(path, bytes).with_context(|| format!("cannot write {}", path.display()))
}

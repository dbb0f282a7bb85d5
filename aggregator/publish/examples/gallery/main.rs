//! Writes sample pages in every state to a directory, as a static site:
//! `cargo run -p skerry-publish --example gallery -- DIRECTORY`.

mod announcements;
mod branded;
mod incidents;
mod maintenance;
mod matrix;
mod messages;
mod nested;
mod northwind;
mod sample;
mod sections;
mod states;
mod subscribing;

use anyhow::Context as _;
use skerry_publish::api_v2;
use skerry_publish::html::{self, Document};
use skerry_publish::messages::Content;
use skerry_publish::output::{Compression, Publication};
use skerry_publish::outputs::{self, Figures, HTML, Scope};
use skerry_publish::view::PageView;
use std::path::Path;

fn main() -> anyhow::Result<()> {
    let root = std::env::args().nth(1).context("usage: gallery DIRECTORY")?;
    for (name, view) in states::all() {
        write_site(&Path::new(&root).join(name), &view)?;
    }
    for (name, view) in matrix::sites() {
        write_kinds(&Path::new(&root).join("matrix").join(name), &view)?;
    }
    write_messages(&Path::new(&root).join("messages"))?;
    for (name, view) in subscribing::sites() {
        let site = Path::new(&root).join("subscribing").join(name);
        for (path, page) in subscribing::pages(&view)? {
            write_page(&site, path, &page)?;
        }
    }
    write(&Path::new(&root).join("favicon.ico"), html::FAVICON_ICO)?;
    write_page(Path::new(&root), "not-found", &html::not_found())
}

/// Writes every output of a page, and the pages of what is over. The type and the policy of a file stand beside it.
fn write_site(root: &Path, view: &PageView) -> anyhow::Result<()> {
    let nothing = (Publication::default(), Figures::new());
    let rendered = outputs::render(view, &Scope::All, &nothing.0, &nothing.1, Compression::Fast)?;
    for (path, output) in &rendered.outputs {
        let file = match path.as_str() {
            "" => "index.html".to_owned(),
            path if output.content_type == HTML && !path.ends_with(".html") => format!("{path}.html"),
            path => path.to_owned(),
        };
        write(&root.join(&file), &output.identity.bytes)?;
        write(&root.join(format!("{file}.type")), output.content_type.as_bytes())?;
        if !output.policy.is_empty() {
            write(&root.join(format!("{file}.policy")), &output.policy)?;
        }
    }
    let missing = |path: &str| !rendered.paths.contains(path);
    for month in html::months(view).into_iter().filter(|month| missing(&html::path_of(*month))) {
        write_page(root, &html::path_of(month), &html::history(view, Some(month))?)?;
        write_page(root, &html::uptime_path_of(month), &html::uptime_of_month(view, month)?)?;
    }
    for incident in &view.incidents {
        let path = format!("incidents/{}", incident.id);
        if missing(&path) {
            write_page(root, &path, &html::incident(view, incident)?)?;
        }
    }
    for maintenance in &view.maintenance {
        let path = format!("maintenance/{}", maintenance.id);
        if missing(&path) {
            write_page(root, &path, &html::maintenance(view, maintenance)?)?;
        }
    }
    Ok(())
}

/// Writes one page of each kind, and what pages load.
fn write_kinds(root: &Path, view: &PageView) -> anyhow::Result<()> {
    write_page(root, "index", &html::index(view)?)?;
    write_page(root, "uptime", &html::uptime(view)?)?;
    write_page(root, "history", &html::history(view, None)?)?;
    if let Some((first, _)) = incidents::components(view).first() {
        let page = html::component(view, &first.id).context("it is on the page")?;
        write_page(root, &format!("components/{}", first.id), &page)?;
    }
    if let Some(first) = view.incidents.first() {
        write_page(root, &format!("incidents/{}", first.id), &html::incident(view, first)?)?;
    }
    if let Some(first) = view.maintenance.first() {
        write_page(root, &format!("maintenance/{}", first.id), &html::maintenance(view, first)?)?;
    }
    for asset in html::assets_of(view.language) {
        write(&root.join(&asset.path), asset.bytes)?;
        write(&root.join(format!("{}.type", asset.path)), asset.content_type.as_bytes())?;
    }
    write(&root.join("favicon.ico"), html::FAVICON_ICO)?;
    for (path, bytes) in api_v2::render(view)? {
        write(&root.join(path), &bytes)?;
    }
    Ok(())
}

/// Of the messages, what goes to channels and never by mail.
const CHAT_ONLY: &str = "quarantined";

/// Writes every kind of mail in both forms, with what is attached, and what a chat shows.
fn write_messages(root: &Path) -> anyhow::Result<()> {
    for (language, zone) in [("en", "Etc/UTC"), ("de", "Europe/Berlin")] {
        let root = root.join(language);
        for (name, content) in messages::all(language, zone) {
            if name != CHAT_ONLY {
                write_mail(&root, name, &content)?;
            }
            let chat = content.chat(&messages::links());
            let links: Vec<_> = chat.subscription.iter().chain([&chat.link]).collect();
            let chat =
                format!("{}\n{}\n{:?}\n\n{}\n\n{links:?}\n", chat.state, chat.title, chat.facts, chat.text);
            write(
                &root.join(format!("{name}.chat.txt")),
                format!("{chat}\n{}\n", content.short()).as_bytes(),
            )?;
        }
    }
    Ok(())
}

fn write_mail(root: &Path, name: &str, content: &Content) -> anyhow::Result<()> {
    let mail = content.mail(&messages::links(), Some("Payments"));
    write(&root.join(format!("{name}.html")), mail.html.as_bytes())?;
    let text = format!("Subject: {}\n\n{}", mail.subject, mail.text);
    write(&root.join(format!("{name}.txt")), text.as_bytes())?;
    for attachment in &mail.attachments {
        write(&root.join(format!("{name}.{}", attachment.name)), &attachment.content)?;
    }
    Ok(())
}

fn write_page(root: &Path, path: &str, page: &Document) -> anyhow::Result<()> {
    write(&root.join(format!("{path}.html")), page.html.as_bytes())?;
    write(&root.join(format!("{path}.html.policy")), page.policy.as_bytes())
}

fn write(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::write(path, bytes).with_context(|| format!("cannot write {}", path.display()))
}

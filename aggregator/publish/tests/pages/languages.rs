//! What pages say in other languages: every text comes from the catalogue, and `lang` and `dir` say which one that is.

use crate::incidents::public;
use crate::states;
use serde_json::Value;
use skerry_publish::Language;
use skerry_publish::html;
use skerry_publish::output::{Compression, Publication};
use skerry_publish::outputs::{self, Figures, HTML, Scope};
use skerry_publish::view::{ComponentView, IncidentText, Item, PageView, SectionsView, UpdateView};
use skerry_sanitiser::Form;

/// In Greek letters, of which no text of ours has any.
fn disguised(text: &str) -> String {
    text.chars().map(|letter| if letter.is_alphabetic() { 'λ' } else { letter }).collect()
}

fn disguise_text(text: &mut IncidentText) {
    *text = IncidentText::Automatic(disguised(&text.one_line()));
}

fn disguise_component(component: &mut ComponentView) {
    component.name = disguised(&component.name);
    component.description = component.description.as_deref().map(disguised);
}

fn disguise_item(item: &mut Item) {
    match item {
        Item::Component(component) => disguise_component(component),
        Item::Group(group) => {
            group.name = disguised(&group.name);
            group.description = group.description.as_deref().map(disguised);
            group.children.iter_mut().for_each(disguise_item);
        }
    }
}

fn disguise_sections(sections: &mut SectionsView) {
    for grid in &mut sections.grids {
        let rows = grid.rows.iter_mut().map(|row| &mut row.name);
        rows.chain(&mut grid.places).chain([&mut grid.name]).for_each(|name| *name = disguised(name));
    }
    sections.services.iter_mut().for_each(|one| one.name = disguised(&one.name));
    sections.metrics.iter_mut().for_each(|one| one.name = disguised(&one.name));
}

fn disguise_updates<S>(updates: &mut [UpdateView<S>]) {
    for update in updates {
        update.body.iter_mut().for_each(disguise_text);
        for change in &mut update.components {
            change.name = disguised(&change.name);
            change.group = change.group.as_deref().map(disguised);
        }
    }
}

/// The view with every name and text of its owner in Greek letters.
fn disguise(mut view: PageView) -> PageView {
    view.name = disguised(&view.name);
    view.branding = std::sync::Arc::default();
    view.items.iter_mut().for_each(disguise_item);
    disguise_sections(&mut view.sections);
    for incident in &mut view.incidents {
        disguise_text(&mut incident.title);
        incident.components.iter_mut().for_each(|one| one.name = disguised(&one.name));
        disguise_updates(&mut incident.updates);
        if let Some(postmortem) = &mut incident.postmortem {
            postmortem.text = public("λόγος", Form::Markdown);
        }
    }
    for maintenance in &mut view.maintenance {
        disguise_text(&mut maintenance.title);
        maintenance.components.iter_mut().for_each(|one| one.name = disguised(&one.name));
        disguise_updates(&mut maintenance.updates);
    }
    for announcement in &mut view.announcements {
        announcement.title = public("λόγος", Form::Plain);
        announcement.body = public("λόγος", Form::Markdown);
    }
    view
}

/// Names of services and formats, which no language translates.
const NAMES: [&str; 9] =
    ["Slack", "Microsoft", "Teams", "Discord", "RSS", "Atom", "JSON", "Feed", "iCalendar"];

/// The words of a text that are neither marked as those of the pseudo-locale, nor Greek, nor part of an address.
fn foreign(text: &str) -> Vec<String> {
    let text = html_without_entities(text);
    let mut unmarked = String::new();
    let mut rest = text.as_str();
    while let Some((before, inside)) = rest.split_once('\u{202e}') {
        unmarked.push_str(before);
        rest = inside.split_once('\u{202c}').map_or("", |(_, after)| after);
    }
    unmarked.push_str(rest);
    let words = unmarked.split_whitespace().filter(|word| !word.starts_with("https://"));
    let is_foreign = |letter: char| letter.is_alphabetic() && !('\u{370}'..'\u{400}').contains(&letter);
    let foreign = words.filter(|word| word.contains(is_foreign) && !NAMES.contains(&word.trim_matches(',')));
    foreign.map(str::to_owned).collect()
}

fn html_without_entities(text: &str) -> String {
    let mut parts = text.split('&');
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        out.push(' ');
        out.push_str(part.split_once(';').map_or(part, |(_, after)| after));
    }
    out
}

/// What a person can read in markup: its texts, and the attributes that are read aloud or shown elsewhere.
fn readable(markup: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = markup;
    while let Some((text, tag)) = rest.split_once('<') {
        found.push(text.to_owned());
        let end = end_of_tag(tag);
        let (tag, after) = (&tag[..end], tag.get(end + 1..).unwrap_or_default());
        found.extend(attributes(tag));
        let hidden = ["style", "script"].into_iter().find(|name| tag.split([' ', '>']).next() == Some(name));
        rest = hidden
            .map_or(after, |name| after.split_once(&format!("</{name}>")).map_or("", |(_, after)| after));
    }
    found.push(rest.to_owned());
    found
}

/// Where a tag ends: a quoted value may hold its end.
fn end_of_tag(tag: &str) -> usize {
    let mut quoted = false;
    let end = tag.char_indices().find(|(_, letter)| {
        quoted ^= *letter == '"';
        *letter == '>' && !quoted
    });
    end.map_or(tag.len(), |(at, _)| at)
}

fn attributes(tag: &str) -> Vec<String> {
    let shown = |part: &str| tag.contains(part);
    let spoken = ["description", "og:title", "og:image:alt"].into_iter().any(shown);
    let names = ["aria-label=", "alt=", "title="].into_iter().chain(Some("content=").filter(|_| spoken));
    let value = |name: &str| {
        let (_, value) = tag.split_once(&format!(" {name}"))?;
        let quoted = value.strip_prefix('"').and_then(|value| value.split_once('"'));
        Some(
            quoted
                .map_or_else(|| value.split([' ', '>']).next().unwrap_or_default(), |(value, _)| value)
                .to_owned(),
        )
    };
    names.filter_map(value).collect()
}

fn unescaped(text: &str) -> String {
    let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&#39;", "'");
    text.replace("&apos;", "'").replace("&amp;", "&")
}

/// What a person can read in an output; nothing for what programs read, nor for pictures, which keep no marks.
fn texts_of(path: &str, content_type: &str, bytes: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(bytes);
    let json = || serde_json::from_slice::<Value>(bytes).expect("JSON");
    let string = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    match path {
        "history.rss" | "history.atom" | "sitemap.xml" | "robots.txt" => Vec::new(),
        _ if content_type == HTML => readable(&text),
        _ if path.ends_with(".rss") || path.ends_with(".atom") || path.ends_with("feed.xml") => {
            let shown = ["title", "description", "content", "summary"];
            let parts = shown.into_iter().flat_map(|name| {
                let open = format!("<{name}");
                text.split(&open)
                    .skip(1)
                    .filter_map(|part| Some(part.split_once('>')?.1.split('<').next()?.to_owned()))
                    .collect::<Vec<_>>()
            });
            parts.flat_map(|part| readable(&unescaped(&part))).collect()
        }
        _ if path.ends_with("feed.json") => {
            let items = json()["items"].as_array().cloned().unwrap_or_default();
            items
                .iter()
                .flat_map(|item| {
                    [string(&item["title"])].into_iter().chain(readable(&string(&item["content_html"])))
                })
                .collect()
        }
        "api/v2/status.json" => {
            let banner = json()["banner"].clone();
            let details = banner["details"].as_array().cloned().unwrap_or_default();
            [&banner["headline"], &banner["verified"]].into_iter().chain(&details).map(string).collect()
        }
        _ if path.ends_with("badge.json") => vec![string(&json()["message"])],
        _ if path.ends_with(".ics") => {
            let unfolded = text.replace("\r\n ", "");
            let shown = ["NAME:", "SUMMARY:", "DESCRIPTION:"];
            let lines =
                unfolded.lines().filter_map(|line| shown.iter().find_map(|key| line.strip_prefix(key)));
            lines.map(|line| line.replace("\\n", " ")).collect()
        }
        _ => Vec::new(),
    }
}

#[test]
fn every_text_that_visitors_read_comes_from_the_catalogue() {
    // The larger ones say the same more often.
    let large = ["sixty", "sixty-bad", "no-data", "watched", "berlin", "german", "branded", "hostile"];
    let (mut seen, mut read) = (0, 0);
    for (name, view) in states::all().into_iter().filter(|(name, _)| !large.contains(name)) {
        let view = PageView { language: Language::Pseudo, ..disguise(view) };
        let (former, figures) = (Publication::default(), Figures::new());
        let rendered =
            outputs::render(&view, &Scope::All, &former, &figures, Compression::Fast).expect("rendered");
        for (path, output) in &rendered.outputs {
            for text in texts_of(path, output.content_type, &output.identity.bytes) {
                assert_eq!(foreign(&text), Vec::<String>::new(), "{name}/{path}: {text}");
                (seen, read) = (seen + 1, read + usize::from(text.contains('\u{202e}')));
            }
            if output.content_type == HTML {
                let page = String::from_utf8_lossy(&output.identity.bytes);
                assert!(page.contains("<html lang=\"ar-XB\" dir=rtl>"), "{name}/{path}");
            }
        }
    }
    assert!(seen > 10_000 && read > 2_000, "texts are found: {seen}, {read}");
}

#[test]
fn a_german_page_says_so_and_has_the_script_of_its_language() {
    let german =
        states::all().into_iter().find(|(name, _)| *name == "german").expect("it is in the gallery").1;
    let page = html::index(&german).expect("a page renders").html;
    for text in [
        "<html lang=\"de\" dir=ltr>",
        "Ausfall: ",
        " Uhr MEZ",
        "<h2>Komponenten</h2>",
        "Alle Zeiten in Europe/Berlin.",
        "\u{a0}%",
        "Ankündigungen",
    ] {
        assert!(page.contains(text), "{text}: {page}");
    }
    let english =
        html::index(&PageView { language: Language::English, ..german }).expect("a page renders").html;
    let script = |page: &str| page.split("<script src=\"").nth(1).map(|rest| rest[..30].to_owned());
    assert_ne!(script(&page), script(&english));
    assert!(english.contains("<html lang=\"en\" dir=ltr>"), "{english}");
}

#[test]
fn no_language_leaves_a_sentence_with_two_full_stops() {
    for (name, view) in states::all().into_iter().filter(|(name, _)| !["hostile", "branded"].contains(name)) {
        let view = PageView { language: Language::German, ..disguise(view) };
        for page in crate::pages(&view) {
            let text = readable(&page).concat();
            let before = text.split_once("..").map(|(before, _)| before);
            let before: Option<String> = before.map(|text| text.chars().rev().take(40).collect());
            let before = before.map(|text| text.chars().rev().collect::<String>());
            assert_eq!(before, None, "{name}: what stands before two full stops");
        }
    }
}

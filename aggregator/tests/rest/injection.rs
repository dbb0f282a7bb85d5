//! Hostile texts in every field that visitors see: whatever is written, nothing of it is markup, a script or a template.
//! `tests/browser/injection.mjs` shows the same to a browser.

use crate::fixture::{Answer, Fixture, after};
use regex::Regex;
use serde::Deserialize;
use serde_json::{Value, json};
use skerry_domain::state::PageSettings;
use skerry_domain::step::Command;
use skerry_domain::uptime::Rule;
use skerry_domain::workspaces::Target;
use std::collections::BTreeSet;

const CORPUS: &str = include_str!("../../../tests/fixtures/injection.json");

/// The public address of the page.
const ROOT: &str = "/status/made";
/// What a template engine would make of `1337*7331`.
const EVALUATED: &str = "9801547";

/// Characters of a tag that the page itself does not have.
const LONG_ENOUGH: usize = 16;

#[derive(Deserialize)]
struct Hostile {
    name: String,
    text: String,
}

impl Hostile {
    /// The beginnings of its tags, each long enough not to be one of the page's own.
    fn tags(&self) -> Vec<String> {
        let starts = self.text.match_indices('<').map(|(at, _)| &self.text[at..]);
        let tags = starts
            .filter(|rest| rest[1..].starts_with(|next: char| next.is_alphabetic() || "!?/".contains(next)));
        let tags = tags.map(|rest| rest.chars().take(LONG_ENOUGH).collect::<String>());
        tags.filter(|tag| tag.chars().count() == LONG_ENOUGH).collect()
    }
}

fn settings(name: &str) -> PageSettings {
    PageSettings {
        name: name.to_owned(),
        listed: false,
        rule: Rule::Statuspage,
        ..PageSettings::named("made")
    }
}

/// A page with what was written.
struct Written {
    fixture: Fixture,
    /// `/v1/pages/<id>`, and the id.
    page: String,
    id: String,
    /// Ids.
    components: Vec<String>,
    /// Paths.
    incidents: Vec<String>,
    maintenance: Vec<String>,
    announcements: Vec<String>,
}

impl Written {
    async fn new() -> Self {
        let fixture = Fixture::new("").await;
        let create = Command::CreatePage(Box::new(settings("Made")));
        fixture.engine.command((Target::Name("default".to_owned()), create)).await.expect("taken");
        let id = fixture.page("Made").await;
        let page = format!("/v1/pages/{id}");
        let (components, incidents) = (Vec::new(), Vec::new());
        let (maintenance, announcements) = (Vec::new(), Vec::new());
        Self { fixture, page, id, components, incidents, maintenance, announcements }
    }

    /// Nothing but a wrong value is a reason to refuse a text.
    async fn send(&self, method: &str, path: &str, body: &Value) -> Option<Answer> {
        let path = if path.starts_with("/api/") { path.to_owned() } else { format!("{}{path}", self.page) };
        let answer = self.fixture.admin(method, &path, &body.to_string()).await;
        assert!(matches!(answer.status, 200 | 201 | 422), "{method} {path} {body}: {answer:?}");
        (answer.status != 422).then_some(answer)
    }

    /// Writes a text into every field that takes it.
    async fn write(&mut self, text: &str) {
        let component = json!({ "component": { "name": text, "description": text } });
        let component = match self.send("POST", "/components", &component).await {
            Some(made) => made.text("id"),
            None => {
                let plain = json!({ "component": { "name": "Plain" } });
                self.send("POST", "/components", &plain).await.expect("a plain name").text("id")
            }
        };
        let described = json!({ "component": { "description": text } });
        self.send("PATCH", &format!("/components/{component}"), &described).await;
        let group = json!({
            "description": text, "component_group": { "name": text, "components": [&component] }
        });
        self.send("POST", "/component-groups", &group).await;
        let components = json!({ &component: "degraded_performance" });
        self.components.push(component.clone());
        // A text of nothing but markup is refused, since nothing of it would be shown.
        let body = format!("We look into {text} now.\n\n{text}\n\n- {text}");
        let incident = json!({ "body": body, "components": components });
        let path = format!("/incidents/{}", self.announce(text, incident).await);
        self.incidents.push(path.clone());
        let end = json!({ "incident": {
            "status": "resolved", "body": body, "components": { &component: "operational" }
        } });
        self.send("PATCH", &path, &end).await.expect("a text with words");
        let postmortem = json!({ "postmortem": { "body_draft": body } });
        self.send("PUT", &format!("{path}/postmortem"), &postmortem).await.expect("a text with words");
        self.send("PUT", &format!("{path}/postmortem/publish"), &json!({})).await.expect("it is resolved");
        self.announcements.push(format!("/announcements/{}", self.notice(text, &body).await));
        let planned = json!({
            "body": body, "status": "scheduled", "component_ids": [&component],
            "scheduled_for": after(24).to_string(), "scheduled_until": after(26).to_string(),
        });
        self.maintenance.push(format!("/maintenance/{}", self.announce(text, planned).await));
    }

    /// Makes an announcement with a title, or a plain one if that is refused, and returns its id.
    async fn notice(&self, title: &str, body: &str) -> String {
        for title in [title, "Plain"] {
            let notice = json!({ "title": title, "body": body, "level": "warning", "page_ids": [&self.id] });
            if let Some(made) = self.send("POST", "/api/v1/announcements", &notice).await {
                return made.text("id");
            }
        }
        panic!("a plain title is refused, too: {body}");
    }

    /// Opens an incident or plans maintenance with a name, or a plain one if that is refused, and returns its id.
    async fn announce(&self, name: &str, mut incident: Value) -> String {
        for name in [name, "Plain"] {
            incident["name"] = json!(name);
            if let Some(made) = self.send("POST", "/incidents", &json!({ "incident": incident })).await {
                return made.text("id");
            }
        }
        panic!("a plain name is refused, too: {incident}");
    }

    /// Every public address of the page.
    fn paths(&self) -> Vec<String> {
        let mut paths: Vec<String> = [
            "/",
            "/history",
            "/uptime",
            "/uptime.csv",
            "/badge.svg",
            "/badge.json",
            "/badge/uptime.svg",
            "/feed.rss",
            "/feed.xml",
            "/feed.atom",
            "/feed.json",
            "/history.rss",
            "/history.atom",
            "/calendar.ics",
            "/sitemap.xml",
            "/api/v2/summary.json",
            "/api/v2/status.json",
            "/api/v2/components.json",
            "/api/v2/incidents.json",
            "/api/v2/incidents/unresolved.json",
            "/api/v2/scheduled-maintenances.json",
            "/api/v2/scheduled-maintenances/upcoming.json",
            "/api/v2/scheduled-maintenances/active.json",
        ]
        .map(str::to_owned)
        .into();
        for id in &self.components {
            let ends = [
                "",
                "/badge.svg",
                "/badge.json",
                "/badge/uptime.svg",
                "/feed.rss",
                "/feed.json",
                "/calendar.ics",
            ];
            paths.extend(ends.map(|end| format!("/components/{id}{end}")));
        }
        paths.extend(self.incidents.iter().chain(&self.maintenance).chain(&self.announcements).cloned());
        paths.extend(self.maintenance.iter().map(|path| format!("{path}/calendar.ics")));
        let now = after(0).strftime("%Y-%m");
        paths.push(format!("/history/{now}"));
        paths.into_iter().map(|path| format!("{ROOT}{path}")).collect()
    }
}

/// The markup in an answer: documents, and what readers of feeds show as HTML, which is the same in every format.
fn documents(path: &str, head: &str, body: &str) -> Vec<String> {
    let is = |kind: &str| head.contains(&format!("\ncontent-type: {kind}"));
    if is("application/feed+json") {
        let feed: Value = serde_json::from_str(body).unwrap_or_else(|error| panic!("{path}: {error}"));
        let items = feed["items"].as_array().expect("a list").iter();
        return items.filter_map(|item| item["content_html"].as_str()).map(str::to_owned).collect();
    }
    let markup = ["text/html", "image/svg+xml", "application/rss+xml", "application/atom+xml"];
    if markup.into_iter().any(is) { vec![body.to_owned()] } else { Vec::new() }
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_texts_are_text_in_every_public_output() {
    let corpus: Vec<Hostile> = serde_json::from_str(CORPUS).expect("a list of texts");
    let mut written = Written::new().await;
    for hostile in &corpus {
        written.write(&hostile.text).await;
    }
    let last = written.maintenance.last().and_then(|path| path.rsplit('/').next()).expect("some are planned");
    written.fixture.shows(&format!("{ROOT}/api/v2/scheduled-maintenances/upcoming.json"), last).await;

    let tags: BTreeSet<(&str, String)> =
        corpus.iter().flat_map(|one| one.tags().into_iter().map(|tag| (one.name.as_str(), tag))).collect();
    // A tag with other attributes before this one, whose values may contain anything.
    let tag_with = |attribute: &str| {
        let other = r#"\s+[^\s"'<>=]+(?:=(?:"[^"]*"|'[^']*'|[^\s"'<>]+))?"#;
        Regex::new(&format!(r"(?i)<[a-z][^\s<>]*(?:{other})*\s+{attribute}")).expect("a pattern")
    };
    let handler = tag_with(r"on[a-z]+\s*=");
    let runs = tag_with(r#"(href|src|action)\s*=\s*["']?\s*(javascript|vbscript|data:text)"#);
    assert!(
        handler.is_match(r#"<b title="a > b" class=x onclick=xss()>"#)
            && runs.is_match("<a id=x HREF='javascript:x'>")
    );
    assert!(
        !handler.is_match(r#"<b title="x onclick=xss()">"#)
            && !runs.is_match(r#"<b title="x href=javascript:x">"#)
    );
    for path in written.paths() {
        let (head, body) = written.fixture.raw(&path).await;
        assert!(
            head.starts_with("http/1.1 200 ") && head.contains("\nx-content-type-options: nosniff"),
            "{path}: {head}"
        );
        if head.contains("\ncontent-type: application/json") {
            serde_json::from_str::<Value>(&body).unwrap_or_else(|error| panic!("{path}: {error}: {body}"));
        }
        for document in documents(&path, &head, &body) {
            for (name, tag) in &tags {
                assert!(
                    !document.contains(tag.as_str()),
                    "{path}: {tag} of {name:?} is markup in {document}"
                );
            }
            for pattern in [&handler, &runs] {
                let found = pattern.find(&document).map(|found| found.as_str());
                assert_eq!(found, None, "{path}");
            }
        }
        assert!(!body.contains(EVALUATED), "{path}: a template was evaluated");
    }
    // No statement of SQL was carried out.
    let components = written.fixture.get(&format!("{}/components", written.page)).await.body;
    let components = components.as_array().expect("a list").iter().filter(|one| one["group"] == false);
    assert_eq!(components.count(), corpus.len());
    written.fixture.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_with_a_hostile_name_shows_it_as_text() {
    let corpus: Vec<Hostile> = serde_json::from_str(CORPUS).expect("a list of texts");
    let written = Written::new().await;
    let mut shown = 0;
    for hostile in corpus.iter().filter(|one| !one.tags().is_empty()).step_by(6) {
        let name = json!({ "page": { "name": &hostile.text } });
        let Some(changed) = written.send("PATCH", "", &name).await else { continue };
        assert_eq!(changed.text("name"), hostile.text);
        let known = serde_json::to_string(&hostile.text).expect("a text");
        written.fixture.shows(&format!("{ROOT}/api/v2/status.json"), &known).await;
        for path in ["/", "/history", "/uptime", "/badge.svg", "/feed.rss", "/feed.atom", "/history.rss"] {
            let (_, body) = written.fixture.raw(&format!("{ROOT}{path}")).await;
            for tag in hostile.tags() {
                assert!(!body.contains(&tag), "{path}: {tag} of {:?} is markup in {body}", hostile.name);
            }
        }
        shown += 1;
    }
    assert!(shown > 3, "{shown} names were taken");
    written.fixture.stop();
}

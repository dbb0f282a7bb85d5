//! Agents, operators and clients who put a mark into every field that visitors must not see.

use super::acts::Act;
use super::declared::{Declared, Marks, declared};
use super::stored::is_stored;
use crate::fixture::{Fixture, after};
use serde_json::{Value, json};
use skerry_aggregator::api::TOKEN_PREFIX;
use skerry_domain::access::Role;
use skerry_domain::credentials::token_hash;
use skerry_domain::problem::Severity;
use skerry_domain::state::{AgentKey, PageKey, SelfReport};
use skerry_domain::step::{
    AgentChange, Answer, Command, DeclaredCheck, NewApiToken, Observed, PreviewCommand, Proof, Record,
    RecordKind, Report, When,
};
use skerry_domain::time::{DAY, HOUR, SECOND};
use skerry_domain::track::HardState;
use skerry_domain::workspaces::Target;
use skerry_host::random;
use skerry_protocol::wire::{Outcome, Reason};

pub(super) struct World {
    pub(super) fixture: Fixture,
    pub(super) declared: Declared,
    pub(super) marks: Marks,
    /// Texts that visitors must see.
    pub(super) public: Vec<String>,
    agent: (AgentKey, String),
    sequence: u64,
    /// How often something was taken.
    taken: u32,
    /// Ids: the public page, its public component and its private one, the private page and its component.
    open: String,
    shop: String,
    hidden: String,
    private: String,
    vault: String,
}

impl World {
    pub(super) async fn new() -> Self {
        let mut marks = Marks::default();
        let declared = declared(&mut marks);
        let fixture = Fixture::new(&declared.text).await;
        let (name, location) = (marks.text(), marks.text());
        let add = Command::AddAgent { name: name.clone(), location: location.clone() };
        let answer = fixture.engine.command((Target::Name("default".to_owned()), add)).await.expect("taken");
        let Answer::Agent(key) = answer else { panic!("{answer:?}") };
        let ids: Vec<(String, String)> = {
            let snapshot = fixture.engine.snapshot();
            let state = snapshot.workspaces.named("default").expect("it was made");
            let pages = state.pages.values().map(|page| (page.settings.slug.clone(), page.id.clone()));
            pages.chain(state.components.values().map(|one| (one.key.clone(), one.id.clone()))).collect()
        };
        let id = |wanted: &str| ids.iter().find(|(name, _)| name == wanted).expect("declared").1.clone();
        let world = Self {
            open: id("open"),
            shop: id("shop"),
            hidden: id(&declared.hidden),
            private: id(&declared.page),
            vault: id("vault"),
            fixture,
            declared,
            marks,
            public: Vec::new(),
            agent: (key, name.clone()),
            sequence: 0,
            taken: 0,
        };
        for text in world.declared.kept.iter().chain([&name, &location]) {
            world.takes(text).await;
        }
        world
    }

    /// A private text was taken: it is stored, so that this test sees it where it might come out.
    async fn takes(&self, text: &str) {
        assert!(is_stored(&self.fixture.database(), text), "{text} was taken, and is not stored");
    }

    /// Sends a request as an admin. Returns what it made, if it was taken.
    async fn send(&mut self, method: &str, path: &str, body: Value) -> Option<Value> {
        let answer = self.fixture.admin(method, path, &body.to_string()).await;
        assert!(answer.status < 500 && answer.status != 404, "{method} {path} {body}: {answer:?}");
        self.taken += u32::from(answer.status < 300);
        (answer.status < 300).then_some(answer.body)
    }

    async fn command(&mut self, command: Command) -> Option<Answer> {
        let answer = self.fixture.engine.command((Target::Name("default".to_owned()), command)).await.ok();
        self.taken += u32::from(answer.is_some());
        answer
    }

    /// Sends a request with a private text, which counts if it is taken.
    async fn write(&mut self, method: &str, path: &str, body: impl FnOnce(&str) -> Value) -> Option<Value> {
        let text = self.marks.text();
        let made = self.send(method, path, body(&text)).await;
        if made.is_some() {
            self.takes(&text).await;
        }
        made
    }

    /// Returns whether something was taken.
    pub(super) async fn act(&mut self, act: Act) -> bool {
        let before = self.taken;
        match act {
            Act::Report(hard) => self.report(hard).await,
            Act::RenameAgent => self.rename_agent().await,
            Act::Note | Act::Hide(_) => self.change_problem(act).await,
            Act::Draft | Act::Careless | Act::Edit | Act::Delete | Act::Postmortem | Act::Elsewhere => {
                self.incident(act).await;
            }
            Act::HiddenMaintenance | Act::LaterMaintenance => self.maintenance(act).await,
            Act::LaterAnnouncement | Act::HiddenAnnouncement => self.announcement(act).await,
            Act::Token => self.token().await,
            Act::Template => {
                let path = format!("/api/v1/pages/{}/templates", self.open);
                let template = |text: &str| json!({ "name": text, "title": text, "body": format!("{text}@example.com") });
                self.write("POST", &path, template).await;
            }
            Act::Correct => {
                let path = format!("/api/v1/pages/{}/corrections", self.open);
                let (component, from) = (self.shop.clone(), after(-1).to_string());
                let correction = |text: &str| json!({ "component_id": component, "from": from, "status": "degraded_performance", "reason": text });
                self.write("POST", &path, correction).await;
            }
            Act::Sanitise => {
                let rules = |text: &str| json!({ "sanitiser": { "private_suffixes": [format!("{text}.lan")], "secret_patterns": [text] } });
                self.write("PATCH", "/api/v1/settings", rules).await;
            }
            Act::Components => self.components().await,
            Act::Preview => {
                let page = PageKey(2);
                let until = self.fixture.engine.now() + DAY;
                self.command(Command::Preview(PreviewCommand::Share { page, nonce: [7; 16], until })).await;
            }
        }
        self.taken > before
    }

    async fn report(&mut self, hard: HardState) {
        let now = self.fixture.engine.now();
        self.sequence += 1;
        let detail = self.marks.text();
        let outcome = match hard {
            HardState::Up => Outcome::Up,
            HardState::Degraded => Outcome::Degraded,
            HardState::Down | HardState::Unknown => Outcome::Down,
        };
        let boot_now = 10 * DAY + self.sequence as i64 * SECOND;
        let when = When::ThisBoot(boot_now);
        let first = Observed {
            check: 0,
            when,
            outcome,
            reason: Reason::None,
            detail: format!("{detail} said {detail}@example.com"),
            total_us: 1_000,
            phases: None,
            hard,
            since: Some(when),
            flapping: false,
        };
        let kind = RecordKind::Observed { first, count: 1, spread: 0 };
        let declared = |name: &String| DeclaredCheck {
            name: name.clone(),
            definition: vec![1; 16],
            interval_ms: 10 * SECOND,
            severity: Severity::Critical,
            depends_on: Vec::new(),
            labels: [("team".to_owned(), detail.clone())].into(),
        };
        let report = Report {
            agent: self.agent.0,
            epoch: [1; 16],
            acknowledged: self.sequence - 1,
            proof: Proof::default(),
            process: Vec::new(),
            self_report: SelfReport::default(),
            received: now,
            boot_now,
            wall_now: now,
            own_network_gone: false,
            checks: self.declared.checks.to_vec(),
            records: vec![Record { sequence: self.sequence, through: self.sequence, kind }],
            snapshot: Vec::new(),
            inventory: Some(self.declared.checks.iter().map(declared).collect()),
        };
        if self.command(Command::Report(Box::new(report))).await.is_some() {
            self.takes(&detail).await;
        }
    }

    async fn rename_agent(&mut self) {
        for change in [AgentChange::Rename as fn(String) -> AgentChange, AgentChange::Move] {
            let (agent, to) = (self.agent.1.clone(), self.marks.text());
            let change = change(to.clone());
            let is_name = matches!(change, AgentChange::Rename(_));
            if self.command(Command::ChangeAgent { agent, change }).await.is_some() {
                self.takes(&to).await;
                if is_name {
                    self.agent.1 = to;
                }
            }
        }
    }

    async fn change_problem(&mut self, act: Act) {
        let problems = self.fixture.get("/api/v1/problems").await.body;
        let Some(id) = problems["data"][0]["id"].as_str() else { return };
        let path = format!("/api/v1/problems/{id}");
        match act {
            Act::Hide(private) => drop(self.send("PATCH", &path, json!({ "private": private })).await),
            _ => {
                let note = |text: &str| json!({ "note": format!("{text} <{text}@example.com>"), "acknowledged": true });
                self.write("PATCH", &path, note).await;
            }
        }
    }

    async fn incident(&mut self, act: Act) {
        let incidents = format!("/v1/pages/{}/incidents", self.open);
        let of = |name: &str, body: &str| json!({ "incident": { "name": name, "body": body } });
        match act {
            Act::Draft => {
                let path = format!("/api/v1/pages/{}/drafts", self.open);
                self.write("POST", &path, |text| of(text, text)).await;
            }
            Act::Elsewhere => {
                let path = format!("/v1/pages/{}/incidents", self.private);
                self.write("POST", &path, |text| of(text, text)).await;
            }
            Act::Careless => {
                let (said, names) =
                    (self.seen(), [self.declared.names.clone(), vec![self.agent.1.clone()]].concat());
                let body = format!("{said}: {} fail", names.join(", "));
                match self.send("POST", &incidents, of(&said, &body)).await {
                    Some(_) => self.public.push(said),
                    None => panic!("the sanitiser removes, and refuses nothing: {body}"),
                }
            }
            _ => {
                let Some(made) = self.write("POST", &incidents, |text| of(text, text)).await else { return };
                let path = format!("{incidents}/{}", made["id"].as_str().expect("an id"));
                match act {
                    Act::Delete => drop(self.send("DELETE", &path, json!({})).await.expect("it is deleted")),
                    act => self.tidy(act, &path, &made).await,
                }
            }
        }
    }

    /// Replaces the texts of an incident, which visitors saw until now. A postmortem stays a draft.
    async fn tidy(&mut self, act: Act, path: &str, made: &Value) {
        let (title, body) = (self.seen(), self.seen());
        let update = made["incident_updates"][0]["id"].as_str().expect("an id");
        let update = format!("{path}/incident_updates/{update}");
        let edited = json!({ "incident_update": { "body": body } });
        self.send("PATCH", &update, edited).await.expect("it is edited");
        let renamed = json!({ "incident": { "name": title, "status": "resolved" } });
        self.send("PATCH", path, renamed).await.expect("it is renamed");
        self.public.extend([title, body]);
        if matches!(act, Act::Postmortem) {
            let draft = |text: &str| json!({ "postmortem": { "body_draft": text } });
            self.write("PUT", &format!("{path}/postmortem"), draft).await.expect("it is resolved");
        }
    }

    async fn maintenance(&mut self, act: Act) {
        let (component, hours) = match act {
            Act::HiddenMaintenance => (self.hidden.clone(), 1),
            _ => (self.shop.clone(), 24 * 30),
        };
        let path = format!("/v1/pages/{}/incidents", self.open);
        let planned = |text: &str| {
            json!({ "incident": {
                "name": text, "body": format!("{text}@example.com"), "status": "scheduled", "component_ids": [component],
                "scheduled_for": after(hours).to_string(), "scheduled_until": after(hours + 2).to_string(), "lead_hours": 24,
            } })
        };
        self.write("POST", &path, planned).await;
    }

    async fn announcement(&mut self, act: Act) {
        let (page, from) = match act {
            Act::HiddenAnnouncement => (self.private.clone(), after(0)),
            _ => (self.open.clone(), after(48)),
        };
        let notice =
            |text: &str| json!({ "title": text, "body": text, "page_ids": [page], "from": from.to_string() });
        self.write("POST", "/api/v1/announcements", notice).await;
    }

    async fn token(&mut self) {
        let (name, secret) = (self.marks.text(), random::secret(TOKEN_PREFIX));
        let new = NewApiToken {
            name: name.clone(),
            hash: token_hash(&secret),
            role: Role::Operator,
            scopes: Vec::new(),
            pages: Vec::new(),
            expires_at: Some(self.fixture.engine.now() + HOUR),
        };
        if self.command(Command::AddApiToken(Box::new(new))).await.is_none() {
            return;
        }
        self.takes(&name).await;
        let said = self.seen();
        let body = json!({ "incident": { "name": said, "body": said } }).to_string();
        let path = format!("/v1/pages/{}/incidents", self.open);
        let made = self.fixture.send_with(&secret, "POST", &path, "", &body).await;
        assert_eq!(made.status, 201, "{made:?}");
        self.public.push(said);
    }

    async fn components(&mut self) {
        let held = format!("/v1/pages/{}/components/{}", self.private, self.vault);
        self.send("PATCH", &held, json!({ "component": { "status": "major_outage" } })).await;
        let path = format!("/v1/pages/{}/components", self.open);
        let new = |text: &str| json!({ "component": { "name": text, "description": text } });
        if let Some(made) = self.write("POST", &path, new).await {
            let made = format!("{path}/{}", made["id"].as_str().expect("an id"));
            self.send("DELETE", &made, json!({})).await.expect("it is deleted");
        }
    }

    /// A text that visitors see.
    fn seen(&mut self) -> String {
        self.marks.made += 1;
        format!("everybody {:04}", self.marks.made)
    }
}

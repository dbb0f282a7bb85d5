//! An aggregator that answers on a port, with a token for each role.

use serde_json::Value;
use skerry_aggregator::api::TOKEN_PREFIX;
use skerry_aggregator::app::App;
use skerry_aggregator::config::{Config, load};
use skerry_aggregator::engine::Engine;
use skerry_aggregator::reload::Reloader;
use skerry_domain::access::{Role, Scope};
use skerry_domain::credentials::token_hash;
use skerry_domain::step::{Command, NewApiToken};
use skerry_domain::workspaces::Target;
use skerry_host::random;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

const BOUND: Duration = Duration::from_secs(30);

const HEAD: &str = "[[listen]]\naddress = \"127.0.0.1:0\"\nserves = [\"public\", \"api\"]\n[api]\nrequests_per_minute = 6000\n\
                    [store]\npath = \"skerry.db\"\n[public]\nbase_url = \"http://status.example.com\"\nbase_domain = \"example.com\"\n";

/// An instant so many hours from now.
#[expect(clippy::disallowed_methods, reason = "requests name times of the aggregator that runs")]
pub(crate) fn after(hours: i64) -> jiff::Timestamp {
    jiff::Timestamp::now() + jiff::SignedDuration::from_hours(hours)
}

pub(crate) struct Fixture {
    folder: tempfile::TempDir,
    address: SocketAddr,
    tokens: [(Role, String); 4],
    pub(crate) engine: Engine,
    pub(crate) reloader: Reloader,
    running: tokio::task::JoinHandle<anyhow::Result<()>>,
}

/// A response.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    /// Null without a body.
    pub(crate) body: Value,
}

impl Answer {
    /// The text at a member.
    pub(crate) fn text(&self, member: &str) -> String {
        self.body[member].as_str().unwrap_or_else(|| panic!("no text {member:?} in {self:?}")).to_owned()
    }

    pub(crate) fn etag(&self) -> String {
        let line = self.head.lines().find_map(|line| line.strip_prefix("etag: "));
        line.unwrap_or_else(|| panic!("no tag in {self:?}")).to_owned()
    }
}

fn write(folder: &Path, text: &str) -> PathBuf {
    let path = folder.join("aggregator.toml");
    std::fs::write(&path, format!("{HEAD}{text}")).expect("written");
    path
}

impl Fixture {
    /// Starts with a file that ends with `text`.
    pub(crate) async fn new(text: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let path = write(folder.path(), text);
        let configs = load(&[path]).map_err(|problems| problems.to_string()).expect("a right file").configs;
        let app = App::start(&configs, Vec::new()).await.expect("starts");
        let (address, engine, reloader) = (app.addresses()[0], app.engine(), app.reloader());
        let mut tokens = Vec::new();
        for role in Role::ALL {
            let secret = random::secret(TOKEN_PREFIX);
            let new = NewApiToken {
                name: role.name().to_owned(),
                hash: token_hash(&secret),
                role,
                scopes: Vec::new(),
                pages: Vec::new(),
                expires_at: None,
            };
            let command = Command::AddApiToken(Box::new(new));
            engine.command((Target::Name("default".to_owned()), command)).await.expect("taken");
            tokens.push((role, secret));
        }
        let running = tokio::spawn(app.run(std::future::pending()));
        let tokens = tokens.try_into().expect("four roles");
        Self { folder, address, tokens, engine, reloader, running }
    }

    /// Makes a token that is limited to a page.
    pub(crate) async fn token(&self, name: &str, role: Role, page: &str) -> String {
        self.limited(name, role, vec![page.to_owned()], &[]).await
    }

    /// Makes a token that is limited to scopes.
    pub(crate) async fn scoped(&self, name: &str, role: Role, scopes: &[&str]) -> String {
        self.limited(name, role, Vec::new(), scopes).await
    }

    async fn limited(&self, name: &str, role: Role, pages: Vec<String>, scopes: &[&str]) -> String {
        let secret = random::secret(TOKEN_PREFIX);
        let new = NewApiToken {
            name: name.to_owned(),
            hash: token_hash(&secret),
            role,
            scopes: scopes.iter().map(|scope| Scope::parse(scope).expect("a scope")).collect(),
            pages,
            expires_at: None,
        };
        let command = Command::AddApiToken(Box::new(new));
        self.engine.command((Target::Name("default".to_owned()), command)).await.expect("taken");
        secret
    }

    /// Makes a token that is not limited.
    pub(crate) async fn unlimited(&self, name: &str, role: Role) -> String {
        self.limited(name, role, Vec::new(), &[]).await
    }

    /// Rewrites the end of the file.
    pub(crate) fn rewrite(&self, text: &str) -> Vec<Config> {
        let path = write(self.folder.path(), text);
        load(&[path]).map_err(|problems| problems.to_string()).expect("a right file").configs
    }

    /// Sends a request as an admin.
    pub(crate) async fn admin(&self, method: &str, path: &str, body: &str) -> Answer {
        self.send(Role::Admin, method, path, "", body).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Role::Viewer, "GET", path, "", "").await
    }

    /// `headers` end with a line break each.
    pub(crate) async fn send(
        &self,
        role: Role,
        method: &str,
        path: &str,
        headers: &str,
        body: &str,
    ) -> Answer {
        let (_, token) = self.tokens.iter().find(|(of, _)| *of == role).expect("each has one");
        self.send_with(token, method, path, headers, body).await
    }

    pub(crate) async fn send_with(
        &self,
        token: &str,
        method: &str,
        path: &str,
        headers: &str,
        body: &str,
    ) -> Answer {
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: x\r\nauthorization: OAuth {token}\r\nconnection: close\r\n\
             content-length: {}\r\n{headers}\r\n{body}",
            body.len()
        );
        self.plain(&request).await
    }

    /// Sends a request as it is written.
    pub(crate) async fn plain(&self, request: &str) -> Answer {
        let (head, body) = self.exchange(request).await;
        let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).expect("a status");
        // The page of a path that does not exist is no JSON.
        let body = serde_json::from_str(&body).unwrap_or_default();
        Answer { status, head, body }
    }

    /// The head and the body that a visitor gets.
    pub(crate) async fn raw(&self, path: &str) -> (String, String) {
        self.exchange(&format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")).await
    }

    /// The head of an answer in lower case, and its body.
    pub(crate) async fn exchange(&self, request: &str) -> (String, String) {
        let exchanged = async {
            let mut stream = TcpStream::connect(self.address).await.expect("it listens");
            stream.write_all(request.as_bytes()).await.expect("sent");
            let mut received = Vec::new();
            stream.read_to_end(&mut received).await.expect("answered");
            // Pictures are no text.
            String::from_utf8_lossy(&received).into_owned()
        };
        let received = timeout(BOUND, exchanged).await.expect("answered in time");
        let (head, body) = received.split_once("\r\n\r\n").expect("a head");
        (head.to_ascii_lowercase().replace("\r\n", "\n"), body.to_owned())
    }

    /// The id of the page with that name.
    pub(crate) async fn page(&self, name: &str) -> String {
        self.named("/v1/pages", name).await
    }

    /// The id of what has that name in a list.
    pub(crate) async fn named(&self, list: &str, name: &str) -> String {
        let all = self.get(list).await.body;
        let found = all.as_array().expect("a list").iter().find(|one| one["name"] == name);
        found.and_then(|one| one["id"].as_str()).unwrap_or_else(|| panic!("no {name} in {all}")).to_owned()
    }

    /// What visitors get at a path, once it names a component.
    pub(crate) async fn shows(&self, path: &str, name: &str) -> Answer {
        self.once(path, |answer| answer.status == 200 && answer.body.to_string().contains(name)).await
    }

    /// The first answer at a path that meets a condition.
    pub(crate) async fn once(&self, path: &str, met: impl Fn(&Answer) -> bool) -> Answer {
        let mut often = tokio::time::interval(Duration::from_millis(50));
        let answer = async {
            loop {
                often.tick().await;
                let answer = self.get(path).await;
                if met(&answer) {
                    return answer;
                }
            }
        };
        timeout(BOUND, answer).await.unwrap_or_else(|_| panic!("{path} never meets the condition"))
    }

    /// What visitors get at a path, once it contains a text.
    pub(crate) async fn shown_page(&self, path: &str, text: &str) -> (String, String) {
        let mut often = tokio::time::interval(Duration::from_millis(50));
        let shown = async {
            loop {
                often.tick().await;
                let (head, body) = self.raw(path).await;
                if body.contains(text) {
                    return (head, body);
                }
            }
        };
        timeout(BOUND, shown).await.expect("it is published")
    }

    /// The file of the database.
    pub(crate) fn database(&self) -> PathBuf {
        self.folder.path().join("skerry.db")
    }

    pub(crate) fn stop(self) {
        self.engine.stop();
        self.running.abort();
    }
}

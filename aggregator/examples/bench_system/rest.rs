//! Measures how long a client of the REST API waits for the answer to a write while agents deliver.

use crate::latency;
use anyhow::Context as _;
use serde_json::Value;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::time::{Duration, Instant};

/// Writes per second.
const WRITES: u32 = 20;
/// Before the first write, so that the agents have declared their checks.
const SETTLE: Duration = Duration::from_secs(3);

/// Sets statuses with the token in `token` while all agents of `tokens` deliver `rate` observations a second. `address` is
/// that of the private listener, such as `127.0.0.1:8081`.
pub(crate) fn beside_observations(
    address: &str,
    tokens: &Path,
    token: &str,
    seconds: usize,
    rate: usize,
) -> anyhow::Result<()> {
    let (url, folder) = (format!("http://{address}"), tokens.to_owned());
    let agents = std::thread::spawn(move || latency::over_http(&url, &folder, seconds, rate, 0));
    std::thread::park_timeout(SETTLE);
    let mut client = Client::new(address, token)?;
    let pages = client.send("GET", "/v1/pages", "")?;
    let page = pages[0]["id"].as_str().context("a page")?.to_owned();
    let components = client.send("GET", &format!("/v1/pages/{page}/components"), "")?;
    let components: Vec<&str> = components
        .as_array()
        .context("a list of components")?
        .iter()
        .filter_map(|one| one["id"].as_str())
        .collect();
    let number = WRITES * u32::try_from(seconds)?.saturating_sub(2 * SETTLE.as_secs() as u32);
    let begun = Instant::now();
    let mut waited = Vec::new();
    for write in 0..number {
        let due = begun + Duration::from_secs(1) / WRITES * write;
        while let Some(early) = due.checked_duration_since(Instant::now()) {
            std::thread::park_timeout(early);
        }
        let component = components[write as usize / 2 % components.len()];
        let status = if write % 2 == 0 { "major_outage" } else { "operational" };
        let body = format!("{{\"component\":{{\"status\":\"{status}\"}}}}");
        client.send("PATCH", &format!("/v1/pages/{page}/components/{component}"), &body)?;
        waited.push(due.elapsed());
    }
    row(waited)?;
    agents.join().map_err(|_| anyhow::anyhow!("the agents panicked"))?
}

/// Prints how long the client waited.
fn row(mut waited: Vec<Duration>) -> anyhow::Result<()> {
    waited.sort_unstable();
    let last = waited.len().checked_sub(1).context("nothing was written")?;
    let at = |hundredths: usize| waited[last * hundredths / 100].as_secs_f64() * 1e3;
    let verdict = if at(99) < 20.0 { "reached" } else { "MISSED" };
    let (median, p99, worst) = (at(50), at(99), at(100));
    let number = waited.len();
    writeln!(
        std::io::stdout(),
        "| PATCH of a status, {WRITES}/s | {number} | {median:.2} | {p99:.2} | {worst:.2} | {verdict} |"
    )?;
    Ok(())
}

/// A connection that stays open.
struct Client {
    stream: BufReader<TcpStream>,
    head: String,
}

impl Client {
    fn new(address: &str, token: &str) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        let head =
            format!("host: {address}\r\nauthorization: Bearer {token}\r\ncontent-type: application/json\r\n");
        Ok(Self { stream: BufReader::new(stream), head })
    }

    /// Sends a request and returns the body of its answer.
    fn send(&mut self, method: &str, path: &str, body: &str) -> anyhow::Result<Value> {
        let (head, length) = (&self.head, body.len());
        let request = format!("{method} {path} HTTP/1.1\r\n{head}content-length: {length}\r\n\r\n{body}");
        self.stream.get_mut().write_all(request.as_bytes())?;
        let mut line = String::new();
        self.stream.read_line(&mut line)?;
        let status = line.clone();
        let mut length = 0;
        loop {
            line.clear();
            anyhow::ensure!(self.stream.read_line(&mut line)? > 0, "the answer ends in its head: {status}");
            let line = line.trim_end().to_ascii_lowercase();
            if line.is_empty() {
                break;
            }
            if let Some(value) = line.strip_prefix("content-length:") {
                length = value.trim().parse()?;
            }
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body)?;
        anyhow::ensure!(
            status.contains(" 200 "),
            "{method} {path}: {status}{}",
            String::from_utf8_lossy(&body)
        );
        Ok(serde_json::from_slice(&body)?)
    }
}

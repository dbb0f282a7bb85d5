//! The public side for the measurements of `bench/run`:
//! `bench_public publication` prints what one publication costs, `bench_public weight` what a page weighs;
//! `bench_public serve DIRECTORY CERTIFICATE KEY` writes a page for another server to DIRECTORY and serves the same, plain and over
//! TLS.

#[expect(dead_code, reason = "shared with the gallery, which shows more states than are measured")]
#[path = "../../publish/examples/gallery/sample.rs"]
mod sample;

use anyhow::Context as _;
use arc_swap::ArcSwap;
use async_trait::async_trait;
use rustix::time::{ClockId, clock_gettime};
use skerry_protocol::wire::EnrolRequest;
use skerry_publish::output::{CacheClass, Compression, Encoded, Kind, Output, Publication, Site};
use skerry_publish::view::{Item, PageView};
use skerry_publish::{api_v2, html};
use skerry_web as web;
use std::collections::HashMap;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

const HTML: &str = "text/html; charset=utf-8";

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["publication"] => publication(),
        ["weight"] => weight(),
        ["serve", directory, certificate, key] => {
            let files = web::TlsFiles { certificate: certificate.into(), key: key.into() };
            serve(Path::new(directory), files)
        }
        _ => anyhow::bail!("usage: bench_public publication | weight | serve DIRECTORY CERTIFICATE KEY"),
    }
}

/// Path, content type, policy and bytes.
type Rendered = (&'static str, &'static str, String, Vec<u8>);

/// The outputs that a refresh renders.
fn refresh(view: &PageView) -> anyhow::Result<Vec<Rendered>> {
    let index = html::index(view)?;
    let mut documents = vec![("", HTML, index.policy, index.html.into_bytes())];
    let json = api_v2::render(view)?.into_iter().take(2);
    documents.extend(json.map(|(path, bytes)| (path, api_v2::CONTENT_TYPE, String::new(), bytes)));
    Ok(documents)
}

fn output((path, content_type, policy, bytes): Rendered, level: Compression) -> Arc<Output> {
    let kind =
        Kind { content_type, cache: CacheClass::Live, keys: &["page-kctbh9vrtdwd", path], policy: &policy };
    Output::render(kind, bytes, sample::NOW, None, level)
}

/// A page with so many components; of every hundred days, `bad` are not green.
fn view(components: usize, bad: u64) -> PageView {
    let mut items = sample::sixties(components.div_ceil(60), bad);
    if components < 60 {
        let children = items.into_iter().flat_map(|item| match item {
            Item::Group(group) => group.children,
            component @ Item::Component(_) => vec![component],
        });
        items = children.take(components).collect();
    }
    sample::page("Northwind status", items)
}

/// CPU time of this process so far.
fn cpu() -> Duration {
    let now = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(now.tv_sec.unsigned_abs(), now.tv_nsec.unsigned_abs() as u32)
}

fn median(runs: usize, mut run: impl FnMut() -> anyhow::Result<()>) -> anyhow::Result<f64> {
    let mut times = Vec::new();
    for _ in 0..runs {
        let began = cpu();
        run()?;
        times.push((cpu() - began).as_secs_f64() * 1e3);
    }
    times.sort_by(f64::total_cmp);
    Ok(times[times.len() / 2])
}

fn publication() -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "| components | render ms | and compress fast ms | best ms | raw | gzip | brotli | brotli best |"
    )?;
    writeln!(out, "| --- | --- | --- | --- | --- | --- | --- | --- |")?;
    for components in [3, 60, 300] {
        let view = view(components, 5);
        let make = |level| -> anyhow::Result<Vec<Arc<Output>>> {
            let documents = refresh(&view)?.into_iter();
            Ok(documents.map(|document| output(document, level)).collect())
        };
        let render = median(41, || refresh(&view).map(|documents| drop(std::hint::black_box(documents))))?;
        let fast = median(41, || make(Compression::Fast).map(|outputs| drop(std::hint::black_box(outputs))))?;
        let best = median(3, || make(Compression::Best).map(|outputs| drop(std::hint::black_box(outputs))))?;
        let size = |form: &Option<Encoded>| form.as_ref().map_or(0, |form| form.bytes.len());
        let (quick, squeezed) = (&make(Compression::Fast)?[0], &make(Compression::Best)?[0]);
        writeln!(
            out,
            "| {components} | {render:.2} | {fast:.2} | {best:.0} | {} | {} | {} | {} |",
            quick.identity.bytes.len(),
            size(&quick.gzip),
            size(&quick.brotli),
            size(&squeezed.brotli),
        )?;
    }
    Ok(())
}

/// Prints the bytes of index pages, compressed as well as possible: brotli, and gzip in brackets.
fn weight() -> anyhow::Result<()> {
    const BAD: [u64; 4] = [0, 2, 5, 20];
    let mut out = std::io::stdout().lock();
    writeln!(out, "| components | {} |", BAD.map(|bad| format!("{bad} % bad days")).join(" | "))?;
    writeln!(out, "| --- |{}", " --- |".repeat(BAD.len()))?;
    for components in [3, 10, 30, 60, 120, 300] {
        write!(out, "| {components} |")?;
        for bad in BAD {
            let index = html::index(&view(components, bad))?;
            let output = output(("", HTML, index.policy, index.html.into_bytes()), Compression::Best);
            let size = |form: &Option<Encoded>| form.as_ref().map_or(0, |form| form.bytes.len());
            write!(out, " {} ({}) |", size(&output.brotli), size(&output.gzip))?;
        }
        writeln!(out)?;
    }
    Ok(())
}

struct Closed;

#[async_trait]
impl web::Ingest for Closed {
    async fn admit(&self, _token: Option<&str>) -> Result<Box<dyn web::Delivery>, web::IngestAnswer> {
        Err(web::IngestAnswer::Unauthorized)
    }

    async fn enrol(&self, _request: EnrolRequest) -> web::EnrolAnswer {
        web::EnrolAnswer::Unknown("nobody enrols at a benchmark".to_owned())
    }
}

impl web::Operations for Closed {
    fn metrics_access(&self, _token: Option<&str>) -> web::MetricsAccess {
        web::MetricsAccess::Denied
    }

    fn ready(&self) -> web::Readiness {
        web::Readiness::default()
    }

    fn metrics(&self) -> String {
        "# EOF\n".to_owned()
    }
}

/// Writes `index.html` and its gzip form, then serves the page at `/`, in one worker, until it is killed. Prints the two addresses.
fn serve(directory: &Path, files: web::TlsFiles) -> anyhow::Result<()> {
    let documents = refresh(&view(60, 5))?.into_iter();
    let outputs: HashMap<String, Arc<Output>> =
        documents.map(|document| (document.0.to_owned(), output(document, Compression::Fast))).collect();
    let index = outputs.get("").context("a page has an index")?;
    std::fs::write(directory.join("index.html"), &index.identity.bytes)?;
    let gzip = index.gzip.as_ref().context("a page of this size shrinks")?;
    std::fs::write(directory.join("index.html.gz"), &gzip.bytes)?;

    let page = Arc::new(Publication { outputs, ..Publication::default() });
    // Other hosts exist, and the page is found as most visitors find it.
    let by_host = (0..100).map(|n| (format!("status-{n}.example"), Arc::clone(&page))).collect();
    let site = Site { by_host, root: Some(page), ..Site::default() };
    let public = web::PublicSide::new(
        Arc::new(ArcSwap::from_pointee(site)),
        html::not_found(),
        web::Traffic::default(),
    );
    let endpoints = web::Endpoints {
        public: Arc::new(public),
        ingest: Arc::new(Closed),
        subscriptions: None,
        restricted: None,
        heartbeats: None,
        api: None,
        operations: Arc::new(Closed),
    };
    let serves = web::Serves { public: true, ..web::Serves::default() };
    let listener = |tls| web::Listener {
        address: SocketAddr::from(([127, 0, 0, 1], 0)),
        serves,
        tls,
        names: Vec::new(),
        proxies: web::TrustedProxies::default(),
    };
    let bound = web::bind(&[listener(None), listener(Some(files))])?;
    for address in bound.addresses() {
        writeln!(std::io::stdout(), "{address}")?;
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let limits = web::Limits { workers: 1, ..web::Limits::default() };
    runtime.block_on(bound.run(&endpoints, limits, std::future::pending()))?;
    Ok(())
}

//! The public side for the measurements of `bench/run`:
//! `bench_public publication` prints what one publication costs;
//! `bench_public serve ADDRESS DIRECTORY` writes a page for another server to DIRECTORY and serves the same.

#[expect(dead_code, reason = "shared with the gallery, which shows more states than are measured")]
#[path = "../../publish/examples/gallery/sample.rs"]
mod sample;

use anyhow::Context as _;
use arc_swap::ArcSwap;
use async_trait::async_trait;
use rustix::time::{ClockId, clock_gettime};
use skerry_protocol::wire::EnrolRequest;
use skerry_publish::output::{CacheClass, Compression, Kind, Output, Publication, Site};
use skerry_publish::view::{Item, PageView};
use skerry_publish::{api_v2, html};
use skerry_web as web;
use std::collections::HashMap;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

const HTML: &str = "text/html; charset=utf-8";

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["publication"] => publication(),
        ["serve", address, directory] => serve(address, Path::new(directory)),
        _ => anyhow::bail!("usage: bench_public publication | serve ADDRESS DIRECTORY"),
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

fn view(components: usize) -> PageView {
    let mut items = sample::sixty(5);
    match components {
        60 => {}
        3 => {
            items =
                ["Website", "API", "Payments"].map(|name| Item::Component(sample::component(name))).into();
        }
        _ => items = (0..components.div_ceil(60)).flat_map(|_| sample::sixty(5)).collect(),
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
        let view = view(components);
        let make = |level| -> anyhow::Result<Vec<Arc<Output>>> {
            let documents = refresh(&view)?.into_iter();
            Ok(documents.map(|document| output(document, level)).collect())
        };
        let render = median(41, || refresh(&view).map(|documents| drop(std::hint::black_box(documents))))?;
        let fast = median(41, || make(Compression::Fast).map(|outputs| drop(std::hint::black_box(outputs))))?;
        let best = median(3, || make(Compression::Best).map(|outputs| drop(std::hint::black_box(outputs))))?;
        let size =
            |form: &Option<skerry_publish::output::Encoded>| form.as_ref().map_or(0, |form| form.bytes.len());
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

/// Writes `index.html` and its gzip form, then serves the page at `/`, in one worker, until it is killed.
fn serve(address: &str, directory: &Path) -> anyhow::Result<()> {
    let documents = refresh(&view(60))?.into_iter();
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
        restricted: None,
        heartbeats: None,
        api: None,
        operations: Arc::new(Closed),
    };
    let serves = web::Serves { public: true, ..web::Serves::default() };
    let bound = web::bind(&[web::Listener {
        address: address.parse()?,
        serves,
        tls: None,
        names: Vec::new(),
        proxies: web::TrustedProxies::default(),
    }])?;
    writeln!(std::io::stdout(), "{}", bound.addresses()[0])?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let limits = web::Limits { workers: 1, ..web::Limits::default() };
    runtime.block_on(bound.run(&endpoints, limits, std::future::pending()))?;
    Ok(())
}

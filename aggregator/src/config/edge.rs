//! Reads what leaves this host on each publication: `[[export]]`, copies of the public side, and `[[purge]]`, caches in
//! front that are told what changed.

use std::path::PathBuf;

use skerry_protocol::strict::{Item, Refusal, Table, http_url, is_loopback, refuse};
use url::Url;

use super::server::warn_secret;

/// Stands for the keys in a request of `[[purge]] http`.
pub(crate) const KEYS: &str = "{keys}";
const FASTLY: &str = "https://api.fastly.com/";
const CLOUDFLARE: &str = "https://api.cloudflare.com/client/v4/";
const REGION: &str = "us-east-1";

/// A copy of the public side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Export {
    /// In a directory of this host.
    Directory(PathBuf),
    /// In a bucket of an object store that speaks the protocol of S3.
    S3(S3),
}

/// A bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct S3 {
    /// Its name.
    pub bucket: String,
    /// Stands before the path of each object, without a slash at either end; may be empty.
    pub prefix: String,
    /// Part of the signatures.
    pub region: String,
    /// `None`: that of AWS in the region.
    pub endpoint: Option<Url>,
    /// A file whose first line is the id of the access key.
    pub access_key_id_file: PathBuf,
    /// A file whose first line is the secret access key.
    pub secret_access_key_file: PathBuf,
}

/// A cache in front that is told what changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Purge {
    /// Varnish with the module xkey.
    Varnish {
        /// Where it takes purges.
        url: Url,
    },
    /// Fastly.
    Fastly {
        /// The API.
        api_url: Url,
        /// The service.
        service_id: String,
        /// A file whose first line is an API token.
        token_file: PathBuf,
    },
    /// Cloudflare. It has no soft purge: what is purged is gone until the aggregator answers.
    Cloudflare {
        /// The API.
        api_url: Url,
        /// The zone.
        zone_id: String,
        /// A file whose first line is an API token.
        token_file: PathBuf,
    },
    /// Any other, by one request.
    Http {
        /// With `{keys}`, or without.
        url: String,
        /// In capitals.
        method: String,
        /// Names and values, with `{keys}`, or without.
        headers: Vec<(String, String)>,
        /// A file whose first line is sent as `Authorization: Bearer …`.
        token_file: Option<PathBuf>,
    },
}

pub(super) fn exports(root: &Table<'_>) -> Vec<Export> {
    let mut read: Vec<Export> = Vec::new();
    for table in &root.tables("export", &["directory"]) {
        let Some(export) = export(table) else { continue };
        if read.contains(&export) {
            let wrong = "another [[export]] writes to the same place";
            table.refuse("directory", wrong, "Remove one of them.");
        }
        read.push(export);
    }
    read
}

fn export(table: &Table<'_>) -> Option<Export> {
    let directory = table.path("directory").optional();
    let s3 = table.item("s3").map(|item| s3(&item));
    match (table.has("directory"), s3) {
        (true, None) => directory.map(Export::Directory),
        (false, Some(s3)) => s3.map(Export::S3),
        (true, Some(_)) => {
            let wrong = "directory and s3 are two places";
            table.refuse("s3", wrong, "Give each an [[export]] of its own.");
            None
        }
        (false, None) => {
            let remedy = "Add directory = \"/var/lib/skerry/export\" or s3 = { bucket = \"status\", … }.";
            table.refuse("directory", "neither directory nor s3 is named", remedy);
            None
        }
    }
}

fn s3(item: &Item<'_>) -> Option<S3> {
    let table = item.inline_table("{ bucket = \"status\", region = \"eu-central-1\", … }")?;
    let bucket = table.string("bucket").convert(bucket).required("bucket = \"status\"");
    let prefix = table.string("prefix").convert(prefix).optional().unwrap_or_default();
    let region = table.string("region").at_most(64).or(REGION.to_owned());
    let example = "Write it such as \"https://s3.example.com\", or remove it for AWS.";
    let endpoint = table.string("endpoint").convert(|text| bare_url(&text, example)).optional();
    let id = table.path("access_key_id_file").required("access_key_id_file = \"/etc/skerry/s3-id\"");
    let secret = table.path("secret_access_key_file");
    let secret = secret.required("secret_access_key_file = \"/etc/skerry/s3-secret\"");
    warn_secret(&table, "access_key_id_file", id.as_deref());
    warn_secret(&table, "secret_access_key_file", secret.as_deref());
    Some(S3 {
        bucket: bucket?,
        prefix,
        region,
        endpoint,
        access_key_id_file: id?,
        secret_access_key_file: secret?,
    })
}

/// By the rules of S3.
fn bucket(name: String) -> Result<String, Refusal> {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-".contains(&byte);
    if (3..=63).contains(&name.len()) && name.bytes().all(fits) {
        return Ok(name);
    }
    refuse(
        format!("is not the name of a bucket: \"{name}\""),
        "Write 3 to 63 lower-case letters, digits, dots and hyphens.",
    )
}

fn prefix(text: String) -> Result<String, Refusal> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    let step = |step: &str| !matches!(step, "" | "." | "..") && step.bytes().all(fits);
    if text.split('/').all(step) {
        return Ok(text);
    }
    refuse(
        format!("is no prefix of paths: \"{text}\""),
        "Write it such as \"status\" or \"sites/status\", without a slash at either end.",
    )
}

pub(super) fn bare_url(text: &str, example: &str) -> Result<Url, Refusal> {
    let url = http_url(text, example)?;
    if !url.username().is_empty() || url.password().is_some() {
        return refuse("holds credentials", "Secrets stand in files of their own.");
    }
    if url.query().is_some() || url.fragment().is_some() {
        return refuse("must have no query and no fragment", example);
    }
    Ok(url)
}

pub(super) fn purges(root: &Table<'_>) -> Vec<Purge> {
    root.tables("purge", &[]).iter().filter_map(purge).collect()
}

/// Reads a cache of one kind.
type ReadPurge = fn(&Item<'_>) -> Option<Purge>;

fn purge(table: &Table<'_>) -> Option<Purge> {
    let kinds: [(&'static str, ReadPurge); 4] =
        [("varnish", varnish), ("fastly", fastly), ("cloudflare", cloudflare), ("http", http)];
    let read = kinds.iter().filter_map(|(kind, read)| table.item(kind).map(|item| (*kind, read(&item))));
    let mut read: Vec<_> = read.collect();
    if let [_, (second, _), ..] = read.as_slice() {
        let wrong = format!("{second} is a second cache");
        table.refuse(second, wrong, "Give each an [[purge]] of its own.");
        return None;
    }
    match read.pop() {
        Some((_, purge)) => purge,
        None => {
            let remedy = "Add varnish = { url = \"http://127.0.0.1:6081\" }, fastly, cloudflare or http.";
            table.refuse("", "no cache is named", remedy);
            None
        }
    }
}

fn varnish(item: &Item<'_>) -> Option<Purge> {
    let example = "{ url = \"http://127.0.0.1:6081\" }";
    let table = item.inline_table(example)?;
    let remedy = "Write it such as \"http://127.0.0.1:6081\".";
    let url = table.string("url").convert(|text| bare_url(&text, remedy));
    Some(Purge::Varnish { url: url.required("url = \"http://127.0.0.1:6081\"")? })
}

fn fastly(item: &Item<'_>) -> Option<Purge> {
    let table = item.inline_table("{ service_id = \"…\", token_file = \"/etc/skerry/fastly\" }")?;
    let service_id = table.string("service_id").convert(id).required("service_id = \"…\"");
    let (api_url, token_file) = (api_url(&table, FASTLY), token_file(&table));
    Some(Purge::Fastly { api_url: api_url?, service_id: service_id?, token_file: token_file? })
}

fn cloudflare(item: &Item<'_>) -> Option<Purge> {
    let table = item.inline_table("{ zone_id = \"…\", token_file = \"/etc/skerry/cloudflare\" }")?;
    let zone_id = table.string("zone_id").convert(id).required("zone_id = \"…\"");
    let (api_url, token_file) = (api_url(&table, CLOUDFLARE), token_file(&table));
    Some(Purge::Cloudflare { api_url: api_url?, zone_id: zone_id?, token_file: token_file? })
}

/// An identifier that becomes a part of a path.
fn id(text: String) -> Result<String, Refusal> {
    if text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte)) {
        return Ok(text);
    }
    refuse("may hold letters, digits, hyphens and underscores", "Copy it from the console.")
}

fn api_url(table: &Table<'_>, default: &str) -> Option<Url> {
    let remedy = format!("Write it such as \"{default}\", or remove it.");
    let url = table.string("api_url").convert(|text| {
        let mut url = bare_url(&text, &remedy)?;
        if !url.path().ends_with('/') {
            url.set_path(&format!("{}/", url.path()));
        }
        guarded(&url).map(|()| url)
    });
    if table.has("api_url") { url.optional() } else { Url::parse(default).ok() }
}

/// A token is not sent in the clear.
pub(super) fn guarded(url: &Url) -> Result<(), Refusal> {
    if url.scheme() == "https" || is_loopback(url) {
        return Ok(());
    }
    refuse("would send the token over plain HTTP", "Write https.")
}

fn token_file(table: &Table<'_>) -> Option<PathBuf> {
    let file = table.path("token_file").required("token_file = \"/etc/skerry/purge-token\"");
    warn_secret(table, "token_file", file.as_deref());
    file
}

fn http(item: &Item<'_>) -> Option<Purge> {
    let table = item.inline_table("{ url = \"https://cdn.example/purge?keys={keys}\" }")?;
    let token_file = table.path("token_file").optional();
    warn_secret(&table, "token_file", token_file.as_deref());
    let url = table.string("url").convert(|text| {
        let remedy = "Write it such as \"https://cdn.example/purge?keys={keys}\".";
        let url = http_url(&text.replace(KEYS, "keys"), remedy)?;
        if !url.username().is_empty() || url.password().is_some() {
            return refuse("holds credentials", "Write the token into a file, and name that as token_file.");
        }
        if token_file.is_some() {
            guarded(&url)?;
        }
        Ok(text)
    });
    let url = url.required("url = \"https://cdn.example/purge?keys={keys}\"");
    let method = table.string("method").convert(method).or("POST".to_owned());
    let headers = headers(&table);
    Some(Purge::Http { url: url?, method, headers, token_file })
}

fn method(text: String) -> Result<String, Refusal> {
    if (1..=32).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_uppercase()) {
        return Ok(text);
    }
    refuse(format!("is no method: \"{text}\""), "Write it in capitals, such as \"POST\" or \"PURGE\".")
}

fn headers(table: &Table<'_>) -> Vec<(String, String)> {
    let inner = table.item("headers").and_then(|item| item.inline_table("{ Surrogate-Key = \"{keys}\" }"));
    let read = |(name, item): (String, Item<'_>)| {
        let value = item.string()?;
        if !name.bytes().all(is_of_token) || !value.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
            return item
                .refuse("is no header field", "Write letters, digits and hyphens, and a value in ASCII.");
        }
        Some((name, value))
    };
    inner.map(|inner| inner.entries().into_iter().filter_map(read).collect()).unwrap_or_default()
}

/// RFC 9110, section 5.6.2.
fn is_of_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

//! A copy in a bucket of an object store that speaks the protocol of S3. The only importer of `object_store`.

use super::manifest::{self, Manifest};
use crate::config::S3;
use anyhow::{Context, bail};
use async_trait::async_trait;
use futures_util::TryStreamExt as _;
use object_store::aws::{AmazonS3, AmazonS3Builder, AwsCredential};
use object_store::client::{ClientOptions, CredentialProvider, HttpClient, HttpConnector};
use object_store::path::Path;
use object_store::{
    Attribute, Attributes, Error, ObjectStore as _, ObjectStoreExt as _, PutOptions, RetryConfig,
};
use reqwest::Client;
use skerry_agent::delivery::client_of_host;
use skerry_host::secret_files;
use skerry_publish::output::Output;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Retries within a request; what fails in spite of them is tried again as a whole.
const RETRIES: usize = 2;
/// That are kept open: as many as there are writes at once.
const CONNECTIONS: usize = 8;
const RETRY_FOR: Duration = Duration::from_secs(20);

#[derive(Clone, Debug)]
pub(super) struct Bucket {
    store: Arc<AmazonS3>,
    prefix: Path,
    shown: String,
}

impl Bucket {
    /// Nothing is sent yet.
    pub(super) fn open(s3: &S3) -> anyhow::Result<Self> {
        let credentials = Credentials {
            access_key_id_file: s3.access_key_id_file.clone(),
            secret_access_key_file: s3.secret_access_key_file.clone(),
        };
        let retry = RetryConfig { max_retries: RETRIES, retry_timeout: RETRY_FOR, ..RetryConfig::default() };
        let mut builder = AmazonS3Builder::new()
            .with_bucket_name(&s3.bucket)
            .with_region(&s3.region)
            .with_credentials(Arc::new(credentials))
            .with_http_connector(Connector(client_of_host(CONNECTIONS)?))
            // Not every store has it.
            .with_disable_bulk_delete(true)
            .with_retry(retry);
        if let Some(endpoint) = &s3.endpoint {
            let plain = endpoint.scheme() == "http";
            builder = builder.with_endpoint(endpoint.as_str().trim_end_matches('/')).with_allow_http(plain);
        }
        let store = Arc::new(builder.build().context("the bucket cannot be used")?);
        let prefix = Path::from(s3.prefix.as_str());
        Ok(Self { store, shown: format!("s3://{}/{prefix}", s3.bucket), prefix })
    }

    /// The list of what former exports wrote.
    ///
    /// # Errors
    /// There is none, but objects: they are somebody else's.
    pub(super) async fn claim(&self) -> anyhow::Result<Manifest> {
        let list = match self.store.get(&self.path(manifest::NAME)).await {
            Ok(found) => Some(found.bytes().await.context("the list of the copy cannot be read")?),
            Err(Error::NotFound { .. }) => None,
            Err(error) => return Err(error).context("the list of the copy cannot be read"),
        };
        let read = list.and_then(|list| Manifest::read(&String::from_utf8_lossy(&list)));
        let objects = self.store.list(Some(&self.prefix)).map_ok(|object| object.location);
        let objects: Vec<Path> = objects.try_collect().await.context("the bucket cannot be listed")?;
        let Some(mut read) = read else {
            if let Some(found) = objects.first() {
                bail!(
                    "{} holds what no export wrote ({found}): name an empty bucket or another prefix, or remove that",
                    self.shown
                );
            }
            return Ok(Manifest::default());
        };
        let below = |path: &Path| {
            let steps: Vec<_> =
                path.prefix_match(&self.prefix)?.map(|step| step.as_ref().to_owned()).collect();
            Some(steps.join("/"))
        };
        read.doubt_all_but(&objects.iter().filter_map(below).collect());
        Ok(read)
    }

    pub(super) async fn write_manifest(&self, manifest: &Manifest) -> anyhow::Result<()> {
        let attributes = attributes("text/plain; charset=utf-8", "no-store");
        let options = PutOptions { attributes, ..PutOptions::default() };
        let path = self.path(manifest::NAME);
        let put = self.store.put_opts(&path, manifest.written().into(), options).await;
        put.map(drop).context("the list of the copy cannot be written")
    }

    pub(super) async fn write(&self, path: &str, output: &Output) -> anyhow::Result<()> {
        let (cache_control, _) = output.cache.directives();
        let attributes = attributes(output.content_type, cache_control);
        let options = PutOptions { attributes, ..PutOptions::default() };
        let put = self.store.put_opts(&self.path(path), output.identity.bytes.clone().into(), options).await;
        put.map(drop).with_context(|| format!("{path} cannot be written"))
    }

    pub(super) async fn remove(&self, path: &str) -> anyhow::Result<()> {
        match self.store.delete(&self.path(path)).await {
            Ok(()) | Err(Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(error).with_context(|| format!("{path} cannot be removed")),
        }
    }

    fn path(&self, path: &str) -> Path {
        Path::from_iter(self.prefix.parts().chain(Path::from(path).parts()))
    }
}

fn attributes(content_type: &'static str, cache_control: &'static str) -> Attributes {
    Attributes::from_iter([(Attribute::ContentType, content_type), (Attribute::CacheControl, cache_control)])
}

/// Follows no redirect, uses no proxy, and trusts what this host trusts.
#[derive(Debug)]
struct Connector(Client);

impl HttpConnector for Connector {
    fn connect(&self, _options: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(self.0.clone()))
    }
}

/// Reads the files for every request, so that the key can be replaced at any time.
#[derive(Debug)]
struct Credentials {
    access_key_id_file: PathBuf,
    secret_access_key_file: PathBuf,
}

#[async_trait]
impl CredentialProvider for Credentials {
    type Credential = AwsCredential;

    async fn get_credential(&self) -> object_store::Result<Arc<AwsCredential>> {
        let read = |path: &PathBuf| {
            let refused =
                |source: Box<dyn std::error::Error + Send + Sync>| Error::Generic { store: "S3", source };
            let token = secret_files::token(path).map_err(|error| format!("{}: {error}", path.display()));
            let token = token.map_err(|error| refused(error.into()))?;
            Ok::<_, Error>(String::from_utf8_lossy(&token).into_owned())
        };
        let (key_id, secret_key) = (read(&self.access_key_id_file)?, read(&self.secret_access_key_file)?);
        Ok(Arc::new(AwsCredential { key_id, secret_key, token: None }))
    }
}

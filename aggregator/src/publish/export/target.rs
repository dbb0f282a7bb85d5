//! Where a copy is kept: a directory or a bucket.

use super::directory::Directory;
use super::manifest::Manifest;
use super::s3::Bucket;
use anyhow::Context;
use skerry_publish::output::Output;
use std::sync::Arc;

/// Where a copy is kept.
#[derive(Clone, Debug)]
pub(super) enum Target {
    Directory(Arc<Directory>),
    S3(Bucket),
}

impl Target {
    /// What former exports wrote, and what is wrong if nothing may be added.
    pub(super) async fn claim(&self) -> anyhow::Result<(Manifest, Option<anyhow::Error>)> {
        match self {
            Self::Directory(directory) => on_thread(directory, Directory::claim).await,
            Self::S3(bucket) => Ok((bucket.claim().await?, None)),
        }
    }

    pub(super) async fn write_manifest(&self, manifest: &Manifest) -> anyhow::Result<()> {
        match self {
            Self::Directory(directory) => {
                let manifest = manifest.clone();
                on_thread(directory, move |directory| directory.write_manifest(&manifest)).await
            }
            Self::S3(bucket) => bucket.write_manifest(manifest).await,
        }
    }

    pub(super) async fn write(&self, path: &str, output: &Arc<Output>) -> anyhow::Result<()> {
        match self {
            Self::Directory(directory) => {
                let (path, output) = (path.to_owned(), Arc::clone(output));
                on_thread(directory, move |directory| directory.write(&path, &output.identity.bytes)).await
            }
            Self::S3(bucket) => bucket.write(path, output).await,
        }
    }

    pub(super) async fn remove(&self, path: &str) -> anyhow::Result<()> {
        match self {
            Self::Directory(directory) => {
                let path = path.to_owned();
                on_thread(directory, move |directory| directory.remove(&path)).await
            }
            Self::S3(bucket) => bucket.remove(path).await,
        }
    }

    /// Makes durable what was written and removed.
    pub(super) async fn sync(&self) -> anyhow::Result<()> {
        match self {
            Self::Directory(directory) => on_thread(directory, Directory::sync).await,
            // What is answered is durable.
            Self::S3(_) => Ok(()),
        }
    }
}

async fn on_thread<T: Send + 'static>(
    directory: &Arc<Directory>,
    call: impl FnOnce(&Directory) -> anyhow::Result<T> + Send + 'static,
) -> anyhow::Result<T> {
    let directory = Arc::clone(directory);
    tokio::task::spawn_blocking(move || call(&directory)).await.context("writing ended by itself")?
}

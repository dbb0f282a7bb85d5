//! A copy of everything public as files: a complete site behind any static server, which stands without this program. What
//! is private never enters it, since it is made from the [`Site`] that visitors get.

mod copy;
mod directory;
mod exporter;
mod files;
mod manifest;
mod once;
mod s3;
mod target;

pub use copy::Exported;
pub(super) use exporter::Exporter;
pub use once::{export, site_of};

#[cfg(doc)]
use skerry_publish::output::Site;

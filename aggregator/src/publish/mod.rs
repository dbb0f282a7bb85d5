//! Decides when pages are rendered and where they are served, and replaces the [`Site`](skerry_publish::output::Site).
//! The rendering itself is in `skerry-publish`.

mod addresses;
mod archive;
mod compressor;
pub mod export;
mod options;
mod publisher;

pub use addresses::Addresses;
pub use options::PageOptions;
pub use publisher::Publisher;

use skerry_publish::{build, html, output, outputs, view};

//! Decides when pages are rendered and where they are served, and replaces the [`Site`](skerry_publish::output::Site).
//! The rendering itself is in `skerry-publish`.

mod addresses;
mod archive;
mod compressor;
mod edge;
pub mod export;
mod feeds;
mod options;
mod progress;
mod published;
mod publisher;
mod purge;
mod retry;

pub use addresses::Addresses;
pub use edge::{Edge, EdgeStatus};
pub use feeds::FeedAddress;
pub use options::PageOptions;
pub use progress::Progress;
pub use published::Published;
pub use publisher::Publisher;

use skerry_publish::{build, html, output, outputs, view};

//! When pages are rendered, where they answer, and the [`Site`](skerry_publish::output::Site) that is swapped in whole.
//! What is rendered is `skerry-publish`.

mod addresses;
mod compressor;
mod publisher;

pub use addresses::Addresses;
pub use publisher::Publisher;

use skerry_publish::{build, html, output, outputs, view};

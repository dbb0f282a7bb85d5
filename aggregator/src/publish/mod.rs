//! From state to bytes: `build` makes a [`view::PageView`], the renderers make outputs of it, and a
//! [`output::Site`] of immutable publications is swapped in whole. Accepts no text that came from a
//! machine or from the private side.

mod addresses;
pub mod api_v2;
pub mod badge;
pub mod build;
pub mod csv;
pub mod html;
pub mod output;
mod outputs;
mod publisher;
pub mod robots;
mod roll_up;
#[cfg(test)]
mod sample;
mod sight;
mod squeeze;
mod texts;
pub mod view;

pub use addresses::Addresses;
pub use outputs::shared;
pub use publisher::Publisher;

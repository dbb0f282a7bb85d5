//! From state to bytes: `build` makes a [`view::PageView`], the renderers make outputs of it, which stand in an
//! [`output::Site`] of immutable publications. Accepts no text that came from a machine or from the private side.

pub mod api_v2;
pub mod badge;
pub mod build;
mod component_now;
pub mod csv;
pub mod html;
pub mod output;
pub mod outputs;
mod overall_status;
pub mod robots;
#[cfg(test)]
mod sample;
mod texts;
pub mod view;

pub use outputs::shared;

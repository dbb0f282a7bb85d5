//! From state to bytes: `view` says what a page shows, the renderers make outputs of it, and a
//! [`Site`] of immutable [`Publication`]s is swapped in whole. Accepts no text that came from a machine
//! or from the private side.

pub mod api_v2;
pub mod badge;
pub mod build;
pub mod csv;
pub mod html;
pub mod output;
pub mod robots;
mod roll_up;
#[cfg(test)]
mod sample;
pub mod view;

//! End-to-end test tooling.

pub mod parts;

//! Checks of the sources: which module may use which crate, and what no source may contain. Rules for the compiler and
//! clippy are in `Cargo.toml` and `clippy.toml`; the purity of the domain is checked by
//! `aggregator/domain/tests/domain/purity.rs`.

mod manners;
mod pages;
mod repository;
mod rooms;
mod runner;
mod sources;
mod walls;

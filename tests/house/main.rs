//! How the house is cut, held by reading its sources: which room may use which technology, and what
//! stands nowhere. What the compiler and clippy can hold stands in `Cargo.toml` and `clippy.toml`; that
//! the domain is pure is `aggregator/domain/tests/domain/purity.rs`.

mod manners;
mod pages;
mod repository;
mod rooms;
mod runner;
mod sources;
mod walls;

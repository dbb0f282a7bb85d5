//! Network namespaces as hosts, so that links, gateways and targets can be taken away one at a time.
//! Needs root, `ip` and nginx.

mod hosts;
mod self_test;

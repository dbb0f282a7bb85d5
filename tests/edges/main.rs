//! Every probe against a real local peer.

mod descriptors;
mod dns_probe;
mod exec;
mod http_probe;
mod observing;
mod odd_tls;
mod tcp_probe;
mod tls_probe;

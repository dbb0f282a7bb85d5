//! Every probe against a real local peer, and the channels for notices.

mod descriptors;
mod dns_probe;
mod exec;
mod http_channels;
mod http_probe;
mod mail;
mod observing;
mod odd_tls;
mod tcp_probe;
mod tls_probe;

//! Network namespaces as hosts, so that links, gateways and targets can be taken away one at a time.
//! Needs root, `ip`, `tc`, `nft`, `setpriv`, curl and nginx.

mod eyes;
mod hosts;
mod name_server;
mod net;
mod ping;
mod refused;
mod resolver;
mod self_test;
mod starved;
mod web_server;

//! Network namespaces as hosts, to make links, gateways and targets fail one at a time. Needs root, `ip`,
//! `tc`, `nft`, `setpriv`, curl and nginx.

mod cpu_starvation;
mod hosts;
mod name_server;
mod net;
mod network_faults;
mod ping;
mod refused;
mod resolver;
mod self_test;
mod web_server;

//! Each edge against a real local peer.

mod http_probe;

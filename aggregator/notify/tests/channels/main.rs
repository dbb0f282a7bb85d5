//! The channels against real and misbehaving servers.

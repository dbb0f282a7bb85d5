//! End-to-end test tooling.

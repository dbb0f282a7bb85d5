//! Strict reading of TOML: every problem at once, each with file, line, key and what would be right.

//! `skerry-agent`: the agent as a standalone program.

mod cli;

use std::io::Write;
use std::process::ExitCode;

fn main() -> ExitCode {
    skerry_host::descriptors::raise_limit();
    match cli::run() {
        Ok(code) => code,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "skerry-agent: {error:#}");
            ExitCode::from(2)
        }
    }
}

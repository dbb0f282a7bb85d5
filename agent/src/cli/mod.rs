//! The command line: arguments, exit codes and dispatch.

mod doctor;
mod enroll;
mod plugins;
mod serve;
mod status;

use anyhow::anyhow;
use clap::{Args, CommandFactory, Parser, Subcommand};
use skerry_agent::config::{self, Loaded};
use skerry_agent::enrolment::HOW_TO_ENROL;
use skerry_agent::probe_command;
use skerry_host::{log, manual};
use skerry_protocol::strict::{Problem, Unusable};
use skerry_protocol::words::count;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

const EXIT_CODES: &str = "\
Exit codes: 0 success; 1 `probe` found a check that is not up, `doctor` a problem; 2 failure: an invalid command line or \
configuration, no aggregator or no spool";

/// The schema of `agent.toml`; the aggregator's tests compare it with the reader.
const SCHEMA: &str = include_str!("../../../docs/schema/agent.json");

/// Runs checks on this host and sends the results to a Skerry aggregator.
#[derive(Debug, Parser)]
#[command(name = "skerry-agent", version, about, after_long_help = EXIT_CODES)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    common: Common,
}

#[derive(Args, Debug)]
struct Common {
    /// Configuration file
    #[arg(long, global = true, default_value = "/etc/skerry/agent.toml", value_name = "FILE")]
    config: PathBuf,
    /// Print JSON: the log of `run`, the output of other commands
    #[arg(long, global = true)]
    json: bool,
    /// error, warn, info, debug or trace
    #[arg(long, global = true, default_value = "info", value_name = "LEVEL")]
    log_level: tracing::Level,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the checks and send their results (the default). SIGHUP reloads the configuration
    Run,
    /// Check the configuration and print every problem. Exit 0: none, 2: some
    CheckConfig {
        /// Treat warnings as errors
        #[arg(long)]
        strict: bool,
        /// Print the JSON Schema of agent.toml, for editors, and read nothing
        #[arg(long)]
        schema: bool,
    },
    /// Run checks once, now. Exit 0: all are up, 1: some are not, 2: failure
    Probe {
        /// Names of checks; all checks by default
        #[arg(value_name = "NAME")]
        names: Vec<String>,
    },
    /// Enrol this agent with the token that `skerry-aggregator agent add` printed. Exit 0: enrolled, 2: not
    Enroll {
        /// The token
        #[arg(value_name = "TOKEN")]
        token: String,
        /// Send the credential over plain HTTP to another host
        #[arg(long)]
        allow_plaintext: bool,
    },
    /// Show the current status of checks and spool. Exit 0, or 2: no spool to read
    Status,
    /// Check everything that this agent needs; print problems and remedies. Exit 0: no problem, 1: some
    Doctor {
        /// Treat warnings as problems
        #[arg(long)]
        strict: bool,
    },
    /// Run plugins for the agent, asked for at the socket that is its standard input: of skerry-plugins.service
    #[command(hide = true)]
    Plugins,
    /// Write man pages and shell completions to DIR
    #[command(hide = true)]
    Manual {
        /// Where to
        #[arg(value_name = "DIR")]
        folder: PathBuf,
    },
}

/// Runs the command that the arguments name.
///
/// # Errors
/// The caller prints the error and exits with 2.
pub(crate) fn run() -> anyhow::Result<ExitCode> {
    let arguments = Arguments::parse();
    let common = &arguments.common;
    match arguments.command.unwrap_or(Command::Run) {
        Command::Run => {
            log_to_stderr(common);
            serve::serve(common)
        }
        Command::CheckConfig { schema: true, .. } => {
            write!(io::stdout().lock(), "{SCHEMA}")?;
            Ok(ExitCode::SUCCESS)
        }
        Command::CheckConfig { strict, .. } => check_config(common, strict),
        Command::Probe { names } => probe(common, &names),
        Command::Enroll { token, allow_plaintext } => enroll::enroll(common, &token, allow_plaintext),
        Command::Status => status::status(common),
        Command::Doctor { strict } => doctor::doctor(common, strict),
        Command::Plugins => {
            log_to_stderr(common);
            plugins::plugins()
        }
        Command::Manual { folder } => {
            manual::write(&Arguments::command(), &folder)?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// Logs our own crates at the requested level, all others from WARN.
fn log_to_stderr(common: &Common) {
    let level = common.log_level;
    let others = if level < tracing::Level::WARN { level } else { tracing::Level::WARN };
    let filter = format!("{others},skerry_agent={level},skerry_host={level},skerry_protocol={level}");
    log::start(&filter, common.json);
}

/// The message of an agent that is not enrolled yet.
fn not_enrolled() -> String {
    format!("this agent is not enrolled yet. {HOW_TO_ENROL}")
}

fn load(common: &Common) -> anyhow::Result<Loaded> {
    config::load(&common.config).map_err(|problems| anyhow!("the configuration is not valid:\n{problems}"))
}

/// Needs neither an aggregator nor an enrolment.
fn probe(common: &Common, names: &[String]) -> anyhow::Result<ExitCode> {
    let config = match config::awaiting_enrolment(&common.config) {
        Some(waiting) => waiting.config,
        None => load(common)?.config,
    };
    let all_up = probe_command::probe(config.checks, names, config.agent.max_in_flight, common.json)?;
    Ok(if all_up { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

/// RFC 3339 with a precision of seconds.
fn instant(ms: i64) -> String {
    let instant = jiff::Timestamp::from_second(ms.div_euclid(1000));
    instant.map_or_else(|_| format!("{ms} ms"), |instant| instant.to_string())
}

fn check_config(common: &Common, strict: bool) -> anyhow::Result<ExitCode> {
    let words = |problems: &[Problem]| problems.iter().map(ToString::to_string).collect::<Vec<_>>();
    let waits =
        |unusable| config::awaiting_enrolment(&common.config).map(|loaded| (loaded, true)).ok_or(unusable);
    let read = config::load(&common.config).map(|loaded| (loaded, false)).or_else(waits);
    let (problems, mut warnings, checks, waits) = match read {
        Ok((loaded, waits)) => (Vec::new(), words(&loaded.warnings), loaded.config.checks.len(), waits),
        Err(Unusable { problems, warnings }) => (words(&problems.0), words(&warnings), 0, false),
    };
    let sound = problems.is_empty() && (!strict || warnings.is_empty());
    // Missing enrolment is a matter of the host, not an error in the file.
    warnings.extend(waits.then(not_enrolled));
    let mut out = io::stdout().lock();
    if common.json {
        let answer =
            serde_json::json!({ "ok": sound, "checks": checks, "problems": problems, "warnings": warnings });
        writeln!(out, "{answer}")?;
    } else {
        for problem in &problems {
            writeln!(out, "{problem}")?;
        }
        for warning in &warnings {
            writeln!(out, "warning: {warning}")?;
        }
        if sound {
            writeln!(out, "{}: {}, no problems", common.config.display(), count(checks, "check"))?;
        }
    }
    Ok(if sound { ExitCode::SUCCESS } else { ExitCode::from(2) })
}

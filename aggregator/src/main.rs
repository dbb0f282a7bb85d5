//! The command line of the aggregator.

mod cli;

use clap::{CommandFactory, Parser, Subcommand, ValueEnum};
use skerry_aggregator::config::{self, Loaded};
use skerry_host::manual;
use skerry_host::rights::lower_for;
use skerry_protocol::strict::{Problem, Unusable};
use skerry_protocol::words::{count, written_out};
use skerry_web as web;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

const EXIT_CODES: &str = "\
Exit codes: 0 success; 1 failure, or `doctor` found a problem; 2 an invalid command line";

/// Determines the status of your services from what agents report, and publishes status pages.
#[derive(Parser)]
#[command(name = "skerry-aggregator", version, about, after_long_help = EXIT_CODES)]
struct Arguments {
    /// Configuration file; repeat for each further workspace.
    #[arg(long, global = true, default_value = "/etc/skerry/aggregator.toml")]
    config: Vec<PathBuf>,
    /// Print JSON: the log of `serve`, the output of other commands.
    #[arg(long, global = true)]
    json: bool,
    /// Log level.
    #[arg(long, global = true, value_enum, default_value_t = LogLevel::Info)]
    log_level: LogLevel,
    #[command(subcommand)]
    command: Option<Do>,
}

#[derive(Clone, Copy, ValueEnum)]
enum LogLevel {
    Error,
    Warn,
    Info,
    Debug,
    Trace,
}

/// A test compares it with the keys that the reader knows.
const SCHEMA: &str = include_str!("../../docs/schema/aggregator.json");

#[derive(Subcommand)]
enum Do {
    /// Run the aggregator (the default).
    Serve,
    /// Check the configuration and print every problem.
    CheckConfig {
        /// Treat warnings as errors.
        #[arg(long)]
        strict: bool,
        /// Print the JSON Schema of the configuration, for editors, and read nothing.
        #[arg(long)]
        schema: bool,
    },
    /// Manage agents.
    Agent(cli::Agents),
    /// Manage the addresses that jobs call.
    Heartbeat(cli::Heartbeats),
    /// Back up the database to FILE and verify the copy; the aggregator may run.
    Backup {
        /// Must not exist yet; only its owner can read it.
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Replace the database with the backup in FILE; the aggregator must not run.
    Restore {
        /// What `backup` wrote, or the copy taken before a migration.
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Write the public pages to DIR as files for any static server; the aggregator may run.
    Export {
        /// Is made if it is missing; must hold nothing but what a former export wrote.
        #[arg(value_name = "DIR")]
        directory: PathBuf,
    },
    /// Check everything that this aggregator needs; print problems and remedies. Exit 0: no problem, 1: some.
    Doctor {
        /// Treat warnings as problems.
        #[arg(long)]
        strict: bool,
    },
    /// Send a test mail to ADDRESS, and say what receivers will think of the mails of this aggregator: SPF, DKIM, DMARC,
    /// bounces, unsubscribing. Exit 0: no problem, 1: some.
    MailCheck {
        /// Somebody who can look at what arrives.
        #[arg(value_name = "ADDRESS")]
        address: String,
    },
    /// Write man pages and shell completions to DIR.
    #[command(hide = true)]
    Manual {
        /// Where to.
        #[arg(value_name = "DIR")]
        folder: PathBuf,
    },
    /// Check status.
    Check(cli::Checks),
    /// Set the status of components by hand.
    Component(cli::Components),
    /// Correct the past of a component: a false alarm, or an outage that was planned. Pages, uptime and outages follow.
    Correct(cli::Corrections),
    /// Announce outages to visitors.
    Incident(cli::Incidents),
    /// Plan maintenance, and tell visitors of it.
    Maintenance(cli::Maintenance),
    /// Announce on pages what is no outage.
    Announcement(cli::Announcements),
    /// List outages: when components were not operational and which checks failed, newest first.
    Outages(cli::Outages),
    /// See pages and their ids, show one before visitors see it, and see the addresses of feeds.
    Page(cli::Pages),
    /// See what is wrong and since when, for operators alone.
    Problem(cli::Problems),
    /// See and change who hears of pages, and move them between systems.
    Subscribers(cli::Subscribers),
    /// See what subscribers were sent, and send again what failed.
    Deliveries(cli::Deliveries),
    /// Try out by what the team hears of problems.
    Receiver(cli::Receivers),
    /// Prepare texts of incidents.
    Template(cli::Templates),
    /// Make tokens for the REST API, and take them away.
    Token(cli::Tokens),
    /// Run checks of the configuration once, now, from this host. Exit 0: all are up, 1: some are not, or could not be run.
    Probe {
        /// Names of checks; by default all but heartbeats.
        #[arg(value_name = "NAME")]
        names: Vec<String>,
    },
}

fn main() -> ExitCode {
    skerry_host::descriptors::raise_limit();
    let arguments = Arguments::parse();
    match run(&arguments) {
        Ok(code) => code,
        Err(error) => {
            say(&format!("skerry-aggregator: {error:#}"), &mut std::io::stderr());
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    if let Some(Do::Manual { folder }) = &arguments.command {
        manual::write(&Arguments::command(), folder)?;
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(Do::Doctor { strict }) = arguments.command {
        let (answer, well) = cli::doctor(&arguments.config, arguments.json, strict)?;
        say(&answer, &mut std::io::stdout());
        return Ok(if well { ExitCode::SUCCESS } else { ExitCode::FAILURE });
    }
    if let Some(Do::CheckConfig { schema: true, .. }) = &arguments.command {
        say(SCHEMA.trim_end(), &mut std::io::stdout());
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(Do::CheckConfig { strict, .. }) = arguments.command {
        return Ok(check_config(arguments, strict));
    }
    let Some(loaded) = read(arguments) else { return Ok(ExitCode::FAILURE) };
    if let None | Some(Do::Serve) = &arguments.command {
        start_logging(arguments);
    }
    if !matches!(&arguments.command, Some(Do::Restore { .. })) {
        cli::reject_former_place(&loaded)?;
    }
    let file = match &arguments.command {
        Some(Do::Subscribers(command)) => cli::read_file(command)?,
        _ => None,
    };
    // These commands write next to the database, whose folder belongs to the service's user: root must not follow links
    // there.
    let with_database = match &arguments.command {
        Some(
            Do::Agent(_)
            | Do::Heartbeat(_)
            | Do::Check(_)
            | Do::Component(_)
            | Do::Correct(_)
            | Do::Incident(_)
            | Do::Maintenance(_)
            | Do::Announcement(_)
            | Do::Page(_)
            | Do::Problem(_)
            | Do::Subscribers(_)
            | Do::Deliveries(_)
            | Do::Template(_)
            | Do::Token(_)
            | Do::Outages(_),
        ) => loaded.configs.first(),
        _ => None,
    };
    let _rights = with_database.map(|config| lower_for(&config.store.path)).transpose()?;
    let json = arguments.json;
    match &arguments.command {
        None | Some(Do::Serve) => cli::serve(&loaded, arguments.config.clone())?,
        Some(Do::Agent(command)) => {
            answer(&cli::agents(&loaded, command, json)?, cli::note(&loaded, command).as_deref());
        }
        Some(Do::Heartbeat(command)) => {
            let (address, note) = cli::heartbeats(&loaded, command, json)?;
            answer(&address, note.as_deref());
        }
        Some(Do::Backup { file }) => answer(&cli::backup(&loaded, file, json)?, None),
        Some(Do::Export { directory }) => answer(&cli::export(&loaded, directory, json)?, None),
        Some(Do::Restore { file }) => answer(&cli::restore(&loaded, file, json)?, None),
        // Handled above: they need no valid configuration.
        Some(Do::CheckConfig { .. } | Do::Doctor { .. } | Do::Manual { .. }) => {}
        Some(Do::Check(command)) => answer(&cli::checks(&loaded, command, json)?, None),
        Some(Do::Component(command)) => answer(&cli::components(&loaded, command, json)?, None),
        Some(Do::Page(command)) => answer_both(&cli::pages(&loaded, command, json)?),
        Some(Do::Problem(command)) => answer(&cli::problems(&loaded, command, json)?, None),
        Some(Do::Correct(command)) => answer_both(&cli::corrections(&loaded, command, json)?),
        Some(Do::Maintenance(command)) => answer_both(&cli::maintenance(&loaded, command, json)?),
        Some(Do::Announcement(command)) => answer_both(&cli::announcements(&loaded, command, json)?),
        Some(Do::Incident(command)) => answer_both(&cli::incidents(&loaded, command, json)?),
        Some(Do::Subscribers(command)) => {
            answer_both(&cli::subscribers(&loaded, command, file.as_deref(), json)?);
        }
        Some(Do::Deliveries(command)) => answer_both(&cli::deliveries(&loaded, command, json)?),
        Some(Do::Template(command)) => answer_both(&cli::templates(&loaded, command, json)?),
        Some(Do::Token(command)) => {
            let (token, note) = cli::tokens(&loaded, command, json)?;
            answer(&token, note.as_deref());
        }
        Some(Do::MailCheck { address }) => {
            let (findings, well) = cli::mail_check(&loaded, address, json)?;
            answer(&findings, None);
            return Ok(if well { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
        Some(Do::Receiver(command)) => {
            let (output, taken) = cli::receivers(&loaded, command, json)?;
            answer(&output, None);
            return Ok(if taken { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
        Some(Do::Outages(command)) => answer(&cli::outages(&loaded, command, json)?, None),
        Some(Do::Probe { names }) => {
            let all_up = cli::probe(&loaded, names, json)?;
            return Ok(if all_up { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Reads the configuration, or prints all its problems and returns `None`.
fn read(arguments: &Arguments) -> Option<Loaded> {
    let loaded = config::load(&arguments.config);
    loaded.map_err(|unusable| say(&unusable.to_string(), &mut std::io::stderr())).ok()
}

/// Prints problems and warnings on standard error; success and JSON on standard output.
fn check_config(arguments: &Arguments, strict: bool) -> ExitCode {
    let (configs, problems, warnings) = match config::load(&arguments.config) {
        Ok(Loaded { configs, warnings }) => (configs, Vec::new(), warnings),
        Err(Unusable { problems, warnings }) => (Vec::new(), problems.0, warnings),
    };
    let sound = problems.is_empty() && (!strict || warnings.is_empty());
    let checks: usize = configs.iter().map(|config| config.checks.len()).sum();
    let pages: usize = configs.iter().map(|config| config.pages.len()).sum();
    if arguments.json {
        let words = |all: &[Problem]| all.iter().map(ToString::to_string).collect::<Vec<_>>();
        let (problems, warnings) = (words(&problems), words(&warnings));
        let answer = serde_json::json!({
            "ok": sound, "checks": checks, "pages": pages, "problems": problems, "warnings": warnings,
        });
        say(&answer.to_string(), &mut std::io::stdout());
    } else {
        for problem in &problems {
            say(&problem.to_string(), &mut std::io::stderr());
        }
        let kind = if strict { "" } else { "warning: " };
        for warning in &warnings {
            say(&format!("{kind}{warning}"), &mut std::io::stderr());
        }
        if sound {
            let (checks, pages) = (count(checks, "check"), count(pages, "page"));
            say(&format!("The configuration is valid: {checks}, {pages}."), &mut std::io::stdout());
        }
    }
    if sound { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn start_logging(arguments: &Arguments) {
    let level = match arguments.log_level {
        LogLevel::Error => "error",
        LogLevel::Warn => "warn",
        // The messages of the web server repeat our own.
        LogLevel::Info => "info,skerry_agent::check_runner=warn,actix_server=warn",
        LogLevel::Debug => "debug,hyper=info,h2=info,hickory_proto=info,hickory_resolver=info",
        LogLevel::Trace => "trace",
    };
    // The engine logs each transition of the built-in agent, too.
    let filter = format!("{level},skerry_agent::check_runner::scheduled_check=off,{}", web::LOG_DIRECTIVE);
    skerry_host::log::start(&filter, arguments.json);
}

/// Prints the output of a command on standard output, and a note to the operator on standard error.
fn answer(output: &str, note: Option<&str>) {
    if let Some(note) = note {
        say(note, &mut std::io::stderr());
    }
    say(output, &mut std::io::stdout());
}

fn answer_both((output, note): &(String, Option<String>)) {
    answer(output, note.as_deref());
}

/// Prints a line. A reader that is gone is no error.
fn say(line: &str, to: &mut impl Write) {
    let _ = writeln!(to, "{}", written_out(line));
}

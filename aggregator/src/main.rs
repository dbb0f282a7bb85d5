//! The command line of the aggregator.

mod cli;

use clap::{Parser, Subcommand, ValueEnum};
use skerry_aggregator::app::App;
use skerry_aggregator::config::{self, Loaded};
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use tokio::signal::unix::{SignalKind, signal};

/// Works out what is true of your services from what agents see, and publishes status pages.
#[derive(Parser)]
#[command(name = "skerry-aggregator", version, about)]
struct Arguments {
    /// Configuration file; give it again for each further workspace.
    #[arg(long, global = true, default_value = "/etc/skerry/aggregator.toml")]
    config: Vec<PathBuf>,
    /// Log as JSON, one object a line; answers of commands likewise.
    #[arg(long, global = true)]
    json: bool,
    /// What to log.
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

#[derive(Subcommand)]
enum Do {
    /// Run the aggregator (the default).
    Serve,
    /// Read the configuration, say everything that is wrong with it, and exit.
    CheckConfig {
        /// Take doubts for mistakes.
        #[arg(long)]
        strict: bool,
    },
    /// Agents that may deliver.
    Agent(cli::Agents),
}

fn main() -> ExitCode {
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
    let Some(loaded) = read(arguments)? else { return Ok(ExitCode::FAILURE) };
    match &arguments.command {
        None | Some(Do::Serve) => {
            start_logging(arguments);
            for warning in &loaded.warnings {
                tracing::warn!("{warning}");
            }
            let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
            runtime.block_on(serve(arguments, loaded))?;
        }
        Some(Do::CheckConfig { strict }) => return Ok(check_config(&loaded, *strict)),
        Some(Do::Agent(asked)) => {
            say(&cli::agents(&loaded, asked, arguments.json)?, &mut std::io::stdout());
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The configuration, or `None` after all its problems were said.
fn read(arguments: &Arguments) -> anyhow::Result<Option<Loaded>> {
    match config::load(&arguments.config) {
        Ok(loaded) => Ok(Some(loaded)),
        Err(problems) => {
            say(&problems.to_string(), &mut std::io::stderr());
            Ok(None)
        }
    }
}

fn check_config(loaded: &Loaded, strict: bool) -> ExitCode {
    for warning in &loaded.warnings {
        let kind = if strict { "" } else { "warning: " };
        say(&format!("{kind}{warning}"), &mut std::io::stderr());
    }
    if strict && !loaded.warnings.is_empty() {
        return ExitCode::FAILURE;
    }
    let checks: usize = loaded.configs.iter().map(|config| config.checks.len()).sum();
    let pages: usize = loaded.configs.iter().map(|config| config.pages.len()).sum();
    say(&format!("The configuration is valid: {checks} checks, {pages} pages."), &mut std::io::stdout());
    ExitCode::SUCCESS
}

async fn serve(arguments: &Arguments, loaded: Loaded) -> anyhow::Result<()> {
    let app = App::start(&loaded.configs).await?;
    for (address, listener) in app.addresses().iter().zip(&loaded.configs[0].listeners) {
        tracing::info!(%address, serves = ?listener.serves, "listening");
    }
    let reloader = app.reloader();
    let paths = arguments.config.clone();
    let mut hangup = signal(SignalKind::hangup())?;
    let reloads = tokio::spawn(async move {
        while hangup.recv().await.is_some() {
            match config::load(&paths) {
                Ok(loaded) => match reloader.reload(&loaded.configs).await {
                    Ok(()) => tracing::info!("the configuration was read again"),
                    Err(error) => {
                        tracing::error!(%error, "the configuration was not taken; the former one holds");
                    }
                },
                Err(problems) => {
                    tracing::error!("the configuration is wrong; the former one holds:\n{problems}");
                }
            }
        }
    });
    let ended = app.run(stopped()).await;
    reloads.abort();
    tracing::info!("stopped");
    ended
}

/// SIGTERM or SIGINT.
async fn stopped() {
    let (Ok(mut terminate), Ok(mut interrupt)) =
        (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        tracing::error!("signals cannot be heard: stop the process by SIGKILL");
        return std::future::pending().await;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}

fn start_logging(arguments: &Arguments) {
    let level = match arguments.log_level {
        LogLevel::Error => "error",
        LogLevel::Warn => "warn",
        // The engine says each transition of the built-in agent too; the web server says nothing new.
        LogLevel::Info => "info,skerry_agent::rounds=warn,actix_server=warn",
        LogLevel::Debug => "debug,hyper=info,h2=info,hickory_proto=info,hickory_resolver=info",
        LogLevel::Trace => "trace",
    };
    let builder = tracing_subscriber::fmt().with_env_filter(level).with_writer(std::io::stderr);
    if arguments.json {
        builder.json().flatten_event(true).init();
    } else {
        builder.with_target(false).init();
    }
}

/// A line for a person; a reader that is gone is no fault of ours.
fn say(line: &str, to: &mut impl Write) {
    let _ = writeln!(to, "{line}");
}

//! `receiver …`: tries out by what the team hears of conditions.

use anyhow::Context as _;
use clap::{Args, Subcommand};
use skerry_aggregator::config::Loaded;
use skerry_aggregator::team::{Tested, test};

#[derive(Args)]
pub(crate) struct Receivers {
    /// The workspace it belongs to; by default that of the first configuration file
    #[arg(long, global = true)]
    workspace: Option<String>,
    #[command(subcommand)]
    what: ReceiverDo,
}

#[derive(Subcommand)]
pub(crate) enum ReceiverDo {
    /// Send a test to a receiver, and print what came of it. Exit 0: it was taken, 1: it was not
    Test {
        /// Its name
        name: String,
    },
}

/// Carries out the command. Returns the output, and whether the test was taken.
pub(crate) fn receivers(
    loaded: &Loaded,
    arguments: &Receivers,
    json: bool,
) -> anyhow::Result<(String, bool)> {
    let ReceiverDo::Test { name } = &arguments.what;
    let first = loaded.configs.first().context("no configuration")?;
    let config = match &arguments.workspace {
        None => first,
        Some(name) => {
            let named = loaded.configs.iter().find(|config| config.workspace == *name);
            named.with_context(|| format!("no file declares the workspace {name:?}"))?
        }
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let tested = runtime.block_on(test(first, config, name));
    // A resolver that hangs must not delay the exit.
    runtime.shutdown_background();
    let Tested { class, answer, taken } = tested?;
    let output = if json {
        serde_json::json!({ "receiver": name, "taken": taken, "class": class, "answer": answer }).to_string()
    } else {
        let result = if taken { "took the test" } else { "did not take the test" };
        format!("{name} {result} ({class}): {answer}")
    };
    Ok((output, taken))
}

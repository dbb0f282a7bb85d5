//! Generates man pages and shell completions from the command line definition, so that they always match the
//! program.

use anyhow::Context;
use clap::Command;
use clap_complete::Shell;
use std::path::Path;

/// Writes `folder/man`, with a page for the program and each subcommand, and `folder/completions`, for bash,
/// zsh and fish. Skips hidden subcommands and arguments.
///
/// # Errors
/// A file cannot be written.
pub fn write(command: &Command, folder: &Path) -> anyhow::Result<()> {
    let (man, completions) = (folder.join("man"), folder.join("completions"));
    for folder in [&man, &completions] {
        std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    }
    let shown = shown(command);
    let pages = clap_mangen::generate_to(shown.clone(), &man);
    pages.with_context(|| format!("cannot write the man pages to {}", man.display()))?;
    for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
        clap_complete::generate_to(shell, &mut shown.clone(), shown.get_name(), &completions)
            .with_context(|| format!("cannot write the completions to {}", completions.display()))?;
    }
    Ok(())
}

/// The command line without its hidden subcommands, which completions would offer.
fn shown(command: &Command) -> Command {
    let mut shown = Command::new(command.get_name().to_owned())
        .subcommand_required(command.is_subcommand_required_set())
        .args(command.get_arguments().cloned())
        .subcommands(command.get_subcommands().filter(|one| !one.is_hide_set()).cloned());
    let styled = |text: Option<&clap::builder::StyledStr>| text.cloned();
    if let Some(version) = command.get_version() {
        shown = shown.version(version.to_owned());
    }
    if let Some(about) = styled(command.get_about()) {
        shown = shown.about(about);
    }
    if let Some(about) = styled(command.get_long_about()) {
        shown = shown.long_about(about);
    }
    if let Some(help) = styled(command.get_after_help()) {
        shown = shown.after_help(help);
    }
    if let Some(help) = styled(command.get_after_long_help()) {
        shown = shown.after_long_help(help);
    }
    shown
}

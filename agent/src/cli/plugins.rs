//! `plugins`: runs plugins for an agent of another user, which owns the socket.

use anyhow::Context;
use skerry_agent::probe::serve_plugins;
use std::os::fd::AsFd;
use std::os::unix::net::UnixListener;
use std::process::ExitCode;

pub(super) fn plugins() -> anyhow::Result<ExitCode> {
    let how = "standard input is not a listening socket: start skerry-plugins.socket, which starts this";
    let socket = std::io::stdin().as_fd().try_clone_to_owned().context(how)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let listener = UnixListener::from(socket);
    listener.local_addr().context(how)?;
    runtime.block_on(serve_plugins(listener))?;
    Ok(ExitCode::SUCCESS)
}

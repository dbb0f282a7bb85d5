//! What a server sends in plain text before TLS. See [`crate::hostile`].

use skerry_protocol::check::StartTls;
use tokio::io::{AsyncWriteExt, duplex};

use super::starttls::negotiate;
use crate::probe::hostile::is_fit_to_show;

const PROTOCOLS: [StartTls; 4] = [StartTls::Smtp, StartTls::Imap, StartTls::Pop3, StartTls::Postgres];
/// Larger than the dialogue and the longest fuzzer input together, bytes.
const ROOM: usize = 1 << 20;

/// Runs the dialogue with a server that sends `bytes` and disconnects; the first byte selects the protocol.
pub(crate) fn before_tls(bytes: &[u8]) {
    let Some((choice, dialogue)) = bytes.split_first() else { return };
    let protocol = PROTOCOLS[usize::from(*choice) % PROTOCOLS.len()];
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().build() else { return };
    runtime.block_on(async {
        let (mut ours, mut theirs) = duplex(ROOM);
        if theirs.write_all(dialogue).await.is_err() || theirs.shutdown().await.is_err() {
            return;
        }
        if let Err(fault) = negotiate(&mut ours, protocol, "agent.test").await {
            is_fit_to_show(&fault);
        }
    });
}

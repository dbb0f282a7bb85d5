//! What a server says in plain text before TLS. See [`crate::hostile`].

use skerry_protocol::check::StartTls;
use tokio::io::{AsyncWriteExt, duplex};

use super::starttls::agree;
use crate::probe::hostile::is_fit_to_show;

const PROTOCOLS: [StartTls; 4] = [StartTls::Smtp, StartTls::Imap, StartTls::Pop3, StartTls::Postgres];
/// More than a conversation of ours and of the longest input of a fuzzer, bytes.
const ROOM: usize = 1 << 20;

/// Holds the conversation with a server that says `bytes` and leaves; the first chooses the protocol.
pub(crate) fn before_tls(bytes: &[u8]) {
    let Some((choice, words)) = bytes.split_first() else { return };
    let protocol = PROTOCOLS[usize::from(*choice) % PROTOCOLS.len()];
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().build() else { return };
    runtime.block_on(async {
        let (mut ours, mut theirs) = duplex(ROOM);
        if theirs.write_all(words).await.is_err() || theirs.shutdown().await.is_err() {
            return;
        }
        if let Err(fault) = agree(&mut ours, protocol, "agent.test").await {
            is_fit_to_show(&fault);
        }
    });
}

//! A batch to bytes and back. Bounded before anything is allocated; what comes out has a sound shape.

use super::{
    Batch, MAX_BATCH_BYTES, MAX_CHECKS, MAX_FOLDED, MAX_NAME_BYTES, MAX_RECORDS, PROTOCOL_VERSION, record,
};
use prost::Message;
use std::io::Read;

/// Why a body is not a batch.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// Not zstd, or damaged.
    #[error("the body is not a whole zstd stream: {0}")]
    Compression(std::io::Error),
    /// More than [`MAX_BATCH_BYTES`] after decompression.
    #[error("the batch is larger than {MAX_BATCH_BYTES} bytes after decompression")]
    TooLarge,
    /// Not a protobuf batch.
    #[error("the batch is not valid protobuf: {0}")]
    Protobuf(#[from] prost::DecodeError),
    /// A protocol outside our range.
    #[error(
        "the agent speaks protocol {0}; this aggregator understands 1 to {PROTOCOL_VERSION}: upgrade the older of the two"
    )]
    Version(u32),
    /// Valid protobuf that says something impossible.
    #[error("the batch is malformed: {0}")]
    Malformed(&'static str),
}

/// Encodes and compresses a batch (zstd level 3).
///
/// # Errors
/// Only if the compressor itself fails.
pub fn encode(batch: &Batch) -> std::io::Result<Vec<u8>> {
    zstd::bulk::compress(&batch.encode_to_vec(), 3)
}

/// Decompresses and decodes a batch and checks its shape: version, epoch, indices, rising sequences.
/// Never allocates more than [`MAX_BATCH_BYTES`] for the decompressed bytes.
///
/// # Errors
/// [`DecodeError`] says what is wrong with the body.
pub fn decode(body: &[u8]) -> Result<Batch, DecodeError> {
    let mut plain = Vec::new();
    let mut decoder = zstd::stream::read::Decoder::new(body).map_err(DecodeError::Compression)?;
    decoder.window_log_max(23).map_err(DecodeError::Compression)?;
    decoder.take(MAX_BATCH_BYTES as u64 + 1).read_to_end(&mut plain).map_err(DecodeError::Compression)?;
    if plain.len() > MAX_BATCH_BYTES {
        return Err(DecodeError::TooLarge);
    }
    let batch = Batch::decode(plain.as_slice())?;
    check_shape(&batch)?;
    Ok(batch)
}

fn check_shape(batch: &Batch) -> Result<(), DecodeError> {
    if batch.protocol == 0 || batch.protocol > PROTOCOL_VERSION {
        return Err(DecodeError::Version(batch.protocol));
    }
    if batch.epoch.len() != 16 {
        return Err(DecodeError::Malformed("epoch must be 16 bytes"));
    }
    if batch.agent.is_empty() {
        return Err(DecodeError::Malformed("agent is empty"));
    }
    if batch.records.len() > MAX_RECORDS {
        return Err(DecodeError::Malformed("more than 10,000 records"));
    }
    const BEYOND: DecodeError = DecodeError::Malformed("a sequence is beyond what can be counted to");
    if batch.acknowledged_through > i64::MAX as u64 {
        return Err(BEYOND);
    }
    let (mut last, mut folded_away) = (0, 0_u64);
    for record in &batch.records {
        if record.sequence <= last {
            return Err(DecodeError::Malformed("sequences must rise, from 1"));
        }
        if record.through() > i64::MAX as u64 {
            return Err(BEYOND);
        }
        last = record.through();
        let observation = match &record.kind {
            Some(record::Kind::Observation(observation)) => Some(observation),
            Some(record::Kind::Folded(folded)) => {
                folded_away += u64::from(folded.count);
                if folded_away > MAX_FOLDED {
                    return Err(DecodeError::Malformed("folded records of more than 100,000 observations"));
                }
                Some(
                    folded
                        .first
                        .as_ref()
                        .ok_or(DecodeError::Malformed("a folded record without its first"))?,
                )
            }
            Some(record::Kind::Lost(_)) | None => None,
        };
        if let Some(observation) = observation {
            if observation.check as usize >= batch.checks.len() {
                return Err(DecodeError::Malformed("a record names a check outside the list"));
            }
            if observation.boot as usize >= batch.boots.len() {
                return Err(DecodeError::Malformed("a record names a boot outside the list"));
            }
        }
    }
    check_names(batch)?;
    if batch.snapshot.iter().any(|state| state.check as usize >= batch.checks.len()) {
        return Err(DecodeError::Malformed("a state names a check outside the list"));
    }
    Ok(())
}

/// What an aggregator would have to remember for ever.
fn check_names(batch: &Batch) -> Result<(), DecodeError> {
    let declared = batch.inventory.as_ref().map_or(&[][..], |inventory| &inventory.checks);
    if batch.checks.len() > MAX_CHECKS || declared.len() > MAX_CHECKS {
        return Err(DecodeError::Malformed("more than 50,000 checks"));
    }
    let mut names = batch.checks.iter().chain(declared.iter().map(|check| &check.name));
    if names.any(|name| name.is_empty() || name.len() > MAX_NAME_BYTES || name.contains(char::is_control)) {
        return Err(DecodeError::Malformed("a check's name is empty, too long, or not one line of text"));
    }
    if declared.iter().any(|check| check.definition.len() > 64) {
        return Err(DecodeError::Malformed("the hash of a definition is longer than any hash"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{Folded, MAX_BODY_BYTES, Observation, Record};

    fn batch() -> Batch {
        Batch { protocol: 1, agent: "a".into(), epoch: vec![7; 16], ..Batch::default() }
    }

    fn observation(sequence: u64, check: u32) -> Record {
        let observation = Observation { check, boot: 0, ..Observation::default() };
        Record { sequence, kind: Some(record::Kind::Observation(observation)) }
    }

    #[test]
    fn a_batch_survives_the_wire() {
        let mut sent = batch();
        sent.checks = vec!["page".into()];
        sent.boots = vec!["boot".into()];
        sent.records = vec![observation(1, 0), observation(5, 0)];
        assert_eq!(decode(&encode(&sent).expect("encodes")).expect("decodes"), sent);
    }

    #[test]
    fn hostile_batches_are_refused_in_words() {
        let said = |batch: &Batch| decode(&encode(batch).expect("encodes")).expect_err("refused").to_string();
        assert!(said(&Batch { protocol: 9, ..batch() }).contains("understands 1 to 1"));
        assert!(said(&Batch { epoch: vec![1], ..batch() }).contains("16 bytes"));
        assert!(said(&Batch { records: vec![observation(1, 3)], ..batch() }).contains("outside the list"));
        assert!(said(&Batch { checks: vec!["x".repeat(401)], ..batch() }).contains("a check's name"));
        assert!(said(&Batch { checks: vec!["a\nb".into()], ..batch() }).contains("a check's name"));
        assert!(said(&Batch { checks: vec!["c".into(); 50_001], ..batch() }).contains("50,000 checks"));
        let mut far = batch();
        far.records = vec![Record { sequence: u64::MAX, kind: None }];
        assert!(said(&far).contains("counted to"));
        assert!(said(&Batch { acknowledged_through: u64::MAX, ..batch() }).contains("counted to"));
        let mut folded = batch();
        folded.checks = vec!["c".into()];
        folded.boots = vec!["b".into()];
        let fold = Folded {
            first: Some(Observation::default()),
            count: u32::MAX,
            last_boot_ms: u64::MAX,
            through: 0,
        };
        folded.records = vec![Record { sequence: 1, kind: Some(record::Kind::Folded(fold)) }];
        assert!(said(&folded).contains("more than 100,000 observations"));
        let mut falling = batch();
        falling.checks = vec!["c".into()];
        falling.boots = vec!["b".into()];
        falling.records = vec![observation(2, 0), observation(2, 0)];
        assert!(said(&falling).contains("must rise"));
    }

    #[test]
    fn a_compression_bomb_costs_no_more_than_the_limit() {
        let bomb = zstd::bulk::compress(&vec![0_u8; 256 << 20], 19).expect("compresses");
        assert!(bomb.len() < MAX_BODY_BYTES);
        assert!(matches!(decode(&bomb), Err(DecodeError::TooLarge)));
    }

    #[test]
    fn truncated_and_foreign_bodies_are_refused() {
        let whole = encode(&batch()).expect("encodes");
        assert!(decode(&whole[..whole.len() - 3]).is_err());
        assert!(decode(b"<html>captive portal</html>").is_err());
        assert!(decode(b"").is_err());
    }
}

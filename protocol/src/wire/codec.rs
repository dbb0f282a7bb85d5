//! Encodes and decodes a batch. Checks limits before it allocates anything; a decoded batch has a valid
//! shape.

use super::count::refuse_too_many;
use super::{
    Batch, Folded, MAX_BATCH_BYTES, MAX_CHECKS, MAX_FOLDED, MAX_ID_BYTES, MAX_NAME_BYTES, MAX_RECORDS,
    MIN_FOLDED_STEP_MS, Observation, PROTOCOL_VERSION, Record, record,
};
use crate::check::{is_label_name, is_label_value};
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
    /// A protocol version outside our range.
    #[error(
        "the agent speaks protocol {0}; this aggregator understands 1 to {PROTOCOL_VERSION}: upgrade the older of the two"
    )]
    Version(u32),
    /// Valid protobuf with impossible content.
    #[error("the batch is malformed: {0}")]
    Malformed(&'static str),
}

/// Encodes and compresses a batch (zstd level 3).
///
/// # Errors
/// The compressor failed.
pub fn encode(batch: &Batch) -> std::io::Result<Vec<u8>> {
    zstd::bulk::compress(&batch.encode_to_vec(), 3)
}

/// Decompresses and decodes a batch and checks its shape: version, epoch, indices, rising sequences.
/// Decompresses at most [`MAX_BATCH_BYTES`], and counts the elements before it allocates them.
///
/// # Errors
/// [`DecodeError`] explains what is wrong with the body.
pub fn decode(body: &[u8]) -> Result<Batch, DecodeError> {
    decode_within(body, MAX_BATCH_BYTES)
}

/// Like [`decode`], with a limit of `most` bytes after decompression.
///
/// # Errors
/// [`DecodeError::TooLarge`] as soon as the limit is exceeded; otherwise as in [`decode`].
pub fn decode_within(body: &[u8], most: usize) -> Result<Batch, DecodeError> {
    let mut plain = Vec::new();
    let mut decoder = zstd::stream::read::Decoder::new(body).map_err(DecodeError::Compression)?;
    decoder.window_log_max(23).map_err(DecodeError::Compression)?;
    decoder.take(most as u64 + 1).read_to_end(&mut plain).map_err(DecodeError::Compression)?;
    if plain.len() > most {
        return Err(DecodeError::TooLarge);
    }
    refuse_too_many(&plain)?;
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
    // The aggregator stores these as long as the agent exists.
    if batch.process.len() > MAX_ID_BYTES || batch.boot_id.len() > MAX_ID_BYTES {
        return Err(DecodeError::Malformed("the id of a process or a boot is too long"));
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
        if let Some(record::Kind::Folded(folded)) = &record.kind {
            folded_away += u64::from(folded.count);
            if folded_away > MAX_FOLDED {
                return Err(DecodeError::Malformed("folded records of more than 10,000 observations"));
            }
        }
        if let Some(observation) = observation_of(record)? {
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

/// The first observation of a record, if it has one.
fn observation_of(record: &Record) -> Result<Option<&Observation>, DecodeError> {
    match &record.kind {
        Some(record::Kind::Observation(observation)) => Ok(Some(observation)),
        Some(record::Kind::Folded(folded)) => {
            if is_too_dense(folded) {
                return Err(DecodeError::Malformed("a folded record with more runs than fit into its time"));
            }
            let first = folded.first.as_ref();
            first.map(Some).ok_or(DecodeError::Malformed("a folded record without its first"))
        }
        Some(record::Kind::Lost(_)) | None => Ok(None),
    }
}

/// No agent runs a check so often.
fn is_too_dense(folded: &Folded) -> bool {
    let first = folded.first.as_ref().map_or(0, |first| first.boot_ms);
    let steps = u64::from(folded.count.saturating_sub(1));
    folded.last_boot_ms.saturating_sub(first) < steps * MIN_FOLDED_STEP_MS
}

/// The aggregator stores names for ever.
fn check_names(batch: &Batch) -> Result<(), DecodeError> {
    let declared = batch.inventory.as_ref().map_or(&[][..], |inventory| &inventory.checks);
    if batch.checks.len() > MAX_CHECKS || declared.len() > MAX_CHECKS {
        return Err(DecodeError::Malformed("more than 50,000 checks"));
    }
    let parents = declared.iter().flat_map(|check| &check.depends_on);
    let mut names = batch.checks.iter().chain(declared.iter().map(|check| &check.name)).chain(parents);
    if names.any(|name| name.is_empty() || name.len() > MAX_NAME_BYTES || name.contains(char::is_control)) {
        return Err(DecodeError::Malformed("a check's name is empty, too long, or not one line of text"));
    }
    if declared.iter().any(|check| check.definition.len().max(check.asserts.len()) > 64) {
        return Err(DecodeError::Malformed("the hash of a definition is too long"));
    }
    let mut labels = declared.iter().flat_map(|check| &check.labels);
    if labels.any(|(name, value)| !is_label_name(name) || !is_label_value(value)) {
        return Err(DecodeError::Malformed("a label whose name or value no check may have"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Labels;
    use crate::wire::{Declared, Folded, Inventory, MAX_BODY_BYTES, Observation, Record};

    fn batch() -> Batch {
        Batch { protocol: 1, agent: "a".into(), epoch: vec![7; 16], ..Batch::default() }
    }

    fn observation(sequence: u64, check: u32) -> Record {
        let observation = Observation { check, boot: 0, ..Observation::default() };
        Record { sequence, kind: Some(record::Kind::Observation(observation)) }
    }

    fn labelled(labels: Labels) -> Batch {
        let declared = Declared { name: "c".into(), labels, ..Declared::default() };
        Batch { inventory: Some(Inventory { checks: vec![declared] }), ..batch() }
    }

    /// What a release before labels sends and reads.
    #[derive(Clone, PartialEq, Message)]
    struct OlderDeclared {
        #[prost(string, tag = "1")]
        name: String,
        #[prost(string, repeated, tag = "8")]
        depends_on: Vec<String>,
    }

    #[test]
    fn labels_are_nothing_to_a_release_that_does_not_know_them() {
        let labels = Labels::from([("team".into(), "web".into()), ("tier".into(), "1".into())]);
        let sent = labelled(labels);
        assert_eq!(decode(&encode(&sent).expect("encodes")).expect("decodes"), sent);
        let ours = &sent.inventory.expect("it has one").checks[0];
        let older = OlderDeclared { name: "c".into(), depends_on: Vec::new() };
        assert_eq!(OlderDeclared::decode(ours.encode_to_vec().as_slice()).expect("decodes"), older);
        let read = Declared::decode(older.encode_to_vec().as_slice()).expect("decodes");
        assert_eq!(read, Declared { name: "c".into(), ..Declared::default() });
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
        let depends = |parents: Vec<String>| {
            let declared = Declared { name: "c".into(), depends_on: parents, ..Declared::default() };
            Batch { inventory: Some(Inventory { checks: vec![declared] }), ..batch() }
        };
        assert!(decode(&encode(&depends(vec!["p".into(); 20])).expect("encodes")).is_ok());
        assert!(said(&depends(vec!["p".into(); 21])).contains("more than 20 others"));
        assert!(said(&depends(vec!["p\nq".into()])).contains("a check's name"));
        let label = |name: &str, value: &str| labelled([(name.to_owned(), value.to_owned())].into());
        assert!(decode(&encode(&label("team", "web")).expect("encodes")).is_ok());
        for (name, value) in
            [("", "web"), ("team-name", "web"), ("team", ""), ("team", "a\nb"), ("team", "a\u{202E}b")]
        {
            assert!(said(&label(name, value)).contains("a label whose name"), "{name:?} {value:?}");
        }
        assert!(said(&label(&"x".repeat(101), "web")).contains("a label whose name"));
        assert!(said(&label("team", &"x".repeat(101))).contains("a label whose name"));
        let many = |count: usize| (0..count).map(|one| (format!("l{one}"), "x".to_owned())).collect();
        assert!(decode(&encode(&labelled(many(20))).expect("encodes")).is_ok());
        assert!(said(&labelled(many(21))).contains("more than 20 labels"));
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
        assert!(said(&folded).contains("more than 10,000 observations"));
        let mut falling = batch();
        falling.checks = vec!["c".into()];
        falling.boots = vec!["b".into()];
        falling.records = vec![observation(2, 0), observation(2, 0)];
        assert!(said(&falling).contains("must rise"));
    }

    /// `count` empty messages of field `number`, two bytes each.
    fn empties(number: u8, count: usize) -> Vec<u8> {
        let plain = [batch().encode_to_vec(), [number << 3 | 2, 0].repeat(count)].concat();
        zstd::bulk::compress(&plain, 3).expect("compresses")
    }

    #[test]
    fn millions_of_empty_things_are_counted_before_they_are_made() {
        let table = [(8, "50,000 checks"), (9, "boots"), (10, "10,000 records"), (11, "50,000 checks")];
        for (number, words) in table {
            let body = empties(number, 4_000_000);
            assert!(body.len() < 100_000);
            let said = decode(&body).expect_err("refused").to_string();
            assert!(said.contains(words), "{number}: {said}");
        }
        // In one inventory, and in many.
        let inventory = |count: usize| {
            let declared = [10, 0].repeat(count);
            let length = prost::length_delimiter_len(declared.len());
            let mut field = vec![12 << 3 | 2];
            prost::encode_length_delimiter(declared.len(), &mut field).expect("has room");
            assert_eq!(field.len(), 1 + length);
            [field, declared].concat()
        };
        for plain in [inventory(4_000_000), inventory(1_000).repeat(51)] {
            let plain = [batch().encode_to_vec(), plain].concat();
            let said = decode(&zstd::bulk::compress(&plain, 3).expect("compresses")).expect_err("refused");
            assert!(said.to_string().contains("50,000 checks"), "{said}");
        }
    }

    #[test]
    fn ids_that_would_be_kept_are_short() {
        for long in [
            Batch { process: vec![0; 8_000_000], ..batch() },
            Batch { boot_id: "b".repeat(8_000_000), ..batch() },
        ] {
            let said = decode(&encode(&long).expect("encodes")).expect_err("refused").to_string();
            assert!(said.contains("too long"), "{said}");
        }
    }

    #[test]
    fn a_fold_has_room_in_its_time() {
        let fold = |count, last_boot_ms| {
            let first = Some(Observation { boot_ms: 1_000, ..Observation::default() });
            let kind = Some(record::Kind::Folded(Folded { first, count, last_boot_ms, through: 0 }));
            let (checks, boots) = (vec!["c".into()], vec!["b".into()]);
            decode(
                &encode(&Batch { checks, boots, records: vec![Record { sequence: 1, kind }], ..batch() })
                    .expect("encodes"),
            )
        };
        assert!(fold(1_000, 1_000 + 99_900).is_ok(), "every 100 ms, as often as a check may run");
        assert!(fold(1, 1_000).is_ok() && fold(0, 0).is_ok());
        let said = fold(10_000, 1_001).expect_err("refused").to_string();
        assert!(said.contains("fit into"), "{said}");
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

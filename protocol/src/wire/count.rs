//! Counts the elements of a batch in its bytes: an empty record has two bytes and allocates two hundred.

use super::codec::DecodeError;
use super::{MAX_BOOTS, MAX_CHECKS, MAX_RECORDS};
use crate::check::{MAX_LABELS, MAX_PARENTS};

const CHECKS: u64 = 8;
const BOOTS: u64 = 9;
const RECORDS: u64 = 10;
const SNAPSHOT: u64 = 11;
const INVENTORY: u64 = 12;
const DECLARED: u64 = 1;
const DEPENDS_ON: u64 = 8;
const LABELS: u64 = 9;

/// Checks the counts before the batch is decoded.
///
/// # Errors
/// An element exceeds its limit. Bytes that are not protobuf are left to the decoder.
pub(super) fn refuse_too_many(batch: &[u8]) -> Result<(), DecodeError> {
    let [mut checks, mut boots, mut records, mut snapshot, mut declared] = [0_usize; 5];
    for (number, value) in Fields(batch) {
        match number {
            CHECKS => checks += 1,
            BOOTS => boots += 1,
            RECORDS => records += 1,
            SNAPSHOT => snapshot += 1,
            INVENTORY => {
                for (_, value) in Fields(value).filter(|(number, _)| *number == DECLARED) {
                    declared += 1;
                    let [mut parents, mut labels] = [0_usize; 2];
                    for (number, _) in Fields(value) {
                        parents += usize::from(number == DEPENDS_ON);
                        labels += usize::from(number == LABELS);
                    }
                    if parents > MAX_PARENTS {
                        return Err(DecodeError::Malformed("a check that depends on more than 20 others"));
                    }
                    if labels > MAX_LABELS {
                        return Err(DecodeError::Malformed("a check with more than 20 labels"));
                    }
                }
            }
            _ => {}
        }
    }
    if records > MAX_RECORDS {
        return Err(DecodeError::Malformed("more than 10,000 records"));
    }
    if [checks, snapshot, declared].iter().any(|count| *count > MAX_CHECKS) {
        return Err(DecodeError::Malformed("more than 50,000 checks"));
    }
    if boots > MAX_BOOTS {
        return Err(DecodeError::Malformed("more boots than records"));
    }
    Ok(())
}

/// The fields of a message: number, and the content of messages and strings.
struct Fields<'b>(&'b [u8]);

impl<'b> Iterator for Fields<'b> {
    type Item = (u64, &'b [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let key = self.varint()?;
        let length = match key & 7 {
            0 => {
                self.varint()?;
                0
            }
            1 => 8,
            2 => usize::try_from(self.varint()?).ok()?,
            5 => 4,
            // The delimiters of a group, which has no length.
            _ => 0,
        };
        let (value, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some((key >> 3, value))
    }
}

impl Fields<'_> {
    fn varint(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let (byte, rest) = self.0.split_first()?;
            self.0 = rest;
            value |= u64::from(byte & 0x7F) << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }
}

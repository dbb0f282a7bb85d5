//! Names of a zone that tests write: with addresses, aliases, and answers that change with every question.

use async_trait::async_trait;
use skerry_notify::http::Resolve;
use std::collections::HashMap;
use std::io;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

/// What a name stands for.
#[derive(Clone, Debug)]
pub(super) enum Record {
    /// A and AAAA.
    Addresses(Vec<IpAddr>),
    /// CNAME.
    Alias(String),
    /// One of these, one after the other, and the last one for ever.
    Changing(Vec<IpAddr>),
}

/// The zone, which counts the questions.
#[derive(Debug, Default)]
pub(super) struct Zone {
    records: HashMap<String, Record>,
    asked: Mutex<HashMap<String, usize>>,
}

impl Zone {
    pub(super) fn new(records: impl IntoIterator<Item = (String, Record)>) -> Self {
        Self { records: records.into_iter().collect(), asked: Mutex::default() }
    }

    /// How often the name was asked for.
    pub(super) fn asked(&self, name: &str) -> usize {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).get(name).copied().unwrap_or(0)
    }
}

#[async_trait]
impl Resolve for Zone {
    async fn resolve(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        let mut name = name.to_owned();
        for _ in 0..8 {
            let count = {
                let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
                let count = asked.entry(name.clone()).or_default();
                *count += 1;
                *count
            };
            match self.records.get(&name) {
                None => return Err(io::ErrorKind::NotFound.into()),
                Some(Record::Addresses(addresses)) => return Ok(addresses.clone()),
                Some(Record::Changing(answers)) => {
                    return Ok(vec![answers[(count - 1).min(answers.len() - 1)]]);
                }
                Some(Record::Alias(other)) => name = other.clone(),
            }
        }
        Err(io::Error::other("aliases lead to each other"))
    }
}

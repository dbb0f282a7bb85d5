//! The texts in DNS by which receivers judge our mails.

use hickory_resolver::TokioResolver;
use hickory_resolver::proto::rr::RData;
use hickory_resolver::proto::rr::RecordType;

/// Asks the name servers of this host.
pub struct Records(TokioResolver);

/// The name servers could not be asked, or did not answer.
#[derive(Debug, thiserror::Error)]
#[error("the name servers of this host cannot be asked for {name}: {why}")]
pub struct NoAnswer {
    /// What was asked for.
    name: String,
    /// What happened.
    why: String,
}

impl Records {
    /// Reads which name servers this host asks.
    ///
    /// # Errors
    /// The settings of the host cannot be read.
    pub fn of_host() -> anyhow::Result<Self> {
        Ok(Self(TokioResolver::builder_tokio()?.build()?))
    }

    /// The texts at a name; none if it does not exist.
    ///
    /// # Errors
    /// [`NoAnswer`].
    pub async fn texts(&self, name: &str) -> Result<Vec<String>, NoAnswer> {
        // Names from the root: no search domain of this host is tried.
        match self.0.lookup(format!("{name}."), RecordType::TXT).await {
            Ok(found) => Ok(found.answers().iter().filter_map(|record| text(&record.data)).collect()),
            Err(error) if error.is_no_records_found() => Ok(Vec::new()),
            Err(error) => Err(NoAnswer { name: name.to_owned(), why: error.to_string() }),
        }
    }

    /// Whether mail can be delivered to a domain: it has a mail exchanger, or an address.
    ///
    /// # Errors
    /// [`NoAnswer`].
    pub async fn takes_mail(&self, domain: &str) -> Result<bool, NoAnswer> {
        for kind in [RecordType::MX, RecordType::A, RecordType::AAAA] {
            match self.0.lookup(format!("{domain}."), kind).await {
                Ok(found) if !found.answers().is_empty() => return Ok(true),
                Ok(_) => {}
                Err(error) if error.is_no_records_found() => {}
                Err(error) => return Err(NoAnswer { name: domain.to_owned(), why: error.to_string() }),
            }
        }
        Ok(false)
    }
}

/// The parts of a text belong together without anything between them (RFC 7208, 3.3).
fn text(data: &RData) -> Option<String> {
    let RData::TXT(text) = data else { return None };
    Some(text.txt_data.iter().map(|part| String::from_utf8_lossy(part)).collect())
}

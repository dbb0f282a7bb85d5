//! The query message, and whether a message answers it. Nothing in an answer is trusted before its id and
//! question match; its size and record counts are bounded before it is parsed.

use hickory_resolver::proto::op::{Edns, Message, MessageType, OpCode, Query, ResponseCode};
use hickory_resolver::proto::rr::{Name, RecordType};
use skerry_protocol::check::Dns;
use skerry_protocol::wire::Reason;

use crate::probe::fault::Fault;

/// Maximum UDP payload that we announce, bytes: what crosses the Internet without fragmentation.
const UDP_PAYLOAD: u16 = 1232;
/// Maximum number of records in all sections of an answer.
const MAX_RECORDS: usize = 2_000;
/// Size of a DNS header (RFC 1035, section 4.1.1), bytes.
const HEADER: usize = 12;

/// A query, ready to be sent.
pub(in crate::probe) struct Question {
    id: u16,
    pub(in crate::probe) query: Query,
    /// The encoded message.
    pub(in crate::probe) wire: Vec<u8>,
}

/// What a received message is to a query.
#[derive(Debug)]
pub(in crate::probe) enum Received {
    /// Another id, another question, or not an answer. A resolver keeps waiting, because anybody can send
    /// this.
    Unrelated,
    /// The answer, truncated by the limits of UDP.
    Truncated,
    Answer(Box<Message>),
}

impl Question {
    /// The query of a `dns` check, with or without EDNS.
    pub(super) fn new(dns: &Dns, edns: bool) -> Result<Self, Fault> {
        let mut name = Name::from_ascii(&dns.query).map_err(|error| unsendable(&error))?;
        name.set_fqdn(true);
        let record: RecordType = dns.record.name().parse().map_err(|error| unsendable(&error))?;
        Self::of(name, record, dns.recursion, edns)
    }

    /// A query with a random id; with `edns` it allows UDP answers larger than 512 bytes.
    pub(in crate::probe) fn of(
        name: Name,
        record: RecordType,
        recursion: bool,
        edns: bool,
    ) -> Result<Self, Fault> {
        let query = Query::query(name, record);
        let mut id = [0; 2];
        getrandom::fill(&mut id).map_err(|error| unsendable(&error))?;
        let id = u16::from_ne_bytes(id);
        let mut message = Message::new(id, MessageType::Query, OpCode::Query);
        message.metadata.recursion_desired = recursion;
        message.add_query(query.clone());
        if edns {
            let mut edns = Edns::new();
            edns.set_max_payload(UDP_PAYLOAD);
            message.set_edns(edns);
        }
        let wire = message.to_vec().map_err(|error| unsendable(&error))?;
        Ok(Self { id, query, wire })
    }

    /// Matches `bytes` with this query.
    pub(in crate::probe) fn read(&self, bytes: &[u8]) -> Result<Received, Fault> {
        let Some(header) = bytes.first_chunk::<HEADER>() else { return Ok(Received::Unrelated) };
        let number = |at: usize| u16::from_be_bytes([header[at], header[at + 1]]);
        let is_response = header[2] & 0x80 != 0;
        if number(0) != self.id || !is_response {
            return Ok(Received::Unrelated);
        }
        let truncated = header[2] & 0x02 != 0;
        if truncated {
            return Ok(Received::Truncated);
        }
        let records = [6, 8, 10].map(|at| usize::from(number(at))).iter().sum::<usize>();
        if records > MAX_RECORDS || number(4) > 1 {
            let detail = format!("an answer of {} questions and {records} records", number(4));
            return Err(Fault::down(Reason::ProtocolError, detail));
        }
        let message = Message::from_vec(bytes).map_err(|error| {
            Fault::down(Reason::ProtocolError, format!("the answer cannot be read: {error}"))
        })?;
        // A server that could not read or refused the question need not repeat it.
        let matches = match message.queries.first() {
            Some(asked) => {
                asked.name == self.query.name
                    && asked.query_type == self.query.query_type
                    && asked.query_class == self.query.query_class
            }
            None => message.metadata.response_code != ResponseCode::NoError,
        };
        Ok(if matches { Received::Answer(Box::new(message)) } else { Received::Unrelated })
    }
}

/// Whether the server failed to parse the query because of EDNS (RFC 6891, section 7); one that answers with
/// EDNS did not.
pub(in crate::probe) fn knows_no_edns(answer: &Message) -> bool {
    let refused = matches!(answer.metadata.response_code, ResponseCode::FormErr | ResponseCode::NotImp);
    refused && answer.edns.is_none()
}

fn unsendable(error: &dyn std::fmt::Display) -> Fault {
    Fault::own(format!("the query cannot be sent: {error}"))
}

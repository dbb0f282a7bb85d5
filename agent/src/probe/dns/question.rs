//! The message that is sent, and whether one that came answers it. Nothing of an answer is believed before
//! its id and question match ours; its size and its records are bounded before they are read.

use hickory_resolver::proto::op::{Edns, Message, MessageType, OpCode, Query, ResponseCode};
use hickory_resolver::proto::rr::{Name, RecordType};
use skerry_protocol::check::Dns;
use skerry_protocol::wire::Reason;

use crate::probe::fault::Fault;

/// Largest UDP answer that is asked for, bytes: what crosses the Internet without fragments.
const UDP_PAYLOAD: u16 = 1232;
/// Most records in all sections of an answer.
const MAX_RECORDS: usize = 2_000;
/// Of a header (RFC 1035, section 4.1.1), bytes.
const HEADER: usize = 12;

/// A question, ready to be sent.
pub(in crate::probe) struct Question {
    id: u16,
    /// What is asked.
    pub(in crate::probe) query: Query,
    /// The whole message.
    pub(in crate::probe) wire: Vec<u8>,
}

/// What came in answer to a question.
#[derive(Debug)]
pub(in crate::probe) enum Came {
    /// Not meant for this question: another id, another question, or no answer at all. A resolver waits on,
    /// since anybody can send it.
    Foreign,
    /// The answer, cut off by the limits of UDP.
    Truncated,
    /// The answer.
    Answer(Box<Message>),
}

impl Question {
    /// What a `dns` check asks, with EDNS or without.
    pub(super) fn new(dns: &Dns, edns: bool) -> Result<Self, Fault> {
        let mut name = Name::from_ascii(&dns.query).map_err(|error| unsendable(&error))?;
        name.set_fqdn(true);
        let record: RecordType = dns.record.name().parse().map_err(|error| unsendable(&error))?;
        Self::of(name, record, dns.recursion, edns)
    }

    /// With a random id; `edns`: larger answers than 512 bytes are asked for over UDP.
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

    /// What `bytes` are to this question.
    pub(in crate::probe) fn read(&self, bytes: &[u8]) -> Result<Came, Fault> {
        let Some(header) = bytes.first_chunk::<HEADER>() else { return Ok(Came::Foreign) };
        let number = |at: usize| u16::from_be_bytes([header[at], header[at + 1]]);
        let is_response = header[2] & 0x80 != 0;
        if number(0) != self.id || !is_response {
            return Ok(Came::Foreign);
        }
        let truncated = header[2] & 0x02 != 0;
        if truncated {
            return Ok(Came::Truncated);
        }
        let records = [6, 8, 10].map(|at| usize::from(number(at))).iter().sum::<usize>();
        if records > MAX_RECORDS || number(4) > 1 {
            let detail = format!("an answer of {} questions and {records} records", number(4));
            return Err(Fault::down(Reason::ProtocolError, detail));
        }
        let message = Message::from_vec(bytes).map_err(|error| {
            Fault::down(Reason::ProtocolError, format!("the answer cannot be read: {error}"))
        })?;
        // A server that could not read or would not hear the question need not repeat it.
        let matches = match message.queries.first() {
            Some(asked) => {
                asked.name == self.query.name
                    && asked.query_type == self.query.query_type
                    && asked.query_class == self.query.query_class
            }
            None => message.metadata.response_code != ResponseCode::NoError,
        };
        Ok(if matches { Came::Answer(Box::new(message)) } else { Came::Foreign })
    }
}

/// The server could not read the question for its EDNS (RFC 6891, section 7); one that answers with EDNS could.
pub(in crate::probe) fn knows_no_edns(answer: &Message) -> bool {
    let refused = matches!(answer.metadata.response_code, ResponseCode::FormErr | ResponseCode::NotImp);
    refused && answer.edns.is_none()
}

fn unsendable(error: &dyn std::fmt::Display) -> Fault {
    Fault::own(format!("the query cannot be sent: {error}"))
}

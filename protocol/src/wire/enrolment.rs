//! Enrolment: the token that is pasted on a new host, and the request that uses it.
//!
//! `POST /agent/v1/enroll`, body = a protobuf [`EnrolRequest`], `Content-Type: application/x-protobuf`. The
//! answer is a plain protobuf [`EnrolReply`] with status 200, sent once per token.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use prost::Message;

/// Path of the enrolment endpoint on the agents' listener.
pub const ENROL_PATH: &str = "/agent/v1/enroll";
/// Maximum size of an enrolment request, bytes.
pub const MAX_ENROL_BYTES: usize = 4 << 10;
/// Prefix of a [`JoinToken`] as text.
const PREFIX: &str = "skj_";

/// Everything an agent needs to enrol. As text it is one word that can be pasted.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct JoinToken {
    /// The secret that the aggregator knows; valid once, for minutes.
    #[prost(string, tag = "1")]
    pub secret: String,
    /// Addresses of the agents' listener, in the order of attempts.
    #[prost(string, repeated, tag = "2")]
    pub addresses: Vec<String>,
    /// SHA-256 of the listener's certificate (DER); empty for plain HTTP.
    #[prost(bytes = "vec", tag = "3")]
    pub fingerprint: Vec<u8>,
    /// The agent's name.
    #[prost(string, tag = "4")]
    pub name: String,
    /// The agent's failure domain.
    #[prost(string, tag = "5")]
    pub location: String,
}

impl JoinToken {
    /// The token as text.
    #[must_use]
    pub fn to_text(&self) -> String {
        let body = self.encode_to_vec();
        let check = blake3::hash(&body);
        let bytes = [body.as_slice(), &check.as_bytes()[..4]].concat();
        format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes))
    }

    /// Parses a pasted token. `None`: incomplete or invalid.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text.trim().strip_prefix(PREFIX)?).ok()?;
        let (body, check) = bytes.split_at_checked(bytes.len().checked_sub(4)?)?;
        if blake3::hash(body).as_bytes()[..4] != *check {
            return None;
        }
        let token = Self::decode(body).ok()?;
        let whole = !token.addresses.is_empty() && !token.secret.is_empty() && !token.name.is_empty();
        (whole && matches!(token.fingerprint.len(), 0 | 32)).then_some(token)
    }
}

/// The request of a host to become an agent.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct EnrolRequest {
    /// [`super::PROTOCOL_VERSION`] of the sender.
    #[prost(uint32, tag = "1")]
    pub protocol: u32,
    /// [`JoinToken::secret`].
    #[prost(string, tag = "2")]
    pub secret: String,
}

impl EnrolRequest {
    /// Parses a request body. `None`: invalid.
    #[must_use]
    pub fn from_bytes(body: &[u8]) -> Option<Self> {
        Self::decode(body).ok().filter(|request| request.protocol > 0)
    }

    /// The request body.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.encode_to_vec()
    }
}

/// The agent's own credential.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct EnrolReply {
    /// [`super::PROTOCOL_VERSION`] of the aggregator.
    #[prost(uint32, tag = "1")]
    pub protocol: u32,
    /// The agent's token from now on; sent once.
    #[prost(string, tag = "2")]
    pub credential: String,
    /// The agent's name.
    #[prost(string, tag = "3")]
    pub name: String,
    /// The agent's failure domain.
    #[prost(string, tag = "4")]
    pub location: String,
    /// Id of the aggregator.
    #[prost(string, tag = "5")]
    pub aggregator_id: String,
}

impl EnrolReply {
    /// Parses the body of an answer. `None`: invalid.
    #[must_use]
    pub fn from_bytes(body: &[u8]) -> Option<Self> {
        Self::decode(body).ok().filter(|reply| reply.protocol > 0 && !reply.credential.is_empty())
    }

    /// The body of a 200.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.encode_to_vec()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_survives_its_text_and_no_slip_of_the_hand() {
        let token = JoinToken {
            secret: "ske_0123".into(),
            addresses: vec!["https://10.0.0.1:8081".into(), "https://status.example.org:8081".into()],
            fingerprint: vec![7; 32],
            name: "web-1".into(),
            location: "fra".into(),
        };
        let text = token.to_text();
        assert!(text.chars().all(|one| one.is_ascii_alphanumeric() || "_-".contains(one)), "{text}");
        assert_eq!(JoinToken::from_text(&format!(" {text}\n")), Some(token));
        for at in 4..text.len() {
            let mut slipped = text.clone();
            slipped.remove(at);
            assert_eq!(JoinToken::from_text(&slipped), None, "without its letter {at}");
        }
        assert_eq!(JoinToken::from_text("ska_0123"), None);
        assert_eq!(JoinToken::from_text("skj_"), None);
    }
}

//! Whose request it is. Behind proxies that the operator trusts, the client is the rightmost hop that is not one of
//! them: what stands further left may be invented by the client. Limits, the audit and audiences by network use it; no
//! byte of a public page depends on it.

use actix_web::HttpRequest;
use actix_web::http::header::{FORWARDED, HeaderName, HeaderValue};
use ipnet::IpNet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddrV4};

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The proxies before a listener, and how they name the client.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrustedProxies {
    /// Their networks; empty: there is none, and the peer of a connection is the client.
    pub networks: Vec<IpNet>,
    /// How they name the client.
    pub client_from: ClientFrom,
}

/// How a proxy names the client.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ClientFrom {
    /// `X-Forwarded-For`: each proxy adds the address that it was asked from.
    #[default]
    XForwardedFor,
    /// `Forwarded` (RFC 7239).
    Forwarded,
    /// The PROXY protocol, version 1 or 2: a header before everything else, also before TLS.
    ProxyProtocol,
}

/// Whose request it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Client {
    address: IpAddr,
    /// It is the peer of a connection that no proxy makes, or a proxy named it; otherwise it is a proxy that names nobody.
    is_named: bool,
}

/// The port of a client that is a proxy itself, since it named none by the PROXY protocol.
pub(super) const UNNAMED: u16 = 0;

impl TrustedProxies {
    /// The client of a request: for limits and the audit. A proxy that names none is the client itself.
    pub(super) fn client(&self, request: &HttpRequest) -> Option<IpAddr> {
        self.whose(request).map(|client| client.address)
    }

    /// The client of a request, for audiences: `None` if a proxy names none, whatever its own address is, since anybody may
    /// have asked it.
    pub(super) fn named_client(&self, request: &HttpRequest) -> Option<IpAddr> {
        self.whose(request).filter(|client| client.is_named).map(|client| client.address)
    }

    fn whose(&self, request: &HttpRequest) -> Option<Client> {
        let peer = request.peer_addr()?;
        let (address, port) = (peer.ip().to_canonical(), peer.port());
        let name = match self.client_from {
            ClientFrom::XForwardedFor => X_FORWARDED_FOR,
            ClientFrom::Forwarded => FORWARDED,
            ClientFrom::ProxyProtocol => return Some(Client { address, is_named: port != UNNAMED }),
        };
        if !self.trust(address) {
            return Some(Client { address, is_named: true });
        }
        let lines: Vec<&[u8]> = request.headers().get_all(name).map(HeaderValue::as_bytes).collect();
        Some(self.client_behind(address, &lines))
    }

    /// Whether connections from there begin with a header of the PROXY protocol.
    pub(super) fn prefix_connections(&self, peer: IpAddr) -> bool {
        self.client_from == ClientFrom::ProxyProtocol && self.trust(peer)
    }

    pub(super) fn trust(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.networks.iter().any(|network| network.contains(&address))
    }

    /// Follows the hops from `peer` to the left. A hop that is no address ends the way: the client is then the proxy that
    /// reported it.
    fn client_behind(&self, peer: IpAddr, lines: &[&[u8]]) -> Client {
        let mut client = Client { address: peer, is_named: false };
        for hop in lines.iter().rev().flat_map(|line| self.hops(line)) {
            match hop {
                _ if !self.trust(client.address) => break,
                Some(address) => client = Client { address: address.to_canonical(), is_named: true },
                None => return Client { is_named: false, ..client },
            }
        }
        client
    }

    /// The hops of one line, the last first; `None` for what is no address.
    fn hops<'l>(&self, line: &'l [u8]) -> Box<dyn Iterator<Item = Option<IpAddr>> + 'l> {
        let texts = elements(line).map(<[u8]>::trim_ascii).filter(|one| !one.is_empty());
        if self.client_from == ClientFrom::Forwarded {
            Box::new(texts.map(|one| node(&forwarded_for(one)?, true)))
        } else {
            Box::new(texts.map(|one| node(std::str::from_utf8(one).ok()?, false)))
        }
    }
}

/// The elements of a list, the last first. Reading from the end keeps an open quote of the client from hiding what
/// proxies added behind it.
fn elements(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(line);
    std::iter::from_fn(move || {
        let line = rest?;
        let mut quoted = false;
        for at in (0..line.len()).rev() {
            match line[at] {
                b'"' if !is_escaped(line, at) => quoted = !quoted,
                b',' if !quoted => {
                    rest = Some(&line[..at]);
                    return Some(&line[at + 1..]);
                }
                _ => {}
            }
        }
        rest = None;
        Some(line)
    })
}

fn is_escaped(line: &[u8], at: usize) -> bool {
    line[..at].iter().rev().take_while(|byte| **byte == b'\\').count() % 2 == 1
}

/// The value of `for` in an element of `Forwarded` (RFC 7239 §4), if the element is valid and has one.
fn forwarded_for(element: &[u8]) -> Option<String> {
    let mut rest = std::str::from_utf8(element).ok()?;
    let mut found = None;
    loop {
        let (name, value) = rest.split_once('=')?;
        let (value, after) = match value.strip_prefix('"') {
            Some(quoted) => unquoted(quoted)?,
            None => {
                let end = value.find(|c| !is_token(c)).unwrap_or(value.len());
                (value[..end].to_owned(), &value[end..])
            }
        };
        let name = name.trim_ascii();
        if name.is_empty() || !name.chars().all(is_token) {
            return None;
        }
        if name.eq_ignore_ascii_case("for") && found.replace(value).is_some() {
            return None;
        }
        rest = match after.trim_ascii().strip_prefix(';') {
            Some(rest) if !rest.trim_ascii().is_empty() => rest,
            Some(_) => return found,
            None if after.trim_ascii().is_empty() => return found,
            None => return None,
        };
    }
}

/// The text up to the closing quote, without its escapes, and what follows.
fn unquoted(quoted: &str) -> Option<(String, &str)> {
    let mut text = String::new();
    let mut chars = quoted.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some((text, &quoted[at + 1..])),
            '\\' => text.push(chars.next()?.1),
            c => text.push(c),
        }
    }
    None
}

fn is_token(c: char) -> bool {
    c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c)
}

/// An address, with or without a port. An IPv6 address stands in brackets, which `X-Forwarded-For` may leave out.
fn node(text: &str, only_bracketed: bool) -> Option<IpAddr> {
    if let Some(bracketed) = text.strip_prefix('[') {
        let (address, port) = bracketed.split_once(']')?;
        return (port.is_empty() || is_port(port.strip_prefix(':')?))
            .then(|| address.parse::<Ipv6Addr>().ok())
            .flatten()
            .map(IpAddr::V6);
    }
    if let Some((address, port)) = text.split_once(':').filter(|(_, port)| !port.contains(':')) {
        let known = format!("{address}:0").parse::<SocketAddrV4>().ok()?;
        return is_port(port).then_some(IpAddr::V4(*known.ip()));
    }
    match text.parse::<Ipv4Addr>() {
        Ok(address) => Some(IpAddr::V4(address)),
        Err(_) if only_bracketed => None,
        Err(_) => text.parse::<Ipv6Addr>().ok().map(IpAddr::V6),
    }
}

/// A port, or an obfuscated one (RFC 7239 §6).
fn is_port(port: &str) -> bool {
    let obfuscated = port.strip_prefix('_').is_some_and(|rest| {
        !rest.is_empty() && rest.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c))
    });
    let digits = (1..=5).contains(&port.len()) && port.bytes().all(|byte| byte.is_ascii_digit());
    obfuscated || (digits && port.parse::<u16>().is_ok())
}

#[cfg(test)]
#[path = "proxies_test.rs"]
mod tests;

//! Names to addresses that may be connected to. What was checked is what is connected to: there is no second question
//! whose answer could differ.

use crate::destination::Reach;
use async_trait::async_trait;
use reqwest::dns::{Addrs, Name, Resolving};
use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

/// What resolves names.
#[async_trait]
pub trait Resolve: fmt::Debug + Send + Sync {
    /// The addresses of a name, IPv4 and IPv6.
    ///
    /// # Errors
    /// There are none, or they cannot be found out now.
    async fn resolve(&self, name: &str) -> io::Result<Vec<IpAddr>>;
}

/// As this host resolves names.
#[derive(Clone, Copy, Debug)]
pub struct HostResolver;

#[async_trait]
impl Resolve for HostResolver {
    async fn resolve(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        Ok(tokio::net::lookup_host((name, 0)).await?.map(|address| address.ip()).collect())
    }
}

/// Refuses a name if one of its addresses must not be connected to.
#[derive(Debug)]
pub(super) struct CheckedResolver {
    pub(super) reach: Reach,
    pub(super) resolver: Arc<dyn Resolve>,
}

/// A name has an address that must not be connected to. Which one is nobody's business: it may be known inside only.
#[derive(Debug)]
pub(super) struct NotPublic;

/// A name has no address.
#[derive(Debug)]
pub(super) struct NoAddress(pub(super) io::Error);

impl fmt::Display for NotPublic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name has an address that is not public")
    }
}

impl fmt::Display for NoAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name has no address")
    }
}

impl std::error::Error for NotPublic {}

impl std::error::Error for NoAddress {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}

impl reqwest::dns::Resolve for CheckedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (reach, resolver) = (self.reach.clone(), Arc::clone(&self.resolver));
        Box::pin(async move {
            let found = resolver.resolve(name.as_str()).await.map_err(NoAddress)?;
            if found.is_empty() {
                return Err(NoAddress(io::ErrorKind::NotFound.into()).into());
            }
            if found.iter().any(|address| !reach.allows(*address)) {
                return Err(NotPublic.into());
            }
            let addresses: Addrs = Box::new(found.into_iter().map(|address| SocketAddr::new(address, 0)));
            Ok(addresses)
        })
    }
}

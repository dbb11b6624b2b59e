//! From the name in a channel to the addresses that may be dialled for it.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::{Failure, FailureKind, Guard, Lookup, Refused};

/// Resolves, and leaves out what the guard refuses.
#[derive(Clone)]
pub(crate) struct Dialler {
    guard: Arc<Guard>,
    lookup: Arc<dyn Lookup>,
}

/// No address that may be dialled.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Nowhere {
    #[error(transparent)]
    Refused(#[from] Refused),
    #[error("the name {host} could not be resolved: {source}")]
    Unknown { host: String, source: io::Error },
}

impl Dialler {
    pub(crate) fn new(guard: Guard, lookup: Arc<dyn Lookup>) -> Self {
        Self { guard: Arc::new(guard), lookup }
    }

    /// Where to dial for `host`, a name or an address; never empty.
    pub(crate) async fn addresses(&self, host: &str) -> Result<Vec<IpAddr>, Nowhere> {
        let unknown = |source| Nowhere::Unknown { host: host.to_owned(), source };
        let found = match literal(host) {
            Some(address) => vec![address],
            None => self.lookup.lookup(host).await.map_err(unknown)?,
        };
        let mut refused = None;
        let mut passed = Vec::new();
        for address in found {
            match self.guard.check(host, address) {
                Ok(()) => passed.push(address),
                Err(refusal) => refused = Some(refusal),
            }
        }
        match refused {
            _ if !passed.is_empty() => Ok(passed),
            Some(refusal) => Err(refusal.into()),
            None => Err(unknown(io::Error::new(io::ErrorKind::NotFound, "it has no address"))),
        }
    }

    /// Refuses a host that is an address and may not be dialled. HTTP clients resolve only names.
    pub(crate) fn check_literal(&self, host: &str) -> Result<(), Refused> {
        literal(host).map_or(Ok(()), |address| self.guard.check(host, address))
    }
}

/// The address that a host is; IPv6 ones may be in brackets, as in URLs.
fn literal(host: &str) -> Option<IpAddr> {
    host.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

impl Resolve for Dialler {
    fn resolve(&self, name: Name) -> Resolving {
        let dialler = self.clone();
        Box::pin(async move {
            let addresses = dialler.addresses(name.as_str()).await?;
            // The port 0 stands for that of the URL.
            let addresses: Addrs = Box::new(addresses.into_iter().map(|address| SocketAddr::new(address, 0)));
            Ok(addresses)
        })
    }
}

impl From<Nowhere> for Failure {
    fn from(nowhere: Nowhere) -> Self {
        match nowhere {
            Nowhere::Refused(refused) => refused.into(),
            Nowhere::Unknown { .. } => Self::passing(FailureKind::Unreachable, nowhere.to_string()),
        }
    }
}

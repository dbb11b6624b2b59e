//! Where names lead.

use std::{io, net::IpAddr};

use async_trait::async_trait;

/// Resolves names of hosts. What it finds is judged by the guard before anything is dialled.
#[async_trait]
pub trait Lookup: Send + Sync {
    /// All addresses of `host`, best first.
    ///
    /// # Errors
    /// When there is no such host, or it could not be asked for.
    async fn lookup(&self, host: &str) -> io::Result<Vec<IpAddr>>;
}

/// Asks the operating system.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemLookup;

#[async_trait]
impl Lookup for SystemLookup {
    async fn lookup(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        Ok(tokio::net::lookup_host((host, 0)).await?.map(|address| address.ip()).collect())
    }
}

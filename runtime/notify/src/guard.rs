//! Which addresses may be dialled.

mod special;

use std::net::IpAddr;

use ipnet::IpNet;

use crate::Invalid;

/// Lets calls out to public addresses, and to what its allow-list names. [`Guard::default`] has an empty list.
#[derive(Debug, Clone, Default)]
pub struct Guard {
    networks: Vec<IpNet>,
    hosts: Vec<Hosts>,
}

/// Names of the allow-list, in lower case.
#[derive(Debug, Clone)]
enum Hosts {
    /// This one.
    One(String),
    /// Those that end so, such as `.corp.example`.
    Below(String),
}

/// An address that may not be dialled.
///
/// Shown to whoever wrote the channel, so it does not tell where a name of the inner network leads.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{host} is refused: it leads to {why}, which only the server's allow-list of outgoing calls can open")]
pub struct Refused {
    /// The host as the channel names it.
    pub host: String,
    /// What kind of address it is.
    pub why: &'static str,
}

impl Guard {
    /// A guard with an allow-list. Each entry is a network (`10.1.0.0/16`), an address (`127.0.0.1`, `::1`), a host
    /// (`hooks.internal`), or all hosts below a domain (`*.corp.example`). What a host of the list resolves to may be
    /// dialled, whatever it is.
    ///
    /// # Errors
    /// The first entry that is none of these.
    pub fn allowing<S: AsRef<str>>(entries: impl IntoIterator<Item = S>) -> Result<Self, Invalid> {
        let mut guard = Self::default();
        for entry in entries {
            let entry = entry.as_ref().trim();
            if let Some(network) = network(entry) {
                guard.networks.push(network);
            } else if let Some(hosts) = hosts(entry) {
                guard.hosts.push(hosts);
            } else {
                let message = format!("has `{entry}`, which is no network (10.1.0.0/16), address, host or *.domain");
                return Err(Invalid::new("allow", message));
            }
        }
        Ok(guard)
    }

    /// Whether `address`, where `host` leads, may be dialled.
    ///
    /// # Errors
    /// [`Refused`] when it is special (private, loopback, link-local and so on) and not on the allow-list.
    pub fn check(&self, host: &str, address: IpAddr) -> Result<(), Refused> {
        let Some(why) = special::kind(address) else { return Ok(()) };
        let faces = [Some(address), special::embedded(address).map(IpAddr::V4)];
        let named = faces.into_iter().flatten().any(|face| self.networks.iter().any(|network| network.contains(&face)));
        if named || self.names(host) {
            return Ok(());
        }
        Err(Refused { host: host.to_owned(), why })
    }

    fn names(&self, host: &str) -> bool {
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        self.hosts.iter().any(|hosts| match hosts {
            Hosts::One(name) => *name == host,
            Hosts::Below(suffix) => host.len() > suffix.len() && host.ends_with(suffix.as_str()),
        })
    }
}

fn network(entry: &str) -> Option<IpNet> {
    let address = entry.trim_start_matches('[').trim_end_matches(']');
    address.parse::<IpAddr>().map(IpNet::from).or_else(|_| entry.parse::<IpNet>().map(|network| network.trunc())).ok()
}

fn hosts(entry: &str) -> Option<Hosts> {
    let name = entry.trim_end_matches('.').to_ascii_lowercase();
    let domain = name.strip_prefix("*.").unwrap_or(&name);
    let is_label =
        |label: &str| !label.is_empty() && label.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b));
    // What ends in a number is meant to be an address, and none.
    let numeric = domain.rsplit('.').next().is_some_and(|last| last.bytes().all(|byte| byte.is_ascii_digit()));
    if numeric || !domain.split('.').all(is_label) {
        return None;
    }
    Some(if domain.len() < name.len() { Hosts::Below(format!(".{domain}")) } else { Hosts::One(name) })
}

#[cfg(test)]
mod tests;

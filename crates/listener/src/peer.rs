//! The other side, and what one address may take.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Semaphore;

use crate::Settings;

/// The way in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Port {
    /// Plain TCP.
    Plain,
    /// TLS with a client certificate.
    Tls,
}

impl Port {
    /// Its name in logs and metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Tls => "tls",
        }
    }
}

/// The other side of a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peer {
    /// Its network address.
    pub address: IpAddr,
    /// The name in its client certificate: at most 128 characters of ASCII letters, digits and `.-_:/@+` and
    /// blanks. `None` on the plain port.
    pub name: Option<String>,
}

impl Peer {
    /// A peer on the plain port.
    pub const fn plain(address: IpAddr) -> Self {
        Self { address, name: None }
    }
}

/// What the connections of one address share.
#[derive(Debug)]
pub(crate) struct Share {
    /// Who may read a large message.
    pub(crate) large: Semaphore,
    /// Who may do a handshake.
    pub(crate) handshakes: Semaphore,
    /// Whether it has been refused a connection since it had none.
    refused: AtomicBool,
}

/// The address has as many connections as it may have.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct AddressFull {
    /// Whether it was told so before.
    pub(crate) told: bool,
}

/// The addresses that have connections open: never more than there are connections.
#[derive(Debug)]
pub(crate) struct Peers {
    limit: usize,
    large: usize,
    handshakes: usize,
    open: Mutex<HashMap<IpAddr, (usize, Arc<Share>)>>,
}

impl Peers {
    pub(crate) fn new(settings: &Settings) -> Self {
        let permits = |count: usize| count.clamp(1, Semaphore::MAX_PERMITS);
        Self {
            limit: settings.connections_per_peer.max(1),
            large: permits(settings.large_frames_per_peer),
            handshakes: permits(settings.handshakes_per_peer),
            open: Mutex::default(),
        }
    }

    fn open(&self) -> MutexGuard<'_, HashMap<IpAddr, (usize, Arc<Share>)>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place for one connection of this address.
    pub(crate) fn enter(self: &Arc<Self>, address: IpAddr) -> Result<Seat, AddressFull> {
        let key = key(address);
        let mut open = self.open();
        let (count, share) = open.entry(key).or_insert_with(|| {
            let share = Share {
                large: Semaphore::new(self.large),
                handshakes: Semaphore::new(self.handshakes),
                refused: AtomicBool::new(false),
            };
            (0, Arc::new(share))
        });
        if *count >= self.limit {
            return Err(AddressFull { told: share.refused.swap(true, Ordering::Relaxed) });
        }
        *count = count.saturating_add(1);
        Ok(Seat { share: Arc::clone(share), peers: Arc::clone(self), key })
    }
}

/// Who counts as one: an IPv4 address, or the /64 that a site has of IPv6 (RFC 6177 §2).
fn key(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
    }
}

/// A place of a connection, given back when it is dropped.
pub(crate) struct Seat {
    pub(crate) share: Arc<Share>,
    peers: Arc<Peers>,
    key: IpAddr,
}

impl Drop for Seat {
    fn drop(&mut self) {
        if let Entry::Occupied(mut entry) = self.peers.open().entry(self.key) {
            let (count, _) = entry.get_mut();
            *count = count.saturating_sub(1);
            if *count == 0 {
                entry.remove();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_so_many_and_nothing_is_kept_of_it_afterwards() {
        let peers = Arc::new(Peers::new(&Settings { connections_per_peer: 2, ..Settings::default() }));
        let address = |text: &str| text.parse::<IpAddr>().unwrap();
        let first = peers.enter(address("10.0.0.1")).unwrap();
        let mapped = peers.enter(address("::ffff:10.0.0.1")).unwrap();
        for told in [false, true] {
            assert_eq!(peers.enter(address("10.0.0.1")).err(), Some(AddressFull { told }));
        }
        let other = peers.enter(address("10.0.0.2")).unwrap();
        drop(first);
        let again = peers.enter(address("10.0.0.1")).unwrap();
        drop((mapped, other, again));
        assert!(peers.open().is_empty());
    }

    #[test]
    fn a_site_of_ipv6_counts_as_one() {
        let peers = Arc::new(Peers::new(&Settings { connections_per_peer: 1, ..Settings::default() }));
        let one = peers.enter("2001:db8:1:2::1".parse().unwrap()).unwrap();
        assert!(peers.enter("2001:db8:1:2:ffff::2".parse().unwrap()).is_err());
        assert!(peers.enter("2001:db8:1:3::1".parse().unwrap()).is_ok());
        drop(one);
    }
}

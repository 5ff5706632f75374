//! Looks up the service's host name, one lookup at a time: two hundred who are asked at once shall not take two hundred
//! threads.

use std::{
    io,
    net::{SocketAddr, ToSocketAddrs},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::sync::Semaphore;

/// How long an answer serves those who ask for the same name meanwhile.
const MEMORY: Duration = Duration::from_secs(1);

pub(super) struct Names {
    place: Arc<Semaphore>,
    last: Arc<Mutex<Option<Found>>>,
    /// Whether only addresses of this machine count: what is not encrypted must not leave it.
    loopback_only: bool,
}

struct Found {
    at: Instant,
    name: String,
    addresses: Vec<SocketAddr>,
}

impl Names {
    pub(super) fn new(loopback_only: bool) -> Self {
        Names {
            place: Arc::new(Semaphore::new(1)),
            last: Arc::default(),
            loopback_only,
        }
    }
}

impl Resolve for Names {
    fn resolve(&self, name: Name) -> Resolving {
        let (place, last, loopback_only) = (Arc::clone(&self.place), Arc::clone(&self.last), self.loopback_only);
        Box::pin(async move {
            let place = place.acquire_owned().await?;
            if let Some(addresses) = remembered(&last, name.as_str()) {
                return Ok(usable(addresses, loopback_only)?);
            }
            let lookup = tokio::task::spawn_blocking(move || {
                let addresses: Vec<SocketAddr> = (name.as_str(), 0).to_socket_addrs()?.collect();
                *last.lock().unwrap_or_else(PoisonError::into_inner) = Some(Found {
                    at: Instant::now(),
                    name: name.as_str().to_owned(),
                    addresses: addresses.clone(),
                });
                // Given back when the lookup has ended, not when nobody waits for it any more.
                drop(place);
                io::Result::Ok(addresses)
            });
            Ok(usable(lookup.await??, loopback_only)?)
        })
    }
}

fn remembered(last: &Mutex<Option<Found>>, name: &str) -> Option<Vec<SocketAddr>> {
    let last = last.lock().unwrap_or_else(PoisonError::into_inner);
    let found = last.as_ref()?;
    (found.name == name && found.at.elapsed() < MEMORY).then(|| found.addresses.clone())
}

fn usable(mut addresses: Vec<SocketAddr>, loopback_only: bool) -> io::Result<Addrs> {
    addresses.retain(|address| !loopback_only || address.ip().to_canonical().is_loopback());
    match addresses.is_empty() {
        true => Err(io::Error::other("the name has no address that may be used")),
        false => Ok(Box::new(addresses.into_iter())),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_stays_on_this_machine_whatever_the_name_says() {
        let addresses: Vec<SocketAddr> = ["127.0.0.1:0", "192.0.2.1:0", "[::1]:0"]
            .map(|text| text.parse().unwrap())
            .into();
        assert_eq!(usable(addresses.clone(), true).unwrap().count(), 2);
        assert_eq!(usable(addresses, false).unwrap().count(), 3);
        assert!(usable(vec!["192.0.2.1:0".parse().unwrap()], true).is_err());
        assert!(usable(Vec::new(), false).is_err());
    }

    #[tokio::test]
    async fn one_lookup_serves_all_who_ask_at_once() {
        let names = Names::new(false);
        let all = (0..50).map(|_| names.resolve("localhost".parse().unwrap()));
        for found in futures::future::join_all(all).await {
            assert!(found.unwrap().count() > 0);
        }
        let at = names.last.lock().unwrap().as_ref().unwrap().at;
        assert!(names.resolve("localhost".parse().unwrap()).await.is_ok());
        assert_eq!(names.last.lock().unwrap().as_ref().unwrap().at, at);
        assert!(names.resolve("nobody.invalid".parse().unwrap()).await.is_err());
    }
}

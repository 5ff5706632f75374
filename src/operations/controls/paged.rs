//! Paged results (RFC 2696): the cookie, and what it says of the pages before.
//!
//! A cookie is a position and gives no rights. It is not signed, and good on any connection and replica, because every page
//! is authorised as if it was the first. A cookie that does not fit is refused; it never means the beginning or the end.

use crate::{
    directory::{
        entry_source::Order,
        kind::Kind,
        naming::fixed::FixedEntry,
        realm::Realm,
        search::page::{Page, Position},
    },
    model::dn::Dn,
    protocol::{Control, LdapResult, PagedResults, ResultCode, SearchRequest},
};
use bytes::{BufMut, Bytes, BytesMut};
use sha2::{Digest, Sha256};
use std::hash::{Hash, Hasher};

/// Of what follows in a cookie.
const VERSION: u8 = 2;
/// Longer than any name that a page may end at.
const LONGEST_COOKIE: usize = 64 * 1024;
const DIGEST: usize = 16;
/// In the place of a fixed entry: before all of them.
const START: &str = "start";

/// Base, scope and filter of a search, which must stay the same for all of its pages. Identity, attributes and limits
/// may change: they do not move a position.
type RequestDigest = [u8; DIGEST];

/// What stands in a cookie.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Cookie {
    request: RequestDigest,
    /// Entries in the pages so far: the client's size limit counts over all of them.
    returned: u64,
    /// None where the page is the first one of its realm.
    position: Option<Position>,
}

/// A search that is answered in pages, of which one is to be sent now.
#[derive(Debug)]
pub struct PagedSearch {
    request: RequestDigest,
    /// Entries that go into this page yet.
    size: u32,
    /// Entries of a whole page.
    page_size: u32,
    returned: u64,
    from: Option<Position>,
    /// What the client's size limit leaves for this page and those that follow.
    pub size_limit: Option<u64>,
}

impl PagedSearch {
    /// The search that a request begins or goes on with.
    ///
    /// # Errors
    /// The cookie belongs to no such search.
    pub fn resume(realm: &Realm, base: &Dn, request: &SearchRequest, paged: &PagedResults) -> Result<Self, LdapResult> {
        let digest = digest(realm, base, request);
        let (returned, from) = if paged.cookie.is_empty() {
            (0, None)
        } else {
            let cookie = Cookie::decode(&paged.cookie, realm.kinds()).filter(|cookie| cookie.request == digest);
            let cookie = cookie.ok_or_else(|| {
                LdapResult::new(
                    ResultCode::UnwillingToPerform,
                    "the cookie does not belong to this search",
                )
            })?;
            (cookie.returned, cookie.position)
        };
        let size_limit = (request.size_limit > 0).then(|| u64::from(request.size_limit).saturating_sub(returned));
        Ok(PagedSearch {
            request: digest,
            size: paged.size,
            page_size: paged.size,
            returned,
            from,
            size_limit,
        })
    }

    /// A page of no entries is wanted: the client gives up, or asks for an estimate (RFC 2696 section 3).
    pub fn is_over(&self) -> bool {
        self.size == 0
    }

    /// What the directory is to read. A page that reaches the client's own size limit is ended by that (section 3).
    pub fn page(&self) -> Page {
        let size = u64::from(self.size);
        Page {
            size: (self.size_limit.is_none_or(|limit| size < limit)).then_some(size),
            from: self.from.clone(),
        }
    }

    /// The response control of a page with that many entries.
    pub fn control(&self, entries: u64, next: Option<Position>) -> Control {
        let cookie = next.map(|position| Cookie {
            request: self.request,
            returned: self.returned.saturating_add(entries),
            position: Some(position),
        });
        PagedResults {
            size: 0,
            cookie: cookie.as_ref().map(Cookie::encode).unwrap_or_default(),
        }
        .control()
    }

    /// The rest of this page, which goes on with another realm's entries; so many have been sent.
    pub fn in_next_realm(&self, realm: &Realm, base: &Dn, request: &SearchRequest, sent: u64) -> Self {
        PagedSearch {
            request: digest(realm, base, request),
            size: u32::try_from(u64::from(self.page_size).saturating_sub(sent)).unwrap_or_default(),
            page_size: self.page_size,
            returned: self.returned,
            from: None,
            size_limit: self.size_limit,
        }
    }

    /// Whether nothing more goes into this page.
    pub fn is_full(&self) -> bool {
        self.size == 0
    }

    /// The response control of a full page, after which the next one begins with this realm's first entry.
    pub fn control_of_start(&self) -> Control {
        let cookie = Cookie {
            request: self.request,
            returned: self.returned.saturating_add(u64::from(self.page_size)),
            position: None,
        };
        PagedResults {
            size: 0,
            cookie: cookie.encode(),
        }
        .control()
    }

    /// The response control of a search that is over.
    pub fn end() -> Control {
        PagedResults {
            size: 0,
            cookie: Bytes::new(),
        }
        .control()
    }
}

impl Cookie {
    /// Version, digest, entries so far, stage, key.
    fn encode(&self) -> Bytes {
        let (stage, key) = match &self.position {
            None => (0, START.to_owned()),
            Some(Position::Fixed(fixed)) => (0, number(*fixed).to_string()),
            Some(Position::After { kind, order, key }) => (stage(kind, *order), key.clone()),
        };
        let mut cookie = BytesMut::with_capacity(2 + DIGEST + 8 + key.len());
        cookie.put_u8(VERSION);
        cookie.put_slice(&self.request);
        cookie.put_u64(self.returned);
        cookie.put_u8(stage);
        cookie.put_slice(key.as_bytes());
        cookie.freeze()
    }

    fn decode(cookie: &[u8], kinds: &[Kind]) -> Option<Self> {
        let (version, rest) = cookie.split_first()?;
        let (request, rest) = rest.split_first_chunk::<DIGEST>()?;
        let (returned, rest) = rest.split_first_chunk::<8>()?;
        let (found, key) = rest.split_first()?;
        if *version != VERSION || cookie.len() > LONGEST_COOKIE {
            return None;
        }
        let position = match (*found, key.is_empty()) {
            (0, false) if key == START.as_bytes() => None,
            (0, false) => Some(Position::Fixed(fixed(str::from_utf8(key).ok()?.parse().ok()?))),
            (found, false) => {
                let (kind, order) = stages(kinds).find(|(kind, order)| stage(kind, *order) == found)?;
                let key = str::from_utf8(key).ok()?.to_owned();
                Some(Position::After { kind, order, key })
            }
            _ => return None,
        };
        Some(Cookie {
            request: *request,
            returned: u64::from_be_bytes(*returned),
            position,
        })
    }
}

/// The number of the first service account in a cookie: above those of containers.
const FIRST_ACCOUNT: usize = 0x1000;

/// A fixed entry in a cookie: the base, the container of this number, or an account.
fn number(fixed: FixedEntry) -> usize {
    match fixed {
        FixedEntry::RootDse | FixedEntry::Subschema | FixedEntry::Base => 0,
        FixedEntry::Container(container) => container + 1,
        FixedEntry::ServiceAccount(account) => account.saturating_add(FIRST_ACCOUNT),
    }
}

fn fixed(number: u16) -> FixedEntry {
    let number = usize::from(number);
    match (number.checked_sub(1), number.checked_sub(FIRST_ACCOUNT)) {
        (None, _) => FixedEntry::Base,
        (_, Some(account)) => FixedEntry::ServiceAccount(account),
        (Some(container), None) => FixedEntry::Container(container),
    }
}

fn stages(kinds: &[Kind]) -> impl Iterator<Item = (Kind, Order)> {
    let orders = |kind: Kind| [Order::Name, Order::Key, Order::Tie].map(|order| (kind, order));
    kinds.iter().copied().flat_map(orders)
}

fn stage(kind: Kind, order: Order) -> u8 {
    let order = match order {
        Order::Name => 1,
        Order::Key => 2,
        Order::Tie => 3,
    };
    kind.cookie + order
}

fn digest(realm: &Realm, base: &Dn, request: &SearchRequest) -> RequestDigest {
    let mut hasher = RequestHasher(Sha256::new());
    realm.base_text().hash(&mut hasher);
    base.normalize(realm.schema()).hash(&mut hasher);
    request.scope.name().hash(&mut hasher);
    request.filter.to_string().hash(&mut hasher);
    let mut digest = RequestDigest::default();
    for (to, from) in digest.iter_mut().zip(hasher.0.finalize()) {
        *to = from;
    }
    digest
}

/// Lets what can be hashed be hashed alike by every replica.
struct RequestHasher(Sha256);

impl Hasher for RequestHasher {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        0
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]
mod tests {
    use super::*;
    use crate::directory::kind::KINDS;

    fn cookies() -> Vec<Cookie> {
        let positions = stages(&KINDS).map(|(kind, order)| Position::After {
            kind,
            order,
            key: "Müller\0".to_owned(),
        });
        let with = |position| Cookie {
            request: [7; DIGEST],
            returned: 1 << 40,
            position,
        };
        positions
            .chain(
                [
                    FixedEntry::Base,
                    FixedEntry::Container(1),
                    FixedEntry::ServiceAccount(7),
                ]
                .map(Position::Fixed),
            )
            .map(Some)
            .chain([None])
            .map(with)
            .collect()
    }

    #[test]
    fn cookies_are_read_back() {
        for cookie in cookies() {
            assert_eq!(Cookie::decode(&cookie.encode(), &KINDS), Some(cookie));
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for cookie in cookies() {
            let encoded = cookie.encode();
            for length in 0..2 + DIGEST + 8 {
                assert_eq!(Cookie::decode(&encoded[..length], &KINDS), None);
            }
            let mut version = encoded.to_vec();
            version[0] = 1;
            assert_eq!(Cookie::decode(&version, &KINDS), None);
            let mut stage = encoded.to_vec();
            stage[1 + DIGEST + 8] = 0x14;
            assert_eq!(Cookie::decode(&stage, &KINDS), None);
            let mut text = encoded.to_vec();
            text.push(0xff);
            assert_eq!(Cookie::decode(&text, &KINDS), None);
            let mut long = encoded.to_vec();
            long.resize(LONGEST_COOKIE + 1, b'a');
            assert_eq!(Cookie::decode(&long, &KINDS), None);
        }
        let mut no_key = cookies()[0].encode().to_vec();
        no_key.truncate(2 + DIGEST + 8);
        assert_eq!(Cookie::decode(&no_key, &KINDS), None);
    }
}

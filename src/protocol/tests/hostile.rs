//! Octets nobody meant as a message: no panic, and always the same verdict however they arrive.

use super::*;
use bytes::Bytes;
use proptest::prelude::*;

const MAX: usize = 64 * 1024;

/// What a connection would see until the first error or the end of input.
fn run(chunks: impl Iterator<Item = Vec<u8>>) -> (Vec<Decoded>, Option<ProtocolError>) {
    let mut buffer = BytesMut::new();
    let mut seen = Vec::new();
    for chunk in chunks {
        buffer.extend_from_slice(&chunk);
        loop {
            match decode(&mut buffer, MAX) {
                Ok(Decoded::Incomplete) => break,
                Ok(other) => seen.push(other),
                Err(error) => return (seen, Some(error)),
            }
        }
    }
    (seen, None)
}

/// Some valid messages to start from.
fn seeds() -> Vec<Vec<u8>> {
    let bind = tlv(0x60, &[&[2, 1, 3], b"\x04\x04cn=a", b"\x80\x02pw"]);
    let paged = tlv(
        0xa0,
        &[&tlv(
            0x30,
            &[b"\x04\x161.2.840.113556.1.4.319\x01\x01\x00\x04\x05\x30\x03\x02\x01\x01"],
        )],
    );
    let filter = tlv(
        0xa0,
        &[
            b"\xa3\x06\x04\x01a\x04\x01b",
            &tlv(
                0xa2,
                &[&tlv(
                    0xa1,
                    &[b"\x87\x01a", b"\xa4\x0a\x04\x01a\x30\x05\x80\x00\x81\x01x"],
                )],
            ),
            b"\xa9\x0c\x81\x011\x82\x01a\x83\x01v\x84\x01\xff",
        ],
    );
    vec![
        tlv(0x30, &[&[2, 1, 1], &bind, &paged]),
        search_with(6, &filter),
        search_with(7, b"\x30\x05\x04\x01a\x04\x00"),
        envelope(&tlv(0x6e, &[b"\x04\x04cn=a", b"\x30\x06\x04\x01a\x04\x01b"])),
        envelope(b"\x77\x07\x80\x031.2\x81\x00"),
        envelope(&tlv(0x6c, &[b"\x04\x04cn=a\x04\x04cn=b\x01\x01\xff\x80\x00"])),
        envelope(&tlv(
            0x66,
            &[b"\x04\x00", b"\x30\x0c\x30\x0a\x0a\x01\x02\x30\x05\x04\x01a\x31\x00"],
        )),
        vec![0x30, 6, 2, 1, 1, 0x50, 1, 5],
        vec![0x30, 5, 2, 1, 1, 0x42, 0],
    ]
}

fn mutated() -> impl Strategy<Value = Vec<u8>> {
    let change = (
        any::<prop::sample::Index>(),
        prop_oneof![Just(0_u8), Just(0x80), Just(0xff), any::<u8>()],
        0..4_u8,
    );
    (prop::sample::select(seeds()), prop::collection::vec(change, 0..6)).prop_map(|(mut octets, changes)| {
        for (index, octet, kind) in changes {
            if octets.is_empty() {
                break;
            }
            let at = index.index(octets.len());
            match kind {
                0 => drop(octets.remove(at)),
                1 => octets.insert(at, octet),
                _ => octets[at] = octet,
            }
        }
        octets
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn random_octets(octets in prop::collection::vec(any::<u8>(), 0..300)) {
        run(std::iter::once(octets));
    }

    #[test]
    fn random_operations(tag: u8, octets in prop::collection::vec(any::<u8>(), 0..200)) {
        run(std::iter::once(envelope(&tlv(tag, &[&octets]))));
    }

    #[test]
    fn mutated_messages_in_any_chunks(octets in mutated(), more in mutated(), size in 1..40_usize) {
        let stream = [octets, more].concat();
        let whole = run(std::iter::once(stream.clone()));
        let pieces = run(stream.chunks(size).map(<[u8]>::to_vec));
        prop_assert_eq!(whole, pieces);
    }

    #[test]
    fn mutated_messages_answer_to_their_own_id(octets in mutated()) {
        for decoded in run(std::iter::once(octets)).0 {
            match decoded {
                Decoded::Message(message) => prop_assert!(message.id > 0),
                Decoded::Unusable(Unusable { id, code, .. }) => {
                    prop_assert!(id > 0);
                    prop_assert!(code != ResultCode::Success);
                }
                Decoded::Incomplete => prop_assert!(false),
            }
        }
    }

    #[test]
    fn paged_results_values(octets in prop::collection::vec(any::<u8>(), 0..40)) {
        if let Ok(page) = PagedResults::decode(&Bytes::from(octets)) {
            let control = page.control();
            prop_assert_eq!(PagedResults::decode(control.value.as_ref().unwrap()), Ok(page));
        }
    }
}

#[test]
fn the_seeds_are_valid() {
    for seed in seeds() {
        message(&seed);
    }
}

#[test]
fn every_prefix_is_incomplete() {
    for seed in seeds() {
        for end in 0..seed.len() {
            let mut buffer = BytesMut::from(&seed[..end]);
            assert_eq!(decode(&mut buffer, MAX).unwrap(), Decoded::Incomplete);
            assert_eq!(buffer, seed[..end]);
        }
    }
}

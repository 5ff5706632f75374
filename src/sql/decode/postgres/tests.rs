use proptest::prelude::*;

use super::*;

fn words(words: &[u16]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_be_bytes()).collect()
}

#[test]
fn numerics() {
    // As sent by PostgreSQL 15 for these values.
    for (wire, text) in [
        (words(&[0, 0, 0, 0]), "0"),
        (words(&[2, 1, 0, 0, 1, 1]), "10001"),
        (words(&[1, 1, 0, 0, 1]), "10000"),
        (words(&[2, 0, 0x4000, 2, 12, 3400]), "-12.34"),
        (words(&[1, 0xffff, 0, 1, 5000]), "0.5"),
        (words(&[1, 0xfffe, 0, 8, 1]), "0.00000001"),
        (words(&[2, 1, 0, 2, 1, 1]), "10001.00"),
    ] {
        assert_eq!(numeric(&wire).as_deref(), Some(text));
    }
    assert_eq!(numeric(&words(&[0, 0, 0xc000, 0])), None, "NaN");
}

#[test]
fn times() {
    assert_eq!(timestamp(0).seconds, EPOCH);
    assert_eq!(
        timestamp(-1),
        Timestamp {
            seconds: EPOCH - 1,
            nanos: 999_999_000
        }
    );
    assert_eq!(timestamp(i64::MAX), FOREVER);
    assert_eq!(date(-10957).seconds, 0);
    assert_eq!(date(i32::MIN), EVER);
    assert_eq!(time_of_day(45_296_500_000), "12:34:56.5");
}

#[test]
fn addresses() {
    assert_eq!(address(&[2, 32, 0, 4, 10, 0, 0, 1]).unwrap(), "10.0.0.1");
    assert_eq!(address(&[2, 8, 1, 4, 10, 0, 0, 0]).unwrap(), "10.0.0.0/8");
    assert_eq!(
        address(&[3, 128, 0, 16, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]).unwrap(),
        "::1"
    );
    assert_eq!(hardware_address(&[8, 0, 0x2b, 1, 2, 3]), "08:00:2b:01:02:03");
    assert_eq!(bits(&[0, 0, 0, 3, 0b1010_0000]).unwrap(), "101");
}

#[test]
fn padded_text_and_extension_types() {
    let read = |format: Option<Format>, bytes: &[u8]| format.and_then(|format| format.read(bytes));
    let text = |text: &str| Some(Cell::Text(text.to_owned()));
    assert_eq!(read(Format::of_oid(1042), b"alice   "), text("alice"));
    for name in ["citext", "extensions.citext", "\"my.ext\".citext", "\"x y\".\"citext\""] {
        assert_eq!(read(Format::named(name), b"Alice"), text("Alice"), "{name}");
    }
    assert_eq!(read(Format::named("extensions.ltree"), b"\x01a.b"), text("a.b"));
    // As sent by PostgreSQL 15 for 'a=>1, "b\"\\c"=>NULL'.
    let hstore = b"\0\0\0\x02\0\0\0\x01a\0\0\0\x011\0\0\0\x04b\"\\c\xff\xff\xff\xff";
    assert_eq!(
        read(Format::named("a.hstore"), hstore),
        text("\"a\"=>\"1\", \"b\\\"\\\\c\"=>NULL")
    );
    assert_eq!(Format::named("\"citext.x\""), None);
    assert_eq!(Format::named("citext.x"), None);
    assert_eq!(
        read(Format::of_oid(3802), b"\x01[\"a\"]"),
        Some(Cell::List(vec![Cell::Text("a".to_owned())]))
    );
}

proptest! {
    #[test]
    fn whatever_the_bytes_nothing_panics(oid in prop::sample::select(vec![
        16u32, 17, 18, 19, 20, 21, 23, 25, 26, 114, 142, 650, 700, 701, 705, 774, 829, 869, 1042, 1043, 1082, 1083,
        1114, 1184, 1266, 1560, 1562, 1700, 2950, 3802, 9999,
    ]), bytes in prop::collection::vec(any::<u8>(), 0..40)) {
        let _ = Format::of_oid(oid).and_then(|format| format.read(&bytes));
        let _ = hstore(&bytes);
        let _ = list(&bytes, |item| simple(oid, "x", item));
    }
}

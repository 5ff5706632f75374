//! Distinguished names: spelling (RFC 4514), equality (RFC 4517 4.2.15), escaping.

use super::Battery;
use crate::harness::ldap::{BASE, group_dn, rdn_value, user_dn};
use crate::harness::ldapsearch;

fn read(ctx: &Battery, base: &str) -> (i32, Vec<String>) {
    let answer = ldapsearch(ctx.gateway, &["-b", base, "-s", "base", "1.1"]);
    (answer.code, answer.entries.into_iter().map(|entry| entry.dn).collect())
}

pub fn spellings(ctx: &Battery) {
    for spelling in [
        "UID=alice,DC=example,DC=com",
        "uid=ALICE,dc=EXAMPLE,dc=COM",
        "uid = alice , dc = example , dc = com",
        "uid=alice, dc=example, dc=com",
        "0.9.2342.19200300.100.1.1=alice,dc=example,dc=com",
        "userid=alice,domainComponent=example,0.9.2342.19200300.100.1.25=com",
        "uid=\\61lice,dc=example,dc=com",
        "uid=\\61\\6C\\69\\63\\65,dc=example,dc=com",
        "uid=alice\\20,dc=example,dc=com",
    ] {
        assert_eq!(read(ctx, spelling), (0, vec![user_dn("alice")]), "{spelling}");
    }
}

pub fn values_in_hexadecimal(ctx: &Battery) {
    // RFC 4514 2.4: the BER encoding of the value, a UTF8String here.
    assert_eq!(
        read(ctx, "uid=#0C05616C696365,dc=example,dc=com"),
        (0, vec![user_dn("alice")])
    );
    for other in [
        "uid=#0405616c696365,dc=example,dc=com",
        "uid=#0C05616C6963,dc=example,dc=com",
        "uid=#0C,dc=example,dc=com",
    ] {
        let (code, dns) = read(ctx, other);
        assert!(
            dns == [user_dn("alice")] || ([32, 34].contains(&code) && dns.is_empty()),
            "{other}: {code} {dns:?}"
        );
    }
}

pub fn base_in_another_spelling(ctx: &Battery) {
    for base in [
        "DC=Example, DC=Com",
        "dc = example,dc = com",
        "domaincomponent=example,dc=com",
        "dc=\\65xample,dc=com",
    ] {
        let found = ldapsearch(ctx.gateway, &["-b", base, "(uid=alice)", "1.1"]).dns();
        // The entry's own DN is spelled as always.
        assert_eq!(found.into_iter().collect::<Vec<_>>(), [user_dn("alice")], "{base}");
    }
}

pub fn names_that_must_be_escaped(ctx: &Battery) {
    for name in [
        "doe, john",
        "#hash",
        "plus+sign",
        "quo\"te",
        "semi;<=>",
        "back\\slash",
        " lead",
        "two  spaces",
        "o'brien",
    ] {
        let escaped: String = name.bytes().map(|byte| format!("\\{byte:02x}")).collect();
        let filter = format!("(uid={escaped})");
        let found: Vec<String> = ctx.search(&[&filter, "1.1"]).dns().into_iter().collect();
        assert_eq!(found.len(), 1, "{name}");
        assert_eq!(rdn_value(&found[0]), name, "{}", found[0]);
        assert!(found[0].ends_with(&format!(",{BASE}")), "{}", found[0]);
        // Readable by the DN as served, and by one with every byte escaped.
        assert_eq!(read(ctx, &found[0]), (0, found.clone()), "{name}");
        assert_eq!(read(ctx, &user_dn(&escaped)), (0, found.clone()), "{name}");
    }
    for spelling in [
        "uid=doe\\, john",
        "uid=doe\\2c john",
        "uid=doe\\2C\\20john",
        "UID=DOE\\,  JOHN",
    ] {
        let (code, dns) = read(ctx, &format!("{spelling},{BASE}"));
        assert_eq!((code, dns.len()), (0, 1), "{spelling}");
    }
}

pub fn names_beyond_ascii(ctx: &Battery) {
    for spelling in ["uid=jörg", "uid=JÖRG", "uid=j\\C3\\B6rg", "uid=jo\u{308}rg"] {
        let (code, dns) = read(ctx, &format!("{spelling},{BASE}"));
        assert_eq!((code, dns.len()), (0, 1), "{spelling}");
        assert_eq!(rdn_value(&dns[0]), "jörg");
    }
    for spelling in ["uid=jorg", "uid=smile\u{1f601}"] {
        assert_eq!(read(ctx, &format!("{spelling},{BASE}")).0, 32, "{spelling}");
    }
}

pub fn groups(ctx: &Battery) {
    assert_eq!(read(ctx, "CN=Staff,dc=example,dc=com"), (0, vec![group_dn("staff")]));
    assert_eq!(
        read(ctx, "cn=ops   team,dc=example,dc=com"),
        (0, vec![group_dn("Ops Team")])
    );
    let (code, dns) = read(ctx, "cn=r&d\\, berlin,dc=example,dc=com");
    assert_eq!((code, rdn_value(&dns[0]).as_str()), (0, "R&D, Berlin"));
}

pub fn wrong_kind_of_rdn(ctx: &Battery) {
    // A user is uid=, a group cn=; both are real attributes, neither is the name.
    for dn in [
        format!("cn=alice,{BASE}"),
        format!("cn=Alice Smith,{BASE}"),
        format!("uid=staff,{BASE}"),
        format!("uidNumber=10001,{BASE}"),
    ] {
        assert_eq!(read(ctx, &dn).0, 32, "{dn}");
    }
    // A multi-valued RDN is another name.
    assert_eq!(read(ctx, &format!("uid=alice+cn=Alice Smith,{BASE}")).0, 32);
}

pub fn no_dn_at_all(ctx: &Battery) {
    for base in [
        "alice",
        "uid=alice,,dc=com",
        "=alice,dc=example,dc=com",
        "uid=alice\\zz,dc=example,dc=com",
        "uid=a,b,dc=example,dc=com",
    ] {
        let (code, dns) = read(ctx, base);
        // RFC 4511 4.1.9: invalidDNSyntax.
        assert_eq!((code, dns.len()), (34, 0), "{base}");
    }
}

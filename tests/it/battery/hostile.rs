//! Values meant to break something. None may be an error, and none may find more than it says.

use super::Battery;
use crate::harness::ldap::user_dn;
use crate::harness::ldapsearch;

const INJECTIONS: [&str; 14] = [
    "alice' OR '1'='1",
    "' OR 1=1 -- ",
    "' OR 1=1 #",
    "'; DROP TABLE \"Users\"; --",
    "\"; DROP TABLE Users; --",
    "alice\\5c' OR 1=1 -- ",
    "alice'||'",
    "?",
    "$1",
    ":name",
    "%",
    "_lice",
    "ali%",
    "0",
];

pub fn injections(ctx: &Battery) {
    for value in INJECTIONS {
        for attribute in [
            "uid",
            "cn",
            "mail",
            "memberUid",
            "gidNumber",
            "uidNumber",
            "homeDirectory",
            "givenName",
        ] {
            ctx.finds(&format!("({attribute}={value})"), []);
        }
        ctx.finds(&format!("(|(uid=alice)(uid={value}))"), ["alice"]);
        ctx.finds(&format!("(member=uid={value},dc=example,dc=com)"), []);
    }
    assert!(ctx.users("1 = 1").len() > 20);
}

pub fn injections_into_substrings(ctx: &Battery) {
    for value in [
        "' OR '1'='1",
        "'; --",
        "|%",
        "|_",
        "\\5c%",
        "\\5c\\5c",
        "%%",
        "__________",
    ] {
        ctx.finds(&format!("(uid=*{value}*)"), []);
        ctx.finds(&format!("(uid={value}*)"), []);
    }
}

pub fn wildcards_are_only_in_the_filter(ctx: &Battery) {
    ctx.finds("(uid=\\2a)", []);
    ctx.finds("(uid=ali\\2a)", []);
    ctx.finds("(memberUid=\\2a)", []);
    ctx.finds("(uid=\\61lice)", ["alice"]);
    ctx.finds("(uid=\\41LICE)", ["alice"]);
}

pub fn bytes_that_are_no_text(ctx: &Battery) {
    for value in [
        "\\ff",
        "\\c3",
        "alice\\ff",
        "\\ffalice",
        "\\ed\\a0\\80",
        "\\f4\\90\\80\\80",
    ] {
        for attribute in [
            "uid",
            "cn",
            "memberUid",
            "mail",
            "uidNumber",
            "objectClass",
            "homeDirectory",
        ] {
            ctx.finds(&format!("({attribute}={value})"), []);
            ctx.finds(&format!("(!({attribute}={value}))"), []);
        }
        ctx.finds(&format!("(cn=*{value}*)"), []);
        ctx.finds(&format!("(|(uid=alice)(uid={value}))"), ["alice"]);
    }
}

pub fn control_characters(ctx: &Battery) {
    // RFC 4518 2.2 maps most of them, U+0000 too, to nothing, so these may be `alice`; nobody else may be found, and no
    // engine may stumble over them.
    for value in [
        "alice\\00",
        "\\00alice",
        "ali\\00ce",
        "ali\\01ce",
        "ali\\c2\\adce",
        "ali\\e2\\80\\8bce",
    ] {
        let found = ctx.names(&format!("(uid={value})"));
        assert!(
            found.is_empty() || found == crate::harness::ldap::set(["alice"]),
            "{value}: {found:?}"
        );
        assert!(ctx.names(&format!("(uid={value}x)")).is_empty(), "{value}");
    }
    for attribute in [
        "uid",
        "cn",
        "memberUid",
        "mail",
        "uidNumber",
        "objectClass",
        "homeDirectory",
    ] {
        ctx.finds(&format!("({attribute}=\\00)"), []);
    }
    assert_eq!(ctx.search(&["(cn=*\\00*)", "1.1"]).code, 0);
}

pub fn long_values(ctx: &Battery) {
    let long = "x".repeat(20_000);
    ctx.finds(&format!("(uid={long})"), []);
    ctx.finds(&format!("(cn=*{long}*)"), []);
    ctx.finds(&format!("(memberUid={long})"), []);
    ctx.finds(&format!("(uidNumber={})", "9".repeat(10_000)), []);
}

pub fn dns_of_injections(ctx: &Battery) {
    for value in ["alice' OR '1'='1", "' OR 1=1 -- ", "%", "$1", "?"] {
        let answer = ldapsearch(ctx.gateway, &["-b", &user_dn(value), "-s", "base"]);
        assert_eq!((answer.code, answer.entries.len()), (32, 0), "{value}");
    }
}

pub fn binds_with_injections(ctx: &Battery) {
    for value in ["alice' OR '1'='1", "' OR 1=1 -- ", "%", "$1", "ali%"] {
        let (code, _) = crate::harness::ldapwhoami(ctx.gateway, &user_dn(value), "alice-likes-tea");
        assert_eq!(code, 49, "{value}");
    }
}

//! Bind (RFC 4511 4.2, RFC 4513 5.1) and Who am I? (RFC 4532).

use super::{Battery, names, search};
use crate::harness::client::{base_search, bind, equal, extended, search as search_op};
use crate::harness::ldap::{BASE, BATTERY_PASSWORD, group_dn, password, rdn_value, set, user_dn};
use crate::harness::{Client, block_on, ldapsearch, ldapwhoami};
use ldap3_proto::proto::{LdapBindCred, LdapBindRequest, LdapCompareRequest, LdapOp, SaslCredentials};

pub fn right_password(ctx: &Battery) {
    for user in ["alice", "bob", "carol", "erin", "grace"] {
        assert_eq!(
            ldapwhoami(ctx.gateway, &user_dn(user), password(user)),
            (0, format!("dn:{}", user_dn(user)))
        );
    }
}

pub fn wrong_password(ctx: &Battery) {
    for wrong in [
        "bob-builds-boats",
        "ALICE-LIKES-TEA",
        "alice-likes-tea ",
        "alice-likes-te",
        "x",
    ] {
        assert_eq!(ldapwhoami(ctx.gateway, &user_dn("alice"), wrong).0, 49, "{wrong:?}");
    }
}

pub fn the_hash_is_no_password(ctx: &Battery) {
    let hash = &ctx
        .database
        .rows("SELECT \"userPassword\" FROM \"Users\" WHERE \"uid\" = 'alice'")[0][0];
    assert_eq!(ldapwhoami(ctx.gateway, &user_dn("alice"), hash).0, 49);
}

pub fn unknown_user(ctx: &Battery) {
    assert_eq!(ldapwhoami(ctx.gateway, &user_dn("nobody"), "some-Passw0rd").0, 49);
    // Never noSuchObject, wherever the DN points.
    for dn in [
        group_dn("staff"),
        BASE.to_string(),
        "uid=alice,dc=other,dc=org".into(),
        "cn=admin".into(),
    ] {
        assert_eq!(ldapwhoami(ctx.gateway, &dn, "some-Passw0rd").0, 49, "{dn}");
    }
}

pub fn no_password_set(ctx: &Battery) {
    assert_eq!(ldapwhoami(ctx.gateway, &user_dn("heidi"), "some-Passw0rd").0, 49);
    assert_eq!(ldapwhoami(ctx.gateway, &user_dn("heidi"), "NULL").0, 49);
}

pub fn empty_password(ctx: &Battery) {
    // RFC 4513 5.1.2: unwillingToPerform, for users that exist and those that do not.
    for user in ["alice", "heidi", "nobody"] {
        assert_eq!(ldapwhoami(ctx.gateway, &user_dn(user), "").0, 53, "{user}");
    }
}

pub fn anonymous(ctx: &Battery) {
    let (code, identity) = ldapwhoami(ctx.gateway, "", "");
    assert_eq!((code, identity.as_str()), (0, "anonymous"));
}

pub fn by_any_spelling_of_the_dn(ctx: &Battery) {
    for dn in [
        "UID=Alice,DC=Example,DC=Com",
        "uid = ALICE , dc=example, dc=com",
        "uid=\\61lice,dc=example,dc=com",
        "userid=alice,dc=example,dc=com",
    ] {
        assert_eq!(
            ldapwhoami(ctx.gateway, dn, password("alice")),
            (0, format!("dn:{}", user_dn("alice"))),
            "{dn}"
        );
    }
}

pub fn lenient_dns(ctx: &Battery) {
    for dn in [
        "cn=alice,dc=example,dc=com",
        "uid=alice,ou=people,dc=example,dc=com",
        "cn=ALICE,ou=a,ou=b,dc=example,dc=com",
        "mail=alice,dc=example,dc=com",
        "sAMAccountName=Alice,dc=example,dc=com",
        "userPrincipalName=alice,ou=people,dc=example,dc=com",
        "1.2.3.4=alice,dc=example,dc=com",
    ] {
        assert_eq!(
            ldapwhoami(ctx.gateway, dn, password("alice")),
            (0, format!("dn:{}", user_dn("alice"))),
            "{dn}"
        );
    }
    // The user name, not the full name; a single value; below the base.
    for dn in [
        "cn=Alice Smith,dc=example,dc=com",
        "uid=alice+cn=alice,dc=example,dc=com",
        "mail=alice+mail=alice,dc=example,dc=com",
        "mail=alice",
        "mail=alice@example.com,dc=example,dc=com",
        "uid=alice",
        "uid=alice,dc=com",
    ] {
        assert_eq!(ldapwhoami(ctx.gateway, dn, password("alice")).0, 49, "{dn}");
    }
}

pub fn exact_dns(ctx: &Battery) {
    let gateway = ctx.gateway_with(|env| env.with("BIND_DN", "exact"));
    assert_eq!(
        ldapwhoami(&gateway, "UID=ALICE, dc=example,dc=com", password("alice")).0,
        0
    );
    for dn in [
        "cn=alice,dc=example,dc=com",
        "mail=alice,dc=example,dc=com",
        "uid=alice,ou=people,dc=example,dc=com",
    ] {
        assert_eq!(ldapwhoami(&gateway, dn, password("alice")).0, 49, "{dn}");
    }
}

pub fn names_that_are_odd(ctx: &Battery) {
    for (typed, name) in [
        ("jörg", "jörg"),
        ("JÖRG", "jörg"),
        ("doe\\, john", "doe, john"),
        ("o'brien", "o'brien"),
        ("mixedcase", "MixedCase"),
        ("plus\\+sign", "plus+sign"),
        ("back\\\\slash", "back\\slash"),
    ] {
        let (code, identity) = ldapwhoami(ctx.gateway, &user_dn(typed), BATTERY_PASSWORD);
        assert_eq!((code, rdn_value(&identity).as_str()), (0, name), "{typed}");
    }
    for typed in ["jorg", "under_score", "o''brien"] {
        assert_eq!(
            ldapwhoami(ctx.gateway, &user_dn(typed), BATTERY_PASSWORD).0,
            49,
            "{typed}"
        );
    }
}

pub fn no_dn(ctx: &Battery) {
    for dn in ["alice", "uid=alice,,", "=,="] {
        let code = ldapwhoami(ctx.gateway, dn, password("alice")).0;
        // RFC 4511 4.2.2 leaves both; the client library may also refuse by itself.
        assert!([34, 49].contains(&code), "{dn}: {code}");
    }
}

pub fn search_as_a_user(ctx: &Battery) {
    let found = search(
        ctx.gateway,
        &["-D", &user_dn("alice"), "-w", password("alice"), "(uid=bob)", "1.1"],
    );
    assert_eq!(found.short(), set(["bob"]));
    let refused = search(
        ctx.gateway,
        &["-D", &user_dn("alice"), "-w", "wrong-Passw0rd", "(uid=bob)"],
    );
    assert_eq!((refused.code, refused.entries.len()), (49, 0));
}

/// The identity by Who am I?
async fn whoami(client: &mut Client) -> String {
    let id = client.send(extended("1.3.6.1.4.1.4203.1.11.3")).await.unwrap();
    let message = client.receive().await.unwrap();
    assert_eq!(message.msgid, id);
    let LdapOp::ExtendedResponse(response) = message.op else {
        panic!("{:?}", message.op)
    };
    assert_eq!(response.res.code as i32, 0);
    String::from_utf8(response.value.unwrap_or_default()).unwrap()
}

pub fn again_on_the_same_connection(ctx: &Battery) {
    block_on(async {
        let mut client = Client::connect(ctx.gateway).await;
        assert_eq!(whoami(&mut client).await, "");
        assert_eq!(client.bind(&user_dn("cheap"), BATTERY_PASSWORD).await.unwrap(), 0);
        assert_eq!(whoami(&mut client).await, format!("dn:{}", user_dn("cheap")));
        assert_eq!(client.bind(&user_dn("o'brien"), BATTERY_PASSWORD).await.unwrap(), 0);
        assert_eq!(whoami(&mut client).await, format!("dn:{}", user_dn("o'brien")));
        // A bind that fails leaves the connection anonymous (RFC 4511 4.2.1), and usable.
        assert_eq!(client.bind(&user_dn("cheap"), "wrong-Passw0rd").await.unwrap(), 49);
        assert_eq!(whoami(&mut client).await, "");
        assert_eq!(client.bind(&user_dn("cheap"), "").await.unwrap(), 53);
        assert_eq!(client.lookup("alice").await.unwrap(), 1);
        assert_eq!(client.bind(&user_dn("cheap"), BATTERY_PASSWORD).await.unwrap(), 0);
        assert_eq!(client.bind("", "").await.unwrap(), 0);
        assert_eq!(whoami(&mut client).await, "");
    });
}

pub fn mechanisms_and_versions(ctx: &Battery) {
    block_on(async {
        let mut client = Client::connect(ctx.gateway).await;
        let sasl = LdapBindCred::SASL(SaslCredentials {
            mechanism: "EXTERNAL".into(),
            credentials: vec![],
        });
        let request = LdapOp::BindRequest(LdapBindRequest {
            version: 3,
            dn: String::new(),
            cred: sasl,
        });
        assert_eq!(
            client.request(request).await.unwrap().code(),
            7,
            "authMethodNotSupported"
        );
        assert_eq!(client.lookup("alice").await.unwrap(), 1, "the connection stays usable");
        let simple = LdapBindCred::Simple(BATTERY_PASSWORD.into());
        let request = LdapOp::BindRequest(LdapBindRequest {
            version: 2,
            dn: user_dn("cheap"),
            cred: simple,
        });
        assert_eq!(client.request(request).await.unwrap().code(), 2, "protocolError");
    });
}

pub fn searches_need_a_bind_where_it_is_required(ctx: &Battery) {
    let gateway = ctx.closed();
    for filter in [
        "(uid=alice)",
        "(uid=nobody)",
        "(objectClass=*)",
        "(objectClass=sudoRole)",
    ] {
        let refused = search(gateway, &[filter]);
        assert_eq!((refused.code, refused.entries.len()), (50, 0), "{filter}");
    }
    // Before the base is looked at.
    for base in [
        "dc=other",
        "uid=nobody,dc=example,dc=com",
        "uid=alice,dc=example,dc=com",
    ] {
        let refused = ldapsearch(gateway, &["-b", base, "-s", "base"]);
        assert_eq!((refused.code, refused.matched), (50, None), "{base}");
    }
    // An empty base with any scope but base: whether it means the directory is not said either.
    for scope in ["one", "sub", "children"] {
        let refused = ldapsearch(gateway, &["-b", "", "-s", scope, "(uid=alice)"]);
        assert_eq!((refused.code, refused.entries.len()), (50, 0), "{scope}");
    }
    // Root DSE and schema excepted.
    assert_eq!(
        ldapsearch(gateway, &["-b", "", "-s", "base", "+"])
            .only()
            .values("namingContexts"),
        [BASE]
    );
    assert_eq!(
        ldapsearch(gateway, &["-b", "cn=Subschema", "-s", "base", "attributeTypes"])
            .success()
            .len(),
        1
    );
    let bound = search(
        gateway,
        &["-D", &user_dn("cheap"), "-w", BATTERY_PASSWORD, "(uid=alice)", "1.1"],
    );
    assert_eq!(bound.short(), set(["alice"]));
}

pub fn required_again_after_a_failed_bind(ctx: &Battery) {
    let gateway = ctx.closed();
    block_on(async {
        let mut client = Client::connect(gateway).await;
        let code = async |client: &mut Client| client.request(search_op(equal("uid", "alice"))).await.unwrap().code();
        assert_eq!(code(&mut client).await, 50);
        assert_eq!(client.bind(&user_dn("cheap"), BATTERY_PASSWORD).await.unwrap(), 0);
        assert_eq!(code(&mut client).await, 0);
        assert_eq!(client.bind(&user_dn("cheap"), "wrong-Passw0rd").await.unwrap(), 49);
        assert_eq!(code(&mut client).await, 50);
        let compare = LdapCompareRequest {
            dn: user_dn("alice"),
            atype: "uid".into(),
            val: b"alice".to_vec(),
        };
        assert_eq!(
            client.request(LdapOp::CompareRequest(compare)).await.unwrap().code(),
            50
        );
    });
}

pub fn requests_keep_the_identity_they_started_with(ctx: &Battery) {
    // A bind waits for what runs before it, and what comes after it waits for the bind (RFC 4511 4.2.1).
    let gateway = ctx.closed();
    block_on(async {
        let mut client = Client::connect(gateway).await;
        let ops = [
            bind(&user_dn("cheap"), BATTERY_PASSWORD),
            search_op(equal("uid", "alice")),
            bind("", ""),
            search_op(equal("uid", "alice")),
            bind(&user_dn("cheap"), BATTERY_PASSWORD),
            base_search(&user_dn("bob"), &["1.1"]),
        ];
        for op in ops {
            client.send(op).await.unwrap();
        }
        let mut codes = Vec::new();
        for id in 1..=6 {
            codes.push(client.finish(id).await.unwrap().code());
        }
        assert_eq!(codes, [0, 0, 0, 50, 0, 0]);
    });
}

pub fn pending_users_may_bind_where_no_status_is_asked_for(ctx: &Battery) {
    assert_eq!(ldapwhoami(ctx.gateway, &user_dn("dave"), password("dave")).0, 0);
}

pub fn a_bind_needs_the_row_of_the_one_user_query(ctx: &Battery) {
    // All-users says who exists; a condition in one-user is honoured by the bind.
    let gateway = ctx.gateway_with(|env| {
        env.changed("SQL_QUERY_ONE_USER", |query| {
            format!("{query} AND {}", ctx.engine.quoted("\"uidNumber\" <> 30025"))
        })
    });
    assert_eq!(ldapwhoami(&gateway, &user_dn("cheap"), BATTERY_PASSWORD).0, 49);
    assert_eq!(ldapwhoami(&gateway, &user_dn("o'brien"), BATTERY_PASSWORD).0, 0);
    assert!(names(&gateway, "(objectClass=person)").contains("cheap"));
}

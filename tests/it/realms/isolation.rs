//! Two realms, one's base below the other's, on two databases with people of the same names.

use super::{INNER, INNER_PASSWORD, OUTER, env, make_inner, realm};
use crate::harness::client::{base_search, equal, search_for};
use crate::harness::ldap::{password, user_dn};
use crate::harness::{Client, Database, Engine, Gateway, beside_others, block_on, ldapsearch, ldapwhoami};
use crate::observability::Observed;
use ldap3_proto::proto::{LdapCompareRequest, LdapFilter, LdapOp, LdapSearchScope};
use serde_json::{Value, json};

/// Both realms, with further options.
fn gateway(change: impl FnOnce(&mut Vec<Value>)) -> (Gateway, Database, Database) {
    let (outer, inner) = (Database::fresh(Engine::Sqlite), Database::fresh(Engine::Sqlite));
    make_inner(&inner);
    let mut realms = vec![
        realm("all", OUTER, &outer.deployed()),
        realm("lab", INNER, &inner.deployed()),
    ];
    change(&mut realms);
    (Gateway::start(&env(&realms)), outer, inner)
}

fn open(realms: &mut Vec<Value>) {
    for realm in realms {
        realm["directory"]["options"]["requireAuthForSearch"] = json!(false);
    }
}

fn inner_dn(user: &str) -> String {
    format!("uid={user},{INNER}")
}

fn subtree(base: &str, filter: LdapFilter) -> LdapOp {
    search_for(base, LdapSearchScope::Subtree, filter, &["*", "memberOf"])
}

/// The DNs that a search finds, or its code.
async fn dns(client: &mut Client, op: LdapOp) -> Result<Vec<String>, i32> {
    let done = client.request(op).await.unwrap();
    match done.code() {
        0 => Ok(done.entries.into_iter().map(|entry| entry.dn).collect()),
        code => Err(code),
    }
}

#[test]
fn each_name_is_bound_in_the_realm_of_its_base() {
    let _guard = beside_others();
    let (gateway, ..) = gateway(|_| {});
    let outer = password("alice");
    for (dn, password, code, identity) in [
        (user_dn("alice"), outer, 0, user_dn("alice")),
        (inner_dn("alice"), INNER_PASSWORD, 0, inner_dn("alice")),
        // The other realm's password, in both directions.
        (user_dn("alice"), INNER_PASSWORD, 49, String::new()),
        (inner_dn("alice"), outer, 49, String::new()),
        // Who is only in the other one.
        (user_dn("dora"), INNER_PASSWORD, 49, String::new()),
        (inner_dn("bob"), self::password("bob"), 49, String::new()),
        (inner_dn("dora"), INNER_PASSWORD, 0, inner_dn("dora")),
        // Lenient names are looked up in the realm that owns the suffix, and nowhere else.
        (format!("cn=alice,ou=x,{INNER}"), INNER_PASSWORD, 0, inner_dn("alice")),
        (format!("mail=alice,ou=x,{INNER}"), outer, 49, String::new()),
        (format!("cn=dora,{OUTER}"), INNER_PASSWORD, 49, String::new()),
        // Lenient in the outer realm, this would be a user called lab.
        (INNER.to_string(), outer, 49, String::new()),
        (OUTER.to_string(), outer, 49, String::new()),
        ("uid=alice,dc=other".to_string(), outer, 49, String::new()),
        (
            "uid=alice,dc=LAB , dc=Example,DC=com".to_string(),
            INNER_PASSWORD,
            0,
            inner_dn("alice"),
        ),
    ] {
        let (got, said) = ldapwhoami(&gateway, &dn, password);
        assert_eq!(got, code, "{dn}");
        if code == 0 {
            assert_eq!(said, format!("dn:{identity}"), "{dn}");
        }
    }
}

#[test]
fn a_search_finds_the_entries_of_its_own_realm() {
    let _guard = beside_others();
    let (gateway, ..) = gateway(open);
    block_on(async {
        let mut client = Client::connect(&gateway).await;
        let mut find = async |base: &str, filter| dns(&mut client, subtree(base, filter)).await;
        // As slapd's databases that are not glued together: the outer one does not show the inner one.
        let outer = find(OUTER, LdapFilter::Present("objectClass".into())).await.unwrap();
        assert!(!outer.iter().any(|dn| dn.ends_with(INNER)), "{outer:?}");
        assert!(outer.contains(&user_dn("bob")) && outer.contains(&OUTER.to_string()));
        let inner = find(INNER, LdapFilter::Present("objectClass".into())).await.unwrap();
        assert!(inner.iter().all(|dn| dn.ends_with(INNER)), "{inner:?}");
        assert!(inner.contains(&inner_dn("dora")) && !inner.contains(&inner_dn("bob")));
        assert_eq!(find(INNER, equal("uid", "bob")).await, Ok(vec![]));
        assert_eq!(find(OUTER, equal("uid", "dora")).await, Ok(vec![]));
        assert_eq!(find(OUTER, equal("cn", "Alice of the lab")).await, Ok(vec![]));
        // Names of the other realm in a filter are names of nobody.
        for (base, member) in [(OUTER, inner_dn("alice")), (INNER, user_dn("alice"))] {
            assert_eq!(find(base, equal("member", &member)).await, Ok(vec![]), "{member}");
            assert_eq!(find(base, equal("entryDN", &member)).await, Ok(vec![]), "{member}");
        }
        let own = find(INNER, equal("member", &inner_dn("alice"))).await.unwrap();
        assert!(!own.is_empty() && own.iter().all(|dn| dn.ends_with(INNER)));
        assert_eq!(
            find(INNER, equal("memberOf", &format!("cn=staff,{OUTER}"))).await,
            Ok(vec![])
        );
        // What does not exist is told with the deepest entry above it in its own realm.
        for (base, matched) in [
            (inner_dn("bob"), INNER.to_string()),
            (format!("ou=x,{INNER}"), INNER.to_string()),
            (user_dn("dora"), OUTER.to_string()),
            (format!("dc=lab2,{OUTER}"), OUTER.to_string()),
            (format!("cn=x,{}", inner_dn("dora")), inner_dn("dora")),
            ("dc=com".to_string(), String::new()),
        ] {
            let done = client.request(subtree(&base, equal("uid", "x"))).await.unwrap();
            assert_eq!((done.code(), done.result.matcheddn), (32, matched), "{base}");
        }
    });
}

#[test]
fn a_session_is_nobody_in_the_other_realm() {
    let _guard = beside_others();
    let (gateway, ..) = gateway(|_| {});
    block_on(async {
        let mut client = Client::connect(&gateway).await;
        assert_eq!(client.bind(&inner_dn("alice"), INNER_PASSWORD).await.unwrap(), 0);
        assert_eq!(
            dns(&mut client, subtree(INNER, equal("uid", "alice"))).await,
            Ok(vec![inner_dn("alice")])
        );
        for base in [
            OUTER.to_string(),
            user_dn("alice"),
            user_dn("nobody"),
            format!("ou=x,{OUTER}"),
        ] {
            assert_eq!(
                dns(&mut client, subtree(&base, equal("uid", "alice"))).await,
                Err(50),
                "{base}"
            );
        }
        let compare = |dn: String| {
            LdapOp::CompareRequest(LdapCompareRequest {
                dn,
                atype: "uid".to_string(),
                val: b"alice".to_vec(),
            })
        };
        assert_eq!(client.request(compare(inner_dn("alice"))).await.unwrap().code(), 6);
        assert_eq!(client.request(compare(user_dn("alice"))).await.unwrap().code(), 50);
        // A bind that is refused in one realm leaves nothing in the other.
        assert_eq!(client.bind(&user_dn("alice"), "wrong-Passw0rd").await.unwrap(), 49);
        assert_eq!(dns(&mut client, subtree(INNER, equal("uid", "alice"))).await, Err(50));
        assert_eq!(client.bind(&user_dn("alice"), password("alice")).await.unwrap(), 0);
        assert_eq!(dns(&mut client, subtree(INNER, equal("uid", "alice"))).await, Err(50));
        assert_eq!(
            dns(&mut client, subtree(OUTER, equal("uid", "alice"))).await,
            Ok(vec![user_dn("alice")])
        );
        // What is in no realm can be read by all.
        for base in ["", "cn=Subschema"] {
            assert_eq!(
                client.request(base_search(base, &["1.1"])).await.unwrap().code(),
                0,
                "{base}"
            );
        }
    });
}

#[test]
fn login_names_are_the_default_realm_s_or_have_the_domain_of_one() {
    let _guard = beside_others();
    let (gateway, ..) = gateway(|realms| {
        for realm in realms {
            realm["directory"]["options"]["bindNames"] = json!(["uid", "upn"]);
        }
    });
    let outer = password("alice");
    for (name, password, identity) in [
        ("alice", outer, Some(user_dn("alice"))),
        ("alice", INNER_PASSWORD, None),
        ("dora", INNER_PASSWORD, None),
        ("alice@example.com", outer, Some(user_dn("alice"))),
        ("alice@lab.example.com", INNER_PASSWORD, Some(inner_dn("alice"))),
        ("alice@lab.example.com", outer, None),
        ("LAB\\dora", INNER_PASSWORD, Some(inner_dn("dora"))),
        ("EXAMPLE\\dora", INNER_PASSWORD, None),
    ] {
        let (code, said) = ldapwhoami(&gateway, name, password);
        match identity {
            Some(dn) => assert_eq!((code, said), (0, format!("dn:{dn}")), "{name}"),
            None => assert_eq!(code, 49, "{name}"),
        }
    }
}

#[test]
fn the_root_dse_lists_all_and_the_default_first() {
    let _guard = beside_others();
    for (default, first, second) in [(0, OUTER, INNER), (1, INNER, OUTER)] {
        let (gateway, ..) = gateway(|realms| realms[default]["default"] = json!(true));
        let wanted = ["namingContexts", "defaultNamingContext", "subschemaSubentry"];
        let arguments = [["-b", "", "-s", "base", "(objectClass=*)"].as_slice(), &wanted].concat();
        let found = ldapsearch(&gateway, &arguments).only();
        assert_eq!(found.values("namingContexts"), [first, second]);
        assert_eq!(found.values("defaultNamingContext"), [first]);
        assert_eq!(found.values("subschemaSubentry"), ["cn=Subschema"]);
    }
}

#[test]
fn the_schema_has_what_all_realms_serve() {
    let _guard = beside_others();
    let (gateway, ..) = gateway(|realms| {
        open(realms);
        for (realm, name) in realms.iter_mut().zip(["badgeColour", "shoeSize"]) {
            let options = realm["directory"]["options"].as_object_mut().unwrap();
            for query in ["sqlQueryAllUsers", "sqlQueryOneUser"] {
                let text = options[query].as_str().unwrap();
                let text = text.replacen(" FROM ", &format!(", 'blue' AS \"attr:{name}\" FROM "), 1);
                options.insert(query.to_string(), json!(text));
            }
        }
    });
    let arguments = ["-b", "cn=Subschema", "-s", "base", "(objectClass=*)", "attributeTypes"];
    let schema = ldapsearch(&gateway, &arguments).only();
    let types = schema.values("attributeTypes").join("\n");
    assert!(types.contains("'badgeColour'") && types.contains("'shoeSize'"));
    block_on(async {
        let mut client = Client::connect(&gateway).await;
        let mut find = async |base, filter| dns(&mut client, subtree(base, filter)).await.unwrap().len();
        assert!(find(OUTER, equal("badgeColour", "blue")).await > 0);
        assert!(find(INNER, equal("shoeSize", "blue")).await > 0);
        // In a filter it is no attribute of this realm.
        assert_eq!(find(INNER, equal("badgeColour", "blue")).await, 0);
        let not = LdapFilter::Not(Box::new(equal("badgeColour", "red")));
        assert_eq!(find(INNER, not).await, 0);
    });
}

#[test]
fn a_cookie_of_one_realm_is_foreign_to_the_other() {
    let _guard = beside_others();
    let (gateway, ..) = gateway(open);
    block_on(async {
        let mut client = Client::connect(&gateway).await;
        let people = |base| subtree(base, equal("objectClass", "person"));
        let page = client.page(&people(OUTER), 2, b"").await;
        let cookie = page.cookie.unwrap();
        assert!(!cookie.is_empty());
        assert_eq!(client.page(&people(INNER), 2, &cookie).await.code, 53);
        let next = client.page(&people(OUTER), 2, &cookie).await;
        assert_eq!((next.code, next.entries.len()), (0, 2));
        assert!(next.entries.iter().all(|entry| !entry.dn.ends_with(INNER)));
    });
}

#[test]
fn the_empty_base_is_no_entry() {
    let _guard = beside_others();
    let (gateway, ..) = gateway(open);
    for scope in ["one", "sub", "children"] {
        assert_eq!(ldapsearch(&gateway, &["-b", "", "-s", scope]).code, 32, "{scope}");
    }
}

#[test]
fn the_empty_base_covers_all_realms_where_the_operator_wants_that() {
    let _guard = beside_others();
    let (outer, inner) = (Database::fresh(Engine::Sqlite), Database::fresh(Engine::Sqlite));
    make_inner(&inner);
    let realms = |open: [bool; 2]| {
        let mut realms = vec![
            realm("all", OUTER, &outer.deployed()),
            realm("lab", INNER, &inner.deployed()),
        ];
        for (realm, open) in realms.iter_mut().zip(open) {
            realm["directory"]["options"]["requireAuthForSearch"] = json!(!open);
        }
        env(&realms).with("EMPTY_BASE", "directory")
    };
    let people = || search_for("", LdapSearchScope::Subtree, equal("objectClass", "person"), &["uid"]);
    let both = Gateway::start(&realms([true, true]));
    block_on(async {
        let mut client = Client::connect(&both).await;
        let all = dns(&mut client, people()).await.unwrap();
        let of = async |client: &mut Client, base| {
            dns(client, subtree(base, equal("objectClass", "person")))
                .await
                .unwrap()
        };
        let in_order = [of(&mut client, OUTER).await, of(&mut client, INNER).await].concat();
        assert_eq!(all, in_order);
        let bases = search_for(
            "",
            LdapSearchScope::OneLevel,
            LdapFilter::Present("objectClass".into()),
            &["1.1"],
        );
        assert_eq!(dns(&mut client, bases).await.unwrap(), [OUTER, INNER]);
        // In pages of every size, with the seam between the realms anywhere in one.
        let half = in_order.len() as i64 / 2;
        for size in [1, 2, 3, 7, half - 1, half, half + 1, 2 * half, 2 * half + 1] {
            let mut walked = client.walk(&people(), size, Vec::new()).await;
            let mut all = in_order.clone();
            walked.sort();
            all.sort();
            assert_eq!(walked, all, "{size}");
        }
        let mut limited = people();
        if let LdapOp::SearchRequest(search) = &mut limited {
            search.sizelimit = i32::try_from(in_order.len()).unwrap() - 1;
        }
        let done = client.request(limited).await.unwrap();
        assert_eq!((done.code(), done.entries.len()), (4, in_order.len() - 1));
        // A cookie of one realm alone is none of this search.
        let cookie = client
            .page(&subtree(INNER, equal("objectClass", "person")), 2, b"")
            .await
            .cookie
            .unwrap();
        assert_eq!(client.page(&people(), 2, &cookie).await.code, 53);
    });
    // Who may read one realm gets that one.
    let one = Gateway::start(&realms([false, true]));
    block_on(async {
        let mut client = Client::connect(&one).await;
        assert!(
            dns(&mut client, people())
                .await
                .unwrap()
                .iter()
                .all(|dn| dn.ends_with(INNER))
        );
        assert_eq!(client.bind(&user_dn("alice"), password("alice")).await.unwrap(), 0);
        assert!(dns(&mut client, people()).await.unwrap().contains(&user_dn("alice")));
    });
    let none = Gateway::start(&realms([false, false]));
    block_on(async {
        let mut client = Client::connect(&none).await;
        assert_eq!(dns(&mut client, people()).await, Err(50));
        assert_eq!(client.bind(&inner_dn("alice"), INNER_PASSWORD).await.unwrap(), 0);
        assert!(
            dns(&mut client, people())
                .await
                .unwrap()
                .iter()
                .all(|dn| dn.ends_with(INNER))
        );
    });
}

/// Each realm is asked for its own requests alone: what one does costs the other no statement.
#[test]
fn a_realm_s_database_is_asked_for_its_own_requests_alone() {
    let _guard = beside_others();
    let (outer, inner) = (Database::fresh(Engine::Sqlite), Database::fresh(Engine::Sqlite));
    make_inner(&inner);
    let mut realms = vec![
        realm("all", OUTER, &outer.deployed()),
        realm("lab", INNER, &inner.deployed()),
    ];
    open(&mut realms);
    let observed = Observed::start(&env(&realms));
    let gateway = &observed.gateway;
    let before = observed.metrics();
    block_on(async {
        let mut client = Client::connect(gateway).await;
        for _ in 0..5 {
            client.request(subtree(INNER, equal("uid", "alice"))).await.unwrap();
            client
                .request(subtree(&inner_dn("nobody"), equal("uid", "alice")))
                .await
                .unwrap();
            client.bind(&inner_dn("alice"), "wrong-Passw0rd").await.unwrap();
            client.bind(&inner_dn("bob"), "wrong-Passw0rd").await.unwrap();
            client
                .bind(&format!("cn=bob,ou=x,{INNER}"), "wrong-Passw0rd")
                .await
                .unwrap();
            // No realm's.
            client.request(base_search("", &["1.1"])).await.unwrap();
            client
                .request(subtree("dc=other", equal("uid", "alice")))
                .await
                .unwrap();
        }
    });
    let after = observed.metrics();
    let changed = |realm: &str| -> Vec<String> {
        let label = format!("realm=\"{realm}\"");
        let changed = after.iter().filter(|(name, value)| before.get(*name) != Some(value));
        changed
            .map(|(name, _)| name.clone())
            .filter(|name| name.contains(&label))
            .collect()
    };
    assert_eq!(changed("all"), Vec::<String>::new());
    let lab = changed("lab");
    for counted in [
        "sql_statements_total{statement=\"bind\"",
        "auth_link_results_total{link=\"sql\"",
        "operations_total{operation=\"bind\",code=\"49\"",
    ] {
        assert!(lab.iter().any(|name| name.contains(counted)), "{counted} {lab:#?}");
    }
}

/// The log of one realm's requests says nothing of the other.
#[test]
fn lines_of_the_log_name_their_realm() {
    let _guard = beside_others();
    let (gateway, ..) = gateway(|_| {});
    ldapwhoami(&gateway, &inner_dn("alice"), INNER_PASSWORD);
    ldapwhoami(&gateway, &user_dn("alice"), password("alice"));
    let log = gateway.log();
    let binds: Vec<&str> = log
        .lines()
        .filter(|line| line.contains("operation=\"bind\"") || line.contains("operation=bind"))
        .collect();
    assert_eq!(binds.len(), 2, "{log}");
    assert!(
        binds[0].contains("realm=\"lab\"") && !binds[0].contains("all"),
        "{}",
        binds[0]
    );
    assert!(
        binds[1].contains("realm=\"all\"") && !binds[1].contains("lab"),
        "{}",
        binds[1]
    );
}

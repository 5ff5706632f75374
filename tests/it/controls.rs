//! Request controls and Cancel, where the engine does not matter. Paging on each engine is in `battery::paging`.

use crate::harness::client::{base_search, equal, search as search_op, search_for};
use crate::harness::ldap::{BASE, code, ldapsearch, set, tool, user_dn};
use crate::harness::{Client, Database, Engine, Gateway, beside_others, block_on};
use ldap3_proto::proto::{LdapExtendedRequest, LdapFilter, LdapOp, LdapSearchScope};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

const PAGED_RESULTS: &str = "1.2.840.113556.1.4.319";
const CANCEL: &str = "1.3.6.1.1.8";

fn everything() -> LdapOp {
    search_op(LdapFilter::Present("objectClass".into()))
}

fn with_limit(size_limit: i32) -> LdapOp {
    let LdapOp::SearchRequest(mut request) = everything() else {
        panic!("a search")
    };
    request.sizelimit = size_limit;
    LdapOp::SearchRequest(request)
}

fn gateway() -> (&'static Database, Gateway) {
    let database = Database::shared(Engine::Sqlite);
    (database, Gateway::start(&database.deployed()))
}

/// The code that ldapsearch ends with, looking for alice from her own entry down.
fn code_of(gateway: &Gateway, arguments: &[&str]) -> i32 {
    let alice = user_dn("alice");
    ldapsearch(gateway, &[arguments, &["-b", &alice, "(uid=alice)", "1.1"]].concat()).code
}

#[test]
fn what_is_listed_is_supported_and_nothing_else() {
    let _guard = beside_others();
    let (_, gateway) = gateway();
    let root = ldapsearch(&gateway, &["-b", "", "-s", "base", "+"]).only();
    let controls = [
        (PAGED_RESULTS, "!pr=1/noprompt", "-E"),
        ("1.3.6.1.1.12", "!assert=(uid=alice)", "-e"),
        ("2.16.840.1.113730.3.4.2", "!manageDSAit", "-e"),
        ("1.3.6.1.1.22", "!dontUseCopy", "-E"),
        ("1.3.6.1.4.1.42.2.27.8.5.1", "!1.3.6.1.4.1.42.2.27.8.5.1", "-e"),
    ];
    assert_eq!(root.set("supportedControl"), set(controls.map(|(oid, ..)| oid)));
    for (oid, text, option) in controls {
        assert_eq!(code_of(&gateway, &[option, text]), 0, "{oid}");
    }
    for oid in ["1.2.3.4.5.6", "1.2.840.113556.1.4.473", "2.16.840.1.113730.3.4.9"] {
        assert_eq!(code_of(&gateway, &["-e", &format!("!{oid}")]), 12, "{oid}");
        assert_eq!(code_of(&gateway, &["-e", oid]), 0, "{oid}");
    }
    assert_eq!(root.set("supportedExtension"), set(["1.3.6.1.4.1.4203.1.11.3", CANCEL]));
    for (name, answer) in [
        ("whoami", "anonymous"),
        ("cancel 5", "No Operation to Cancel (119)"),
        ("1.2.3.4", "Protocol error (2)"),
    ] {
        let output = tool("ldapexop", &gateway).args(name.split(' ')).output().unwrap();
        let text = [output.stdout, output.stderr].concat();
        let text = String::from_utf8_lossy(&text);
        assert!(text.contains(answer), "{name}: {text}");
    }
    // Not with an operation that it means nothing for.
    let compare = |control: &str| {
        let output = tool("ldapcompare", &gateway)
            .args(["-e", control, &user_dn("alice"), "uid:alice"])
            .output();
        code(&output.unwrap())
    };
    assert_eq!(compare(&format!("!{PAGED_RESULTS}")), 12);
    assert_eq!(compare(PAGED_RESULTS), 6);
}

#[test]
fn assertions() {
    let _guard = beside_others();
    let (_, gateway) = gateway();
    for (assertion, expected) in [
        ("(uid=ALICE)", 0),
        ("(memberOf=cn=staff,dc=example,dc=com)", 0),
        ("(uid=bob)", 122),
        ("(unknownAttribute=x)", 122),
        ("(userPassword=alice-likes-tea)", 122),
        ("(!(userPassword=x))", 122),
        ("(&(objectClass=person)(uidNumber>=1))", 0),
    ] {
        for criticality in ["!", ""] {
            let control = format!("{criticality}assert={assertion}");
            assert_eq!(code_of(&gateway, &["-e", &control]), expected, "{control}");
            let compared = tool("ldapcompare", &gateway)
                .args(["-e", &control, &user_dn("alice"), "uid:alice"])
                .output()
                .unwrap();
            let expected = if expected == 0 { 6 } else { expected };
            assert_eq!(code(&compared), expected, "compare {control}");
        }
    }
    // Of the base, whatever is found below it.
    let below = ldapsearch(&gateway, &["-b", BASE, "-e", "!assert=(uid=alice)", "(uid=alice)"]);
    assert_eq!((below.code, below.entries.len()), (122, 0));
    let base = ldapsearch(
        &gateway,
        &["-b", BASE, "-e", "!assert=(objectClass=domain)", "(uid=alice)"],
    );
    assert_eq!(base.only().dn, user_dn("alice"));
    let nobody = ldapsearch(&gateway, &["-b", &user_dn("nobody"), "-e", "!assert=(uid=nobody)"]);
    assert_eq!(nobody.code, 32);
}

#[test]
fn values_that_are_malformed() {
    let _guard = beside_others();
    let (_, gateway) = gateway();
    for control in [
        format!("!{PAGED_RESULTS}"),
        format!("!{PAGED_RESULTS}=:xx"),
        format!("{PAGED_RESULTS}=:xx"),
        // A negative size, and one octet too many.
        format!("!{PAGED_RESULTS}=::MAUCAf8EAA=="),
        format!("!{PAGED_RESULTS}=::MAUCAQoEAAA="),
        "!1.3.6.1.1.12".to_string(),
        "!1.3.6.1.1.12=:(uid=alice)".to_string(),
        "1.3.6.1.1.12=::BAA=".to_string(),
        "!1.3.6.1.1.22=:x".to_string(),
        "1.3.6.1.1.22".to_string(),
    ] {
        assert_eq!(code_of(&gateway, &["-E", &control]), 2, "{control}");
    }
}

#[test]
fn a_cookie_fits_its_search_on_any_connection_and_replica() {
    let _guard = beside_others();
    let (database, first) = gateway();
    let second = Gateway::start_plain(&database.deployed());
    let closed = Gateway::start(&database.deployed().with("REQUIRE_AUTH_FOR_SEARCH", true));
    let other_base = Gateway::start(&database.deployed().with("LDAP_BASE_DN", "dc=example,dc=org"));
    block_on(async {
        let mut one = Client::connect(&first).await;
        let whole: BTreeSet<String> = one.walk(&everything(), 1000, Vec::new()).await.into_iter().collect();
        let begun = one.page(&everything(), 4, &[]).await;
        let cookie = begun.cookie.unwrap();
        let rest = one.walk(&everything(), 5, cookie.clone()).await;
        assert_eq!(begun.entries.len() + rest.len(), whole.len());
        drop(one);
        // Other connection, other replica, again and again; another page size.
        for gateway in [&first, &second] {
            let mut other = Client::connect(gateway).await;
            assert_eq!(other.walk(&everything(), 7, cookie.clone()).await, rest);
            assert_eq!(other.walk(&everything(), 3, cookie.clone()).await, rest);
        }
        let same = search_for(
            "DC=Example, dc=COM",
            LdapSearchScope::Subtree,
            LdapFilter::Present("objectClass".into()),
            &["cn"],
        );
        let mut client = Client::connect(&second).await;
        assert_eq!(client.walk(&same, 7, cookie.clone()).await, rest);
        // It gives nobody a right, nor does it fit anything else.
        let mut anonymous = Client::connect(&closed).await;
        let refused = anonymous.page(&everything(), 4, &cookie).await;
        assert_eq!((refused.code, refused.entries.len(), refused.cookie), (50, 0, None));
        let others = [
            base_search(BASE, &[]),
            search_op(equal("objectClass", "person")),
            search_for(
                "",
                LdapSearchScope::Subtree,
                LdapFilter::Present("objectClass".into()),
                &[],
            ),
        ];
        for other in others {
            let refused = client.page(&other, 4, &cookie).await;
            assert_eq!((refused.code, refused.entries.len(), refused.cookie), (53, 0, None));
        }
        let mut elsewhere = Client::connect(&other_base).await;
        assert_eq!(elsewhere.page(&everything(), 4, &cookie).await.code, 53);
    });
}

#[test]
fn cookies_are_hostile_input() {
    let _guard = beside_others();
    for engine in Engine::ALL {
        let gateway = Gateway::start(&Database::shared(engine).deployed());
        block_on(async {
            let mut client = Client::connect(&gateway).await;
            let cookie = client.page(&everything(), 4, &[]).await.cookie.unwrap();
            for length in 1..cookie.len().min(27) {
                assert_eq!(client.page(&everything(), 4, &cookie[..length]).await.code, 53);
            }
            for (at, octet) in cookie.iter().enumerate().take(17) {
                let mut changed = cookie.clone();
                changed[at] = octet ^ 1;
                assert_eq!(client.page(&everything(), 4, &changed).await.code, 53);
            }
            // Any stage and any key: refused, or some part of what the client may read anyway; never more than that.
            let keys: [&[u8]; 8] = [
                b"",
                b"a",
                b"' OR 1=1 --",
                b"%",
                b"\0",
                b"\xff",
                "\u{1f600}".as_bytes(),
                &[b'x'; 60_000],
            ];
            for stage in 0..=255 {
                for key in keys {
                    if stage % 16 > 4 && key != b"a" {
                        continue;
                    }
                    let mut forged = cookie[..25].to_vec();
                    forged.push(stage);
                    forged.extend(key);
                    let page = client.page(&everything(), 1000, &forged).await;
                    assert!([0, 53].contains(&page.code), "{stage} {key:?}: {page:?}");
                    if [b"\0".as_slice(), b"\xff"].contains(&key) {
                        assert_eq!(page.code, 53, "{stage} {key:?}");
                    }
                }
            }
            assert_eq!(client.page(&everything(), 4, &[b'x'; 70_000]).await.code, 53);
            assert_eq!(client.lookup("alice").await.unwrap(), 1);
        });
    }
}

#[test]
fn size_limits_count_over_all_pages() {
    let _guard = beside_others();
    let (_, gateway) = gateway();
    block_on(async {
        let mut client = Client::connect(&gateway).await;
        // As slapd: 7, 7, 6 and sizeLimitExceeded without the control.
        let first = client.page(&with_limit(20), 7, &[]).await;
        let second = client.page(&with_limit(20), 7, &first.cookie.unwrap()).await;
        assert_eq!((first.entries.len(), second.entries.len(), second.code), (7, 7, 0));
        let third = client.page(&with_limit(20), 7, &second.cookie.unwrap()).await;
        assert_eq!((third.entries.len(), third.code, third.cookie), (6, 4, None));
        // A page as large as the limit is no page (RFC 2696 section 3); GitLab asks for 20 by 126.
        for (limit, size) in [(7, 7), (5, 126)] {
            let page = client.page(&with_limit(limit), size, &[]).await;
            let entries = i32::try_from(page.entries.len()).unwrap();
            assert_eq!((entries, page.code, page.cookie), (limit, 4, None));
        }
        let all = client.walk(&everything(), 1000, Vec::new()).await.len();
        let exact = i32::try_from(all).unwrap();
        assert_eq!(client.walk(&with_limit(exact), 7, Vec::new()).await.len(), all);
    });
}

#[test]
fn a_page_of_no_entries_ends_the_walk() {
    let _guard = beside_others();
    let (_, gateway) = gateway();
    block_on(async {
        let mut client = Client::connect(&gateway).await;
        let first = client.page(&everything(), 3, &[]).await;
        for cookie in [first.cookie.unwrap(), Vec::new()] {
            let end = client.page(&everything(), 0, &cookie).await;
            assert_eq!((end.code, end.entries.len(), end.cookie), (0, 0, Some(Vec::new())));
        }
        assert_eq!(client.page(&everything(), 0, b"nonsense").await.code, 53);
        assert_eq!(client.lookup("alice").await.unwrap(), 1);
    });
    // Nobody gets the response control who did not ask for it.
    let plain = tool("ldapsearch", &gateway).args(["-b", BASE, "1.1"]).output().unwrap();
    assert!(!String::from_utf8_lossy(&plain.stdout).contains("control:"));
}

fn cancel(id: u8) -> LdapOp {
    LdapOp::ExtendedRequest(LdapExtendedRequest {
        name: CANCEL.into(),
        value: Some(vec![0x30, 3, 2, 1, id]),
    })
}

/// On PostgreSQL, where every row takes its time.
#[test]
fn a_cancelled_search_ends_at_once() {
    let _guard = beside_others();
    let database = Database::shared(Engine::PostgreSql);
    let slow = |query: &str| format!("SELECT * FROM ({query}) s WHERE pg_sleep(0.5) IS NOT NULL");
    let gateway = Gateway::start(&database.deployed().changed("SQL_QUERY_ALL_USERS", slow));
    let running = || {
        let sql = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state = 'active' \
                   AND query LIKE '%pg_sleep%' AND pid <> pg_backend_pid()";
        database.sql(sql).trim().to_string()
    };
    block_on(async {
        let mut client = Client::connect(&gateway).await;
        let search = client.send(search_op(equal("objectClass", "person"))).await.unwrap();
        let deadline = Instant::now() + Duration::from_secs(10);
        while running() == "0" {
            assert!(Instant::now() < deadline, "the search never began");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let asked = Instant::now();
        let id = client.send(cancel(u8::try_from(search).unwrap())).await.unwrap();
        // canceled, and only then the answer to the request that caused it.
        assert_eq!(client.finish(search).await.unwrap().code(), 118);
        assert_eq!(client.finish(id).await.unwrap().code(), 0);
        assert!(asked.elapsed() < Duration::from_millis(400), "{:?}", asked.elapsed());
        while running() != "0" {
            assert!(asked.elapsed() < Duration::from_millis(1500), "the statement goes on");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        // It is over, and another can have its ID.
        assert_eq!(
            client
                .request(cancel(u8::try_from(search).unwrap()))
                .await
                .unwrap()
                .code(),
            119
        );
    });
}

#[test]
fn what_can_not_be_cancelled() {
    let _guard = beside_others();
    let (_, gateway) = gateway();
    block_on(async {
        let mut client = Client::connect(&gateway).await;
        assert_eq!(client.request(cancel(99)).await.unwrap().code(), 119);
        for value in [None, Some(vec![]), Some(vec![2, 1, 1]), Some(vec![0x30, 3, 2, 1, 0xff])] {
            let request = LdapOp::ExtendedRequest(LdapExtendedRequest {
                name: CANCEL.into(),
                value: value.clone(),
            });
            assert_eq!(client.request(request).await.unwrap().code(), 2, "{value:?}");
        }
        // A bind goes on.
        let bind = client
            .send(crate::harness::client::bind(&user_dn("alice"), "alice-likes-tea"))
            .await
            .unwrap();
        let id = client.send(cancel(u8::try_from(bind).unwrap())).await.unwrap();
        let mut codes = BTreeSet::new();
        for _ in 0..2 {
            let message = client.receive_within(Duration::from_secs(20)).await.unwrap();
            let code = match message.op {
                LdapOp::BindResponse(response) => response.res.code as i32,
                LdapOp::ExtendedResponse(response) => response.res.code as i32,
                other => panic!("{other:?}"),
            };
            codes.insert((message.msgid, code));
        }
        assert_eq!(codes, BTreeSet::from([(bind, 0), (id, 121)]));
    });
}

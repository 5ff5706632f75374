//! Compare, writes, and requests that run at the same time.

use super::Battery;
use crate::harness::client::{equal, extended, search as search_op};
use crate::harness::ldap::{group_dn, user_dn};
use crate::harness::{Client, block_on};
use ldap3_proto::proto::{LdapAddRequest, LdapCompareRequest, LdapFilter, LdapModifyDNRequest, LdapOp};
use std::time::Duration;

fn compare(dn: &str, attribute: &str, value: &str) -> LdapOp {
    LdapOp::CompareRequest(LdapCompareRequest {
        dn: dn.into(),
        atype: attribute.into(),
        val: value.into(),
    })
}

pub fn compares(ctx: &Battery) {
    block_on(async {
        let mut client = Client::connect(ctx.gateway).await;
        let alice = user_dn("alice");
        for (dn, attribute, value, code) in [
            (alice.as_str(), "uid", "ALICE", 6),
            (&alice, "sn", "Jones", 5),
            (&alice, "uidNumber", "10001", 6),
            (&alice, "telephoneNumber", "1", 16),
            (&alice, "objectClass", "POSIXACCOUNT", 6),
            (&alice, "memberOf", &group_dn("staff"), 6),
            (&alice, "memberOf", &group_dn("empty"), 5),
            (&group_dn("staff"), "memberUid", "bob", 6),
            (&group_dn("staff"), "member", "UID=Bob, dc=example,dc=com", 6),
            (&group_dn("staff"), "memberUid", "carol", 5),
            (&group_dn("Grace"), "gidNumber", "20003", 6),
            (&group_dn("grace"), "gidNumber", "20001", 5),
            (&group_dn("grace"), "member", &user_dn("grace"), 16),
            (&user_dn("nobody"), "uid", "nobody", 32),
        ] {
            assert_eq!(
                client.request(compare(dn, attribute, value)).await.unwrap().code(),
                code,
                "{attribute}={value} of {dn}"
            );
        }
    });
}

pub fn compares_of_passwords(ctx: &Battery) {
    block_on(async {
        let mut client = Client::connect(ctx.gateway).await;
        // noSuchAttribute, whether or not the row has one.
        for user in ["alice", "heidi"] {
            assert_eq!(
                client
                    .request(compare(&user_dn(user), "userPassword", "alice-likes-tea"))
                    .await
                    .unwrap()
                    .code(),
                16
            );
        }
    });
}

pub fn writes_are_refused(ctx: &Battery) {
    block_on(async {
        let mut client = Client::connect(ctx.gateway).await;
        let ops = [
            LdapOp::AddRequest(LdapAddRequest {
                dn: user_dn("new"),
                attributes: vec![],
            }),
            LdapOp::DelRequest(user_dn("alice")),
            LdapOp::ModifyDNRequest(LdapModifyDNRequest {
                dn: user_dn("alice"),
                newrdn: "uid=a".into(),
                deleteoldrdn: true,
                new_superior: None,
            }),
        ];
        for op in ops {
            let id = client.send(op).await.unwrap();
            let message = client.receive_within(Duration::from_secs(5)).await.unwrap();
            let (LdapOp::AddResponse(result) | LdapOp::DelResponse(result) | LdapOp::ModifyDNResponse(result)) =
                message.op
            else {
                panic!("{:?}", message.op)
            };
            assert_eq!((message.msgid, result.code as i32), (id, 53));
        }
        assert_eq!(client.lookup("alice").await.unwrap(), 1);
    });
}

pub fn unknown_extended_operations(ctx: &Battery) {
    block_on(async {
        let mut client = Client::connect(ctx.gateway).await;
        assert_eq!(
            client.request(extended("1.2.3.4.5.6.7")).await.unwrap().code(),
            2,
            "protocolError"
        );
        assert_eq!(client.lookup("alice").await.unwrap(), 1);
    });
}

pub fn many_requests_at_once(ctx: &Battery) {
    let names: Vec<String> = ctx.users("\"uidNumber\" < 20000").into_iter().collect();
    block_on(async {
        let mut client = Client::connect(ctx.gateway).await;
        let mut expected = std::collections::BTreeMap::new();
        for round in 0..20 {
            for name in &names {
                let id = client.send(search_op(equal("uid", name))).await.unwrap();
                expected.insert(id, user_dn(name));
            }
            if round % 5 == 0 {
                let id = client
                    .send(search_op(LdapFilter::Present("member".into())))
                    .await
                    .unwrap();
                expected.insert(id, String::new());
            }
        }
        // In whatever order; each entry with its own request's ID.
        while !expected.is_empty() {
            let message = client
                .receive_within(Duration::from_secs(20))
                .await
                .expect("the connection lives");
            let of = expected
                .get(&message.msgid)
                .cloned()
                .unwrap_or_else(|| panic!("not asked for: {}", message.msgid));
            match message.op {
                LdapOp::SearchResultEntry(entry) if of.is_empty() => {
                    assert!(entry.dn.starts_with("cn="))
                }
                LdapOp::SearchResultEntry(entry) => assert_eq!(entry.dn, of),
                LdapOp::SearchResultDone(result) => {
                    assert_eq!(result.code as i32, 0);
                    expected.remove(&message.msgid);
                }
                other => panic!("{other:?}"),
            }
        }
    });
}

pub fn connections_do_not_see_each_other(ctx: &Battery) {
    let names: Vec<String> = ctx.users("\"uidNumber\" < 20000").into_iter().collect();
    block_on(async {
        let mut clients = Vec::new();
        for _ in 0..30 {
            clients.push(Client::connect(ctx.gateway).await);
        }
        let tasks = clients.into_iter().enumerate().map(|(number, mut client)| {
            let names = names.clone();
            async move {
                for round in 0..names.len() {
                    let name = &names[(number + round) % names.len()];
                    let done = client.search(equal("uid", name)).await.unwrap();
                    assert_eq!(done.entries.len(), 1);
                    assert_eq!(done.entries[0].dn, user_dn(name));
                }
            }
        });
        futures::future::join_all(tasks).await;
    });
}

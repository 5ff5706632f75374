//! Filters: RFC 4511 4.5.1.7, RFC 4526, three-valued logic.

use super::Battery;

pub fn object_classes_in_any_case(ctx: &Battery) {
    for filter in [
        "(objectClass=POSIXACCOUNT)",
        "(objectclass=posixaccount)",
        "(2.5.4.0=1.3.6.1.1.1.2.0)",
    ] {
        ctx.finds_users(filter, "\"gidNumber\" IS NOT NULL");
    }
    ctx.finds_groups("(objectclass=GROUPOFNAMES)", "1 = 1");
    ctx.finds_set("(objectClass=top)", &ctx.everything());
    ctx.finds_set("(objectClass=*)", &ctx.everything());
    ctx.finds("(objectClass=domain)", ["example"]);
}

pub fn classes_the_database_cannot_hold(ctx: &Battery) {
    for class in [
        "sudoRole",
        "ipService",
        "nisNetgroup",
        "automountMap",
        "group",
        "ipHost",
        "noSuchClass",
        "not a class!",
    ] {
        ctx.finds(&format!("(objectClass={class})"), []);
    }
    ctx.finds("(&(objectClass=sudoRole)(sudoUser=alice))", []);
    ctx.finds("(&(objectClass=group)(memberOf=cn=staff,dc=example,dc=com))", []);
}

pub fn names_and_oids_of_attributes(ctx: &Battery) {
    for filter in [
        "(userid=alice)",
        "(0.9.2342.19200300.100.1.1=alice)",
        "(commonName=alice smith)",
        "(2.5.4.3=Alice Smith)",
    ] {
        ctx.finds(filter, ["alice"]);
    }
    ctx.finds("(surname=hammersmith)", ["erin"]);
    ctx.finds("(rfc822Mailbox=alice@example.com)", ["alice"]);
}

pub fn supertypes(ctx: &Battery) {
    // RFC 4512 2.5.1: an assertion on `name` is one on cn, sn, givenName too.
    ctx.finds("(name=alice smith)", ["alice"]);
    ctx.finds("(name=hammersmith)", ["erin"]);
    ctx.finds("(name=sysadmins)", ["sysadmins"]);
}

pub fn and_or_not(ctx: &Battery) {
    ctx.finds("(&(uid=alice)(sn=smith))", ["alice"]);
    ctx.finds("(&(uid=alice)(sn=jones))", []);
    ctx.finds("(&(uid=alice)(uid=bob))", []);
    ctx.finds("(|(uid=alice)(uid=bob)(cn=staff))", ["alice", "bob", "staff"]);
    ctx.finds("(&(|(uid=alice)(uid=bob))(!(sn=jones)))", ["alice"]);
    ctx.finds("(!(|(uid=alice)(!(uid=alice))))", []);
    ctx.finds("(!(!(uid=alice)))", ["alice"]);
    ctx.finds_users(
        "(&(objectClass=posixAccount)(!(|(uid=alice)(uid=bob))))",
        "\"gidNumber\" IS NOT NULL AND \"uid\" NOT IN ('alice', 'bob')",
    );
    ctx.finds_users("(&(objectClass=person)(!(loginShell=*)))", "\"gidNumber\" IS NULL");
}

pub fn empty_and_and_or(ctx: &Battery) {
    ctx.finds_set("(&)", &ctx.everything());
    ctx.finds("(|)", []);
    ctx.finds("(!(&))", []);
    ctx.finds_set("(!(|))", &ctx.everything());
    ctx.finds("(&(uid=alice)(&))", ["alice"]);
}

pub fn unknown_attributes_are_undefined(ctx: &Battery) {
    for term in [
        "(noSuchAttribute=x)",
        "(noSuchAttribute=*)",
        "(noSuchAttribute>=1)",
        "(noSuchAttribute=a*b)",
        "(1.2.3.4.5=x)",
        "(enable=*)",
    ] {
        ctx.finds(term, []);
        ctx.finds(&format!("(!{term})"), []);
        ctx.finds(&format!("(|(uid=alice){term})"), ["alice"]);
        ctx.finds(&format!("(&(uid=alice){term})"), []);
        ctx.finds(&format!("(&(uid=alice)(!{term}))"), []);
        // False AND Undefined is False, so its NOT is True; True AND Undefined stays Undefined.
        ctx.finds_set(&format!("(!(&(uid=alice){term}))"), &ctx.everything_but("alice"));
    }
}

pub fn values_that_break_the_syntax_are_undefined(ctx: &Battery) {
    for term in [
        "(uidNumber=abc)",
        "(uidNumber=)",
        "(gidNumber>=x)",
        "(entryUUID=not-a-uuid)",
        "(member=not a dn)",
    ] {
        ctx.finds(term, []);
        ctx.finds(&format!("(!{term})"), []);
        ctx.finds(&format!("(|(uid=alice){term})"), ["alice"]);
    }
}

pub fn presence(ctx: &Battery) {
    ctx.finds_users("(uid=*)", "1 = 1");
    // Those without one have none made up.
    ctx.finds_users("(mail=*)", "\"mail\" <> ''");
    ctx.finds_users("(sn=*)", "1 = 1");
    ctx.finds_users("(givenName=*)", "\"givenName\" <> ''");
    ctx.finds_users("(uidNumber=*)", "\"gidNumber\" IS NOT NULL");
    ctx.finds("(sshPublicKey=*)", []);
    ctx.finds("(telephoneNumber=*)", []);
    ctx.finds("(dc=*)", ["example"]);
    ctx.finds_users(
        "(&(objectClass=person)(!(givenName=*)))",
        "\"givenName\" IS NULL OR \"givenName\" = ''",
    );
    assert!(ctx.names("(entryUUID=*)").is_superset(&ctx.users("1 = 1")));
}

pub fn substrings(ctx: &Battery) {
    ctx.finds("(cn=ali*)", ["alice"]);
    ctx.finds("(cn=*smith)", ["alice", "erin"]);
    ctx.finds("(cn=a*i*e*mit*)", ["alice"]);
    ctx.finds("(cn=a*x*smith)", []);
    ctx.finds("(uid=*li*)", ["alice", "blanklines"]);
    ctx.finds("(uid=ALI*)", ["alice"]);
    ctx.finds_users("(mail=*@EXAMPLE.com)", "\"mail\" <> ''");
    ctx.finds("(mail=alice*)", ["alice"]);
    ctx.finds("(sn=*ü*)", ["carol"]);
    ctx.finds("(sn=m\\c3\\bcl*)", ["carol"]);
    // The fragments must not overlap.
    ctx.finds("(uid=ali*ice)", []);
    ctx.finds("(cn=*alice smith*)", ["alice"]);
    ctx.finds("(&(objectClass=posixGroup)(cn=*adm*))", ["sysadmins"]);
}

pub fn substrings_of_fallbacks(ctx: &Battery) {
    ctx.finds("(cn=*augusta*)", ["fullonly"]);
    ctx.finds("(sn=byr*)", ["fullonly"]);
}

pub fn substrings_that_sql_would_misread(ctx: &Battery) {
    ctx.finds("(uid=under_*)", ["under_score"]);
    ctx.finds("(cn=under_*)", ["under_score", "under_group"]);
    ctx.finds("(uid=*%*)", ["per%cent"]);
    ctx.finds("(cn=100%*)", ["per%cent"]);
    ctx.finds("(cn=*\\2a*)", ["per%cent"]);
    ctx.finds("(cn=*\\5c*)", ["per%cent"]);
    ctx.finds("(cn=*|*)", ["per%cent"]);
    ctx.finds("(cn=*[x]*)", ["per%cent"]);
    ctx.finds("(cn=*\\28sure\\29*)", ["per%cent"]);
    ctx.finds("(uid=*'*)", ["o'brien"]);
    ctx.finds("(uid=*\"*)", ["quo\"te"]);
    ctx.finds("(uid=*?*)", []);
}

pub fn ordering(ctx: &Battery) {
    ctx.finds("(&(uidNumber>=10002)(uidNumber<=10004))", ["bob", "carol", "dave"]);
    ctx.finds("(uidNumber<=10001)", ["alice"]);
    // As numbers, not as text.
    ctx.finds("(uidNumber<=9)", []);
    ctx.finds("(uidNumber>=99999)", []);
    ctx.finds_users("(uidNumber>=30025)", "\"uidNumber\" >= 30025");
    ctx.finds_groups(
        "(&(objectClass=posixGroup)(gidNumber>=20012))",
        "\"gidNumber\" >= 20012",
    );
    ctx.finds_users(
        "(&(objectClass=person)(!(uidNumber>=10003)))",
        "\"uidNumber\" < 10003 OR \"gidNumber\" IS NULL",
    );
}

pub fn numbers(ctx: &Battery) {
    ctx.finds("(uidNumber=10001)", ["alice"]);
    ctx.finds("(gidNumber=20003)", ["grace"]);
    let mut all = ctx.users("\"gidNumber\" = 20002");
    all.extend(ctx.groups("\"gidNumber\" = 20002"));
    ctx.finds_set("(gidNumber=20002)", &all);
    for impossible in [
        "99999999999999999999999999",
        "-1",
        "0",
        "-99999999999999999999999999",
        "4294977297",
        "2147483648",
    ] {
        ctx.finds(&format!("(uidNumber={impossible})"), []);
    }
    ctx.finds_users("(uidNumber<=99999999999999999999999999)", "\"gidNumber\" IS NOT NULL");
    ctx.finds("(uidNumber>=99999999999999999999999999)", []);
    ctx.finds_users("(uidNumber>=-99999999999999999999999999)", "\"gidNumber\" IS NOT NULL");
}

pub fn approximate(ctx: &Battery) {
    // RFC 4511 4.5.1.7.6: at least what equality finds.
    assert!(ctx.names("(cn~=alice smith)").contains("alice"));
    assert!(ctx.names("(uid~=ALICE)").contains("alice"));
}

pub fn extensible(ctx: &Battery) {
    ctx.finds("(uid:caseExactMatch:=alice)", ["alice"]);
    ctx.finds("(uid:caseExactMatch:=ALICE)", []);
    ctx.finds("(uid:2.5.13.2:=ALICE)", ["alice"]);
    ctx.finds("(uid:=ALICE)", ["alice"]);
    ctx.finds("(:caseIgnoreMatch:=hammersmith)", ["erin"]);
    ctx.finds("(uid:noSuchMatch:=alice)", []);
    ctx.finds("(!(uid:noSuchMatch:=alice))", []);
    ctx.finds("(|(uid=alice)(uid:1.2.3.4:=alice))", ["alice"]);
}

pub fn extensible_on_dns(ctx: &Battery) {
    ctx.finds("(uid:dn:=ALICE)", ["alice"]);
    ctx.finds_set("(dc:dn:=example)", &ctx.everything());
    ctx.finds_set("(dc:dn:=com)", &ctx.everything());
    ctx.finds("(ou:dn:=people)", []);
    ctx.finds("(&(cn:dn:=staff)(objectClass=posixGroup))", ["staff"]);
}

pub fn bitwise(ctx: &Battery) {
    ctx.finds(
        "(&(uidNumber<=10008)(uidNumber:1.2.840.113556.1.4.803:=10003))",
        ["carol", "grace"],
    );
    ctx.finds(
        "(&(uidNumber<=10008)(!(uidNumber:1.2.840.113556.1.4.804:=1)))",
        ["bob", "dave", "frank", "heidi"],
    );
    // GitLab asks this for every user; the attribute is not in the schema.
    ctx.finds("(userAccountControl:1.2.840.113556.1.4.803:=2)", []);
    ctx.finds("(!(userAccountControl:1.2.840.113556.1.4.803:=2))", []);
    ctx.finds(
        "(|(uid=alice)(userAccountControl:1.2.840.113556.1.4.803:=2))",
        ["alice"],
    );
}

pub fn in_chain_is_no_error(ctx: &Battery) {
    ctx.finds(
        "(&(uid=alice)(memberOf:1.2.840.113556.1.4.1941:=cn=sysadmins,dc=example,dc=com))",
        ["alice"],
    );
    ctx.finds(
        "(&(uid=bob)(memberOf:1.2.840.113556.1.4.1941:=cn=sysadmins,dc=example,dc=com))",
        [],
    );
}

pub fn passwords_never_match(ctx: &Battery) {
    let hash = ctx
        .database
        .rows("SELECT \"userPassword\" FROM \"Users\" WHERE \"uid\" = 'alice'")[0][0]
        .clone();
    for filter in [
        &format!("(userPassword={hash})"),
        &format!("(2.5.4.35={hash})"),
        "(userPassword=alice-likes-tea)",
        "(userPassword=*)",
        "(userPassword=$argon2*)",
        "(userPassword=*a*)",
        "(userPassword>=$)",
        "(userPassword<=z)",
        "(userPassword~=x)",
        "(userPassword:octetStringMatch:=x)",
        "(:octetStringMatch:=x)",
        "(password=*)",
    ] {
        ctx.finds(filter, []);
        ctx.finds(&format!("(&(uid=alice){filter})"), []);
        ctx.finds(&format!("(|(uid=bob){filter})"), ["bob"]);
    }
    // Whatever NOT of it is, it must not tell those who have one from those who have not (heidi).
    let without = ctx.names("(&(objectClass=person)(!(userPassword=*)))");
    assert!(without.is_empty() || without == ctx.users("1 = 1"));
    let other = ctx.names(&format!("(&(objectClass=person)(!(userPassword={hash})))"));
    assert!(other.is_empty() || other == ctx.users("1 = 1"));
}

pub fn options(ctx: &Battery) {
    ctx.finds("(cn;lang-en=alice smith)", []);
    ctx.finds("(|(uid=alice)(cn;lang-en=alice smith))", ["alice"]);
    // A subtype that no entry has: False, unlike an unknown attribute.
    ctx.finds_users("(&(objectClass=person)(!(cn;lang-en=x)))", "1 = 1");
}

pub fn deep_and_wide(ctx: &Battery) {
    let deep = format!("{}(uid=alice){}", "(!".repeat(40), ")".repeat(40));
    ctx.finds(&deep, ["alice"]);
    let wide: String = (0..600).map(|n| format!("(uid=user{n})")).collect();
    ctx.finds(&format!("(|{wide}(uid=alice)(uid=BOB))"), ["alice", "bob"]);
    let wide: String = (0..300)
        .map(|n| format!("(member=uid=user{n},dc=example,dc=com)"))
        .collect();
    ctx.finds(&format!("(|{wide}(member=uid=dave,dc=example,dc=com))"), ["staff"]);
}

/// More alternatives than a statement can have: the rows are read, and the filter decides.
pub fn wider_than_a_statement(ctx: &Battery) {
    for alternative in ["mail=USER@nowhere.example", "uid=USER", "uidNumber=9USER"] {
        let wide: String = (0..4000)
            .map(|n| format!("({})", alternative.replace("USER", &n.to_string())))
            .collect();
        ctx.finds(&format!("(|{wide}(mail=alice@example.com)(uid=BOB))"), ["alice", "bob"]);
    }
}

pub fn fallbacks_match(ctx: &Battery) {
    for name in ["nulls", "empties", "erin"] {
        ctx.finds(&format!("(mail={name}@example.com)"), []);
    }
    ctx.finds("(cn=nulls)", ["nulls"]);
    ctx.finds("(cn=lastname)", ["onlylast"]);
    ctx.finds("(sn=byron)", ["fullonly"]);
    ctx.finds("(homeDirectory=/home/erin)", ["erin"]);
    ctx.finds_users("(loginShell=/bin/bash)", "\"gidNumber\" IS NOT NULL");
    // What is served is what counts: alice's mail is not the fallback.
    ctx.finds("(mail=bob@example.com)", []);
    let mut without = ctx.users("\"mail\" IS NULL OR \"mail\" = ''");
    without.extend(ctx.no_users());
    ctx.finds_set("(!(mail=*))", &without);
}

//! A Proxmox VE realm: `pveum realm sync` and logins, by Net::LDAP.

use super::program::{Program, Worker, rules};
use super::stage::Stage;
use crate::harness::{Database, Engine, beside_others};

rules! {
    Proxmox:
    tls_1_2_only,
    anonymous_bind,
    unknown_attributes,
    classes_in_lower_case,
    users_with_names_and_mail,
    groups_of_names,
    members_are_dns_of_users,
    plain_group_names,
    groups_without_members,
    pages,
    size_0_ends_the_set,
    the_attribute_dn,
    one_entry_by_name,
    login_on_the_same_connection,
    aliases,
    no_size_limit,
    first_server_dead,
    default_base,
}

/// The manager inserts a user, has the realm synchronised, and then needs the user there.
#[test]
fn a_new_user_is_in_the_next_sync() {
    let _guard = beside_others();
    let stage = Stage::on(Database::fresh(Engine::PostgreSql), |env| [env.clone(), env]);
    let mut realm = Worker::start(Program::Proxmox, &stage.servers(), &stage.authorities());
    let mut sync = || {
        realm.tell("run");
        let took = realm.hear();
        let count = took
            .strip_prefix("took ")
            .and_then(|rest| rest.split(' ').next()?.parse::<usize>().ok());
        count.unwrap_or_else(|| panic!("{took}"))
    };
    let before = sync();
    stage.database.sql(
        "INSERT INTO \"Users\" (\"uid\", \"uidNumber\", \"gidNumber\", \"cn\") VALUES ('new', 60001, 20001, 'New')",
    );
    assert_eq!(sync(), before + 1);
    stage.database.sql("DELETE FROM \"Users\" WHERE \"uid\" = 'new'");
    assert_eq!(sync(), before);
}

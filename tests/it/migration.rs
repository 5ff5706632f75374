//! The comparison of `docs/migration.md`: two gateways side by side, as the page says it.

use crate::harness::process::command;
use crate::harness::{Database, Engine, Gateway, beside_others, repository, scratch};
use std::fs;

/// The lines of the page that compare, for two gateways of this machine.
fn comparison(ports: [u16; 2]) -> String {
    let page = fs::read_to_string(repository("docs/migration.md")).unwrap();
    let (_, rest) = page.split_once("and compare what your clients ask for").unwrap();
    let block = rest.split("   ```\n").nth(1).unwrap();
    let [old, new] = ports.map(|port| port.to_string());
    // "1636" holds "636".
    block
        .replace("1636", "NEW")
        .replace("636", &old)
        .replace("NEW", &new)
        .replace("ldap1:", "localhost:")
}

#[test]
fn the_comparison_of_the_page_sees_what_differs_and_nothing_else() {
    let _guard = beside_others();
    let databases = [Engine::Sqlite, Engine::PostgreSql].map(Database::fresh);
    let gateways = databases
        .each_ref()
        .map(|database| Gateway::start(&database.deployed().with("REQUIRE_AUTH_FOR_SEARCH", false)));
    let lines = comparison(gateways.each_ref().map(|gateway| gateway.port));
    let compare = || {
        let mut bash = command("/bin/bash", None);
        let output = bash
            .args(["-c", &lines])
            .current_dir(scratch("comparison"))
            .output()
            .unwrap();
        assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    assert_eq!(compare(), "");
    // A member goes from one group to another: of each group's lines one more, or one less.
    databases[1]
        .sql("UPDATE \"UserGroups\" SET \"gidNumber\" = 20011 WHERE \"uidNumber\" = 10002 AND \"gidNumber\" = 20010");
    let difference = compare();
    assert!(
        difference.contains("memberUid: bob") && difference.contains("dn: cn="),
        "{difference}"
    );
}

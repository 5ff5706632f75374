//! stub
use crate::harness::*;
#[test] fn pg() { let d=Database::fresh(Engine::PostgreSql); println!("{:?} {}", d.rows("SELECT count(*) FROM \"Users\""), d.uri()); let p=Database::private(Engine::PostgreSql); p.freeze(); p.thaw(); p.kill(); p.launch(); p.stop(); p.launch(); println!("{:?}", p.rows("SELECT \"uid\" FROM \"Users\" WHERE \"uidNumber\">30000"));}
#[test] fn my() { let d=Database::fresh(Engine::MariaDb); println!("{:?} {}", d.rows("SELECT count(*) FROM \"Users\""), d.uri()); let p=Database::private(Engine::MariaDb); p.freeze(); p.thaw(); p.kill(); p.launch(); p.stop(); p.launch(); println!("{:?}", p.rows("SELECT \"uid\",\"cn\" FROM \"Users\" WHERE \"uidNumber\">30000")); }
#[test] fn lite() { let d=Database::shared(Engine::Sqlite); println!("{:?} {} {:?}", d.rows("SELECT count(*) FROM \"Users\""), d.uri(), d.deployed()); }

//! A Galera cluster of two nodes: MariaDB servers of which each has all rows.

use super::mariadb::{MariaDb, Own};
use super::process::run;
use super::{free_port, scratch};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

const PROVIDER: &str = "/usr/lib/galera/libgalera_smm.so";

/// The provider asks for a thread's priority, which some sandboxes refuse to tell, and ends there. It does nothing with
/// the answer.
const SHIM: &str = "#include <pthread.h>\n#include <sched.h>\n\
    int pthread_getschedparam(pthread_t t, int *policy, struct sched_param *param)\n\
    { (void)t; *policy = SCHED_OTHER; param->sched_priority = 0; return 0; }\n\
    int pthread_setschedparam(pthread_t t, int policy, const struct sched_param *param)\n\
    { (void)t; (void)policy; (void)param; return 0; }\n";

/// Two nodes that are in step, empty but for what every server has. The second may be stopped and launched again; the
/// first begins a cluster of its own whenever it is launched.
pub fn start() -> [Arc<MariaDb>; 2] {
    let shim = shim();
    let [first, second] = [[(); 3].map(|()| free_port()), [(); 3].map(|()| free_port())];
    let mut arguments = node(first, "");
    arguments.push("--wsrep-new-cluster".to_owned());
    let first_node = launched(arguments, &shim);
    // It takes connections when it has the first one's state.
    let second_node = launched(node(second, &format!("127.0.0.1:{}", first[0])), &shim);
    [first_node, second_node]
}

/// As user mysql: as root, rsync serves as nobody, who may not enter the data directory.
fn launched(arguments: Vec<String>, shim: &Path) -> Arc<MariaDb> {
    Arc::new(MariaDb::start_with(Own {
        arguments,
        preload: Some(shim.to_owned()),
        user: Some("mysql"),
    }))
}

fn node([group, state, transfer]: [u16; 3], peer: &str) -> Vec<String> {
    [
        "--binlog-format=ROW".to_owned(),
        "--innodb-autoinc-lock-mode=2".to_owned(),
        "--wsrep-on=ON".to_owned(),
        format!("--wsrep-provider={PROVIDER}"),
        "--wsrep-cluster-name=test".to_owned(),
        format!("--wsrep-cluster-address=gcomm://{peer}"),
        format!("--wsrep-node-address=127.0.0.1:{group}"),
        format!(
            "--wsrep-provider-options=base_host=127.0.0.1;base_port={group};gmcast.listen_addr=tcp://127.0.0.1:{group};\
             ist.recv_addr=127.0.0.1:{state};gcache.size=16M"
        ),
        "--wsrep-sst-method=rsync".to_owned(),
        format!("--wsrep-sst-receive-address=127.0.0.1:{transfer}"),
    ]
    .into()
}

fn shim() -> PathBuf {
    let dir = scratch("galera");
    let (source, library) = (dir.join("shim.c"), dir.join("shim.so"));
    std::fs::write(&source, SHIM).unwrap();
    run(Command::new("cc")
        .args(["-shared", "-fPIC", "-o"])
        .arg(&library)
        .arg(&source));
    library
}

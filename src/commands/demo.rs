//! `demo`: serves a sample directory from an embedded SQLite database, to try the gateway without a database of one's own.

use std::{
    env, fs, io,
    path::{Path, PathBuf},
    process::ExitCode,
};

use super::{complain, report, say, serve};
use crate::{
    config::{Config, EnvSource},
    sql::sqlite_file,
};

/// A port that needs no privileges.
pub const PORT: u16 = 6360;
const SCHEMA: &str = include_str!("../../sql/schema-sqlite.sql");
const ROWS: &str = include_str!("../../sql/sample.sql");
const SETTINGS: &str = include_str!("../../sql/recommended-sqlite.env");

/// Serves the sample directory on loopback until a signal says stop.
pub async fn run(port: u16) -> ExitCode {
    let failed = |error: io::Error| {
        complain(&format!("cannot make the sample database: {error}"));
        ExitCode::FAILURE
    };
    // Everybody may write where temporary directories are. So its name is random, it is made anew or not at all, and nobody
    // else may look into it.
    let folder = match own_folder() {
        Ok(folder) => folder,
        Err(error) => return failed(error),
    };
    // It is removed when it is dropped. If that fails, the system cleans up its temporary directories.
    match prepare(folder.path(), port).await {
        Ok(source) => demo(&source, port).await,
        Err(error) => failed(error),
    }
}

fn own_folder() -> io::Result<tempfile::TempDir> {
    let mut folder = tempfile::Builder::new();
    folder.prefix("ldap-gateway-demo-");
    #[cfg(unix)]
    let owner_only: fs::Permissions = std::os::unix::fs::PermissionsExt::from_mode(0o700);
    // Set when it is made, so that others can look into it at no moment.
    #[cfg(unix)]
    folder.permissions(owner_only);
    folder.tempdir()
}

async fn demo(source: &EnvSource, port: u16) -> ExitCode {
    let (config, warnings) = match Config::load(source) {
        Ok(loaded) => loaded,
        Err(errors) => return report(&errors),
    };
    say(&introduction(&config.realm().base.to_string(), port));
    serve::serve(&config, &warnings).await
}

/// Makes the database, and the settings that name it. Both are the shipped ones, so that `demo` shows what those do.
async fn prepare(folder: &Path, port: u16) -> io::Result<EnvSource> {
    let database: PathBuf = folder.join("directory.sqlite");
    let settings: PathBuf = folder.join("settings.env");
    fs::write(&settings, SETTINGS)?;
    sqlite_file::create(&database, &[SCHEMA, ROWS])
        .await
        .map_err(|error| io::Error::other(error.detail()))?;
    let own = [
        ("SQL_URI", format!("sqlite:{}", database.display())),
        ("BIND_IP", "127.0.0.1".to_owned()),
        ("PORT", port.to_string()),
        ("LDAP_COMMON_NAME", "localhost".to_owned()),
    ];
    Ok(EnvSource::new().with_variables(own).with_file(&settings))
}

fn introduction(base: &str, port: u16) -> String {
    let uri = format!("ldaps://127.0.0.1:{port}");
    let here = env::current_dir().unwrap_or_default();
    let authority = here.join("certs/ca.pem");
    let authority = authority.display();
    format!(
        "A sample directory of 8 users and 5 groups. In another terminal (Debian: apt install ldap-utils), try:

  LDAPTLS_REQCERT=never ldapsearch -x -LLL -H {uri} -b {base} '(objectClass=posixAccount)' uid cn mail
  LDAPTLS_REQCERT=never ldapsearch -x -LLL -H {uri} -b {base} '(memberUid=alice)' cn member
  LDAPTLS_REQCERT=never ldapwhoami -x -H {uri} -D uid=alice,{base} -w alice-likes-tea

The certificate was made here: with LDAPTLS_CACERT={authority} instead of LDAPTLS_REQCERT=never it is verified, where
certs/ can be written and had none.

Stop it with Ctrl-C.
"
    )
}

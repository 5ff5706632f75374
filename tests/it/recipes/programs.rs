//! The programs in `schema/` that make a software's tables and users by its own code.

use crate::harness::database::Server;
use crate::harness::process::{command, run};
use crate::harness::{Database, note_secret, repository, scratch};
use std::env::join_paths;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where `tests/run` unpacks what makes tables.
const SOFTWARE: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/software/usr");

/// By Laravel's schema builder, with PHP's hashes, which are Laravel's.
pub fn laravel(database: &Database, password: &str) {
    let root = Path::new(SOFTWARE);
    let modules = beginning(&root.join("lib/php"), "20");
    let mut php = command(beginning(&root.join("bin"), "php8"), None);
    // The modules that are unpacked, and none that the machine has.
    php.arg("-n");
    for module in [
        "ctype",
        "iconv",
        "mbstring",
        "pdo",
        "mysqlnd",
        "pdo_mysql",
        "pdo_pgsql",
        "pdo_sqlite",
    ] {
        let file = modules.join(format!("{module}.so"));
        php.arg("-d").arg(format!("extension={}", file.display()));
    }
    php.arg("-d")
        .arg(format!("include_path={}", root.join("share/php").display()));
    php.arg(schema("make_laravel.php"));
    make(php, database, password);
}

/// By the migration of Devise's generator, with Devise's hashes.
pub fn devise(database: &Database, password: &str) {
    let root = Path::new(SOFTWARE);
    let native = beginning(&root.join("lib"), "x86_64");
    let libraries = [
        root.join("lib/ruby/vendor_ruby"),
        beginning(&native.join("ruby/vendor_ruby"), "3"),
    ];
    let gems = [
        root.join("share/rubygems-integration"),
        native.join("rubygems-integration"),
        PathBuf::from("/usr/share/rubygems-integration"),
    ];
    let gems = gems.iter().flat_map(|directory| fs::read_dir(directory).unwrap());
    let mut ruby = command("/usr/bin/ruby", None);
    ruby.env("RUBYLIB", join_paths(libraries).unwrap())
        .env("GEM_PATH", join_paths(gems.map(|entry| entry.unwrap().path())).unwrap());
    ruby.arg("-W0").arg(schema("make_devise.rb")).arg(scratch("devise"));
    make(ruby, database, password);
}

fn schema(name: &str) -> PathBuf {
    repository("tests/it/recipes/schema").join(name)
}

/// Runs a program as the database's owner.
fn make(mut program: Command, database: &Database, password: &str) {
    note_secret(password);
    program
        .env("ENGINE", database.engine.name())
        .env("NAME", database.name())
        .env("USERS_PASSWORD", password);
    match &database.server {
        Server::Postgres(server) => {
            let [user, password] = server.superuser();
            program.env("HOST", "127.0.0.1").env("PORT", server.port.to_string());
            program.env("USER", user).env("PASSWORD", password);
        }
        Server::MariaDb(server) => {
            program.env("SOCKET", server.socket()).env("USER", "root");
        }
        Server::Sqlite(_) => {
            program.env("NAME", database.sqlite_file());
        }
    }
    run(&mut program);
}

/// The file or directory below this one whose name begins so.
fn beginning(directory: &Path, name: &str) -> PathBuf {
    let entries = fs::read_dir(directory).unwrap_or_else(|error| panic!("{}: {error}", directory.display()));
    let mut paths = entries.map(|entry| entry.unwrap().path());
    let found = paths.find(|path| path.file_name().unwrap().to_string_lossy().starts_with(name));
    found.unwrap_or_else(|| panic!("{}: nothing begins with {name}", directory.display()))
}

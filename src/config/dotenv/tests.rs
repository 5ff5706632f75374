#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    missing_docs
)]

use super::*;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

fn values(text: &str) -> Vec<(String, String)> {
    let parsed = parse(text);
    assert!(parsed.ignored.is_empty() && parsed.unclosed.is_empty(), "{parsed:?}");
    parsed.values
}

fn value(text: &str) -> String {
    let values = values(text);
    assert_eq!(values.len(), 1, "{values:?}");
    values[0].1.clone()
}

#[test]
fn deployed_queries_are_read_to_the_end_of_the_line() {
    let query = r#"SELECT g."cn" AS name FROM "Groups" g WHERE u."uid" = ?"#;
    assert_eq!(value(&format!("SQL_QUERY_GROUPS_BY_MEMBER={query}\n")), query);
    assert_eq!(
        value("SQL_URI=postgres://u:pa$$w0rd@h:5432/d"),
        "postgres://u:pa$$w0rd@h:5432/d"
    );
    assert_eq!(value("Q=SELECT a FROM b WHERE c = $1"), "SELECT a FROM b WHERE c = $1");
    let query = "SELECT uid, COALESCE(mail, '') AS mail FROM users";
    assert_eq!(value(&format!("Q='{query}'")), query);
    assert_eq!(value(&format!("Q='{query}' # all of them")), query);
    let query = r#"SELECT "uid" AS username FROM "Users""#;
    assert_eq!(value(&format!("Q=\"{query}\"")), query);
}

#[test]
fn quotes_comments_export_and_blanks() {
    assert_eq!(value("  export A = b c   # comment"), "b c");
    assert_eq!(value("A: b"), "b");
    assert_eq!(value("A='b # c' # d"), "b # c");
    assert_eq!(value(r#"A="b \"c\"\nd\e""#), "b \\\"c\\\"\nd\\e");
    assert_eq!(value("A=`it's \"b\"`"), "it's \"b\"");
    assert_eq!(value("A="), "");
    assert_eq!(value("A= # nothing"), "");
    assert_eq!(value(r#"A="Users" u"#), r#""Users" u"#);
    assert_eq!(value("\u{feff}A=b\r\n"), "b");
    assert_eq!(value("# x\n\n  # y\nA=b"), "b");
    assert_eq!(value("A.b-c=1"), "1");
    assert_eq!(value("A='b\\nc'"), "b\\nc");
}

#[test]
fn quoted_values_span_lines() {
    for end in ["\n", "\r\n"] {
        assert_eq!(
            values(&"KEY=\"-----BEGIN\nabc\n-----END\"\nB=1\n".replace('\n', end)),
            vec![
                ("KEY".into(), "-----BEGIN\nabc\n-----END".into()),
                ("B".into(), "1".into())
            ]
        );
    }
}

#[test]
fn what_is_odd_is_named_by_its_line() {
    let parsed = parse("A=\"1\n2\"\njust words\nB=2\nC='open\nD=3\nE=pass#word\nF=x #y\n");
    assert_eq!(parsed.ignored, vec![3]);
    assert_eq!(parsed.unclosed, vec![5]);
    assert_eq!(parsed.cut, vec![7]);
    let of = |name: &str| parsed.values.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str());
    assert_eq!(
        (of("B"), of("C"), of("D"), of("E"), of("F")),
        (Some("2"), Some("'open"), Some("3"), Some("pass"), Some("x"))
    );
}

/// Pieces that lines are made of, so that most files have quotes, comments and names where they matter.
fn file() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "A",
        "B",
        "C_1",
        "d.e-f",
        "export",
        "export ",
        "=",
        " = ",
        ":",
        ": ",
        "'",
        "\"",
        "`",
        "\\'",
        "\\\"",
        "\\`",
        "\\n",
        "\\r",
        "\\",
        "\n",
        "\n",
        "\n",
        "\nB=",
        "\nA='",
        "\nC_1=\"",
        "\r\n",
        "\r",
        " ",
        "  ",
        "\t",
        "#",
        " #",
        " # c",
        "x",
        "1",
        "$1",
        "${A}",
        "?",
        "é",
        "words here",
        "SELECT a FROM b",
        "COALESCE(m, '')",
        "\"Users\" u",
        "\u{feff}",
        "\u{a0}",
        "\u{85}",
        "\u{2028}",
        "\u{2029}",
        "\u{3000}",
        "\u{b}",
    ]);
    let line = prop_oneof![
        4 => prop::collection::vec(piece.clone(), 0..8).prop_map(|pieces| pieces.concat()),
        3 => prop::collection::vec(piece.clone(), 0..6).prop_map(|pieces| format!("A={}\n", pieces.concat())),
        1 => prop::collection::vec(piece.clone(), 0..6).prop_map(|pieces| format!("B='{}'\n", pieces.concat())),
        1 => prop::collection::vec(piece.clone(), 0..6).prop_map(|pieces| format!("B=\"{}\" # c\n", pieces.concat())),
        1 => prop::collection::vec(piece, 0..6).prop_map(|pieces| format!("d.e-f: `{}`\r\n", pieces.concat())),
    ];
    prop::collection::vec(line, 0..5).prop_map(|lines| lines.concat())
}

/// Files that operators have, and those in which the rules meet.
const FILES: &[&str] = &[
    "Q='SELECT uid, COALESCE(mail, '') AS mail FROM users'\nR=2",
    "Q=\"SELECT \"uid\" FROM \"Users\" WHERE \"uid\" = ?\" # comment\n",
    "Q='a' 'b'\nR=`a`b`\nS='a'b\n",
    "A=\n'b'\nC=\n\n  \"d\"",
    "A:\nB=2\nC=3",
    "A\n=b\nexport\nB=1\nexport=2\nexport =3\nexportC=4\nexport export=5",
    "A=b#c\nB=b #c\nC=#\nD='#'\nE='a#b'#c\nF=\"a\" b # c",
    "A='b\\'\nB='c\\' d'\nC='e\\\\'\n",
    "A=\"x\nB=y\nC=it's\nD='z\n\nE=\"w\"\n",
    "A==b\nB= = c\nC=:d\nD:e\nE : f\nF:  g",
    "-=1\n.=2\n_=3\n9=4\nÄ=5\nA B=6\nA,B=7\n",
    "A=1\nA=2\nA=\n",
    "KEY=\"-----BEGIN PRIVATE KEY-----\r\nabc\r\n-----END PRIVATE KEY-----\"\r\nB=1\r\n",
    "KEY=\"-----BEGIN-----\\nabc\\n-----END-----\"\n",
    "A=\"b\\nc\nB=\"\\n\nC='\\n'\nD=`\\n`\nE=x\\n\n",
    "A='\nB=\"\nC=`\nD=''\nE=\"\"\nF='''\n",
    "A=1\n   # B=2\n #C=3\n\n\n D = 4 \n",
    "A='a'\u{2028}'b'\nB=\u{2028}'c'\u{2029}\u{a0}\n",
    "\u{feff}A=1",
    "A=1\rB=2\r\rC=3",
    "JSON={\"foo\": \"bar\"}\nURI=postgres://u:p%23w@h:5432/d?sslmode=require\n",
];

/// npm's packages of `tests/npm`, in the build directory, fetched when they are not there.
fn packages() -> PathBuf {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/npm");
    // target/debug/deps/ldap_gateway-…
    let executable = std::env::current_exe().unwrap();
    let directory = executable.ancestors().nth(3).unwrap().join("tmp/npm");
    std::fs::create_dir_all(&directory).unwrap();
    let mut same = directory.join("node_modules").is_dir();
    for file in ["package.json", "package-lock.json"] {
        let wanted = std::fs::read(source.join(file)).unwrap();
        same &= std::fs::read(directory.join(file)).is_ok_and(|found| found == wanted);
        std::fs::write(directory.join(file), wanted).unwrap();
    }
    if !same {
        let mut npm = Command::new("npm");
        npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
            .current_dir(&directory);
        let output = npm.stdin(Stdio::null()).output().expect("npm; tests/run installs it");
        assert!(
            output.status.success(),
            "npm ci: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    directory
}

/// What a version of the npm package makes of each file.
fn as_npm_reads(package: &str, files: &[String]) -> Vec<BTreeMap<String, String>> {
    const PROGRAM: &str = "const files = JSON.parse(require('fs').readFileSync(0, 'utf8')); \
                           const { parse } = require(process.argv[1]); \
                           process.stdout.write(JSON.stringify(files.map((file) => parse(file))));";
    use std::io::Write;
    let mut node = Command::new("node");
    node.args(["-e", PROGRAM, package]).current_dir(packages());
    let mut node = node.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let input = serde_json::to_string(files).unwrap();
    node.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = node.wait_with_output().unwrap();
    assert!(output.status.success());
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn files_are_read_as_npm_reads_them() {
    let mut runner = TestRunner::new_with_rng(
        Config::default(),
        TestRng::from_seed(RngAlgorithm::ChaCha, b"files as operators write them..."),
    );
    let mut files: Vec<String> = FILES.iter().map(|file| (*file).to_owned()).collect();
    for directory in ["sql", "deploy"] {
        for entry in std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(directory)).unwrap() {
            let path = entry.unwrap().path();
            if path.to_string_lossy().contains(".env") {
                files.push(std::fs::read_to_string(path).unwrap());
            }
        }
    }
    let strategy = file();
    while files.len() < 20_000 {
        files.push(strategy.new_tree(&mut runner).unwrap().current());
    }
    // The current release, and the one that the Node gateway asks for.
    for package in ["dotenv", "dotenv-16"] {
        let theirs = as_npm_reads(package, &files);
        assert_eq!(theirs.len(), files.len());
        let mut different = Vec::new();
        for (file, theirs) in files.iter().zip(theirs) {
            let ours: BTreeMap<_, _> = parse(file).values.into_iter().collect();
            if ours != theirs {
                different.push(format!("{file:?}\n  ours   {ours:?}\n  theirs {theirs:?}"));
            }
        }
        let few = different.iter().take(5).cloned().collect::<Vec<_>>().join("\n");
        assert!(
            different.is_empty(),
            "{} of {} with {package}:\n{few}",
            different.len(),
            files.len()
        );
    }
}

#[test]
fn lines_have_quotes_only_where_they_must() {
    for (value, expected) in [
        (
            "SELECT \"a\" FROM t WHERE b = ?",
            Some("A=SELECT \"a\" FROM t WHERE b = ?"),
        ),
        ("a # b", Some("A='a # b'")),
        ("it's # b", Some("A=\"it's # b\"")),
        ("'\"# b", Some("A=`'\"# b`")),
        (" a", Some("A=' a'")),
        ("'\"`# b", None),
        ("a\nb", None),
        ("a\u{2028}b", None),
    ] {
        assert_eq!(line("A", value).as_deref(), expected, "{value:?}");
    }
}

proptest! {
    #[test]
    fn written_lines_come_back(value in "[a-z'\"`#\\\\ \n\r\t$=é\u{2028}]{0,20}") {
        if let Some(line) = line("A", &value) {
            prop_assert!(!line.contains('\n'));
            prop_assert_eq!(parse(&line).values, vec![("A".to_owned(), value)]);
        }
    }

    #[test]
    fn never_panics_and_always_ends(text in "[A-Z=:'\"`#\\\\ \n\r\t$é]{0,80}") {
        parse(&text);
    }

    #[test]
    fn single_quoted_values_come_back(value in "[^'\\\\\r]{0,60}") {
        prop_assert_eq!(parse(&format!("A='{value}'\n")).values, vec![("A".to_owned(), value)]);
    }
}

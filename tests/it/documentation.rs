//! The pages hold together: links lead somewhere, names of pages are right, the README is short and its example works.

use crate::harness::{Env, Gateway, beside_others, repository, scratch};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Files below the repository that somebody wrote: nothing hidden, nothing that was built.
fn files(extensions: &[&str]) -> Vec<PathBuf> {
    fn walk(directory: &Path, files: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(directory).unwrap().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            match entry.file_type().unwrap().is_dir() {
                true if name.starts_with('.') || name == "target" || name == "node_modules" => {}
                true => walk(&entry.path(), files),
                false => files.push(entry.path()),
            }
        }
    }
    let mut found = Vec::new();
    walk(&repository(""), &mut found);
    found.retain(|file| {
        file.extension()
            .is_some_and(|end| extensions.iter().any(|known| end == *known))
    });
    found.sort();
    found
}

/// A page's lines outside of blocks of code.
fn prose(text: &str) -> Vec<&str> {
    let mut in_code = false;
    let mut lines = Vec::new();
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
        } else if !in_code {
            lines.push(line);
        }
    }
    lines
}

/// The anchors that GitHub and GitLab make of a page's headings.
fn anchors(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for line in prose(text) {
        let Some(title) = line.strip_prefix('#').map(|rest| rest.trim_start_matches('#').trim()) else {
            continue;
        };
        let kept = |sign: &char| sign.is_alphanumeric() || " -_".contains(*sign);
        let anchor: String = title.to_lowercase().chars().filter(kept).collect();
        let anchor = anchor.replace(' ', "-");
        let again = (1..).map(|count| format!("{anchor}-{count}"));
        let free = std::iter::once(anchor.clone())
            .chain(again)
            .find(|name| !found.contains(name));
        found.extend(free);
    }
    found
}

/// `](target)` of a line, code left out.
fn links(line: &str) -> Vec<String> {
    let text: String = line.split('`').step_by(2).collect::<Vec<_>>().join("``");
    let after = text.split("](").skip(1);
    after
        .filter_map(|rest| rest.split_once(')'))
        .map(|(target, _)| target.to_owned())
        .collect()
}

/// What is wrong with a link, if anything.
fn broken(page: &Path, link: &str) -> Option<String> {
    if link.starts_with("https://") || link.starts_with("http://") {
        return None;
    }
    let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
    let target = match path {
        "" => page.to_owned(),
        path => page.parent().unwrap().join(path),
    };
    if !target.exists() {
        return Some(format!("{}: ({link}): there is no such file", page.display()));
    }
    if anchor.is_empty() || anchors(&fs::read_to_string(&target).unwrap()).contains(anchor) {
        return None;
    }
    Some(format!("{}: ({link}): there is no such heading", page.display()))
}

#[test]
fn links_lead_somewhere() {
    let mut wrong = Vec::new();
    let mut count = 0;
    for page in files(&["md"]) {
        let text = fs::read_to_string(&page).unwrap();
        for link in prose(&text).into_iter().flat_map(links) {
            count += 1;
            wrong.extend(broken(&page, &link));
        }
    }
    assert!(count > 100, "only {count} links were found");
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn links_are_read() {
    assert_eq!(
        links("see [`a`](a.md#b), not `[c](d)`, and [e](f) again"),
        ["a.md#b", "f"]
    );
    let page = "# One, two: `three`\n```\n# no\n```\n## `A_b` (c)\n## `A_b` (c)\n";
    let expected = ["a_b-c", "a_b-c-1", "one-two-three"].map(str::to_owned);
    assert_eq!(anchors(page), BTreeSet::from(expected));
    let readme = repository("README.md");
    assert!(broken(&readme, "docs/no-such-page.md").is_some());
    assert!(broken(&readme, "docs/outages.md#no-such-heading").is_some());
    assert!(broken(&readme, "docs/outages.md#a-query-that-fails").is_none());
}

/// Comments, log lines and settings that send the reader to a page.
#[test]
fn pages_that_are_named_exist() {
    let mut wrong = Vec::new();
    for file in files(&["rs", "py", "sh", "sql", "yaml", "toml", "service", "example", "md"]) {
        let text = fs::read_to_string(&file).unwrap();
        let is_path = |sign: char| sign.is_ascii_alphanumeric() || "_-./".contains(sign);
        for word in text.split(|sign| !is_path(sign)) {
            let word = word.trim_end_matches('.');
            // Made-up names stand in this file only.
            if !word.ends_with(".md") || word == ".md" || file.ends_with("tests/it/documentation.rs") {
                continue;
            }
            let beside = file.parent().unwrap().join(word);
            let places = [beside, repository(word), repository("docs").join(word)];
            if !places.iter().any(|place| place.exists()) {
                wrong.push(format!("{} names {word}", file.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Paths in pages, from the repository or, in the page on architecture, from `src/`.
#[test]
fn files_that_are_named_exist() {
    let mut wrong = Vec::new();
    let mut count = 0;
    for page in files(&["md"]) {
        let text = fs::read_to_string(&page).unwrap();
        let of_sources = page.ends_with("docs/architecture.md");
        let code = text.lines().flat_map(|line| line.split('`').skip(1).step_by(2));
        for path in code.filter_map(|code| code.split(' ').next()) {
            let is_path = path.chars().all(|c| c.is_ascii_alphanumeric() || "_-./".contains(c)) && path.contains('/');
            let begins = |folder: &&str| path.starts_with(*folder);
            let is_ours = ["src/", "tests/", "deploy/", "benches/", "docs/"].iter().any(begins);
            if !is_path || path.starts_with('/') || !(is_ours || of_sources) {
                continue;
            }
            count += 1;
            if !(repository(path).exists() || of_sources && repository("src").join(path).exists()) {
                wrong.push(format!("{}: {path}", page.display()));
            }
        }
    }
    assert!(count > 100, "only {count} paths were found");
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The first block of code below a heading of the page on architecture.
fn block_of_architecture(heading: &str) -> String {
    let page = fs::read_to_string(repository("docs/architecture.md")).unwrap();
    let (_, section) = page.split_once(&format!("## {heading}\n")).unwrap();
    section.split("```").nth(1).unwrap().to_owned()
}

/// Two levels of folders below `src/`, those of tests aside.
#[test]
fn the_rooms_are_the_folders() {
    let below = |directory: PathBuf| {
        let entries = fs::read_dir(directory).unwrap().flatten();
        let folders = entries.filter(|entry| entry.file_type().unwrap().is_dir() && entry.file_name() != "tests");
        folders.map(|folder| folder.path()).collect::<Vec<_>>()
    };
    let src = repository("src");
    let mut rooms = BTreeSet::new();
    for room in below(src.clone()) {
        for inner in below(room.clone()).into_iter().chain([room]) {
            rooms.insert(inner.strip_prefix(&src).unwrap().display().to_string());
        }
    }
    let mut drawn = BTreeSet::new();
    let mut outer = "";
    let block = block_of_architecture("The rooms");
    for line in block.lines().filter(|line| line.starts_with("  ")) {
        let Some((name, _)) = line.trim_start().split_once("/ ") else {
            continue;
        };
        match line.len() - line.trim_start().len() {
            2 => {
                outer = name;
                drawn.insert(name.to_owned());
            }
            _ => {
                drawn.insert(format!("{outer}/{name}"));
            }
        }
    }
    assert_eq!(drawn, rooms);
}

#[test]
fn the_arrows_of_the_page_are_those_that_hold() {
    let block = block_of_architecture("Who may use whom");
    let drawn: Vec<(&str, &str)> = block.trim().lines().filter_map(|line| line.split_once(" → ")).collect();
    let held = crate::layers::MAY_USE
        .iter()
        .copied()
        .filter(|(_, used)| !used.is_empty());
    let mut held: Vec<(&str, &str)> = held.collect();
    held.insert(0, ("main", "cli"));
    assert_eq!(drawn, held);
}

#[test]
fn the_readme_is_short() {
    let lines = fs::read_to_string(repository("README.md")).unwrap().lines().count();
    assert!(
        lines <= 200,
        "README.md has {lines} lines; more than 200 belong into docs/"
    );
}

/// The README's tables and settings, as they stand there.
#[test]
fn the_example_of_the_readme_works() {
    let _guard = beside_others();
    let readme = fs::read_to_string(repository("README.md")).unwrap();
    let (_, section) = readme.split_once("## Point it at your own tables").unwrap();
    let (_, section) = section.split_once("**By hand**").unwrap();
    let blocks: Vec<&str> = section.split("```\n").skip(1).step_by(2).take(3).collect();
    let [tables, settings, session] = blocks[..] else {
        panic!("three blocks: tables, settings, a session");
    };
    let directory = scratch("readme");
    let made = Command::new("sh").args(["-c", tables]).current_dir(&directory).status();
    assert!(made.unwrap().success(), "{tables}");
    fs::write(directory.join(".env"), settings).unwrap();
    let mut gateway = Gateway::spawn_in(&directory, &Env::default());
    gateway.expect_ready();
    let (_, search) = session.split_once("$ LDAPTLS").unwrap();
    let (search, expected) = search.split_once('\n').unwrap();
    let search = format!("LDAPTLS{search}").replace("ldaps://127.0.0.1:6360", &gateway.uri());
    let output = Command::new("sh").args(["-c", &search]).output().unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    assert_eq!(printed.trim_end(), expected.trim_end(), "{search}");
}

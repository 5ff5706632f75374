//! docs/troubleshooting.md and the texts that the tests look for are the same.

use super::{Breakage, Said, texts};
use crate::harness::repository;
use std::fs;

/// A cell of the page.
fn cell(said: Said) -> String {
    match said {
        // A bar ends a cell, even in code.
        Said::Text(text) => format!("`{}`", text.replace('|', "\\|")),
        Said::Nothing(why) => why.to_owned(),
    }
}

/// The section of a breakage.
fn section(breakage: &Breakage) -> String {
    format!(
        "## {}\n\n| where | what it says |\n|---|---|\n| client | {} |\n| log | {} |\n| `check` | {} |\n| metric | {} |\n\
         | `/readyz` | {} |\n| cure | {} |\n",
        breakage.title,
        breakage.client,
        cell(breakage.log),
        cell(breakage.check),
        cell(breakage.metric),
        cell(breakage.ready),
        breakage.cure,
    )
}

/// `BREAKAGES_BLESS=1` writes the sections.
#[test]
fn the_page_has_the_texts() {
    let path = repository("docs/troubleshooting.md");
    let page = fs::read_to_string(&path).unwrap();
    let (before, _) = page.split_once("\n## ").unwrap();
    let sections: Vec<String> = texts::ALL.iter().map(section).collect();
    let whole = format!("{before}\n{}", sections.join("\n"));
    if std::env::var_os("BREAKAGES_BLESS").is_some() {
        fs::write(&path, &whole).unwrap();
    }
    assert!(
        fs::read_to_string(&path).unwrap() == whole,
        "BREAKAGES_BLESS=1 cargo test the_page_has_the_texts writes docs/troubleshooting.md"
    );
}

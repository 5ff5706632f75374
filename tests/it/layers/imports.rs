//! Which file of `src/` imports what of which other: read from the tokens of each file, tests left out.
//!
//! An import is whatever names another file: a `use`, `pub` or not, or a path in the code. It points to the file that
//! defines the name, also when a folder's front page (`mod.rs`) hands the name on. `mod x;` imports nothing.

use crate::harness::repository;
use proc_macro2::{Delimiter, TokenStream, TokenTree};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// A path as it is written, for instance `["super", "dn", "Dn"]`.
type Segments = Vec<String>;

/// What one source file says.
#[derive(Debug, Default)]
pub struct Source {
    /// The file's path below `src`.
    pub file: String,
    /// Its text, comments and tests included.
    pub text: String,
    /// Names that are defined at the top of the file.
    defined: BTreeSet<String>,
    /// Names that a `use` brings into the file, and the paths they stand for.
    used: BTreeMap<String, Segments>,
    /// Each path in the code, imports included; a single word is one too.
    pub paths: BTreeSet<Segments>,
}

/// All source files, by module: `["model", "dn"]` for `model/dn.rs` and for `model/dn/mod.rs`.
pub struct Sources(BTreeMap<Segments, Source>);

/// Imports: from file, to file, and the names that are imported.
pub type Imports = BTreeMap<(String, String), BTreeSet<String>>;

impl Sources {
    /// Reads `src/`.
    pub fn read() -> Self {
        let src = repository("src");
        let mut files = Vec::new();
        list(&src, &mut files);
        let texts = files.iter().map(|file| {
            let name = file.strip_prefix(&src).unwrap().display().to_string();
            (name, fs::read_to_string(file).unwrap())
        });
        Self::of(texts.filter(|(name, _)| !is_of_tests(name)))
    }

    /// Reads files that are given as `(path below src, text)`.
    pub fn of(texts: impl Iterator<Item = (String, String)>) -> Self {
        Self(
            texts
                .map(|(file, text)| {
                    let mut source = Source::default();
                    source.read(text.parse().unwrap(), 0, 0);
                    (module(&file), Source { file, text, ..source })
                })
                .collect(),
        )
    }

    /// The files in the order of their modules.
    pub fn iter(&self) -> impl Iterator<Item = &Source> {
        self.0.values()
    }

    /// Every import of one file from another.
    pub fn imports(&self) -> Imports {
        let mut imports = Imports::new();
        for (module, source) in &self.0 {
            for path in &source.paths {
                if let Some((file, name)) = self.resolve(module, path, 0)
                    && file != source.file
                {
                    imports.entry((source.file.clone(), file)).or_default().insert(name);
                }
            }
        }
        imports
    }

    /// The file that a path leads to from a module, and the name in it. None for what is not in `src`, and for a module
    /// as a whole: that imports nothing before something of it is named.
    fn resolve(&self, module: &[String], path: &[String], depth: usize) -> Option<(String, String)> {
        let (first, rest) = path.split_first()?;
        if depth > DEEPEST {
            return None;
        }
        match first.as_str() {
            "crate" => self.below(&[], rest, depth),
            "self" => self.below(module, rest, depth),
            "super" => self.below(module.split_last()?.1, rest, depth),
            name if self.0.contains_key(&child(module, name)) => self.below(module, path, depth),
            name => self.resolve(module, &join(self.0.get(module)?.used.get(name)?, rest), depth + 1),
        }
    }

    /// The same for a path that begins below a module.
    fn below(&self, module: &[String], path: &[String], depth: usize) -> Option<(String, String)> {
        let (first, rest) = path.split_first()?;
        if first == "super" {
            return self.below(module.split_last()?.1, rest, depth);
        }
        if self.0.contains_key(&child(module, first)) {
            return self.below(&child(module, first), rest, depth);
        }
        let source = self.0.get(module)?;
        match source.used.get(first) {
            Some(used) if !source.defined.contains(first) => self.resolve(module, &join(used, rest), depth + 1),
            _ => Some((source.file.clone(), first.clone())),
        }
    }
}

/// Of the chain of front pages that hand a name on.
const DEEPEST: usize = 16;

/// Keywords that define the name behind them.
const DEFINING: [&str; 10] = [
    "fn",
    "struct",
    "enum",
    "trait",
    "const",
    "static",
    "type",
    "union",
    "macro_rules",
    "mod",
];

impl Source {
    /// Whether the code names what ends, or goes on, like `a::b`.
    pub fn names(&self, path: &str) -> bool {
        let path: Vec<&str> = path.split("::").collect();
        self.paths
            .iter()
            .any(|found| found.windows(path.len()).any(|part| part == path.as_slice()))
    }

    /// Reads tokens that stand in so many blocks of the file, of which so many are modules written inline.
    fn read(&mut self, tokens: TokenStream, blocks: usize, modules: usize) {
        let tokens: Vec<TokenTree> = without_tests(tokens).into_iter().collect();
        let mut at = 0;
        while let Some(token) = tokens.get(at) {
            let keyword = token.to_string();
            match token {
                TokenTree::Group(group) => {
                    let is_module = at > 1 && matches!(&tokens[at - 2], TokenTree::Ident(word) if word == "mod");
                    self.read(group.stream(), blocks + 1, modules + usize::from(is_module));
                }
                TokenTree::Ident(_) if keyword == "use" && !is_punct(tokens.get(at + 1), '<') => {
                    let length = tokens[at..].iter().take_while(|token| !is_punct(Some(token), ';'));
                    let end = at + length.count();
                    self.tree(&tokens[at + 1..end], &[], modules);
                    at = end;
                }
                TokenTree::Ident(_) => {
                    let is_file = keyword == "mod" && is_punct(tokens.get(at + 2), ';');
                    if blocks == 0 && DEFINING.contains(&keyword.as_str()) && !is_file {
                        let name = tokens[at + 1..]
                            .iter()
                            .find(|token| matches!(token, TokenTree::Ident(_)));
                        self.defined.extend(name.map(ToString::to_string));
                    }
                    let (path, length) = path(&tokens[at..]);
                    self.paths.insert(seen_from_file(path, modules));
                    at += length - 1;
                }
                _ => {}
            }
            at += 1;
        }
    }

    /// Reads the tree of a `use` below a path: `a::{b, c::d as e}`.
    fn tree(&mut self, tokens: &[TokenTree], before: &[String], modules: usize) {
        let branches = tokens.split(|token| is_punct(Some(token), ','));
        for branch in branches.filter(|branch| !branch.is_empty()) {
            let (path, length) = path(branch);
            let mut path = join(before, &path);
            let rest = &branch[length..];
            if let [.., TokenTree::Group(group)] = rest {
                let list: Vec<TokenTree> = group.stream().into_iter().collect();
                self.tree(&list, &path, modules);
                continue;
            }
            if path.len() > 1 {
                path.retain(|segment| segment != "self");
            }
            match rest {
                [TokenTree::Punct(_)] => path.push("*".to_owned()),
                _ => {
                    let name = rest.last().map(ToString::to_string).or(path.last().cloned());
                    self.used
                        .extend(name.map(|name| (name, seen_from_file(path.clone(), modules))));
                }
            }
            self.paths.insert(seen_from_file(path, modules));
        }
    }
}

/// A path in a module that is written inline, as it would be written outside of it.
fn seen_from_file(mut path: Segments, modules: usize) -> Segments {
    let supers = path
        .iter()
        .take(modules)
        .take_while(|segment| *segment == "super")
        .count();
    if supers > 0 {
        let is_above = path.get(supers).is_some_and(|segment| segment == "super");
        path.splice(..supers, (!is_above).then(|| "self".to_owned()));
    }
    path
}

/// The path at the beginning of these tokens, and how many they are; a path that goes on with a list ends before it.
fn path(tokens: &[TokenTree]) -> (Segments, usize) {
    let mut segments = Vec::new();
    let mut at = 0;
    while let Some(TokenTree::Ident(ident)) = tokens.get(at) {
        segments.push(ident.to_string());
        at += 1;
        if !(is_punct(tokens.get(at), ':') && is_punct(tokens.get(at + 1), ':')) {
            break;
        }
        at += 2;
    }
    (segments, at)
}

/// Tokens without what stands behind `#[cfg(test)]`: an item, with its other attributes.
fn without_tests(tokens: TokenStream) -> TokenStream {
    let mut kept = Vec::new();
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        let attribute = match (&token, tokens.peek()) {
            (TokenTree::Punct(hash), Some(TokenTree::Group(group))) if hash.as_char() == '#' => group.to_string(),
            _ => String::new(),
        };
        if attribute.replace(' ', "") == "[cfg(test)]" {
            for token in tokens.by_ref() {
                if is_punct(Some(&token), ';')
                    || matches!(&token, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace)
                {
                    break;
                }
            }
        } else {
            kept.push(token);
        }
    }
    kept.into_iter().collect()
}

fn is_punct(token: Option<&TokenTree>, punct: char) -> bool {
    matches!(token, Some(TokenTree::Punct(found)) if found.as_char() == punct)
}

fn join(path: &[String], rest: &[String]) -> Segments {
    [path, rest].concat()
}

fn child(module: &[String], name: &str) -> Segments {
    join(module, &[name.to_owned()])
}

/// The module of a file: `["model", "dn"]` for `model/dn.rs` and for `model/dn/mod.rs`; none for `lib.rs`.
fn module(file: &str) -> Segments {
    let mut module: Segments = file.trim_end_matches(".rs").split('/').map(str::to_owned).collect();
    if matches!(module.last().map(String::as_str), Some("mod" | "lib")) {
        module.pop();
    }
    module
}

fn is_of_tests(file: &str) -> bool {
    file.split('/').any(|part| part == "tests" || part == "tests.rs")
}

fn list(dir: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap().flatten() {
        if entry.path().is_dir() {
            list(&entry.path(), files);
        } else if entry.path().extension().is_some_and(|extension| extension == "rs") {
            files.push(entry.path());
        }
    }
}

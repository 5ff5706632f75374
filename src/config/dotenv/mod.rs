//! `.env` files. They are read as npm's `dotenv` reads them, because deployments of the Node gateway have such files. `tests`
//! compares the two over generated files. The rules:
//!
//! - A name (letters, digits, `_`, `.`, `-`), perhaps after `export`, then `=`, or `:` and a blank, then the value.
//! - A value that begins with `'`, `"` or a backtick runs to the last such quote that ends a line (a comment may
//!   follow), over quotes with a backslash before them and over line ends. Only the outer quotes are taken off. A
//!   backslash stays, but `\n` and `\r` in double quotes are the characters.
//! - Any other value runs to the end of its line or to `#`, without blanks around it. Quotes that enclose all of it are
//!   taken off, whatever they enclose: `'COALESCE(mail, '')'`.
//! - Nothing is substituted (`$1`, passwords with `$`). Of equal names the last counts.
//!
//! The `dotenvy` crate (0.15.7) follows the shell instead: of the 20,000 files of `tests` it refuses 13,067 and reads
//! 703 otherwise. It ends a value at the second quote, refuses blanks in unquoted values, and replaces `$1`.

/// What one file says, in its order, and which lines are probably not meant so.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Parsed {
    /// Names and values. Of equal names the last counts.
    pub values: Vec<(String, String)>,
    /// The number of the line on which each of them begins.
    pub lines: Vec<usize>,
    /// Numbers of lines that are neither assignments, comments nor empty: ignored, with a warning.
    pub ignored: Vec<usize>,
    /// Numbers of lines whose value begins with a quote that is nowhere closed.
    pub unclosed: Vec<usize>,
    /// Numbers of lines whose value ends at a `#` without a blank before it.
    pub cut: Vec<usize>,
    /// Those of them that cut off the end of a URI's password: an `@` follows on the line.
    pub cut_uris: Vec<usize>,
}

/// The line that gives a setting this value, without its line end: without quotes where that will do, because container
/// engines take quotes for a part of the value. None where no line gives it.
pub fn line(name: &str, value: &str) -> Option<String> {
    let bare = format!("{name}={value}");
    let quoted = ['\'', '"', '`'].map(|quote| format!("{name}={quote}{value}{quote}"));
    let values = [(name.to_owned(), value.to_owned())];
    let reads_so = |line: &String| !line.contains(|c: char| c == '\r' || is_line_end(c)) && reads_as(line, &values);
    std::iter::once(bare).chain(quoted).find(reads_so)
}

/// Whether a `.env` file of this text gives these values in this order, nothing else, and has no odd line.
pub fn reads_as(text: &str, values: &[(String, String)]) -> bool {
    let parsed = parse(text);
    parsed.ignored.is_empty() && parsed.unclosed.is_empty() && parsed.cut.is_empty() && parsed.values == values
}

/// Reads the text of a `.env` file. It never fails; odd lines are listed by their numbers.
pub(super) fn parse(text: &str) -> Parsed {
    let text = &text.replace("\r\n", "\n").replace('\r', "\n");
    let mut parsed = Parsed::default();
    let mut line = Some(0);
    while let Some(start) = line {
        let number = || 1 + text.get(..start).unwrap_or("").matches('\n').count();
        let Some(found) = assignment(text, start) else {
            let content = text.get(start..line_end(text, start)).unwrap_or("");
            let content = content.trim_start_matches(is_blank);
            if !content.is_empty() && !content.starts_with('#') {
                parsed.ignored.push(number());
            }
            line = next_line(text, start);
            continue;
        };
        let number = 1 + text.get(..found.at).unwrap_or("").matches('\n').count();
        match found.odd {
            Some(Odd::Unclosed) => parsed.unclosed.push(number),
            Some(Odd::Cut) => parsed.cut.push(number),
            Some(Odd::CutUri) => parsed.cut_uris.push(number),
            None => {}
        }
        parsed.lines.push(number);
        parsed.values.push((found.name, found.value));
        line = next_line(text, found.end);
    }
    parsed
}

struct Assignment {
    name: String,
    value: String,
    odd: Option<Odd>,
    /// Where the name begins.
    at: usize,
    /// Where the assignment ends: at the end of a line.
    end: usize,
}

enum Odd {
    Unclosed,
    Cut,
    CutUri,
}

/// The assignment that begins in the line that begins at `start`, or after empty ones.
fn assignment(text: &str, start: usize) -> Option<Assignment> {
    let at = skip_blanks(text, start);
    let exported = text.get(at..)?.strip_prefix("export").and_then(|rest| {
        let name = at + "export".len() + (rest.len() - rest.trim_start_matches(is_blank).len());
        (name > at + "export".len()).then(|| named(text, name)).flatten()
    });
    // `export` alone is a name.
    let (name, from) = exported.or_else(|| named(text, at))?;
    let (value, end, odd) = match quoted(text, from) {
        Some((value, end)) => (value, end, None),
        None => unquoted(text, from),
    };
    Some(Assignment {
        name: name.to_owned(),
        value,
        odd,
        at,
        end,
    })
}

/// The name at `at`, and where the text after its `=` or `: ` begins.
fn named(text: &str, at: usize) -> Option<(&str, usize)> {
    let rest = text.get(at..)?;
    let length = rest
        .find(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '_' | '.' | '-'))
        .unwrap_or(rest.len());
    let (name, rest) = rest.split_at_checked(length)?;
    if name.is_empty() {
        return None;
    }
    let end = at + length;
    if rest.trim_start_matches(is_blank).starts_with('=') {
        return Some((name, skip_blanks(text, end) + 1));
    }
    let blank = rest.strip_prefix(':')?.chars().next().filter(|c| is_blank(*c))?;
    Some((name, end + 1 + blank.len_utf8()))
}

/// The value in quotes that follows `from`, and the end of the line where it ends. Of the quotes that may be its last
/// one, each but the first has one with a backslash before it, and the last one with nothing but a comment after it is.
fn quoted(text: &str, from: usize) -> Option<(String, usize)> {
    let open = skip_blanks(text, from);
    let quote = text.get(open..)?.chars().next().filter(|c| is_quote(*c))?;
    let inside = open + 1;
    let mut found = None;
    for (at, _) in text.get(inside..)?.match_indices(quote) {
        let close = inside + at;
        if let Some(end) = nothing_more(text, close + 1) {
            found = Some((close, end));
        }
        if !text.get(..close)?.ends_with('\\') {
            break;
        }
    }
    let (close, end) = found?;
    let value = text.get(inside..close)?;
    Some((if quote == '"' { escapes(value) } else { value.to_owned() }, end))
}

/// The value to the end of the line, or to a comment.
fn unquoted(text: &str, from: usize) -> (String, usize, Option<Odd>) {
    let rest = text.get(from..).unwrap_or("");
    let raw = rest.split(['#', '\n']).next().unwrap_or("");
    let after = from + raw.len();
    let trimmed = raw.trim_matches(is_blank);
    let value = without_quotes(trimmed);
    let first = trimmed.chars().next();
    let odd = if first.is_some_and(|c| is_quote(c) && trimmed.matches(c).count() == 1) {
        Some(Odd::Unclosed)
    } else if text.get(after..).is_some_and(|rest| rest.starts_with('#'))
        && raw.chars().next_back().is_some_and(|last| !is_blank(last))
    {
        let comment = text.get(after..line_end(text, after)).unwrap_or("");
        Some(match value.contains("://") && comment.contains('@') {
            true => Odd::CutUri,
            false => Odd::Cut,
        })
    } else {
        None
    };
    let value = if first == Some('"') { escapes(&value) } else { value };
    let end = nothing_more(text, after).unwrap_or_else(|| line_end(text, after));
    (value, end, odd)
}

/// Where a line ends, if from `at` to there are only blanks (line ends too) and perhaps a comment.
fn nothing_more(text: &str, at: usize) -> Option<usize> {
    let next = skip_blanks(text, at);
    let rest = text.get(next..)?;
    if rest.is_empty() || rest.starts_with('#') {
        return Some(line_end(text, next));
    }
    text.get(at..next)?.rfind(is_line_end).map(|end| at + end)
}

/// A value without the quotes that enclose it, or, where it holds Unicode's line separators, each of its lines.
fn without_quotes(value: &str) -> String {
    let mut result = String::new();
    let mut rest = value;
    loop {
        let quote = rest.chars().next().filter(|c| is_quote(*c));
        let close = quote.and_then(|quote| {
            rest.match_indices(quote).map(|(at, _)| at).rfind(|at| {
                *at > 0
                    && rest
                        .get(at + 1..)
                        .is_some_and(|rest| !rest.starts_with(|c| !is_line_end(c)))
            })
        });
        if let Some(close) = close {
            result.push_str(rest.get(1..close).unwrap_or(""));
            rest = rest.get(close + 1..).unwrap_or("");
        }
        let Some((at, end)) = rest.char_indices().find(|(_, c)| is_line_end(*c)) else {
            result.push_str(rest);
            return result;
        };
        let (line, after) = rest.split_at_checked(at + end.len_utf8()).unwrap_or((rest, ""));
        result.push_str(line);
        rest = after;
    }
}

/// What double quotes know.
fn escapes(value: &str) -> String {
    value.replace("\\n", "\n").replace("\\r", "\r")
}

fn skip_blanks(text: &str, at: usize) -> usize {
    let rest = text.get(at..).unwrap_or("");
    at + rest.len() - rest.trim_start_matches(is_blank).len()
}

fn line_end(text: &str, at: usize) -> usize {
    let rest = text.get(at..).unwrap_or("");
    at + rest.find(is_line_end).unwrap_or(rest.len())
}

/// Where the line after the one at `at` begins.
fn next_line(text: &str, at: usize) -> Option<usize> {
    let end = line_end(text, at);
    let separator = text.get(end..)?.chars().next()?;
    Some(end + separator.len_utf8())
}

fn is_quote(c: char) -> bool {
    matches!(c, '\'' | '"' | '`')
}

/// JavaScript's line ends; carriage returns are none any more.
fn is_line_end(c: char) -> bool {
    matches!(c, '\n' | '\u{2028}' | '\u{2029}')
}

/// JavaScript's white space: a byte order mark is, U+0085 is not.
fn is_blank(c: char) -> bool {
    (c.is_whitespace() && c != '\u{85}') || c == '\u{feff}'
}

#[cfg(test)]
mod tests;

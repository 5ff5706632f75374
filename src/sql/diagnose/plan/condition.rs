//! Whether a condition on an index leaves rows out, or only says where to begin.

/// One part of a condition that is joined by AND.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    /// It compares with a value, a list or a pattern.
    Finds,
    /// It is open at one end: from a value on.
    From,
    /// It is open at the other end: up to a value.
    UpTo,
    /// Nearly every row fulfils it.
    Exists,
}

fn part(text: &str) -> Part {
    let text = text.to_lowercase();
    let has = |needle: &str| text.contains(needle);
    if has("is not null") || has("<>") || has("!=") {
        Part::Exists
    } else if has(">") && has("<") {
        Part::Finds
    } else if has(">") {
        Part::From
    } else if has("<") {
        Part::UpTo
    } else {
        Part::Finds
    }
}

/// Whether the parts together find rows. "The key exists" and "the key comes after the last page" do not; a range that is
/// open at one end may hold every row.
pub fn finds_rows<'a>(parts: impl IntoIterator<Item = &'a str>) -> bool {
    let parts: Vec<Part> = parts.into_iter().map(part).collect();
    parts.contains(&Part::Finds) || parts.contains(&Part::From) && parts.contains(&Part::UpTo)
}

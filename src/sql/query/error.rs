//! Why the text of an operator's query cannot be used.

/// What is wrong with the text of a query.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    /// Nothing but blanks and comments.
    #[error("the query is empty")]
    Empty,
    /// It would change something, or give no table.
    #[error("the query must be a SELECT, but begins with {0}")]
    NotASelect(String),
    /// Somebody took the quotes of a shell or of a `.env` file for a part of the value, as container engines do.
    #[error("the whole query stands in quotes, which whatever passes it on has not taken off: leave them out")]
    InQuotes,
    /// A string literal does not end.
    #[error("line {line}: a string that begins here does not end")]
    UnterminatedString {
        /// Where it begins.
        line: usize,
    },
    /// A quoted name does not end.
    #[error("line {line}: a quoted name that begins here does not end")]
    UnterminatedIdentifier {
        /// Where it begins.
        line: usize,
    },
    /// A comment does not end.
    #[error("line {line}: a comment that begins here does not end")]
    UnterminatedComment {
        /// Where it begins.
        line: usize,
    },
    /// `/*! … */` is code on some servers and a comment on others.
    #[error("line {line}: executable comments (/*! … */) are not supported")]
    ExecutableComment {
        /// Where it begins.
        line: usize,
    },
    /// No engine takes U+0000.
    #[error("line {line}: the query contains a NUL character")]
    NulCharacter {
        /// Where it is.
        line: usize,
    },
    /// It could not be put in parentheses.
    #[error("line {line}: parentheses or brackets do not match")]
    UnbalancedParentheses {
        /// Where the first one too many is, or the last line.
        line: usize,
    },
    /// SQLite would silently ignore the second.
    #[error("line {line}: a second statement follows; there must be only one")]
    SecondStatement {
        /// Where it begins.
        line: usize,
    },
    /// A directory only reads.
    #[error("line {line}: the query locks rows (FOR UPDATE, FOR SHARE, LOCK IN SHARE MODE); a directory only reads")]
    Locking {
        /// Where it is asked for.
        line: usize,
    },
    /// `:name` and the like on SQLite.
    #[error("line {line}: {name} is a named placeholder; write ? or $1")]
    NamedPlaceholder {
        /// The placeholder.
        name: String,
        /// Where it is.
        line: usize,
    },
    /// `$2`: there is only one value to give.
    #[error(
        "line {line}: ${number} has no value; a query has only $1, a statement that changes something only named ones"
    )]
    UnknownParameter {
        /// Its number.
        number: usize,
        /// Where it is.
        line: usize,
    },
    /// `?` and `$1` together, where both are placeholders.
    #[error("line {line}: the query uses both ? and $1; use one of them")]
    MixedPlaceholders {
        /// Where the first `?` is.
        line: usize,
    },
    /// A lookup without a place for its value.
    #[error("the query has no placeholder{}", .found.as_deref().map_or("; write ? where the name belongs".to_owned(), |found| format!(": {found}")))]
    NoPlaceholder {
        /// What was probably meant to be one, and why it is none.
        found: Option<String>,
    },
    /// A listing that wants a value.
    #[error("line {line}: the query has a placeholder, but there is no value for it here{hint}")]
    HasPlaceholder {
        /// Where the first one is.
        line: usize,
        /// What else may be meant.
        hint: &'static str,
    },
    /// A statement that begins with none of the words that change rows.
    #[error(
        "line {line}: a statement begins with {word}; each must be an INSERT, UPDATE, DELETE, REPLACE, MERGE, SELECT or \
         WITH, as they run in one transaction"
    )]
    NoChange {
        /// What it begins with.
        word: String,
        /// Where.
        line: usize,
    },
    /// `:name` that is none of those that there are.
    #[error("line {line}: there is no parameter {name}; there are {names}")]
    UnknownName {
        /// The parameter.
        name: String,
        /// Those that there are.
        names: String,
        /// Where it is.
        line: usize,
    },
    /// `?` where parameters have names.
    #[error("line {line}: ? is no parameter here; there are {names}")]
    NotNamed {
        /// Those that there are.
        names: String,
        /// Where it is.
        line: usize,
    },
}

//! What can be said of one row alone: names, numbers and paths that the gateway serves and clients stumble over.

/// Something that a client takes otherwise than its owner means it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Oddity {
    /// The name is made of digits: programs take it for a number.
    NameOfDigits,
    /// The name has a colon, a slash or a blank, which `passwd` and `group` cannot hold.
    NameUnfit,
    /// The name has capital letters.
    NameInCapitals,
    /// The entry's own number.
    Number(Range),
    /// A user's gid number.
    PrimaryGroup(Range),
    /// A user's gid number is made by computing, and a group with another name has it.
    OthersGroup,
    /// A user's gid number is no group's, and a group has the user's name: there is no private group for it.
    NamesakeGroup,
    /// An address without `@`.
    MailWithoutAt,
    /// A home directory that does not begin with a slash.
    HomeIsNoPath,
    /// A login shell that does not begin with a slash.
    ShellIsNoPath,
}

/// Numbers that are not for ordinary users and groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Range {
    /// 0: root's.
    Zero,
    /// From 1 to 999: those of the system's own users and groups.
    System,
    /// 65534, `nobody`, and 65535, which is none in 16 bits.
    Nobody,
    /// Negative, or beyond 4294967294, the last in 32 bits: no client takes it.
    Beyond,
}

impl Range {
    /// The range of a number; none where it is an ordinary one.
    pub fn of(number: i128) -> Option<Range> {
        match number {
            0 => Some(Range::Zero),
            1..=999 => Some(Range::System),
            65_534 | 65_535 => Some(Range::Nobody),
            1000..=0xffff_fffe => None,
            _ => Some(Range::Beyond),
        }
    }
}

/// What is odd about a name.
pub fn of_name(name: &str) -> Vec<Oddity> {
    let mut found = Vec::new();
    if name.bytes().all(|byte| byte.is_ascii_digit()) {
        found.push(Oddity::NameOfDigits);
    }
    if name.contains(|character: char| matches!(character, ':' | '/') || character.is_whitespace()) {
        found.push(Oddity::NameUnfit);
    }
    if name.contains(char::is_uppercase) {
        found.push(Oddity::NameInCapitals);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_ranges() {
        for (number, range) in [
            (-1, Some(Range::Beyond)),
            (0, Some(Range::Zero)),
            (1, Some(Range::System)),
            (999, Some(Range::System)),
            (1000, None),
            (65_533, None),
            (65_534, Some(Range::Nobody)),
            (65_535, Some(Range::Nobody)),
            (65_536, None),
            (4_294_967_294, None),
            (4_294_967_295, Some(Range::Beyond)),
            (i128::MAX, Some(Range::Beyond)),
        ] {
            assert_eq!(Range::of(number), range, "{number}");
        }
    }

    #[test]
    fn names_that_programs_misread() {
        assert_eq!(of_name("alice.o'neil-1_x@example.com"), []);
        assert_eq!(of_name("jörg"), []);
        assert_eq!(of_name("1001"), [Oddity::NameOfDigits]);
        assert_eq!(of_name("1001a"), []);
        assert_eq!(of_name("Alice"), [Oddity::NameInCapitals]);
        for unfit in ["a:b", "a/b", "a b", " a", "a\u{a0}", "a\tb"] {
            assert_eq!(of_name(unfit), [Oddity::NameUnfit], "{unfit:?}");
        }
    }
}

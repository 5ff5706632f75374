//! What is said of operations and controls that are not supported: what to do instead. It is written for people who see
//! nothing but a client's error message.

/// The answer to add, modify, delete and modifyDN.
pub(super) const WRITES: &str = "the directory is read-only: change the tables that it is made of";

/// Extended operations that clients are known to send.
const OPERATIONS: &[(&str, &str)] = &[
    (
        "1.3.6.1.4.1.1466.20037",
        "StartTLS is not supported: connect with ldaps://, where TLS begins with the connection",
    ),
    (
        "1.3.6.1.4.1.4203.1.11.1",
        "passwords cannot be changed by LDAP: change them where the accounts are managed",
    ),
    (
        "1.3.6.1.4.1.1466.101.119.1",
        "dynamic entries (RFC 2589) are not supported: the directory is read-only",
    ),
    (
        "1.3.6.1.1.21.1",
        "transactions (RFC 5805) are not supported: the directory is read-only",
    ),
    (
        "1.3.6.1.1.21.3",
        "transactions (RFC 5805) are not supported: the directory is read-only",
    ),
    ("1.3.6.1.1.19", "turn (RFC 4531) is not supported: bind as the client"),
    (
        "1.3.6.1.4.1.4203.666.6.5",
        "verify credentials is not supported: bind on a connection of its own",
    ),
    ("1.2.840.113556.1.4.1781", "fast bind is not supported: bind without it"),
    (
        "1.3.6.1.1.17.1",
        "bulk updates (RFC 4373) are not supported: the directory is read-only",
    ),
    (
        "1.3.6.1.1.17.5",
        "bulk updates (RFC 4373) are not supported: the directory is read-only",
    ),
];

/// Controls that clients are known to send.
const CONTROLS: &[(&str, &str)] = &[
    (
        "1.2.840.113556.1.4.473",
        "server-side sorting (RFC 2891) is not supported: let the client sort, or make the control not critical",
    ),
    (
        "2.16.840.1.113730.3.4.9",
        "virtual list views are not supported: use paged results",
    ),
    (
        "1.3.6.1.4.1.4203.1.9.1.1",
        "content synchronisation (RFC 4533) is not supported: search again at intervals",
    ),
    (
        "2.16.840.1.113730.3.4.3",
        "persistent search is not supported: search again at intervals",
    ),
    (
        "1.2.840.113556.1.4.528",
        "change notification is not supported: search again at intervals",
    ),
    (
        "1.2.840.113556.1.4.841",
        "DirSync is not supported: search for a newer modifyTimestamp at intervals",
    ),
    (
        "2.16.840.1.113730.3.4.18",
        "proxied authorization (RFC 4370) is not supported: bind as the user",
    ),
    (
        "2.16.840.1.113730.3.4.12",
        "proxied authorization is not supported: bind as the user",
    ),
    (
        "1.2.826.0.1.3344810.2.3",
        "matched values (RFC 3876) are not supported: let the client choose among the values",
    ),
    (
        "1.3.6.1.4.1.4203.666.5.16",
        "dereferencing is not supported: search for memberOf, or read the members",
    ),
    (
        "1.3.6.1.4.1.4203.1.10.1",
        "subentries (RFC 3672) are not supported: read cn=Subschema",
    ),
    (
        "1.3.6.1.1.13.1",
        "pre-read (RFC 4527) is not supported: the directory is read-only",
    ),
    (
        "1.3.6.1.1.13.2",
        "post-read (RFC 4527) is not supported: the directory is read-only",
    ),
    (
        "1.2.840.113556.1.4.805",
        "tree delete is not supported: the directory is read-only",
    ),
    (
        "1.3.6.1.4.1.4203.666.5.2",
        "no-op is not supported: the directory is read-only",
    ),
    (
        "1.3.6.1.1.21.2",
        "transactions (RFC 5805) are not supported: the directory is read-only",
    ),
    (
        "2.16.840.1.113730.3.4.16",
        "authorization identity (RFC 3829) is not supported: ask \"Who am I?\" (RFC 4532)",
    ),
    (
        "1.2.840.113556.1.4.529",
        "extended DNs are not supported: ask for entryUUID",
    ),
    (
        "1.2.840.113556.1.4.417",
        "deleted entries are not kept: make the control not critical",
    ),
    (
        "1.2.840.113556.1.4.801",
        "security descriptors are not supported: make the control not critical",
    ),
    (
        "1.2.840.113556.1.4.1339",
        "the domain scope control is not supported: there are no referrals, leave it out",
    ),
    (
        "1.2.840.113556.1.4.1340",
        "the search options control is not supported: leave it out",
    ),
    (
        "1.3.6.1.4.1.21008.108.63.1",
        "session tracking is not supported: make the control not critical",
    ),
    (
        "1.3.6.1.4.1.42.2.27.9.5.8",
        "the account usability control is not supported: bind as the user",
    ),
];

/// What to say of an extended operation that is not supported.
pub(super) fn operation(oid: &str) -> &'static str {
    find(OPERATIONS, oid).unwrap_or("unknown extended operation")
}

/// The longest OID that is repeated to the client, in characters.
const LONGEST_OID: usize = 64;

/// What to say of a critical control that is not supported. Its OID is named if it looks like one.
pub(super) fn control(oid: &str) -> String {
    let is_oid =
        (1..=LONGEST_OID).contains(&oid.len()) && oid.bytes().all(|octet| octet.is_ascii_digit() || octet == b'.');
    match find(CONTROLS, oid) {
        Some(text) => text.to_owned(),
        None if is_oid => format!("critical control {oid} is not supported"),
        None => "a critical control is not supported".to_owned(),
    }
}

fn find(table: &[(&str, &'static str)], oid: &str) -> Option<&'static str> {
    let (_, text) = table.iter().find(|(known, _)| *known == oid)?;
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::super::{controls::SUPPORTED_CONTROLS, extended::SUPPORTED_EXTENSIONS};
    use super::*;

    #[test]
    fn nothing_is_supported_and_unsupported() {
        let known = OPERATIONS.iter().chain(CONTROLS).map(|(oid, _)| *oid);
        let supported: Vec<&str> = SUPPORTED_CONTROLS.into_iter().chain(SUPPORTED_EXTENSIONS).collect();
        for oid in known {
            assert!(!supported.contains(&oid), "{oid}");
        }
        assert!(operation("1.3.6.1.4.1.1466.20037").contains("ldaps://"));
        assert_eq!(operation("1.2.3"), "unknown extended operation");
        assert_eq!(control("1.2.3"), "critical control 1.2.3 is not supported");
        assert_eq!(control("secret\n"), "a critical control is not supported");
    }
}

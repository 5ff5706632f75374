//! Users: `inetOrgPerson`, and `posixAccount` (RFC 2307) where there are numbers.

use crate::{
    directory::kind::{
        entry_kind::{EntryKind, MembershipSide},
        role::Role,
        rule::{Class, ClassWhen, ValueSource, always, rule, with_numbers},
    },
    model::schema::ids,
};

/// What makes a posixAccount.
const POSIX: &[Role] = &[Role::Number, Role::PrimaryGroup];

/// Users.
pub static USERS: EntryKind = EntryKind {
    singular: "user",
    plural: "users",
    cookie: 0x10,
    rdn: "uid",
    naming_attribute: ids::UID,
    container: |layout| layout.users.clone(),
    gives_way_to: None,
    membership: MembershipSide::Members,
    structural_class: "inetOrgPerson",
    uuid_label: "user",
    columns: &[
        ("username", Role::Name),
        ("uid", Role::Name),
        ("uid_number", Role::Number),
        ("uidnumber", Role::Number),
        ("gid_number", Role::PrimaryGroup),
        ("gidnumber", Role::PrimaryGroup),
        ("full_name", Role::FullName),
        ("cn", Role::FullName),
        ("first_name", Role::FirstName),
        ("givenname", Role::FirstName),
        ("last_name", Role::LastName),
        ("sn", Role::LastName),
        ("mail", Role::Mail),
        ("home_directory", Role::HomeDirectory),
        ("homedirectory", Role::HomeDirectory),
        ("login_shell", Role::LoginShell),
        ("loginshell", Role::LoginShell),
        ("ssh_public_key", Role::SshPublicKey),
        ("sshpublickey", Role::SshPublicKey),
        ("password", Role::Password),
        ("userpassword", Role::Password),
        ("totp_secret", Role::TotpSecret),
        ("auth_backends", Role::AuthBackends),
        ("status", Role::Status),
        ("enabled", Role::Enabled),
        ("locked", Role::Locked),
        ("expires_at", Role::ExpiresAt),
        ("entry_uuid", Role::EntryUuid),
        ("entryuuid", Role::EntryUuid),
        ("created_at", Role::CreatedAt),
        ("createdat", Role::CreatedAt),
        ("updated_at", Role::UpdatedAt),
        ("updatedat", Role::UpdatedAt),
    ],
    required_numbers: &[],
    rules: &[
        rule(ids::UID, &[ValueSource::Name]),
        with_numbers(POSIX, ids::UID_NUMBER, &[ValueSource::Number(Role::Number)]),
        with_numbers(POSIX, ids::GID_NUMBER, &[ValueSource::Number(Role::PrimaryGroup)]),
        with_numbers(
            POSIX,
            ids::HOME_DIRECTORY,
            &[ValueSource::Text(Role::HomeDirectory), ValueSource::Home(Role::Number)],
        ),
        with_numbers(
            POSIX,
            ids::LOGIN_SHELL,
            &[ValueSource::Text(Role::LoginShell), ValueSource::Constant("/bin/bash")],
        ),
        with_numbers(POSIX, ids::GECOS, &[ValueSource::AsciiOf(ids::CN)]),
        rule(
            ids::CN,
            &[
                ValueSource::Text(Role::FullName),
                ValueSource::Joined(Role::FirstName, Role::LastName),
                ValueSource::Text(Role::FirstName),
                ValueSource::Text(Role::LastName),
                ValueSource::Name,
            ],
        ),
        rule(
            ids::SN,
            &[ValueSource::Text(Role::LastName), ValueSource::LastWordOf(ids::CN)],
        ),
        rule(ids::GIVEN_NAME, &[ValueSource::Text(Role::FirstName)]),
        rule(ids::MAIL, &[ValueSource::Text(Role::Mail), ValueSource::NameAtDomain]),
        rule(ids::SSH_PUBLIC_KEY, &[ValueSource::Lines(Role::SshPublicKey)]),
    ],
    classes: &[
        always("top"),
        always("person"),
        always("organizationalPerson"),
        always("inetOrgPerson"),
        Class {
            name: "posixAccount",
            when: ClassWhen::Numbers(POSIX),
        },
        Class {
            name: "ldapPublicKey",
            when: ClassWhen::Has(ids::SSH_PUBLIC_KEY),
        },
        Class {
            name: "shadowAccount",
            when: ClassWhen::Columns(&[
                "shadowLastChange",
                "shadowMin",
                "shadowMax",
                "shadowWarning",
                "shadowInactive",
                "shadowExpire",
                "shadowFlag",
            ]),
        },
        Class {
            name: "shadowAccount",
            when: ClassWhen::Expires,
        },
    ],
    membership_attributes: &[ids::MEMBER_OF],
};

//! What the columns of an operator's query are for.

use crate::model::schema::AttributeId;

/// What a column is used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// The RDN: `uid` of a user, `cn` of a group.
    Name,
    /// uidNumber of a user, gidNumber of a group.
    Number,
    /// gidNumber of a user.
    PrimaryGroup,
    /// cn of a user.
    FullName,
    /// givenName.
    FirstName,
    /// sn.
    LastName,
    /// mail.
    Mail,
    /// homeDirectory.
    HomeDirectory,
    /// loginShell.
    LoginShell,
    /// sshPublicKey, one value a line.
    SshPublicKey,
    /// Verifies binds; never served.
    Password,
    /// The secret of codes that change with time; never served.
    TotpSecret,
    /// Replaces the authentication chain; never served.
    AuthBackends,
    /// A word that may refuse binds; never served.
    Status,
    /// A truth value that may refuse binds; never served.
    Enabled,
    /// A truth value that may refuse binds; never served.
    Locked,
    /// A time after which binds are refused; never served.
    ExpiresAt,
    /// entryUUID.
    EntryUuid,
    /// createTimestamp.
    CreatedAt,
    /// modifyTimestamp.
    UpdatedAt,
    /// The user names of a group's members.
    MemberUids,
    /// The DNs of a group's members.
    Members,
    /// The user of a membership, where each is a row of its own.
    Member,
    /// An attribute served as it is.
    Attribute(AttributeId),
}

impl Role {
    /// Used to decide about binds and not for entries: such columns are not even read by searches.
    pub fn is_private(self) -> bool {
        matches!(
            self,
            Role::Password
                | Role::TotpSecret
                | Role::AuthBackends
                | Role::Status
                | Role::Enabled
                | Role::Locked
                | Role::ExpiresAt
        )
    }

    /// Says whether an account may bind, whatever its chain.
    pub fn is_account_state(self) -> bool {
        matches!(self, Role::Status | Role::Enabled | Role::Locked | Role::ExpiresAt)
    }

    /// Decides about binds besides the password.
    pub fn is_account(self) -> bool {
        self.is_private() && !matches!(self, Role::Password | Role::TotpSecret)
    }
}

//! Membership as a relation between users and groups: `memberUid`, `member`, `uniqueMember` and `memberOf` are four
//! views of the pairs that are read here, so they always agree.
//!
//! The source is the groups-by-member query, turned round in the form that the engine can, or a members column of the
//! all-groups query. A pair counts only between a user and a group that exist.

use std::{
    collections::{HashMap, HashSet},
    time::Instant,
};

use futures::{StreamExt, TryStreamExt, stream};

use super::{
    DescribedQuery, Directory, DirectoryError, QueryProblem, VARIABLES,
    columns::{Kind, Role},
    mapping::{cell_values, text_of},
    source::{Key, Source},
    tree::{Name, Place},
};
use crate::{
    model::{dn::Dn, value::Cell},
    sql::{
        Row,
        database::{Arg, Database},
        error::SqlError,
        hold::Class,
        membership::{Form, forms},
        predicate::Predicate,
    },
};

/// Users asked one by one at a time, where no form of the query can ask for many.
const PIPELINED: usize = 4;
/// Rows read at a time while looking through a whole table.
const CHUNK: usize = 1000;

/// One membership, both sides spelled as the database spells them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    /// The user's name.
    pub user: String,
    /// The group's name.
    pub group: String,
}

/// Which memberships are asked for.
#[derive(Debug, Clone, Copy)]
pub enum By<'a> {
    /// All groups of these users.
    Users(&'a [String]),
    /// All users of these groups.
    Groups(&'a [String]),
}

/// Where memberships come from.
pub enum Membership {
    /// One statement for many users or groups.
    Pairs {
        /// The database.
        database: Database,
        /// The form that was found to work.
        form: Form,
    },
    /// A statement for each user.
    PerUser {
        /// The database.
        database: Database,
        /// The groups-by-member query with its parameter as the engine wants it.
        sql: String,
        /// How often the user's name is bound.
        binds: usize,
        /// Where the group's name stands in its result.
        group: usize,
    },
    /// A column of all-groups lists the members.
    Column(Role),
}

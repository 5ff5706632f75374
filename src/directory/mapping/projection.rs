//! What of an operator's query a statement reads, and where in its rows a value is found. Knows what a column is for, not
//! what an entry makes of it.

use crate::{
    directory::{kind::role::Role, mapping::columns::ColumnUse},
    model::{schema::AttributeId, value::Cell},
};
use std::mem;

/// The columns that a statement reads, in order, and what each is for.
#[derive(Debug, Clone)]
pub struct Projection {
    /// Indexes into the query's columns, in the order of the statement's result.
    pub columns: Vec<usize>,
    roles: Vec<Role>,
}

impl Projection {
    /// What entries are made of. Password and account columns are not even read, but for those that are `shown`.
    pub fn of_entries(columns: &[ColumnUse], shown: &[Role]) -> Self {
        Self::new(columns, |role| !role.is_private() || shown.contains(&role))
    }

    /// What a bind needs.
    pub fn of_accounts(columns: &[ColumnUse]) -> Self {
        Self::new(columns, |role| {
            role.is_private() || matches!(role, Role::Name | Role::Number)
        })
    }

    /// What decides about binds besides the password.
    pub fn of_account_columns(columns: &[ColumnUse]) -> Self {
        Self::new(columns, |role| role == Role::Name || role.is_account())
    }

    fn new(columns: &[ColumnUse], used: impl Fn(Role) -> bool) -> Self {
        let (columns, roles) = columns
            .iter()
            .enumerate()
            .filter_map(|(index, column)| Some((index, column.role.ok().filter(|role| used(*role))?)))
            .unzip();
        Projection { columns, roles }
    }

    /// Only the names and numbers of the same rows: what tells apart those that have one name.
    pub fn of_names(&self) -> Self {
        let both = self.columns.iter().zip(&self.roles);
        let (columns, roles): (Vec<usize>, Vec<Role>) = both
            .filter(|(_, role)| matches!(role, Role::Name | Role::Number))
            .map(|(column, role)| (*column, *role))
            .unzip();
        Projection { columns, roles }
    }

    /// What the columns of the statement's result are for, in order.
    pub fn roles(&self) -> &[Role] {
        &self.roles
    }

    /// Where a role stands in the statement's result.
    pub fn position(&self, role: Role) -> Option<usize> {
        self.roles.iter().position(|have| *have == role)
    }

    /// The cell of a role, taken out of the row; Null when there is no such column.
    pub fn take(&self, row: &mut [Cell], role: Role) -> Cell {
        self.position(role)
            .and_then(|position| row.get_mut(position))
            .map(mem::take)
            .unwrap_or_default()
    }

    /// The cell of a role.
    pub fn cell<'a>(&self, row: &'a [Cell], role: Role) -> Option<&'a Cell> {
        row.get(self.position(role)?)
    }

    /// The name in a row, if it is one.
    pub fn name(&self, row: &[Cell]) -> Option<String> {
        let cell = row.get(self.position(Role::Name)?)?;
        Some(cell.to_text()?.into_owned()).filter(|name| !name.is_empty())
    }

    /// The uid or gid number in a row, if it is one.
    pub fn number(&self, row: &[Cell]) -> Option<i128> {
        row.get(self.position(Role::Number)?)?.to_integer()
    }

    /// The attributes that a column of this projection is served as without any rule of its own.
    pub fn passed_through(&self) -> impl Iterator<Item = AttributeId> + '_ {
        self.roles.iter().filter_map(|role| match role {
            Role::Attribute(id) => Some(*id),
            _ => None,
        })
    }
}

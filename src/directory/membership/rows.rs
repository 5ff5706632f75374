//! What the rows of statements about memberships tell. The database may hold two names equal that are two entries'
//! names, so what it has compared is compared again.

use crate::{
    directory::{membership::relation::Membership, naming::tree::Name},
    model::value::Cell,
    sql::Row,
};

/// What makes of a row its user and the group's row; None where it is not known whose group it is.
pub(crate) type ReadGroup = fn(Row) -> Option<(String, Option<Row>)>;

/// The membership that a row tells: a user and a group, or each of them as two tables spell it.
pub(crate) fn membership(row: &[Cell]) -> Option<Membership> {
    let (user, group) = match row {
        [user, group] => (user, group),
        [user, user_there, group, group_there]
            if is_same(user, user_there) && (*group_there == Cell::Null || is_same(group, group_there)) =>
        {
            (user, group)
        }
        _ => return None,
    };
    Some(Membership {
        user: user.to_text()?.into_owned(),
        group: group.to_text()?.into_owned(),
    })
}

/// The group that a row names without a user: the form of the query could not decide about it.
pub(crate) fn undecided(row: &[Cell]) -> Option<String> {
    match row {
        [Cell::Null, group] => Some(group.to_text()?.into_owned()),
        _ => None,
    }
}

/// A row as [`groups_with`](crate::sql::GroupMemberships::groups_with) of groups-by-member gives it.
pub(crate) fn user_and_group(mut row: Row) -> Option<(String, Option<Row>)> {
    let group_row = row.split_off(row.len().min(3));
    let [user, by_member, group] = row.as_slice() else {
        return None;
    };
    Some((
        user.to_text()?.into_owned(),
        is_same(by_member, group).then_some(group_row),
    ))
}

/// The same of a row as [`MembershipJoin::groups_with`](crate::sql::MembershipJoin::groups_with) gives it.
pub(crate) fn joined_user_and_group(mut row: Row) -> Option<(String, Option<Row>)> {
    let group_row = row.split_off(row.len().min(4));
    let membership = membership(&row);
    Some((row.first()?.to_text()?.into_owned(), membership.map(|_| group_row)))
}

/// Whether two cells are one name.
fn is_same(one: &Cell, other: &Cell) -> bool {
    let prepared = |cell: &Cell| Some(Name::new(&cell.to_text()?)?.prepared);
    *one != Cell::Null && (one == other || prepared(one).is_some_and(|name| prepared(other) == Some(name)))
}

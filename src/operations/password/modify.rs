//! A modify request that changes `userPassword`: what the change comes to, by the rules of RFC 4511 section 4.6.

use super::change::{Wanted, asker, change};
use crate::{
    model::dn::Dn,
    operations::{
        context::{Context, Identity},
        outcome::Outcome,
        reply::Reply,
        result::OperationError,
        unsupported,
    },
    protocol::{Change, ChangeOperation, LdapResult, ModifyRequest, ResponseKind, ResultCode, SecretBytes},
};

/// The attribute's names (RFC 4519 section 2.41).
const USER_PASSWORD: [&str; 2] = ["userPassword", "2.5.4.35"];

/// Answers a modify request. All that is not a change of a password is refused.
///
/// # Errors
/// The result to answer with, or the directory's failure.
pub(in crate::operations) async fn modify(
    context: &Context,
    request: &ModifyRequest,
    reply: &mut Reply<'_>,
) -> Result<Outcome, OperationError> {
    let realm = context.realm().described();
    if realm.is_none_or(|realm| realm.passwords().is_none()) {
        return Err(LdapResult::new(ResultCode::UnwillingToPerform, unsupported::WRITES).into());
    }
    // Before anything is looked at.
    if context.identity == Identity::Anonymous {
        return Err(LdapResult::new(ResultCode::InsufficientAccessRights, "authentication is required").into());
    }
    let dn = Dn::parse(&request.entry)
        .map_err(|_| LdapResult::new(ResultCode::InvalidDNSyntax, "the entry's name is not a DN"))?;
    let asker = asker(context, Some(dn), false, reply)?;
    let Changed { old, new } = changed(&request.changes)?;
    let wanted = Wanted {
        asker,
        old,
        new: Some(new),
        wrong_old: LdapResult::new(
            ResultCode::NoSuchAttribute,
            "the value to delete is not the present password",
        ),
    };
    let changed = change(context, wanted, reply).await?;
    reply.result(ResponseKind::Modify, &LdapResult::success(), &[]);
    Ok(changed.outcome)
}

/// What the changes of a request come to.
#[derive(Debug)]
struct Changed<'a> {
    /// The value that is taken out: the client says that it is the present one.
    old: Option<&'a SecretBytes>,
    /// The only value in the end.
    new: &'a SecretBytes,
}

/// Makes the changes in order, on an entry that has one password, nobody knows which. In the end there must be one other.
fn changed(changes: &[Change]) -> Result<Changed<'_>, LdapResult> {
    let mut old = None;
    let mut new: Option<&SecretBytes> = None;
    let mut is_old_there = true;
    for change in changes {
        if !USER_PASSWORD
            .iter()
            .any(|name| change.attribute.eq_ignore_ascii_case(name))
        {
            return Err(LdapResult::new(ResultCode::UnwillingToPerform, unsupported::WRITES));
        }
        match (change.operation, change.values.as_slice()) {
            (ChangeOperation::Replace, values) => {
                (new, is_old_there) = (at_most_one(values)?, false);
            }
            (ChangeOperation::Add, values) => match (new, at_most_one(values)?) {
                (Some(new), Some(added)) if new.as_bytes() == added.as_bytes() => {
                    return Err(LdapResult::new(
                        ResultCode::AttributeOrValueExists,
                        "the value is there already",
                    ));
                }
                (Some(_), _) => return Err(several()),
                (None, added) => new = added,
            },
            (ChangeOperation::Delete, []) if !is_old_there && new.is_none() => return Err(not_there()),
            (ChangeOperation::Delete, []) => (new, is_old_there) = (None, false),
            (ChangeOperation::Delete, [value]) => match new {
                Some(added) if added.as_bytes() == value.as_bytes() => new = None,
                _ if is_old_there => (old, is_old_there) = (Some(value), false),
                _ => return Err(not_there()),
            },
            // There is one, so another is not there.
            (ChangeOperation::Delete, _) => return Err(not_there()),
        }
    }
    match (new, is_old_there) {
        (Some(new), false) => Ok(Changed { old, new }),
        (Some(_), true) => Err(several()),
        (None, true) => Err(LdapResult::new(ResultCode::UnwillingToPerform, "nothing is changed")),
        (None, false) => {
            let text = "a password can be replaced, and not taken away";
            Err(LdapResult::new(ResultCode::UnwillingToPerform, text))
        }
    }
}

fn at_most_one(values: &[SecretBytes]) -> Result<Option<&SecretBytes>, LdapResult> {
    match values {
        [] => Ok(None),
        [value] => Ok(Some(value)),
        _ => Err(several()),
    }
}

fn several() -> LdapResult {
    let text = "userPassword has one value: replace it, or delete the present one in the same request";
    LdapResult::new(ResultCode::ConstraintViolation, text)
}

fn not_there() -> LdapResult {
    LdapResult::new(ResultCode::NoSuchAttribute, "a value to delete is not there")
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use ChangeOperation::{Add, Delete, Replace};

    type Asked<'a> = (ChangeOperation, &'a [&'a str]);

    fn changes(asked: &[Asked<'_>]) -> Vec<Change> {
        let changes = asked.iter().map(|(operation, values)| Change {
            operation: *operation,
            attribute: "USERPASSWORD".to_owned(),
            values: values.iter().map(|value| value.as_bytes().into()).collect(),
        });
        changes.collect()
    }

    #[test]
    fn what_changes_come_to() {
        let taken: [(&[Asked<'_>], Option<&str>); 8] = [
            (&[(Replace, &["new"])], None),
            (&[(Delete, &["old"]), (Add, &["new"])], Some("old")),
            (&[(Add, &["new"]), (Delete, &["old"])], Some("old")),
            (&[(Delete, &[]), (Add, &["new"])], None),
            (&[(Replace, &[]), (Add, &["new"])], None),
            (&[(Replace, &["x"]), (Replace, &["new"])], None),
            (&[(Add, &["x"]), (Delete, &["x"]), (Replace, &["new"])], None),
            (&[(Delete, &["old"]), (Replace, &["new"])], Some("old")),
        ];
        for (asked, old) in taken {
            let changes = changes(asked);
            let found = changed(&changes).unwrap();
            assert_eq!(
                found.old.map(SecretBytes::as_bytes),
                old.map(str::as_bytes),
                "{asked:?}"
            );
            assert_eq!(found.new.as_bytes(), b"new", "{asked:?}");
        }
    }

    #[test]
    fn what_they_must_not_come_to() {
        let refused: [(&[Asked<'_>], ResultCode); 12] = [
            (&[], ResultCode::UnwillingToPerform),
            (&[(Delete, &[])], ResultCode::UnwillingToPerform),
            (&[(Delete, &["old"])], ResultCode::UnwillingToPerform),
            (&[(Replace, &[])], ResultCode::UnwillingToPerform),
            (&[(Add, &["new"])], ResultCode::ConstraintViolation),
            (&[(Replace, &["a", "b"])], ResultCode::ConstraintViolation),
            (&[(Replace, &["a"]), (Add, &["b"])], ResultCode::ConstraintViolation),
            (
                &[(Delete, &["old"]), (Add, &["a", "b"])],
                ResultCode::ConstraintViolation,
            ),
            (&[(Replace, &["a"]), (Add, &["a"])], ResultCode::AttributeOrValueExists),
            (&[(Delete, &["a", "b"])], ResultCode::NoSuchAttribute),
            (&[(Replace, &["a"]), (Delete, &["b"])], ResultCode::NoSuchAttribute),
            (&[(Delete, &[]), (Delete, &[])], ResultCode::NoSuchAttribute),
        ];
        for (asked, code) in refused {
            assert_eq!(
                changed(&changes(asked)).map_err(|result| result.code).err(),
                Some(code),
                "{asked:?}"
            );
        }
        for attribute in ["cn", "userPassword;lang-en", "unicodePwd", ""] {
            let mut changes = changes(&[(Replace, &["new"])]);
            changes.extend(changes.clone().into_iter().map(|change| Change {
                attribute: attribute.to_owned(),
                ..change
            }));
            assert!(changed(&changes).is_err(), "{attribute}");
        }
    }
}

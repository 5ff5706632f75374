//! The modify request (RFC 4511 section 4.6). What its changes mean is for the operations to say.

use super::ber::{self, Reader};
use super::fault::{Fault, text};
use super::secret_bytes::SecretBytes;

/// More changes, or values in all of them, than any client sends; each costs more memory than it takes octets on the
/// wire.
const MAX_CHANGES: usize = 4_096;

/// Section 4.6.
#[derive(Debug, Clone)]
#[cfg_attr(test, derive(PartialEq))]
pub struct ModifyRequest {
    /// The entry's DN.
    pub entry: String,
    /// The changes, to be made in this order and all or none.
    pub changes: Vec<Change>,
}

/// One change of one attribute.
#[derive(Debug, Clone)]
#[cfg_attr(test, derive(PartialEq))]
pub struct Change {
    /// What is done with the values.
    pub operation: ChangeOperation,
    /// The attribute description.
    pub attribute: String,
    /// The values, which may be passwords.
    pub values: Vec<SecretBytes>,
}

/// What a change does with its values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeOperation {
    /// Adds them.
    Add,
    /// Takes them out; without values, the whole attribute.
    Delete,
    /// Puts them in the place of all that are there.
    Replace,
}

pub(super) fn decode_modify(mut reader: Reader<'_>) -> Result<ModifyRequest, Fault> {
    let entry = text(reader.octets()?)?;
    let mut list = reader.constructed(ber::SEQUENCE)?;
    let mut changes = Vec::new();
    let mut values = 0;
    while !list.is_empty() {
        let change = decode_change(list.constructed(ber::SEQUENCE)?, MAX_CHANGES - values)?;
        values += change.values.len();
        if changes.len() == MAX_CHANGES {
            return Err(Fault::too_much("too many changes"));
        }
        changes.push(change);
    }
    reader.finish(&[ber::OCTET_STRING, ber::SEQUENCE])?;
    Ok(ModifyRequest { entry, changes })
}

/// One change, of at most `most` values.
fn decode_change(mut reader: Reader<'_>, most: usize) -> Result<Change, Fault> {
    let operation = match reader.enumerated()? {
        Some(0) => ChangeOperation::Add,
        Some(1) => ChangeOperation::Delete,
        Some(2) => ChangeOperation::Replace,
        // RFC 4525's increment among them: userPassword is no number.
        _ => return Err(Fault::value("the operation of a change is unknown")),
    };
    let mut modification = reader.constructed(ber::SEQUENCE)?;
    let attribute = text(modification.octets()?)?;
    let mut list = modification.constructed(ber::SET)?;
    let mut values: Vec<SecretBytes> = Vec::new();
    while !list.is_empty() {
        if values.len() == most {
            return Err(Fault::too_much("too many values"));
        }
        values.push(list.octets()?.into());
    }
    modification.finish(&[ber::OCTET_STRING, ber::SET])?;
    reader.finish(&[ber::ENUMERATED, ber::SEQUENCE])?;
    // Only deleting and replacing can do without (section 4.6).
    if values.is_empty() && operation == ChangeOperation::Add {
        return Err(Fault::value("values are to be added, and there are none"));
    }
    Ok(Change {
        operation,
        attribute,
        values,
    })
}

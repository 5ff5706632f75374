//! What the root DSE lists besides the naming contexts.

use crate::{
    directory::naming::subschema::Capabilities,
    operations::{
        controls::SUPPORTED_CONTROLS,
        extended::{EXTENSIONS_WITH_PASSWORD_MODIFY, SUPPORTED_EXTENSIONS},
    },
};

/// What the root DSE lists.
pub const CAPABILITIES: Capabilities = Capabilities {
    controls: &SUPPORTED_CONTROLS,
    extensions: &SUPPORTED_EXTENSIONS,
};

/// The same where passwords can be changed.
pub const CAPABILITIES_WITH_PASSWORDS: Capabilities = Capabilities {
    controls: &SUPPORTED_CONTROLS,
    extensions: &EXTENSIONS_WITH_PASSWORD_MODIFY,
};

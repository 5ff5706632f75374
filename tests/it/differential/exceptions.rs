//! Where the gateway differs from slapd on purpose: docs/differences-from-openldap.md, one case each.

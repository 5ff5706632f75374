//! The user attribute types of RFC 4519, of RFC 4523 (certificates) and of X.520.

use super::MatchingRule::{BitString, CaseIgnore, CaseIgnoreOrdering, CaseIgnoreSubstrings, OctetString, UniqueMember};
use super::Syntax;
use super::definition::{Definition, dn, ia5, numeric, opaque, postal, string, telephone};
use ids::{DISTINGUISHED_NAME, NAME, POSTAL_ADDRESS};

/// A subtype of `name`.
const fn name(oid: &'static str, names: &'static [&'static str], description: &'static str) -> Definition {
    string(oid, names, description).sup(NAME)
}

/// A subtype of `distinguishedName`.
const fn named(oid: &'static str, names: &'static [&'static str], description: &'static str) -> Definition {
    dn(oid, names, description).sup(DISTINGUISHED_NAME)
}

attributes! { after 0;
    NAME = string("2.5.4.41", &["name"], "common supertype of names (RFC 4519)");
    DISTINGUISHED_NAME = dn("2.5.4.49", &["distinguishedName"], "common supertype of distinguished names (RFC 4519)");
    CN = name("2.5.4.3", &["cn", "commonName"], "common name (RFC 4519)");
    SN = name("2.5.4.4", &["sn", "surname"], "family name (RFC 4519)");
    GIVEN_NAME = name("2.5.4.42", &["givenName", "gn"], "given name (RFC 4519)");
    INITIALS = name("2.5.4.43", &["initials"], "initials of names, not the surname (RFC 4519)");
    GENERATION_QUALIFIER = name("2.5.4.44", &["generationQualifier"], "suffix of a name, such as Jr. (RFC 4519)");
    UID = string("0.9.2342.19200300.100.1.1", &["uid", "userid"], "user name (RFC 4519)");
    DC = ia5("0.9.2342.19200300.100.1.25", &["dc", "domainComponent"], "one label of a DNS name (RFC 4519)").single();
    C = name("2.5.4.6", &["c", "countryName"], "two-letter country code (RFC 4519)").with_syntax(Syntax::CountryString).single();
    L = name("2.5.4.7", &["l", "localityName"], "place (RFC 4519)");
    ST = name("2.5.4.8", &["st", "stateOrProvinceName"], "state or province (RFC 4519)");
    O = name("2.5.4.10", &["o", "organizationName"], "organization (RFC 4519)");
    OU = name("2.5.4.11", &["ou", "organizationalUnitName"], "organizational unit (RFC 4519)");
    TITLE = name("2.5.4.12", &["title"], "position or function (RFC 4519)");
    SERIAL_NUMBER = Definition::of(Syntax::PrintableString, "2.5.4.5", &["serialNumber"], "serial number of a device (RFC 4519)").eq(CaseIgnore).sub(CaseIgnoreSubstrings);
    STREET = string("2.5.4.9", &["street", "streetAddress"], "street address (RFC 4519)");
    DESCRIPTION = string("2.5.4.13", &["description"], "descriptive information (RFC 4519)");
    SEARCH_GUIDE = opaque(Syntax::Guide, "2.5.4.14", &["searchGuide"], "search guide (RFC 4519)");
    BUSINESS_CATEGORY = string("2.5.4.15", &["businessCategory"], "kind of business (RFC 4519)");
    POSTAL_ADDRESS = postal("2.5.4.16", &["postalAddress"], "postal address (RFC 4519)");
    POSTAL_CODE = string("2.5.4.17", &["postalCode"], "postal code (RFC 4519)");
    POST_OFFICE_BOX = string("2.5.4.18", &["postOfficeBox"], "post office box (RFC 4519)");
    PHYSICAL_DELIVERY_OFFICE_NAME = string("2.5.4.19", &["physicalDeliveryOfficeName"], "physical delivery office (RFC 4519)");
    TELEPHONE_NUMBER = telephone("2.5.4.20", &["telephoneNumber"], "telephone number (RFC 4519)");
    TELEX_NUMBER = opaque(Syntax::TelexNumber, "2.5.4.21", &["telexNumber"], "telex number (RFC 4519)");
    TELETEX_TERMINAL_IDENTIFIER = opaque(Syntax::TeletexTerminalIdentifier, "2.5.4.22", &["teletexTerminalIdentifier"], "teletex terminal (RFC 4519)");
    FACSIMILE_TELEPHONE_NUMBER = opaque(Syntax::FacsimileTelephoneNumber, "2.5.4.23", &["facsimileTelephoneNumber", "fax"], "fax number (RFC 4519)");
    X121_ADDRESS = numeric("2.5.4.24", &["x121Address"], "X.121 address (RFC 4519)");
    INTERNATIONAL_ISDN_NUMBER = numeric("2.5.4.25", &["internationalISDNNumber"], "ISDN number (RFC 4519)");
    REGISTERED_ADDRESS = postal("2.5.4.26", &["registeredAddress"], "address for signed deliveries (RFC 4519)").sup(POSTAL_ADDRESS);
    DESTINATION_INDICATOR = Definition::of(Syntax::PrintableString, "2.5.4.27", &["destinationIndicator"], "country and city for telegrams (RFC 4519)").eq(CaseIgnore).sub(CaseIgnoreSubstrings);
    PREFERRED_DELIVERY_METHOD = opaque(Syntax::DeliveryMethod, "2.5.4.28", &["preferredDeliveryMethod"], "preferred way of delivery (RFC 4519)").single();
    MEMBER = named("2.5.4.31", &["member"], "member of a group (RFC 4519)");
    OWNER = named("2.5.4.32", &["owner"], "owner of the object (RFC 4519)");
    ROLE_OCCUPANT = named("2.5.4.33", &["roleOccupant"], "who fills a role (RFC 4519)");
    SEE_ALSO = named("2.5.4.34", &["seeAlso"], "related object (RFC 4519)");
    USER_PASSWORD = Definition::of(Syntax::OctetString, "2.5.4.35", &["userPassword"], "password, never served (RFC 4519)").eq(OctetString);
    USER_CERTIFICATE = opaque(Syntax::Certificate, "2.5.4.36", &["userCertificate"], "X.509 certificate (RFC 4523)");
    CA_CERTIFICATE = opaque(Syntax::Certificate, "2.5.4.37", &["cACertificate"], "X.509 certificate of an authority (RFC 4523)");
    AUTHORITY_REVOCATION_LIST = opaque(Syntax::CertificateList, "2.5.4.38", &["authorityRevocationList"], "revoked authority certificates (RFC 4523)");
    CERTIFICATE_REVOCATION_LIST = opaque(Syntax::CertificateList, "2.5.4.39", &["certificateRevocationList"], "revoked certificates (RFC 4523)");
    CROSS_CERTIFICATE_PAIR = opaque(Syntax::CertificatePair, "2.5.4.40", &["crossCertificatePair"], "cross certificates (RFC 4523)");
    X500_UNIQUE_IDENTIFIER = Definition::of(Syntax::BitString, "2.5.4.45", &["x500UniqueIdentifier"], "tells re-used names apart (RFC 4519)").eq(BitString);
    DN_QUALIFIER = Definition::of(Syntax::PrintableString, "2.5.4.46", &["dnQualifier"], "tells merged names apart (RFC 4519)").eq(CaseIgnore).ord(CaseIgnoreOrdering).sub(CaseIgnoreSubstrings);
    ENHANCED_SEARCH_GUIDE = opaque(Syntax::EnhancedGuide, "2.5.4.47", &["enhancedSearchGuide"], "search guide (RFC 4519)");
    UNIQUE_MEMBER = Definition::of(Syntax::NameAndOptionalUid, "2.5.4.50", &["uniqueMember"], "member of a group of unique names (RFC 4519)").eq(UniqueMember);
    HOUSE_IDENTIFIER = string("2.5.4.51", &["houseIdentifier"], "building within a place (RFC 4519)");
    DELTA_REVOCATION_LIST = opaque(Syntax::CertificateList, "2.5.4.53", &["deltaRevocationList"], "newly revoked certificates (RFC 4523)");
    PSEUDONYM = name("2.5.4.65", &["pseudonym"], "assumed name (X.520)");
    ORGANIZATION_IDENTIFIER = string("2.5.4.97", &["organizationIdentifier"], "registered number of an organization (X.520)");
}

//! The attribute types of RFC 4524 (COSINE), RFC 2079 and of the `ldapns` schema.

use super::MatchingRule::CaseIgnore;
use super::Syntax;
use super::definition::{Definition, dn, ia5, opaque, postal, string, telephone};

attributes! { after super::user::END;
    MAIL = ia5("0.9.2342.19200300.100.1.3", &["mail", "rfc822Mailbox"], "mail address (RFC 4524)");
    INFO = string("0.9.2342.19200300.100.1.4", &["info"], "general information (RFC 4524)");
    DRINK = string("0.9.2342.19200300.100.1.5", &["drink", "favouriteDrink"], "favourite drink (RFC 4524)");
    ROOM_NUMBER = string("0.9.2342.19200300.100.1.6", &["roomNumber"], "room number (RFC 4524)");
    PHOTO = opaque(Syntax::Fax, "0.9.2342.19200300.100.1.7", &["photo"], "fax photo (RFC 2798)");
    USER_CLASS = string("0.9.2342.19200300.100.1.8", &["userClass"], "category of user (RFC 4524)");
    HOST = string("0.9.2342.19200300.100.1.9", &["host"], "host computer (RFC 4524)");
    MANAGER = dn("0.9.2342.19200300.100.1.10", &["manager"], "manager (RFC 4524)");
    DOCUMENT_IDENTIFIER = string("0.9.2342.19200300.100.1.11", &["documentIdentifier"], "identifier of a document (RFC 4524)");
    DOCUMENT_TITLE = string("0.9.2342.19200300.100.1.12", &["documentTitle"], "title of a document (RFC 4524)");
    DOCUMENT_VERSION = string("0.9.2342.19200300.100.1.13", &["documentVersion"], "version of a document (RFC 4524)");
    DOCUMENT_AUTHOR = dn("0.9.2342.19200300.100.1.14", &["documentAuthor"], "author of a document (RFC 4524)");
    DOCUMENT_LOCATION = string("0.9.2342.19200300.100.1.15", &["documentLocation"], "where a document is kept (RFC 4524)");
    HOME_PHONE = telephone("0.9.2342.19200300.100.1.20", &["homePhone", "homeTelephoneNumber"], "home telephone number (RFC 4524)");
    SECRETARY = dn("0.9.2342.19200300.100.1.21", &["secretary"], "secretary (RFC 4524)");
    ASSOCIATED_DOMAIN = ia5("0.9.2342.19200300.100.1.37", &["associatedDomain"], "DNS domain (RFC 4524)");
    ASSOCIATED_NAME = dn("0.9.2342.19200300.100.1.38", &["associatedName"], "entry of a DNS domain (RFC 4524)");
    HOME_POSTAL_ADDRESS = postal("0.9.2342.19200300.100.1.39", &["homePostalAddress"], "home address (RFC 4524)");
    PERSONAL_TITLE = string("0.9.2342.19200300.100.1.40", &["personalTitle"], "form of address (RFC 4524)");
    MOBILE = telephone("0.9.2342.19200300.100.1.41", &["mobile", "mobileTelephoneNumber"], "mobile telephone number (RFC 4524)");
    PAGER = telephone("0.9.2342.19200300.100.1.42", &["pager", "pagerTelephoneNumber"], "pager number (RFC 4524)");
    CO = string("0.9.2342.19200300.100.1.43", &["co", "friendlyCountryName"], "country name (RFC 4524)");
    UNIQUE_IDENTIFIER = Definition::of(Syntax::DirectoryString, "0.9.2342.19200300.100.1.44", &["uniqueIdentifier"], "tells re-used names apart (RFC 4524)").eq(CaseIgnore);
    ORGANIZATIONAL_STATUS = string("0.9.2342.19200300.100.1.45", &["organizationalStatus"], "role within an organization (RFC 4524)");
    BUILDING_NAME = string("0.9.2342.19200300.100.1.48", &["buildingName"], "building (RFC 4524)");
    DOCUMENT_PUBLISHER = string("0.9.2342.19200300.100.1.56", &["documentPublisher"], "publisher of a document (RFC 4524)");
    LABELED_URI = Definition::of(Syntax::DirectoryString, "1.3.6.1.4.1.250.1.57", &["labeledURI"], "URI with an optional label (RFC 2079)").eq(super::MatchingRule::CaseExact);
    AUTHORIZED_SERVICE = Definition::of(Syntax::Ia5String, "1.3.6.1.4.1.5322.17.2.1", &["authorizedService"], "service an account may use (ldapns)").eq(CaseIgnore);
}

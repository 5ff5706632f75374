//! The attribute types of RFC 2798 (inetOrgPerson) and of the openssh-lpk schema.

use super::MatchingRule::OctetString;
use super::Syntax;
use super::definition::{Definition, opaque, string};

attributes! { after super::cosine::END;
    CAR_LICENSE = string("2.16.840.1.113730.3.1.1", &["carLicense"], "vehicle registration (RFC 2798)");
    DEPARTMENT_NUMBER = string("2.16.840.1.113730.3.1.2", &["departmentNumber"], "department (RFC 2798)");
    EMPLOYEE_NUMBER = string("2.16.840.1.113730.3.1.3", &["employeeNumber"], "number of an employee (RFC 2798)").single();
    EMPLOYEE_TYPE = string("2.16.840.1.113730.3.1.4", &["employeeType"], "kind of employment (RFC 2798)");
    DISPLAY_NAME = string("2.16.840.1.113730.3.1.241", &["displayName"], "name to be displayed (RFC 2798)").single();
    PREFERRED_LANGUAGE = string("2.16.840.1.113730.3.1.39", &["preferredLanguage"], "preferred language (RFC 2798)").single();
    USER_SMIME_CERTIFICATE = opaque(Syntax::Binary, "2.16.840.1.113730.3.1.40", &["userSMIMECertificate"], "signed message with certificates (RFC 2798)");
    USER_PKCS12 = opaque(Syntax::Binary, "2.16.840.1.113730.3.1.216", &["userPKCS12"], "personal information, never served (RFC 2798)");
    JPEG_PHOTO = opaque(Syntax::Jpeg, "0.9.2342.19200300.100.1.60", &["jpegPhoto"], "photo (RFC 2798)");
    AUDIO = opaque(Syntax::Audio, "0.9.2342.19200300.100.1.55", &["audio"], "sound (RFC 2798)");
    SSH_PUBLIC_KEY = Definition::of(Syntax::OctetString, "1.3.6.1.4.1.24552.500.1.1.1.13", &["sshPublicKey"], "OpenSSH public key (openssh-lpk)").eq(OctetString);
}

-- The manager's tables, PostgreSQL 13 or newer.
-- Only the columns that your queries name are needed; docs/queries.md says what each becomes.

CREATE TABLE "Users" (
    "uidNumber"     integer PRIMARY KEY,
    "uid"           varchar(255) NOT NULL UNIQUE,
    "gidNumber"     integer,
    "givenName"     varchar(255),
    "sn"            varchar(255),
    "cn"            varchar(255),
    "mail"          varchar(255),
    "homeDirectory" varchar(255),
    "loginShell"    varchar(255),
    "userPassword"  varchar(255),
    "sshPublicKey"  text,                                    -- one key a line
    "status"        varchar(32) NOT NULL DEFAULT 'active',   -- pending, suspended, banned and others may not log in
    "entryUuid"     uuid NOT NULL DEFAULT gen_random_uuid() UNIQUE,
    "createdAt"     timestamp with time zone NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt"     timestamp with time zone NOT NULL DEFAULT CURRENT_TIMESTAMP
);

CREATE TABLE "Groups" (
    "gidNumber" integer PRIMARY KEY,
    "cn"        varchar(255) NOT NULL UNIQUE,
    "createdAt" timestamp with time zone NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" timestamp with time zone NOT NULL DEFAULT CURRENT_TIMESTAMP
);

CREATE TABLE "UserGroups" (
    "uidNumber" integer NOT NULL REFERENCES "Users" ("uidNumber") ON DELETE CASCADE ON UPDATE CASCADE,
    "gidNumber" integer NOT NULL REFERENCES "Groups" ("gidNumber") ON DELETE CASCADE ON UPDATE CASCADE,
    PRIMARY KEY ("uidNumber", "gidNumber")
);

-- A foreign key makes no index in PostgreSQL; without this one, listing a group's members reads the whole table.
CREATE INDEX "UserGroups_gidNumber" ON "UserGroups" ("gidNumber");

-- uid is compared without regard to case (RFC 4519): ALICE must find alice, and a name that does not exist must be
-- missed, without reading the table. The expressions have to be spelled exactly like this to be used.
CREATE INDEX "Users_uid_lower" ON "Users" (lower("uid"));
CREATE INDEX "Users_uid_not_canonical" ON "Users" ("uid") WHERE "uid" ~ '[^ -~]|^ |  | $';

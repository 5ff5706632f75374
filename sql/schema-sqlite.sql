-- The manager's tables, SQLite 3.31 or newer.
-- Only the columns that your queries name are needed; docs/queries.md says what each becomes.

-- In WAL mode a reader never blocks the manager's writes. The setting stays with the file.
PRAGMA journal_mode = WAL;

CREATE TABLE "Users" (
    "uidNumber"     INTEGER PRIMARY KEY,
    "uid"           VARCHAR(255) NOT NULL UNIQUE,
    "gidNumber"     INTEGER,
    "givenName"     VARCHAR(255),
    "sn"            VARCHAR(255),
    "cn"            VARCHAR(255),
    "mail"          VARCHAR(255),
    "homeDirectory" VARCHAR(255),
    "loginShell"    VARCHAR(255),
    "userPassword"  VARCHAR(255),
    "sshPublicKey"  TEXT,                                    -- one key a line
    "status"        VARCHAR(32) NOT NULL DEFAULT 'active',   -- pending, suspended, banned and others may not log in
    "entryUuid"     CHAR(36) NOT NULL DEFAULT (
        lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-' ||
              substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))
    ) UNIQUE,
    "createdAt"     DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt"     DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP
);

CREATE TABLE "Groups" (
    "gidNumber" INTEGER PRIMARY KEY,
    "cn"        VARCHAR(255) NOT NULL UNIQUE,
    "createdAt" DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP
);

CREATE TABLE "UserGroups" (
    "uidNumber" INTEGER NOT NULL REFERENCES "Users" ("uidNumber") ON DELETE CASCADE ON UPDATE CASCADE,
    "gidNumber" INTEGER NOT NULL REFERENCES "Groups" ("gidNumber") ON DELETE CASCADE ON UPDATE CASCADE,
    PRIMARY KEY ("uidNumber", "gidNumber")
);

-- Lists a group's members without reading the whole table.
CREATE INDEX "UserGroups_gidNumber" ON "UserGroups" ("gidNumber");

-- uid, mail and cn of groups are compared without regard to case (RFC 4519): ALICE must find alice, and nobody nobody,
-- without the table being read. The second index of each holds the values that need more than ASCII case folding; it is
-- usually empty, and its condition must stay as it is, since the gateway's statements have the same.
CREATE INDEX "Users_uid_nocase" ON "Users" ("uid" COLLATE NOCASE);
CREATE INDEX "Users_uid_unprepared" ON "Users" ("uid" COLLATE NOCASE)
    WHERE (length("uid") <> length(CAST("uid" AS BLOB)) OR "uid" GLOB '*[^ -~]*' OR "uid" GLOB ' *' OR "uid" GLOB '* '
        OR "uid" GLOB '*  *' OR typeof("uid") NOT IN ('text', 'null'));
CREATE INDEX "Users_mail_nocase" ON "Users" ("mail" COLLATE NOCASE);
CREATE INDEX "Users_mail_unprepared" ON "Users" ("mail" COLLATE NOCASE)
    WHERE (length("mail") <> length(CAST("mail" AS BLOB)) OR "mail" GLOB '*[^ -~]*' OR "mail" GLOB ' *' OR "mail" GLOB '* '
        OR "mail" GLOB '*  *' OR typeof("mail") NOT IN ('text', 'null'));
CREATE INDEX "Groups_cn_nocase" ON "Groups" ("cn" COLLATE NOCASE);
CREATE INDEX "Groups_cn_unprepared" ON "Groups" ("cn" COLLATE NOCASE)
    WHERE (length("cn") <> length(CAST("cn" AS BLOB)) OR "cn" GLOB '*[^ -~]*' OR "cn" GLOB ' *' OR "cn" GLOB '* '
        OR "cn" GLOB '*  *' OR typeof("cn") NOT IN ('text', 'null'));

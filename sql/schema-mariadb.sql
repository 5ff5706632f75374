-- The manager's tables, MariaDB 10.6 or newer and MySQL 8.0.13 or newer.
-- Only the columns that your queries name are needed; docs/queries.md says what each becomes.

CREATE TABLE `Users` (
    `uidNumber`     int PRIMARY KEY,
    `uid`           varchar(255) NOT NULL UNIQUE,
    `gidNumber`     int,
    `givenName`     varchar(255),
    `sn`            varchar(255),
    `cn`            varchar(255),
    `mail`          varchar(255),
    `homeDirectory` varchar(255),
    `loginShell`    varchar(255),
    `userPassword`  varchar(255),
    `sshPublicKey`  text,                                    -- one key a line
    `status`        varchar(32) NOT NULL DEFAULT 'active',   -- pending, suspended, banned and others may not log in
    `entryUuid`     char(36) CHARACTER SET ascii NOT NULL DEFAULT (uuid()) UNIQUE,
    `createdAt`     datetime NOT NULL DEFAULT CURRENT_TIMESTAMP,
    `updatedAt`     datetime NOT NULL DEFAULT CURRENT_TIMESTAMP
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4;

CREATE TABLE `Groups` (
    `gidNumber` int PRIMARY KEY,
    `cn`        varchar(255) NOT NULL UNIQUE,
    `createdAt` datetime NOT NULL DEFAULT CURRENT_TIMESTAMP,
    `updatedAt` datetime NOT NULL DEFAULT CURRENT_TIMESTAMP
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4;

-- InnoDB makes the index for each foreign key by itself.
CREATE TABLE `UserGroups` (
    `uidNumber` int NOT NULL,
    `gidNumber` int NOT NULL,
    PRIMARY KEY (`uidNumber`, `gidNumber`),
    FOREIGN KEY (`uidNumber`) REFERENCES `Users` (`uidNumber`) ON DELETE CASCADE ON UPDATE CASCADE,
    FOREIGN KEY (`gidNumber`) REFERENCES `Groups` (`gidNumber`) ON DELETE CASCADE ON UPDATE CASCADE
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4;

-- Odd rows for the tests, after sql/sample.sql; for all three engines. The expectations are in tests/it/battery.

/*! SET SESSION sql_mode = CONCAT(@@sql_mode, ',ANSI_QUOTES,NO_BACKSLASH_ESCAPES') */;

INSERT INTO "Users" ("uid", "uidNumber", "gidNumber", "givenName", "sn", "cn", "mail", "homeDirectory", "loginShell", "sshPublicKey", "status", "createdAt", "updatedAt", "userPassword") VALUES
    -- every fallback, from NULL
    ('nulls', 30001, 20001, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'active', '2024-01-01 00:00:00', '2024-01-01 00:00:00', '$argon2id$v=19$m=64,t=1,p=1$YmF0dGVyeXNhbHQxMjM0NQ$wtsDgfm758Ux6AUfODbs6u7xg1i7xtPM+Y0T48VhK8w'),
    -- every fallback, from the empty string
    ('empties', 30002, 20001, '', '', '', '', '', '', '', 'active', '2024-01-01 00:00:00', '2024-01-01 00:00:00', NULL),
    -- cn falls back to the first name
    ('onlyfirst', 30003, 20001, 'Onlyfirst', NULL, NULL, NULL, NULL, NULL, NULL, 'active', '2024-01-01 00:00:00', '2024-01-01 00:00:00', NULL),
    -- cn falls back to the last name
    ('onlylast', 30004, 20001, NULL, 'Lastname', NULL, NULL, NULL, NULL, NULL, 'active', '2024-01-01 00:00:00', '2024-01-01 00:00:00', NULL),
    -- sn falls back to the last word of cn
    ('fullonly', 30005, 20001, NULL, NULL, 'Ada Augusta Byron', NULL, NULL, NULL, NULL, 'active', '2024-01-01 00:00:00', '2024-01-01 00:00:00', NULL),
    -- no posixAccount
    ('nogid', 30006, NULL, 'No', 'Gid', 'No Gid', 'nogid@example.com', '/home/nogid', '/bin/sh', NULL, 'active', '2024-01-01 00:00:00', '2024-01-01 00:00:00', NULL),
    -- stored with capitals
    ('MixedCase', 30007, 20001, 'Mixed', 'CASE', 'Mixed CASE', 'Mixed.Case@Example.COM', '/home/MixedCase', '/bin/bash', NULL, 'active', '2024-01-01 00:00:00', '2024-01-01 00:00:00', '$argon2id$v=19$m=64,t=1,p=1$YmF0dGVyeXNhbHQxMjM0NQ$wtsDgfm758Ux6AUfODbs6u7xg1i7xtPM+Y0T48VhK8w'),
    -- accents that collations fold
    ('jörg', 30008, 20001, 'Jörg', 'Straße', 'Jörg Straße', 'joerg@example.com', '/home/joerg', '/bin/bash', NULL, 'active', '2024-01-01 00:00:00', '2024-01-01 00:00:00', '$argon2id$v=19$m=64,t=1,p=1$YmF0dGVyeXNhbHQxMjM0NQ$wtsDgfm758Ux6AUfODbs6u7xg1i7xtPM+Y0T48VhK8w'),
    -- a quote
    ('o''brien', 30009, 20001, 'Miles', 'O''Brien', 'Miles O''Brien', 'miles@example.com', '/home/miles', '/bin/bash', NULL, 'active', '2024-01-01 00:00:00', '2024-01-01 00:00:00', '$argon2id$v=19$m=64,t=1,p=1$YmF0dGVyeXNhbHQxMjM0NQ$wtsDgfm758Ux6AUfODbs6u7xg1i7xtPM+Y0T48VhK8w'),
    -- a comma: the DN must escape it
    ('doe, john', 30010, 20001, 'John', 'Doe', 'Doe, John', 'john@example.com', '/home/john', '/bin/bash', NULL, 'active', '2024-01-01 00:00:00', '2024-01-01 00:00:00', '$argon2id$v=19$m=64,t=1,p=1$YmF0dGVyeXNhbHQxMjM0NQ$wtsDgfm758Ux6AUfODbs6u7xg1i7xtPM+Y0T48VhK8w'),
    -- LIKE metacharacters, and a row they would find
    ('under_score', 30011, 20001, 'Under', 'Score', 'Under_Score', 'under@example.com', '/home/u1', '/bin/bash', NULL, 'active', '2024-01-01 00:00:00', '2024-01-01 00:00:00', NULL),
    ('underXscore', 30012, 20001, 'Under', 'Score', 'UnderXScore', 'underx@example.com', '/home/u2', '/bin/bash', NULL, 'active', '2024-01-01 00:00:00', '2024-01-01 00:00:00', NULL),
    ('per%cent', 30013, 20001, 'Per', 'Cent', '100% (sure) * \ | [x]', 'percent@example.com', '/home/u3', '/bin/bash', NULL, 'active', '2024-01-01 00:00:00', '2024-01-01 00:00:00', NULL),
    -- characters that RFC 4514 escapes
    ('#hash', 30014, 20001, 'Hash', 'Sign', 'Hash Sign', 'hash@example.com', '/home/u4', '/bin/bash', NULL, 'active', '2024-01-01 00:00:00', '2024-01-01 00:00:00', NULL),
    ('plus+sign', 30015, 20001, 'Plus', 'Sign', 'Plus Sign', 'plus@example.com', '/home/u5', '/bin/bash', NULL, 'active', '2024-01-01 00:00:00', '2024-01-01 00:00:00', '$argon2id$v=19$m=64,t=1,p=1$YmF0dGVyeXNhbHQxMjM0NQ$wtsDgfm758Ux6AUfODbs6u7xg1i7xtPM+Y0T48VhK8w'),
    ('quo"te', 30016, 20001, 'Quo', 'Te', 'Quo Te', 'quote@example.com', '/home/u6', '/bin/bash', NULL, 'active', '2024-01-01 00:00:00', '2024-01-01 00:00:00', NULL),
    ('semi;<=>', 30017, 20001, 'Semi', 'Colon', 'Semi Colon', 'semi@example.com', '/home/u7', '/bin/bash', NULL, 'active', '2024-01-01 00:00:00', '2024-01-01 00:00:00', NULL),
    ('back\slash', 30018, 20001, 'Back', 'Slash', 'Back Slash', 'back@example.com', '/home/u8', '/bin/bash', NULL, 'active', '2024-01-01 00:00:00', '2024-01-01 00:00:00', '$argon2id$v=19$m=64,t=1,p=1$YmF0dGVyeXNhbHQxMjM0NQ$wtsDgfm758Ux6AUfODbs6u7xg1i7xtPM+Y0T48VhK8w'),
    (' lead', 30019, 20001, 'Leading', 'Space', 'Leading Space', 'lead@example.com', '/home/u9', '/bin/bash', NULL, 'active', '2024-01-01 00:00:00', '2024-01-01 00:00:00', NULL),
    ('two  spaces', 30020, 20001, 'Two', 'Spaces', 'Two  Spaces', 'two@example.com', '/home/u10', '/bin/bash', NULL, 'active', '2024-01-01 00:00:00', '2024-01-01 00:00:00', NULL),
    -- keys with blank lines between
    ('blanklines', 30021, 20001, 'Blank', 'Line', 'Blank Line', 'blanklines@example.com', '/home/u11', '/bin/bash', 'ssh-rsa AAAA one

ssh-rsa BBBB two
', 'active', '2024-01-01 00:00:00', '2024-01-01 00:00:00', NULL),
    -- status in another case
    ('shouting', 30022, 20001, 'Shouting', 'User', 'Shouting User', 'shouting@example.com', '/home/u12', '/bin/bash', NULL, 'SUSPENDED', '2024-01-01 00:00:00', '2024-01-01 00:00:00', '$argon2id$v=19$m=64,t=1,p=1$YmF0dGVyeXNhbHQxMjM0NQ$wtsDgfm758Ux6AUfODbs6u7xg1i7xtPM+Y0T48VhK8w'),
    -- a word that does not refuse
    ('retired', 30023, 20001, 'Retired', 'User', 'Retired User', 'retired@example.com', '/home/u13', '/bin/bash', NULL, 'retired', '2024-01-01 00:00:00', '2024-01-01 00:00:00', '$argon2id$v=19$m=64,t=1,p=1$YmF0dGVyeXNhbHQxMjM0NQ$wtsDgfm758Ux6AUfODbs6u7xg1i7xtPM+Y0T48VhK8w'),
    -- collations take all such characters for one
    ('smile😀', 30024, 20001, 'Smile', 'Face', 'Smile Face', 'smile@example.com', '/home/u14', '/bin/bash', NULL, 'active', '2024-01-01 00:00:00', '2024-01-01 00:00:00', NULL),
    -- a password that is quick to verify: battery-Passw0rd-1
    ('cheap', 30025, 20001, 'Cheap', 'Hash', 'Cheap Hash', 'cheap@example.com', '/home/cheap', '/bin/bash', NULL, 'active', '2024-01-01 00:00:00', '2024-01-01 00:00:00', '$argon2id$v=19$m=64,t=1,p=1$YmF0dGVyeXNhbHQxMjM0NQ$wtsDgfm758Ux6AUfODbs6u7xg1i7xtPM+Y0T48VhK8w');

INSERT INTO "Groups" ("gidNumber", "cn") VALUES
    (30101, 'Ops Team'),
    (30102, 'R&D, Berlin'),
    (30103, 'größe'),
    (30104, 'under_group'),
    (30105, 'underXgroup');

INSERT INTO "UserGroups" ("uidNumber", "gidNumber") VALUES
    (10001, 30101), (30001, 30101), (30007, 30101),
    (10001, 30102), (30010, 30102), (30009, 30102), (30015, 30102),
    (30008, 30103), (30024, 30103),
    (30011, 30104), (30012, 30105);

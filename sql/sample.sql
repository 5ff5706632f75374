-- Sample rows for all three engines (load schema-*.sql first). Times are UTC.
--
--   user    password              remarks
--   alice   alice-likes-tea       in every group but `empty`
--   bob     bob-builds-boats      two SSH keys
--   carol   carol-cooks-curry     a name beyond ASCII
--   dave    dave-drives-dumpers   pending: may not log in where the query names "status"
--   erin    erin-eats-eggs        no mail (and none is served), home directory or shell (the gateway's fallbacks are)
--   frank   frank-finds-foxes     suspended: may not log in where the query names "status"
--   grace   grace-grows-grapes    a quote in the name, no group row for the primary group
--   heidi   (none)                has not set a password yet
--
-- The hashes are Argon2id with the parameters of Node's argon2 package: argon2 SALT -id -m 16 -t 3 -p 4 -l 32 -e

/*! SET SESSION sql_mode = CONCAT(@@sql_mode, ',ANSI_QUOTES,NO_BACKSLASH_ESCAPES') */;

INSERT INTO "Users" ("uid", "uidNumber", "gidNumber", "givenName", "sn", "cn", "mail", "homeDirectory", "loginShell", "sshPublicKey", "status", "createdAt", "updatedAt", "entryUuid", "userPassword") VALUES
    ('alice', 10001, 20001, 'Alice', 'Smith', 'Alice Smith', 'alice@example.com', '/home/alice', '/bin/bash',
     'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPlh1dzMtg4FBXjxRcoMJDd0x6bteg4Wjsq7Bfx6CDUK alice@example',
     'active', '2024-01-15 09:30:00', '2024-06-01 12:00:00', '5f0c6d3e-8a41-4c57-9b1e-000000010001',
     '$argon2id$v=19$m=65536,t=3,p=4$QU9hOWY5NkpuMFloNFFjeQ$8PpwD+xAAIsq0k5xCuupMYApaCBeXwVZUCnkSP3k/vM'),
    ('bob', 10002, 20001, 'Bob', 'Jones', 'Bob Jones', 'bob.jones@example.com', '/home/bob', '/bin/zsh',
     'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMccbkelAvB7EcR8ifKgc12mMO21B7a42dpal9ZQRRHM bob@laptop
ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKKUlIC0Up4/UgyIkstq2S9fx5Ol5RmBPbUrwxoM2lq7 bob@desktop',
     'active', '2024-01-16 10:00:00', '2024-01-16 10:00:00', '5f0c6d3e-8a41-4c57-9b1e-000000010002',
     '$argon2id$v=19$m=65536,t=3,p=4$Z05hajZhaTF5a29VUnJHbA$hcB+S2GUWSbAhiFB/+EUUyY5vOWaU7qH0YrGOxvuYXU'),
    ('carol', 10003, 20002, 'Carol', 'Müller', 'Carol Müller', 'carol.mueller@example.com', '/home/carol', '/bin/bash',
     NULL,
     'active', '2024-02-29 23:59:59', '2024-03-01 00:00:00', '5f0c6d3e-8a41-4c57-9b1e-000000010003',
     '$argon2id$v=19$m=65536,t=3,p=4$ekZkdEJvTFU1QlhJT2c4aA$2KBHT4N3Mhnm8j3KISNmj6l7/1ss2I1qqIxTV8JAWbM'),
    ('dave', 10004, 20001, 'Dave', 'Brown', 'Dave Brown', 'dave@example.com', '/home/dave', '/bin/bash',
     NULL,
     'pending', '2024-03-10 08:00:00', '2024-03-10 08:00:00', '5f0c6d3e-8a41-4c57-9b1e-000000010004',
     '$argon2id$v=19$m=65536,t=3,p=4$QkdkakxWcXpaSkhMRUlKeg$pn2CmCh8edtwZVQ2sVDstzbq3vnH4iKbaqemi6qIABI'),
    ('erin', 10005, 20002, 'Erin', 'Hammersmith', 'Erin Hammersmith', NULL, NULL, NULL,
     NULL,
     'active', '2024-04-01 07:15:00', '2024-04-02 07:15:00', '5f0c6d3e-8a41-4c57-9b1e-000000010005',
     '$argon2id$v=19$m=65536,t=3,p=4$cVM4U1pwbmNFVHhSUEhOag$PpWGP6hAPW93Mn4P9YfXqeDg9GplFHNpNlNFLKT7U+Y'),
    ('frank', 10006, 20001, 'Frank', 'White', 'Frank White', 'frank@example.com', '/home/frank', '/bin/bash',
     NULL,
     'suspended', '2024-05-05 05:05:05', '2024-07-07 07:07:07', '5f0c6d3e-8a41-4c57-9b1e-000000010006',
     '$argon2id$v=19$m=65536,t=3,p=4$SEJhaWY3SHhNRlR4Y2F2Ng$OkGKGQtk7B94uFd96Zr1iaR63uykjFzgBngjGKxxAkQ'),
    ('grace', 10007, 20003, 'Grace', 'O''Brien', 'Grace O''Brien', 'grace@example.com', '/home/grace', '/usr/bin/fish',
     NULL,
     'active', '2024-05-06 06:06:06', '2024-05-06 06:06:06', '5f0c6d3e-8a41-4c57-9b1e-000000010007',
     '$argon2id$v=19$m=65536,t=3,p=4$VnJaNVdrMnZUZ05wQlpzUA$0ZGIaFz0tQ10QKhsn0UOKNqCt9tRv8yToL06NWbw7w4'),
    ('heidi', 10008, 20002, 'Heidi', 'Klein', 'Heidi Klein', 'heidi@example.com', '/home/heidi', '/bin/bash',
     NULL,
     'active', '2024-06-06 06:06:06', '2024-06-06 06:06:06', '5f0c6d3e-8a41-4c57-9b1e-000000010008',
     NULL);

INSERT INTO "Groups" ("gidNumber", "cn", "createdAt", "updatedAt") VALUES
    (20001, 'staff', '2024-01-01 00:00:00', '2024-01-01 00:00:00'),
    (20002, 'developers', '2024-01-01 00:00:00', '2024-01-01 00:00:00'),
    (20010, 'ldapusers', '2024-01-02 00:00:00', '2024-01-02 00:00:00'),
    (20011, 'sysadmins', '2024-01-02 00:00:00', '2024-01-02 00:00:00'),
    (20012, 'empty', '2024-01-03 00:00:00', '2024-01-03 00:00:00');

INSERT INTO "UserGroups" ("uidNumber", "gidNumber") VALUES
    (10001, 20001), (10001, 20002), (10001, 20010), (10001, 20011),
    (10002, 20001), (10002, 20010),
    (10003, 20002), (10003, 20010),
    (10004, 20001),
    (10005, 20002),
    (10007, 20010),
    (10008, 20002), (10008, 20010);

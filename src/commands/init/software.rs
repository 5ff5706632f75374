//! The software whose tables are recognised, as data: by which tables and columns, and where its queries are. The queries
//! are those of `sql/recipes/`, which the pages in `docs/recipes/` show.

use crate::sql::{ColumnClass, Engine};

use ColumnClass::{Boolean, Integer, Text, Time};

/// One software.
#[derive(Debug)]
pub struct Software {
    /// Its name in options and files.
    pub name: &'static str,
    /// Its name for people.
    pub title: &'static str,
    /// What the names of its tables begin with when its installer is left alone; an operator may have chosen another.
    pub prefix: Option<&'static str>,
    /// Its tables, that of the users first.
    pub tables: &'static [Table],
    /// The settings for its tables, by engine. Where an engine is not here, the software does not run on it.
    pub recipes: &'static [(Engine, &'static str)],
}

/// One table.
#[derive(Debug)]
pub struct Table {
    /// Its name, with the usual prefix.
    pub name: &'static str,
    /// Columns that it must have, and what they may hold; nothing where engines differ much.
    pub columns: &'static [(&'static str, &'static [ColumnClass])],
}

impl Software {
    /// The settings for its tables on this engine.
    pub fn recipe(&self, engine: Engine) -> Option<&'static str> {
        let recipe = self.recipes.iter().find(|(of, _)| *of == engine);
        recipe.map(|(_, text)| *text)
    }
}

const NUMBER: &[ColumnClass] = &[Integer];
const TEXT: &[ColumnClass] = &[Text];
const TIME: &[ColumnClass] = &[Time];
const FLAG: &[ColumnClass] = &[Boolean, Integer];
const ANY: &[ColumnClass] = &[];

/// All of them.
pub const SOFTWARE: &[Software] = &[
    Software {
        name: "django",
        title: "Django",
        prefix: None,
        tables: &[
            Table {
                name: "auth_user",
                columns: &[
                    ("id", NUMBER),
                    ("username", TEXT),
                    ("password", TEXT),
                    ("first_name", TEXT),
                    ("last_name", TEXT),
                    ("email", TEXT),
                    ("is_active", FLAG),
                    ("is_staff", FLAG),
                    ("is_superuser", FLAG),
                    ("date_joined", TIME),
                ],
            },
            Table {
                name: "auth_group",
                columns: &[("id", NUMBER), ("name", TEXT)],
            },
            Table {
                name: "auth_user_groups",
                columns: &[("user_id", NUMBER), ("group_id", NUMBER)],
            },
        ],
        recipes: &[
            (Engine::PostgreSql, include_str!("../../../sql/recipes/django.env")),
            (Engine::MySql, include_str!("../../../sql/recipes/django.env")),
            (Engine::Sqlite, include_str!("../../../sql/recipes/django.env")),
        ],
    },
    Software {
        name: "wordpress",
        title: "WordPress",
        prefix: Some("wp_"),
        tables: &[
            Table {
                name: "wp_users",
                columns: &[
                    ("ID", NUMBER),
                    ("user_login", TEXT),
                    ("user_pass", TEXT),
                    ("user_email", TEXT),
                    ("user_registered", TIME),
                    ("user_status", NUMBER),
                    ("display_name", TEXT),
                ],
            },
            Table {
                name: "wp_usermeta",
                columns: &[("user_id", NUMBER), ("meta_key", TEXT), ("meta_value", TEXT)],
            },
        ],
        recipes: &[(Engine::MySql, include_str!("../../../sql/recipes/wordpress.env"))],
    },
    Software {
        name: "laravel",
        title: "Laravel",
        prefix: None,
        tables: &[Table {
            name: "users",
            columns: &[
                ("id", NUMBER),
                ("name", TEXT),
                ("email", TEXT),
                ("email_verified_at", TIME),
                ("password", TEXT),
                ("remember_token", TEXT),
                ("created_at", TIME),
                ("updated_at", TIME),
            ],
        }],
        recipes: &[
            (Engine::PostgreSql, include_str!("../../../sql/recipes/laravel.env")),
            (Engine::MySql, include_str!("../../../sql/recipes/laravel.env")),
            (Engine::Sqlite, include_str!("../../../sql/recipes/laravel.env")),
        ],
    },
    Software {
        name: "devise",
        title: "Devise (Ruby on Rails)",
        prefix: None,
        tables: &[Table {
            name: "users",
            columns: &[
                ("id", NUMBER),
                ("email", TEXT),
                ("encrypted_password", TEXT),
                ("reset_password_token", TEXT),
                ("reset_password_sent_at", TIME),
                ("remember_created_at", TIME),
                ("created_at", TIME),
                ("updated_at", TIME),
            ],
        }],
        recipes: &[
            (Engine::PostgreSql, include_str!("../../../sql/recipes/devise.env")),
            (Engine::MySql, include_str!("../../../sql/recipes/devise.env")),
            (Engine::Sqlite, include_str!("../../../sql/recipes/devise.env")),
        ],
    },
    Software {
        name: "keycloak",
        title: "Keycloak",
        prefix: None,
        tables: &[
            Table {
                name: "user_entity",
                columns: &[
                    ("id", TEXT),
                    ("username", TEXT),
                    ("email", TEXT),
                    ("enabled", ANY),
                    ("realm_id", TEXT),
                    ("first_name", TEXT),
                    ("last_name", TEXT),
                    ("service_account_client_link", TEXT),
                ],
            },
            Table {
                name: "user_attribute",
                columns: &[("user_id", TEXT), ("name", TEXT), ("value", TEXT)],
            },
            Table {
                name: "group_attribute",
                columns: &[("group_id", TEXT), ("name", TEXT), ("value", TEXT)],
            },
            Table {
                name: "credential",
                columns: &[
                    ("user_id", TEXT),
                    ("type", TEXT),
                    ("priority", NUMBER),
                    ("secret_data", TEXT),
                    ("credential_data", TEXT),
                ],
            },
            Table {
                name: "keycloak_group",
                columns: &[("id", TEXT), ("name", TEXT), ("realm_id", TEXT)],
            },
            Table {
                name: "user_group_membership",
                columns: &[("group_id", TEXT), ("user_id", TEXT)],
            },
            Table {
                name: "realm",
                columns: &[("id", TEXT), ("name", TEXT)],
            },
        ],
        recipes: &[
            (
                Engine::PostgreSql,
                include_str!("../../../sql/recipes/keycloak-postgresql.env"),
            ),
            (Engine::MySql, include_str!("../../../sql/recipes/keycloak-mariadb.env")),
        ],
    },
    Software {
        name: "nextcloud",
        title: "Nextcloud",
        prefix: Some("oc_"),
        tables: &[
            Table {
                name: "oc_users",
                columns: &[
                    ("uid", TEXT),
                    ("displayname", TEXT),
                    ("password", TEXT),
                    ("uid_lower", TEXT),
                ],
            },
            Table {
                name: "oc_groups",
                columns: &[("gid", TEXT), ("displayname", TEXT)],
            },
            Table {
                name: "oc_group_user",
                columns: &[("gid", TEXT), ("uid", TEXT)],
            },
            Table {
                name: "oc_preferences",
                columns: &[
                    ("userid", TEXT),
                    ("appid", TEXT),
                    ("configkey", TEXT),
                    ("configvalue", TEXT),
                ],
            },
        ],
        recipes: &[
            (Engine::PostgreSql, include_str!("../../../sql/recipes/nextcloud.env")),
            (Engine::MySql, include_str!("../../../sql/recipes/nextcloud.env")),
            (Engine::Sqlite, include_str!("../../../sql/recipes/nextcloud.env")),
        ],
    },
    Software {
        name: "manager",
        title: "the manager",
        prefix: None,
        tables: &[
            Table {
                name: "Users",
                columns: &[
                    ("uid", TEXT),
                    ("uidNumber", NUMBER),
                    ("gidNumber", NUMBER),
                    ("givenName", TEXT),
                    ("sn", TEXT),
                    ("cn", TEXT),
                    ("mail", TEXT),
                    ("homeDirectory", TEXT),
                    ("loginShell", TEXT),
                    ("userPassword", TEXT),
                    ("sshPublicKey", TEXT),
                    ("status", TEXT),
                    ("entryUuid", ANY),
                    ("createdAt", TIME),
                    ("updatedAt", TIME),
                ],
            },
            Table {
                name: "Groups",
                columns: &[("gidNumber", NUMBER), ("cn", TEXT)],
            },
            Table {
                name: "UserGroups",
                columns: &[("uidNumber", NUMBER), ("gidNumber", NUMBER)],
            },
        ],
        recipes: &[
            (
                Engine::PostgreSql,
                include_str!("../../../sql/recommended-postgresql.env"),
            ),
            (Engine::MySql, include_str!("../../../sql/recommended-mariadb.env")),
            (Engine::Sqlite, include_str!("../../../sql/recommended-sqlite.env")),
        ],
    },
    // Tables made before there were shells, keys and states. Where both fit, the first one counts.
    Software {
        name: "manager",
        title: "the manager (without login shell, SSH keys and status)",
        prefix: None,
        tables: &[
            Table {
                name: "Users",
                columns: &[
                    ("uid", TEXT),
                    ("uidNumber", NUMBER),
                    ("gidNumber", NUMBER),
                    ("givenName", TEXT),
                    ("sn", TEXT),
                    ("cn", TEXT),
                    ("mail", TEXT),
                    ("homeDirectory", TEXT),
                    ("userPassword", TEXT),
                ],
            },
            Table {
                name: "Groups",
                columns: &[("gidNumber", NUMBER), ("cn", TEXT)],
            },
            Table {
                name: "UserGroups",
                columns: &[("uidNumber", NUMBER), ("gidNumber", NUMBER)],
            },
        ],
        recipes: &[
            (Engine::PostgreSql, include_str!("../../../sql/deployed-postgresql.env")),
            (Engine::MySql, include_str!("../../../sql/deployed-mariadb.env")),
            (Engine::Sqlite, include_str!("../../../sql/deployed-sqlite.env")),
        ],
    },
];

//! What a search decides, noted for `explain` beside the statements that follow from it. Decides nothing itself, so
//! that what is explained cannot differ from what is done.

use crate::{
    directory::{
        Directory,
        kind::Kind,
        mapping::columns::Role,
        naming::tree::Place,
        queries::DescribedQuery,
        search::{
            assertions::RelationSet,
            plan::{Plan, Residual},
            results::CHUNK,
        },
        source::listing::Listing,
    },
    model::dn::Dn,
    sql::{
        Note, Origin, Predicate,
        indexes::{self, TableColumn},
    },
};

impl Kind {
    /// The entries of this kind, in words.
    pub(crate) fn plural(self) -> &'static str {
        match self {
            Kind::User => "users",
            Kind::Group => "groups",
            Kind::PrivateGroup => "private groups",
        }
    }
}

/// No entry of this kind can match.
pub(crate) fn impossible(directory: &Directory, kind: Kind) {
    note(directory, kind, || Note {
        about: kind.plural(),
        details: vec![
            ("filter", "(|)".to_owned()),
            ("rows", "none of them can match: nothing is asked".to_owned()),
        ],
        everything: false,
    });
}

/// How the rows of a kind will be found.
pub(crate) fn planned(directory: &Directory, source: &Listing, residual: &Residual, plan: &Plan) {
    note(directory, source.kind(), || {
        let everything = matches!(plan, Plan::Rows(Predicate::True));
        let rows = match plan {
            Plan::Found(_) => "read with the memberships that the filter asks for".to_owned(),
            Plan::Names(names) if names.is_empty() => "none of them can match: nothing is asked".to_owned(),
            Plan::Names(names) => {
                let names: Vec<&str> = names.iter().map(|name| name.spelled.as_str()).collect();
                format!("by name: {}", names.join(", "))
            }
            Plan::Rows(Predicate::True) if source.reads_by_key() => format!("all of them, {CHUNK} at a time by key"),
            Plan::Rows(Predicate::True) => {
                "all of them, in one stream: the query cannot be read by key (sql/README.md)".to_owned()
            }
            Plan::Rows(Predicate::False) => "none of them can match: nothing is asked".to_owned(),
            Plan::Rows(predicate) if source.is_lookup(predicate) => "by a condition on a key".to_owned(),
            Plan::Rows(_) => format!("by a condition, {CHUNK} at a time by key"),
        };
        Note {
            about: source.kind().plural(),
            details: vec![("filter", left(directory, residual)), ("rows", rows)],
            everything,
        }
    });
}

/// The base is an entry itself, and the filter is judged on it.
pub(crate) fn base_entry(directory: &Directory, kind: Kind, residual: &Residual) {
    note(directory, kind, || Note {
        about: kind.plural(),
        details: vec![
            ("filter", left(directory, residual)),
            ("rows", "the base's, found by its name".to_owned()),
        ],
        everything: false,
    });
}

/// More rows follow that are not read, since only one chunk was wanted.
pub(crate) fn stopped(directory: &Directory, kind: Kind) {
    note(directory, kind, || Note {
        about: kind.plural(),
        details: vec![(
            "stopped",
            "after the first rows; a search goes on in the same way until there are no more".to_owned(),
        )],
        everything: false,
    });
}

fn note(directory: &Directory, _: Kind, make: impl FnOnce() -> Note) {
    if let Some(recorder) = directory.database.recorder() {
        recorder.note(make());
    }
}

fn left(directory: &Directory, residual: &Residual) -> String {
    residual.filter.text(&directory.schema, &|relation| match residual
        .relations
        .get(relation)
        .map_or(0, RelationSet::len)
    {
        1 => "one name that the memberships gave".to_owned(),
        count => format!("{count} names that the memberships gave"),
    })
}

impl Directory {
    /// What a DN is here, in words.
    pub fn place(&self, dn: &Dn) -> &'static str {
        match self.tree.locate(dn, &self.schema) {
            Place::RootDse => "the root DSE, or everything",
            Place::Subschema => "the subschema",
            Place::Base => "the naming context",
            Place::Entry(Kind::User, _) => "a user's DN",
            Place::Entry(Kind::Group | Kind::PrivateGroup, _) => "a group's DN",
            Place::Below(..) => "below a user's or group's DN",
            Place::Container(_) => "a container",
            Place::Nowhere(_) => "no entry can have it",
            Place::Foreign => "outside of the naming context",
        }
    }

    /// What a table is to the operator, given its name or alias in a plan of `sql`: that of users, of groups, or one of
    /// its own name.
    pub fn table(&self, name: &str, sql: &str) -> String {
        let listings = [
            (&self.queries.all_users, Kind::User),
            (&self.queries.all_groups, Kind::Group),
        ];
        for (query, kind) in listings {
            let table = self.named_table(query);
            if table.is_some_and(|table| indexes::is_name_of(name, &table, sql)) {
                return kind.plural().to_owned();
            }
        }
        indexes::unaliased(name, sql)
    }

    fn named_table(&self, query: &DescribedQuery) -> Option<String> {
        match query.origins.get(query.column(Role::Name)?)? {
            Origin::Table { table, column } => Some(TableColumn::new(self.database.engine(), table, column).table),
            Origin::Expression | Origin::Unknown => None,
        }
    }
}

//! What a search decides, in words.

use crate::{
    directory::{
        entry_source::ScanWay,
        naming::tree::Place,
        search::{
            results::CHUNK,
            trace::{Decision, Way},
        },
    },
    model::{filter::ResolvedFilter, schema::Schema},
};
use std::borrow::Cow;

/// A decision as it is reported.
pub struct Note {
    /// Which entries it is about.
    pub about: &'static str,
    /// What there is to say, each under a label.
    pub details: Vec<(&'static str, String)>,
    /// All rows of something are asked for.
    pub everything: bool,
    /// The search stops here because only the first rows are wanted.
    pub stopped: bool,
}

impl Note {
    /// A decision in words.
    pub fn new(decision: &Decision, schema: &Schema) -> Self {
        const NONE: &str = "none of them can match: nothing is asked";
        match decision {
            Decision::NoneCanMatch(kind) => Note {
                about: kind.plural,
                details: vec![("filter", "(|)".to_owned()), ("rows", NONE.to_owned())],
                everything: false,
                stopped: false,
            },
            Decision::Finds {
                kind,
                filter,
                memberships,
                way,
            } => {
                let rows = match way {
                    Way::Base => "the base's, found by its name".to_owned(),
                    Way::WithMemberships => "read with the memberships that the filter asks for".to_owned(),
                    Way::Names(names) if names.is_empty() => NONE.to_owned(),
                    Way::Names(names) => format!("by name: {}", names.join(", ")),
                    Way::Scan(ScanWay::Nothing) => NONE.to_owned(),
                    Way::Scan(ScanWay::AllByKey) => format!("all of them, {CHUNK} at a time by key"),
                    Way::Scan(ScanWay::AllStreamed) => {
                        "all of them, in one stream: the query cannot be read by key (sql/README.md)".to_owned()
                    }
                    Way::Scan(ScanWay::Key) => "by a condition on a key".to_owned(),
                    Way::Scan(ScanWay::Condition) => format!("by a condition, {CHUNK} at a time by key"),
                };
                Note {
                    about: kind.plural,
                    details: vec![("filter", text(filter, memberships, schema)), ("rows", rows)],
                    everything: matches!(way, Way::Scan(ScanWay::AllByKey | ScanWay::AllStreamed)),
                    stopped: false,
                }
            }
            Decision::StopsAfterFirst(kind) => Note {
                about: kind.plural,
                details: vec![(
                    "stopped",
                    "after the first rows; a search goes on in the same way until there are no more".to_owned(),
                )],
                everything: false,
                stopped: true,
            },
        }
    }
}

fn text(filter: &ResolvedFilter, memberships: &[usize], schema: &Schema) -> String {
    filter.text(
        schema,
        &|relation| match memberships.get(relation).copied().unwrap_or_default() {
            1 => "one name that the memberships gave".to_owned(),
            count => format!("{count} names that the memberships gave"),
        },
    )
}

/// What a DN is.
pub fn place(place: &Place) -> Cow<'static, str> {
    let text = match place {
        Place::RootDse => "the root DSE, or everything",
        Place::Subschema => "the subschema",
        Place::Base => "the naming context",
        Place::Entry(kind, _) => return format!("a {}'s DN", kind.singular).into(),
        Place::Below(..) => "below a user's or group's DN",
        Place::Container(_) => "a container",
        Place::ServiceAccount(_) => "a service account",
        Place::Nowhere(_) => "no entry can have it",
        Place::Foreign => "outside of the naming context",
    };
    text.into()
}

//! The laws of three-valued logic, on filters whose leaves are relations with any truth.

use proptest::prelude::*;

use super::super::*;
use crate::model::entry::Entry;
use crate::model::schema::{Schema, ids};
use ResolvedFilter as R;

const LEAVES: usize = 4;

struct Assigned([Truth; LEAVES]);

impl Relations for Assigned {
    fn holds(&self, relation: usize, _entry: &Entry) -> Truth {
        self.0[relation]
    }
}

impl Assigned {
    fn truth(&self, filter: &R) -> Truth {
        thread_local! {
            static SCHEMA: Schema = Schema::standard();
        }
        SCHEMA.with(|schema| filter.evaluate(schema, &Entry::default(), self))
    }
}

fn any_truth() -> impl Strategy<Value = Truth> {
    prop_oneof![Just(Truth::True), Just(Truth::False), Just(Truth::Undefined)]
}

fn any_assignment() -> impl Strategy<Value = Assigned> {
    proptest::array::uniform4(any_truth()).prop_map(Assigned)
}

impl std::fmt::Debug for Assigned {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(out)
    }
}

/// Not simplified: built from the variants themselves.
fn any_filter() -> impl Strategy<Value = R> {
    let leaf = prop_oneof![
        1 => any_truth().prop_map(R::from),
        4 => (0..LEAVES).prop_map(R::Relation),
    ];
    leaf.prop_recursive(5, 30, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(R::And),
            proptest::collection::vec(inner.clone(), 0..4).prop_map(R::Or),
            inner.prop_map(|inner| R::Not(Box::new(inner))),
        ]
    })
}

fn simplified(filter: R) -> R {
    filter.map_leaves(&mut |_| None)
}

/// The invariants that `ResolvedFilter` promises.
fn is_simple(filter: &R) -> bool {
    let operands = |parts: &[R], nested: fn(&R) -> bool| {
        let undefined = parts.iter().filter(|part| **part == R::Undefined).count();
        parts.len() > 1
            && undefined <= 1
            && parts.iter().all(|part| {
                !matches!(part, R::True | R::False) && !nested(part) && (*part == R::Undefined || is_simple(part))
            })
    };
    match filter {
        R::And(parts) => operands(parts, |part| matches!(part, R::And(_))),
        R::Or(parts) => operands(parts, |part| matches!(part, R::Or(_))),
        R::Not(inner) => inner.constant().is_none() && !matches!(**inner, R::Not(_)) && is_simple(inner),
        _ => true,
    }
}

#[test]
fn tables_of_rfc_4511() {
    use Truth::{False, True, Undefined};
    for (a, b, and, or) in [
        (True, True, True, True),
        (True, False, False, True),
        (True, Undefined, Undefined, True),
        (False, False, False, False),
        (False, Undefined, False, Undefined),
        (Undefined, Undefined, Undefined, Undefined),
    ] {
        assert_eq!((a.and(b), b.and(a)), (and, and));
        assert_eq!((a.or(b), b.or(a)), (or, or));
    }
    assert_eq!((!True, !False, !Undefined), (False, True, Undefined));
}

#[test]
fn empty_lists_of_rfc_4526() {
    let none = Assigned([Truth::Undefined; LEAVES]);
    assert_eq!(none.truth(&R::And(vec![])), Truth::True);
    assert_eq!(none.truth(&R::Or(vec![])), Truth::False);
    assert_eq!(R::all([]), R::True);
    assert_eq!(R::any([]), R::False);
}

#[test]
fn what_can_match_nothing_becomes_false() {
    let filter = |text: &str| Filter::parse(text).unwrap().resolve(&Schema::standard());
    for text in [
        "(nonsense=a)",
        "(!(nonsense=a))",
        "(&(uid=*)(nonsense=a))",
        "(!(|(uid=*)(nonsense=a)))",
        "(uid;lang-de=*)",
    ] {
        assert_eq!(filter(text).matching(), R::False, "{text}");
    }
    assert_eq!(filter("(|(uid=*)(nonsense=a))").matching(), R::Present(ids::UID));
    assert_eq!(filter("(!(&(uid=*)(nonsense=a)))").matching(), !R::Present(ids::UID));
    assert_eq!(filter("(!(uid;lang-de=*))"), R::True);
}

#[test]
fn attributes_are_listed() {
    let filter = Filter::parse("(&(uid=*)(!(uidNumber=*))(|(name=*)(x=*)(memberOf:1.2.840.113556.1.4.1941:=cn=a)))");
    let filter = filter.unwrap().resolve(&Schema::standard());
    let seen = filter.attributes(&Schema::standard());
    for id in [ids::UID, ids::UID_NUMBER, ids::CN, ids::SN, ids::MEMBER_OF] {
        assert!(seen.contains(id));
    }
    assert!(!seen.contains(ids::MAIL) && !seen.is_empty());
    assert_eq!(filter.conjuncts().len(), 3);
    assert_eq!(filter.disjuncts().len(), 1);
}

#[test]
fn nested_conjunctions_are_flattened() {
    let text = "(&(uid=*)(cn=*)(&(uidNumber=*)(!(gidNumber=*))))";
    let filter = Filter::parse(text).unwrap().resolve(&Schema::standard());
    assert_eq!(filter.conjuncts().len(), 4);
}

/// What a program says of an entry, interrupted as often as can be.
fn run(program: &Program, schema: &Schema, entry: &Entry, relations: &(dyn Relations + Sync)) -> Truth {
    let mut run = program.begin(schema, entry, relations);
    loop {
        if let Some(truth) = run.go_on(1) {
            return truth;
        }
    }
}

proptest! {
    #[test]
    fn a_program_says_what_evaluation_says(filter in any_filter(), assigned in any_assignment()) {
        thread_local! {
            static SCHEMA: Schema = Schema::standard();
        }
        let truth = SCHEMA.with(|schema| run(&Program::new(&filter), schema, &Entry::default(), &assigned));
        prop_assert_eq!(truth, assigned.truth(&filter));
    }
}

/// Alternatives that are looked up in a set, types that share a leaf, equal leaves, values that break the syntax.
#[test]
fn a_program_says_of_values_what_evaluation_says() {
    let schema = Schema::standard();
    let mut entry = Entry::new("uid=alice,dc=example,dc=com");
    for (id, value) in [
        (ids::UID, "alice"),
        (ids::CN, "Alice  \u{c4}rger"),
        (ids::SN, "\u{c4}rger"),
        (ids::UID_NUMBER, "7"),
        (ids::MEMBER_OF, "cn=Staff, dc=example,dc=com"),
        (ids::MEMBER_OF, "no name"),
        (ids::OBJECT_CLASS, "posixAccount"),
    ] {
        entry.push(id, value.to_owned());
    }
    let others = |leaf: &str| (0..20).map(|n| format!("({leaf}{n})")).collect::<String>();
    for leaf in [
        "uid=ALICE",
        "uid=bob",
        "cn=alice \u{e4}rger",
        "sn=\u{c4}rger",
        "name=\u{e4}RGER",
        "name=bob",
        "uidNumber=7",
        "memberOf=CN=staff,dc=example,dc=com",
        "memberOf=cn=admins,dc=example,dc=com",
        "objectClass=1.3.6.1.1.1.2.0",
        ":caseIgnoreMatch:=alice",
        ":caseIgnoreMatch:=nobody",
        "nonsense=x",
        "cn=*ice*",
        "memberUid=*",
    ] {
        for filter in [
            format!("({leaf})"),
            format!("(|{}({leaf})({leaf}))", others("uid=x")),
            format!("(!(|{}({leaf})))", others("cn=x")),
            format!("(&(uid=alice)(|{}({leaf}))(!({leaf})))", others("memberOf=cn=x")),
            format!("(&({leaf})(!(&({leaf})(uid=*)(sn=*)))(nonsense=x))"),
        ] {
            let resolved = Filter::parse(&filter).unwrap().resolve(&schema);
            let expected = resolved.evaluate(&schema, &entry, &NoRelations);
            let told = run(&Program::new(&resolved), &schema, &entry, &NoRelations);
            assert_eq!(told, expected, "{filter}");
        }
    }
}

#[test]
fn hostile_depth_is_undefined() {
    let mut filter = Filter::Present("uid".to_owned());
    for _ in 0..MAX_DEPTH + 10 {
        filter = Filter::Not(Box::new(filter));
    }
    assert_eq!(filter.resolve(&Schema::standard()), R::Undefined);
}

proptest! {
    #[test]
    fn simplifying_changes_nothing(filter in any_filter(), given in any_assignment()) {
        let simple = simplified(filter.clone());
        prop_assert!(is_simple(&simple), "{simple:?}");
        prop_assert_eq!(given.truth(&simple), given.truth(&filter));
    }

    #[test]
    fn double_negation_and_de_morgan(a in any_filter(), b in any_filter(), given in any_assignment()) {
        let truth = given.truth(&a);
        prop_assert_eq!(given.truth(&!!a.clone()), truth);
        prop_assert_eq!(given.truth(&R::Not(Box::new(R::Not(Box::new(a.clone()))))), truth);
        let (both, one) = (R::all([a.clone(), b.clone()]), R::any([a.clone(), b.clone()]));
        prop_assert_eq!(given.truth(&both), truth.and(given.truth(&b)));
        prop_assert_eq!(given.truth(&!both), given.truth(&R::any([!a.clone(), !b.clone()])));
        prop_assert_eq!(given.truth(&!one), given.truth(&R::all([!a, !b])));
    }

    #[test]
    fn matching_keeps_what_matches(filter in any_filter(), given in any_assignment()) {
        let settled = filter.clone().matching();
        prop_assert_eq!(given.truth(&settled).matches(), given.truth(&filter).matches());
        let mut undefined = settled == R::Undefined;
        if let R::And(parts) | R::Or(parts) = &settled {
            undefined = parts.contains(&R::Undefined);
        }
        prop_assert!(!undefined);
    }

    #[test]
    fn replacing_leaves_is_assigning_them(filter in any_filter(), given in any_assignment()) {
        let replaced = filter.map_leaves(&mut |leaf| match leaf {
            R::Relation(relation) => Some(given.0[*relation].into()),
            _ => None,
        });
        let constant = replaced.constant();
        prop_assert_eq!(given.truth(&replaced), given.truth(&filter));
        prop_assert!(constant.is_some(), "{replaced:?}");
    }
}

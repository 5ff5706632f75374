//! A large filter, laid out for evaluation. The result is that of [`ResolvedFilter::evaluate`].
//!
//! A filter may have 32,000 parts, and an entry as many values. Therefore each different leaf is evaluated once for an
//! entry, alternatives of one attribute are looked up in a set, and the work can be interrupted, so that other tasks get
//! their turn.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::{Relations, ResolvedFilter, Truth};
use crate::model::dn::Dn;

use crate::model::entry::Entry;
use crate::model::matching::{Assertion, NormalizedDn};
use crate::model::prepare::{Fold, prepare};
use crate::model::schema::{AttributeId, Schema};
use crate::model::value::Value;

/// From so many alternatives on a set is worth its price.
const ALTERNATIVES: usize = 4;
/// What looking at a leaf costs without any octet, in octets.
const LEAF: usize = 16;
/// What an octet costs in a value that is not ASCII: it is folded and normalised by tables.
const NOT_ASCII: usize = 32;

/// The filter's parts in the order in which they are looked at.
#[derive(Debug)]
pub struct Program {
    steps: Vec<Step>,
    leaves: Vec<Leaf>,
}

#[derive(Debug, Clone, Copy)]
enum Step {
    Open {
        is_and: bool,
        negated: bool,
        /// Where its `Close` is.
        close: usize,
    },
    Close,
    Constant(Truth),
    Leaf {
        leaf: usize,
        negated: bool,
    },
}

#[derive(Debug)]
enum Leaf {
    One(ResolvedFilter),
    /// One of these prepared texts.
    Texts(AttributeId, Fold, HashSet<Arc<str>>),
    /// One of these names.
    Names(AttributeId, HashSet<Arc<NormalizedDn>>),
}

/// What alternatives can be put together by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Alternative {
    Text(AttributeId, Fold),
    Name(AttributeId),
}

impl Alternative {
    fn of(filter: &ResolvedFilter) -> Option<Self> {
        let ResolvedFilter::Equality { assertion, .. } = filter else {
            return None;
        };
        match (filter.attribute()?, assertion) {
            (id, Assertion::Text(fold, _)) => Some(Self::Text(id, *fold)),
            (id, Assertion::Dn(_)) => Some(Self::Name(id)),
            _ => None,
        }
    }
}

impl Program {
    /// Lays out a filter.
    pub fn new(filter: &ResolvedFilter) -> Self {
        let mut layout = Layout {
            program: Self {
                steps: Vec::new(),
                leaves: Vec::new(),
            },
            known: HashMap::new(),
        };
        layout.add(filter, false);
        layout.program
    }

    /// Begins with an entry.
    pub fn begin<'a>(&'a self, schema: &'a Schema, entry: &'a Entry, relations: &'a (dyn Relations + Sync)) -> Run<'a> {
        Run {
            program: self,
            schema,
            entry,
            relations,
            next: 0,
            value: 0,
            open: Vec::new(),
            known: vec![None; self.leaves.len()],
            truth: Truth::Undefined,
        }
    }
}

struct Layout<'f> {
    program: Program,
    /// Leaves that are there already.
    known: HashMap<&'f ResolvedFilter, usize>,
}

impl<'f> Layout<'f> {
    fn add(&mut self, filter: &'f ResolvedFilter, negated: bool) {
        match filter {
            ResolvedFilter::Not(inner) => self.add(inner, !negated),
            ResolvedFilter::And(parts) => self.group(true, negated, parts),
            ResolvedFilter::Or(parts) => self.group(false, negated, parts),
            ResolvedFilter::True | ResolvedFilter::False | ResolvedFilter::Undefined => {
                let truth = filter.constant().unwrap_or(Truth::Undefined);
                self.program
                    .steps
                    .push(Step::Constant(if negated { !truth } else { truth }));
            }
            leaf => {
                let leaves = &mut self.program.leaves;
                let leaf = *self.known.entry(leaf).or_insert_with(|| {
                    leaves.push(Leaf::One(leaf.clone()));
                    leaves.len() - 1
                });
                self.program.steps.push(Step::Leaf { leaf, negated });
            }
        }
    }

    fn group(&mut self, is_and: bool, negated: bool, parts: &'f [ResolvedFilter]) {
        let begin = self.program.steps.len();
        self.program.steps.push(Step::Close);
        let mut alternatives: HashMap<Alternative, Vec<&'f ResolvedFilter>> = HashMap::new();
        for part in parts {
            match Alternative::of(part).filter(|_| !is_and && parts.len() >= ALTERNATIVES) {
                Some(alternative) => alternatives.entry(alternative).or_default().push(part),
                None => self.add(part, false),
            }
        }
        for (alternative, parts) in alternatives {
            if parts.len() < ALTERNATIVES {
                parts.into_iter().for_each(|part| self.add(part, false));
            } else {
                self.program.leaves.push(set(alternative, &parts));
                let leaf = self.program.leaves.len() - 1;
                self.program.steps.push(Step::Leaf { leaf, negated: false });
            }
        }
        let close = self.program.steps.len();
        if let Some(step) = self.program.steps.get_mut(begin) {
            *step = Step::Open { is_and, negated, close };
        }
        self.program.steps.push(Step::Close);
    }
}

fn set(alternative: Alternative, parts: &[&ResolvedFilter]) -> Leaf {
    let assertions = parts.iter().filter_map(|part| match part {
        ResolvedFilter::Equality { assertion, .. } => Some(assertion),
        _ => None,
    });
    match alternative {
        Alternative::Text(id, fold) => {
            let texts = assertions.filter_map(|assertion| match assertion {
                Assertion::Text(_, text) => Some(Arc::clone(text)),
                _ => None,
            });
            Leaf::Texts(id, fold, texts.collect())
        }
        Alternative::Name(id) => {
            let names = assertions.filter_map(|assertion| match assertion {
                Assertion::Dn(name) => Some(Arc::clone(name)),
                _ => None,
            });
            Leaf::Names(id, names.collect())
        }
    }
}

/// A filter and an entry, as far as they have been looked at.
pub struct Run<'a> {
    program: &'a Program,
    schema: &'a Schema,
    entry: &'a Entry,
    relations: &'a (dyn Relations + Sync),
    next: usize,
    /// Of the values that the next leaf is about, how many have been looked at.
    value: usize,
    open: Vec<Group>,
    known: Vec<Option<Truth>>,
    truth: Truth,
}

#[derive(Debug)]
struct Group {
    is_and: bool,
    negated: bool,
    close: usize,
    truth: Truth,
}

impl Run<'_> {
    /// Goes on for the work of some `octets`; what the filter is for the entry, once that is known.
    pub fn go_on(&mut self, mut octets: usize) -> Option<Truth> {
        while let Some(step) = self.program.steps.get(self.next) {
            let truth = match *step {
                Step::Open { is_and, negated, close } => {
                    self.open.push(Group {
                        is_and,
                        negated,
                        close,
                        truth: is_and.into(),
                    });
                    self.next += 1;
                    continue;
                }
                Step::Close => match self.open.pop() {
                    Some(group) if group.negated => !group.truth,
                    Some(group) => group.truth,
                    None => Truth::Undefined,
                },
                Step::Constant(truth) => truth,
                Step::Leaf { leaf, negated } => {
                    let truth = self.leaf(leaf, &mut octets)?;
                    if negated { !truth } else { truth }
                }
            };
            self.combine(truth);
        }
        Some(self.truth)
    }

    /// Adds what a part is to the group around it. Where that decides the group, its other parts are not looked at.
    fn combine(&mut self, truth: Truth) {
        self.next += 1;
        match self.open.last_mut() {
            None => self.truth = truth,
            Some(group) if group.is_and => {
                group.truth = group.truth.and(truth);
                if group.truth == Truth::False {
                    self.next = group.close;
                }
            }
            Some(group) => {
                group.truth = group.truth.or(truth);
                if group.truth == Truth::True {
                    self.next = group.close;
                }
            }
        }
    }

    /// What a leaf is; None when there are no octets left.
    fn leaf(&mut self, number: usize, octets: &mut usize) -> Option<Truth> {
        if let Some(Some(known)) = self.known.get(number) {
            return Some(*known);
        }
        let leaf = self.program.leaves.get(number)?;
        let (schema, entry) = (self.schema, self.entry);
        // However few octets there are, something is looked at.
        spend(octets, 0)?;
        let truth = match leaf {
            Leaf::One(filter) => match filter.attribute() {
                Some(id) if !matches!(filter, ResolvedFilter::Present(_)) => {
                    self.any_value(entry.values(id), octets, |value| {
                        filter.is_met_by_any(schema, std::slice::from_ref(value))
                    })?
                }
                _ => {
                    // Whatever else it looks at, it is not more than the entry.
                    if let ResolvedFilter::AnyOf { .. } = filter {
                        let values = entry.attributes.iter().flat_map(|attribute| &attribute.values);
                        *octets = octets.saturating_sub(values.map(cost).sum());
                    }
                    filter.evaluate(schema, entry, self.relations)
                }
            },
            Leaf::Texts(id, fold, texts) => self.any_value(entry.values(*id), octets, |value| {
                let text = std::str::from_utf8(value).ok().and_then(|text| prepare(text, *fold));
                text.is_some_and(|text| texts.contains(&*text))
            })?,
            Leaf::Names(id, names) => self.any_value(entry.values(*id), octets, |value| {
                let name = std::str::from_utf8(value).ok().and_then(|text| Dn::parse(text).ok());
                name.is_some_and(|name| names.contains(&name.normalize(schema)))
            })?,
        };
        self.value = 0;
        *octets = octets.saturating_sub(LEAF);
        if let Some(known) = self.known.get_mut(number) {
            *known = Some(truth);
        }
        Some(truth)
    }

    fn any_value(&mut self, values: &[Value], octets: &mut usize, is_met: impl Fn(&Value) -> bool) -> Option<Truth> {
        for value in values.iter().skip(self.value) {
            spend(octets, cost(value))?;
            if is_met(value) {
                return Some(Truth::True);
            }
            self.value += 1;
        }
        Some(Truth::False)
    }
}

fn cost(value: &Value) -> usize {
    LEAF + value.len() * if value.is_ascii() { 1 } else { NOT_ASCII }
}

/// None when nothing was left; what is more than what is left is still done.
fn spend(octets: &mut usize, cost: usize) -> Option<()> {
    (*octets > 0).then(|| *octets = octets.saturating_sub(cost))
}

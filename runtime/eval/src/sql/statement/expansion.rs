//! How many tables a query reads once every WITH is written out.

use std::{collections::HashMap, ops::ControlFlow};

use datafusion::sql::sqlparser::ast::{ObjectName, Query, Visit, Visitor};

/// The tables of `query`, those of a WITH counted again at each use: a few lines
/// of WITH can stand for more tables than any planner has memory for.
pub(super) fn relations(query: &Query) -> u64 {
    let mut count = Expansion::default();
    let _: ControlFlow<()> = Visit::visit(query, &mut count);
    count.total
}

#[derive(Default)]
struct Expansion {
    /// What each WITH stands for; of two with one name the larger.
    known: HashMap<String, u64>,
    /// The queries that are defined by a WITH, by where they are in memory.
    names: HashMap<usize, String>,
    /// The tables so far of each query around the present place.
    open: Vec<u64>,
    total: u64,
}

impl Expansion {
    fn add(&mut self, relations: u64) {
        let sum = self.open.last_mut().unwrap_or(&mut self.total);
        *sum = sum.saturating_add(relations);
    }
}

fn place(query: &Query) -> usize {
    std::ptr::from_ref(query).addr()
}

impl Visitor for Expansion {
    type Break = ();

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        for defined in query.with.iter().flat_map(|with| &with.cte_tables) {
            self.names.insert(place(&defined.query), defined.alias.name.value.clone());
        }
        self.open.push(0);
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        let relations = self.open.pop().unwrap_or_default();
        match self.names.remove(&place(query)) {
            Some(name) => {
                let known = self.known.entry(name).or_default();
                *known = relations.max(*known);
            }
            None => self.add(relations),
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_relation(&mut self, relation: &ObjectName) -> ControlFlow<()> {
        let known = match relation.0.as_slice() {
            [part] => part.as_ident().and_then(|name| self.known.get(&name.value)),
            _ => None,
        };
        self.add(known.copied().unwrap_or(1).max(1));
        ControlFlow::Continue(())
    }
}

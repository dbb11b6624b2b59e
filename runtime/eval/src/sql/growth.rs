//! How large the expressions of a plan become once each name is written out.

use datafusion::{
    common::tree_node::{TreeNode, TreeNodeRecursion},
    error::Result,
    logical_expr::{Expr, JoinType, LogicalPlan},
};

/// The size of the largest expression of `plan` in terms of its tables' columns:
/// planners move conditions down to the tables, where a few lines of `x + x AS x`
/// on top of each other are more than any memory holds.
pub(super) fn largest(plan: &LogicalPlan) -> Result<u64> {
    let mut largest = 0;
    columns(plan, &mut largest)?;
    Ok(largest)
}

/// The sizes of the plan's columns.
fn columns(plan: &LogicalPlan, largest: &mut u64) -> Result<Vec<u64>> {
    let mut inputs = Vec::new();
    for input in plan.inputs() {
        inputs.push(columns(input, largest)?);
    }
    let below: Vec<u64> = inputs.concat();
    let sizes = sizes(plan, &below)?;
    *largest = sizes.iter().copied().fold(*largest, u64::max);
    let width = plan.schema().fields().len();
    Ok(match plan {
        LogicalPlan::Projection(_) => sizes,
        LogicalPlan::Aggregate(aggregate) => {
            // What an aggregate gives is a value and no expression any more.
            let groups = sizes.into_iter().take(aggregate.group_expr.len());
            groups.chain(std::iter::repeat(1)).take(width).collect()
        }
        LogicalPlan::Union(_) => {
            let widest = |at: usize| inputs.iter().filter_map(|input| input.get(at)).copied().max().unwrap_or(1);
            (0..width).map(widest).collect()
        }
        LogicalPlan::Join(join) if matches!(join.join_type, JoinType::RightSemi | JoinType::RightAnti) => {
            inputs.pop().unwrap_or_default()
        }
        _ => below.into_iter().chain(std::iter::repeat(1)).take(width).collect(),
    })
}

/// The sizes of a plan's own expressions over columns of the sizes `below`.
fn sizes(plan: &LogicalPlan, below: &[u64]) -> Result<Vec<u64>> {
    let inputs = plan.inputs();
    let place = |expr: &Expr| {
        let Expr::Column(column) = expr else { return None };
        let mut start = 0;
        for input in &inputs {
            if let Some(at) = input.schema().maybe_index_of_column(column) {
                return below.get(start + at).copied();
            }
            start += input.schema().fields().len();
        }
        None
    };
    plan.expressions()
        .iter()
        .map(|expression| {
            let mut size = 0u64;
            expression.apply(|node| {
                size = size.saturating_add(place(node).unwrap_or(1));
                Ok(TreeNodeRecursion::Continue)
            })?;
            Ok(size)
        })
        .collect()
}

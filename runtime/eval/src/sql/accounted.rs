//! Rows that a window function holds on to count against the memory of their query.

use std::{fmt, sync::Arc};

use arrow::datatypes::SchemaRef;
use datafusion::{
    common::tree_node::{Transformed, TreeNode, TreeNodeRecursion},
    config::ConfigOptions,
    error::{DataFusionError, Result},
    execution::{SendableRecordBatchStream, TaskContext, memory_pool::MemoryConsumer},
    physical_optimizer::PhysicalOptimizerRule,
    physical_plan::{
        DisplayAs, DisplayFormatType, ExecutionPlan, PhysicalExpr, PlanProperties, stream::RecordBatchStreamAdapter,
        windows::WindowAggExec,
    },
};
use futures::StreamExt;

/// Puts an [`AccountedExec`] below each window function that takes all its rows
/// before it gives one, which the engine does without counting them.
#[derive(Debug)]
pub(super) struct AccountWindows;

impl PhysicalOptimizerRule for AccountWindows {
    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, _: &ConfigOptions) -> Result<Arc<dyn ExecutionPlan>> {
        let account = |plan: Arc<dyn ExecutionPlan>| {
            if !plan.is::<WindowAggExec>() {
                return Ok(Transformed::no(plan));
            }
            let inputs = plan.children().into_iter().map(|input| AccountedExec::over(Arc::clone(input))).collect();
            datafusion::physical_plan::execution_plan::replace_children_if_necessary(plan, inputs).map(Transformed::yes)
        };
        plan.transform_up(account).map(|transformed| transformed.data)
    }

    fn name(&self) -> &str {
        "account_windows"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

/// Passes rows on and counts their bytes until its stream is dropped.
#[derive(Debug)]
struct AccountedExec {
    input: Arc<dyn ExecutionPlan>,
}

impl AccountedExec {
    fn over(input: Arc<dyn ExecutionPlan>) -> Arc<dyn ExecutionPlan> {
        Arc::new(Self { input })
    }
}

impl DisplayAs for AccountedExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AccountedExec")
    }
}

impl ExecutionPlan for AccountedExec {
    fn name(&self) -> &str {
        "AccountedExec"
    }

    fn schema(&self) -> SchemaRef {
        self.input.schema()
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        self.input.properties()
    }

    fn maintains_input_order(&self) -> Vec<bool> {
        vec![true]
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    fn apply_expressions(
        &self,
        _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn with_new_children(self: Arc<Self>, mut children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        children.pop().map(Self::over).ok_or_else(|| DataFusionError::Internal("an input is missing".into()))
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let memory = MemoryConsumer::new("a window function").register(context.memory_pool());
        let rows = self.input.execute(partition, context)?.map(move |batch| {
            let batch = batch?;
            memory.try_grow(batch.get_array_memory_size())?;
            Ok(batch)
        });
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema(), rows)))
    }
}

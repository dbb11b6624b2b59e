//! What a statement may call and use: functions that only compute, and so much memory.

use std::sync::Arc;

use datafusion::{
    error::DataFusionError,
    execution::{
        SessionState, SessionStateBuilder, SessionStateDefaults,
        disk_manager::{DiskManagerBuilder, DiskManagerMode},
        memory_pool::{GreedyMemoryPool, MemoryConsumer, MemoryPool, MemoryReservation},
        runtime_env::RuntimeEnvBuilder,
    },
    logical_expr::ScalarUDF,
    prelude::SessionConfig,
};

use super::{accounted::AccountWindows, catalog::Catalog};
use crate::scan::{BATCH_ROWS, Scanner};

/// Functions that make much out of little, or tell of the server's files.
const LEFT_OUT: [&str; 10] = [
    "repeat",
    "lpad",
    "rpad",
    "array_repeat",
    "array_resize",
    "range",
    "gen_series",
    "generate_series",
    "input_file_name",
    "file_row_index",
];

/// Opens a session for each statement.
#[derive(Clone)]
pub(crate) struct Sessions {
    template: Arc<SessionState>,
    scanner: Scanner,
}

impl Sessions {
    /// Sessions whose plans spread over `threads`.
    pub fn new(scanner: Scanner, threads: usize) -> Self {
        let mut config = SessionConfig::new()
            .with_target_partitions(threads.max(1))
            .with_batch_size(BATCH_ROWS)
            .with_information_schema(false)
            .with_create_default_catalog_and_schema(false)
            .with_default_catalog_and_schema(Catalog::NAME, Catalog::MAIN);
        // Names mean what they say, here as in other expressions.
        config.options_mut().sql_parser.enable_ident_normalization = false;
        config.options_mut().sql_parser.map_string_types_to_utf8view = false;
        let mut rules = datafusion::physical_optimizer::optimizer::PhysicalOptimizer::new().rules;
        rules.push(Arc::new(AccountWindows));
        // No table factories and no file formats: nothing can name a file.
        let template = SessionStateBuilder::new()
            .with_config(config)
            .with_expr_planners(SessionStateDefaults::default_expr_planners())
            .with_scalar_functions(scalar_functions())
            .with_higher_order_functions(SessionStateDefaults::default_higher_order_functions())
            .with_aggregate_functions(SessionStateDefaults::default_aggregate_functions())
            .with_window_functions(SessionStateDefaults::default_window_functions())
            .with_table_function_list(SessionStateDefaults::default_table_functions())
            .with_physical_optimizer_rules(rules)
            .build();
        Self { template: Arc::new(template), scanner }
    }

    /// A session over `catalog` that may hold `memory_bytes`, and a place to count what is held outside of plans.
    pub fn open(
        &self,
        catalog: &Arc<Catalog>,
        memory_bytes: usize,
    ) -> Result<(SessionState, MemoryReservation), DataFusionError> {
        let pool: Arc<dyn MemoryPool> = Arc::new(GreedyMemoryPool::new(memory_bytes));
        let environment = RuntimeEnvBuilder::from_runtime_env(&self.scanner.environment())
            .with_memory_pool(Arc::clone(&pool))
            .with_disk_manager_builder(DiskManagerBuilder::default().with_mode(DiskManagerMode::Disabled))
            .build_arc()?;
        let mut state = SessionStateBuilder::new_from_existing(self.template.as_ref().clone())
            .with_catalog_list(Arc::clone(catalog) as _)
            .with_runtime_env(environment)
            .build();
        // What `now()` means.
        state.mark_start_execution();
        Ok((state, MemoryConsumer::new("the answer").register(&pool)))
    }
}

fn scalar_functions() -> Vec<Arc<ScalarUDF>> {
    let is_left_out = |function: &Arc<ScalarUDF>| LEFT_OUT.contains(&function.name());
    SessionStateDefaults::default_scalar_functions().into_iter().filter(|function| !is_left_out(function)).collect()
}

//! What stands for an evaluator when rows go: of each hour it keeps how many rows there were, and the sum of their ids.

use std::collections::BTreeMap;

use arrow::{array::AsArray, datatypes::TimestampMicrosecondType};
use driftline_core::{Name, Window};
use driftline_storage::{
    Coarsened, Coarsening, Definition, DefinitionKey, Error, Grain, KeptFile, KeptState, ModelDetails, Retention,
    RetentionStep, Storage,
};

use crate::world::{segment_rows, time};

pub const HOUR: i64 = 3_600_000_000;

/// Rows and the sum of their ids, which stands for any state that merges.
pub type Sum = (u64, u128);

pub fn sum_of(ids: impl IntoIterator<Item = u128>) -> Sum {
    ids.into_iter().fold((0, 0), |sum, id| (sum.0 + 1, sum.1.wrapping_add(id)))
}

pub fn key() -> DefinitionKey {
    definition().key
}

pub fn definition() -> Definition {
    Definition::new("the sum of ids".into())
}

pub fn keep_for(storage: &Storage, model: &Name, raw_days: u32, summary_days: Option<u32>) -> Result<(), Error> {
    let retention = Retention { raw_days: Some(raw_days), summary_days };
    storage.put_model(model, ModelDetails { retention, ..Default::default() }).map(drop)
}

/// Does all that is due.
pub fn retain(storage: &Storage, model: &Name) -> Result<(), Error> {
    while retain_once(storage, model)? {}
    let model = storage.model(model)?.expect("the model");
    storage.expire_roll_ups(&model)?;
    storage.delete_replaced().map(drop)
}

/// Takes the next step; tells whether one was due.
pub fn retain_once(storage: &Storage, model: &Name) -> Result<bool, Error> {
    let model = storage.model(model)?.expect("the model");
    if let Some(step) = storage.retention_step(&model)? {
        let mut file = KeptFile::new()?;
        file.add(key(), &hourly(storage, &step))?;
        assert!(storage.roll_up(step, file, vec![definition()])?, "nobody replaced its files");
        return Ok(true);
    }
    if let Some(coarsening) = storage.coarsening(&model)? {
        let mut file = KeptFile::new()?;
        for (key, states) in coarsening.states()? {
            file.add(key, &coarse(&coarsening, states))?;
        }
        let coarsened = Coarsened { file, grain: coarsening.grain(), dropped: Vec::new() };
        assert!(storage.coarsen(coarsening, coarsened)?, "nobody replaced its files");
        return Ok(true);
    }
    storage.shrink(&model)
}

fn coarse(coarsening: &Coarsening, states: Vec<KeptState>) -> Vec<KeptState> {
    let mut coarse: BTreeMap<Window, Vec<KeptState>> = BTreeMap::new();
    for state in states {
        coarse.entry(coarsening.grain().around(state.window.start())).or_default().push(state);
    }
    coarse.into_iter().map(|(window, states)| kept(window, sum(&states))).collect()
}

/// What a plugin would keep of the step's rows: a sum for each hour.
pub fn hourly(storage: &Storage, step: &RetentionStep) -> Vec<KeptState> {
    let mut hours: BTreeMap<Window, Vec<u128>> = BTreeMap::new();
    for segment in &step.snapshot.segments {
        let mut batch = segment_rows(storage, &segment.path);
        if let Some(hidden) = step.snapshot.hidden(segment) {
            batch = hidden.strip(&batch).expect("strips");
        }
        let ids = batch.column_by_name("id").expect("ids").as_fixed_size_binary();
        let times = batch.column_by_name("time").expect("times").as_primitive::<TimestampMicrosecondType>();
        for (row, at) in times.values().iter().enumerate().filter(|(_, at)| **at < step.until.micros()) {
            let id = u128::from_be_bytes(ids.value(row).try_into().expect("16 bytes"));
            hours.entry(Grain::Hour.around(time(*at))).or_default().push(id);
        }
    }
    hours.into_iter().map(|(window, ids)| kept(window, sum_of(ids))).collect()
}

pub fn kept(window: Window, (rows, sum): Sum) -> KeptState {
    KeptState { window, slice: "[]".into(), rows: [rows, rows, 0], state: sum.to_be_bytes().to_vec() }
}

pub fn sum(kept: &[KeptState]) -> Sum {
    let of = |kept: &KeptState| u128::from_be_bytes(kept.state[..].try_into().expect("16 bytes"));
    kept.iter().fold((0, 0), |sum, kept| (sum.0 + kept.rows[0], sum.1.wrapping_add(of(kept))))
}

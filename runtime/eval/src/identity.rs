//! The keys of what is kept: digests over everything that a state or a report depends on.

use driftline_core::{Digest, Window};

use crate::{Plan, binding::Binding, cell::Cell, frame::Shape};

/// Grows when states, reports, or how they are written mean something else than before.
const FORMAT: &str = "driftline states 1";

/// What is computed of rows with the columns of `shape` for one set of columns: the plugin, its parameters and its
/// inputs, the filter and the slices, with the types of all columns that they read, and the runtime.
pub(crate) fn definition(plan: &Plan, shape: &Shape, binding: &Binding) -> Digest {
    let bound = binding.columns.iter().flatten().map(|bound| &bound.expression);
    let types: Vec<String> = (shape.filter.iter().chain(&shape.groups).chain(bound))
        .flat_map(|expression| &expression.columns)
        .map(|name| format!("{name}: {:?}", shape.schema.field_with_name(name).ok().map(|field| field.data_type())))
        .collect();
    let defined = plan.defined(shape, binding).written();
    let description = format!("{:?}", plan.factory.description());
    let model = plan.model.id.number().to_le_bytes();
    let runtime = runtime();
    let parts = [FORMAT.as_bytes(), runtime.as_bytes(), &model, defined.text.as_bytes(), description.as_bytes()];
    Digest::of_parts(parts.into_iter().chain(types.iter().map(String::as_bytes)))
}

/// The versions of what computes.
pub(crate) fn runtime() -> String {
    format!("driftline {} / {}", env!("CARGO_PKG_VERSION"), driftline_sandbox::runtime_version())
}

/// What is asked of windows of one length, wherever they are: `columns` stands for all that is computed.
pub(crate) fn question(columns: &[Digest], side: usize, window: Window) -> Digest {
    let length = window.end().micros() - window.start().micros();
    let columns = columns.iter().map(|column| &column.as_bytes()[..]);
    Digest::of_parts([&b"question"[..], &side.to_le_bytes(), &length.to_le_bytes()].into_iter().chain(columns))
}

/// The states of one cell.
pub(crate) fn cell(definition: &Digest, rows: &Digest, cell: &Cell) -> Digest {
    let bounds = cell.window.map(bounds).unwrap_or_default();
    Digest::of_parts([&b"cell"[..], definition.as_bytes(), rows.as_bytes(), &bounds])
}

/// The states of a reference, merged: those of its cells in their order, after those `kept` of rows that are gone.
pub(crate) fn reference(definition: &Digest, cells: &[Digest], kept: Option<&Digest>) -> Digest {
    list(b"reference", definition, &[], cells, kept)
}

/// What the plugin says of one period in all slices, where its clock stands at the end of `clock`.
pub(crate) fn report(
    definition: &Digest,
    [clock, period]: [Window; 2],
    cells: &[Digest],
    kept: Option<&Digest>,
    reference: Option<&Digest>,
) -> Digest {
    let windows = [bounds(clock), bounds(period)].concat();
    let current = list(b"period", definition, &windows, cells, kept);
    match reference {
        Some(reference) => Digest::of_parts([&b"compared"[..], current.as_bytes(), reference.as_bytes()]),
        None => current,
    }
}

fn list(kind: &[u8], definition: &Digest, more: &[u8], cells: &[Digest], kept: Option<&Digest>) -> Digest {
    let kept = kept.map_or(&[][..], |kept| &kept.as_bytes()[..]);
    let cells = cells.iter().map(|cell| &cell.as_bytes()[..]);
    Digest::of_parts([kind, definition.as_bytes(), more, kept].into_iter().chain(cells))
}

fn bounds(window: Window) -> Vec<u8> {
    [window.start().micros().to_le_bytes(), window.end().micros().to_le_bytes()].concat()
}

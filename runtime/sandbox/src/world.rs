//! Whether a component fits our world, and what exactly differs.

use semver::Version;
use wasmtime::{
    Engine,
    component::{
        Component, Linker, ResourceAny,
        types::{self, ComponentFunc, ComponentInstance, ComponentItem, Type},
    },
};

use crate::{
    Refusal, RefusalCode,
    bindings::{MetricPluginPre, wit},
    contract,
    guest::Guest,
};

type Answer<T> = Result<T, wit::Failure>;

/// Interfaces of WASI that belong to the WASI 0.2 command world, which is linked.
const WASI: [&str; 6] = ["wasi:cli/", "wasi:clocks/", "wasi:filesystem/", "wasi:io/", "wasi:random/", "wasi:sockets/"];

/// A component that fits, ready to be instantiated.
pub(crate) struct Fitting {
    pub(crate) pre: MetricPluginPre<Guest>,
    pub(crate) version: Version,
}

/// Compares a component's imports and exports with ours; runs nothing of it.
pub(crate) fn fit(component: &Component, linker: &Linker<Guest>) -> Result<Fitting, Refusal> {
    check_imports(component, linker.engine())?;
    let version = check_exports(component, linker.engine())?;
    let pre = linker.instantiate_pre(component).map_err(|error| mismatch(&format!("{error:#}")))?;
    check_types(component, linker.engine())?;
    let pre = MetricPluginPre::new(pre).map_err(|error| mismatch(&format!("{error:#}")))?;
    Ok(Fitting { pre, version })
}

fn check_imports(component: &Component, engine: &Engine) -> Result<(), Refusal> {
    let ty = component.component_type();
    let unknown: Vec<&str> = ty.imports(engine).map(|(name, _)| name).filter(|name| !offered(name)).collect();
    if unknown.is_empty() {
        return Ok(());
    }
    let mut message = format!("it imports {}, which this runtime does not offer", list(&unknown));
    if unknown.iter().any(|name| name.starts_with("wasi:http")) {
        message.push_str(" (a metric has no network: build without wasi:http)");
    }
    message.push_str(&format!(
        ". A plugin may import `{}/columns` and `{0}/log` at {} and WASI 0.2 (cli, clocks, filesystem, io, random, sockets)",
        contract::PACKAGE,
        contract::VERSION
    ));
    Err(mismatch(&message))
}

fn offered(import: &str) -> bool {
    let interface = import.split('@').next().unwrap_or(import);
    let Some(version) = version_of(import) else { return false };
    match interface.strip_prefix(contract::PACKAGE) {
        Some(ours) => matches!(ours, "/columns" | "/log") && contract::is_offered(&version),
        None => WASI.iter().any(|prefix| interface.starts_with(prefix)) && (version.major, version.minor) == (0, 2),
    }
}

fn check_exports(component: &Component, engine: &Engine) -> Result<Version, Refusal> {
    let ty = component.component_type();
    let exports: Vec<(&str, ComponentItem)> = ty.exports(engine).map(|(name, item)| (name, item.ty)).collect();
    let Some((name, item)) = exports.iter().find(|(name, _)| is_metric(name)) else {
        let found: Vec<&str> = exports.iter().map(|(name, _)| *name).collect();
        let found = if found.is_empty() { "nothing".to_owned() } else { list(&found) };
        return Err(mismatch(&format!("it exports {found} but not `{}`: implement that interface", contract::METRIC)));
    };
    let version = version_of(name).filter(contract::is_offered).ok_or_else(|| {
        mismatch(&format!("it exports `{name}`: build it against {}@{}", contract::PACKAGE, contract::VERSION))
    })?;
    let ComponentItem::ComponentInstance(metric) = item else {
        return Err(mismatch(&format!("its export `{name}` is not an interface: export the interface's functions")));
    };
    check_functions(metric, engine)?;
    Ok(version)
}

fn is_metric(export: &str) -> bool {
    export.strip_prefix(contract::PACKAGE).is_some_and(|rest| rest.starts_with("/metric@"))
}

fn version_of(interface: &str) -> Option<Version> {
    let (_, version) = interface.split_once('@')?;
    Version::parse(version).ok()
}

fn check_functions(metric: &ComponentInstance, engine: &Engine) -> Result<(), Refusal> {
    let missing: Vec<String> = contract::FUNCTIONS
        .into_iter()
        .filter(|name| metric.get_export(engine, name).is_none())
        .map(|name| format!("`{name}` ({})", contract::declaration(name).unwrap_or_default()))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(mismatch(&format!("its export `{}` lacks {}: add them", contract::METRIC, missing.join(", "))))
}

fn check_types(component: &Component, engine: &Engine) -> Result<(), Refusal> {
    let ty = component.component_type();
    let Some((_, item)) = ty.exports(engine).find(|(name, _)| is_metric(name)) else { return Ok(()) };
    let ComponentItem::ComponentInstance(metric) = item.ty else { return Ok(()) };
    for name in contract::FUNCTIONS {
        let Some(ComponentItem::ComponentFunc(function)) = metric.get_export(engine, name).map(|item| item.ty) else {
            return Err(mismatch(&format!("its `{name}` is not a function")));
        };
        typecheck(name, &function, &ty).map_err(|cause| {
            let wanted = contract::declaration(name).unwrap_or_default();
            let found = signature(&function);
            mismatch(&format!("its function `{name}` has the wrong type: wanted {wanted}, found {found} ({cause:#})"))
        })?;
    }
    Ok(())
}

/// Compares a function with the types that the generated bindings call it with.
/// The bindings do so themselves, but only after instantiating, which runs code.
fn typecheck(name: &str, function: &ComponentFunc, ty: &types::Component) -> wasmtime::Result<()> {
    let context = &ty.instance_type();
    match name {
        "describe" => function.typecheck::<(), (String,)>(context),
        "[static]accumulator.open" => function.typecheck::<(&str,), (Answer<ResourceAny>,)>(context),
        "[method]accumulator.update" => function.typecheck::<(ResourceAny,), (Answer<()>,)>(context),
        "[method]accumulator.state" => function.typecheck::<(ResourceAny,), (Answer<Vec<u8>>,)>(context),
        "[method]accumulator.merge" => function.typecheck::<(ResourceAny, &[u8]), (Answer<()>,)>(context),
        _ => function.typecheck::<(ResourceAny, Option<ResourceAny>), (Answer<wit::Report>,)>(context),
    }
}

fn signature(function: &ComponentFunc) -> String {
    let parameters: Vec<String> = function.params().map(|(name, ty)| format!("{name}: {}", word(&ty))).collect();
    let results: Vec<String> = function.results().map(|ty| format!(" -> {}", word(&ty))).collect();
    format!("func({}){}", parameters.join(", "), results.concat())
}

fn word(ty: &Type) -> String {
    let optional = |ty: Option<Type>| ty.map_or("_".to_owned(), |ty| word(&ty));
    match ty {
        Type::Bool => "bool".into(),
        Type::S8 => "s8".into(),
        Type::U8 => "u8".into(),
        Type::S16 => "s16".into(),
        Type::U16 => "u16".into(),
        Type::S32 => "s32".into(),
        Type::U32 => "u32".into(),
        Type::S64 => "s64".into(),
        Type::U64 => "u64".into(),
        Type::Float32 => "f32".into(),
        Type::Float64 => "f64".into(),
        Type::Char => "char".into(),
        Type::String => "string".into(),
        Type::List(list) => format!("list<{}>", word(&list.ty())),
        Type::Option(option) => format!("option<{}>", word(&option.ty())),
        Type::Result(result) => format!("result<{}, {}>", optional(result.ok()), optional(result.err())),
        Type::Tuple(tuple) => format!("tuple<{}>", tuple.types().map(|ty| word(&ty)).collect::<Vec<_>>().join(", ")),
        Type::Record(record) => {
            let fields: Vec<String> =
                record.fields().map(|field| format!("{}: {}", field.name, word(&field.ty))).collect();
            format!("record {{{}}}", fields.join(", "))
        }
        Type::Variant(variant) => {
            let cases: Vec<&str> = variant.cases().map(|case| case.name).collect();
            format!("variant {{{}}}", cases.join(", "))
        }
        Type::Enum(words) => format!("enum {{{}}}", words.names().collect::<Vec<_>>().join(", ")),
        Type::Own(_) => "own resource".into(),
        Type::Borrow(_) => "borrowed resource".into(),
        _ => "another type".into(),
    }
}

fn list(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

fn mismatch(what: &str) -> Refusal {
    Refusal::new(
        RefusalCode::WorldMismatch,
        format!(
            "the component does not fit world metric-plugin: {what}. This runtime offers {}@{}",
            contract::PACKAGE,
            contract::VERSION
        ),
    )
}

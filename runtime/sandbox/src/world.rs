//! Whether a component fits our world, and what exactly differs.

use semver::Version;
use wasmtime::{
    Engine,
    component::{
        Component, InstancePre, Linker,
        types::{ComponentFunc, ComponentInstance, ComponentItem, Type},
    },
};

use crate::{Refusal, RefusalCode, bindings::MetricPluginPre, contract, guest::Guest};

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
    let pre = typed(pre, component, linker.engine())?;
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
    let (interface, version) = import.split_once('@').unwrap_or((import, ""));
    if let Some(ours) = interface.strip_prefix(contract::PACKAGE) {
        return matches!(ours, "/columns" | "/log")
            && Version::parse(version).is_ok_and(|version| compatible(&version));
    }
    WASI.iter().any(|prefix| interface.starts_with(prefix)) && version.starts_with("0.2.")
}

fn compatible(theirs: &Version) -> bool {
    Version::parse(contract::VERSION).is_ok_and(|ours| ours.major == theirs.major && ours.minor == theirs.minor)
}

fn check_exports(component: &Component, engine: &Engine) -> Result<Version, Refusal> {
    let ty = component.component_type();
    let prefix = format!("{}/metric@", contract::PACKAGE);
    let exports: Vec<(&str, ComponentItem)> = ty.exports(engine).map(|(name, item)| (name, item.ty)).collect();
    let Some((name, item)) = exports.iter().find(|(name, _)| name.starts_with(&prefix)) else {
        let found: Vec<&str> = exports.iter().map(|(name, _)| *name).collect();
        let found = if found.is_empty() { "nothing".to_owned() } else { list(&found) };
        return Err(mismatch(&format!("it exports {found} but not `{}`: implement that interface", contract::METRIC)));
    };
    let version = Version::parse(&name[prefix.len()..]).ok().filter(compatible).ok_or_else(|| {
        mismatch(&format!("it exports `{name}`: build it against {}@{}", contract::PACKAGE, contract::VERSION))
    })?;
    let ComponentItem::ComponentInstance(metric) = item else {
        return Err(mismatch(&format!("its export `{name}` is not an interface: export the interface's functions")));
    };
    check_functions(metric, engine)?;
    Ok(version)
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

fn typed(pre: InstancePre<Guest>, component: &Component, engine: &Engine) -> Result<MetricPluginPre<Guest>, Refusal> {
    MetricPluginPre::new(pre).map_err(|error| {
        let cause = format!("{error:#}");
        let differs = contract::FUNCTIONS.into_iter().find(|name| cause.contains(&format!("`{name}`")));
        let Some(name) = differs else { return mismatch(&cause) };
        let wanted = contract::declaration(name).unwrap_or_default();
        let found = found(component, engine, name).unwrap_or_default();
        mismatch(&format!("its function `{name}` has the wrong type: wanted {wanted}, found {found} ({cause})"))
    })
}

fn found(component: &Component, engine: &Engine, name: &str) -> Option<String> {
    let ty = component.component_type();
    let (_, item) = ty.exports(engine).find(|(export, _)| export.contains("/metric@"))?;
    let ComponentItem::ComponentInstance(metric) = item.ty else { return None };
    match metric.get_export(engine, name)?.ty {
        ComponentItem::ComponentFunc(function) => Some(signature(&function)),
        _ => None,
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

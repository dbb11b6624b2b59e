//! Messages for the person running the plugin; the runtime keeps a limited amount.

/// For the author of the plugin.
pub fn debug(message: &str) {
    write(Level::Debug, message);
}

/// Worth knowing.
pub fn info(message: &str) {
    write(Level::Info, message);
}

/// The result may not mean what it seems to mean.
pub fn warn(message: &str) {
    write(Level::Warn, message);
}

#[derive(Debug, Clone, Copy)]
enum Level {
    Debug,
    Info,
    Warn,
}

#[cfg(target_arch = "wasm32")]
fn write(level: Level, message: &str) {
    use crate::guest::bindings::driftline::metric::log;
    let level = match level {
        Level::Debug => log::Level::Debug,
        Level::Info => log::Level::Info,
        Level::Warn => log::Level::Warn,
    };
    log::write(level, message);
}

#[cfg(not(target_arch = "wasm32"))]
fn write(level: Level, message: &str) {
    eprintln!("{level:?}: {message}");
}

//! Uploads, and making components of them.

use std::path::Path;

use driftline_sandbox::{Error, Metering, RefusalCode};

use super::{
    Run,
    life::{self, limits},
};

/// The bytes as a plugin: compiled here, described, checked and run, if they are one.
pub fn target(cache: &Path) -> Run {
    let sandbox = life::sandbox(cache, limits(), Metering::Off);
    Box::new(move |bytes| {
        let inspected = match sandbox.inspect(bytes) {
            Ok(inspected) => inspected,
            Err(Error::Refused(refusal)) => {
                assert!(refusal.message.len() > 20, "{refusal}");
                return vec![refusal.code as u64];
            }
            Err(error) => panic!("{error}"),
        };
        let plugin = life::plugin(&sandbox, bytes);
        let laws = plugin.laws();
        assert!(laws.refusal().is_none_or(|refusal| refusal.code == RefusalCode::LawBroken));
        let ended = life::run(&plugin, &limits());
        sandbox.forget(&inspected.digest).expect("forgotten");
        vec![100 + ended.err().map_or(0, |code| 1 + code as u64)]
    })
}

/// The bytes as a component, without compiling it.
pub fn componentize(bytes: &[u8]) -> Vec<u64> {
    let _ = driftline_sandbox::mismatches(bytes);
    match driftline_sandbox::componentize(bytes, 1 << 20) {
        Ok(component) => {
            let again = driftline_sandbox::componentize(&component, usize::MAX).expect("a component stays one");
            assert!(again == component);
            assert!(driftline_sandbox::componentize(bytes, 1 << 20).is_ok_and(|again| again == component));
            vec![100]
        }
        Err(refusal) => {
            assert!(refusal.message.len() > 20, "{refusal}");
            vec![refusal.code as u64]
        }
    }
}

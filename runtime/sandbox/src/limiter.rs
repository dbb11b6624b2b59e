//! Memory and tables, summed over an instance.

use wasmtime::ResourceLimiter;

use crate::Limits;

/// Counts what an instance holds and refuses what is too much.
#[derive(Debug)]
pub(crate) struct Limiter {
    memory: Meter,
    elements: Meter,
}

#[derive(Debug)]
struct Meter {
    used: usize,
    limit: usize,
    refused: Option<usize>,
}

impl Meter {
    fn new(limit: usize) -> Self {
        Self { used: 0, limit, refused: None }
    }

    /// Whether one memory or table may go from `current` to `desired`.
    fn grow(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> bool {
        if maximum.is_some_and(|maximum| desired > maximum) {
            return false;
        }
        let wanted = self.used.saturating_sub(current).saturating_add(desired);
        if wanted > self.limit {
            self.refused = Some(wanted);
            return false;
        }
        self.used = wanted;
        true
    }
}

impl Limiter {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self { memory: Meter::new(limits.memory_bytes), elements: Meter::new(limits.table_elements) }
    }

    /// Linear memory held now; it never shrinks.
    pub(crate) fn memory_bytes(&self) -> usize {
        self.memory.used
    }

    /// What was refused, in words, if anything was.
    pub(crate) fn refusal(&self) -> Option<String> {
        if let Some(wanted) = self.memory.refused {
            let mib = |bytes: usize| bytes.div_ceil(1 << 20);
            return Some(format!(
                "it wanted {} MiB of memory in all its memories together and may have {} MiB: keep less, or keep a sketch",
                mib(wanted),
                mib(self.memory.limit)
            ));
        }
        self.elements.refused.map(|wanted| {
            format!("it wanted {wanted} table elements and may have {}: use smaller tables", self.elements.limit)
        })
    }
}

impl ResourceLimiter for Limiter {
    fn memory_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> wasmtime::Result<bool> {
        Ok(self.memory.grow(current, desired, maximum))
    }

    fn table_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> wasmtime::Result<bool> {
        Ok(self.elements.grow(current, desired, maximum))
    }

    fn instances(&self) -> usize {
        1_000
    }

    fn tables(&self) -> usize {
        1_000
    }

    fn memories(&self) -> usize {
        100
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memories_are_summed_and_a_refusal_is_remembered() {
        let mut limiter = Limiter::new(&Limits { memory_bytes: 10 << 20, ..Limits::default() });
        assert!(limiter.memory_growing(0, 4 << 20, None).expect("no error"));
        assert!(limiter.memory_growing(0, 4 << 20, None).expect("no error"));
        assert!(limiter.refusal().is_none());
        assert!(!limiter.memory_growing(4 << 20, 7 << 20, None).expect("no error"));
        assert_eq!(limiter.memory.used, 8 << 20);
        assert!(limiter.refusal().expect("refused").contains("11 MiB"));
    }

    #[test]
    fn a_guests_own_maximum_is_not_our_refusal() {
        let mut limiter = Limiter::new(&Limits::default());
        assert!(!limiter.table_growing(1, 3, Some(2)).expect("no error"));
        assert!(limiter.refusal().is_none());
    }
}

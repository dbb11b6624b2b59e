//! Linear memories on huge pages.
//!
//! A guest that keeps its rows fills megabytes of memory that is new to it, and to hand out a page of 4 KiB costs the
//! kernel more than sorting the numbers that go there. So whatever a guest has beyond its first pages is asked for in
//! pages of 2 MiB; the kernel falls back to small ones where it has none. Those that a guest grows by little by little
//! can't become huge ones: they are handed out together as it grows, which is when it is about to write there.

use std::ptr::{self, NonNull};

use rustix::mm::{Advice, MapFlags, MprotectFlags, ProtFlags, madvise, mmap_anonymous, mprotect, munmap};
use wasmtime::{LinearMemory, MemoryCreator, MemoryType};

/// How large a huge page is, and how much of a memory is on small ones: small guests shall stay small.
const HUGE_BYTES: usize = 2 << 20;
/// What a memory can grow to when the runtime sets no bound: all that 32 bits address.
const MOST_BYTES: usize = 1 << 32;

/// Makes the memories of all guests.
pub(crate) struct HugePages;

/// Addresses of which the first `size` bytes can be used; the rest, and a guard behind, trap.
struct Linear {
    mapped: NonNull<u8>,
    mapped_bytes: usize,
    base: NonNull<u8>,
    size: usize,
    capacity: usize,
}

// SAFETY: a memory has its own zeroed addresses, with as much room and guard as it was asked for, which nobody else knows.
#[allow(unsafe_code)]
unsafe impl MemoryCreator for HugePages {
    fn new_memory(
        &self,
        _: MemoryType,
        minimum: usize,
        maximum: Option<usize>,
        reserved: Option<usize>,
        guard: usize,
    ) -> Result<Box<dyn LinearMemory>, String> {
        let capacity = reserved.or(maximum).unwrap_or(MOST_BYTES).max(minimum);
        let mut memory = Linear::reserve(capacity, guard).map_err(|error| error.to_string())?;
        memory.grow_to(minimum).map_err(|error| error.to_string())?;
        Ok(Box::new(memory))
    }
}

#[allow(unsafe_code)]
impl Linear {
    fn reserve(capacity: usize, guard: usize) -> rustix::io::Result<Self> {
        let mapped_bytes = HUGE_BYTES + capacity + guard;
        let flags = MapFlags::PRIVATE | MapFlags::NORESERVE;
        // SAFETY: new addresses, chosen by the kernel.
        let mapped = unsafe { mmap_anonymous(ptr::null_mut(), mapped_bytes, ProtFlags::empty(), flags)? };
        let mapped = NonNull::new(mapped.cast::<u8>()).ok_or(rustix::io::Errno::NOMEM)?;
        // SAFETY: the mapping is larger than its use by what aligning takes at most.
        let base = unsafe { mapped.add(mapped.align_offset(HUGE_BYTES)) };
        let memory = Self { mapped, mapped_bytes, base, size: 0, capacity };
        if capacity > HUGE_BYTES {
            // SAFETY: within the mapping. Small pages would do as well, so what comes of it does not matter.
            let _advised =
                unsafe { madvise(base.add(HUGE_BYTES).as_ptr().cast(), capacity - HUGE_BYTES, Advice::LinuxHugepage) };
        }
        Ok(memory)
    }
}

// SAFETY: the addresses stay until the memory is dropped, and never move.
#[allow(unsafe_code)]
unsafe impl LinearMemory for Linear {
    fn byte_size(&self) -> usize {
        self.size
    }

    fn byte_capacity(&self) -> usize {
        self.capacity
    }

    fn grow_to(&mut self, new_size: usize) -> wasmtime::Result<()> {
        if new_size > self.capacity {
            wasmtime::bail!("{new_size} bytes are more than the {} that were reserved", self.capacity);
        }
        let growth = new_size.saturating_sub(self.size);
        if growth > 0 {
            let flags = MprotectFlags::READ | MprotectFlags::WRITE;
            // SAFETY: within the mapping, and nobody uses what was out of reach so far.
            let more = unsafe { self.base.add(self.size).as_ptr().cast() };
            // SAFETY: the same.
            unsafe { mprotect(more, growth, flags)? };
            if self.size > 0 && growth < HUGE_BYTES {
                // SAFETY: the same. An older kernel hands them out one by one when they are first used.
                let _advised = unsafe { madvise(more, growth, Advice::LinuxPopulateWrite) };
            }
            self.size = new_size;
        }
        Ok(())
    }

    fn as_ptr(&self) -> *mut u8 {
        self.base.as_ptr()
    }
}

// SAFETY: it owns its addresses.
#[allow(unsafe_code)]
unsafe impl Send for Linear {}

// SAFETY: what is shared of it are numbers.
#[allow(unsafe_code)]
unsafe impl Sync for Linear {}

impl Drop for Linear {
    #[allow(unsafe_code)]
    fn drop(&mut self) {
        // SAFETY: what was mapped, which nobody uses any more. It can't fail for a mapping that is there.
        let _unmapped = unsafe { munmap(self.mapped.as_ptr().cast(), self.mapped_bytes) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[allow(unsafe_code)]
    fn what_a_memory_grows_by_is_zero_and_stays_where_it_is() {
        let mut memory = Linear::reserve(1 << 32, 1 << 25).expect("addresses");
        let base = memory.as_ptr();
        assert_eq!(base.align_offset(HUGE_BYTES), 0);
        for (size, at) in [(1 << 16, 0), (3 << 20, (1 << 16) + 5), (3 << 20, 2 << 20), (1 << 24, (1 << 24) - 1)] {
            memory.grow_to(size).expect("grows");
            assert_eq!((memory.byte_size(), memory.as_ptr()), (size, base));
            // SAFETY: within the size.
            let found = unsafe { std::mem::replace(&mut *base.add(at), 7) };
            assert_eq!(found, 0);
        }
        assert!(memory.grow_to((1 << 32) + 1).is_err());
        assert_eq!(memory.byte_size(), 1 << 24);
    }
}

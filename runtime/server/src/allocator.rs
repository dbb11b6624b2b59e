//! The system's allocator, with large blocks on huge pages.
//!
//! States and decoded columns take megabytes that are new to the process, and to hand out a page of 4 KiB costs the kernel
//! more than filling it. The kernel falls back to small ones where it has no huge ones.

use std::alloc::{GlobalAlloc, Layout, System};

/// How large a huge page is.
const HUGE_BYTES: usize = 2 << 20;
/// Smaller blocks are as the system has them.
const LARGE_BYTES: usize = 2 * HUGE_BYTES;

/// Allocates for the whole process.
pub struct HugePages;

// SAFETY: every block is the system's own, of which only the size of its pages is chosen.
#[allow(unsafe_code)]
unsafe impl GlobalAlloc for HugePages {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as the caller promises.
        advised(unsafe { System.alloc(layout) }, layout.size())
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as the caller promises.
        advised(unsafe { System.alloc_zeroed(layout) }, layout.size())
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        // SAFETY: as the caller promises.
        advised(unsafe { System.realloc(block, layout, new_size) }, new_size)
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: as the caller promises.
        unsafe { System.dealloc(block, layout) }
    }
}

/// The block, the huge pages that lie within it asked for.
#[cfg(target_os = "linux")]
#[allow(unsafe_code)]
fn advised(block: *mut u8, bytes: usize) -> *mut u8 {
    if bytes >= LARGE_BYTES && !block.is_null() {
        let before = block.align_offset(HUGE_BYTES);
        let within = (bytes - before) / HUGE_BYTES * HUGE_BYTES;
        // SAFETY: within the block. Small pages would do as well, so what comes of it does not matter.
        let _advised = unsafe {
            rustix::mm::madvise(block.wrapping_add(before).cast(), within, rustix::mm::Advice::LinuxHugepage)
        };
    }
    block
}

#[cfg(not(target_os = "linux"))]
fn advised(block: *mut u8, _: usize) -> *mut u8 {
    block
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    /// What the kernel says of the mapping in which an address lies.
    fn flags(address: usize) -> String {
        let maps = std::fs::read_to_string("/proc/self/smaps").expect("Linux");
        let mut inside = false;
        for line in maps.lines() {
            let range = line.split(' ').next().and_then(|range| range.split_once('-'));
            let bound = |text: &str| usize::from_str_radix(text, 16).ok();
            if let Some((start, end)) = range.and_then(|(start, end)| Some((bound(start)?, bound(end)?))) {
                inside = (start..end).contains(&address);
            } else if let (true, Some(flags)) = (inside, line.strip_prefix("VmFlags:")) {
                return flags.to_owned();
            }
        }
        panic!("no mapping of {address:#x}");
    }

    #[test]
    fn large_blocks_ask_for_huge_pages_also_when_they_have_grown_and_keep_what_was_written() {
        let mut block = vec![0_u8; 9 << 20];
        assert!(flags(block.as_ptr() as usize + (5 << 20)).contains(" hg"));
        block[5 << 20] = 7;
        block.resize(70 << 20, 1);
        assert!(flags(block.as_ptr() as usize + (65 << 20)).contains(" hg"));
        assert_eq!((block[0], block[5 << 20], block[(9 << 20) - 1], block[9 << 20]), (0, 7, 0, 1));
    }
}

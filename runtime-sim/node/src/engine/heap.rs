//! The memory of one JavaScript heap. It is given back as a whole when the process ends, so a run leaves nothing behind
//! however it ended, and no engine teardown walks the object graph.
//!
//! Small blocks come in size classes of 16 bytes, cut from chunks and kept in free lists; large ones come from the
//! global allocator and are listed so that they can be returned. Each block carries its size in the 8 bytes before it.
//!
//! The limit is soft for small blocks, because an engine that meets a refusal in the middle of a promise has no good
//! way out: going over it raises a flag that the interrupt handler acts upon. Only a block too large to grant fails.

use std::{
    alloc::{Layout, alloc, dealloc, realloc},
    cell::{Cell, UnsafeCell},
    ffi::c_void,
    ptr,
};

use rquickjs::qjs::JSMallocFunctions;

const HEADER_BYTES: usize = 8;
const CLASS_BYTES: usize = 16;
const SMALL_BYTES_MAX: usize = 512;
const CLASSES: usize = SMALL_BYTES_MAX / CLASS_BYTES;
const CHUNK_BYTES: usize = 64 << 10;
/// A large block's own header: its neighbours in the list, then the common header.
const LARGE_HEADER_BYTES: usize = 16 + HEADER_BYTES;
/// What may go over the limit unrefused at a time.
const REFUSED_BYTES_MIN: usize = 8 << 20;

pub struct Heap {
    inner: UnsafeCell<Inner>,
    used_bytes: Cell<usize>,
    limit_bytes: Cell<usize>,
    refused: Cell<bool>,
}

struct Inner {
    free: [*mut u8; CLASSES + 1],
    chunks: Vec<*mut u8>,
    bump: *mut u8,
    bump_left: usize,
    large: Vec<*mut u8>,
}

fn limit_of(bytes: u64) -> usize {
    if bytes == 0 {
        usize::MAX
    } else {
        usize::try_from(bytes).unwrap_or(usize::MAX)
    }
}

impl Heap {
    /// `limit_bytes` 0 means none.
    pub fn new(limit_bytes: u64) -> Box<Self> {
        Box::new(Self {
            inner: UnsafeCell::new(Inner {
                free: [ptr::null_mut(); CLASSES + 1],
                chunks: Vec::new(),
                bump: ptr::null_mut(),
                bump_left: 0,
                large: Vec::new(),
            }),
            used_bytes: Cell::new(0),
            limit_bytes: Cell::new(limit_of(limit_bytes)),
            refused: Cell::new(false),
        })
    }

    /// So many bytes beside what is used now; 0 means no limit.
    pub fn allow(&self, bytes: u64) {
        let limit = limit_of(bytes).saturating_add(self.used_bytes.get());
        self.limit_bytes.set(limit);
    }

    pub fn used_bytes(&self) -> usize {
        self.used_bytes.get()
    }

    pub fn exceeded(&self) -> bool {
        self.refused.get() || self.used_bytes.get() > self.limit_bytes.get()
    }

    /// Counts what lies elsewhere, if there is room for it.
    #[cfg(feature = "whole")]
    pub fn charge(&self, bytes: usize) -> bool {
        let used_bytes = self.used_bytes.get().saturating_add(bytes);
        if used_bytes > self.limit_bytes.get() {
            self.refused.set(true);
            return false;
        }
        self.used_bytes.set(used_bytes);
        true
    }

    #[cfg(feature = "whole")]
    pub fn discharge(&self, bytes: usize) {
        self.used_bytes.set(self.used_bytes.get() - bytes);
    }

    fn allocate(&self, bytes: usize) -> *mut u8 {
        if bytes > REFUSED_BYTES_MIN
            && self.used_bytes.get().saturating_add(bytes) > self.limit_bytes.get()
        {
            self.refused.set(true);
            return ptr::null_mut();
        }
        // SAFETY: the heap is used by one thread, and no reference into `inner` outlives this call.
        let inner = unsafe { &mut *self.inner.get() };
        let block = if bytes <= SMALL_BYTES_MAX {
            inner.allocate_small(bytes.max(1).div_ceil(CLASS_BYTES))
        } else {
            inner.allocate_large(bytes)
        };
        if block.is_null() {
            self.refused.set(true);
        } else {
            self.used_bytes
                .set(self.used_bytes.get() + unsafe { size_of_block(block) });
        }
        block
    }

    unsafe fn release(&self, block: *mut u8) {
        let bytes = unsafe { size_of_block(block) };
        self.used_bytes.set(self.used_bytes.get() - bytes);
        let inner = unsafe { &mut *self.inner.get() };
        if bytes <= SMALL_BYTES_MAX {
            let class = bytes / CLASS_BYTES;
            unsafe { block.cast::<*mut u8>().write_unaligned(inner.free[class]) };
            inner.free[class] = block;
        } else {
            unsafe { inner.release_large(block, bytes) };
        }
    }

    unsafe fn resize(&self, block: *mut u8, bytes: usize) -> *mut u8 {
        let had_bytes = unsafe { size_of_block(block) };
        if bytes <= had_bytes && (had_bytes <= SMALL_BYTES_MAX || bytes > had_bytes / 2) {
            return block;
        }
        if had_bytes > SMALL_BYTES_MAX && bytes > SMALL_BYTES_MAX {
            if bytes > REFUSED_BYTES_MIN
                && (self.used_bytes.get() - had_bytes).saturating_add(bytes)
                    > self.limit_bytes.get()
            {
                self.refused.set(true);
                return ptr::null_mut();
            }
            let inner = unsafe { &mut *self.inner.get() };
            let moved = unsafe { inner.resize_large(block, had_bytes, bytes) };
            if moved.is_null() {
                self.refused.set(true);
            } else {
                self.used_bytes
                    .set(self.used_bytes.get() - had_bytes + unsafe { size_of_block(moved) });
            }
            return moved;
        }
        let moved = self.allocate(bytes);
        if !moved.is_null() {
            unsafe {
                ptr::copy_nonoverlapping(block, moved, had_bytes.min(bytes));
                self.release(block);
            }
        }
        moved
    }
}

impl Inner {
    fn allocate_small(&mut self, class: usize) -> *mut u8 {
        let block = self.free[class];
        if !block.is_null() {
            self.free[class] = unsafe { block.cast::<*mut u8>().read_unaligned() };
            return block;
        }
        let bytes = HEADER_BYTES + class * CLASS_BYTES;
        if self.bump_left < bytes {
            let chunk = unsafe { alloc(chunk_layout()) };
            if chunk.is_null() {
                return chunk;
            }
            self.chunks.push(chunk);
            self.bump = chunk;
            self.bump_left = CHUNK_BYTES;
        }
        let block = unsafe { self.bump.add(HEADER_BYTES) };
        unsafe { set_size_of_block(block, class * CLASS_BYTES) };
        self.bump = unsafe { self.bump.add(bytes) };
        self.bump_left -= bytes;
        block
    }

    fn allocate_large(&mut self, bytes: usize) -> *mut u8 {
        let Some(layout) = large_layout(bytes) else {
            return ptr::null_mut();
        };
        let base = unsafe { alloc(layout) };
        if base.is_null() {
            return base;
        }
        self.adopt_large(base, bytes)
    }

    fn adopt_large(&mut self, base: *mut u8, bytes: usize) -> *mut u8 {
        let block = unsafe { base.add(LARGE_HEADER_BYTES) };
        unsafe {
            base.cast::<usize>().write(self.large.len());
            set_size_of_block(block, bytes);
        }
        self.large.push(base);
        block
    }

    unsafe fn forget_large(&mut self, base: *mut u8) {
        let index = unsafe { base.cast::<usize>().read() };
        self.large.swap_remove(index);
        if let Some(moved) = self.large.get(index) {
            unsafe { moved.cast::<usize>().write(index) };
        }
    }

    unsafe fn release_large(&mut self, block: *mut u8, bytes: usize) {
        let base = unsafe { block.sub(LARGE_HEADER_BYTES) };
        unsafe {
            self.forget_large(base);
            dealloc(base, large_layout(bytes).expect("it was allocated with it"));
        }
    }

    unsafe fn resize_large(&mut self, block: *mut u8, had_bytes: usize, bytes: usize) -> *mut u8 {
        let base = unsafe { block.sub(LARGE_HEADER_BYTES) };
        let (Some(had), Some(_)) = (large_layout(had_bytes), large_layout(bytes)) else {
            return ptr::null_mut();
        };
        let index = unsafe { base.cast::<usize>().read() };
        let moved = unsafe { realloc(base, had, bytes + LARGE_HEADER_BYTES) };
        if moved.is_null() {
            return moved;
        }
        self.large[index] = moved;
        let block = unsafe { moved.add(LARGE_HEADER_BYTES) };
        unsafe { set_size_of_block(block, bytes) };
        block
    }
}

impl Drop for Heap {
    fn drop(&mut self) {
        let inner = self.inner.get_mut();
        for chunk in &inner.chunks {
            unsafe { dealloc(*chunk, chunk_layout()) };
        }
        for base in &inner.large {
            let bytes = unsafe { size_of_block(base.add(LARGE_HEADER_BYTES)) };
            unsafe {
                dealloc(
                    *base,
                    large_layout(bytes).expect("it was allocated with it"),
                )
            };
        }
    }
}

fn chunk_layout() -> Layout {
    Layout::from_size_align(CHUNK_BYTES, 16).expect("a constant")
}

fn large_layout(bytes: usize) -> Option<Layout> {
    // Sizes are kept in 32 bits, and no heap of the simulation is larger.
    if bytes > u32::MAX as usize / 2 {
        return None;
    }
    Layout::from_size_align(bytes + LARGE_HEADER_BYTES, 16).ok()
}

unsafe fn size_of_block(block: *const u8) -> usize {
    unsafe { block.sub(HEADER_BYTES).cast::<u32>().read() as usize }
}

unsafe fn set_size_of_block(block: *mut u8, bytes: usize) {
    unsafe { block.sub(HEADER_BYTES).cast::<u32>().write(bytes as u32) };
}

pub const FUNCTIONS: JSMallocFunctions = JSMallocFunctions {
    js_calloc: Some(heap_calloc),
    js_malloc: Some(heap_malloc),
    js_free: Some(heap_free),
    js_realloc: Some(heap_realloc),
    js_malloc_usable_size: Some(heap_usable_size),
};

unsafe extern "C" fn heap_calloc(
    opaque: *mut c_void,
    count: rquickjs::qjs::size_t,
    size: rquickjs::qjs::size_t,
) -> *mut c_void {
    let Some(bytes) = (count as usize).checked_mul(size as usize) else {
        return ptr::null_mut();
    };
    let block = unsafe { &*opaque.cast::<Heap>() }.allocate(bytes);
    if !block.is_null() {
        unsafe { block.write_bytes(0, bytes) };
    }
    block.cast()
}

unsafe extern "C" fn heap_malloc(opaque: *mut c_void, size: rquickjs::qjs::size_t) -> *mut c_void {
    unsafe { &*opaque.cast::<Heap>() }
        .allocate(size as usize)
        .cast()
}

unsafe extern "C" fn heap_free(opaque: *mut c_void, block: *mut c_void) {
    if !block.is_null() {
        unsafe { (*opaque.cast::<Heap>()).release(block.cast()) };
    }
}

unsafe extern "C" fn heap_realloc(
    opaque: *mut c_void,
    block: *mut c_void,
    size: rquickjs::qjs::size_t,
) -> *mut c_void {
    let heap = unsafe { &*opaque.cast::<Heap>() };
    if block.is_null() {
        return heap.allocate(size as usize).cast();
    }
    if size == 0 {
        unsafe { heap.release(block.cast()) };
        return ptr::null_mut();
    }
    unsafe { heap.resize(block.cast(), size as usize) }.cast()
}

unsafe extern "C" fn heap_usable_size(block: *const c_void) -> rquickjs::qjs::size_t {
    if block.is_null() {
        0
    } else {
        unsafe { size_of_block(block.cast()) as rquickjs::qjs::size_t }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_keep_their_content_when_they_grow_and_shrink() {
        let heap = Heap::new(0);
        let opaque = (&raw const *heap).cast_mut().cast::<c_void>();
        unsafe {
            let mut block = heap_malloc(opaque, 10).cast::<u8>();
            block.write_bytes(7, 10);
            for size in [100, 600, 5_000, 100_000, 3_000, 200, 10] {
                block = heap_realloc(opaque, block.cast(), size).cast();
                assert!((0..10).all(|i| *block.add(i) == 7), "at {size}");
            }
            heap_free(opaque, block.cast());
        }
        assert_eq!(heap.used_bytes(), 0);
    }

    #[test]
    fn a_refusal_is_remembered() {
        let heap = Heap::new(16 << 20);
        let opaque = (&raw const *heap).cast_mut().cast::<c_void>();
        assert!(unsafe { heap_malloc(opaque, 32 << 20) }.is_null());
        assert!(heap.exceeded());
    }
}

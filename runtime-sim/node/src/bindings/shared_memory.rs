//! The memory behind SharedArrayBuffers: counted by every buffer that shows it, in whichever thread. It lies outside the
//! heaps, and all of it together has a limit of its own.

use kernel::Table;
use std::{
    alloc::{Layout, alloc_zeroed, dealloc},
    cell::{Cell, RefCell},
    ffi::c_void,
};

use rquickjs::qjs::{self, JSRuntime};

use crate::engine::value::{Ctx, Js, Value};

use super::{environment::bytes_of, native::throw_new};

const HEADER_BYTES: usize = 16;
/// Of all threads together.
const BYTES_MAX: usize = 256 << 20;

thread_local! {
    static USED_BYTES: Cell<usize> = const { Cell::new(0) };
}

/// A share in one block, on its way between threads.
pub struct SharedMemory {
    bytes: *mut u8,
    length: usize,
    /// Of one that may grow.
    length_max: usize,
}

impl SharedMemory {
    pub fn of(ctx: Ctx, buffer: &Value) -> Js<Self> {
        let length_max = if ctx.get(buffer, "growable")?.truthy() {
            ctx.get(buffer, "maxByteLength")?.as_f64() as usize
        } else {
            0
        };
        let bytes = address_of(ctx, buffer);
        if bytes.is_null() {
            return Err(throw_new(ctx, "Error", "A SharedArrayBuffer has memory"));
        }
        unsafe { share(bytes) };
        let length = ctx.get(buffer, "byteLength")?.as_f64() as usize;
        Ok(Self {
            bytes,
            length,
            length_max,
        })
    }

    /// A buffer of this context that shows it.
    pub fn buffer(&self, ctx: Ctx) -> Js<Value> {
        let opaque = std::ptr::null_mut();
        ctx.result(unsafe {
            qjs::JS_NewArrayBuffer(
                ctx.0,
                self.bytes,
                self.length as _,
                self.length_max as _,
                None,
                opaque,
                true,
            )
        })
    }
}

impl Drop for SharedMemory {
    fn drop(&mut self) {
        unsafe { give_up(self.bytes) };
    }
}

/// Where a SharedArrayBuffer's bytes are, in every thread.
pub fn address_of(ctx: Ctx, buffer: &Value) -> *mut u8 {
    // A view opens it; the buffer itself does not say.
    let view = super::construct(ctx, "Uint8Array", std::slice::from_ref(buffer));
    match view {
        Ok(view) => bytes_of(ctx, &view).0,
        Err(_) => {
            ctx.take_exception();
            std::ptr::null_mut()
        }
    }
}

unsafe fn header(bytes: *mut u8) -> *mut usize {
    unsafe { bytes.sub(HEADER_BYTES).cast::<usize>() }
}

unsafe fn share(bytes: *mut u8) {
    unsafe { *header(bytes) += 1 };
}

unsafe fn give_up(bytes: *mut u8) {
    unsafe {
        let header = header(bytes);
        *header -= 1;
        if *header == 0 {
            let size = *header.add(1);
            USED_BYTES.set(USED_BYTES.get() - size);
            if let Ok(layout) = Layout::from_size_align(size, HEADER_BYTES) {
                dealloc(header.cast(), layout);
            }
        }
    }
}

/// The shares of one engine: given back with it, since its buffers are not taken down one by one.
#[derive(Default)]
pub struct Shares(RefCell<Table<usize, usize>>);

impl Shares {
    /// # Safety
    /// The runtime is there, and these shares outlive it.
    pub unsafe fn install(&self, runtime: *mut JSRuntime) {
        let functions = qjs::JSSharedArrayBufferFunctions {
            sab_alloc: Some(allocate),
            sab_free: Some(free),
            sab_dup: Some(duplicate),
            sab_opaque: (&raw const *self).cast_mut().cast(),
        };
        unsafe { qjs::JS_SetSharedArrayBufferFunctions(runtime, &functions) };
    }

    fn add(&self, bytes: *mut u8) {
        *self.0.borrow_mut().or_default(bytes as usize) += 1;
    }
}

impl Drop for Shares {
    fn drop(&mut self) {
        for (&bytes, &count) in self.0.take().iter() {
            for _ in 0..count {
                unsafe { give_up(bytes as *mut u8) };
            }
        }
    }
}

unsafe extern "C" fn allocate(opaque: *mut c_void, size: qjs::size_t) -> *mut c_void {
    let size = (size as usize).saturating_add(HEADER_BYTES);
    if size > BYTES_MAX.saturating_sub(USED_BYTES.get()) {
        return std::ptr::null_mut();
    }
    let Ok(layout) = Layout::from_size_align(size, HEADER_BYTES) else {
        return std::ptr::null_mut();
    };
    let block = unsafe { alloc_zeroed(layout) };
    if block.is_null() {
        return block.cast();
    }
    USED_BYTES.set(USED_BYTES.get() + size);
    let bytes = unsafe {
        block.cast::<usize>().write(1);
        block.cast::<usize>().add(1).write(size);
        block.add(HEADER_BYTES)
    };
    unsafe { &*opaque.cast::<Shares>() }.add(bytes);
    bytes.cast()
}

unsafe extern "C" fn duplicate(opaque: *mut c_void, bytes: *mut c_void) {
    unsafe { share(bytes.cast()) };
    unsafe { &*opaque.cast::<Shares>() }.add(bytes.cast());
}

unsafe extern "C" fn free(opaque: *mut c_void, bytes: *mut c_void) {
    let shares = unsafe { &*opaque.cast::<Shares>() };
    let mut counts = shares.0.borrow_mut();
    let Some(count) = counts.get_mut(&(bytes as usize)) else {
        return;
    };
    *count -= 1;
    if *count == 0 {
        counts.remove(&(bytes as usize));
    }
    unsafe { give_up(bytes.cast()) };
}

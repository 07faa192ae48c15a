//! Blobs in memory, and the object URLs that name them (`src/node_blob.cc`, `src/dataqueue/`).
//!
//! Leaves out: blobs that are files on disk.

use std::{cell::Cell, rc::Rc};

use crate::engine::value::{Ctx, Js, Value};

use super::{
    environment::{bytes_of, copy_bytes, new_array_buffer},
    native::{Call, Target, state_of},
};

#[derive(Clone)]
struct Blob {
    bytes: Rc<[u8]>,
}

struct Reader {
    bytes: Rc<[u8]>,
    is_done: Cell<bool>,
}

pub fn initialize(ctx: Ctx, t: &Target) {
    // The classes are the binding's own; scripts see only what they make.
    let classes = Target::new(ctx, ctx.object());
    let blob = classes.class("Blob", |c| {
        c.construct(Blob {
            bytes: Rc::from(copy_bytes(c.ctx, &c.arg(0))?),
        })
    });
    blob.with("getReader", |c| {
        let bytes = c.state::<Blob>()?.bytes.clone();
        make(c, "Reader", new_array_buffer(c.ctx, &bytes))
    })
    .with("slice", |c| {
        let bytes = &c.state::<Blob>()?.bytes;
        let end = (c.number(1).max(0.0) as usize).min(bytes.len());
        let start = (c.number(0).max(0.0) as usize).min(end);
        make(c, "Blob", new_array_buffer(c.ctx, &bytes[start..end]))
    });
    let reader = classes.class("Reader", |c| {
        c.construct(Reader {
            bytes: Rc::from(copy_bytes(c.ctx, &c.arg(0))?),
            is_done: Cell::new(false),
        })
    });
    // `pull(callback)`: 1 and bytes, then 0 at the end.
    reader.with("pull", |c| {
        let reader = c.state::<Reader>()?;
        let args = if reader.is_done.replace(true) || reader.bytes.is_empty() {
            vec![c.ctx.number(0.0)]
        } else {
            vec![c.ctx.number(1.0), new_array_buffer(c.ctx, &reader.bytes)]
        };
        c.ctx.call(&c.arg(0), &c.ctx.undefined(), &args)?;
        c.undefined()
    });
    c_keep(ctx, &classes.object);
    t.with("createBlob", |c| {
        let list = c.arg(0);
        let mut bytes = Vec::new();
        for index in 0..c.ctx.length(&list) {
            bytes.extend(part(c, &c.ctx.at(&list, index)?)?);
        }
        make(c, "Blob", new_array_buffer(c.ctx, &bytes))
    })
    .with("concat", |c| {
        let list = c.arg(0);
        let mut bytes = Vec::new();
        for index in 0..c.ctx.length(&list) {
            bytes.extend(copy_bytes(c.ctx, &c.ctx.at(&list, index)?)?);
        }
        Ok(new_array_buffer(c.ctx, &bytes))
    })
    .with("storeDataObject", |c| {
        let stored = c.ctx.array([c.arg(1), c.arg(2), c.arg(3)]);
        c.env().object_urls.borrow_mut().insert(c.text(0)?, stored);
        c.undefined()
    })
    .with("getDataObject", |c| {
        let found = c.env().object_urls.borrow().get(&c.text(0)?).cloned();
        Ok(found.unwrap_or_else(|| c.ctx.undefined()))
    })
    .with("revokeObjectURL", |c| {
        // `blob:nodedata:ID`
        let url = c.text(0)?;
        if let Some(id) = url.strip_prefix("blob:nodedata:") {
            c.env().object_urls.borrow_mut().remove(id);
        }
        c.undefined()
    });
}

fn c_keep(ctx: Ctx, classes: &Value) {
    super::environment::Environment::of(ctx).keep("blobClasses", classes.clone());
}

/// Bytes, or another blob.
fn part(c: &Call, value: &Value) -> Js<Vec<u8>> {
    if !bytes_of(c.ctx, value).0.is_null() {
        return copy_bytes(c.ctx, value);
    }
    match state_of::<Blob>(c.ctx, value.raw()) {
        Ok(blob) => Ok(blob.bytes.to_vec()),
        Err(_) => {
            c.ctx.take_exception();
            Ok(Vec::new())
        }
    }
}

fn make(c: &Call, class: &str, argument: Value) -> Js<Value> {
    use rquickjs::qjs;
    let classes = c
        .env()
        .kept("blobClasses")
        .unwrap_or_else(|| c.ctx.undefined());
    let class = c.ctx.get(&classes, class)?;
    let mut args = [argument.raw()];
    c.ctx
        .result(unsafe { qjs::JS_CallConstructor(c.ctx.0, class.raw(), 1, args.as_mut_ptr()) })
}

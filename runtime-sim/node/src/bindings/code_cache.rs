//! Compiled code, kept: of Node's library and of packages, for all processes and threads of a world, and by way of a
//! page's image for later runs.
//!
//! No program can tell whether what it loads was compiled before. An engine of its own compiles, and what runs is read
//! from bytes either way, so that a process's heap grows alike.

use std::{
    cell::{Cell, OnceCell, RefCell},
    collections::BTreeMap,
    rc::Rc,
};

use rquickjs::qjs;

use crate::engine::{
    Engine, ffi,
    value::{Ctx, Js, Value},
};

use super::library::Reader;

const CODE: &[u8] = b"NODECODE";
/// What the names of the library's own modules begin with. Their sources never change.
pub const LIBRARY: &str = "node:";
/// A program may write and load files without end.
const BYTES_MAX: usize = 32 << 20;

#[derive(Default)]
pub struct CodeCache {
    compiler: OnceCell<Engine>,
    kept: RefCell<BTreeMap<String, Kept>>,
    bytes: Cell<usize>,
}

struct Kept {
    /// Empty for the library's own.
    body: Rc<str>,
    code: Rc<[u8]>,
    /// Not of the image that this run began from.
    is_new: bool,
}

impl Kept {
    fn bytes(&self) -> usize {
        self.body.len() + self.code.len()
    }
}

/// A function's text in three parts: what stands around `body` is not its author's.
pub struct Source<'a> {
    pub name: &'a str,
    pub prefix: &'a str,
    pub body: &'a str,
    pub suffix: &'a str,
    /// Of the body's first line.
    pub line: i32,
}

impl Source<'_> {
    /// Places count from where the body begins.
    pub fn compile(&self, ctx: Ctx, flags: u32) -> Js<Value> {
        let text = [self.prefix, self.body, self.suffix].concat();
        let prefix_units = self.prefix.encode_utf16().count() as i32;
        unsafe { ffi::JS_SetSourceWrapper(ctx.0, prefix_units, self.suffix.len() as i32) };
        ctx.eval(&text, self.name, self.line, flags)
    }

    fn told_apart_by(&self) -> &str {
        if self.name.starts_with(LIBRARY) {
            ""
        } else {
            self.body
        }
    }
}

impl CodeCache {
    /// The function. `None` when it does not compile: the engine that is to run it then says why. And where nothing is
    /// kept: in the jar that a page begins with all is compiled once, for the image.
    pub fn function(&self, ctx: Ctx, source: &Source) -> Option<Js<Value>> {
        if !cfg!(feature = "whole") {
            return None;
        }
        let code = match self.find(source) {
            Some(code) => code,
            None => {
                let code: Rc<[u8]> = Rc::from(self.compile(ctx, source)?);
                self.keep(source.name, source.told_apart_by(), code.clone(), true);
                code
            }
        };
        let flags = qjs::JS_READ_OBJ_BYTECODE as i32;
        let read = unsafe { qjs::JS_ReadObject(ctx.0, code.as_ptr(), code.len() as _, flags) };
        Some(ctx.result(read).and_then(|function| {
            ctx.result(unsafe { qjs::JS_EvalFunction(ctx.0, function.into_raw()) })
        }))
    }

    fn find(&self, source: &Source) -> Option<Rc<[u8]>> {
        let kept = self.kept.borrow();
        let found = kept.get(source.name)?;
        (*found.body == *source.told_apart_by()).then(|| found.code.clone())
    }

    fn keep(&self, name: &str, body: &str, code: Rc<[u8]>, is_new: bool) {
        let mut all = self.kept.borrow_mut();
        let replaced = all.get(name).map_or(0, Kept::bytes);
        let kept = Kept {
            body: Rc::from(body),
            code,
            is_new,
        };
        let bytes = self.bytes.get() - replaced + kept.bytes();
        if bytes <= BYTES_MAX {
            self.bytes.set(bytes);
            all.insert(name.to_owned(), kept);
        }
    }

    /// What was compiled since the image, for [`CodeCache::add`]. Empty when nothing was.
    pub fn newer(&self) -> Vec<u8> {
        let kept = self.kept.borrow();
        let mut bytes = Vec::new();
        for (name, kept) in kept.iter().filter(|(_, kept)| kept.is_new) {
            if bytes.is_empty() {
                bytes.extend(CODE);
            }
            for part in [name.as_bytes(), kept.body.as_bytes(), &kept.code] {
                bytes.extend((part.len() as u32).to_le_bytes());
                bytes.extend(part);
            }
        }
        bytes
    }

    /// Whether these bytes are [`CodeCache::newer`]'s.
    pub fn is_code(bytes: &[u8]) -> bool {
        bytes.starts_with(CODE)
    }

    /// The bytes are trusted: they come from this jar. `None` when they are cut off.
    pub fn add(&self, bytes: &[u8]) -> Option<()> {
        let mut reader = Reader(bytes.strip_prefix(CODE)?);
        while !reader.0.is_empty() {
            let mut part = || {
                let length = reader.u32()?;
                reader.take(length)
            };
            let (name, body, code) = (part()?, part()?, part()?);
            let text = |bytes| std::str::from_utf8(bytes).ok();
            self.keep(text(name)?, text(body)?, Rc::from(code), false);
        }
        Some(())
    }

    fn compile(&self, ctx: Ctx, source: &Source) -> Option<Vec<u8>> {
        let engine = self
            .compiler
            .get_or_init(|| Engine::new(0, 0, 1, std::ptr::null_mut()));
        let compiler = engine.ctx();
        unsafe { ffi::JS_NestIn(engine.runtime(), qjs::JS_GetRuntime(ctx.0)) };
        let flags = qjs::JS_EVAL_TYPE_GLOBAL | qjs::JS_EVAL_FLAG_COMPILE_ONLY;
        let Ok(function) = source.compile(compiler, flags) else {
            compiler.take_exception();
            return None;
        };
        let mut length = 0;
        let flags = qjs::JS_WRITE_OBJ_BYTECODE as i32;
        let bytes = unsafe { qjs::JS_WriteObject(compiler.0, &mut length, function.raw(), flags) };
        if bytes.is_null() {
            compiler.take_exception();
            return None;
        }
        let code = unsafe { std::slice::from_raw_parts(bytes, length as usize) }.to_vec();
        unsafe { qjs::js_free(compiler.0, bytes.cast()) };
        Some(code)
    }
}

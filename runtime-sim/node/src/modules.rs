//! Finding and compiling a program's files: CommonJS as functions, ES modules through the engine's own linker.
//!
//! Resolution follows Node's two algorithms (<https://nodejs.org/docs/latest-v20.x/api/modules.html#all-together>,
//! <https://nodejs.org/docs/latest-v20.x/api/esm.html#resolution-algorithm>) for files, folders and plain packages.
//! It leaves out: conditions and patterns of `exports`, `imports`, self-reference, and symbolic links.

use std::ffi::{c_char, c_int, c_void};

use rquickjs::qjs::{self, JSContext, JSModuleDef};

use crate::{
    builtins,
    engine::{Ctx, Js, Thrown, Value, ffi, value::c_string, value::text_of_chars},
    files::{Files, folder_of, normalize},
    host::Shared,
    natives::{throw_coded, throw_untranslatable},
};

const EXTENSIONS: &[&str] = &["", ".js", ".json", ".cjs", ".mjs"];

/// An absolute path, `node:id`, or nothing.
pub fn resolve(files: &Files, specifier: &str, folder: &str, import: bool) -> Option<String> {
    if let Some(id) = builtins::id_of(specifier) {
        return Some(format!("node:{id}"));
    }
    let specifier = specifier.strip_prefix("file://").unwrap_or(specifier);
    if specifier.starts_with('/')
        || specifier.starts_with("./")
        || specifier.starts_with("../")
        || specifier == "."
        || specifier == ".."
    {
        let path = if specifier.starts_with('/') {
            normalize(specifier)
        } else {
            normalize(&format!("{folder}/{specifier}"))
        };
        return if import {
            files.read(&path).map(|_| path)
        } else {
            as_file_or_folder(files, &path)
        };
    }
    let mut at = folder;
    loop {
        let path = normalize(&format!("{at}/node_modules/{specifier}"));
        if let Some(found) = as_file_or_folder(files, &path) {
            return Some(found);
        }
        if at == "/" {
            return None;
        }
        at = folder_of(at);
    }
}

fn as_file_or_folder(files: &Files, path: &str) -> Option<String> {
    for extension in EXTENSIONS {
        let candidate = format!("{path}{extension}");
        if files.read(&candidate).is_some() {
            return Some(candidate);
        }
    }
    if !files.is_folder(path) {
        return None;
    }
    if let Some(main) = package_field(files, path, "main") {
        let main = normalize(&format!("{path}/{main}"));
        if main != path
            && let Some(found) = as_file_or_folder(files, &main)
        {
            return Some(found);
        }
    }
    EXTENSIONS[1..]
        .iter()
        .map(|extension| format!("{path}/index{extension}"))
        .find(|candidate| files.read(candidate).is_some())
}

/// Whether a file is an ES module: by its extension, else by the nearest package.json.
pub fn is_es_module(files: &Files, path: &str) -> bool {
    if path.ends_with(".mjs") || path.ends_with(".mts") {
        return true;
    }
    if !path.ends_with(".js") && !path.ends_with(".ts") {
        return false;
    }
    let mut folder = folder_of(path);
    loop {
        if files
            .read(&format!("{}/package.json", folder.trim_end_matches('/')))
            .is_some()
        {
            return match package_field(files, folder, "type").as_deref() {
                Some("module") => true,
                Some("commonjs") => false,
                _ => has_module_syntax(files, path),
            };
        }
        if folder == "/" {
            return has_module_syntax(files, path);
        }
        folder = folder_of(folder);
    }
}

/// Where no package.json says what a file is, Node 22 looks at what is in it; of TypeScript, that is known.
fn has_module_syntax(files: &Files, path: &str) -> bool {
    matches!(files.script(path), Some(Ok(script)) if script.has_module_syntax)
}

/// A string at the top of a package.json. A reading of the text that keeps count of braces, so that a nested field of
/// the same name is not taken.
fn package_field(files: &Files, folder: &str, field: &str) -> Option<String> {
    let path = format!("{}/package.json", folder.trim_end_matches('/'));
    let text = files.text(&path)?.ok()?;
    let mut depth = 0;
    let mut chars = text.char_indices();
    let mut key: Option<String> = None;
    let mut after_colon = false;
    while let Some((_, c)) = chars.next() {
        match c {
            '{' | '[' => {
                depth += 1;
                key = None;
                after_colon = false;
            }
            '}' | ']' => depth -= 1,
            ':' => after_colon = true,
            ',' => {
                key = None;
                after_colon = false;
            }
            '"' => {
                let mut string = String::new();
                while let Some((_, c)) = chars.next() {
                    match c {
                        '"' => break,
                        '\\' => string.extend(chars.next().map(|(_, c)| c)),
                        c => string.push(c),
                    }
                }
                if depth == 1 && after_colon {
                    if key.as_deref() == Some(field) {
                        return Some(string);
                    }
                } else {
                    key = Some(string);
                }
            }
            _ => {}
        }
    }
    None
}

/// The head of a wrapper stands on lines -1 and 0 (which the engine would take for "not given"), so that the file's
/// first line is 1.
const HEAD_LINE: i32 = -1;

pub fn compile_commonjs(ctx: Ctx, path: &str, source: &str) -> Js<Value> {
    let source = hide_hashbang(source);
    let text =
        format!("(function (exports, require, module, __filename, __dirname) {{\n\n{source}\n}})");
    unsafe { ffi::JS_SetSourceWrapper(ctx.0, 0, "\n})".len() as c_int) };
    ctx.eval(&text, path, HEAD_LINE, qjs::JS_EVAL_TYPE_GLOBAL)
}

fn hide_hashbang(source: &str) -> std::borrow::Cow<'_, str> {
    match source.strip_prefix("#!") {
        Some(rest) => format!("//{rest}").into(),
        None => source.into(),
    }
}

// ---- ES modules ----

pub fn install(runtime: *mut qjs::JSRuntime, shared: *const Shared) {
    unsafe {
        qjs::JS_SetModuleLoaderFunc(
            runtime,
            Some(normalize_name),
            Some(load),
            shared.cast_mut().cast::<c_void>(),
        );
    }
}

unsafe extern "C" fn normalize_name(
    ctx: *mut JSContext,
    base: *const c_char,
    name: *const c_char,
    opaque: *mut c_void,
) -> *mut c_char {
    let shared = unsafe { &*opaque.cast::<Shared>() };
    let (base, name) = unsafe { (text_of_chars(base), text_of_chars(name)) };
    let found = {
        let host = shared.host.borrow();
        resolve(&host.files, &name, folder_of(&base), true)
    };
    let Some(found) = found else {
        let relative = name.starts_with('.') || name.starts_with('/');
        let what = if relative {
            format!(
                "Cannot find module '{}' imported from {base}",
                normalize(&format!("{}/{name}", folder_of(&base)))
            )
        } else {
            format!("Cannot find package '{name}' imported from {base}")
        };
        throw_coded(Ctx(ctx), &what, "ERR_MODULE_NOT_FOUND");
        return std::ptr::null_mut();
    };
    let found = c_string(&found);
    unsafe { qjs::js_strdup(ctx, found.as_ptr()) }
}

unsafe extern "C" fn load(
    ctx: *mut JSContext,
    name: *const c_char,
    opaque: *mut c_void,
) -> *mut JSModuleDef {
    let shared = unsafe { &*opaque.cast::<Shared>() };
    let ctx = Ctx(ctx);
    let name = unsafe { text_of_chars(name) };
    let loaded = if !name.starts_with("node:") && is_es_module(&shared.host.borrow().files, &name) {
        compile_module(ctx, shared, &name)
    } else {
        wrap_commonjs(ctx, shared, &name)
    };
    loaded.unwrap_or(std::ptr::null_mut())
}

/// Compiles a file as an ES module and gives it its `import.meta`.
pub fn compile_module(ctx: Ctx, shared: &Shared, path: &str) -> Js<*mut JSModuleDef> {
    let untranslatable = match shared.host.borrow().files.script(path) {
        Some(Err(problem)) => Some(problem.clone()),
        _ => None,
    };
    if let Some(problem) = untranslatable {
        return Err(throw_untranslatable(ctx, &problem));
    }
    let source = {
        let mut host = shared.host.borrow_mut();
        host.spend(crate::costs::MODULE_LOAD_NS);
        match host.files.text(path) {
            Some(Ok(text)) => Ok(text.to_owned()),
            Some(Err(offset)) => Err(not_utf8(path, offset)),
            None => Err(format!("Cannot find module '{path}'")),
        }
    };
    let source = source.map_err(|message| throw_coded(ctx, &message, "ERR_MODULE_NOT_FOUND"))?;
    let code = ctx.eval(
        &hide_hashbang(&source),
        path,
        1,
        qjs::JS_EVAL_TYPE_MODULE | qjs::JS_EVAL_FLAG_COMPILE_ONLY,
    )?;
    let module = unsafe { qjs::JS_VALUE_GET_PTR(code.raw()) }.cast::<JSModuleDef>();
    let meta = ctx.result(unsafe { qjs::JS_GetImportMeta(ctx.0, module) })?;
    ctx.set(&meta, "dirname", ctx.string(folder_of(path)));
    ctx.set(&meta, "filename", ctx.string(path));
    ctx.set(&meta, "url", ctx.string(&format!("file://{path}")));
    // The runtime keeps its modules; the value was only a way to hand this one over.
    drop(code);
    Ok(module)
}

pub fn not_utf8(path: &str, offset: usize) -> String {
    format!("{path} is not UTF-8 text: byte {offset} does not belong there")
}

/// A CommonJS file or one of Node's own modules as an ES module: `default`, and the names it exports.
fn wrap_commonjs(ctx: Ctx, shared: &Shared, name: &str) -> Js<*mut JSModuleDef> {
    let prepare = shared.import_names.borrow().clone().ok_or(Thrown)?;
    let names = ctx.call(&prepare, &ctx.undefined(), &[ctx.string(name)])?;
    let c_name = c_string(name);
    let module = unsafe { qjs::JS_NewCModule(ctx.0, c_name.as_ptr(), Some(fill)) };
    if module.is_null() {
        return Err(Thrown);
    }
    for index in 0..ctx.length(&names) {
        let export = c_string(&ctx.text(&ctx.at(&names, index)?)?);
        unsafe { qjs::JS_AddModuleExport(ctx.0, module, export.as_ptr()) };
    }
    Ok(module)
}

unsafe extern "C" fn fill(ctx: *mut JSContext, module: *mut JSModuleDef) -> c_int {
    let shared = unsafe { &*qjs::JS_GetContextOpaque(ctx).cast::<Shared>() };
    let ctx = Ctx(ctx);
    let filled = (|| -> Js<()> {
        let name = unsafe {
            let atom = qjs::JS_GetModuleName(ctx.0, module);
            let name = ctx.owned(qjs::JS_AtomToString(ctx.0, atom));
            qjs::JS_FreeAtom(ctx.0, atom);
            name
        };
        let values = shared.import_values.borrow().clone().ok_or(Thrown)?;
        // Pairs of name and value, of exactly the names announced before.
        let pairs = ctx.call(&values, &ctx.undefined(), &[name])?;
        for index in (0..ctx.length(&pairs)).step_by(2) {
            let export = c_string(&ctx.text(&ctx.at(&pairs, index)?)?);
            let value = ctx.at(&pairs, index + 1)?;
            unsafe {
                qjs::JS_SetModuleExport(ctx.0, module, export.as_ptr(), value.into_raw());
            }
        }
        Ok(())
    })();
    if filled.is_ok() { 0 } else { -1 }
}

//! What the interpreter does not tell of a module: its exports in their order, its custom sections, and the reasons that
//! V8 gives for refusing one whose very shape is wrong (`ModuleDecoderTemplate` in V8's `module-decoder-impl.h`).

use std::ops::Range;

const HEADER: [u8; 8] = [0, b'a', b's', b'm', 1, 0, 0, 0];
const SECTIONS: [&str; 13] = [
    "Custom",
    "Type",
    "Import",
    "Function",
    "Table",
    "Memory",
    "Global",
    "Export",
    "Start",
    "Element",
    "Code",
    "Data",
    "DataCount",
];
/// In which order they come, the tag section before that of globals and the count of data before the code.
const ORDER: [u8; 14] = [0, 1, 2, 3, 4, 5, 7, 8, 9, 10, 12, 13, 11, 6];
const CUSTOM: u8 = 0;
const IMPORT: u8 = 2;
const FUNCTION: u8 = 3;
const EXPORT: u8 = 7;
const START: u8 = 8;
const CODE: u8 = 10;

/// What a module wants to be given.
pub struct Import {
    pub module: String,
    pub name: String,
    pub kind: &'static str,
}

/// What a module gives away, by name.
pub struct Export {
    pub name: String,
    pub kind: &'static str,
    pub index: u32,
}

#[derive(Default)]
pub struct Sections {
    pub imports: Vec<Import>,
    pub exports: Vec<Export>,
    pub customs: Vec<(String, Vec<u8>)>,
    /// The function that runs when it is instantiated.
    pub start: Option<u32>,
    /// Of its own, beside those that it imports.
    pub functions: u32,
    bodies: Vec<Range<usize>>,
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn byte(&mut self) -> Option<u8> {
        let byte = *self.bytes.get(self.at)?;
        self.at += 1;
        Some(byte)
    }

    fn number(&mut self) -> Option<u32> {
        let mut number = 0;
        for shift in (0..35).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return u32::try_from(number).ok();
            }
        }
        None
    }

    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let taken = self.bytes.get(self.at..self.at.checked_add(length)?)?;
        self.at += length;
        Some(taken)
    }

    fn limits(&mut self) -> Option<()> {
        let flags = self.byte()?;
        self.number()?;
        if flags & 1 == 1 {
            self.number()?;
        }
        Some(())
    }

    fn name(&mut self) -> Option<String> {
        let length = self.number()? as usize;
        Some(String::from_utf8_lossy(self.take(length)?).into_owned())
    }
}

impl Sections {
    /// As far as they can be read; the interpreter has the last word on whether a module is valid.
    pub fn read(bytes: &[u8]) -> Self {
        let mut sections = Self::default();
        for (code, range) in outline(bytes) {
            let mut reader = Reader {
                bytes: &bytes[..range.end],
                at: range.start,
            };
            let _ = sections.read_one(code, &mut reader);
        }
        sections
    }

    fn read_one(&mut self, code: u8, reader: &mut Reader) -> Option<()> {
        match code {
            CUSTOM => {
                let name = reader.name()?;
                self.customs
                    .push((name, reader.bytes[reader.at..].to_vec()));
            }
            IMPORT => {
                for _ in 0..reader.number()? {
                    let (module, name) = (reader.name()?, reader.name()?);
                    let code = reader.byte()?;
                    match code {
                        0 => drop(reader.number()?),
                        1 => {
                            reader.byte()?;
                            reader.limits()?;
                        }
                        2 => reader.limits()?,
                        _ => drop(reader.take(2)?),
                    }
                    let kind = kind_of(code);
                    self.imports.push(Import { module, name, kind });
                }
            }
            FUNCTION => self.functions = reader.number()?,
            EXPORT => {
                for _ in 0..reader.number()? {
                    self.exports.push(Export {
                        name: reader.name()?,
                        kind: kind_of(reader.byte()?),
                        index: reader.number()?,
                    });
                }
            }
            START => self.start = Some(reader.number()?),
            CODE => {
                for _ in 0..reader.number()? {
                    let length = reader.number()? as usize;
                    self.bodies.push(reader.at..reader.at + length);
                    reader.take(length)?;
                }
            }
            _ => {}
        }
        Some(())
    }

    /// Which function's body, counted from the first that is not imported, an offset lies in.
    pub fn function_at(&self, offset: usize) -> Option<usize> {
        self.bodies
            .iter()
            .position(|body| body.start <= offset && offset <= body.end)
    }
}

fn kind_of(code: u8) -> &'static str {
    match code {
        0 => "function",
        1 => "table",
        2 => "memory",
        3 => "global",
        _ => "tag",
    }
}

/// Codes and contents of the sections, up to the first that does not fit.
fn outline(bytes: &[u8]) -> Vec<(u8, Range<usize>)> {
    let mut reader = Reader {
        bytes,
        at: HEADER.len(),
    };
    let mut found = Vec::new();
    while let Some(code) = reader.byte() {
        let Some(length) = reader.number() else { break };
        let start = reader.at;
        if reader.take(length as usize).is_none() {
            break;
        }
        found.push((code, start..reader.at));
    }
    found
}

/// Why V8 refuses what has not even the shape of a module.
pub fn refusal(bytes: &[u8]) -> Option<String> {
    if bytes.is_empty() {
        return Some("BufferSource argument is empty".to_owned());
    }
    let hex = |bytes: &[u8]| {
        let digits: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        digits.join(" ")
    };
    for (at, what) in [(0, "magic word"), (4, "version")] {
        let Some(found) = bytes.get(at..at + 4) else {
            return Some(format!("expected 4 bytes, fell off end @+{at}"));
        };
        let expected = &HEADER[at..at + 4];
        if found != expected {
            return Some(format!(
                "expected {what} {}, found {} @+{at}",
                hex(expected),
                hex(found)
            ));
        }
    }
    let mut reader = Reader {
        bytes,
        at: HEADER.len(),
    };
    let mut order = 0;
    while reader.at < bytes.len() {
        let start = reader.at;
        let code = reader.byte()?;
        let length = reader.number()?;
        let Some(place) = ORDER.get(usize::from(code)) else {
            return Some(format!(
                "unknown section code #0x{code:02x} @+{}",
                reader.at
            ));
        };
        let name = SECTIONS.get(usize::from(code)).unwrap_or(&"Tag");
        let left = bytes.len() - reader.at;
        if code != CUSTOM {
            if *place <= order {
                return Some(format!("unexpected section <{name}> @+{}", reader.at));
            }
            order = *place;
        }
        if reader.take(length as usize).is_none() {
            return Some(format!(
                "section (code {code}, \"{name}\") extends past end of the module (length {length}, remaining bytes {left}) @+{start}"
            ));
        }
    }
    None
}

fn put_number(bytes: &mut Vec<u8>, mut number: usize) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

/// The same module with its start function exported by a name that nothing else has, instead of started: so that it runs
/// like any other function and can be ended by a limit.
pub fn export_start(bytes: &[u8], sections: &Sections) -> Option<(Vec<u8>, String)> {
    let start = sections.start?;
    let mut name = "start".to_owned();
    while sections.exports.iter().any(|export| export.name == name) {
        name.push('\'');
    }
    let mut entry = Vec::new();
    put_number(&mut entry, name.len());
    entry.extend_from_slice(name.as_bytes());
    entry.push(0);
    put_number(&mut entry, start as usize);
    let mut made = HEADER.to_vec();
    let outline = outline(bytes);
    let has_exports = outline.iter().any(|(code, _)| *code == EXPORT);
    for (code, range) in outline {
        let mut content = Vec::new();
        let code = match code {
            EXPORT => {
                let mut reader = Reader {
                    bytes,
                    at: range.start,
                };
                put_number(&mut content, reader.number()? as usize + 1);
                content.extend_from_slice(&bytes[reader.at..range.end]);
                content.extend_from_slice(&entry);
                code
            }
            START if has_exports => continue,
            START => {
                content.push(1);
                content.extend_from_slice(&entry);
                EXPORT
            }
            _ => {
                content.extend_from_slice(&bytes[range]);
                code
            }
        };
        made.push(code);
        put_number(&mut made, content.len());
        made.extend(content);
    }
    Some((made, name))
}

//! Where a request belongs, and what `rewrite` and `return` make of it before anybody is asked
//! (`ngx_http_core_find_location`, `ngx_http_rewrite_module.c`).

use nginx::{Rewrite, Text, Then};

use super::{known::encode_argument, *};

/// A rewritten path looks for its location anew so many times.
pub(super) const CHANGES_MAX: u32 = 10;
/// nginx has as much room as its machine, and answers 500 when that is gone.
const PATH_BYTES_MAX: usize = 1 << 20;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Followed {
    Answered,
    Searches,
    Stays,
}

/// One that fits exactly comes first; then the first pattern that fits, unless the longest prefix is final; then the
/// longest prefix.
pub(super) fn find_location(locations: &[Location], path: &str, way: &mut Way) -> Option<usize> {
    let mut longest: Option<(usize, &str, bool)> = None;
    for (number, location) in locations.iter().enumerate() {
        match &location.place {
            Place::Exact(exact) if exact == path => return Some(number),
            Place::Prefix {
                path: prefix,
                is_final,
            } if path.starts_with(prefix.as_str())
                && longest.is_none_or(|(_, other, _)| prefix.len() > other.len()) =>
            {
                longest = Some((number, prefix, *is_final));
            }
            _ => {}
        }
    }
    if longest.is_none_or(|(.., is_final)| !is_final) {
        for (number, location) in locations.iter().enumerate() {
            if let Place::Pattern(pattern) = &location.place
                && let Some(found) = pattern.find(path)
            {
                way.captures.add(found);
                return Some(number);
            }
        }
    }
    longest.map(|(number, ..)| number)
}

impl Proxy {
    pub(super) fn follow(
        &mut self,
        world: &mut World,
        socket: SocketId,
        steps: &[Step],
    ) -> Followed {
        let mut followed = Followed::Stays;
        for step in steps {
            let rewrite = match step {
                Step::Return(returns) => {
                    self.answer_return(world, socket, returns);
                    return Followed::Answered;
                }
                Step::Rewrite(rewrite) => rewrite,
            };
            let Some(exchange) = self.exchange(socket) else {
                return Followed::Answered;
            };
            let Some(found) = rewrite.pattern.find(&exchange.path) else {
                continue;
            };
            exchange.way.captures.add(found);
            if !self.rewrite(world, socket, rewrite) {
                return Followed::Answered;
            }
            followed = match rewrite.then {
                Then::Stays => return Followed::Stays,
                Then::Searches => return Followed::Searches,
                Then::GoesOn | Then::Redirects(_) => Followed::Searches,
            };
        }
        followed
    }

    /// Whether there is more to be done than the redirect that this was.
    fn rewrite(&mut self, world: &mut World, socket: SocketId, rewrite: &Rewrite) -> bool {
        let Some(known) = self.values(world, socket) else {
            return false;
        };
        let way = &known.exchange.way;
        let quoted = |text: &Text| match way.is_quoted || way.has_plus {
            true => text.fill_within(PATH_BYTES_MAX, &Quoted(&known)),
            false => text.fill_within(PATH_BYTES_MAX, &known),
        };
        let path = match rewrite.then {
            Then::Redirects(_) => quoted(&rewrite.path),
            _ => rewrite.path.fill_within(PATH_BYTES_MAX, &known),
        };
        let args = rewrite
            .args
            .as_ref()
            .map_or(Some(None), |args| quoted(args).map(Some));
        let (Some(path), Some(args)) = (path, args) else {
            self.error(world, socket, 500);
            return false;
        };
        let before = known.exchange.args.clone().filter(|args| !args.is_empty());
        let before = before.filter(|_| !rewrite.drops_args);
        if let Then::Redirects(status) = rewrite.then {
            let args = args.map(|args| format!("?{args}")).unwrap_or_default();
            let mut to = unquoted(&format!("{path}{args}"));
            if let Some(before) = before {
                to.push(if rewrite.args.is_some() { '&' } else { '?' });
                to.push_str(&before);
            }
            self.answer_page(world, socket, status, Some(to));
            return false;
        }
        let is_empty = path.is_empty();
        if let Some(exchange) = self.exchange(socket) {
            exchange.path = path;
            exchange.args = match (args, before) {
                (Some(args), Some(before)) => Some(format!("{args}&{before}")),
                (args, before) => args.or(before),
            };
            exchange.way.is_changed = true;
            exchange.way.is_settled |= rewrite.then == Then::Stays;
        }
        if is_empty {
            self.error(world, socket, 500);
        }
        !is_empty
    }
}

/// What groups found is encoded where it becomes part of arguments or of a redirect, and variables are not.
struct Quoted<'a>(&'a Known<'a>);

impl Values for Quoted<'_> {
    fn value(&self, name: &str) -> String {
        let value = self.0.value(name);
        match name.parse::<usize>() {
            Ok(_) => encode_argument(&value),
            Err(_) => value,
        }
    }
}

/// `ngx_unescape_uri` of a redirect: what need not be encoded is decoded, up to a question mark.
fn unquoted(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        let code = rest.strip_prefix('%').and_then(|behind| behind.get(..2));
        let byte = code.and_then(|code| u8::from_str_radix(code, 16).ok());
        match byte.filter(|byte| (b'&'..0x7f).contains(byte)) {
            Some(byte) => {
                plain.push(char::from(byte));
                rest = &rest[3..];
            }
            None => {
                plain.push(letter);
                rest = &rest[letter.len_utf8()..];
            }
        }
        if plain.ends_with('?') {
            break;
        }
    }
    plain + rest
}

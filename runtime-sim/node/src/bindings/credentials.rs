//! Who the process is (`src/node_credentials.cc`). Users and groups are those that every Linux has.

use crate::engine::value::{Js, Value};

use super::native::{Call, Target, throw_new};

const USERS: [(&str, u32); 3] = [("root", 0), ("daemon", 1), ("nobody", 65534)];
const GROUPS: [(&str, u32); 3] = [("root", 0), ("daemon", 1), ("nogroup", 65534)];
const UNKNOWN: f64 = 1.0;

#[derive(Clone, Debug, Default)]
pub struct Identity {
    pub user: u32,
    pub effective_user: u32,
    pub group: u32,
    pub effective_group: u32,
    pub groups: Vec<u32>,
}

pub fn initialize(t: &Target) {
    t.value("implementsPosixCredentials", t.ctx.bool(true))
        .with("safeGetenv", |c| {
            let found = super::variables::get(c.env(), &c.text(0)?);
            Ok(found.map_or_else(|| c.ctx.undefined(), |value| c.ctx.string(&value)))
        })
        .with("getuid", |c| {
            Ok(c.ctx.number(f64::from(c.env().identity.borrow().user)))
        })
        .with("geteuid", |c| {
            Ok(c.ctx
                .number(f64::from(c.env().identity.borrow().effective_user)))
        })
        .with("getgid", |c| {
            Ok(c.ctx.number(f64::from(c.env().identity.borrow().group)))
        })
        .with("getegid", |c| {
            Ok(c.ctx
                .number(f64::from(c.env().identity.borrow().effective_group)))
        })
        .with("getgroups", |c| {
            let identity = c.env().identity.borrow();
            let mut groups = identity.groups.clone();
            if !groups.contains(&identity.effective_group) {
                groups.push(identity.effective_group);
            }
            let groups: Vec<_> = groups
                .into_iter()
                .map(|group| c.ctx.number(f64::from(group)))
                .collect();
            Ok(c.ctx.array(groups))
        })
        .with("setuid", |c| {
            change(
                c,
                "setuid",
                &USERS,
                |identity| [identity.user, identity.effective_user],
                |identity, id| {
                    if identity.effective_user == 0 {
                        identity.user = id;
                    }
                    identity.effective_user = id;
                },
            )
        })
        .with("seteuid", |c| {
            change(
                c,
                "seteuid",
                &USERS,
                |identity| [identity.user, identity.effective_user],
                |identity, id| {
                    identity.effective_user = id;
                },
            )
        })
        .with("setgid", |c| {
            change(
                c,
                "setgid",
                &GROUPS,
                |identity| [identity.group, identity.effective_group],
                |identity, id| {
                    if identity.effective_user == 0 {
                        identity.group = id;
                    }
                    identity.effective_group = id;
                },
            )
        })
        .with("setegid", |c| {
            change(
                c,
                "setegid",
                &GROUPS,
                |identity| [identity.group, identity.effective_group],
                |identity, id| {
                    identity.effective_group = id;
                },
            )
        })
        .with("setgroups", |c| {
            let list = c.arg(0);
            let mut groups = Vec::new();
            for index in 0..c.ctx.length(&list) {
                match id_of(c, &c.ctx.at(&list, index)?, &GROUPS)? {
                    Some(group) => groups.push(group),
                    None => return Ok(c.ctx.number(f64::from(index + 1))),
                }
            }
            only_root(c, "setgroups")?;
            c.env().identity.borrow_mut().groups = groups;
            Ok(c.ctx.number(0.0))
        })
        .with("initgroups", |c| {
            if id_of(c, &c.arg(0), &USERS)?.is_none() {
                return Ok(c.ctx.number(UNKNOWN));
            }
            let Some(group) = id_of(c, &c.arg(1), &GROUPS)? else {
                return Ok(c.ctx.number(2.0));
            };
            only_root(c, "initgroups")?;
            c.env().identity.borrow_mut().groups = vec![group];
            Ok(c.ctx.number(0.0))
        });
}

fn id_of(c: &Call, value: &Value, known: &[(&str, u32)]) -> Js<Option<u32>> {
    if value.is_number() {
        return Ok(Some(value.as_f64() as u32));
    }
    let name = c.ctx.text(value)?;
    Ok(known
        .iter()
        .find(|(each, _)| *each == name)
        .map(|(_, id)| *id))
}

fn only_root(c: &Call, syscall: &str) -> Js<()> {
    if c.env().identity.borrow().effective_user == 0 {
        return Ok(());
    }
    Err(not_permitted(c, syscall))
}

/// `Environment::ThrowErrnoException`.
fn not_permitted(c: &Call, syscall: &str) -> crate::engine::value::Thrown {
    throw_new(c.ctx, "Error", "EPERM, Operation not permitted");
    let error = c.ctx.take_exception();
    c.ctx.set(&error, "errno", c.ctx.number(1.0));
    c.ctx.set(&error, "code", c.ctx.string("EPERM"));
    c.ctx.set(&error, "syscall", c.ctx.string(syscall));
    c.ctx.throw(error)
}

fn change(
    c: &Call,
    syscall: &str,
    known: &[(&str, u32)],
    has: impl Fn(&Identity) -> [u32; 2],
    set: impl Fn(&mut Identity, u32),
) -> Js<Value> {
    let Some(id) = id_of(c, &c.arg(0), known)? else {
        return Ok(c.ctx.number(UNKNOWN));
    };
    let may = {
        let identity = c.env().identity.borrow();
        identity.effective_user == 0 || has(&identity).contains(&id)
    };
    if !may {
        return Err(not_permitted(c, syscall));
    }
    set(&mut c.env().identity.borrow_mut(), id);
    Ok(c.ctx.number(0.0))
}

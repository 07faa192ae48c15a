//! Questions to a name server (`ChannelWrap` and `QueryReqWrap` of `src/cares_wrap.cc`). The server of a world knows the
//! world's hosts and nothing else: their addresses, and which name an address has. What it has no record of for a name
//! that it knows is ENODATA.
//!
//! Leaves out: servers of one's own, which a query would have to be sent to.

use std::{
    cell::{Cell, RefCell},
    net::IpAddr,
    rc::Rc,
};

use crate::{
    costs,
    engine::value::{Ctx, Js, Value},
};

use super::{
    async_wrap, callback,
    environment::Environment,
    native::{Call, Target, throw_new, throw_with_code},
};

/// The resolver of the system, as a machine that runs systemd has it.
const SERVER: (&str, u32) = ("127.0.0.53", 53);
const EINVAL: f64 = -22.0;
const PENDING: i32 = -1000;
const TTL_S: f64 = 60.0;

struct Channel {
    servers: RefCell<Vec<(String, u32)>>,
    /// Not answered yet.
    queries: RefCell<Vec<Rc<Query>>>,
}

struct Query {
    number: u64,
    request: Value,
    /// Cancelled: no answer counts any more.
    is_over: Cell<bool>,
}

type Records = Result<Vec<Value>, &'static str>;

/// Puts them on `internalBinding('cares_wrap')`.
pub fn initialize(t: &Target) {
    t.class("QueryReqWrap", |c| c.construct(()));
    let channel = t.class("ChannelWrap", |c| {
        c.construct(Channel {
            servers: RefCell::new(vec![(SERVER.0.to_owned(), SERVER.1)]),
            queries: RefCell::default(),
        })
    });
    channel
        .with("queryA", |c| query(c, |c, name| addresses(c, name, true)))
        .with("queryAaaa", |c| {
            query(c, |c, name| addresses(c, name, false))
        })
        .with("queryAny", |c| query(c, any))
        .with("queryCaa", |c| query(c, nothing))
        .with("queryCname", |c| query(c, nothing))
        .with("queryMx", |c| query(c, nothing))
        .with("queryNs", |c| query(c, nothing))
        .with("queryTxt", |c| query(c, nothing))
        .with("querySrv", |c| query(c, nothing))
        .with("queryNaptr", |c| query(c, nothing))
        .with("querySoa", |c| query(c, nothing))
        .with("queryPtr", |c| {
            query(c, |c, name| match address_in(name) {
                Some(address) => host_at(c, address),
                None => nothing(c, name),
            })
        })
        .with("getHostByAddr", |c| {
            if c.text(1)?.parse::<IpAddr>().is_err() {
                return Ok(c.ctx.number(EINVAL));
            }
            query(c, |c, name| match name.parse() {
                Ok(address) => host_at(c, address),
                Err(_) => Err("ENOTFOUND"),
            })
        })
        .with("getServers", |c| {
            let servers = c.state::<Channel>()?.servers.borrow();
            let pairs = servers.iter().map(|(address, port)| {
                let port = c.ctx.number(f64::from(*port));
                c.ctx.array([c.ctx.string(address), port])
            });
            Ok(c.ctx.array(pairs))
        })
        .with("setServers", set_servers)
        .with("setLocalAddress", set_local_address)
        .with("cancel", |c| {
            let channel = c.state::<Channel>()?;
            for query in channel.queries.take() {
                query.is_over.set(true);
                c.env().answer_after(0, true, move |ctx| {
                    finish(ctx, &query, Err("ECANCELLED"));
                });
            }
            c.undefined()
        });
}

pub fn error_text(code: i32) -> &'static str {
    match code {
        0 => "Successful completion",
        PENDING => "There are pending queries.",
        _ => "DNS server returned general failure",
    }
}

fn set_servers(c: &Call) -> Js<Value> {
    let channel = c.state::<Channel>()?;
    if !channel.queries.borrow().is_empty() {
        return Ok(c.ctx.number(f64::from(PENDING)));
    }
    let list = c.arg(0);
    let mut servers = Vec::new();
    for index in 0..c.ctx.length(&list) {
        let entry = c.ctx.at(&list, index)?;
        let address = c.ctx.text(&c.ctx.at(&entry, 1)?)?;
        servers.push((address, c.ctx.at(&entry, 2)?.as_f64() as u32));
    }
    *channel.servers.borrow_mut() = servers;
    Ok(c.ctx.number(0.0))
}

fn set_local_address(c: &Call) -> Js<Value> {
    let refuse = |text| {
        Err(throw_with_code(
            c.ctx,
            "TypeError",
            "ERR_INVALID_ARG_VALUE",
            text,
        ))
    };
    let mut kinds = Vec::new();
    for index in 0..2 {
        if index == 1 && c.arg(1).is_undefined() {
            break;
        }
        match c.text(index)?.parse::<IpAddr>() {
            Ok(address) => kinds.push(address.is_ipv4()),
            Err(_) => return refuse("Invalid IP address."),
        }
    }
    match kinds[..] {
        [true, true] => refuse("Cannot specify two IPv4 addresses."),
        [false, false] => refuse("Cannot specify two IPv6 addresses."),
        _ => c.undefined(),
    }
}

/// `query(request, name)`: the answer goes to the request's `oncomplete`.
fn query(c: &Call, answer: fn(Ctx, &str) -> Records) -> Js<Value> {
    let channel = c.state::<Channel>()?;
    let servers = channel.servers.borrow();
    let is_own = |(address, port): &(String, u32)| (address.as_str(), *port) == SERVER;
    if !servers.iter().any(is_own) {
        let text =
            "Queries to a name server that the program chose are not simulated by Terrarium yet";
        return Err(throw_new(c.ctx, "Error", text));
    }
    let (request, name) = (c.arg(0), c.text(1)?);
    async_wrap::adopt(c.ctx, &request, "QUERYWRAP");
    let requests = &c.env().requests;
    let number = requests.begin_request(request.clone(), "QUERYWRAP");
    callback::awaited(c.ctx, &request, "oncomplete");
    let query = Rc::new(Query {
        number,
        request,
        is_over: Cell::new(false),
    });
    channel.queries.borrow_mut().push(query.clone());
    let channel = c.this();
    c.env()
        .answer_after(costs::NAME_SERVER_NS, true, move |ctx| {
            if let Ok(channel) = super::native::state_of::<Channel>(ctx, channel.raw()) {
                let mut queries = channel.queries.borrow_mut();
                queries.retain(|other| !Rc::ptr_eq(other, &query));
            }
            if !query.is_over.get() {
                finish(ctx, &query, answer(ctx, &name));
            }
        });
    Ok(c.ctx.number(0.0))
}

fn finish(ctx: Ctx, query: &Query, records: Records) {
    Environment::of(ctx).requests.end_request(query.number);
    let args = match records {
        Ok(records) => {
            let ttls = records.iter().map(|_| ctx.number(TTL_S));
            let ttls = ctx.array(ttls);
            vec![ctx.null(), ctx.array(records), ttls]
        }
        Err(code) => vec![ctx.string(code)],
    };
    callback::make_method(ctx, &query.request, "oncomplete", &args);
    async_wrap::emit_destroy(ctx, async_wrap::ids_of(ctx, &query.request).0);
}

// ---- what the server knows ----

fn resolve(ctx: Ctx, name: &str) -> Vec<IpAddr> {
    let world = Environment::of(ctx).host().world.clone();
    let mut found = world.borrow().network.resolve(name);
    if found.is_empty() && name.trim_end_matches('.').eq_ignore_ascii_case("localhost") {
        found = vec![
            [127, 0, 0, 1].into(),
            IpAddr::from([0, 0, 0, 0, 0, 0, 0, 1]),
        ];
    }
    found
}

fn addresses(ctx: Ctx, name: &str, of_4: bool) -> Records {
    let mut found = resolve(ctx, name);
    if found.is_empty() {
        return Err("ENOTFOUND");
    }
    found.retain(|address| address.is_ipv4() == of_4);
    if found.is_empty() {
        return Err("ENODATA");
    }
    let texts = found.iter().map(|address| ctx.string(&address.to_string()));
    Ok(texts.collect())
}

fn any(ctx: Ctx, name: &str) -> Records {
    let found = resolve(ctx, name);
    if found.is_empty() {
        return Err("ENOTFOUND");
    }
    let records = found.iter().map(|address| {
        let record = ctx.object();
        ctx.set(&record, "address", ctx.string(&address.to_string()));
        ctx.set(&record, "ttl", ctx.number(TTL_S));
        let kind = if address.is_ipv4() { "A" } else { "AAAA" };
        ctx.set(&record, "type", ctx.string(kind));
        record
    });
    Ok(records.collect())
}

fn nothing(ctx: Ctx, name: &str) -> Records {
    Err(if resolve(ctx, name).is_empty() {
        "ENOTFOUND"
    } else {
        "ENODATA"
    })
}

fn host_at(ctx: Ctx, address: IpAddr) -> Records {
    if address.is_loopback() {
        return Ok(vec![ctx.string("localhost")]);
    }
    let world = Environment::of(ctx).host().world.clone();
    let world = world.borrow();
    let name = world.network.name_of(address).ok_or("ENOTFOUND")?;
    Ok(vec![ctx.string(name)])
}

/// `1.0.0.10.in-addr.arpa`.
fn address_in(name: &str) -> Option<IpAddr> {
    let digits = name.strip_suffix(".in-addr.arpa")?;
    let parts: Vec<&str> = digits.split('.').rev().collect();
    parts.join(".").parse().ok()
}

//! Addresses and lists of those that are not let in (`src/node_sockaddr.cc`).

use std::{
    cell::RefCell,
    cmp::Ordering,
    collections::VecDeque,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    rc::Rc,
};

use crate::engine::value::{Ctx, Js, Value};

use super::{
    environment::Environment,
    messaging,
    native::{Call, Target, new_handle, state_of, throw_with_code},
};

const AF_INET: f64 = 2.0;
const AF_INET6: f64 = 10.0;

#[derive(Clone, Copy)]
struct SocketAddress {
    address: IpAddr,
    port: u16,
    flow_label: u32,
}

enum Rule {
    Address(IpAddr),
    Range(IpAddr, IpAddr),
    Subnet(IpAddr, u32),
}

/// The rule made last comes first. Those who got it in a message have the same list.
#[derive(Clone, Default)]
struct BlockList(Rc<RefCell<VecDeque<Rule>>>);

/// An address of IPv4 and one of IPv6 compare only if the latter stands for one of IPv4.
fn compare(a: IpAddr, b: IpAddr) -> Option<Ordering> {
    match (a, b) {
        (IpAddr::V4(a), IpAddr::V4(b)) => Some(a.cmp(&b)),
        (IpAddr::V6(a), IpAddr::V6(b)) => Some(a.cmp(&b)),
        (IpAddr::V4(a), IpAddr::V6(b)) => b.to_ipv4_mapped().map(|b| a.cmp(&b)),
        (IpAddr::V6(a), IpAddr::V4(b)) => a.to_ipv4_mapped().map(|a| a.cmp(&b)),
    }
}

fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped().to_bits(),
        IpAddr::V6(address) => address.to_bits(),
    }
}

fn is_within(address: IpAddr, network: IpAddr, prefix: u32) -> bool {
    let kept = match network {
        IpAddr::V4(_) => 96 + prefix.min(32),
        IpAddr::V6(_) => prefix.min(128),
    };
    let mask = u128::MAX.checked_shl(128 - kept).unwrap_or(0);
    (bits(address) ^ bits(network)) & mask == 0
}

impl Rule {
    fn covers(&self, address: IpAddr) -> bool {
        match *self {
            Self::Address(one) => compare(address, one) == Some(Ordering::Equal),
            Self::Range(start, end) => {
                compare(address, start).is_some_and(Ordering::is_ge)
                    && compare(address, end).is_some_and(Ordering::is_le)
            }
            Self::Subnet(network, prefix) => is_within(address, network, prefix),
        }
    }

    fn shown(&self) -> String {
        let family = |address: &IpAddr| if address.is_ipv4() { "IPv4" } else { "IPv6" };
        match self {
            Self::Address(one) => format!("Address: {} {one}", family(one)),
            Self::Range(start, end) => format!("Range: {} {start}-{end}", family(start)),
            Self::Subnet(network, prefix) => {
                format!("Subnet: {} {network}/{prefix}", family(network))
            }
        }
    }
}

fn address(c: &Call, index: usize) -> Js<IpAddr> {
    Ok(state_of::<SocketAddress>(c.ctx, c.arg(index).raw())?.address)
}

fn add(c: &Call, rule: Rule) -> Js<Value> {
    c.state::<BlockList>()?.0.borrow_mut().push_front(rule);
    c.undefined()
}

pub fn initialize(ctx: Ctx, t: &Target) {
    let addresses = t.class("SocketAddress", |c| {
        let text = c.text(0)?;
        let address = if c.number(2) == AF_INET6 {
            text.parse::<Ipv6Addr>().map(IpAddr::V6).ok()
        } else {
            text.parse::<Ipv4Addr>().map(IpAddr::V4).ok()
        };
        let Some(address) = address else {
            let code = "ERR_INVALID_ADDRESS";
            return Err(throw_with_code(
                c.ctx,
                "Error",
                code,
                "Invalid socket address",
            ));
        };
        c.construct(SocketAddress {
            address,
            port: c.number(1) as u16,
            flow_label: if address.is_ipv4() {
                0
            } else {
                c.number(3) as u32
            },
        })
    });
    addresses
        .with("detail", |c| {
            let state = *c.state::<SocketAddress>()?;
            let family = if state.address.is_ipv4() {
                AF_INET
            } else {
                AF_INET6
            };
            let detail = c.arg(0);
            c.ctx
                .set(&detail, "address", c.ctx.string(&state.address.to_string()));
            c.ctx.set(&detail, "port", c.ctx.number(state.port.into()));
            c.ctx.set(&detail, "family", c.ctx.number(family));
            c.ctx
                .set(&detail, "flowlabel", c.ctx.number(state.flow_label.into()));
            Ok(detail)
        })
        .with("flowlabel", |c| {
            let label = c.state::<SocketAddress>()?.flow_label;
            Ok(c.ctx.number(label.into()))
        });
    let lists = t.class("BlockList", |c| c.construct(BlockList::default()));
    lists
        .with("addAddress", |c| add(c, Rule::Address(address(c, 0)?)))
        .with("addRange", |c| {
            let (start, end) = (address(c, 0)?, address(c, 1)?);
            if compare(start, end) == Some(Ordering::Greater) {
                return Ok(c.ctx.bool(false));
            }
            add(c, Rule::Range(start, end))
        })
        .with("addSubnet", |c| {
            add(c, Rule::Subnet(address(c, 0)?, c.number(1) as u32))
        })
        .with("check", |c| {
            let address = address(c, 0)?;
            let list = c.state::<BlockList>()?.0.borrow();
            Ok(c.ctx.bool(list.iter().any(|rule| rule.covers(address))))
        })
        .with("getRules", |c| {
            let list = c.state::<BlockList>()?.0.borrow();
            let shown = list.iter().map(|rule| c.ctx.string(&rule.shown()));
            Ok(c.ctx.array(shown.collect::<Vec<_>>()))
        });
    let env = Environment::of(ctx);
    env.keep("socketAddressPrototype", addresses.object);
    env.keep("blockListPrototype", lists.object);
    let mut hooks = env.travel_hooks.borrow_mut();
    hooks.push(|ctx, object| {
        travels(
            messaging::state::<SocketAddress>(ctx, object)?.to_owned(),
            "socketAddressPrototype",
        )
    });
    hooks.push(|ctx, object| {
        travels(
            messaging::state::<BlockList>(ctx, object)?.to_owned(),
            "blockListPrototype",
        )
    });
}

fn travels(state: impl Clone + 'static, prototype: &'static str) -> Option<messaging::Travels> {
    Some(messaging::Travels {
        clones: true,
        leave: Box::new(move || {
            Rc::new(move |ctx| {
                super::binding(ctx, "block_list")?;
                let prototype = Environment::of(ctx).kept(prototype);
                let prototype = prototype.unwrap_or_else(|| ctx.object());
                new_handle(ctx, &prototype, state.clone())
            })
        }),
    })
}

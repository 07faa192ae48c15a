//! A request's way through a framework, as its recording has it. The packages are those of the assets.

use protocol::{Event, EventKind, FunctionId, Limits, MiddlewareRole, Record};
use recording::{
    Recording,
    waterfall::{Bar, Row, RowKind},
};
use tests::{jar, scenario};

/// Two requests in turn, the second of which fails.
const REQUESTS: &str = "
const http = require('node:http');
const ask = (path, then) => http.get(`http://localhost:3000${path}`, (answer) => answer.resume().on('end', then));
const run = (close) => ask('/api/x', () => ask('/api/bad', close));
";

const EXPRESS: &str = "
const express = require('PACKAGE');
const app = express();
app.use(express.json());
app.use(function waits(request, response, next) { setTimeout(next, 5); });
const router = express.Router();
router.use(function logs(request, response, next) { next(); });
router.get('/x', function one(request, response, next) { next(); }, function two(request, response) { response.send('x'); });
router.get('/bad', function fails(request, response) { throw new Error('no'); });
app.use('/api', router);
app.use(function unused(request, response, next) { next(); });
app.use(function mends(error, request, response, next) { response.status(500).send(error.message); });
app.use(function never(error, request, response, next) { next(error); });
const server = app.listen(3000, () => run(() => server.close()));
";

const KOA: &str = "
const Koa = require('koa');
const app = new Koa();
const later = () => new Promise((done) => setTimeout(done, 5));
app.use(async function mends(ctx, next) { try { await next(); } catch (error) { ctx.status = 500; ctx.body = error.message; } });
app.use(async function waits(ctx, next) { await later(); await next(); });
app.use(async function answers(ctx, next) { if (ctx.path === '/api/x') ctx.body = 'x'; else await next(); });
app.use(async function fails() { throw new Error('no'); });
app.use(async function unused(ctx, next) { await next(); });
const server = app.listen(3000, () => run(() => server.close()));
";

const FASTIFY: &str = "
const app = require('fastify')();
app.addHook('onRequest', function waits(request, reply, done) { setTimeout(done, 5); });
app.addHook('preParsing', function reads(request, reply, payload, done) { done(null, payload); });
app.addHook('preSerialization', async function shapes(request, reply, payload) { return payload; });
app.addHook('onSend', function sends(request, reply, payload, done) { setTimeout(done, 2); });
app.addHook('onSend', async function seals(request, reply, payload) { return payload; });
app.addHook('onResponse', async function counts() {});
app.addHook('preHandler', async function guards(request, reply) { if (request.url === '/api/bad') throw new Error('no'); });
app.addHook('preHandler', async function logs() {});
app.setErrorHandler(function mends(error, request, reply) { reply.code(500).send(error.message); });
app.get('/api/x', async function answers() { return { x: 1 }; });
app.get('/api/bad', async function unused() { return 'never'; });
app.listen({ port: 3000 }, () => run(() => app.close()));
";

struct Case {
    package: &'static str,
    program: &'static str,
    /// What each request comes to.
    ways: [&'static [&'static str]; 2],
    /// How many of them handle an error.
    mends: usize,
}

const CASES: [Case; 4] = [
    Case {
        package: "express",
        program: EXPRESS,
        ways: [
            &["jsonParser", "waits", "router", "logs", "one", "two"],
            &["jsonParser", "waits", "router", "logs", "fails", "mends"],
        ],
        mends: 1,
    },
    Case {
        package: "express4",
        program: EXPRESS,
        ways: [
            &[
                "query",
                "expressInit",
                "jsonParser",
                "waits",
                "router",
                "logs",
                "one",
                "two",
            ],
            &[
                "query",
                "expressInit",
                "jsonParser",
                "waits",
                "router",
                "logs",
                "fails",
                "mends",
            ],
        ],
        mends: 1,
    },
    // What handles an error is middleware like any other, and all have the request again on the way back.
    Case {
        package: "koa",
        program: KOA,
        ways: [
            &["mends", "waits", "answers", "waits", "mends"],
            &[
                "mends", "waits", "answers", "fails", "answers", "waits", "mends",
            ],
        ],
        mends: 0,
    },
    Case {
        package: "fastify",
        program: FASTIFY,
        ways: [
            &[
                "waits", "reads", "guards", "logs", "answers", "shapes", "sends", "seals", "counts",
            ],
            &[
                "waits", "reads", "guards", "mends", "sends", "seals", "counts",
            ],
        ],
        mends: 1,
    },
];

fn recorded(case: &Case) -> Vec<Event> {
    let program = case.program.replace("PACKAGE", case.package);
    let source = format!("{REQUESTS}{program}").into_bytes();
    let scenario = scenario("main.cjs", source, 1, Limits::TERMINAL, Record::All);
    let mut events = Vec::new();
    let finished = jar()
        .run(&scenario, |batch| events.extend(batch))
        .expect("it runs");
    assert_eq!(finished.exit_code, 0, "{}", case.package);
    events
}

fn middleware(row: &Row) -> Option<FunctionId> {
    match row.kind {
        RowKind::Middleware(1, function) => Some(function),
        _ => None,
    }
}

#[test]
fn a_request_is_seen_to_come_to_each() {
    for case in CASES {
        let package = case.package;
        let events = recorded(&case);
        assert_eq!(events, recorded(&case), "{package}: the same once more");
        let recording = Recording::from_events(events);
        let seen: Vec<Vec<Row>> = (0..recording.network().requests().len())
            .filter(|request| recording.network().is_request(*request))
            .map(|request| {
                let rows = recording.waterfall(request).rows;
                rows.into_iter()
                    .filter(|row| middleware(row).is_some())
                    .collect()
            })
            .collect();
        assert_eq!(seen.len(), case.ways.len(), "{package}");
        for (rows, way) in seen.iter().zip(case.ways) {
            let mut held: Vec<(Bar, String)> = Vec::new();
            for row in rows {
                let name = recording.row_words(row).0.replace("()", "");
                held.extend(row.bars.iter().map(|bar| (*bar, name.clone())));
            }
            held.sort_by_key(|(bar, _)| (bar.from_ns, bar.to_ns));
            let names: Vec<&str> = held.iter().map(|(_, name)| name.as_str()).collect();
            assert_eq!(names, way, "{package}");
            // One has the request until the next does.
            assert!(
                held.windows(2)
                    .all(|pair| pair[0].0.to_ns == pair[1].0.from_ns),
                "{package}: {held:#?}"
            );
            let (waits, _) = held
                .iter()
                .find(|(_, name)| name == "waits")
                .expect("it is among them");
            // Timers count from the time that the loop has taken last, which is a little before.
            assert!(waits.to_ns - waits.from_ns >= 4_000_000, "{package}");
        }
        let mends = recording.events().iter().filter(|event| {
            matches!(
                event.kind,
                EventKind::MiddlewareEntered {
                    role: MiddlewareRole::HandlesError,
                    ..
                }
            )
        });
        assert_eq!(mends.count(), case.mends, "{package}");
    }
}

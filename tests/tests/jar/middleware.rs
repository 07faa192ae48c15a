//! A request's way through Express, as its recording has it. The packages are those of the assets.

use protocol::{Event, EventKind, FunctionId, Limits, Record};
use recording::{
    Recording,
    waterfall::{Row, RowKind},
};
use tests::{jar, scenario};

const PROGRAM: &str = "
const http = require('node:http');
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
const server = app.listen(3000, () => {
  http.get('http://localhost:3000/api/x', (answer) => answer.resume().on('end', () => {
    http.get('http://localhost:3000/api/bad', (answer) => answer.resume().on('end', () => server.close()));
  }));
});
";

/// What both versions come to, and what only the older has before it.
const ALWAYS: [&[&str]; 2] = [
    &["jsonParser", "waits", "router", "logs", "one", "two"],
    &["jsonParser", "waits", "router", "logs", "fails", "mends"],
];
const CASES: [(&str, &[&str]); 2] = [("express", &[]), ("express4", &["query", "expressInit"])];

fn recorded(package: &str) -> Vec<Event> {
    let source = PROGRAM.replace("PACKAGE", package).into_bytes();
    let scenario = scenario("main.cjs", source, 1, Limits::TERMINAL, Record::All);
    let mut events = Vec::new();
    let finished = jar()
        .run(&scenario, |batch| events.extend(batch))
        .expect("it runs");
    assert_eq!(finished.exit_code, 0, "{package}");
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
    for (package, before) in CASES {
        let events = recorded(package);
        assert_eq!(events, recorded(package), "{package}: the same once more");
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
        assert_eq!(seen.len(), ALWAYS.len(), "{package}");
        for (rows, always) in seen.iter().zip(ALWAYS) {
            let names: Vec<String> = rows
                .iter()
                .map(|row| recording.row_words(row).0.replace("()", ""))
                .collect();
            assert_eq!(names, [before, always].concat(), "{package}");
            // One has the request until the next does.
            assert!(
                rows.windows(2).all(|pair| pair[0].to_ns == pair[1].from_ns),
                "{package}: {rows:#?}"
            );
            let waits = &rows[before.len() + 1];
            // Timers count from the time that the loop has taken last, which is a little before.
            assert!(waits.to_ns - waits.from_ns >= 4_000_000, "{package}");
        }
        let mends = recording.events().iter().filter(|event| {
            matches!(
                event.kind,
                EventKind::MiddlewareEntered {
                    handles_error: true,
                    ..
                }
            )
        });
        assert_eq!(mends.count(), 1, "{package}");
    }
}

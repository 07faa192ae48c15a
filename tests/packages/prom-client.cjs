const client = require('prom-client');
const registry = new client.Registry();
const requests = new client.Counter({ name: 'requests_total', help: 'Requests.', labelNames: ['code'], registers: [registry] });
requests.inc({ code: 200 }); requests.inc({ code: 200 }); requests.inc({ code: 500 }, 3);
const latency = new client.Histogram({ name: 'latency_seconds', help: 'Latency.', buckets: [0.1, 0.5, 1], registers: [registry] });
[0.05, 0.2, 3].forEach((value) => latency.observe(value));
const summary = new client.Summary({ name: 'size_bytes', help: 'Size.', percentiles: [0.5, 0.9], registers: [registry] });
[1, 2, 3, 4].forEach((value) => summary.observe(value));
registry.metrics().then((text) => console.log(text));

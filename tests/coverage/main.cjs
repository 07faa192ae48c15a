// Coverage of everything that Istanbul counts, one line for each. expected.txt holds for odd.js what Jest 30.5.2 itself
// counts. Then thresholds, files that no test loads, and a stack whose columns are what they are without.
const fs = require('node:fs');
const jest = require('jest');

function* counted({ statementMap, fnMap, branchMap, s, f, b }) {
  const place = ({ start, end }) => (start.line ? `${start.line}:${start.column}-${end.line}:${end.column}` : 'nowhere');
  for (const id in s) yield `statement ${place(statementMap[id])} ${s[id]}`;
  for (const id in f) yield `function ${fnMap[id].name} ${place(fnMap[id].decl)} ${place(fnMap[id].loc)} ${f[id]}`;
  for (const id in b) yield `${branchMap[id].type} ${place(branchMap[id].loc)} ${branchMap[id].locations.map((location, i) => `${place(location)} ${b[id][i]}`).join(', ')}`;
}

async function main() {
  const write = process.stderr.write.bind(process.stderr);
  process.stderr.write = (text) => write(text.replace(/ \(\d+ ms\)/, '').replace(/^Time: .*/, 'Time:'));
  await jest.run(['--coverage']);
  console.log(process.exitCode);
  const all = JSON.parse(fs.readFileSync('coverage/coverage-final.json', 'utf8'));
  for (const line of counted(all['/app/odd.js'])) console.log(line);
  console.log(fs.readdirSync('coverage', { recursive: true }).sort().join(' '));
  await jest.run(['--coverageReporters=text-summary', '--collectCoverage', '--collectCoverageFrom=*.js', '--collectCoverageFrom=!*.test.js',
    '--coverageThreshold={"global":{"branches":90,"lines":-100},"./never.js":{"functions":100}}', 'kind']);
  console.log(process.exitCode);
}
main();

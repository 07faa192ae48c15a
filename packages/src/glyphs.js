// The page's glyphs that the editor draws, on a grid of 12 units. A glyph always stands beside its colour, so that
// nobody needs to tell two colours apart.

const SVG = 'http://www.w3.org/2000/svg';

/** Queue: custom property of its colour, name as Node's documentation writes it, path. */
export const QUEUES = {
  main: { colour: 'main', name: 'main script', path: 'M3.5 2.5 9 6l-5.5 3.5z' },
  tick: { colour: 'tick', name: 'nextTick queue', path: 'M2.5 2.5 6 6 2.5 9.5M6.5 2.5 10 6 6.5 9.5' },
  microtask: {
    colour: 'micro-q',
    name: 'microtask queue',
    path: 'M10.25 6a4.25 4.25 0 1 1-8.5 0a4.25 4.25 0 1 1 8.5 0M6.75 6a.75.75 0 1 1-1.5 0a.75.75 0 1 1 1.5 0',
  },
  timers: {
    colour: 'timers',
    name: 'timers',
    path: 'M3 1.5h6M3 10.5h6M3.5 1.5c0 3 5 6 5 9M8.5 1.5c0 3-5 6-5 9',
  },
  poll: { colour: 'poll', name: 'poll', path: 'M1.5 4.5c1.5-2 3-2 4.5 0s3 2 4.5 0M1.5 8.5c1.5-2 3-2 4.5 0s3 2 4.5 0' },
  check: { colour: 'check', name: 'check', path: 'M2 6.5 4.75 9.5 10 2.75' },
  close: { colour: 'close', name: 'close', path: 'M2.5 2v8M9.5 2v8M2.5 6h7' },
};

export const NOW = 'M2.5 1 10.5 6 2.5 11z';
export const PENNANT = 'M3 11V1.5h7L7.5 4 10 6.5H3';

export function drawGlyph(path, className) {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('viewBox', '0 0 12 12');
  svg.setAttribute('class', className);
  svg.setAttribute('aria-hidden', 'true');
  svg.append(document.createElementNS(SVG, 'path'));
  svg.firstChild.setAttribute('d', path);
  return svg;
}

// Lessons that no author writes: compiled as any other, and served in the place of one that is there.

import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { root } from './page.mjs';

const course = join(dirname(process.env.TERRARIUM || join(root, 'target/debug/terrarium')), 'course');
const LESSON = {
  'lesson.toml': 'title = "A lesson"\nsummary = "One sentence."\nminutes = 5\ncovers = ["A01.c"]\ncheck_seeds = 1\nhints = ["Look."]\n\n[predict]\nquestion = "Which comes first?"\nlines = ["one", "two"]\n',
  'text.md': 'Some words.\n\n## Predict {.predict}\n\n```predict\n```\n\n## Change {.change}\n\nThis.\n\n## Break {.break}\n\nThat.\n',
  'checks.js': "import { check } from 'terrarium:check'\n",
};

/** Puts a lesson of this world and program where the lesson with this name is. */
export function put(site, name, world, program) {
  const folder = mkdtempSync(join(tmpdir(), 'terrarium-lesson-'));
  try {
    const lesson = join(folder, '01-chapter/01-lesson');
    const files = { ...LESSON, 'world.toml': world, 'start/main.js': program, 'solution/main.js': `// solved\n${program}` };
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(lesson, path)), { recursive: true });
      writeFileSync(join(lesson, path), text);
    }
    writeFileSync(join(folder, 'syllabus-ids.txt'), 'A01.c\n');
    writeFileSync(join(folder, '01-chapter/chapter.toml'), 'title = "A chapter"\n');
    execFileSync(course, ['build', folder, join(folder, 'out')]);
    site.instead.set(`lessons/${name}.bin`, readFileSync(join(folder, 'out/01-chapter/01-lesson.bin')));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

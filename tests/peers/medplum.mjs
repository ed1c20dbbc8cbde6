// medplum.mjs HOW MESSAGES SECONDS: see README.md for what a runner reads and prints.
import { readFileSync } from 'node:fs';

// The package names WebSocket when it is loaded, and nothing that is measured uses it; Node has had it since 22.
globalThis.WebSocket ??= class extends EventTarget {};
const { Hl7Message } = await import('@medplum/core');

const [how, messages, seconds] = process.argv.slice(2);
// `parse` finds the lines alone; what stands in them is split when they are asked for.
const parse = how === 'split' ? (text) => Hl7Message.parse(text).segments.length : (text) => Hl7Message.parse(text);
const accepted = {};
const texts = [];
for (const line of readFileSync(messages, 'utf8').split('\n').filter(Boolean)) {
  const one = JSON.parse(line);
  try {
    // Behind the last CR it finds an empty segment.
    accepted[one.name] = Hl7Message.parse(one.text).segments.filter((segment) => segment.name).length;
    texts.push(one.text);
  } catch {
    // Not accepted.
  }
}
const start = performance.now();
let count = 0;
while (texts.length > 0 && performance.now() - start < Number(seconds) * 1000) {
  for (const text of texts) {
    parse(text);
    count += 1;
  }
}
console.log(JSON.stringify({ accepted, messages: count, seconds: (performance.now() - start) / 1000 }));

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Stack } from 'aws-cdk-lib';
import { allStacks, app, build, CONTEXT, EVERYTHING } from './app';
import { EU_REGIONS } from '../lib/settings';

const own = { mainAccount: '444455556666', logAccount: '777788889999' };

describe('Settings', () => {
  test('what is missing or impossible is refused, with its name', () => {
    const refused: [Record<string, unknown>, RegExp][] = [
      [{ organisation: '' }, /"organisation" is missing/],
      [{ organisation: 'Ziekenhuis Zuid' }, /shard of the log/],
      [{ mainAccount: '12' }, /no AWS account number/],
      [{ logAccount: CONTEXT['mainAccount'] }, /another than the main account/],
      [{ region: 'us-east-1' }, /not in the EU/],
      [{ copyRegion: 'eu-west-2' }, /not in the EU/],
      [{ copyRegion: 'eu-west-1' }, /another region/],
      [{ database: 'yes' }, /true or false/],
      [{ alarms: { security: 'a@zorgsluis.example' } }, /"security" and "privacy"/],
      [{ production: true }, /stands for an example/],
    ];
    for (const [context, reason] of refused) assert.throws(() => build(context), reason);
  });

  test('values from the command line are text and mean the same', () => {
    const { settings } = build({ production: 'true', ...own, vpn: JSON.stringify(EVERYTHING.vpn) }).stacks;
    assert.equal(settings.production, true);
    assert.deepEqual(settings.vpn, EVERYTHING.vpn);
  });

  test('production is kept from a careless destroy', () => {
    const { app } = build({ production: true, ...own });
    const stacks = app.node.findAll().filter((node) => Stack.isStack(node));
    assert.ok(stacks.length > 5 && stacks.every((stack) => stack.terminationProtection));
  });
});

describe('Everything stays inside the EU', () => {
  test('each stack stands in a known account and a region of the EU', () => {
    for (const [name, stack] of allStacks()) {
      assert.ok((EU_REGIONS as readonly string[]).includes(stack.region), `${name}: ${stack.region}`);
      assert.match(stack.account, /^(111111111111|222222222222)$/, name);
    }
    assert.equal(app().stacks.settings.region, 'eu-west-1');
  });

  test('synthesis looks nothing up', () => {
    assert.deepEqual(app().app.synth().manifest.missing ?? [], []);
  });
});

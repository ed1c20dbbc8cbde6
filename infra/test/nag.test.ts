import assert from 'node:assert/strict';
import { test } from 'node:test';
import { App, Stack, Stage, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks, HIPAASecurityChecks, NIST80053R5Checks } from 'cdk-nag';
import { app } from './app';

const PACKS = { AwsSolutionsChecks, HIPAASecurityChecks, NIST80053R5Checks };

for (const [name, Pack] of Object.entries(PACKS)) {
  test(`${name} finds nothing that is not explained`, () => {
    const report = new Pack().validateScope(app().app);
    const findings = report.violations.flatMap((violation) =>
      violation.violatingResources.map((resource) => `${violation.ruleName} ${resource.constructPath}`),
    );
    assert.deepEqual(findings, []);
  });
}

test('no rule is acknowledged for a whole stack or the app, and each has its reason', () => {
  for (const node of app().app.node.findAll()) {
    const rules = node.node.metadata.filter((entry) => entry.type === Validations.ACKNOWLEDGED_RULES_METADATA_KEY);
    if (rules.length === 0) continue;
    const where = node.node.path || 'the app';
    assert.ok(!(App.isApp(node) || Stage.isStage(node) || Stack.isStack(node)), `${where} acknowledges for all within`);
    for (const [rule, reason] of rules.flatMap((entry) => Object.entries(entry.data as Record<string, string>))) {
      assert.ok(reason.trim().length > 20, `${where}: ${rule} has no reason`);
    }
  }
});

test('no acknowledgement is left of a finding that is gone', () => {
  // The packs once more, deaf to acknowledgements: everything acknowledged must then be found, at or below its place.
  const found = Object.values(PACKS).flatMap((Pack) => {
    const pack = new Pack();
    Object.assign(pack, { isAcknowledged: () => false });
    const { violations } = pack.validateScope(app().app);
    return violations.flatMap((one) => one.violatingResources.map((resource) => ({ rule: one.ruleName, at: resource.constructPath ?? '' })));
  });
  assert.ok(found.length > 0, 'the packs are deaf indeed');
  const stale: string[] = [];
  for (const node of app().app.node.findAll()) {
    for (const entry of node.node.metadata.filter((one) => one.type === Validations.ACKNOWLEDGED_RULES_METADATA_KEY)) {
      for (const id of Object.keys(entry.data as object).map((id) => id.replace(/^annotation::/i, ''))) {
        if (!/^(AwsSolutions|HIPAA\.Security|NIST\.800\.53\.R5)-/.test(id)) continue;
        const used = found.some(({ rule, at }) => rule === id && (at === node.node.path || at.startsWith(`${node.node.path}/`)));
        if (!used) stale.push(`${node.node.path}: ${id}`);
      }
    }
  }
  assert.deepEqual(stale, []);
});

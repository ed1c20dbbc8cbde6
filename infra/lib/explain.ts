import { Validations } from 'aws-cdk-lib';
import { IConstruct } from 'constructs';

/**
 * Says, next to a resource, why findings of cdk-nag hold no danger there. Each finding by its whole name: what
 * is not named is still reported.
 */
export function explain(at: IConstruct, reason: string, ...findings: string[]): void {
  for (const id of findings) Validations.of(at).acknowledge({ id, reason });
}

/** The names of rules that the packs HIPAA.Security and NIST 800-53 R5 share. */
export const both = (...rules: string[]): string[] =>
  rules.flatMap((rule) => [`HIPAA.Security-${rule}`, `NIST.800.53.R5-${rule}`]);

import { Stack, StackProps, Tags } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import { Settings } from './settings';

/** What every stack is given. */
export interface Common {
  readonly settings: Settings;
}

/** Where a stack stands when not in the main account and region. */
export interface Place {
  readonly account: string;
  readonly region: string;
}

/**
 * Stacks that take apart a value of another stack (`Fn::Split` of an ARN). cfn-lint's schema knows that for
 * `Fn::ImportValue`, not for `Fn::GetStackOutput`, by which the other stacks read, even from another region.
 */
const TAKES_APART = ['alarms', 'listener'];

/** A stack of Zorgsluis: named after its subject, in a place that is known at synthesis. */
export class ZorgsluisStack extends Stack {
  constructor(scope: Construct, subject: string, { settings }: Common, description: string, place?: Place) {
    const props: StackProps = {
      stackName: `${settings.prefix}-${subject}`,
      description: `Zorgsluis: ${description}`,
      env: place ?? { account: settings.mainAccount, region: settings.region },
      // Only production is kept from a careless `cdk destroy`; its tables, buckets and keys are kept anyway.
      terminationProtection: settings.production,
      // The copies of keys need the ids of the first ones, in another region.
      crossRegionReferences: subject === 'keys' || subject === 'copies',
    };
    super(scope, subject, props);
    if (TAKES_APART.includes(subject)) this.node.setContext('@aws-cdk/core:defaultCrossStackReferences', 'strong');
    Tags.of(this).add('application', 'zorgsluis');
    Tags.of(this).add('organisation', settings.organisation);
  }

  /** Three zones by name, so that synthesis asks no account which it has. */
  override get availabilityZones(): string[] {
    return ['a', 'b', 'c'].map((zone) => `${this.region}${zone}`);
  }
}
